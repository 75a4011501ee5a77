"""The law, entry by entry: what was asked, how the record stands, what follows exactly."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from lifecycle_cases import (
    ABSOLUTE,
    FOREIGN_SECRET,
    GRACE,
    KEY,
    POLICY,
    SECRET,
    SIGNED_IN,
    TTL,
    asked,
    attempt,
    begun,
    record,
    swap,
    token,
)

from jwtsession.errors import (
    JwtSessionError,
    RefreshForged,
    RefreshReused,
    SessionNotFound,
    TokenExpired,
)
from jwtsession.lifecycle import (
    LAW,
    MORE_ROUNDS,
    Decision,
    Standing,
    begin,
    refresh_hash,
    resume,
    within_grace,
)
from jwtsession.steps import (
    Ask,
    Asked,
    Get,
    Mint,
    Presented,
    Refuse,
    Remove,
    Repeat,
    Signal,
)

if TYPE_CHECKING:
    from jwtsession.models import SessionRecord

T = SIGNED_IN + 100  # when the generation that is presented began
OLD = T + GRACE  # the first second in which it is no longer young
LATE = SIGNED_IN + ABSOLUTE  # when the absolute lifetime ends

FOREIGN = record(4, T, refresh_hash=refresh_hash(FOREIGN_SECRET, 4))


# ── The first step ──


@pytest.mark.parametrize("now", [T - 5, T, T + GRACE - 1])
def test_a_young_token_is_looked_up(now: int) -> None:
    """A token of generation 1 or more is not swapped within the grace of its iat."""
    expected = Ask(
        question=Get(KEY),
        attempt=attempt(token(1, T), now),
        asked=Asked.LOOKED,
        rounds_left=MORE_ROUNDS,
        signals=(),
    )
    assert begin(attempt(token(1, T), now)) == expected


@pytest.mark.parametrize(
    ("gen", "now", "grace"),
    [
        (1, OLD, GRACE),
        (1, OLD + 1, GRACE),
        (7, OLD + 500, GRACE),
        (0, T, GRACE),
        (0, T + 1, GRACE),
        (1, T, 0),
        (1, T - 5, 0),
        (3, T + 1, 1),
    ],
)
def test_any_other_token_is_swapped(gen: int, now: int, grace: int) -> None:
    """A token that is not young, or the first of all, moves the line at once."""
    tried = attempt(token(gen, T), now, reuse_grace_secs=grace)
    assert begin(tried) == Ask(
        question=swap(gen, gen + 1, now, now + TTL),
        attempt=tried,
        asked=Asked.SWAPPED,
        rounds_left=MORE_ROUNDS,
        signals=(),
    )


@pytest.mark.parametrize(
    ("now", "absolute", "expires_at"),
    [
        (LATE - TTL - 1, ABSOLUTE, LATE - 1),
        (LATE - TTL, ABSOLUTE, LATE),
        (LATE - TTL + 1, ABSOLUTE, LATE),
        (LATE - 1, ABSOLUTE, LATE),
        (LATE - 1, None, LATE - 1 + TTL),
        (LATE + 1, None, LATE + 1 + TTL),
    ],
)
def test_a_rotation_extends_up_to_the_absolute_lifetime(
    now: int, absolute: int | None, expires_at: int
) -> None:
    """The swap writes the smaller of the idle end and the absolute end."""
    ask = begun(token(2, T), now, absolute_ttl_secs=absolute)
    assert ask.question == swap(2, 3, now, expires_at)


@pytest.mark.parametrize("now", [LATE, LATE + 1])
def test_nothing_is_written_that_would_be_over(now: int) -> None:
    """At the absolute end the store is not even asked."""
    assert begin(attempt(token(2, T), now)) == Refuse(error=TokenExpired, signals=())


@pytest.mark.parametrize("now", [LATE, LATE + 1])
def test_a_young_token_is_looked_up_even_at_the_end(now: int) -> None:
    """Where nothing is to be written, it is the record that decides."""
    assert begun(token(2, LATE - 1), now).question == Get(KEY)


# ── What follows from each answer ──


def _looked(gen: int = 3, now: int = OLD - 1, **changes: Any) -> Ask:
    return begun(token(gen, T), now, **changes)


def _swapped(gen: int = 3, now: int = OLD, **changes: Any) -> Ask:
    return begun(token(gen, T), now, **changes)


def _repaired(gen: int = 3, now: int = OLD, **changes: Any) -> Ask:
    return asked(resume(_swapped(gen, now, **changes), record(gen - 1, T - 50)))


ASKS = {Asked.LOOKED: _looked, Asked.SWAPPED: _swapped, Asked.REPAIRED: _repaired}


@pytest.mark.parametrize("was", ASKS)
def test_the_cases_are_what_they_are_called(was: Asked) -> None:
    """Each case of this page is in the state that it is used for."""
    assert ASKS[was]().asked is was


@pytest.mark.parametrize("was", ASKS)
def test_no_record_is_no_session(was: Asked) -> None:
    """Whatever was asked, an absent record is no reuse: the session has ended."""
    assert resume(ASKS[was](), None) == Refuse(error=SessionNotFound, signals=())


@pytest.mark.parametrize("was", ASKS)
@pytest.mark.parametrize("gen", [0, 2, 3, 4, 5, 9])
def test_a_foreign_secret_is_forged_whatever_the_generation(was: Asked, gen: int) -> None:
    """A token of another secret changes nothing, and is announced as forged."""
    found = record(gen, OLD - 1, refresh_hash=refresh_hash(FOREIGN_SECRET, gen))
    assert resume(ASKS[was](), found) == Refuse(
        error=RefreshForged, signals=(Signal.FORGED,), record=found
    )


@pytest.mark.parametrize("was", ASKS)
@pytest.mark.parametrize("gen", [2, 3, 4, 5])
def test_a_foreign_secret_comes_before_the_absolute_lifetime(was: Asked, gen: int) -> None:
    """Whoever forges learns nothing of the session's age."""
    found = record(
        gen, T, refresh_hash=refresh_hash(FOREIGN_SECRET, gen), created_at=T - ABSOLUTE
    )
    step = resume(ASKS[was](), found)
    assert isinstance(step, Refuse)
    assert step.error is RefreshForged


@pytest.mark.parametrize("was", ASKS)
@pytest.mark.parametrize("gen", [2, 3, 4, 5])
def test_a_record_past_its_absolute_lifetime_is_expired(was: Asked, gen: int) -> None:
    """The record's created_at decides, whatever the generations and the token say."""
    ask = ASKS[was]()
    ended = record(gen, T, created_at=ask.attempt.now - ABSOLUTE)
    assert resume(ask, ended) == Refuse(error=TokenExpired, signals=(), record=ended)


@pytest.mark.parametrize("absolute", [ABSOLUTE, None])
def test_a_record_in_its_last_second_is_not_over(absolute: int | None) -> None:
    """One second before the absolute end, or without one, the law goes on."""
    ask = _swapped(absolute_ttl_secs=absolute)
    created_at = ask.attempt.now - (ABSOLUTE - 1 if absolute else 10 * ABSOLUTE)
    found = record(4, OLD, created_at=created_at, expires_at=OLD + TTL)
    assert isinstance(resume(ask, found), Mint)


def test_a_current_token_is_answered_again() -> None:
    """A young token that is current is repeated, and nothing moves."""
    found = record(3, T)
    assert resume(_looked(), found) == Repeat(record=found, signals=(Signal.REPEATED,))


def test_the_record_that_was_written_is_minted() -> None:
    """The answer that equals what was sent is this rotation."""
    found = record(4, OLD)
    assert resume(_swapped(), found) == Mint(record=found, signals=(Signal.ROTATED,))


def test_what_others_write_does_not_hide_that_it_was_written() -> None:
    """Other fields of the answer may be anything: a twin's are not seen from here."""
    found = record(4, OLD, seen='{"ip":"198.51.100.1"}', last_active_at=9, data='{"a":1}')
    assert resume(_swapped(), found) == Mint(record=found, signals=(Signal.ROTATED,))


@pytest.mark.parametrize(
    "changes",
    [
        {"rotated_at": OLD - 1},
        {"rotated_at": OLD + 1},
        {"expires_at": OLD + TTL - 1},
        {"expires_at": OLD + TTL + 1},
    ],
    ids=str,
)
def test_a_record_that_differs_from_what_was_written_is_a_retry(
    changes: dict[str, int],
) -> None:
    """Another time of the move, or another end, is somebody else's rotation."""
    found = replace(record(4, OLD), **changes)
    assert resume(_swapped(), found) == Mint(record=found, signals=(Signal.RETRIED,))


@pytest.mark.parametrize("changes", [{"rotated_at": OLD - 1}, {"expires_at": OLD - 1}])
def test_at_grace_0_only_success_is_success(changes: dict[str, int]) -> None:
    """Without a grace the record that was written is minted, and any other is reuse."""
    ask = _swapped(reuse_grace_secs=0)
    found = record(4, OLD)
    assert resume(ask, found) == Mint(record=found, signals=(Signal.ROTATED,))
    other = replace(found, **changes)
    assert asked(resume(ask, other)).question == Remove(KEY)


@pytest.mark.parametrize("was", [Asked.LOOKED, Asked.SWAPPED])
@pytest.mark.parametrize("age", [-5, 0, 1, GRACE - 1])
def test_one_behind_within_the_grace_is_a_retry(was: Asked, age: int) -> None:
    """The record's pair is minted again; a move in the future is young."""
    ask = ASKS[was]()
    found = record(4, ask.attempt.now - age, expires_at=ask.attempt.now + 7)
    assert resume(ask, found) == Mint(record=found, signals=(Signal.RETRIED,))


@pytest.mark.parametrize("was", [Asked.LOOKED, Asked.SWAPPED])
@pytest.mark.parametrize(
    ("ahead", "age"),
    [(1, GRACE), (1, GRACE + 1), (1, 500), (2, 0), (2, GRACE - 1), (3, 0), (9, -5)],
)
def test_further_behind_is_certain_reuse(was: Asked, ahead: int, age: int) -> None:
    """The session is to be removed, and the refusal waits for that."""
    ask = ASKS[was]()
    found = record(3 + ahead, ask.attempt.now - age)
    refusal = Refuse(error=RefreshReused, signals=(Signal.REUSED,), record=found)
    assert resume(ask, found) == Ask(
        question=Remove(KEY),
        attempt=ask.attempt,
        asked=refusal,
        rounds_left=MORE_ROUNDS,
        signals=(),
    )


def test_every_entry_of_the_table_is_reached() -> None:
    """For each entry some record stands that way, and the table has no other."""
    records: dict[Standing, SessionRecord | None] = {
        Standing.ABSENT: None,
        Standing.FOREIGN: FOREIGN,
        Standing.OVER: record(3, T, created_at=T - ABSOLUTE),
        Standing.WRITTEN: record(4, OLD),
        Standing.CURRENT: record(3, T),
        Standing.PREVIOUS: record(4, OLD - 1),
        Standing.LOST: record(2, T - 50),
        Standing.SPENT: record(5, OLD - 1),
    }
    outcomes: dict[Decision, set[str]] = {decision: set() for decision in Decision}
    for was, row in LAW.items():
        assert set(row) == set(records) - (
            set() if was is Asked.SWAPPED else {Standing.WRITTEN}
        )
        for standing, decision in row.items():
            outcomes[decision].add(_kind(resume(ASKS[was](), records[standing])))
    assert outcomes == {
        Decision.ROTATED: {"Mint"},
        Decision.RETRIED: {"Mint"},
        Decision.REPEATED: {"Repeat"},
        Decision.AGAIN: {"Swap"},
        Decision.REPAIR: {"Swap"},
        Decision.START: {"Swap"},
        Decision.GONE: {"auth:session_not_found"},
        Decision.FORGED: {"auth:refresh_forged"},
        Decision.EXPIRED: {"jwt:expired"},
        Decision.REUSED: {"Remove"},
    }


def _kind(step: object) -> str:
    if isinstance(step, Refuse):
        return step.error.code
    return type(step.question if isinstance(step, Ask) else step).__name__


def test_the_table_cannot_be_changed() -> None:
    """The law is read-only, so nobody bends it by accident."""
    with pytest.raises(TypeError):
        LAW[Asked.LOOKED] = {}  # type: ignore[index] - that is what is tested


# ── The two functions that the rest stands on ──


@pytest.mark.parametrize(
    ("since", "now", "grace", "expected"),
    [
        (100, 100, 30, True),
        (100, 129, 30, True),
        (100, 130, 30, False),
        (100, 131, 30, False),
        (100, 99, 30, True),
        (100, 1, 30, True),
        (100, 100, 0, False),
        (100, 99, 0, False),
        (100, 101, 0, False),
        (100, 100, 1, True),
        (100, 101, 1, False),
    ],
)
def test_within_the_grace(since: int, now: int, grace: int, *, expected: bool) -> None:
    """The grace has so many seconds, a future start is within it, and 0 is never."""
    assert within_grace(since, now, grace) is expected


@pytest.mark.parametrize("gen", [0, 1, 255, 256, 2**53 - 2])
def test_the_hash_is_of_the_secret_and_eight_bytes(gen: int) -> None:
    """A store holds SHA-256 of the secret and the generation, big-endian."""
    expected = sha256(SECRET + gen.to_bytes(8, "big")).digest()
    assert refresh_hash(SECRET, gen) == expected
    assert refresh_hash(SECRET, gen) != refresh_hash(SECRET, gen + 1)
    assert refresh_hash(SECRET, gen) != refresh_hash(FOREIGN_SECRET, gen)


def test_one_hash_is_known() -> None:
    """The bytes of one hash are written down, so that other languages can compare."""
    known = "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb"
    assert refresh_hash(b"\x00" * 32, 0).hex() == known


def test_the_policy_is_part_of_the_question() -> None:
    """An attempt carries the policy it began with to its end."""
    ask = _swapped(reuse_grace_secs=7)
    assert ask.attempt.policy == replace(POLICY, reuse_grace_secs=7)


def test_no_repr_shows_the_secret_or_a_hash() -> None:
    """Neither a step nor what is in it shows the secret or what the store holds."""
    refused: JwtSessionError = RefreshForged()
    shown = repr([_looked(), _swapped(), _repaired(), FOREIGN, refused])
    for hidden in (SECRET, refresh_hash(SECRET, 3), refresh_hash(SECRET, 4)):
        assert repr(hidden)[2:-1] not in shown
        assert hidden.hex() not in shown
    assert isinstance(_looked().attempt.presented, Presented)
