"""Explore and print the tables: ``python -m exploration [--deep] [--faults]``."""

from __future__ import annotations

import argparse
import sys

from exploration.faults import FAULTS
from exploration.table import by_invariant, by_world, of_bounds, of_fault
from exploration.walk import explore
from exploration.worlds import BOUNDS, DEEP, WORLDS, bound


def main() -> int:
    """Walk every world; answer 0 where each is clean and each fault is caught."""
    parser = argparse.ArgumentParser(prog="exploration", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="the larger worlds too")
    parser.add_argument("--faults", action="store_true", help="print the shortest traces")
    chosen = parser.parse_args()
    worlds = [*WORLDS.values(), *(DEEP.values() if chosen.deep else ())]
    walks = [explore(world) for world in worlds]
    _print(*by_world(walks), "", *by_invariant(walks), "")
    bounds = {at: explore(bound(*at), stop=True).clean for at in BOUNDS}
    _print(*of_bounds(bounds), "")
    for found in walks:
        for name, trace in found.violations.items():
            _print(f"{found.world.name} breaks {name}:", str(trace), "")
    good = bounds == BOUNDS and all(found.clean for found in walks)
    caught = 0
    for fault in FAULTS:
        found = fault.explore()
        caught += fault.breaks in found.violations
        if chosen.faults or not found.violations:
            _print(*of_fault(fault, found), "")
    _print(f"deliberate faults caught: {caught} of {len(FAULTS)}")
    return 0 if good and caught == len(FAULTS) else 1


def _print(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
