"""Stores that are right as long as there is one handle, one process, one opening."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import pickle
import tempfile
from collections import defaultdict
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, fault

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from jwtsession.models import Replacement, SessionKey, SessionRecord

__all__ = ["FileStore", "files"]


@asynccontextmanager
async def alone(place: str) -> AsyncGenerator[Any]:
    del place
    yield PlainStore({})


fault("SHARED-VISIBLE", declares="shared")(alone)


@fault("SHARED-VISIBLE", declares="shared")
class CachesPerHandle(PlainStore):
    """Keeps what it read until it writes itself."""

    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        super().__init__(held)
        self.copies: dict[Any, Any] = {}

    def put(self, record: SessionRecord) -> None:
        self.copies.clear()
        super().put(record)

    def drop(self, record: SessionRecord) -> None:
        self.copies.clear()
        super().drop(record)

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        if key not in self.copies:
            self.copies[key] = await super().get(key, now=now)
        found = self.copies[key]
        return found if found is not None and self.is_live(found, now) else None


class _Locked(PlainStore):
    """Takes time for each write, one at a time."""

    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        super().__init__(held)
        self.lock = asyncio.Lock()

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        async with self.lock:
            if limit is None:
                return await super().insert(record, limit=limit, now=now)
            gone = self.victims(
                [one for one in self.of_user(record.user_id, now) if one.key != record.key],
                record,
                limit,
            )
            await asyncio.sleep(0)
            if limit < 1 or self.find(record.key, now) is not None:
                return await super().insert(record, limit=limit, now=now)
            for victim in gone:
                self.drop(victim)
            self.put(record)
            return [victim.id for victim in gone]

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        async with self.lock:
            return await super().get(key, now=now)

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        async with self.lock:
            record = self.find(key, now)
            await asyncio.sleep(0)
            if record is None or record.refresh_hash != expected:
                return record
            record = self.moved(record, replacement, now)
            self.put(record)
            return record

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        async with self.lock:
            return await super().touch(key, now=now)

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        async with self.lock:
            return await super().replace_data(key, data, now=now)

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        async with self.lock:
            return await super().list(user_id, now=now)

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        async with self.lock:
            return await super().remove(key, now=now)

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        async with self.lock:
            return await super().remove_all(user_id, keep=keep, now=now)

    async def purge_expired(self, *, now: int, limit: int) -> int:
        async with self.lock:
            return await super().purge_expired(now=now, limit=limit)


@fault("SHARED-ATOMIC", declares="shared")
class LocksPerHandle(_Locked):
    pass


_SHARED: defaultdict[str, dict[Any, SessionRecord]] = defaultdict(dict)


@asynccontextmanager
async def shares_without_saying_so(place: str) -> AsyncGenerator[Any]:
    yield PlainStore(_SHARED[place])


fault("CAPABILITY-DECLARED", ends="conformant")(shares_without_saying_so)


class FileStore(PlainStore):
    """A file for each user, read and written whole under a lock on the file."""

    locks = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        super().__init__({})

    @contextmanager
    def opened(self, name: str) -> Iterator[None]:
        with (self.folder / name).open("a+b") as file:
            if self.locks:
                fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            text = file.read()
            self.held = pickle.loads(text) if text else {}  # noqa: S301 - its own file
            yield
            written = pickle.dumps(self.held)
            if written != text:
                file.seek(0)
                file.truncate()
                file.write(written)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _METHODS:
            return found

        async def call(subject: Any, *rest: Any, **named: Any) -> Any:
            user = subject if isinstance(subject, str) else subject.user_id
            with self.opened(hashlib.sha256(user.encode()).hexdigest()):
                return await found(subject, *rest, **named)

        return call

    async def purge_expired(self, *, now: int, limit: int) -> int:
        deleted = 0
        for file in sorted(self.folder.iterdir()):
            with self.opened(file.name):
                deleted += await super().purge_expired(now=now, limit=limit - deleted)
        return deleted


_METHODS = {
    "insert",
    "get",
    "swap",
    "touch",
    "replace_data",
    "list",
    "remove",
    "remove_all",
}


def _folder(place: str) -> Path:
    above = os.environ.get("JWTSESSION_TEST_FILES") or tempfile.gettempdir()
    return Path(above) / f"{place}.sessions"


@asynccontextmanager
async def files(place: str) -> AsyncGenerator[Any]:
    """Open a correct store in files."""
    yield FileStore(_folder(place))


class _Unlocked(FileStore):
    locks = False


@asynccontextmanager
async def files_without_a_lock(place: str) -> AsyncGenerator[Any]:
    yield _Unlocked(_folder(place))


fault(
    "PROCESSES-ATOMIC",
    declares="shared processes durable",
    path="faulty_stores_handles:files_without_a_lock",
)(files_without_a_lock)

_MEMORY: defaultdict[str, dict[Any, SessionRecord]] = defaultdict(dict)


@asynccontextmanager
async def memory_of_a_process(place: str) -> AsyncGenerator[Any]:
    yield PlainStore(_MEMORY[place])


fault(
    "PROCESSES-VISIBLE",
    declares="shared processes",
    path="faulty_stores_handles:memory_of_a_process",
)(memory_of_a_process)


@asynccontextmanager
async def forgets_at_closing(place: str) -> AsyncGenerator[Any]:
    yield PlainStore(_MEMORY[place])
    _MEMORY[place].clear()


fault("DURABLE", declares="shared durable")(forgets_at_closing)


@asynccontextmanager
async def keeps_what_was_inserted(place: str) -> AsyncGenerator[Any]:
    held = dict(_MEMORY[place])
    yield PlainStore(held)
    for key, record in held.items():
        _MEMORY[place].setdefault(key, record)


fault("DURABLE", declares="durable")(keeps_what_was_inserted)
