"""Further rounds: a record that still holds the token, a repair, and where both end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lifecycle_cases import (
    ABSOLUTE,
    FOREIGN_SECRET,
    GRACE,
    KEY,
    SIGNED_IN,
    TTL,
    asked,
    begun,
    record,
    swap,
    token,
)

from jwtsession.errors import (
    RefreshForged,
    SessionNotFound,
    StoreUnavailable,
    TokenExpired,
    WriteLost,
)
from jwtsession.lifecycle import MORE_ROUNDS, refresh_hash, resume
from jwtsession.steps import Ask, Asked, Get, Mint, Refuse, Remove, Repeat, Signal, Step

T = SIGNED_IN + 100
OLD = T + GRACE


# ── Rule 5: again ──


def test_a_record_that_still_holds_the_token_is_tried_again() -> None:
    """The same swap is asked once more, on one round less, and nothing is announced."""
    first = begun(token(3, T), OLD)
    assert resume(first, record(3, T)) == Ask(
        question=first.question,
        attempt=first.attempt,
        asked=Asked.SWAPPED,
        rounds_left=MORE_ROUNDS - 1,
        signals=(),
    )


def test_there_are_three_further_rounds() -> None:
    """After the first round and three more the store is unavailable, never reuse."""
    step: Step = begun(token(3, T), OLD)
    swaps = 0
    while isinstance(step, Ask):
        assert step.question == swap(3, 4, OLD, OLD + TTL)
        swaps += 1
        assert swaps <= 1 + MORE_ROUNDS
        step = resume(step, record(3, T))
    assert swaps == 1 + MORE_ROUNDS == 4
    assert step == Refuse(error=StoreUnavailable, signals=(), record=record(3, T))


def test_a_later_round_goes_by_the_records_sign_in() -> None:
    """Once a record is at hand, its created_at bounds what is written."""
    ask = begun(token(3, T, auth_time=OLD), OLD)
    assert ask.question == swap(3, 4, OLD, OLD + TTL)
    again = asked(resume(ask, record(3, T, created_at=OLD - ABSOLUTE + 5)))
    assert again.question == swap(3, 4, OLD, OLD + 5)


def test_a_later_round_can_succeed() -> None:
    """The answer of a further round is judged like that of the first."""
    again = asked(resume(begun(token(3, T), OLD), record(3, T)))
    minted = record(4, OLD)
    assert resume(again, minted) == Mint(record=minted, signals=(Signal.ROTATED,))


# ── Rule 7: repair ──


@pytest.mark.parametrize("behind", [1, 2, 5])
@pytest.mark.parametrize("now", [T, OLD - 1, OLD, OLD + 200])
def test_a_token_ahead_writes_the_lost_record_back(behind: int, now: int) -> None:
    """The record of the presented generation is written over the older one, as it was."""
    ask = begun(token(6, T), now)
    older = record(6 - behind, T - 50)
    assert resume(ask, older) == Ask(
        question=swap(6 - behind, 6, T, T + TTL),
        attempt=ask.attempt,
        asked=Asked.REPAIRED,
        rounds_left=MORE_ROUNDS - 1,
        signals=(),
    )


@pytest.mark.parametrize(
    ("iat", "rotated_at"),
    [(OLD - 1, OLD - 1), (OLD, OLD), (OLD + 1, OLD), (OLD + 10**9, OLD), (0, 0)],
)
def test_a_repair_never_writes_a_move_in_the_future(iat: int, rotated_at: int) -> None:
    """An iat after now would freeze the line, so now is written in its place."""
    ask = begun(token(6, iat, exp=OLD + 5), OLD)
    question = asked(resume(ask, record(5, T - 50))).question
    assert question == swap(5, 6, rotated_at, OLD + 5)


@pytest.mark.parametrize(
    ("exp", "created_at", "expires_at"),
    [
        (OLD + 5, SIGNED_IN, OLD + 5),
        (OLD + TTL, SIGNED_IN, OLD + TTL),
        (OLD + TTL + 1, SIGNED_IN, OLD + TTL),
        (OLD + 10**9, SIGNED_IN, OLD + TTL),
        (OLD + 10**9, OLD + 7 - ABSOLUTE, OLD + 7),
        (OLD + 6, OLD + 7 - ABSOLUTE, OLD + 6),
    ],
)
def test_a_repair_never_outlives_either_lifetime(
    exp: int, created_at: int, expires_at: int
) -> None:
    """The smallest of the token's exp, the idle end and the absolute end is written."""
    ask = begun(token(6, T, exp=exp), OLD)
    question = asked(resume(ask, record(5, T - 50, created_at=created_at))).question
    assert question == swap(5, 6, T, expires_at)


@pytest.mark.parametrize(("exp", "is_over"), [(OLD + 1, False), (OLD, True), (0, True)])
def test_a_repair_that_would_be_over_writes_nothing(exp: int, *, is_over: bool) -> None:
    """A token within the leeway after its exp brings nothing back."""
    older = record(5, T - 50)
    step = resume(begun(token(6, T, exp=exp), OLD), older)
    expired = Refuse(error=TokenExpired, signals=(), record=older)
    assert (step == expired) is is_over
    assert isinstance(step, Ask) is not is_over


def _repair(gen: int = 6, iat: int = T, now: int = OLD) -> Ask:
    return asked(resume(begun(token(gen, iat), now), record(gen - 1, iat - 50)))


def test_after_a_repair_the_law_starts_again() -> None:
    """An old token that was written back is swapped next, on the same round."""
    repair = _repair()
    assert resume(repair, record(6, T)) == Ask(
        question=swap(6, 7, OLD, OLD + TTL),
        attempt=repair.attempt,
        asked=Asked.SWAPPED,
        rounds_left=MORE_ROUNDS - 1,
        signals=(Signal.REPAIRED,),
    )


def test_after_a_repair_a_young_token_is_looked_up() -> None:
    """Rule 1 holds after a repair too, or two clients would move the line twice."""
    looked = asked(resume(_repair(now=OLD - 1), record(6, T)))
    assert (looked.question, looked.asked) == (Get(KEY), Asked.LOOKED)
    assert looked.rounds_left == MORE_ROUNDS - 1
    found = record(6, T)
    assert resume(looked, found) == Repeat(
        record=found, signals=(Signal.REPAIRED, Signal.REPEATED)
    )


@pytest.mark.parametrize(
    ("gen", "rotated_at"), [(3, T), (5, T), (6, T - 1), (7, T), (7, OLD - 1), (8, OLD)]
)
def test_what_a_repair_finds_instead_is_judged_from_the_start(
    gen: int, rotated_at: int
) -> None:
    """A repair that lost its compare repairs nothing, and the law starts again."""
    repair = _repair()
    again = asked(resume(repair, record(gen, rotated_at)))
    assert again.question == swap(6, 7, OLD, OLD + TTL)
    assert (again.asked, again.signals) == (Asked.SWAPPED, ())
    assert again.rounds_left == MORE_ROUNDS - 1


@pytest.mark.parametrize(
    "changes", [{"rotated_at": T - 1}, {"expires_at": T + TTL - 1}], ids=str
)
def test_only_the_record_that_was_written_is_announced(changes: dict[str, int]) -> None:
    """A record of the right generation that somebody else wrote is no repair of ours."""
    found = replace(record(6, T), **changes)
    assert asked(resume(_repair(), found)).signals == ()


def test_after_a_repair_the_records_sign_in_bounds_what_is_written() -> None:
    """The session's own created_at goes with the new start."""
    found = record(6, T, created_at=OLD + 3 - ABSOLUTE)
    assert asked(resume(_repair(), found)).question == swap(6, 7, OLD, OLD + 3)


def test_a_repair_of_an_ended_or_foreign_session_is_refused() -> None:
    """Rules 2 and 3 are asked of the answer to a repair."""
    foreign = record(6, T, refresh_hash=refresh_hash(FOREIGN_SECRET, 6))
    assert resume(_repair(), None) == Refuse(error=SessionNotFound, signals=())
    assert resume(_repair(), foreign) == Refuse(
        error=RefreshForged, signals=(Signal.FORGED,), record=foreign
    )


def test_earlier_signals_go_with_every_later_refusal() -> None:
    """What a repair announced is announced, however the refresh ends."""
    ask = asked(resume(_repair(), record(6, T)))
    foreign = record(7, T, refresh_hash=refresh_hash(FOREIGN_SECRET, 7))
    ends = {
        SessionNotFound: resume(ask, None),
        RefreshForged: resume(ask, foreign),
        TokenExpired: resume(ask, record(6, T, created_at=OLD - ABSOLUTE)),
    }
    for error, step in ends.items():
        assert isinstance(step, Refuse)
        assert step.error is error
        assert step.signals[0] is Signal.REPAIRED


def test_earlier_signals_go_with_every_later_success() -> None:
    """What a repair announced comes before the rotation or the retry."""
    ask = asked(resume(_repair(), record(6, T)))
    rotated, retried = record(7, OLD), record(7, OLD - 1)
    assert resume(ask, rotated) == Mint(
        record=rotated, signals=(Signal.REPAIRED, Signal.ROTATED)
    )
    assert resume(ask, retried) == Mint(
        record=retried, signals=(Signal.REPAIRED, Signal.RETRIED)
    )


def test_repairs_and_agains_share_one_budget() -> None:
    """Three further rounds of either kind, and the fourth is 503."""
    ask = begun(token(6, T), OLD)
    older, same = record(5, T - 50), record(6, T)
    ask = asked(resume(ask, older))  # a repair, the first further round
    ask = asked(resume(ask, same))
    ask = asked(resume(ask, same))  # again, the second
    assert ask.rounds_left == MORE_ROUNDS - 2
    ask = asked(resume(ask, older))  # lost once more: a repair, the third
    assert ask.rounds_left == 0
    ask = asked(resume(ask, same))
    assert ask.signals == (Signal.REPAIRED, Signal.REPAIRED)
    for answer in (same, older):
        assert resume(ask, answer) == Refuse(
            error=StoreUnavailable, signals=ask.signals, record=answer
        )


def test_a_store_that_never_keeps_a_repair_is_unavailable() -> None:
    """Three repairs are tried, then the answer is 503 and nobody is signed out."""
    older = record(5, T - 50)
    step: Step = begun(token(6, T), OLD)
    repairs = 0
    while isinstance(step, Ask):
        repairs += step.asked is Asked.REPAIRED
        assert repairs <= MORE_ROUNDS
        step = resume(step, older)
    assert repairs == MORE_ROUNDS
    assert step == Refuse(error=StoreUnavailable, signals=(), record=older)


@pytest.mark.parametrize("now", [OLD - 1, OLD])
@pytest.mark.parametrize("removed", [True, False])
def test_a_lost_write_can_end_the_session(now: int, *, removed: bool) -> None:
    """With on_lost_write "end" the session is removed, and who removed it says so."""
    older = record(5, T - 50)
    ask = asked(resume(begun(token(6, T), now, on_lost_write="end"), older))
    refusal = Refuse(error=WriteLost, signals=(Signal.LOST_ENDED,), record=older)
    assert (ask.question, ask.asked) == (Remove(KEY), refusal)
    assert ask.rounds_left == MORE_ROUNDS
    signals = (Signal.LOST_ENDED,) if removed else ()
    assert resume(ask, removed) == Refuse(error=WriteLost, signals=signals, record=older)


def test_a_lost_write_ends_the_session_even_without_rounds_left() -> None:
    """To end a session takes no further round."""
    ask = begun(token(6, T), OLD, on_lost_write="end")
    for _ in range(MORE_ROUNDS):
        ask = asked(resume(ask, record(6, T)))
    assert ask.rounds_left == 0
    removal = asked(resume(ask, record(5, T - 50)))
    assert (removal.question, removal.rounds_left) == (Remove(KEY), 0)
