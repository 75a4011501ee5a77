"""A process that opens a store and does what it is told, in lines of JSON.

It reads lines from its standard input until that ends, so it never outlives whoever
started it. What the author's module prints goes to standard error and cannot be mistaken
for an answer.
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
    from collections.abc import Mapping

    from jwtsession.protocols import SessionStore

__all__ = ["main"]


def main() -> int:
    """Open the store that the first line names, and serve calls until the input ends."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    opening = read(sys.stdin.buffer.readline() or b"{}\n")
    if not opening:
        return 0
    try:
        asyncio.run(_serve(opening, answers))
    except HarnessError as error:
        os.write(answers, write({"harness": error.what, "remedy": error.remedy}))
        return 3
    return 0


async def _serve(opening: Mapping[str, Any], answers: int) -> None:
    target = load_target(opening["path"])
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    running: set[asyncio.Task[None]] = set()
    async with open_store(
        target.factory, opening["place"], patience=opening["patience"]
    ) as store:
        os.write(answers, write({"ready": True}))

        def begin(line: bytes) -> None:
            task = loop.create_task(_call(store, read(line), answers))
            running.add(task)
            task.add_done_callback(running.discard)

        def listen() -> None:
            for line in sys.stdin.buffer:
                loop.call_soon_threadsafe(begin, line)
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=listen, daemon=True).start()
        await ended.wait()
        for task in running:
            task.cancel()
    os.write(answers, write({"closed": True}))


async def _call(store: SessionStore, message: Mapping[str, Any], answers: int) -> None:
    try:
        method = getattr(store, message["method"])
        answer = await method(*message["positional"].values(), **message["named"])
        reply: Mapping[str, Any] = {"id": message["id"], "answer": answer}
    except Exception as error:  # noqa: BLE001 - told to whoever called
        reply = {"id": message["id"], "error": write_error(error)}
    os.write(answers, write(reply))


if __name__ == "__main__":
    sys.exit(main())
