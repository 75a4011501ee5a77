"""Sessions in one SQLite file, shared by any number of processes on one machine."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from jwtsession.errors import StoreUnavailable
from jwtsession_stores.lane import Lane
from jwtsession_stores.sql.sqlite import calls
from jwtsession_stores.sql.sqlite.faults import cannot_open
from jwtsession_stores.sql.sqlite.opening import check_path, check_timeout, connect
from jwtsession_stores.sql.sqlite.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jwtsession.models import Replacement, SessionKey, SessionRecord

__all__ = ["SqliteStore"]

T = TypeVar("T")


class SqliteStore:
    """Sessions in a file. `jwtsession.protocols.SessionStore` is the contract.

    ``async with SqliteStore("sessions.db") as store: ...``, or make it where the
    application is put together and enter it where the application starts; it can be
    entered again after it was left. One store serves one event loop; several stores, in
    any number of threads and processes, serve one file.

    What is answered is on the disk. Calls that come at once share one commit.

    Args:
        path: The file; created, readable by its owner alone, where it is missing. Its
            directory must exist, on a disk of this machine. Beside it SQLite keeps two
            more files, ``-wal`` and ``-shm``.
        busy_timeout_secs: How long a call waits while others write, before it raises
            StoreUnavailable. A call that comes while another waits can wait twice as long.

    Raises:
        ConfigInvalid: No such path or time-out can be used. So does entering, where the
            file is not ours, is newer than this code or was altered.
    """

    def __init__(self, path: str | Path, *, busy_timeout_secs: float = 5.0) -> None:
        self._path = check_path(path)
        self._busy_timeout_secs = check_timeout(busy_timeout_secs)
        self._worker: Worker | None = None
        self._lane: Lane[calls.Call[Any], Any] | None = None

    def __repr__(self) -> str:
        return f"SqliteStore({self._path!r})"

    async def __aenter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigInvalid: A person must change something first; the message says what.
            StoreUnavailable: It is locked, full, read-only or cannot be read now.
        """
        if self._worker is not None:
            raise RuntimeError("this store is open already; make another one for the file")
        self._worker = Worker(
            partial(connect, self._path), busy_timeout_secs=self._busy_timeout_secs
        )
        try:
            await self._worker.open()
        except BaseException as error:
            self._worker = None
            if isinstance(error, (sqlite3.Error, OSError)):
                raise cannot_open(error) from error
            raise
        self._lane = Lane(self._worker.run)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer the calls under way, refuse others, and close the file."""
        lane, worker = self._lane, self._worker
        self._lane = self._worker = None
        if lane is None or worker is None:
            return
        try:
            await lane.close()
        finally:  # cancelled or not, the thread must end
            await worker.close()

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        """Add a session; evict the least recently active ones over the limit."""
        return await self._ask(calls.insert(record, limit=limit, now=now))

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        """Return the live session of this key, or None."""
        return await self._ask(calls.get(key, now=now))

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Write the replacement where the hash is the expected one; answer what stands."""
        return await self._ask(
            calls.swap(key, expected=expected, replacement=replacement, now=now)
        )

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        """Move ``last_active_at`` forward to now."""
        return await self._ask(calls.touch(key, now=now))

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        """Set ``data`` and nothing else."""
        return await self._ask(calls.replace_data(key, data, now=now))

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        """Return the user's live sessions, most recently active first, then by id."""
        return await self._ask(calls.list_live(user_id, now=now))

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        """End one session; true for a live one only. An expired one is deleted too."""
        return await self._ask(calls.remove(key, now=now))

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        """End the user's sessions but ``keep``; the expired go too, and do not count."""
        return await self._ask(calls.remove_all(user_id, keep=keep, now=now))

    async def purge_expired(self, *, now: int, limit: int) -> int:
        """Delete at most ``limit`` expired sessions, whosever they are."""
        return await self._ask(calls.purge_expired(now=now, limit=limit))

    async def _ask(self, call: calls.Call[T]) -> T:
        if self._lane is None:
            raise StoreUnavailable(
                "this store is not open: enter it with 'async with' before its first use"
            )
        answer: T = await self._lane.ask(call)
        return answer
