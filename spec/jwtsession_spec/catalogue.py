"""The requirements: every MUST, SHOULD and MAY of the specification, as values."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Literal

from jwtsession_spec.packaged import table

__all__ = [
    "SPEC_VERSION",
    "Requirement",
    "UnknownRequirement",
    "requirement",
    "requirements",
]

SPEC_VERSION = "1.0"
"""The version of the specification, which is not that of this distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One sentence that is either true of its subject or not.

    Attributes:
        id: Its name for ever: subject, then words in capitals, joined by hyphens.
        level: As in RFC 2119.
        subject: What it speaks about, and nothing else.
        area: The group that reports show it in.
        text: What must be true.
        since: The version of the specification that has it first.
        why: What goes wrong in the world without it; empty where the text says it all.
        source: Where it comes from, if from elsewhere: an RFC, a section of OWASP ASVS.
        capability: Only a store that declares this is asked; None asks every store.
        excluded: Why no check of its subject alone can decide it; None where one can. An
            excluded requirement is shown in every report and never counts as passed.
    """

    id: str
    level: Literal["MUST", "SHOULD", "MAY"]
    subject: Literal["store", "token", "source", "service", "http"]
    area: str
    text: str
    since: str
    why: str = ""
    source: str = ""
    capability: Literal["shared", "processes", "durable", "sweeps"] | None = None
    excluded: str | None = None


class UnknownRequirement(KeyError):  # noqa: N818 - named after the cause
    """No requirement has this id. The message names the nearest one.

    Attributes:
        id: What was asked for.
        nearest: The id that was probably meant, or None.
    """

    def __init__(self, unknown: str) -> None:
        asked = str(unknown)[:80]
        near = get_close_matches(asked.upper(), _by_id(), n=1, cutoff=0.5)
        self.id = asked
        self.nearest = near[0] if near else None
        super().__init__(unknown)

    def __str__(self) -> str:
        hint = (
            f"did you mean {self.nearest}?"
            if self.nearest
            else "jwtsession_spec.requirements() lists them all"
        )
        return f"there is no requirement {self.id!a}; {hint}"


@cache
def requirements() -> tuple[Requirement, ...]:
    """Return every requirement, in the order of the catalogue."""
    return tuple(Requirement(**row) for row in table("requirements.toml")["requirement"])


def requirement(id: str) -> Requirement:  # noqa: A002 - it is what the catalogue calls it
    """Return the requirement of this id.

    Raises:
        UnknownRequirement: There is none; the message suggests the nearest id.
    """
    found = _by_id().get(id)
    if found is None:
        raise UnknownRequirement(id)
    return found


@cache
def _by_id() -> dict[str, Requirement]:
    return {entry.id: entry for entry in requirements()}
