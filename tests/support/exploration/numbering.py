"""Renumber the generations that nothing refers to any more, so that runs have no end."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from exploration.state import PRESENT, SECRET, Call, Holder, Past, State, Tab
from jwtsession.lifecycle import refresh_hash
from jwtsession.models import SessionRecord
from jwtsession.steps import Ask, Asked, Presented, Refuse, Swap

if TYPE_CHECKING:
    from exploration.kept import Kept, Pool
    from exploration.world import World

__all__ = ["Numbering"]

_NEAR = 2  # a token further behind every record is spent, however far


class Numbering:
    """Calls the lowest generation that can still matter 1."""

    def __init__(self, world: World, pool: Pool) -> None:
        self._pool = pool
        self._oldest = PRESENT - world.oldest
        self._known: dict[tuple[Kept[Any], int], Kept[Any]] = {}

    def excess(self, state: State) -> int:
        """Return by how much the generations of a state can be lowered."""
        record = state.record.value
        if record is None or record.gen <= _NEAR + 1:
            return 0
        lowest = min([record.gen, *(kept.value.gen for kept in state.before)])
        return max(lowest - _NEAR - 1, 0)

    def lowered(self, state: State, drop: int) -> State:
        """Return the state with its generations lowered."""

        def new(kept: Kept[Any]) -> Kept[Any]:
            return self._new(kept, drop)

        def called(call: Call) -> Call:
            token, what, held = new(call.token), new(call.what), new(call.held)
            return call._replace(token=token, what=what, held=held)

        def owner(kept: Kept[Any]) -> Kept[Any]:
            one = kept.value
            calls = tuple(sorted(map(called, one.calls)))
            if isinstance(one, Tab):
                return self._pool.keep(Tab(one.left, calls))
            return self._pool.keep(Holder(tuple(map(new, one.tokens)), calls))

        return state._replace(
            record=new(state.record),
            before=tuple(map(new, state.before)),
            jar=new(state.jar),
            tabs=tuple(map(owner, state.tabs)),
            holders=tuple(map(owner, state.holders)),
            past=new(state.past),
            operating=new(state.operating),
        )

    def _new(self, kept: Kept[Any], drop: int) -> Kept[Any]:
        known = (kept, drop)
        new = self._known.get(known)
        if new is None:
            value = self._renumbered(kept.value, drop + 1)
            new = self._known[known] = self._pool.keep(value)
        return new

    def _renumbered(self, value: Any, low: int) -> Any:
        """Return the value with generation ``low`` called 1.

        A token of it, or below it, is spent for every record there can be, whatever its
        number and its age.
        """
        drop = low - 1
        if isinstance(value, SessionRecord):
            gen = max(value.gen, low) - drop
            return replace(value, gen=gen, refresh_hash=refresh_hash(SECRET, gen))
        if isinstance(value, Presented):
            return self._renumbered_token(value, low)
        if isinstance(value, Past):
            return Past(
                top=value.top - drop,
                head=max(value.head, low) - drop,
                moves=tuple(
                    move._replace(gen=move.gen - drop)
                    for move in value.moves
                    if move.gen >= low
                ),
                removed=value.removed,
                restored=value.restored - drop if value.restored >= low else -1,
                received=max(value.received - drop, 0),
            )
        if isinstance(value, Ask):
            return self._renumbered_ask(value, low)
        if isinstance(value, tuple):
            return tuple(self._renumbered(part, low) for part in value)
        return value

    def _renumbered_ask(self, ask: Ask, low: int) -> Ask:
        presented = self._renumbered(ask.attempt.presented, low)
        question, asked = ask.question, ask.asked
        if isinstance(question, Swap):
            expected, gen = presented.gen, presented.gen + 1
            if asked is Asked.REPAIRED:
                expected, gen = (
                    max(_gen_of(question.expected), low) - low + 1,
                    presented.gen,
                )
            question = Swap(
                question.key,
                refresh_hash(presented.secret, expected),
                replace(
                    question.replacement,
                    gen=gen,
                    refresh_hash=refresh_hash(presented.secret, gen),
                ),
            )
        if isinstance(asked, Refuse):
            asked = replace(asked, record=self._renumbered(asked.record, low))
        attempt = replace(ask.attempt, presented=presented)
        return replace(ask, attempt=attempt, question=question, asked=asked)

    def _renumbered_token(self, token: Presented, low: int) -> Presented:
        if token.gen > low:
            return replace(token, gen=token.gen - low + 1)
        older = max(token.iat - self._oldest, 0)
        return replace(token, gen=1, iat=token.iat - older, exp=token.exp - older)


def _gen_of(hashed: bytes) -> int:
    return next(gen for gen in count() if refresh_hash(SECRET, gen) == hashed)
