"""Walk every reachable state of a world, nearest first."""

from __future__ import annotations

import gc
from collections import deque
from dataclasses import dataclass, field
from time import process_time
from typing import TYPE_CHECKING

from exploration.machine import Machine
from exploration.trace import Trace

if TYPE_CHECKING:
    from exploration.state import State
    from exploration.world import World

__all__ = ["Found", "explore"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk found.

    Attributes:
        world: Where.
        states: How many states were reached.
        steps: How many steps between states were taken.
        seconds: How much processor time that took.
        outcomes: What the law answered: signals, and codes of refusals.
        violations: For each broken invariant the first breach met, which is a shortest.
    """

    world: World
    states: int
    steps: int
    seconds: float
    outcomes: frozenset[str]
    violations: dict[str, Trace] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """No judged invariant is broken."""
        return not self.violations


def explore(world: World, *, stop: bool = False, limit: int = 2_000_000) -> Found:
    """Walk a world; with ``stop`` only until the first breach.

    A state in which an invariant broke is not walked further.

    Raises:
        RuntimeError: The world has more states than ``limit``, so the walk would not be
            a walk of all of them.
    """
    started = process_time()
    collects = gc.isenabled()
    gc.disable()  # millions of small tuples and no cycles: looking for some takes a third
    try:
        return _walk(world, started, stop=stop, limit=limit)
    finally:
        if collects:
            gc.enable()


def _walk(world: World, started: float, *, stop: bool, limit: int) -> Found:
    machine = Machine(world)
    first = machine.canonical(machine.first())
    parents: dict[State, State | None] = {first: None}
    waiting = deque([first])
    breaches: dict[str, Trace] = {}
    steps = 0
    while waiting and not (stop and breaches):
        state = waiting.popleft()
        for move in machine.moves(state):
            steps += 1
            if move.broken:
                for name, reason in move.broken:
                    if name not in breaches:
                        breaches[name] = Trace.of(machine, parents, state, move, reason)
                continue
            after = machine.canonical(move.state)
            if after not in parents:
                parents[after] = state
                waiting.append(after)
        if len(parents) > limit:
            raise RuntimeError(f"{world.name} has more than {limit} states")
    seconds = process_time() - started
    outcomes = frozenset(machine.server.outcomes())
    return Found(world, len(parents), steps, seconds, outcomes, breaches)
