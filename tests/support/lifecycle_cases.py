"""Short words for the tests of the law: one session, its records, its tokens, its steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from jwtsession.lifecycle import begin, refresh_hash
from jwtsession.models import Replacement, SessionKey, SessionRecord
from jwtsession.steps import Ask, Attempt, Policy, Presented, Swap

if TYPE_CHECKING:
    from jwtsession.steps import Step

__all__ = [
    "ABSOLUTE",
    "FOREIGN_SECRET",
    "GRACE",
    "KEY",
    "POLICY",
    "SECRET",
    "SEEN",
    "SIGNED_IN",
    "TTL",
    "asked",
    "attempt",
    "begun",
    "record",
    "swap",
    "token",
]

KEY: Final = SessionKey("ada", "01J00000000000000000000000")
SECRET: Final = bytes(range(32))
FOREIGN_SECRET: Final = bytes(range(1, 33))
SEEN: Final = '{"ip":"192.0.2.7"}'

SIGNED_IN: Final = 1_000_000
GRACE: Final = 30
TTL: Final = 1_000
ABSOLUTE: Final = 10_000
POLICY: Final = Policy(
    refresh_ttl_secs=TTL, absolute_ttl_secs=ABSOLUTE, reuse_grace_secs=GRACE
)


def record(gen: int, rotated_at: int, **changes: Any) -> SessionRecord:
    """Return the session's record of a generation that began then."""
    found = SessionRecord(
        user_id=KEY.user_id,
        id=KEY.session_id,
        refresh_hash=refresh_hash(SECRET, gen),
        gen=gen,
        created_at=SIGNED_IN,
        rotated_at=rotated_at,
        last_active_at=rotated_at,
        expires_at=rotated_at + TTL,
        meta="{}",
        data="{}",
        seen="{}",
    )
    return replace(found, **changes)


def token(gen: int, iat: int, **changes: Any) -> Presented:
    """Return the session's refresh token of a generation that began then."""
    found = Presented(
        key=KEY, secret=SECRET, gen=gen, iat=iat, exp=iat + TTL, auth_time=SIGNED_IN
    )
    return replace(found, **changes)


def attempt(presented: Presented, now: int, **changes: Any) -> Attempt:
    """Return an attempt at that time, under the policy with these changes."""
    policy = replace(POLICY, **changes)
    return Attempt(presented=presented, policy=policy, now=now, seen=SEEN)


def asked(step: Step) -> Ask:
    """Return the step, which asks the store something."""
    assert isinstance(step, Ask), step
    return step


def swap(expected_gen: int, gen: int, rotated_at: int, expires_at: int) -> Swap:
    """Return the question that moves the session from one generation to another."""
    return Swap(
        KEY,
        refresh_hash(SECRET, expected_gen),
        Replacement(
            refresh_hash=refresh_hash(SECRET, gen),
            gen=gen,
            rotated_at=rotated_at,
            expires_at=expires_at,
            seen=SEEN,
        ),
    )


def begun(presented: Presented, now: int, **changes: Any) -> Ask:
    """Return the first question of a refresh."""
    return asked(begin(attempt(presented, now, **changes)))
