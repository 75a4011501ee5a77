"""Eight connections to the application, four to each of its two worker processes.

Which worker takes a connection is up to the kernel, and a connection then stays with it.
So connections are opened until both have enough; whether both took part is then no luck.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx2

from examples.demo.narration import NotAsSpecifiedError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

EACH = 4
WORKERS = 2
AT_MOST = 400


class Line:
    """One client with one connection, and the worker at its other end."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def post(
        self, path: str, *, json: object = None, access: str | None = None
    ) -> httpx2.Response:
        """Send a POST request, with an access token if there is one."""
        return await self._client.post(path, json=json, headers=_bearer(access))

    async def get(self, path: str, *, access: str | None = None) -> httpx2.Response:
        """Send a GET request, with an access token if there is one."""
        return await self._client.get(path, headers=_bearer(access))

    async def delete(self, path: str, *, access: str) -> httpx2.Response:
        """Send a DELETE request with an access token."""
        return await self._client.delete(path, headers=_bearer(access))


def worker_of(answer: httpx2.Response) -> str:
    """Return the process that answered."""
    return answer.headers["x-worker"]


def _bearer(access: str | None) -> dict[str, str]:
    return {} if access is None else {"Authorization": f"Bearer {access}"}


@asynccontextmanager
async def eight_lines(port: int) -> AsyncGenerator[Sequence[Line]]:
    """Open the connections, alternating between the workers."""
    by_worker: defaultdict[str, list[Line]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        for _ in range(AT_MOST):
            if len(by_worker) == WORKERS and min(map(len, by_worker.values())) >= EACH:
                break
            await _open_more(stack, port, by_worker)
        else:
            message = f"one of the two workers answered nobody: {dict(by_worker)}"
            raise NotAsSpecifiedError(message)
        first, second = by_worker.values()
        yield [line for pair in zip(first, second, strict=False) for line in pair][
            : 2 * EACH
        ]


async def _open_more(
    stack: AsyncExitStack, port: int, by_worker: defaultdict[str, list[Line]]
) -> None:
    """Open four connections at once, since a busy worker leaves the next to the other."""
    limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
    lines = []
    for _ in range(EACH):
        client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits)
        lines.append(Line(await stack.enter_async_context(client)))
    answers = await asyncio.gather(*[line.get("/page.css") for line in lines])
    for line, answer in zip(lines, answers, strict=True):
        by_worker[worker_of(answer)].append(line)
