"""Calls and answers as lines of JSON, for a store in another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jwtsession.errors import SessionExists, StoreUnavailable
from jwtsession.models import Replacement, SessionKey, SessionRecord
from jwtsession_conformance.records import FIELDS, is_record
from jwtsession_conformance.target import cause

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read", "read_error", "write", "write_error"]


def write(message: Mapping[str, Any]) -> bytes:
    """Return a message as one line."""
    return json.dumps(message, default=_tagged).encode("ascii") + b"\n"


def read(line: bytes) -> dict[str, Any]:
    """Return the message of one line."""
    message: dict[str, Any] = json.loads(line, object_hook=_untagged)
    return message


def write_error(error: BaseException) -> Mapping[str, str]:
    """Describe an exception."""
    return {
        "type": type(error).__name__,
        "text": str(error),
        "cause": cause(error.__cause__) if error.__cause__ else "",
    }


def read_error(described: Mapping[str, str]) -> Exception:
    """Return an exception of the same name and text."""
    if described["type"] == "SessionExists":
        return SessionExists()
    if described["type"] == "StoreUnavailable":
        error = StoreUnavailable(described["text"])
        error.__cause__ = Exception(described["cause"]) if described["cause"] else None
        return error
    kind = type(described["type"], (Exception,), {})
    foreign: Exception = kind(described["text"])
    return foreign


def _tagged(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$": "bytes", "hex": value.hex()}
    if isinstance(value, Replacement):
        return {
            "$": "replacement",
            "fields": {
                name: getattr(value, name)
                for name in ("refresh_hash", "gen", "rotated_at", "expires_at", "seen")
            },
        }
    if is_record(value):
        return {"$": "record", "fields": {name: getattr(value, name) for name in FIELDS}}
    return {"$": "other", "type": type(value).__name__}


def _untagged(found: dict[str, Any]) -> Any:
    kind = found.get("$")
    if kind == "bytes":
        return bytes.fromhex(found["hex"])
    if kind == "replacement":
        return Replacement(**found["fields"])
    if kind == "record":
        return SessionRecord(**found["fields"])
    if kind == "other":
        return type(found["type"], (), {})()
    if "key" in found:  # a named tuple is a list in JSON
        found["key"] = SessionKey(*found["key"])
    return found
