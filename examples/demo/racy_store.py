"""A store with one realistic defect: it reads, and then it writes.

Everything is right but ``swap``. Two refreshes that arrive together both read the old
hash, both find it as expected, and both write: one refresh token is spent twice, and the
line of the session forks. Each test of one refresh at a time is green.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from jwtsession_stores import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from jwtsession.models import Replacement, SessionKey, SessionRecord
    from jwtsession.protocols import SessionStore


class RacyStore:
    """Any correct store, but for ``swap``."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        return await self._store.insert(record, limit=limit, now=now)

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        return await self._store.get(key, now=now)

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = await self._store.get(key, now=now)
        if record is None or record.refresh_hash != expected:
            return record
        await asyncio.sleep(0)  # the way to a database and back
        return await self._write(key, replacement, now=now)

    async def _write(
        self, key: SessionKey, replacement: Replacement, *, now: int
    ) -> SessionRecord | None:
        """Write whatever is there, as an UPDATE without the hash in its WHERE does."""
        record = await self._store.get(key, now=now)
        if record is None:
            return None
        return await self._store.swap(
            key, expected=record.refresh_hash, replacement=replacement, now=now
        )

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        return await self._store.touch(key, now=now)

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        return await self._store.replace_data(key, data, now=now)

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        return await self._store.list(user_id, now=now)

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        return await self._store.remove(key, now=now)

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        return await self._store.remove_all(user_id, keep=keep, now=now)

    async def purge_expired(self, *, now: int, limit: int) -> int:
        return await self._store.purge_expired(now=now, limit=limit)


@asynccontextmanager
async def factory(place: str) -> AsyncGenerator[SessionStore]:
    """Open the store of a place, as the suite asks for it."""
    async with open_store(f"memory:{place}") as store:
        yield RacyStore(store)
