"""The nine operations, each as a `Call`: values now, statements later.

A call is made in the caller's task, where a value that cannot be stored fails alone, and
run in the store's thread, inside a transaction that nothing interrupts. Of each call's
statements only the first can fail for the call's own values, so a call that fails left
nothing behind and the others of its batch go on.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jwtsession.errors import SessionExists
from jwtsession.models import INTEGER_END, REFRESH_HASH_BYTES, SessionRecord
from jwtsession_stores.bounds import check_limit
from jwtsession_stores.sql.statements import queries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from jwtsession.models import Replacement, SessionKey

__all__ = [
    "Call",
    "get",
    "insert",
    "list_live",
    "purge_expired",
    "remove",
    "remove_all",
    "replace_data",
    "swap",
    "touch",
]

_SQL = queries("jwtsession_stores.sql.sqlite")
_LOG = logging.getLogger("jwtsession_stores")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Call(Generic[T]):
    """What to do with the connection, and whether that needs the right to write."""

    run: Callable[[sqlite3.Connection], T]
    writes: bool = True


def insert(record: SessionRecord, *, limit: int | None, now: int) -> Call[Sequence[str]]:
    """Add, then evict in the same transaction what there is no room for."""
    values = _of(record.key, now) | {
        "refresh_hash": record.refresh_hash,
        "gen": record.gen,
        "created_at": record.created_at,
        "rotated_at": record.rotated_at,
        "last_active_at": record.last_active_at,
        "expires_at": record.expires_at,
        "seen": record.seen,
        "meta": record.meta,
        "data": record.data,
    }
    room = None if limit is None else min(check_limit(limit), INTEGER_END) - 1

    def run(connection: sqlite3.Connection) -> Sequence[str]:
        if not connection.execute(_SQL["insert"], values).rowcount:
            raise SessionExists
        if room is None:
            return []
        key = _of(record.key, now)
        rows = connection.execute(_SQL["over_the_limit"], key | {"room": room}).fetchall()
        evicted = [session_id.decode() for (session_id,) in rows]
        connection.executemany(_SQL["remove_live"], [key | {"id": one} for one in evicted])
        return evicted

    return Call(run)


def get(key: SessionKey, *, now: int) -> Call[SessionRecord | None]:
    """Look up one live session."""
    values = _of(key, now)

    def run(connection: sqlite3.Connection) -> SessionRecord | None:
        return _one(connection, key, values)

    return Call(run, writes=False)


def swap(
    key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
) -> Call[SessionRecord | None]:
    """Write where the hash is the expected one, then read what stands."""
    where = _of(key, now)
    values = where | {
        "expected": expected,
        "refresh_hash": replacement.refresh_hash,
        "gen": replacement.gen,
        "rotated_at": replacement.rotated_at,
        "expires_at": replacement.expires_at,
        "seen": replacement.seen,
    }

    def run(connection: sqlite3.Connection) -> SessionRecord | None:
        connection.execute(_SQL["swap"], values)
        return _one(connection, key, where)

    return Call(run)


def touch(key: SessionKey, *, now: int) -> Call[bool]:
    """Move ``last_active_at`` forward."""
    values = _of(key, now)
    return Call(lambda connection: connection.execute(_SQL["touch"], values).rowcount == 1)


def replace_data(key: SessionKey, data: str, *, now: int) -> Call[bool]:
    """Set ``data``."""
    values = _of(key, now) | {"data": data}
    return Call(
        lambda connection: connection.execute(_SQL["replace_data"], values).rowcount == 1
    )


def list_live(user_id: str, *, now: int) -> Call[Sequence[SessionRecord]]:
    """Look up a user's live sessions, in order."""
    values = {"user_id": user_id.encode(), "now": now}

    def run(connection: sqlite3.Connection) -> Sequence[SessionRecord]:
        rows = connection.execute(_SQL["list"], values).fetchall()
        records = (_record(user_id, row[-1], row[:-1]) for row in rows)
        return [record for record in records if record is not None]

    return Call(run, writes=False)


def remove(key: SessionKey, *, now: int) -> Call[bool]:
    """End one session."""
    values = _of(key, now)

    def run(connection: sqlite3.Connection) -> bool:
        if connection.execute(_SQL["remove_live"], values).rowcount:
            return True
        connection.execute(_SQL["remove_expired"], values)
        return False

    return Call(run)


def remove_all(user_id: str, *, keep: str | None, now: int) -> Call[int]:
    """End a user's sessions but one."""
    values = {"user_id": user_id.encode(), "keep": keep, "now": now}

    def run(connection: sqlite3.Connection) -> int:
        ended = connection.execute(_SQL["remove_all_live"], values).rowcount
        connection.execute(_SQL["remove_all_expired"], values)
        return ended

    return Call(run)


def purge_expired(*, now: int, limit: int) -> Call[int]:
    """Delete some of what has expired."""
    values = {"now": now, "limit": min(check_limit(limit), INTEGER_END)}
    return Call(
        lambda connection: connection.execute(_SQL["purge_expired"], values).rowcount
    )


def _of(key: SessionKey, now: int) -> dict[str, Any]:
    return {"user_id": key.user_id.encode(), "id": key.session_id, "now": now}


def _one(
    connection: sqlite3.Connection, key: SessionKey, values: dict[str, Any]
) -> SessionRecord | None:
    rows = connection.execute(_SQL["get"], values).fetchall()
    return _record(key.user_id, key.session_id.encode(), rows[0]) if rows else None


def _record(user_id: str, session_id: bytes, row: tuple[Any, ...]) -> SessionRecord | None:
    """Read a row, or take it for absent where it was damaged: others must stay readable.

    The client then signs in again, which is all that can be done. The connection answers
    text as bytes, or one damaged text would fail every call of the batch.
    """
    hashed, gen, created_at, rotated_at, last_active_at, expires_at, *texts = row
    try:
        expected = [bytes, *[int] * 5, *[bytes] * 3]
        if [type(one) for one in row] != expected or len(hashed) != REFRESH_HASH_BYTES:
            raise ValueError  # noqa: TRY301 - damaged as below
        seen, meta, data = (text.decode() for text in texts)
        return SessionRecord(
            user_id=user_id,
            id=session_id.decode(),
            refresh_hash=hashed,
            gen=gen,
            created_at=created_at,
            rotated_at=rotated_at,
            last_active_at=last_active_at,
            expires_at=expires_at,
            meta=meta,
            data=data,
            seen=seen,
        )
    except ValueError:
        _LOG.warning("a session that cannot be read is taken for absent")
        return None
