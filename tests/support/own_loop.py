"""Asynchronous tests without a plugin: each in an event loop of its own."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["own_loop"]

P = ParamSpec("P")


def own_loop(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test to its end, and assert that it leaves no task behind."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def whole() -> None:
            await test(*args, **kwargs)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(whole())

    return run
