"""Print what was explored: by world, by invariant, by fault, by bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exploration.invariants import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exploration.faults import Fault
    from exploration.walk import Found

__all__ = ["by_invariant", "by_world", "of_bounds", "of_fault"]


def by_world(walks: Iterable[Found]) -> Iterator[str]:
    """Yield a line for each world, and one for all of them."""
    states = steps = 0
    seconds = 0.0
    yield f"{'world':<14}{'states':>9}{'steps':>10}{'cpu s':>7}  verdict"
    for found in walks:
        world = found.world
        verdict = "clean" if found.clean else "BROKEN: " + " ".join(found.violations)
        numbers = f"{found.states:>9,}{found.steps:>10,}{found.seconds:>7.1f}"
        yield f"{world.name:<14}{numbers}  {verdict}: {world.story}"
        states += found.states
        steps += found.steps
        seconds += found.seconds
    yield f"{'in all':<14}{states:>9,}{steps:>10,}{seconds:>7.1f}"


def by_invariant(walks: Iterable[Found]) -> Iterator[str]:
    """Yield a line for each invariant: the states in which it was judged, the verdict."""
    walks = list(walks)
    yield f"{'invariant':<11}{'states':>9}  {'verdict':<8}"
    for name, title in TITLES.items():
        judged = [found for found in walks if name in found.world.judged]
        states = sum(found.states for found in judged)
        broken = any(name in found.violations for found in judged)
        verdict = "BROKEN" if broken else "holds"
        yield f"{name:<11}{states:>9,}  {verdict:<8}{title}"


def of_bounds(clean: Mapping[tuple[int, int, int], bool]) -> Iterator[str]:
    """Yield a line for each bound that was put to the proof."""
    for (grace, life, skew), is_clean in clean.items():
        verdict = "nobody is signed out" if is_clean else "an innocent user is signed out"
        holds = ">" if grace > 2 * life + skew else "<="
        yield f"grace {grace} {holds} 2 * {life} + {skew}: {verdict}"


def of_fault(fault: Fault, found: Found) -> Iterator[str]:
    """Yield what a fault breaks, and the shortest way there."""
    trace = found.violations.get(fault.breaks)
    caught = "NOT CAUGHT" if trace is None else f"breaks {fault.breaks}"
    yield f"{fault.name}: {caught} in {fault.world}, {found.states:,} states"
    if trace is not None:
        yield str(trace)
