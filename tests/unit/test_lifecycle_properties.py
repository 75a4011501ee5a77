"""What the law keeps to whatever it is presented and whatever a store answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from lifecycle_cases import FOREIGN_SECRET, POLICY, SECRET, attempt, begun, record, token

from jwtsession.lifecycle import (
    MORE_ROUNDS,
    begin,
    judge_access,
    judge_logout,
    refresh_hash,
    resume,
    within_grace,
)
from jwtsession.steps import (
    Ask,
    Attempt,
    Mint,
    Policy,
    Presented,
    Refuse,
    Remove,
    Repeat,
    Step,
    Swap,
)

if TYPE_CHECKING:
    from jwtsession.models import SessionRecord

NOW = 5_000

calm = settings(deadline=None, derandomize=True)  # a slow machine is no failure

# Small pools around the present: equal times and neighbouring generations are the point.
times = st.integers(NOW - 60, NOW + 60)
ages = st.integers(0, 60)
gens = st.integers(0, 6)
policies = st.builds(
    Policy,
    refresh_ttl_secs=st.sampled_from([1, 20, 1000]),
    absolute_ttl_secs=st.sampled_from([None, 1, 50, 9000]),
    reuse_grace_secs=st.sampled_from([0, 1, 10, 30]),
    on_reuse=st.sampled_from(["end", "refuse"]),
    on_lost_write=st.sampled_from(["repair", "end"]),
)


@st.composite
def tokens(draw: st.DrawFn) -> Presented:
    """Draw a token of the session with any claims."""
    return token(draw(gens), draw(times), exp=draw(times) + 40, auth_time=NOW - draw(ages))


@st.composite
def records(draw: st.DrawFn, secret: bytes = SECRET) -> SessionRecord:
    """Draw a record of the session in any state."""
    gen = draw(gens)
    return record(
        gen,
        draw(times),
        refresh_hash=refresh_hash(secret, gen),
        created_at=NOW - draw(ages),
        expires_at=draw(times) + 80,
    )


attempts = st.builds(
    Attempt,
    presented=tokens(),
    policy=policies,
    now=st.integers(NOW - 3, NOW + 3),
    seen=st.just("{}"),
)
answers = st.lists(st.one_of(st.none(), records()), min_size=9, max_size=9)


def _run(tried: Attempt, given_answers: list[SessionRecord | None]) -> list[Step]:
    """Return every step of a refresh whose store answers just anything."""
    steps = [begin(tried)]
    for answer in given_answers:
        if not isinstance(steps[-1], Ask):
            break
        removal = isinstance(steps[-1].question, Remove)
        steps.append(resume(steps[-1], answer is not None if removal else answer))
    return steps


@calm
@given(attempts, answers)
def test_a_refresh_ends_whatever_a_store_answers(
    tried: Attempt, given_answers: list[SessionRecord | None]
) -> None:
    """No store makes a refresh ask for ever: the budget bounds the questions."""
    steps = _run(tried, given_answers)
    assert not isinstance(steps[-1], Ask)
    assert len(steps) - 1 <= 1 + 2 * MORE_ROUNDS + 1
    rounds = [step.rounds_left for step in steps if isinstance(step, Ask)]
    assert rounds == sorted(rounds, reverse=True)
    assert all(0 <= left <= MORE_ROUNDS for left in rounds)


@calm
@given(attempts, answers)
def test_what_is_written_is_within_bounds(
    tried: Attempt, given_answers: list[SessionRecord | None]
) -> None:
    """Every swap moves to the presented generation or the next, and in no time to come."""
    presented, now = tried.presented, tried.now
    for step in _run(tried, given_answers):
        if isinstance(step, Ask) and isinstance(step.question, Swap):
            new = step.question.replacement
            assert new.gen in {presented.gen, presented.gen + 1}
            assert new.refresh_hash == refresh_hash(presented.secret, new.gen)
            assert new.rotated_at <= now
            assert now < new.expires_at <= now + tried.policy.refresh_ttl_secs
            assert new.seen == tried.seen


@calm
@given(attempts, answers)
def test_an_accepted_token_is_current_or_one_behind(
    tried: Attempt, given_answers: list[SessionRecord | None]
) -> None:
    """A pair is only ever minted for the presented generation's successor."""
    steps = _run(tried, given_answers)
    if isinstance(steps[-1], Mint):
        minted = steps[-1].record
        assert minted.gen == tried.presented.gen + 1
        assert minted in given_answers
    if isinstance(steps[-1], Repeat):
        assert steps[-1].record.gen == tried.presented.gen
        assert len(steps) > 1


@calm
@given(attempts, answers)
def test_the_session_is_removed_only_for_reuse_or_a_lost_write(
    tried: Attempt, given_answers: list[SessionRecord | None]
) -> None:
    """A removal is the last question, and nothing but a refusal follows it."""
    steps = _run(tried, given_answers)
    for before, after in pairwise(steps):
        if isinstance(before, Ask) and isinstance(before.question, Remove):
            assert after is steps[-1]
            assert isinstance(after, Refuse)
            assert after.error.code in {"auth:refresh_reused", "auth:write_lost"}


@calm
@given(attempts, records(secret=FOREIGN_SECRET))
def test_a_foreign_record_is_always_refused_at_once(
    tried: Attempt, found: SessionRecord
) -> None:
    """Without the session's secret nothing is written, removed or minted."""
    step = begin(tried)
    if isinstance(step, Ask):
        step = resume(step, found)
    assert isinstance(step, Refuse)
    assert step.error.code in {"auth:refresh_forged", "jwt:expired"}
    assert judge_logout(tried.presented, found) is not None


@calm
@given(attempts, answers, st.integers(0, 10**9))
def test_only_differences_of_times_matter(
    tried: Attempt, given_answers: list[SessionRecord | None], later: int
) -> None:
    """The same story told so many seconds later has the same course."""
    moved = replace(
        tried, presented=_token_later(tried.presented, later), now=tried.now + later
    )
    moved_answers = [_record_later(one, later) for one in given_answers]
    first, second = _run(tried, given_answers), _run(moved, moved_answers)
    assert [_outline(step) for step in first] == [_outline(step) for step in second]


def _token_later(presented: Presented, later: int) -> Presented:
    return replace(
        presented,
        iat=presented.iat + later,
        exp=presented.exp + later,
        auth_time=presented.auth_time + later,
    )


def _record_later(found: SessionRecord | None, later: int) -> SessionRecord | None:
    if found is None:
        return None
    return replace(
        found,
        created_at=found.created_at + later,
        rotated_at=found.rotated_at + later,
        expires_at=found.expires_at + later,
    )


def _outline(step: Step) -> tuple[object, ...]:
    if isinstance(step, Ask):
        kind = type(step.question)
        return (kind, str(type(step.asked)), step.rounds_left, step.signals)
    if isinstance(step, Refuse):
        return (step.error, step.signals)
    return (type(step), step.signals)


@calm
@given(
    gens,
    st.lists(st.integers(0, POLICY.reuse_grace_secs - 1), min_size=2, max_size=8),
)
def test_all_presenters_of_one_token_are_answered_alike(
    gen: int, delays: list[int]
) -> None:
    """Whoever comes within the grace of the first is minted the same record."""
    stored = record(gen, NOW - 100, created_at=NOW - 200)
    presented = token(gen, NOW - 100, auth_time=NOW - 200)
    minted: list[SessionRecord] = []
    for delay in [0, *delays]:
        ask = begun(presented, NOW + delay)
        assert isinstance(ask.question, Swap)
        if ask.question.expected == stored.refresh_hash:
            new = ask.question.replacement
            stored = replace(
                stored,
                refresh_hash=new.refresh_hash,
                gen=new.gen,
                rotated_at=new.rotated_at,
                expires_at=new.expires_at,
            )
        step = resume(ask, stored)
        assert isinstance(step, Mint)
        minted.append(step.record)
    assert {(one.gen, one.rotated_at, one.expires_at) for one in minted} == {
        (gen + 1, NOW, NOW + POLICY.refresh_ttl_secs)
    }


@calm
@given(times, times, st.integers(0, 60))
def test_the_grace_is_an_interval(since: int, now: int, grace: int) -> None:
    """Whoever is within a grace is within every longer one, and was so before."""
    if within_grace(since, now, grace):
        assert within_grace(since, now, grace + 1)
        assert within_grace(since, now - 1, grace)
        assert now < since + grace


@calm
@given(gen=gens, found=records(), now=times, bound=st.booleans())
def test_an_access_token_ahead_or_current_is_never_superseded(
    gen: int, found: SessionRecord, now: int, *, bound: bool
) -> None:
    """Only a token of an older generation can be superseded."""
    policy = replace(POLICY, bind_access_to_generation=bound)
    refusal = judge_access(gen, found, now=now, policy=policy)
    if gen >= found.gen or not bound:
        assert refusal is None
    if gen < found.gen - 1 and bound:
        assert refusal is not None


@calm
@given(tokens(), st.integers(NOW - 3, NOW + 3))
def test_a_step_is_a_function_of_its_input(presented: Presented, now: int) -> None:
    """The law has no clock and no chance: the same question is asked each time."""
    tried = attempt(presented, now)
    assert begin(tried) == begin(tried)
