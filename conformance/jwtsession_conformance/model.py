"""What a store should hold: a plain, sequential model, written from the protocol alone.

It shares no code with anything it judges. It has no locks and no awaits, it deletes
nothing that has expired, and it remembers every state that a session was ever in, so
that a stale answer can be told from a wrong one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import Replacement, SessionKey, SessionRecord

__all__ = ["Model"]


class Model:
    """The expected sessions of one place."""

    def __init__(self) -> None:
        self._now_held: dict[SessionKey, SessionRecord] = {}
        self._past: dict[SessionKey, list[SessionRecord | None]] = {}

    @property
    def keys(self) -> Sequence[SessionKey]:
        """Every key that was ever used, in the order of their first use."""
        return list(self._past)

    @property
    def users(self) -> Sequence[str]:
        """Every user that ever had a session, in the order of their first one."""
        return list(dict.fromkeys(key.user_id for key in self._past))

    def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        """Add a session, and return the ids of those that had to go for it."""
        others = [one for one in self.list(record.user_id, now=now) if one.id != record.id]
        others.sort(key=lambda one: (one.last_active_at, one.id))
        surplus = 0 if limit is None else max(0, len(others) + 1 - limit)
        for victim in others[:surplus]:
            self._set(victim.key, None)
        self._set(record.key, record)
        return [victim.id for victim in others[:surplus]]

    def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        """Return the live session of this key."""
        record = self._now_held.get(key)
        return record if record is not None and record.expires_at > now else None

    def held(self, key: SessionKey) -> SessionRecord | None:
        """Return the session of this key, live or expired."""
        return self._now_held.get(key)

    def expired(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        """Return the sessions of a user that have expired and may be there still."""
        return [
            record
            for key, record in self._now_held.items()
            if key.user_id == user_id and record.expires_at <= now
        ]

    def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Compare and write; return the record afterwards."""
        record = self.get(key, now=now)
        if record is None or record.refresh_hash != expected:
            return record
        moved = replace(
            record,
            refresh_hash=replacement.refresh_hash,
            gen=replacement.gen,
            rotated_at=replacement.rotated_at,
            expires_at=replacement.expires_at,
            seen=replacement.seen,
            last_active_at=max(record.last_active_at, now),
        )
        self._set(key, moved)
        return moved

    def touch(self, key: SessionKey, *, now: int) -> bool:
        """Move the last activity forward."""
        record = self.get(key, now=now)
        if record is not None and record.last_active_at < now:
            self._set(key, replace(record, last_active_at=now))
        return record is not None

    def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        """Set the application's text."""
        record = self.get(key, now=now)
        if record is not None:
            self._set(key, replace(record, data=data))
        return record is not None

    def list(self, user_id: str, *, now: int) -> list[SessionRecord]:
        """Return the live sessions of a user, in the specified order."""
        live = [
            record
            for key, record in self._now_held.items()
            if key.user_id == user_id and record.expires_at > now
        ]
        return sorted(live, key=lambda one: (-one.last_active_at, one.id))

    def remove(self, key: SessionKey, *, now: int) -> bool:
        """End one session."""
        live = self.get(key, now=now) is not None
        if live:
            self._set(key, None)
        return live

    def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        """End all sessions of a user but one."""
        ended = [one for one in self.list(user_id, now=now) if one.id != keep]
        for record in ended:
            self._set(record.key, None)
        return len(ended)

    def was_ever(self, key: SessionKey, state: SessionRecord | None) -> bool:
        """Return whether a session was in this state before the one it is in."""
        return state in self.past(key)

    def past(self, key: SessionKey) -> Sequence[SessionRecord | None]:
        """Return the states that a session was in before the one it is in."""
        return self._past.get(key, [None])[:-1]

    def forget(self) -> None:
        """Begin a new scene."""
        self._now_held.clear()
        self._past.clear()

    def _set(self, key: SessionKey, record: SessionRecord | None) -> None:
        past = self._past.setdefault(key, [None])
        past.append(record)
        if record is None:
            self._now_held.pop(key, None)
        else:
            self._now_held[key] = record
