"""A disk that refuses, as a process without privileges meets it. Run as a script.

Root may write to anything, so the script gives its privileges away where it has them,
after everything is imported.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jwtsession_stores.sql.sqlite import SqliteStore
from session_records import hashed, key, record, replacement

from jwtsession.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable

NOBODY = 65534


def allow(path: Path, mode: int) -> None:
    """Set who may do what."""
    path.chmod(mode)


def size(path: Path) -> int:
    """Return how many bytes the file has."""
    return path.stat().st_size


async def refused(call: Awaitable[object], why: str) -> None:
    """See that a call is answered as unavailable, and says why."""
    with pytest.raises(StoreUnavailable, match=why) as caught:
        await call
    assert caught.value.__cause__ is not None


async def read_only_file(path: Path) -> None:
    """The file may be read: so it is, and only that."""
    allow(path, 0o400)
    async with SqliteStore(path) as store:
        assert await store.get(key(), now=0) == record()
        await refused(store.touch(key(), now=500), "cannot be written to")
        assert await store.get(key(), now=0) == record()


async def read_only_directory(path: Path) -> None:
    """SQLite's companion files cannot be created, nor a file of another name."""
    allow(path.parent, 0o500)
    await refused(SqliteStore(path).__aenter__(), "the session database cannot be")
    await refused(SqliteStore(path.parent / "new.db").__aenter__(), "cannot be written to")


async def unreadable_file(path: Path) -> None:
    """Nothing can be opened."""
    allow(path, 0o000)
    await refused(SqliteStore(path).__aenter__(), "cannot be opened")


async def no_more_bytes(path: Path) -> None:
    """A file may not grow: what does not fit fails whole, and reads go on."""
    async with SqliteStore(path) as store:
        await store.touch(key(), now=0)
        log = size(path.with_name(f"{path.name}-wal"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (log, resource.RLIM_INFINITY))
        large = record(2, data="x" * 8192)
        await refused(store.insert(large, limit=1, now=0), "the session database")
        moved = store.swap(key(), expected=hashed(0), replacement=replacement(), now=0)
        await refused(moved, "the session database")
        assert await store.get(key(), now=0) == record()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert list(await store.insert(large, limit=1, now=0)) == [key().session_id]


async def prepare(path: Path) -> None:
    """Write one session into a new file."""
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)


def main() -> None:
    """Play the scene that the command line names, in a directory of its own."""
    scene = globals()[sys.argv[1]]
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sessions.db"
        asyncio.run(prepare(path))
        asyncio.run(scene(path))
        allow(path.parent, 0o700)
    print("as it should be")  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main()
