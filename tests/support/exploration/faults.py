"""The deliberate faults: each breaks its invariant in a world that is clean without it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from exploration import faulty_laws as law
from exploration import faulty_stores as stores
from exploration.walk import explore
from exploration.worlds import WORLDS
from jwtsession.lifecycle import Decision, Standing
from jwtsession.steps import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exploration.walk import Found
    from exploration.world import World

__all__ = ["FAULTS", "Fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One wrong decision, and the invariant that shows it.

    Attributes:
        name: What is wrong, in a few words.
        breaks: The invariant.
        world: The name of the world in which it shows.
        patch: The law bent that way, if it is the law that is wrong.
        changes: The world changed that way, if it is something else.
    """

    name: str
    breaks: str
    world: str
    patch: Callable[[], AbstractContextManager[None]] = nullcontext
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def faulty(self) -> World:
        """The world with the fault in it, where only that invariant is judged."""
        return replace(WORLDS[self.world], judged=(self.breaks,), **self.changes)

    def explore(self) -> Found:
        """Walk until the invariant breaks."""
        with self.patch():
            return explore(self.faulty, stop=True)


def _by_generation(
    standing: Standing, decision: Decision
) -> Callable[[], AbstractContextManager[None]]:
    return lambda: law.decides(
        (Asked.LOOKED, standing, decision), (Asked.SWAPPED, standing, decision)
    )


def _no_again() -> AbstractContextManager[None]:
    return law.decides((Asked.SWAPPED, Standing.CURRENT, Decision.REUSED))


FAULTS: Final[tuple[Fault, ...]] = (
    # ── rule 1: once per grace ──
    Fault(
        name="rule 1 left out: a line moves as often as it is asked",
        breaks="I2",
        world="H2",
        patch=lambda: law.patched("_looks_first", lambda _: False),
    ),
    Fault(
        name="rule 1 left out: the clients of one token part ways",
        breaks="SAME",
        world="S",
        patch=lambda: law.patched("_looks_first", lambda _: False),
    ),
    Fault(
        name="a cookie is set on an answer that repeats the token",
        breaks="I2",
        world="H2",
        changes={"quiet": False},
    ),
    Fault(
        name='rule 1: "not mine" is read as "now swap"',
        breaks="I2",
        world="F2",
        patch=law.asks_swap_when_not_mine,
    ),
    # ── rules 2 and 3: no record, foreign record ──
    Fault(
        name="rule 2 left out: an ended session is taken for reuse",
        breaks="I2",
        world="R2",
        patch=law.absent_is_reuse,
    ),
    Fault(
        name="rule 3 left out: any signed token is of the session",
        breaks="I7",
        world="K",
        patch=law.any_signature,
    ),
    Fault(
        name="rule 3 after the others",
        breaks="I7",
        world="K",
        patch=law.forged_after_reuse,
    ),
    Fault(
        name="sign-out by a refresh token without rule 3",
        breaks="I7",
        world="K",
        patch=lambda: law.patched("judge_logout", lambda *_: None),
    ),
    # ── rules 4, 5 and 6: success, again, retry ──
    Fault(
        name="rule 4 left out: nothing names success, at grace 0",
        breaks="I2",
        world="H-zero",
        patch=lambda: law.patched("_was_written", lambda *_: False),
    ),
    Fault(
        name="rule 5 left out, over a swap in two steps and a fail-over",
        breaks="I2",
        world="R-two-steps",
        patch=_no_again,
    ),
    Fault(
        name="rule 5 left out, over a store that answers a stale snapshot",
        breaks="I2",
        world="R-stale",
        patch=_no_again,
    ),
    Fault(
        name="rule 6 left out: a retry is taken for reuse",
        breaks="I2",
        world="H1",
        patch=_by_generation(Standing.PREVIOUS, Decision.REUSED),
    ),
    Fault(
        name="rule 6 mints from its own clock",
        breaks="SAME",
        world="S",
        patch=law.mints_from_its_own_clock,
    ),
    Fault(
        name="rule 6 mints from its own clock: two pairs for one token",
        breaks="I1",
        world="H2",
        patch=law.mints_from_its_own_clock,
    ),
    Fault(
        name="the grace is a tick too long",
        breaks="I6",
        world="T",
        patch=law.late_by_one,
    ),
    Fault(
        name="any number of generations behind, while the last move is young",
        breaks="I6",
        world="T",
        patch=law.any_number_behind,
    ),
    # ── rule 7: lost writes ──
    Fault(
        name="rule 7: a token ahead is taken for reuse",
        breaks="I2",
        world="F1",
        patch=_by_generation(Standing.LOST, Decision.REUSED),
    ),
    Fault(
        name="rule 7: a token ahead is refused",
        breaks="I2",
        world="F1",
        patch=_by_generation(Standing.LOST, Decision.GONE),
    ),
    Fault(
        name="rule 7: a token ahead is refused, and the thief's older one is not",
        breaks="I3",
        world="TF",
        patch=_by_generation(Standing.LOST, Decision.GONE),
    ),
    Fault(
        name="rule 7: the repair is followed by a swap, and not by rule 1",
        breaks="I2",
        world="F2",
        patch=law.swaps_after_the_repair,
    ),
    Fault(
        name="rule 7: iat is taken as it comes",
        breaks="I6",
        world="K-token",
        patch=lambda: law.repairs_with(lambda ask: ask.attempt.presented.iat),
    ),
    Fault(
        name="rule 7: the repair starts the grace again",
        breaks="I6",
        world="TF",
        patch=lambda: law.repairs_with(lambda ask: ask.attempt.now),
    ),
    Fault(
        name="rule 7 for every token that does not match: the older one is written back",
        breaks="I5",
        world="TF",
        patch=_by_generation(Standing.SPENT, Decision.REPAIR),
    ),
    # ── rule 8: certain reuse ──
    Fault(
        name="rule 8: certain reuse is refused, and nothing ends",
        breaks="I3",
        world="T",
        patch=_by_generation(Standing.SPENT, Decision.GONE),
    ),
    Fault(
        name='on_reuse = "refuse"',
        breaks="I3",
        world="T",
        changes={"on_reuse": "refuse"},
    ),
    Fault(
        name="the removal is cancelled with its request",
        breaks="I3",
        world="T",
        changes={"removal_owned": False},
    ),
    # ── lifetimes ──
    Fault(
        name="exp is checked without leeway",
        breaks="I2",
        world="E1",
        changes={"leeway": 0},
    ),
    Fault(
        name="the absolute lifetime is taken from the token alone",
        breaks="I8",
        world="E-token",
        patch=law.lives_for_ever,
    ),
    # ── stores ──
    Fault(
        name="the store reads, then writes",
        breaks="I1",
        world="H2",
        changes={"store": stores.ReadThenWrite()},
    ),
    Fault(
        name="the store writes the whole record to change one field",
        breaks="I1",
        world="R2",
        changes={"store": stores.WholeRecordWrite()},
    ),
    Fault(
        name="the store's touch creates the session again",
        breaks="I4",
        world="R2",
        changes={"store": stores.UpsertingTouch()},
    ),
    Fault(
        name="the store's swap creates the session again",
        breaks="I4",
        world="R2",
        changes={"store": stores.ResurrectingSwap()},
    ),
    Fault(
        name="the store lets a retry start the grace again",
        breaks="I6",
        world="T",
        changes={"store": stores.RearmingSwap()},
    ),
)
