"""Looking at records by their fields: a store may answer a type of its own."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from jwtsession.models import SessionRecord

__all__ = ["FIELDS", "changed_fields", "equal", "is_record", "plain"]

FIELDS = tuple(entry.name for entry in fields(SessionRecord))
_TYPES: dict[str, type] = {
    "user_id": str,
    "id": str,
    "refresh_hash": bytes,
    "gen": int,
    "created_at": int,
    "rotated_at": int,
    "last_active_at": int,
    "expires_at": int,
    "meta": str,
    "data": str,
    "seen": str,
}


def is_record(answer: object) -> bool:
    """Return whether this has the fields of a record."""
    return all(hasattr(answer, name) for name in FIELDS)


def plain(answer: Any) -> SessionRecord:
    """Copy the fields of a record, of whatever type, as they are at this moment."""
    return SessionRecord(**{name: getattr(answer, name) for name in FIELDS})


def changed_fields(expected: SessionRecord, seen: SessionRecord) -> tuple[str, ...]:
    """Name the fields that are not what they should be, a float for an int included."""
    return tuple(
        name
        for name in FIELDS
        if not _same(name, getattr(expected, name), getattr(seen, name))
    )


def equal(expected: SessionRecord | None, seen: SessionRecord | None) -> bool:
    """Return whether two answers are the same, field by field."""
    if expected is None or seen is None:
        return expected is seen
    return not changed_fields(expected, seen)


def _same(name: str, expected: object, seen: object) -> bool:
    if not isinstance(seen, _TYPES[name]) or isinstance(seen, bool):
        return False
    return expected == seen
