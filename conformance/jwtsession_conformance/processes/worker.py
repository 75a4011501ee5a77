"""A process that opens stores and does what it is told, in lines of JSON.

It reads lines from its standard input until that ends, so it never outlives whoever
started it. What the author's module prints goes to standard error and cannot be mistaken
for an answer. Any number of handles may be open; each is opened and closed in one task,
as some context managers insist.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.places import open_store
from jwtsession_conformance.processes.wire import read, write, write_error
from jwtsession_conformance.target import load_target
from jwtsession_conformance.violation import HarnessError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from jwtsession.protocols import SessionStore, StoreFactory

__all__ = ["main"]


def main() -> int:
    """Import the factory that the first line names, and serve until the input ends."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    opening = read(line)
    try:
        factory = load_target(opening["path"]).factory
    except HarnessError as error:
        os.write(answers, write(_harness(error)))
        return 3
    asyncio.run(_Served(factory, opening["patience"], answers).serve())
    return 0


class _Served:
    """The handles of this process."""

    def __init__(self, factory: StoreFactory, patience: float, answers: int) -> None:
        self._factory = factory
        self._patience = patience
        self._answers = answers
        self._stores: dict[int, SessionStore] = {}
        self._closing: dict[int, asyncio.Event] = {}
        self._holding: dict[int, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer lines until there are no more, then close what is open."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def begin(line: bytes) -> None:
            task = loop.create_task(self._answer(read(line)))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

        def listen() -> None:
            for line in sys.stdin.buffer:
                loop.call_soon_threadsafe(begin, line)
            loop.call_soon_threadsafe(ended.set)

        os.write(self._answers, write({"ready": True}))
        threading.Thread(target=listen, daemon=True).start()
        await ended.wait()
        for task in self._running:
            task.cancel()
        for closing in self._closing.values():
            closing.set()
        if self._holding:
            await asyncio.wait(self._holding.values(), timeout=self._patience)

    async def _answer(self, message: Mapping[str, Any]) -> None:
        steps: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Any]]] = {
            "open": self._open,
            "close": self._close,
        }
        try:
            answer = await steps.get(message["method"], self._call)(message)
            reply: Mapping[str, Any] = {"answer": answer}
        except HarnessError as error:
            reply = _harness(error)
        except Exception as error:  # noqa: BLE001 - told to whoever called
            reply = {"error": write_error(error)}
        os.write(self._answers, write({"id": message["id"], **reply}))

    async def _open(self, message: Mapping[str, Any]) -> int:
        handle = int(message["id"])
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        closing = self._closing[handle] = asyncio.Event()

        async def hold() -> None:
            try:
                async with open_store(
                    self._factory, message["place"], patience=self._patience
                ) as store:
                    self._stores[handle] = store
                    opened.set_result(None)
                    await closing.wait()
            except HarnessError as error:
                if opened.done():
                    raise
                opened.set_exception(error)

        self._holding[handle] = asyncio.create_task(hold())
        await opened
        return handle

    async def _close(self, message: Mapping[str, Any]) -> None:
        handle = message["handle"]
        self._closing.pop(handle).set()
        del self._stores[handle]
        await self._holding.pop(handle)

    async def _call(self, message: Mapping[str, Any]) -> Any:
        method = getattr(self._stores[message["handle"]], message["method"])
        return await method(*message["positional"].values(), **message["named"])


def _harness(error: HarnessError) -> Mapping[str, str]:
    return {"harness": error.what, "remedy": error.remedy}


if __name__ == "__main__":
    sys.exit(main())
