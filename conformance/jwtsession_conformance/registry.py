"""The checks: values in a list, over which every door iterates. Nothing to subclass."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jwtsession_conformance.catalogue import CAPABILITIES, store_requirements

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jwtsession_conformance.lab import Lab

__all__ = ["Check", "NotApplicable", "checks", "store_check"]


class NotApplicable(Exception):
    """A check finds that it asks something of the store that nobody promised."""


@dataclass(frozen=True, slots=True)
class Check:
    """One attack on one requirement.

    Attributes:
        id: The requirement's id, a slash, and a word for the attack.
        requirement: What it passes or fails for. Its steps may find other requirements
            broken on the way; it then fails for those and passes for none.
        needs: The capabilities without which it makes no sense.
        run: The attack. It returns, or raises ``Violated`` or ``HarnessError``.
        story: The attack in one sentence.
    """

    id: str
    requirement: str
    needs: frozenset[str]
    run: Callable[[Lab], Awaitable[None]]
    story: str


_found: dict[str, Check] = {}


def store_check(
    requirement: str, attack: str, *, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[Lab], Awaitable[None]]], Callable[[Lab], Awaitable[None]]]:
    """Register the decorated function as a check of a store.

    Args:
        requirement: The id of a requirement whose subject is the store.
        attack: A word or two for the attack, unique for the requirement.
        needs: Capabilities it needs besides the requirement's own.

    Raises:
        ValueError: The id is unknown, or the check is registered already: a second check
            of one name would silently replace the first.
    """

    def register(run: Callable[[Lab], Awaitable[None]]) -> Callable[[Lab], Awaitable[None]]:
        known = {entry.id: entry for entry in store_requirements()}
        name = f"{requirement}/{attack}"
        if requirement not in known or name in _found or set(needs) - CAPABILITIES.keys():
            raise ValueError(f"the check {name} cannot be registered")
        own = known[requirement].capability
        _found[name] = Check(
            id=name,
            requirement=requirement,
            needs=frozenset((*needs, own) if own else needs),
            run=run,
            story=(inspect.getdoc(run) or "").splitlines()[0],
        )
        return run

    return register


@cache
def checks() -> tuple[Check, ...]:
    """Return every check of a store, in the order of the catalogue."""
    package = importlib.import_module("jwtsession_conformance.store")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    order = {entry.id: position for position, entry in enumerate(store_requirements())}
    return tuple(sorted(_found.values(), key=lambda check: order[check.requirement]))
