"""What a value becomes when a tick passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exploration.state import PRESENT, Past, Took
from jwtsession.models import SessionRecord
from jwtsession.steps import Ask, Presented, Refuse, Swap

if TYPE_CHECKING:
    from exploration.world import World

__all__ = ["Ageing"]


class Ageing:
    """Moves every time of a value back by one, as far as a rule can tell ages apart."""

    def __init__(self, world: World) -> None:
        self._oldest = PRESENT - world.oldest
        self._recent = self._oldest - world.skew
        self._soonest = self._oldest + world.refresh_ttl

    def __call__(self, value: Any) -> Any:
        """Return the value one tick later."""
        if isinstance(value, SessionRecord):
            return self._record(value)
        if isinstance(value, Presented):
            return self._token(value)
        if isinstance(value, Ask):
            return self._ask(value)
        if isinstance(value, Past):
            moves = (self._took(move) for move in value.moves)
            return value._replace(
                moves=tuple(move for move in moves if move.when >= self._recent)
            )
        if isinstance(value, tuple):
            return tuple(self(part) for part in value)
        return value

    def _start(self, time: int) -> int:
        return max(time - 1, self._oldest)

    def _end(self, time: int) -> int:
        if time >= self._soonest:
            return max(time - 1, self._soonest)  # far enough in the future
        return max(time - 1, self._oldest)

    def _record(self, record: SessionRecord) -> SessionRecord:
        return replace(
            record,
            created_at=self._start(record.created_at),
            rotated_at=self._start(record.rotated_at),
            expires_at=self._end(record.expires_at),
        )

    def _token(self, token: Presented) -> Presented:
        return replace(
            token,
            iat=self._start(token.iat),
            exp=self._end(token.exp),
            auth_time=self._start(token.auth_time),
        )

    def _took(self, move: Took) -> Took:
        return Took(move.gen, move.when - 1, self._start(move.iat), self._end(move.exp))

    def _ask(self, ask: Ask) -> Ask:
        attempt = replace(
            ask.attempt,
            presented=self._token(ask.attempt.presented),
            now=ask.attempt.now - 1,
        )
        question, asked = ask.question, ask.asked
        if isinstance(question, Swap):
            new = question.replacement
            question = replace(
                question,
                replacement=replace(
                    new,
                    rotated_at=self._start(new.rotated_at),
                    expires_at=self._end(new.expires_at),
                ),
            )
        if isinstance(asked, Refuse) and asked.record is not None:
            asked = replace(asked, record=self._record(asked.record))
        return replace(ask, attempt=attempt, question=question, asked=asked)
