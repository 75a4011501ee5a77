"""Name the worker process in each answer, so that one can see who took part."""

import os
from typing import Any


class NamedWorker:
    """Middleware that adds ``X-Worker`` with the number of the process."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with one more header."""

        async def named(message: Any) -> None:
            if message["type"] == "http.response.start":
                worker = (b"x-worker", str(os.getpid()).encode())
                message = {**message, "headers": [*message.get("headers", ()), worker]}
            await send(message)

        await self.app(scope, receive, named)
