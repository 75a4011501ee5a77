"""Another process, and the stores in it with the nine methods here."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from jwtsession_conformance.processes.wire import read, read_error, write
from jwtsession_conformance.violation import HarnessError
from jwtsession_conformance.witness import METHODS

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Callable

    from jwtsession.protocols import SessionStore
    from jwtsession_conformance.target import StoreTarget

__all__ = ["OtherProcess", "Workers"]

_LONGEST_LINE = 2**26

_STARTING = 30.0
"""Seconds that another interpreter may take to start and to import the factory."""

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


class Workers:
    """The other processes of a run: started when first asked for, and kept for all checks.

    Args:
        target: Whose factory they import.
        patience: How many seconds opening and closing a store may take, each.
    """

    def __init__(self, target: StoreTarget, patience: float) -> None:
        self._target = target
        self._patience = patience
        self._started: list[OtherProcess] = []

    async def get(self, number: int) -> OtherProcess:
        """Return the process of this number, from 0.

        Raises:
            HarnessError: It cannot be started, or does not find the factory.
        """
        if self._target.path is None:
            raise HarnessError(
                "processes is declared, and another process cannot import this factory by "
                "name.",
                "Define it at the top of a module, or give StoreTarget its path.",
            )
        while len(self._started) <= number:
            process = OtherProcess()
            await process.start(self._target.path, self._patience)
            self._started.append(process)
        return self._started[number]

    async def close(self) -> None:
        """End them all."""
        while self._started:
            await self._started.pop().close(self._patience)


class OtherProcess:
    """One other process. It ends when its input does, so it never outlives this one."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._listening: list[asyncio.Task[None]] = []
        self._said = b""

    async def start(self, path: str, patience: float) -> None:
        """Start it, and wait until it has imported the factory.

        Raises:
            HarnessError: It ended before, or says what is wrong.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "jwtsession_conformance.processes.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            limit=_LONGEST_LINE,
        )
        self._listening = [asyncio.create_task(self._errors(self._process))]
        self._send({"path": path, "patience": patience})
        try:
            async with asyncio.timeout(_STARTING):
                reply = await self._line()
            if reply is None:
                raise HarnessError(
                    "Another process ended before it had imported the factory: "
                    f"{await self._last_words()}."
                )
            if "harness" in reply:
                raise _in_another(reply)
        except (TimeoutError, HarnessError) as error:
            await self.close(patience)
            if isinstance(error, HarnessError):
                raise
            raise HarnessError(
                f"Another process had not imported the factory after {_STARTING:g} seconds."
            ) from None
        self._listening.append(asyncio.create_task(self._replies()))

    @asynccontextmanager
    async def open(self, place: str) -> AsyncGenerator[SessionStore]:
        """Open the store of a place there, and close it in the end.

        Raises:
            HarnessError: The factory gives no store there.
        """
        handle = await self._asked({"method": "open", "place": place})
        try:
            yield cast("SessionStore", _There(self, handle))
        finally:
            await self._asked({"method": "close", "handle": handle})

    async def call(self, handle: int, method: str, positional: Any, named: Any) -> Any:
        """Call a method of a store there."""
        given = dict(zip(_POSITIONAL[method], positional, strict=True))
        message = {"handle": handle, "method": method, "positional": given, "named": named}
        return await self._asked(message)

    async def close(self, patience: float) -> None:
        """End its input, and wait for its end; kill it if it does not come."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(patience + 1):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.wait(self._listening, timeout=patience)
        for task in self._listening:
            task.cancel()

    async def _asked(self, message: dict[str, Any]) -> Any:
        self._number += 1
        number = self._number
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, **message})
        try:
            return await answer
        finally:
            del self._waiting[number]

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin if self._process else None
        if stdin is None or stdin.is_closing():
            raise HarnessError("The other process has ended.")
        stdin.write(write(message))

    async def _line(self) -> dict[str, Any] | None:
        stdout = self._process.stdout if self._process else None
        line = b"" if stdout is None else await stdout.readline()
        return read(line) if line.endswith(b"\n") else None

    async def _replies(self) -> None:
        while (reply := await self._line()) is not None:
            waiting = self._waiting.get(reply["id"])
            if waiting is None or waiting.done():
                continue
            if "harness" in reply:
                waiting.set_exception(_in_another(reply))
            elif "error" in reply:
                waiting.set_exception(read_error(reply["error"]))
            else:
                waiting.set_result(reply["answer"])
        said = await self._last_words()
        for waiting in self._waiting.values():
            if not waiting.done():
                what = f"The other process ended in the middle of a call: {said}."
                waiting.set_exception(HarnessError(what))

    async def _errors(self, process: Process) -> None:
        if process.stderr is not None:
            while chunk := await process.stderr.read(4096):
                self._said = (self._said + chunk)[-4096:]

    async def _last_words(self) -> str:
        """Return the last line that it wrote to standard error."""
        await asyncio.wait(self._listening[:1], timeout=1)
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"


class _There:
    """The nine methods, each a line out and a line back."""

    def __init__(self, process: OtherProcess, handle: int) -> None:
        self._process = process
        self._handle = handle

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in METHODS:
            raise AttributeError(name)

        async def call(*positional: Any, **named: Any) -> Any:
            return await self._process.call(self._handle, name, positional, named)

        return call


def _in_another(reply: dict[str, Any]) -> HarnessError:
    return HarnessError(f"In another process: {reply['harness']}", reply["remedy"])
