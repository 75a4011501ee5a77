"""Cancelling a call at a chosen moment: at its n-th await, or after some time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from jwtsession.errors import SessionExists
from jwtsession_conformance.violation import HarnessError, Violated

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

__all__ = ["cancelled_after", "cancelled_at", "timed"]


class _Counted:
    """Awaits a coroutine and calls back when it suspends for the n-th time."""

    def __init__(
        self, call: Coroutine[Any, Any, Any], nth: int, reached: Callable[[], object]
    ) -> None:
        self._call = call
        self._left = nth
        self._reached = reached

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._call.__await__()
        step: Callable[[], Any] = lambda: steps.send(None)  # noqa: E731 - rebound below
        while True:
            try:
                waited_for = step()
            except StopIteration as end:
                return end.value
            self._left -= 1
            if self._left == 0:
                self._reached()
            try:
                sent = yield waited_for
            except BaseException as error:  # noqa: BLE001 - handed on to the call, whatever
                step = _thrower(steps, error)
            else:
                step = _sender(steps, sent)


def _sender(steps: Generator[Any, Any, Any], value: Any) -> Callable[[], Any]:
    return lambda: steps.send(value)


def _thrower(steps: Generator[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)


async def cancelled_at(call: Coroutine[Any, Any, Any], nth: int) -> bool:
    """Run a call and cancel its task when it suspends for the n-th time.

    Args:
        call: The call; it runs in a task of its own.
        nth: 0 cancels before the first step, 1 at the first await.

    Returns:
        Whether it suspended that often, so that there was something to cancel.
    """
    loop = asyncio.get_running_loop()
    reached = nth == 0

    def reach() -> None:
        nonlocal reached
        reached = True
        loop.call_soon(task.cancel)

    async def run() -> Any:
        return await _Counted(call, nth, reach)

    task = loop.create_task(run())
    if nth == 0:
        task.cancel()
        await _ended(task)
        call.close()  # it never began, and would warn of that
        return True
    await _ended(task)
    return reached


async def cancelled_after(call: Coroutine[Any, Any, Any], seconds: float) -> None:
    """Run a call and cancel its task after so many seconds."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(call)
    timer = loop.call_later(seconds, task.cancel)
    await _ended(task)
    timer.cancel()


async def timed(call: Coroutine[Any, Any, Any]) -> float:
    """Run a call to its end and return how many seconds it took."""
    begun = time.perf_counter()
    await call
    return time.perf_counter() - begun


async def _ended(task: asyncio.Task[Any]) -> None:
    """Wait for the end of a task, however it ends.

    What a cancelled call raises is its own affair; what it did is looked at afterwards.
    """
    await asyncio.wait([task])
    if not task.cancelled():
        error = task.exception()
        if error is not None and not isinstance(
            error, Violated | HarnessError | SessionExists
        ):
            raise error
