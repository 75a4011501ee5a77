"""The law of rotation as a table, and the catalogue of events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jwtsession_spec.packaged import table

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Decision",
    "Entry",
    "EventKind",
    "Lifecycle",
    "Member",
    "Standing",
    "Start",
    "State",
    "events",
    "lifecycle",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a refresh begins: ``state`` asks the store, ``decision`` ends it at once."""

    when: str
    label: str
    rule: int
    requirement: str
    state: str | None = None
    decision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What was asked of the store; ``ask`` is the method."""

    name: str
    ask: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the record that came back stands to the presented token."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows. ``ends``: the refresh is over; ``code``: what it is refused with."""

    name: str
    ends: bool
    meaning: str
    code: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One cell of the table; ``rule`` is the number it has in the chapter *Rotation*."""

    state: str
    standing: str
    decision: str
    rule: int
    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """The whole law. Standings and starts are in the order in which they are tried."""

    starts: tuple[Start, ...]
    states: tuple[State, ...]
    standings: tuple[Standing, ...]
    decisions: tuple[Decision, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an event's detail; ``type`` is a JSON type."""

    type: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """What is announced under one name, and what the service's operator does about it."""

    name: str
    severity: str
    when: str
    operator: str
    requirement: str
    detail: Mapping[str, Member]


@cache
def lifecycle() -> Lifecycle:
    """Return the law of rotation."""
    content = table("lifecycle.toml")
    return Lifecycle(
        starts=tuple(Start(**row) for row in content["start"]),
        states=tuple(State(**row) for row in content["state"]),
        standings=tuple(Standing(**row) for row in content["standing"]),
        decisions=tuple(Decision(**row) for row in content["decision"]),
        entries=tuple(Entry(**row) for row in content["entry"]),
    )


@cache
def events() -> tuple[EventKind, ...]:
    """Return every event, in the order of the catalogue."""
    return tuple(_event(row) for row in table("events.toml")["event"])


def _event(row: dict[str, Any]) -> EventKind:
    detail = {name: Member(**member) for name, member in row["detail"].items()}
    values: dict[str, Any] = {**row, "detail": MappingProxyType(detail)}
    return EventKind(**values)
