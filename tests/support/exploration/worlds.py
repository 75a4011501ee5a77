"""The bounded worlds that are walked, and where the bound of the grace lies.

``WORLDS`` is what the tests walk. ``DEEP`` has the larger ones, for a change to the law.
In all of them a request and its answer can be slow, lost or overtaken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from exploration.faulty_stores import StaleAnswer
from exploration.store import SwapInTwoSteps
from exploration.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BOUNDS", "DEEP", "WORLDS", "bound"]

_HONEST = ("I1", "I2", "I4", "I6")
_HONEST_LOSS = ("I2", "I4", "I6")  # a lost write makes another successor, by right
_THEFT = ("I1", "I3", "I4", "I6")
_THEFT_LOSS = ("I3", "I4", "I5", "I6")
_OPERATIONS = ("sign out", "evict", "touch", "replace the data of")


def _named(*worlds: World) -> Mapping[str, World]:
    return {world.name: world for world in worlds}


WORLDS: Final = _named(
    World(
        name="H1",
        story="one tab, three requests under way",
        judged=_HONEST,
        tabs=1,
        calls=3,
    ),
    World(
        name="H2",
        story="two tabs on one jar, retries, requests given up on",
        judged=_HONEST,
        tabs=2,
    ),
    World(
        name="H2-skew",
        story="the same, and one of two processes is a tick ahead",
        judged=_HONEST,
        tabs=2,
        traffic=3,
        grace=4,
        skew=1,
    ),
    World(
        name="H3",
        story="three tabs on one jar, three requests under way in all",
        judged=_HONEST,
        tabs=3,
        traffic=3,
    ),
    World(
        name="H-zero",
        story="one tab, grace 0, nothing is late or lost",
        judged=_HONEST,
        tabs=1,
        grace=0,
        life=0,
        calls=1,
    ),
    World(
        name="H-slow",
        story="two tabs; a server reads its clock, and asks the store later",
        judged=_HONEST,
        tabs=2,
        calls=1,
        split=True,
    ),
    World(
        name="S",
        story="three clients with private copies of one token",
        judged=("I1", "I6", "SAME"),
        clients=3,
    ),
    World(
        name="T",
        story="a victim, and a thief who copies the cookie once",
        judged=_THEFT,
        tabs=1,
        thief=True,
    ),
    World(
        name="T-skew",
        story="the same, and one of two processes is a tick ahead",
        judged=_THEFT,
        tabs=1,
        calls=1,
        skew=1,
        thief=True,
    ),
    World(
        name="F1",
        story="one tab, and a fail-over that loses one or two writes",
        judged=_HONEST_LOSS,
        tabs=1,
        failovers=1,
        lost_writes=2,
    ),
    World(
        name="F2",
        story="two tabs, and a fail-over that loses one or two writes",
        judged=_HONEST_LOSS,
        tabs=2,
        calls=1,
        failovers=1,
        lost_writes=2,
    ),
    World(
        name="TF",
        story="a victim, a thief, and a fail-over that loses one or two writes",
        judged=_THEFT_LOSS,
        tabs=1,
        calls=1,
        life=0,
        thief=True,
        failovers=1,
        lost_writes=2,
    ),
    World(
        name="TF-end",
        story='a victim, a thief, one lost write; on_lost_write is "end"',
        judged=_THEFT_LOSS,
        tabs=1,
        calls=1,
        life=0,
        thief=True,
        failovers=1,
        lost_writes=1,
        on_lost_write="end",
    ),
    World(
        name="K",
        story="two tabs, and somebody who can sign any claims but has no secret",
        judged=(*_HONEST, "I7"),
        tabs=2,
        calls=1,
        forger="key",
    ),
    World(
        name="K-token",
        story="somebody who can sign any claims and has an old token",
        judged=("I4", "I6"),
        forger="key and token",
    ),
    World(
        name="R1",
        story="a tab; sign-out, eviction, touch and cancelled requests race with it",
        judged=_HONEST,
        tabs=1,
        split=True,
        operations=_OPERATIONS[:3],
    ),
    World(
        name="R2",
        story="two tabs, the same operations, and writes of a field",
        judged=_HONEST,
        tabs=2,
        calls=1,
        operations=_OPERATIONS,
    ),
    World(
        name="R-two-steps",
        story="a store swaps in one step and reads in another; a fail-over",
        judged=_HONEST_LOSS,
        tabs=1,
        failovers=1,
        lost_writes=1,
        store=SwapInTwoSteps(),
    ),
    World(
        name="R-stale",
        story="two tabs; the loser of a race is shown the record from before it",
        judged=_HONEST,
        tabs=2,
        calls=1,
        store=StaleAnswer(),
    ),
    World(
        name="E1",
        story="one tab, and lifetimes that a retry crosses",
        judged=(*_HONEST, "I8"),
        tabs=1,
        refresh_ttl=5,
        absolute_ttl=8,
    ),
    World(
        name="E2",
        story="two tabs, the same lifetimes",
        judged=(*_HONEST, "I8"),
        tabs=2,
        calls=1,
        refresh_ttl=5,
        absolute_ttl=8,
    ),
    World(
        name="E-skew",
        story="one tab, lifetimes, and one of two processes is a tick ahead",
        judged=(*_HONEST, "I8"),
        tabs=1,
        calls=1,
        grace=4,
        skew=1,
        refresh_ttl=6,
        absolute_ttl=8,
    ),
    World(
        name="E-token",
        story="lifetimes, and somebody who can sign any claims and has an old token",
        judged=("I4", "I8"),
        forger="key and token",
        grace=2,
        refresh_ttl=3,
        absolute_ttl=5,
    ),
)

DEEP: Final = _named(
    replace(WORLDS["H3"], name="H3-deep", traffic=None, story="three tabs with retries"),
    replace(WORLDS["S"], name="S4-deep", clients=4, story="four clients, one token"),
    replace(WORLDS["S"], name="S-skew-deep", skew=1, story="three clients, skew"),
    replace(WORLDS["F2"], name="F2-deep", grace=4, skew=1, story="F2 with skew"),
    replace(WORLDS["TF"], name="TF-deep", life=1, story="TF with slow answers"),
    replace(
        WORLDS["TF"],
        name="TF-skew-deep",
        story="TF with skew, one write lost",
        lost_writes=1,
        skew=1,
    ),
)


def bound(grace: int, life: int, skew: int) -> World:
    """Return the world of two tabs in which the grace is put to the proof."""
    return World(
        name=f"G={grace} D={life} skew={skew}",
        story="two tabs",
        judged=("I2",),
        tabs=2,
        calls=1,
        grace=grace,
        life=life,
        skew=skew,
    )


BOUNDS: Final[Mapping[tuple[int, int, int], bool]] = {
    (2, 1, 0): False,
    (3, 1, 0): True,
    (3, 1, 1): False,
    (4, 1, 1): True,
    (4, 2, 0): False,
    (5, 2, 0): True,
    (5, 2, 1): False,
    (6, 2, 1): True,
}
"""Grace, life of an attempt, skew: whether nobody is signed out. Grace > 2·life + skew."""
