"""An event loop of the suite's own, in a thread of its own.

Authors need no asynchronous test plug-in, a caller's running loop is left alone, and a
store that blocks its loop cannot hang the suite: the thread is given up, and the next
check gets a new one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

__all__ = ["LoopBlocked", "OwnLoop"]

_T = TypeVar("_T")

_PULSE = 0.2
"""Seconds between two signs of life of the loop."""


class LoopBlocked(Exception):
    """Nothing moved in the loop for too long."""


class OwnLoop:
    """Runs coroutines one after the other in one loop, for as long as it answers.

    One loop serves all checks of a store, so that a factory may keep a client for the
    whole process.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pulse = 0.0
        self._stop: asyncio.Event | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, _T]], *, patience: float) -> _T:
        """Run a coroutine to its end and return its answer; blocks the calling thread.

        Args:
            work: Makes the coroutine, in the loop's thread.
            patience: After how many seconds without a sign of life the loop is given up.

        Raises:
            LoopBlocked: It was given up; the next call gets a new loop.
        """
        loop = self._ready()
        result: Future[_T] = Future()

        async def settle() -> None:
            try:
                answer = await work()
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever
                result.set_exception(error)
            else:
                result.set_result(answer)

        tasks: list[asyncio.Task[None]] = []
        self._pulse = time.monotonic()
        loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(settle())))
        try:
            while not wait([result], timeout=_PULSE).done:
                if time.monotonic() - self._pulse > patience:
                    self._loop = self._stop = None
                    raise LoopBlocked
        except KeyboardInterrupt:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            raise
        return result.result()

    def close(self) -> None:
        """End the loop and its thread."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._loop = self._stop = None

    def _ready(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            started: Future[asyncio.AbstractEventLoop] = Future()
            threading.Thread(
                target=self._serve,
                args=(started,),
                name="jwtsession-conformance",
                daemon=True,
            ).start()
            self._loop = started.result()
        return self._loop

    def _serve(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        async def live() -> None:
            stop = self._stop = asyncio.Event()
            started.set_result(asyncio.get_running_loop())
            while not stop.is_set():
                if self._stop is stop:
                    self._pulse = time.monotonic()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PULSE)

        with asyncio.Runner() as runner:
            runner.run(live())
