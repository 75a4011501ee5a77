"""What ends a check before its end: the store is wrong, or it could not be judged."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HarnessError", "Violated", "Violation"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One requirement that a store was seen to break.

    Attributes:
        requirement: The id of the broken requirement, which need not be the one that the
            check is about: a step on the way to an attack may fail as well.
        what: What happened, in a sentence that ends with a full stop.
        history: The calls that show it and their answers, one line each.
    """

    requirement: str
    what: str
    history: tuple[str, ...] = ()


class Violated(Exception):
    """The store broke something; ends the check."""

    def __init__(self, *violations: Violation) -> None:
        self.violations = violations
        super().__init__("; ".join(f"{one.requirement}: {one.what}" for one in violations))


class HarnessError(Exception):
    """The store could not be judged, so nothing is said about it.

    Args:
        what: What went wrong, in a sentence that ends with a full stop.
        remedy: What to change, in another.
        violations: Requirements that were seen broken all the same.
    """

    def __init__(
        self, what: str, remedy: str = "", violations: tuple[Violation, ...] = ()
    ) -> None:
        self.what = what
        self.remedy = remedy
        self.violations = violations
        super().__init__(f"{what} {remedy}".rstrip())
