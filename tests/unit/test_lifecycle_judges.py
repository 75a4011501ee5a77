"""Reuse and its removal, access tokens, sign-out, lifetimes: the law's other judges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lifecycle_cases import (
    ABSOLUTE,
    FOREIGN_SECRET,
    GRACE,
    KEY,
    POLICY,
    SIGNED_IN,
    TTL,
    asked,
    begun,
    record,
    token,
)

from jwtsession.errors import (
    AccessSuperseded,
    JwtSessionError,
    RefreshForged,
    RefreshReused,
    SessionNotFound,
    TokenExpired,
)
from jwtsession.lifecycle import judge_access, judge_logout, refresh_hash, resume
from jwtsession.steps import Refuse, Remove, Signal

T = SIGNED_IN + 100
OLD = T + GRACE
BOUND = replace(POLICY, bind_access_to_generation=True)


# ── Certain reuse ──


@pytest.mark.parametrize(
    ("removed", "signals"), [(True, (Signal.REUSED,)), (False, ()), (None, ())]
)
def test_only_whoever_removed_the_session_announces_the_reuse(
    removed: bool | None,  # noqa: FBT001 - a store's answer
    signals: tuple[Signal, ...],
) -> None:
    """The refusal is the same either way; the event is sent once."""
    found = record(5, OLD)
    ask = asked(resume(begun(token(3, T), OLD), found))
    assert ask.question == Remove(KEY)
    expected = Refuse(error=RefreshReused, signals=signals, record=found)
    assert resume(ask, removed) == expected


@pytest.mark.parametrize("now", [OLD - 1, OLD])
@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_reuse_can_be_refused_and_end_nothing(now: int, ahead: int) -> None:
    """With on_reuse "refuse" the store is asked nothing more, and the event is sent."""
    found = record(3 + ahead, now - GRACE)
    assert resume(begun(token(3, T), now, on_reuse="refuse"), found) == Refuse(
        error=RefreshReused, signals=(Signal.REUSED,), record=found
    )


def test_reuse_after_a_repair_keeps_what_was_announced() -> None:
    """A repair is announced even where the removal was somebody else's."""
    repair = asked(resume(begun(token(6, T), OLD), record(5, T - 50)))
    ask = asked(resume(repair, record(6, T)))
    removal = asked(resume(ask, record(8, OLD)))
    for removed, signals in (
        (True, (Signal.REPAIRED, Signal.REUSED)),
        (False, (Signal.REPAIRED,)),
    ):
        step = resume(removal, removed)
        assert isinstance(step, Refuse)
        assert (step.error, step.signals) == (RefreshReused, signals)


# ── Access tokens ──


def test_an_access_token_of_no_session_is_refused() -> None:
    """Where there is no record the session has ended."""
    for policy in (POLICY, BOUND):
        assert judge_access(3, None, now=T, policy=policy) is SessionNotFound


@pytest.mark.parametrize(
    ("age", "refusal"), [(ABSOLUTE - 1, None), (ABSOLUTE, TokenExpired)]
)
def test_an_access_token_ends_with_the_absolute_lifetime(
    age: int, refusal: type[JwtSessionError] | None
) -> None:
    """The record's sign-in decides, bound to the generation or not."""
    found = record(3, T)
    now = SIGNED_IN + age
    for policy in (POLICY, BOUND):
        assert judge_access(3, found, now=now, policy=policy) is refusal
        endless = replace(policy, absolute_ttl_secs=None)
        assert judge_access(3, found, now=now + ABSOLUTE, policy=endless) is None


@pytest.mark.parametrize("gen", [0, 1, 4, 5, 6, 99])
@pytest.mark.parametrize("age", [0, GRACE, 500])
def test_an_unbound_access_token_outlives_rotations(gen: int, age: int) -> None:
    """A request in flight during a refresh does not fail."""
    assert judge_access(gen, record(5, T), now=T + age, policy=POLICY) is None


@pytest.mark.parametrize(
    ("gen", "age", "refusal"),
    [
        (5, 0, None),
        (5, 500, None),
        (6, 500, None),  # ahead, after a lost write
        (99, 500, None),
        (4, -5, None),
        (4, 0, None),
        (4, GRACE - 1, None),
        (4, GRACE, AccessSuperseded),
        (4, GRACE + 1, AccessSuperseded),
        (3, 0, AccessSuperseded),
        (3, -5, AccessSuperseded),
        (0, 0, AccessSuperseded),
    ],
)
def test_a_bound_access_token_is_superseded(
    gen: int, age: int, refusal: type[JwtSessionError] | None
) -> None:
    """Good are the record's generation, one behind within the grace, and ahead."""
    assert judge_access(gen, record(5, T), now=T + age, policy=BOUND) is refusal


def test_at_grace_0_a_bound_access_token_is_superseded_at_once() -> None:
    """Without a grace one behind is behind."""
    policy = replace(BOUND, reuse_grace_secs=0)
    assert judge_access(4, record(5, T), now=T, policy=policy) is AccessSuperseded
    assert judge_access(5, record(5, T), now=T, policy=policy) is None


# ── Sign-out by a refresh token ──


def test_nobody_signs_out_of_no_session() -> None:
    """Where there is no record there is nothing to end."""
    assert judge_logout(token(3, T), None) is SessionNotFound


@pytest.mark.parametrize("gen", [0, 1, 2, 3, 4, 9])
def test_any_token_of_the_line_signs_out(gen: int) -> None:
    """Generation and expiry do not matter."""
    for exp in (0, T + TTL):
        assert judge_logout(token(3, T, exp=exp), record(gen, T)) is None


@pytest.mark.parametrize("gen", [0, 2, 3, 4])
def test_a_forged_token_signs_nobody_out(gen: int) -> None:
    """A leaked key alone ends no session."""
    forged = token(3, T, secret=FOREIGN_SECRET)
    assert judge_logout(forged, record(gen, T)) is RefreshForged
    foreign = record(gen, T, refresh_hash=refresh_hash(FOREIGN_SECRET, gen))
    assert judge_logout(token(3, T), foreign) is RefreshForged
    assert judge_logout(forged, foreign) is None


# ── Lifetimes ──


@pytest.mark.parametrize(
    ("now", "absolute", "expected"),
    [
        (0, None, TTL),
        (0, TTL + 1, TTL),
        (0, TTL, TTL),
        (0, TTL - 1, TTL - 1),
        (5, TTL, TTL),
        (5, TTL + 5, TTL + 5),
    ],
)
def test_a_session_lives_until_the_nearer_end(
    now: int, absolute: int | None, expected: int
) -> None:
    """The idle end counts from now, the absolute one from sign-in."""
    policy = replace(POLICY, absolute_ttl_secs=absolute)
    assert policy.expires_at(now, 0) == expected
    assert policy.expires_at(now + 7, 7) == expected + 7


@pytest.mark.parametrize(
    ("age", "expected"), [(-1, False), (0, False), (9, False), (10, True), (11, True)]
)
def test_the_absolute_lifetime_is_over_at_its_end(age: int, *, expected: bool) -> None:
    """It has so many seconds, and without one it is never over."""
    assert replace(POLICY, absolute_ttl_secs=10).is_over(50 + age, 50) is expected
    assert replace(POLICY, absolute_ttl_secs=None).is_over(50 + age, 50) is False
