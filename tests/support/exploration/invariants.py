"""What must hold at every step of every run.

Each invariant is a function of one `Fact` and answers why it is broken, or None. I3 and I6
together say that theft with both sides active ends the session: a presentation that is
certain reuse is never accepted (I6), and no refusal leaves a session behind (I3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from jwtsession.errors import SessionNotFound, StoreUnavailable, TokenExpired
from jwtsession.steps import Ask, Mint, Refuse, Remove, Repeat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exploration.state import Past
    from exploration.world import World
    from jwtsession.models import SessionRecord
    from jwtsession.steps import Presented, Step

__all__ = ["INVARIANTS", "TITLES", "Fact", "broken"]

TITLES: Final[Mapping[str, str]] = {
    "I1": "one live line: a generation moves once, and has one successor",
    "I2": "an innocent user is never signed out, and never accused",
    "I3": "certain reuse ends the session: no sole thief behind a refused victim",
    "I4": "nothing comes back from removal",
    "I5": "a fail-over gives nothing to a token from before the lost writes",
    "I6": "a superseded token is never accepted after the grace: it never starts again",
    "I7": "the key alone never refreshes a session and never ends one",
    "I8": "nothing outlives the absolute lifetime",
    "SAME": "whoever presents one token within the grace gets the same next token",
}


class Fact(NamedTuple):
    """One step of a server, or of somebody who works at the store.

    Attributes:
        world: Where.
        who: "user", "holder", "forger" or "operator".
        token: What was presented, if anything.
        now: The clock reading that the step goes by.
        step: What the law says now; None where the law was not asked.
        before: The record before the step.
        after: The record after it.
        past: What had been before it.
        since: What has been, this step included.
    """

    world: World
    who: str
    token: Presented | None
    now: int
    step: Step | None
    before: SessionRecord | None
    after: SessionRecord | None
    past: Past
    since: Past


def _one_line(fact: Fact) -> str | None:
    before, after, token, step = fact.before, fact.after, fact.token, fact.step
    if after is not before and after is not None and after.gen != fact.past.top + 1:
        return f"the line moved to r{after.gen} after it had been at r{fact.past.top}"
    if isinstance(step, Mint) and token is not None:
        return _successor(fact, step.record, token.gen + 1)
    if isinstance(step, Repeat) and token is not None:
        took = fact.since.superseded(token.gen - 1)
        if took is not None and (took.iat, took.exp) != (token.iat, token.exp):
            return f"r{token.gen} is another token than the one that the line moved to"
    return None


def _successor(fact: Fact, minted: SessionRecord, gen: int) -> str | None:
    if minted.gen != gen:
        return f"r{gen - 1} was answered with r{minted.gen}"
    took = fact.since.superseded(gen - 1)
    if took is not None and (took.iat, took.exp) != (minted.rotated_at, minted.expires_at):
        return f"r{gen - 1} was answered with another r{gen} than the line moved to"
    return None


def _innocent(fact: Fact) -> str | None:
    step = fact.step
    if fact.who != "user":
        return None
    if isinstance(step, Ask) and isinstance(step.question, Remove):
        return "an innocent user's session is about to be ended"
    if not isinstance(step, Refuse) or step.error is StoreUnavailable:
        return None
    ended = fact.past.removed or fact.before is None
    if step.error is SessionNotFound and (ended or _is_dead(fact)):
        return None
    if step.error is TokenExpired and _is_dead(fact):
        return None
    return f"an innocent user was refused: {step.error.code}"


def _is_dead(fact: Fact) -> bool:
    record = fact.before
    if record is None or record.expires_at <= fact.now:
        return True
    absolute = fact.world.absolute_ttl
    return absolute is not None and record.created_at + absolute <= fact.now


def _reuse_ends(fact: Fact) -> str | None:
    step = fact.step
    if fact.who == "forger" or not isinstance(step, Refuse):
        return None
    if step.error is StoreUnavailable or fact.after is None or _is_dead(fact):
        return None
    return f"refused with {step.error.code}, and the session lives on"


def _stays_removed(fact: Fact) -> str | None:
    if fact.past.removed and fact.after is not None:
        return "the session is there again after its removal"
    return None


def _accepted_late(fact: Fact) -> str | None:
    """Say how a superseded token was accepted after the grace, if it was."""
    token = fact.token
    if token is None or not isinstance(fact.step, Mint | Repeat):
        return None
    if token.gen >= fact.past.head:
        return None
    took = fact.past.superseded(token.gen)
    if took is None:
        return f"r{token.gen} was accepted long after the line had moved on"
    age = fact.now - took.when
    if age < max(fact.world.grace, 1) + fact.world.skew:  # a twin of the move is no retry
        return None
    return f"r{token.gen} was accepted {age} ticks after the line had moved on"


def _before_the_lost_writes(fact: Fact) -> str | None:
    if fact.token is None or fact.token.gen >= fact.past.restored:
        return None
    return _accepted_late(fact)


def _key_alone(fact: Fact) -> str | None:
    if fact.who != "forger":
        return None
    if fact.after is not fact.before:
        return "the holder of the key alone changed the record"
    if isinstance(fact.step, Mint | Repeat):
        return "the holder of the key alone was answered a pair"
    if isinstance(fact.step, Ask) and isinstance(fact.step.question, Remove):
        return "the holder of the key alone is about to end the session"
    return None


def _absolute(fact: Fact) -> str | None:
    absolute = fact.world.absolute_ttl
    record = fact.before
    if absolute is None or record is None:
        return None
    end = record.created_at + absolute
    if isinstance(fact.step, Mint | Repeat) and fact.now >= end:
        return f"accepted {fact.now - end} ticks after the absolute lifetime"
    return None


def _same(fact: Fact) -> str | None:
    token = fact.token
    if fact.who != "holder" or token is None:
        return None
    took = fact.since.superseded(token.gen)
    age = 0 if took is None else fact.now - took.when
    newest = token.gen == fact.since.top
    if isinstance(fact.step, Ask) and isinstance(fact.step.question, Remove):
        within = took is not None and age < fact.world.grace - fact.world.skew
        return (
            f"r{token.gen} is taken for reuse within the grace"
            if newest or within
            else None
        )
    if isinstance(fact.step, Mint):
        return _successor(fact, fact.step.record, token.gen + 1)
    return None


INVARIANTS: Final[Mapping[str, Callable[[Fact], str | None]]] = {
    "I1": _one_line,
    "I2": _innocent,
    "I3": _reuse_ends,
    "I4": _stays_removed,
    "I5": _before_the_lost_writes,
    "I6": _accepted_late,
    "I7": _key_alone,
    "I8": _absolute,
    "SAME": _same,
}


def broken(fact: Fact) -> tuple[tuple[str, str], ...]:
    """Return the invariants of the fact's world that it breaks, each with the reason."""
    found = [(name, INVARIANTS[name](fact)) for name in fact.world.judged]
    return tuple((name, reason) for name, reason in found if reason is not None)
