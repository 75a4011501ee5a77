"""Which requirements a store is judged by."""

from __future__ import annotations

from functools import cache

from jwtsession_spec import Requirement, UnknownRequirement, requirement, requirements

__all__ = [
    "CAPABILITIES",
    "Requirement",
    "UnknownRequirement",
    "requirement",
    "store_requirements",
]

CAPABILITIES = {
    "shared": "a second handle on the same place, in this process, is the same data",
    "processes": "so is a handle in another process",
    "durable": "the data is there after every handle was closed and the place opened again",
    "sweeps": "the store deletes what has expired by itself, so purge_expired may answer 0",
}
"""What a store may declare, and what each word promises."""


@cache
def store_requirements() -> tuple[Requirement, ...]:
    """Return every requirement that speaks about a store, in the catalogue's order."""
    return tuple(entry for entry in requirements() if entry.subject == "store")
