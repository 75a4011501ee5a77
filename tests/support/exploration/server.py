"""The processes that answer refreshes: the real stepper over the abstract store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exploration.kept import NOTHING
from exploration.state import PRESENT
from jwtsession import lifecycle
from jwtsession.errors import TokenExpired
from jwtsession.steps import Ask, Attempt, Refuse

if TYPE_CHECKING:
    from exploration.kept import Kept, Pool
    from exploration.world import World
    from jwtsession.models import SessionRecord
    from jwtsession.steps import Presented, Step

__all__ = ["Served", "Server"]


class Served(NamedTuple):
    """The store after one step, and what the law made of the answer.

    Attributes:
        record: What is stored now.
        step: The law's next step; the same question while the store is half-way.
        held: What the store holds half-way.
    """

    record: Kept[SessionRecord] | Kept[None]
    step: Kept[Step]
    held: Kept[object]


class Server:
    """Asks the law and the store, once per question and situation: both are pure."""

    def __init__(self, world: World, pool: Pool) -> None:
        self._world = world
        self._pool = pool
        self._policy = world.policy
        self._leeway = world.grace if world.leeway is None else world.leeway
        self._begun: dict[object, Kept[Step]] = {}
        self._served: dict[object, Served] = {}

    def begin(self, token: Kept[Presented], ahead: int) -> Kept[Step]:
        """Read the clock and begin, as a process whose clock is so much ahead."""
        known = (token, ahead)
        step = self._begun.get(known)
        if step is None:
            now = PRESENT + ahead
            presented = token.value
            first: Step
            if presented.exp + self._leeway <= now:  # the codec's check, before the law
                first = Refuse(error=TokenExpired, signals=())
            else:
                first = lifecycle.begin(
                    Attempt(presented=presented, policy=self._policy, now=now, seen="{}")
                )
            step = self._begun[known] = self._pool.keep(first)
        return step

    def outcomes(self) -> set[str]:
        """Return what the law has answered so far: signals, and codes of refusals."""
        steps = {*self._begun.values(), *(one.step for one in self._served.values())}
        found: set[str] = set()
        for step in (kept.value for kept in steps):
            found.update(step.signals)
            if isinstance(step, Refuse):
                found.add(step.error.code)
        return found

    def ask(
        self,
        ask: Kept[Ask],
        held: Kept[object],
        record: Kept[SessionRecord] | Kept[None],
    ) -> Served:
        """Let the store take its next step, and the law where there is an answer."""
        known = (ask, held, record)
        served = self._served.get(known)
        if served is None:
            keep = self._pool.keep
            now = ask.value.attempt.now
            acted = self._world.store.act(ask.value.question, held.value, record.value, now)
            if acted.done:
                step = keep(lifecycle.resume(ask.value, acted.answer))
                served = Served(keep(acted.record), step, NOTHING)
            else:
                served = Served(keep(acted.record), ask, keep(acted.held))
            self._served[known] = served
        return served
