"""What a bounded world is made of at one moment, and what can happen in it.

The present is always `PRESENT`: when a tick passes, every time that is kept moves back by
one instead, and a time older than any rule can tell apart stops moving. A generation that
nothing refers to any more is renumbered away. So a world has no horizon: the walk covers
runs of any length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from jwtsession.lifecycle import refresh_hash
from jwtsession.models import SessionKey, SessionRecord
from jwtsession.steps import Presented

if TYPE_CHECKING:
    from exploration.kept import Kept
    from jwtsession.steps import Ask, Step

__all__ = [
    "ANSWERED",
    "ASKED",
    "FORGED_SECRET",
    "IDLE",
    "KEY",
    "PRESENT",
    "SECRET",
    "SENT",
    "Call",
    "Change",
    "Event",
    "Holder",
    "Move",
    "Past",
    "State",
    "Tab",
    "Took",
    "record_of",
    "token_of",
]

PRESENT: Final = 1000
KEY: Final = SessionKey("ada", "01J00000000000000000000000")
SECRET: Final = b"\x01" * 32
FORGED_SECRET: Final = b"\x02" * 32

SENT, ASKED, ANSWERED = range(3)
IDLE: Final = -1


class Call(NamedTuple):
    """One request: on its way, at the store, or its answer on the way back.

    Attributes:
        stage: SENT, ASKED or ANSWERED.
        token: What was presented.
        what: The question while ASKED; while ANSWERED the refresh token that the answer
            sets, NOTHING where it sets none, REFUSED.
        held: What the store holds half-way through the question.
        left: How many ticks it can still take.
        mine: The client still waits for it; otherwise it has been given up on.
    """

    stage: int
    token: Kept[Presented]
    what: Kept[Ask] | Kept[Presented] | Kept[None] | Kept[str]
    held: Kept[object]
    left: int
    mine: bool


class Tab(NamedTuple):
    """One tab of the innocent user: the ticks its open attempt has left, its requests."""

    left: int
    calls: tuple[Call, ...]


class Holder(NamedTuple):
    """Somebody with private copies of tokens: a thief, a client of its own, a forger."""

    tokens: tuple[Kept[Presented], ...]
    calls: tuple[Call, ...]


class Took(NamedTuple):
    """One move of the line, as it truly was: what it superseded, when, and by what."""

    gen: int
    when: int
    iat: int
    exp: int


class Past(NamedTuple):
    """What the invariants must remember of the run.

    Attributes:
        top: The highest generation there ever was.
        head: The generation the line is truly at: where it last moved to, or where a
            fail-over put it back.
        moves: The moves that are young enough to matter, oldest first.
        removed: The session has ended.
        restored: The generation that the last fail-over went back to, or -1.
        received: The highest generation that the innocent user ever held.
    """

    top: int
    head: int
    moves: tuple[Took, ...]
    removed: bool
    restored: int
    received: int

    def superseded(self, gen: int) -> Took | None:
        """Return the move that superseded this generation, if young enough to matter."""
        for move in self.moves:
            if move.gen == gen:
                return move
        return None


class State(NamedTuple):
    """One moment of a world.

    Attributes:
        record: What the store holds.
        before: What a fail-over can bring back, newest first.
        jar: The refresh cookie of the innocent user.
        tabs: The tabs on that jar; their order means nothing.
        holders: Whoever else has tokens.
        past: What the invariants remember.
        failovers: How many fail-overs can still happen.
        thefts: How many thefts can still happen.
        operating: What the operator has begun and not finished.
    """

    record: Kept[SessionRecord] | Kept[None]
    before: tuple[Kept[SessionRecord], ...]
    jar: Kept[Presented] | Kept[None]
    tabs: tuple[Kept[Tab], ...]
    holders: tuple[Kept[Holder], ...]
    past: Kept[Past]
    failovers: int
    thefts: int
    operating: Kept[object]


class Event(NamedTuple):
    """What happened between two states, for the trace.

    Attributes:
        who: A tab by its index, a holder by its name, or the actor's name.
        did: The verb and what belongs to it.
        token: The token it was about.
        ask: The question the store was asked.
        step: What the law made of the answer.
    """

    who: int | str
    did: str
    token: Presented | None = None
    ask: Ask | None = None
    step: Step | None = None


class Change(NamedTuple):
    """What one actor's step changes: itself, the jar, the store, what is remembered."""

    event: Event
    owner: Kept[Tab] | Kept[Holder]
    jar: Kept[Presented] | Kept[None]
    record: Kept[SessionRecord] | Kept[None]
    past: Kept[Past]
    broken: tuple[tuple[str, str], ...] = ()


class Move(NamedTuple):
    """What can happen next.

    Attributes:
        event: What happens.
        state: The state after it.
        broken: Each invariant that it breaks, with the reason.
        dropped: By how much the generations were lowered after it.
    """

    event: Event
    state: State
    broken: tuple[tuple[str, str], ...] = ()
    dropped: int = 0


def record_of(  # noqa: D103 - the name says it
    gen: int, *, created_at: int, rotated_at: int, expires_at: int
) -> SessionRecord:
    return SessionRecord(
        user_id=KEY.user_id,
        id=KEY.session_id,
        refresh_hash=refresh_hash(SECRET, gen),
        gen=gen,
        created_at=created_at,
        rotated_at=rotated_at,
        last_active_at=0,  # no rule looks at it, and it would multiply the states
        expires_at=expires_at,
        meta="{}",
        data="{}",
        seen="{}",
    )


def token_of(record: SessionRecord) -> Presented:
    """Return the refresh token that is minted from a record."""
    return Presented(
        key=record.key,
        secret=SECRET,
        gen=record.gen,
        iat=record.rotated_at,
        exp=record.expires_at,
        auth_time=record.created_at,
    )
