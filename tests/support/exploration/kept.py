"""Keep one copy of each value, so that a state is a small tuple that hashes fast.

A walk meets the same records, tokens and questions again and again. Each is kept once, is
told apart by identity, and carries what it becomes one tick later. The law and the store
are asked once per pair of kept values: both are pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["NOTHING", "REFUSED", "Kept", "Pool"]

T_co = TypeVar("T_co", covariant=True)


class Kept(Generic[T_co]):
    """A value that is kept once per walk; ordered by when it was first met."""

    __slots__ = ("number", "older", "value")

    def __init__(self, value: T_co, number: int) -> None:
        self.value = value
        self.number = number
        self.older: Kept[Any] | None = None

    def __lt__(self, other: Kept[Any]) -> bool:
        return self.number < other.number

    def __repr__(self) -> str:
        return f"Kept({self.value!r})"


NOTHING: Kept[None] = Kept(None, -2)
"""No record, no token, no half-done call."""

REFUSED: Kept[str] = Kept("refused", -1)
"""An answer that carries no token and says no."""


class Pool:
    """The values of one walk."""

    def __init__(self, age: Callable[[Any], Hashable]) -> None:
        self._age = age
        self._known: dict[Hashable, Kept[Any]] = {None: NOTHING, "refused": REFUSED}

    def keep(self, value: Hashable) -> Kept[Any]:
        """Return the one copy of this value."""
        kept = self._known.get(value)
        if kept is None:
            kept = self._known[value] = Kept(value, len(self._known))
        return kept

    def older(self, kept: Kept[Any]) -> Kept[Any]:
        """Return what this value is one tick later."""
        if kept.older is None:
            kept.older = self.keep(self._age(kept.value))
        return kept.older
