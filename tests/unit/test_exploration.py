"""The law is explored: every world is clean, and every deliberate fault is caught."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from exploration.faults import FAULTS
from exploration.invariants import TITLES
from exploration.table import by_invariant, by_world, of_bounds, of_fault
from exploration.walk import explore
from exploration.worlds import BOUNDS, WORLDS, bound

from jwtsession.steps import Signal

if TYPE_CHECKING:
    from exploration.faults import Fault
    from exploration.walk import Found

ENOUGH_STATES = 100_000

# What the law must have answered in a world, or the walk has not been where it should.
MEETS = {
    "H1": {Signal.ROTATED, Signal.RETRIED, Signal.REPEATED},
    "H2": {Signal.ROTATED, Signal.RETRIED, Signal.REPEATED},
    "H2-skew": {Signal.ROTATED, Signal.RETRIED, Signal.REPEATED},
    "H3": {Signal.ROTATED, Signal.RETRIED, Signal.REPEATED},
    "H-zero": {Signal.ROTATED},
    "H-slow": {Signal.ROTATED, Signal.RETRIED, Signal.REPEATED},
    "S": {Signal.ROTATED, Signal.RETRIED, Signal.REPEATED, Signal.REUSED},
    "T": {Signal.RETRIED, Signal.REPEATED, Signal.REUSED},
    "T-skew": {Signal.RETRIED, Signal.REPEATED, Signal.REUSED},
    "F1": {Signal.REPAIRED, Signal.RETRIED},
    "F2": {Signal.REPAIRED, Signal.RETRIED},
    "TF": {Signal.REPAIRED, Signal.REUSED},
    "TF-end": {Signal.LOST_ENDED, Signal.REUSED},
    "K": {Signal.ROTATED, Signal.FORGED},
    "K-token": {Signal.REPAIRED, Signal.REPEATED, Signal.REUSED},
    "R1": {Signal.ROTATED, Signal.RETRIED, "auth:session_not_found"},
    "R2": {Signal.ROTATED, Signal.RETRIED, "auth:session_not_found"},
    "R-two-steps": {Signal.ROTATED, Signal.REPAIRED},
    "R-stale": {Signal.ROTATED, Signal.RETRIED},
    "E1": {Signal.ROTATED, "jwt:expired", "auth:session_not_found"},
    "E2": {Signal.ROTATED, "jwt:expired", "auth:session_not_found"},
    "E-skew": {Signal.ROTATED, "jwt:expired", "auth:session_not_found"},
    "E-token": {Signal.REPAIRED, "jwt:expired"},
}

LINE = re.compile(
    r" *\d+\. t=\d+  (tab [ABC]|thief|client \d|forger|store|the user|a request): [^{}]+"
)


@pytest.fixture(scope="module")
def walks() -> dict[str, Found]:
    """Walk every world once."""
    return {name: explore(world) for name, world in WORLDS.items()}


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_is_clean(name: str, walks: dict[str, Found]) -> None:
    """No reachable state of the world breaks an invariant that is judged there."""
    found = walks[name]
    assert not found.violations, "\n".join(
        f"{broken}\n{trace}" for broken, trace in found.violations.items()
    )


@pytest.mark.parametrize("name", WORLDS)
def test_a_walk_goes_where_it_should(name: str, walks: dict[str, Found]) -> None:
    """The walk meets every answer of the law that its world is there for."""
    assert MEETS[name] <= walks[name].outcomes


def test_the_exploration_is_large(
    walks: dict[str, Found], capsys: pytest.CaptureFixture[str]
) -> None:
    """The worlds together have enough states, and the tables say how many."""
    found = list(walks.values())
    with capsys.disabled():
        lines = ["", *by_world(found), "", *by_invariant(found)]
        print("\n".join(lines))  # noqa: T201 - the tables are what this is for
    assert sum(one.states for one in found) >= ENOUGH_STATES
    for name in TITLES:
        assert any(name in one.world.judged for one in found), name


@pytest.mark.parametrize("at", BOUNDS, ids=str)
def test_the_grace_must_exceed_two_lives_and_the_skew(at: tuple[int, int, int]) -> None:
    """Nobody is signed out exactly where the grace exceeds 2 * life + skew."""
    grace, life, skew = at
    found = explore(bound(grace, life, skew), stop=True)
    assert found.clean is BOUNDS[at] is (grace > 2 * life + skew)
    assert len(list(of_bounds({at: found.clean}))) == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.breaks}: {fault.name}")
def test_a_deliberate_fault_is_caught(fault: Fault) -> None:
    """The fault breaks its invariant, and the shortest way there can be read."""
    found = fault.explore()
    assert list(found.violations) == [fault.breaks]
    heading, told = of_fault(fault, found)
    assert fault.breaks in heading
    *lines, reason = told.splitlines()
    assert 1 <= len(lines) <= 15
    for line in lines:
        assert LINE.fullmatch(line), line
    assert re.fullmatch(r"  => [^{}]{20,}", reason), reason


def test_every_invariant_is_known_to_break() -> None:
    """Each invariant has a fault that breaks it, in a world where it is judged."""
    assert {fault.breaks for fault in FAULTS} == set(TITLES)
    for fault in FAULTS:
        assert fault.breaks in WORLDS[fault.world].judged, fault.name


def test_a_trace_tells_who_did_what_and_what_was_answered() -> None:
    """The trace of a store that reads and then writes is this one, word for word."""
    fault = next(one for one in FAULTS if one.name == "the store reads, then writes")
    trace = fault.explore().violations["I1"]
    assert str(trace).splitlines() == [
        "  1. t=0  tab A: sends r0",
        "  2. t=0  tab B: sends r0",
        "  3. t=0  tab B: r0 swaps to r1; half-way",
        "  4. t=1  tab A: r0 swaps to r1; half-way",
        "  5. t=1  tab B: r0 swaps to r1; answered r1, rotated",
        "  6. t=1  tab A: r0 swaps to r1; answered r1, rotated",
        "  => the line moved to r1 after it had been at r1",
    ]


def test_the_known_shortest_traces_are_found() -> None:
    """Three faults break in as few steps as a person needs to tell the story."""
    steps = {fault.name: len(_trace(fault)) for fault in FAULTS[:1]}
    steps |= {fault.name: len(_trace(fault)) for fault in FAULTS if "rule 4" in fault.name}
    steps |= {
        fault.name: len(_trace(fault))
        for fault in FAULTS
        if fault.name.startswith("rule 5 left out, over a swap")
    }
    assert list(steps.values()) == [7, 2, 4]


def _trace(fault: Fault) -> tuple[str, ...]:
    return fault.explore().violations[fault.breaks].lines


def test_a_world_too_large_is_no_verdict() -> None:
    """A walk that cannot be finished says so instead of passing."""
    with pytest.raises(RuntimeError, match="H2 has more than 100 states"):
        explore(WORLDS["H2"], limit=100)
