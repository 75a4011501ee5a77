"""Calls that really meet: a common start, few keys, and starts that are moved about.

A race shows only where one call comes between the steps of another. In one event loop a
step is a tick, so one call after the other is delayed by 1, 2, 3 ... ticks, which meets
every gap between two awaits for certain; a store that waits for real input and output is
met by delays that are fractions of the time a call takes. Rounds are many and short, each
with sessions of its own, so that what fails has a history of a few lines.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from jwtsession.errors import SessionExists
from jwtsession_conformance.steps import sane
from jwtsession_conformance.violation import HarnessError
from jwtsession_conformance.witness import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["Contest"]

_T = TypeVar("_T")

_TICKS = 12
"""The longest delay in ticks: more awaits than that before a write are met by time."""

_QUICK = 0.0005
"""Calls faster than this many seconds do not wait for anything outside the process."""


class Contest:
    """A number of rounds of simultaneous calls.

    Args:
        lab: The check's.
        most: How many rounds a fast store plays.
        least: How many even a slow one plays.
        sane: The methods that have to work alone before they are let race.
        store: Through which handle they are tried; the first one by default.
    """

    def __init__(
        self,
        lab: Lab,
        *,
        most: int,
        least: int,
        sane: Sequence[str],
        store: Witness | None = None,
    ) -> None:
        self._lab = lab
        self._most = most
        self._least = least
        self._sane = sane
        self._store = store
        self._round = 0
        self._typical = 0.0

    async def play(self, one_round: Callable[[], Awaitable[None]]) -> None:
        """Play the rounds, each in a scene of its own.

        A round in which the store is unavailable says nothing, since the effect of a call
        is then unknown, and a lock that is not had in time is a permitted answer. Where
        too few others are left, the store could not be judged.

        Raises:
            Unavailable: Fewer rounds than ``least`` could be played.
        """
        await sane(self._lab, *self._sane, store=self._store)
        unavailable: Unavailable | None = None
        played = 0
        with _eager_threads():
            for number in self._lab.rounds(self._most, self._least):
                self._round = number
                self._lab.scene()
                try:
                    await one_round()
                    played += 1
                except Unavailable as error:
                    unavailable = error
        if unavailable is not None and played < self._least:
            raise unavailable

    async def together(self, *calls: Callable[[], Awaitable[_T]]) -> list[Any]:
        """Start calls together, and return what they answered, in the order given.

        ``SessionExists`` is an answer too.

        Raises:
            Violated: A call did what no call may do.
            Unavailable: The effect of a call is unknown.
        """
        loop = asyncio.get_running_loop()
        gate: asyncio.Future[None] = loop.create_future()

        async def run(call: Callable[[], Awaitable[_T]], wait: float) -> _T:
            await gate
            await _delay(wait, self._typical)
            begun = time.perf_counter()
            try:
                return await call()
            finally:
                if self._round == 0:
                    self._typical = max(self._typical, time.perf_counter() - begun)

        order = list(range(len(calls)))
        if self._round % 4 == 1:
            self._lab.rng.shuffle(order)
        delays = self._delays(len(calls))
        tasks = {n: loop.create_task(run(calls[n], delays[n])) for n in order}
        await asyncio.sleep(0)
        gate.set_result(None)
        await asyncio.wait(tasks.values())
        outcomes = [_outcome(tasks[n]) for n in range(len(calls))]
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(
                outcome, SessionExists
            ):
                raise outcome
        return outcomes

    def _delays(self, number: int) -> Sequence[float]:
        """Return a delay for each call: whole ticks, or a fraction of a call's time."""
        rng = self._lab.rng
        kind, turn = self._round % 4, self._round // 4
        if kind < 2 or number < 2:
            return [0] * number
        if kind == 2:
            ticks = 1 + (turn // 2) % _TICKS
            return [ticks * (turn % 2), *[ticks * (1 - turn % 2)] * (number - 1)]
        if self._typical > _QUICK or turn % 2:  # and what has more awaits than that
            return [-rng.random() for _ in range(number)]
        return [rng.randrange(_TICKS // 2) for _ in range(number)]


async def _delay(wait: float, typical: float) -> None:
    """Wait so many ticks, or, below 0, that fraction of a typical call."""
    if wait >= 0:
        for _ in range(int(wait)):
            await asyncio.sleep(0)
        return
    until = time.perf_counter() - wait * typical
    while time.perf_counter() < until:
        await asyncio.sleep(0)


def _outcome(task: asyncio.Task[Any]) -> Any:
    """Return what a task answered or raised: asked of each, so that none complains."""
    if task.cancelled():
        return HarnessError("A call of this suite was cancelled from outside.")
    return task.exception() or task.result()


@contextmanager
def _eager_threads() -> Generator[None]:
    """Let threads take turns far more often, so that those of a store really meet."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
