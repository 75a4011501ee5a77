"""Laws with one rule left out or bent, as patches of the real one.

Each is a context manager: inside it, `jwtsession.lifecycle` decides wrongly.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from jwtsession import lifecycle
from jwtsession.errors import RefreshReused
from jwtsession.lifecycle import Decision, Standing
from jwtsession.steps import Ask, Asked, Mint, Policy, Refuse, Signal, Step, Swap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jwtsession.models import SessionRecord

__all__ = [
    "absent_is_reuse",
    "any_number_behind",
    "any_signature",
    "asks_swap_when_not_mine",
    "decides",
    "forged_after_reuse",
    "late_by_one",
    "lives_for_ever",
    "mints_from_its_own_clock",
    "patched",
    "repairs_with",
    "swaps_after_the_repair",
]


@contextmanager
def patched(name: str, value: Any) -> Iterator[None]:
    """Put something else in the place of a part of the law."""
    with patch.object(lifecycle, name, value):
        yield


@contextmanager
def decides(*changes: tuple[Asked, Standing, Decision]) -> Iterator[None]:
    """Change entries of the table."""
    law = {asked: dict(row) for asked, row in lifecycle.LAW.items()}
    for asked, standing, decision in changes:
        law[asked][standing] = decision
    with patched("LAW", law):
        yield


@contextmanager
def absent_is_reuse() -> Iterator[None]:
    """Take a session that has ended for one whose token was reused."""
    refusals = dict(lifecycle._REFUSALS)
    refusals[Decision.GONE] = (RefreshReused, (Signal.REUSED,))
    with patched("_REFUSALS", refusals):
        yield


@contextmanager
def forged_after_reuse() -> Iterator[None]:
    """Ask whether the token is of the session's line only after everything else."""
    judge = lifecycle._standing

    def standing(ask: Ask, record: SessionRecord | None) -> Standing:
        with patched("_is_of_line", lambda *_: True):
            others = judge(ask, record)
        return others if others is Standing.SPENT else judge(ask, record)

    with patched("_standing", standing):
        yield


@contextmanager
def any_signature() -> Iterator[None]:
    """Take every token that we signed for one of the session's line."""
    judge = lifecycle._standing

    def standing(ask: Ask, record: SessionRecord | None) -> Standing:
        with patched("_is_of_line", lambda *_: True):
            return judge(ask, record)

    with patched("_standing", standing):
        yield


@contextmanager
def swaps_after_the_repair() -> Iterator[None]:
    """Move the line right after a repair, without looking at rule 1 again."""
    once_more = lifecycle._once_more

    def wrong(decision: Decision, ask: Ask, record: SessionRecord) -> Step:
        if decision is not Decision.START:
            return once_more(decision, ask, record)
        with patched("_looks_first", lambda _: False):
            return once_more(decision, ask, record)

    with patched("_once_more", wrong):
        yield


@contextmanager
def any_number_behind() -> Iterator[None]:
    """Take a token for a retry however far behind, while the last move is young."""
    judge = lifecycle._standing

    def standing(ask: Ask, record: SessionRecord | None) -> Standing:
        found = judge(ask, record)
        if found is not Standing.SPENT or record is None:
            return found
        attempt = ask.attempt
        grace = attempt.policy.reuse_grace_secs
        young = lifecycle.within_grace(record.rotated_at, attempt.now, grace)
        return Standing.PREVIOUS if young else found

    with patched("_standing", standing):
        yield


@contextmanager
def asks_swap_when_not_mine() -> Iterator[None]:
    """After a look that shows another generation, swap instead of judging the record."""
    follow = lifecycle._follow

    def wrong(decision: Decision, ask: Ask, record: SessionRecord | None) -> Step:
        judged = {Decision.RETRIED, Decision.REPAIR, Decision.REUSED}
        if ask.asked is not Asked.LOOKED or decision not in judged or record is None:
            return follow(decision, ask, record)
        with patched("_looks_first", lambda _: False):
            return lifecycle._start(
                ask.attempt, record.created_at, ask.rounds_left, ask.signals
            )

    with patched("_follow", wrong):
        yield


@contextmanager
def repairs_with(rotated_at: Callable[[Ask], int]) -> Iterator[None]:
    """Write another time of the move back than the token's own, bounded by now."""
    repair = lifecycle._repair

    def wrong(ask: Ask, record: SessionRecord) -> Ask | Refuse:
        step = repair(ask, record)
        if not isinstance(step, Ask) or not isinstance(step.question, Swap):
            return step
        new = replace(step.question.replacement, rotated_at=rotated_at(ask))
        return replace(step, question=replace(step.question, replacement=new))

    with patched("_repair", wrong):
        yield


@contextmanager
def mints_from_its_own_clock() -> Iterator[None]:
    """Answer a retry with a pair that begins now, not with the record's."""
    follow = lifecycle._follow

    def wrong(decision: Decision, ask: Ask, record: SessionRecord | None) -> Step:
        step = follow(decision, ask, record)
        if decision is Decision.RETRIED and isinstance(step, Mint):
            return replace(step, record=replace(step.record, rotated_at=ask.attempt.now))
        return step

    with patched("_follow", wrong):
        yield


@contextmanager
def late_by_one() -> Iterator[None]:
    """Count the last tick of the grace twice."""

    def within(since: int, now: int, grace_secs: int) -> bool:
        return max(0, now - since) <= grace_secs

    with patched("within_grace", within):
        yield


@contextmanager
def lives_for_ever() -> Iterator[None]:
    """Forget the absolute lifetime where a record is at hand."""
    with patch.object(Policy, "is_over", lambda *_: False):
        yield
