"""Cancel a task at each of its awaits in turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["cancelled_at"]


async def cancelled_at(steps: int, work: Coroutine[Any, Any, Any]) -> bool:
    """Start some work, cancel it after this many turns of the loop, and wait for its end.

    Returns:
        Whether it was cancelled; False where it had come to its end before.
    """
    task = asyncio.ensure_future(work)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    [outcome] = await asyncio.gather(task, return_exceptions=True)
    return isinstance(outcome, asyncio.CancelledError)
