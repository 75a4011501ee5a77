"""A store in another process, with the nine methods here."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.processes.wire import read, read_error, write
from jwtsession_conformance.violation import HarnessError
from jwtsession_conformance.witness import METHODS

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Callable, Mapping

    from jwtsession.protocols import SessionStore
    from jwtsession_conformance.target import StoreTarget

__all__ = ["open_in_process"]

_LONGEST_LINE = 2**26

_STARTING = 20.0
"""Seconds that another interpreter may take to start, besides opening the store."""

_POSITIONAL = {
    "insert": ("record",),
    "get": ("key",),
    "swap": ("key",),
    "touch": ("key",),
    "replace_data": ("key", "data"),
    "list": ("user_id",),
    "remove": ("key",),
    "remove_all": ("user_id",),
    "purge_expired": (),
}


@asynccontextmanager
async def open_in_process(
    target: StoreTarget, place: str, *, patience: float
) -> AsyncGenerator[SessionStore]:
    """Open the store of a place in a process of its own, and end that process.

    Raises:
        HarnessError: The other process does not find the factory, or gets no store from it.
    """
    if target.path is None:
        raise HarnessError(
            "processes is declared, and another process cannot import this factory by name.",
            "Define it at the top of a module, or give StoreTarget its path.",
        )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jwtsession_conformance.processes.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environ,
        limit=_LONGEST_LINE,
    )
    elsewhere = _Elsewhere(process)
    try:
        await elsewhere.open(target.path, place, patience)
        yield elsewhere  # type: ignore[misc]
    finally:
        await elsewhere.close(patience)


class _Elsewhere:
    """The nine methods, each a line out and a line back."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._listening: list[asyncio.Task[None]] = []
        self._said = b""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in METHODS:
            raise AttributeError(name)

        async def call(*positional: Any, **named: Any) -> Any:
            given = dict(zip(_POSITIONAL[name], positional, strict=True))
            return await self._call(name, given, named)

        return call

    async def open(self, path: str, place: str, patience: float) -> None:
        """Tell the process what to open, and wait until it has."""
        self._listening = [asyncio.create_task(self._errors())]
        self._send({"path": path, "place": place, "patience": patience})
        try:
            async with asyncio.timeout(patience + _STARTING):
                reply = await self._line()
        except TimeoutError:
            raise HarnessError("Another process did not open the store in time.") from None
        if reply is None:
            raise HarnessError(
                "Another process ended before it had opened the store: "
                f"{await self._last_words()}."
            )
        if "harness" in reply:
            raise HarnessError(f"In another process: {reply['harness']}", reply["remedy"])
        self._listening.append(asyncio.create_task(self._replies()))

    async def close(self, patience: float) -> None:
        """End the input of the process, and wait for its end; kill it if it does not come."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(patience + 1):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.wait(self._listening, timeout=patience)
        for task in self._listening:
            task.cancel()

    async def _call(self, method: str, given: Mapping[str, Any], named: Any) -> Any:
        self._number += 1
        number = self._number
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "positional": given, "named": named})
        try:
            return await answer
        finally:
            del self._waiting[number]

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin is None or self._process.stdin.is_closing():
            raise HarnessError("The other process has ended.")
        self._process.stdin.write(write(message))

    async def _line(self) -> dict[str, Any] | None:
        if self._process.stdout is None:
            return None
        line = await self._process.stdout.readline()
        return read(line) if line.endswith(b"\n") else None

    async def _replies(self) -> None:
        while (reply := await self._line()) is not None:
            waiting = self._waiting.get(reply.get("id", 0))
            if waiting is None or waiting.done():
                continue
            if "error" in reply:
                waiting.set_exception(read_error(reply["error"]))
            else:
                waiting.set_result(reply["answer"])
        for waiting in self._waiting.values():
            if not waiting.done():
                error = HarnessError(
                    f"The other process ended in the middle: {await self._last_words()}."
                )
                waiting.set_exception(error)

    async def _errors(self) -> None:
        if self._process.stderr is not None:
            while chunk := await self._process.stderr.read(4096):
                self._said = (self._said + chunk)[-4096:]

    async def _last_words(self) -> str:
        """Return the last line that the process wrote to standard error."""
        await asyncio.wait(self._listening[:1], timeout=1)
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"
