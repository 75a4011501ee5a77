"""The law of a session: what a refresh token, an access token, a sign-out may do to it.

Rule 1 of this file: every decision about a line of refresh tokens is made here, and as
much of it as possible in the one table below. Rule 2: no clock, no randomness, no store,
no HTTP; ``now`` is an argument, a question to the store is a value, and its answer is fed
back. So the services are loops of a few lines, and an exploration of every reachable state
drives the very code that serves requests.

How a refresh goes. ``begin`` answers an `Ask`, which holds the question for the store, or
an outcome. The shell asks the store and hands the answer to ``resume``, which answers the
next step in the same way::

    step = begin(attempt)
    while isinstance(step, Ask):
        step = resume(step, await answer_of(store, step.question))

The record that comes back is judged against the presented token: that is its `Standing`.
What was asked and the standing pick the decision from `LAW`. The chapter *Rotation* of the
specification says why each entry is what it is; ``lifecycle.toml`` is the same table as
data, and a test holds the two equal. Shorter laws sign innocent users out or let a thief
stay, so change it only with the exploration at hand (``tests/support/exploration``).
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from jwtsession.errors import (
    AccessSuperseded,
    RefreshForged,
    RefreshReused,
    SessionNotFound,
    StoreUnavailable,
    TokenExpired,
    WriteLost,
)
from jwtsession.models import Replacement, SessionRecord
from jwtsession.steps import (
    Ask,
    Asked,
    Attempt,
    Get,
    Mint,
    Presented,
    Refuse,
    Remove,
    Repeat,
    Signal,
    Step,
    Swap,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.errors import JwtSessionError
    from jwtsession.steps import Policy

__all__ = [
    "LAW",
    "MORE_ROUNDS",
    "Decision",
    "Standing",
    "begin",
    "judge_access",
    "judge_logout",
    "refresh_hash",
    "resume",
    "within_grace",
]


class Standing(StrEnum):
    """How the record that came back stands to the presented token, judged in this order."""

    ABSENT = "absent"  # there is no record
    FOREIGN = "foreign"  # the token's secret is not the session's
    OVER = "over"  # the session has outlived its absolute lifetime
    WRITTEN = "written"  # the record is what was just written
    CURRENT = "current"  # the record has the token's generation
    PREVIOUS = "previous"  # the record is one generation on, and within the grace
    LOST = "lost"  # the token is ahead: the store lost acknowledged writes
    SPENT = "spent"  # one generation behind after the grace, or two or more behind


class Decision(StrEnum):
    """What follows."""

    ROTATED = "rotated"  # mint the record's pair: the line moved
    RETRIED = "retried"  # mint the record's pair: the line had moved already
    REPEATED = "repeated"  # the presented token again, and a fresh access token
    AGAIN = "again"  # ask once more, from the start, within the budget
    REPAIR = "repair"  # write the lost record back, within the budget
    START = "start"  # the repair is done: judge from the start, with the same now
    GONE = "gone"  # refuse: no such session
    FORGED = "forged"  # refuse: a signing key has leaked; change nothing
    EXPIRED = "expired"  # refuse: past the absolute lifetime
    REUSED = "reused"  # certain reuse: end the session, then refuse


_IN_ANY_CASE = {
    Standing.ABSENT: Decision.GONE,
    Standing.FOREIGN: Decision.FORGED,
    Standing.OVER: Decision.EXPIRED,
}
_BY_GENERATION = {
    Standing.PREVIOUS: Decision.RETRIED,
    Standing.LOST: Decision.REPAIR,
    Standing.SPENT: Decision.REUSED,
}

LAW: Final[Mapping[Asked, Mapping[Standing, Decision]]] = MappingProxyType(
    {
        Asked.LOOKED: {
            **_IN_ANY_CASE,
            Standing.CURRENT: Decision.REPEATED,
            **_BY_GENERATION,
        },
        Asked.SWAPPED: {
            **_IN_ANY_CASE,
            Standing.WRITTEN: Decision.ROTATED,
            # A store that lost a race against something it did not see. A conformant one
            # never shows this; to take it for reuse would sign an innocent user out.
            Standing.CURRENT: Decision.AGAIN,
            **_BY_GENERATION,
        },
        # Of a repair's answer nothing more is asked: judging it by generation here would
        # let two clients move the line twice.
        Asked.REPAIRED: {
            **_IN_ANY_CASE,
            Standing.CURRENT: Decision.START,
            Standing.PREVIOUS: Decision.START,
            Standing.LOST: Decision.START,
            Standing.SPENT: Decision.START,
        },
    }
)

MORE_ROUNDS: Final = 3
"""How often one request may ask again or repair before it is answered 503."""

_MINTS = {
    Decision.ROTATED: Signal.ROTATED,
    Decision.RETRIED: Signal.RETRIED,
}
_REFUSALS: Mapping[Decision, tuple[type[JwtSessionError], tuple[Signal, ...]]] = {
    Decision.GONE: (SessionNotFound, ()),
    Decision.FORGED: (RefreshForged, (Signal.FORGED,)),
    Decision.EXPIRED: (TokenExpired, ()),
}


def refresh_hash(secret: bytes, gen: int) -> bytes:
    """Return what the store holds of a generation: SHA-256(secret ‖ gen, 8 bytes BE)."""
    return sha256(secret + gen.to_bytes(8, "big")).digest()


def within_grace(since: int, now: int, grace_secs: int) -> bool:
    """Tell whether ``now`` is within the grace of ``since``; a future ``since`` is."""
    return max(0, now - since) < grace_secs


def begin(attempt: Attempt) -> Step:
    """Return the first step of a refresh."""
    return _start(attempt, attempt.presented.auth_time, MORE_ROUNDS, ())


def resume(ask: Ask, answer: SessionRecord | bool | None) -> Step:  # noqa: FBT001 - a store's answer
    """Return the step that follows the store's answer."""
    if isinstance(ask.asked, Refuse):
        # Only the caller whose removal ended the session announces it.
        return ask.asked if answer is True else replace(ask.asked, signals=ask.signals)
    record = answer if isinstance(answer, SessionRecord) else None
    standing = _standing(ask, record)
    return _follow(LAW[ask.asked][standing], ask, record)


def _start(
    attempt: Attempt, signed_in_at: int, rounds_left: int, signals: tuple[Signal, ...]
) -> Step:
    presented = attempt.presented
    if _looks_first(attempt):
        return Ask(
            question=Get(presented.key),
            attempt=attempt,
            asked=Asked.LOOKED,
            rounds_left=rounds_left,
            signals=signals,
        )
    expires_at = attempt.policy.expires_at(attempt.now, signed_in_at)
    if expires_at <= attempt.now:
        return Refuse(error=TokenExpired, signals=signals)
    return Ask(
        question=Swap(
            presented.key,
            refresh_hash(presented.secret, presented.gen),
            Replacement(
                refresh_hash=refresh_hash(presented.secret, presented.gen + 1),
                gen=presented.gen + 1,
                rotated_at=attempt.now,
                expires_at=expires_at,
                seen=attempt.seen,
            ),
        ),
        attempt=attempt,
        asked=Asked.SWAPPED,
        rounds_left=rounds_left,
        signals=signals,
    )


def _looks_first(attempt: Attempt) -> bool:
    """A line moves at most once per grace; the first move after a sign-in is free."""
    presented = attempt.presented
    return presented.gen >= 1 and within_grace(
        presented.iat, attempt.now, attempt.policy.reuse_grace_secs
    )


def _standing(ask: Ask, record: SessionRecord | None) -> Standing:  # noqa: PLR0911 - one line each
    attempt, presented = ask.attempt, ask.attempt.presented
    if record is None:
        return Standing.ABSENT
    if not _is_of_line(presented, record):
        return Standing.FOREIGN
    if attempt.policy.is_over(attempt.now, record.created_at):
        return Standing.OVER
    if ask.asked is Asked.SWAPPED and _was_written(ask.question, record):
        return Standing.WRITTEN
    if record.gen == presented.gen:
        return Standing.CURRENT
    if record.gen < presented.gen:
        return Standing.LOST
    if record.gen == presented.gen + 1 and within_grace(
        record.rotated_at, attempt.now, attempt.policy.reuse_grace_secs
    ):
        return Standing.PREVIOUS
    return Standing.SPENT


def _is_of_line(presented: Presented, record: SessionRecord) -> bool:
    return compare_digest(refresh_hash(presented.secret, record.gen), record.refresh_hash)


def _was_written(question: Get | Swap | Remove, record: SessionRecord) -> bool:
    """Ours, or that of a twin in the same second: it need not have been seen from here."""
    if not isinstance(question, Swap):
        return False
    written = question.replacement
    return (
        record.refresh_hash == written.refresh_hash
        and record.gen == written.gen
        and record.rotated_at == written.rotated_at
        and record.expires_at == written.expires_at
    )


def _follow(decision: Decision, ask: Ask, record: SessionRecord | None) -> Step:
    if record is None or decision in _REFUSALS:
        error, signals = _REFUSALS[decision]
        return Refuse(error=error, signals=(*ask.signals, *signals), record=record)
    if decision in _MINTS:
        return Mint(record=record, signals=(*ask.signals, _MINTS[decision]))
    if decision is Decision.REPEATED:
        return Repeat(record=record, signals=(*ask.signals, Signal.REPEATED))
    if decision is Decision.REUSED:
        return _reused(ask, record)
    if decision is Decision.REPAIR:
        return _repair(ask, record)
    return _once_more(decision, ask, record)


def _once_more(decision: Decision, ask: Ask, record: SessionRecord) -> Step:
    if decision is Decision.START:
        # Where the compare failed, somebody else moved the record: nothing was repaired.
        repaired = (Signal.REPAIRED,) if _was_written(ask.question, record) else ()
        signals = (*ask.signals, *repaired)
        return _start(ask.attempt, record.created_at, ask.rounds_left, signals)
    if ask.rounds_left == 0:
        return Refuse(error=StoreUnavailable, signals=ask.signals, record=record)
    return _start(ask.attempt, record.created_at, ask.rounds_left - 1, ask.signals)


def _reused(ask: Ask, record: SessionRecord) -> Step:
    signals = (*ask.signals, Signal.REUSED)
    refusal = Refuse(error=RefreshReused, signals=signals, record=record)
    if ask.attempt.policy.on_reuse == "refuse":
        return refusal
    return _end(ask, refusal)


def _repair(ask: Ask, record: SessionRecord) -> Step:
    attempt, presented = ask.attempt, ask.attempt.presented
    if attempt.policy.on_lost_write == "end":
        signals = (*ask.signals, Signal.LOST_ENDED)
        return _end(ask, Refuse(error=WriteLost, signals=signals, record=record))
    if ask.rounds_left == 0:
        return Refuse(error=StoreUnavailable, signals=ask.signals, record=record)
    # Neither time is taken from the token unbounded: whoever holds a signing key could
    # freeze the line with an iat in the future.
    expires_at = min(
        presented.exp, attempt.policy.expires_at(attempt.now, record.created_at)
    )
    if expires_at <= attempt.now:
        return Refuse(error=TokenExpired, signals=ask.signals, record=record)
    return Ask(
        question=Swap(
            presented.key,
            record.refresh_hash,
            Replacement(
                refresh_hash=refresh_hash(presented.secret, presented.gen),
                gen=presented.gen,
                rotated_at=min(presented.iat, attempt.now),
                expires_at=expires_at,
                seen=attempt.seen,
            ),
        ),
        attempt=attempt,
        asked=Asked.REPAIRED,
        rounds_left=ask.rounds_left - 1,
        signals=ask.signals,
    )


def _end(ask: Ask, refusal: Refuse) -> Ask:
    return Ask(
        question=Remove(ask.attempt.presented.key),
        attempt=ask.attempt,
        asked=refusal,
        rounds_left=ask.rounds_left,
        signals=ask.signals,
    )


def judge_access(
    gen: int, record: SessionRecord | None, *, now: int, policy: Policy
) -> type[JwtSessionError] | None:
    """Return why an authentic access token of this generation is refused, or None."""
    if record is None:
        return SessionNotFound
    if policy.is_over(now, record.created_at):
        return TokenExpired
    if not policy.bind_access_to_generation or gen >= record.gen:
        return None
    one_behind = gen == record.gen - 1
    if one_behind and within_grace(record.rotated_at, now, policy.reuse_grace_secs):
        return None
    return AccessSuperseded


def judge_logout(
    presented: Presented, record: SessionRecord | None
) -> type[JwtSessionError] | None:
    """Return why a refresh token may not end the session, or None where it may.

    Generation and expiry do not matter; that the token is of the session's line does, or
    a leaked key would let anyone sign anyone out.
    """
    if record is None:
        return SessionNotFound
    return None if _is_of_line(presented, record) else RefreshForged
