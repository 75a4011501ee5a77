"""Sessions in this process's memory: the store to read first, and the one for tests.

Each operation is one look and one write under a lock, with no await between the two, so
nothing can come in between: that is all there is to its atomicity. The lock is an
ordinary one, held for microseconds, so one store serves any number of threads and event
loops. Records are frozen, so what was answered can never change.

Nothing outlives the process, and no other process sees anything.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from jwtsession.errors import SessionExists
from jwtsession_stores.bounds import check_limit, check_place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from jwtsession.models import Replacement, SessionKey, SessionRecord

__all__ = ["MemoryStore", "factory"]


class MemoryStore:
    """A dict of each user's sessions. `jwtsession.protocols.SessionStore` is the contract.

    It needs no opening; ``async with`` works as it does for every other store. What has
    expired stays until it is purged or removed.
    """

    def __init__(self) -> None:
        self._users: defaultdict[str, dict[str, SessionRecord]] = defaultdict(dict)
        self._lock = threading.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        """Add a session; evict the least recently active ones over the limit."""
        room = None if limit is None else check_limit(limit) - 1
        with self._lock:
            if self._live(record.key, now):
                raise SessionExists
            others = sorted(
                self._all_live(record.user_id, now),
                key=lambda one: (one.last_active_at, one.id),
                reverse=True,
            )
            evicted = [] if room is None else [one.id for one in others[room:]]
            for session_id in evicted:
                del self._users[record.user_id][session_id]
            self._put(record)
            return evicted

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        """Return the live session of this key, or None."""
        with self._lock:
            return self._live(key, now)

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Write the replacement where the hash is the expected one; answer what stands."""
        with self._lock:
            record = self._live(key, now)
            if record and record.refresh_hash == expected:
                record = replace(
                    record,
                    refresh_hash=replacement.refresh_hash,
                    gen=replacement.gen,
                    rotated_at=replacement.rotated_at,
                    expires_at=replacement.expires_at,
                    seen=replacement.seen,
                    last_active_at=max(record.last_active_at, now),
                )
                self._put(record)
            return record

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        """Move ``last_active_at`` forward to now."""
        with self._lock:
            record = self._live(key, now)
            if record:
                self._put(replace(record, last_active_at=max(record.last_active_at, now)))
            return record is not None

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        """Set ``data`` and nothing else."""
        with self._lock:
            record = self._live(key, now)
            if record:
                self._put(replace(record, data=data))
            return record is not None

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        """Return the user's live sessions, most recently active first, then by id."""
        with self._lock:
            live = self._all_live(user_id, now)
        return sorted(live, key=lambda one: (-one.last_active_at, one.id))

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        """End one session; true for a live one only.

        An expired one is deleted too: to a caller whose clock is a second behind it may
        be live still, and a swap there would bring back what was ended here.
        """
        with self._lock:
            return self._delete([key], now) == 1

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        """End the user's sessions but ``keep``; the expired go too, and do not count."""
        with self._lock:
            sessions = self._users.get(user_id, {}).values()
            return self._delete([one.key for one in sessions if one.id != keep], now)

    async def purge_expired(self, *, now: int, limit: int) -> int:
        """Delete at most ``limit`` expired sessions, whosever they are."""
        check_limit(limit)
        with self._lock:
            every = [one for sessions in self._users.values() for one in sessions.values()]
            expired = [one.key for one in every if one.expires_at <= now][:limit]
            self._delete(expired, now)
            return len(expired)

    def _all_live(self, user_id: str, now: int) -> Sequence[SessionRecord]:
        sessions = self._users.get(user_id, {}).values()
        return [one for one in sessions if one.expires_at > now]

    def _live(self, key: SessionKey, now: int) -> SessionRecord | None:
        record = self._users.get(key.user_id, {}).get(key.session_id)
        return record if record and record.expires_at > now else None

    def _put(self, record: SessionRecord) -> None:
        self._users[record.user_id][record.id] = record

    def _delete(self, keys: Sequence[SessionKey], now: int) -> int:
        live = [key for key in keys if self._live(key, now)]
        for user_id, session_id in keys:
            self._users[user_id].pop(session_id, None)
            if not self._users[user_id]:  # a user without sessions takes up no room
                del self._users[user_id]
        return len(live)


_places: defaultdict[str, MemoryStore] = defaultdict(MemoryStore)
_open_handles: Counter[str] = Counter()
_places_lock = threading.Lock()


@asynccontextmanager
async def factory(place: str) -> AsyncGenerator[MemoryStore]:
    """Open the store of this place (capability ``shared``).

    All handles that are open on a place, in any thread, are the same data; it is forgotten
    when the last of them closes.

    Raises:
        ConfigInvalid: This is no name for a place.
    """
    check_place(place)
    with _places_lock:
        store = _places[place]
        _open_handles[place] += 1
    try:
        yield store
    finally:
        with _places_lock:
            _open_handles[place] -= 1
            if not _open_handles[place]:
                del _open_handles[place], _places[place]
