"""What happens to everybody: time passes, and a store fails over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exploration.state import ASKED, IDLE, PRESENT, Call, Event, Holder, Move, State, Tab
from jwtsession.steps import Ask, Remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exploration.kept import Kept, Pool
    from exploration.world import World
    from jwtsession.models import SessionRecord

__all__ = ["Nature"]


class Nature:
    """What nobody asked for."""

    def __init__(self, world: World, pool: Pool) -> None:
        self._world = world
        self._pool = pool
        self._aged: dict[Kept[Tab] | Kept[Holder], Kept[Tab] | Kept[Holder]] = {}

    def moves(self, state: State) -> Iterator[Move]:
        """Yield a tick and every fail-over."""
        yield from self._tick(state)
        for back, record in enumerate(state.before):
            yield self._fail_over(state, back, record)

    def _fail_over(self, state: State, back: int, record: Kept[SessionRecord]) -> Move:
        past = state.past.value._replace(restored=record.value.gen, head=record.value.gen)
        left = state.failovers - 1
        after = state._replace(
            record=record,
            before=state.before[back + 1 :] if left else (),
            past=self._pool.keep(past),
            failovers=left,
        )
        writes = "the last write" if back == 0 else f"the last {back + 1} writes"
        return Move(
            Event("store", f"fails over, loses {writes}, holds {{record}} again"), after
        )

    def _tick(self, state: State) -> Iterator[Move]:
        if any(tab.value.left == 0 for tab in state.tabs):
            return  # an attempt that is still open must be answered first
        if self._world.careful and self._is_owed(state):
            return
        broken: tuple[tuple[str, str], ...] = ()
        if any(_is_removal(call) for call in _calls(state) if call.left == 0):
            if self._world.removal_owned:
                return  # it runs to its end, whatever became of the request
            if "I3" in self._world.judged:
                broken = (("I3", "the removal was cancelled, and the session lives on"),)
        older = self._pool.older
        after = State(
            record=older(state.record),
            before=tuple(older(record) for record in state.before),
            jar=older(state.jar),
            tabs=tuple(map(self._older_owner, state.tabs)),
            holders=tuple(map(self._older_owner, state.holders)),
            past=older(state.past),
            failovers=state.failovers,
            thefts=state.thefts,
            operating=older(state.operating),
        )
        yield Move(Event("time", "passes"), after, broken)

    def _is_owed(self, state: State) -> bool:
        """Tell whether the user must be told of a move before another tick passes.

        A proviso: the answer to a move, be it a retry's, arrives within the life of an
        attempt. A request that has been given up on and then moves the line, after its
        resend was answered without a move, is the one loss that no rule can mend.
        """
        record, past = state.record.value, state.past.value
        if record is None or record.gen <= past.received:
            return False
        took = past.superseded(record.gen - 1)
        return took is not None and PRESENT + 1 - took.when > self._world.life

    def _older_owner(self, kept: Kept[Tab] | Kept[Holder]) -> Kept[Tab] | Kept[Holder]:
        aged = self._aged.get(kept)
        if aged is None:
            owner = kept.value
            calls = self._older_calls(owner.calls)
            if isinstance(owner, Tab):
                owner = Tab(max(owner.left - 1, IDLE), calls)
            else:
                owner = Holder(tuple(map(self._pool.older, owner.tokens)), calls)
            aged = self._aged[kept] = self._pool.keep(owner)
        return aged

    def _older_calls(self, calls: tuple[Call, ...]) -> tuple[Call, ...]:
        older = self._pool.older
        return tuple(
            sorted(
                Call(
                    call.stage,
                    older(call.token),
                    older(call.what),
                    older(call.held),
                    call.left - 1,
                    call.mine,
                )
                for call in calls
                if call.left > 0
            )
        )


def _calls(state: State) -> Iterator[Call]:
    for owner in (*state.tabs, *state.holders):
        yield from owner.value.calls


def _is_removal(call: Call) -> bool:
    ask = call.what.value
    return call.stage == ASKED and isinstance(ask, Ask) and isinstance(ask.question, Remove)
