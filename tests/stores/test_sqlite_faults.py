"""What goes wrong with a file: locked, full, read-only, failing, damaged."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jwtsession_stores.sql.sqlite import SqliteStore
from jwtsession_stores.sql.sqlite import store as sqlite_store
from jwtsession_stores.sql.sqlite.calls import Call
from own_loop import own_loop
from session_records import FAR, hashed, key, record, replacement

from jwtsession.errors import ConfigInvalid, SessionExists, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from jwtsession.protocols import SessionStore

FAULTS = Path(__file__).parent.parent / "support" / "sqlite_faulty_disk.py"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file is."""
    return tmp_path / "sessions.db"


@pytest.fixture
def intruder(path: Path) -> Iterator[sqlite3.Connection]:
    """Return somebody else's connection to the file."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        yield connection


def every_write(store: SessionStore) -> list[Awaitable[object]]:
    """Return a call of each method that writes."""
    return [
        store.insert(record(2), limit=1, now=0),
        store.swap(key(), expected=hashed(0), replacement=replacement(), now=0),
        store.touch(key(), now=500),
        store.replace_data(key(), "[]", now=0),
        store.remove(key(), now=0),
        store.remove_all("alice", now=0),
        store.purge_expired(now=FAR, limit=5),
    ]


async def assert_unavailable(call: Awaitable[object], why: str) -> None:
    """Assert that a call says why it failed, and has the driver's error as its cause."""
    with pytest.raises(StoreUnavailable, match=why) as caught:
        await call
    assert isinstance(caught.value.__cause__, sqlite3.Error)


@own_loop
async def test_a_lock_that_is_not_had_in_time_is_unavailable(
    path: Path, intruder: sqlite3.Connection
) -> None:
    """Each write says who is in the way; nothing was written, and reads go on."""
    async with SqliteStore(path, busy_timeout_secs=0.002) as store:
        await store.insert(record(), limit=None, now=0)
        intruder.execute("BEGIN IMMEDIATE")
        for call in every_write(store):
            await assert_unavailable(call, "another process holds the lock")
        assert await store.get(key(), now=0) == record()
        intruder.execute("ROLLBACK")
        assert list(await store.list("alice", now=0)) == [record()]
        assert await store.remove(key(), now=0)


@own_loop
async def test_the_loop_runs_on_while_a_write_waits_for_the_lock(
    path: Path, intruder: sqlite3.Connection
) -> None:
    """The event loop turns a thousand times before the lock is given back."""
    async with SqliteStore(path, busy_timeout_secs=60) as store:
        await store.insert(record(), limit=None, now=0)
        intruder.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(store.touch(key(), now=500))
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not waiting.done()
        intruder.execute("COMMIT")
        assert await waiting


@own_loop
async def test_a_write_cancelled_while_it_waits_for_the_lock(
    path: Path, intruder: sqlite3.Connection
) -> None:
    """It holds nothing afterwards, and others in its batch are answered."""
    async with SqliteStore(path, busy_timeout_secs=60) as store:
        await store.insert(record(), limit=None, now=0)
        intruder.execute("BEGIN IMMEDIATE")
        gone = asyncio.ensure_future(store.replace_data(key(), "[]", now=0))
        stays = asyncio.ensure_future(store.touch(key(), now=500))
        for _ in range(100):
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        assert gone.cancelled()
        assert not stays.done()
        intruder.execute("COMMIT")
        assert await stays
        left = await store.get(key(), now=0)
        assert left in (record(active=500), record(active=500, data="[]"))
    intruder.execute("BEGIN IMMEDIATE")  # nobody else holds the lock


@own_loop
async def test_a_locked_file_cannot_be_opened_yet(
    path: Path, intruder: sqlite3.Connection
) -> None:
    """Opening waits as long as a call, and can be tried again."""
    intruder.execute("BEGIN EXCLUSIVE")
    store = SqliteStore(path, busy_timeout_secs=0.002)
    await assert_unavailable(store.__aenter__(), "another process holds the lock")
    intruder.execute("ROLLBACK")
    async with store:
        await store.insert(record(), limit=None, now=0)


@own_loop
async def test_a_full_disk_is_unavailable(path: Path) -> None:
    """What does not fit fails whole, what is there stays, and room makes it work again."""
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
        pages = await store._ask(
            Call(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
        )

        def room(count: int) -> Call[object]:
            return Call(lambda c: c.execute(f"PRAGMA max_page_count = {count}").fetchone())

        await store._ask(room(pages + 1))
        large = record(2, data="x" * 8192)
        errors = await asyncio.gather(
            store.insert(large, limit=None, now=0),
            store.touch(key(), now=500),
            store.get(key(), now=0),
            return_exceptions=True,
        )
        assert [type(one) for one in errors] == [StoreUnavailable] * 3
        await assert_unavailable(store.insert(large, limit=1, now=0), "disk .* is full")
        assert list(await store.list("alice", now=0)) == [record()]
        await store._ask(room(1000))
        assert list(await store.insert(large, limit=1, now=0)) == [record().id]


@own_loop
async def test_a_store_that_may_not_write_is_unavailable(path: Path) -> None:
    """Every write says so, and reads go on."""
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
        await store._ask(Call(lambda c: c.execute("PRAGMA query_only = ON")))
        for call in every_write(store):
            await assert_unavailable(call, "cannot be written to")
        assert await store.get(key(), now=0) == record()
        await store._ask(Call(lambda c: c.execute("PRAGMA query_only = OFF"), writes=False))
        assert await store.remove(key(), now=0)


@pytest.mark.parametrize(
    "scene", ["read_only_file", "read_only_directory", "unreadable_file", "no_more_bytes"]
)
def test_a_disk_that_refuses_is_unavailable(scene: str, tmp_path: Path) -> None:
    """Permissions and a file size limit, as a user without privileges meets them."""
    done = subprocess.run(
        [sys.executable, "-W", "error", FAULTS, scene],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "as it should be"


class FailingCommits:
    """A connection that cannot commit, as far as the store can see.

    Attributes:
        broken: Whether it fails now.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.broken = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Fail where the real one would."""
        if self.broken and statement == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(statement, *values)


@own_loop
async def test_a_failed_commit_fails_every_call_of_its_batch(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads of the batch too: they may have seen what is then undone."""
    made: list[FailingCommits] = []
    whole = sqlite_store.connect

    def connect(path: str) -> FailingCommits:
        made.append(FailingCommits(whole(path)))
        return made[0]

    monkeypatch.setattr(sqlite_store, "connect", connect)
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
        made[0].broken = True
        outcomes = await asyncio.gather(
            store.swap(key(), expected=hashed(0), replacement=replacement(), now=0),
            store.get(key(), now=0),
            store.list("alice", now=0),
            store.insert(record(), limit=None, now=0),
            return_exceptions=True,
        )
        assert [type(one) for one in outcomes] == [StoreUnavailable] * 4
        assert len({id(one) for one in outcomes}) == 4
        made[0].broken = False
        assert await store.get(key(), now=0) == record()
        assert await store.touch(key(), now=0)


@own_loop
async def test_a_call_fails_alone(path: Path) -> None:
    """A key that is taken, and values no column takes, fail by themselves in a batch."""
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
        outcomes = await asyncio.gather(
            store.insert(record(), limit=1, now=0),
            store.insert(record(2, expires=2**70), limit=1, now=0),
            store.insert(record(3, data=["not", "text"]), limit=1, now=0),  # type: ignore[arg-type]
            store.insert(record(4, data=None), limit=1, now=0),  # type: ignore[arg-type]
            store.insert(record(5, "\ud800"), limit=1, now=0),
            store.touch(key(), now=500),
            return_exceptions=True,
        )
        assert [type(one) for one in outcomes] == [
            SessionExists,
            OverflowError,
            ValueError,
            ValueError,
            UnicodeEncodeError,
            bool,
        ]
        assert "a value of this call cannot be stored" in str(outcomes[2])
        assert list(await store.list("alice", now=0)) == [record(active=500)]


DAMAGES = {
    "a text that is no UTF-8": "UPDATE sessions SET meta = CAST(x'ff' AS TEXT)",
    "a surrogate in UTF-8": "UPDATE sessions SET data = CAST(x'eda080' AS TEXT)",
    "no UTF-8 at all": "UPDATE sessions SET seen = x'ff'",
    "an id that is no UTF-8": "UPDATE sessions SET id = CAST(x'ff' AS TEXT)",
    "a text for a hash": "UPDATE sessions SET refresh_hash = 'text'",
    "a short hash": "UPDATE sessions SET refresh_hash = x'00'",
    "a text for a number": "UPDATE sessions SET gen = 'many'",
    "a fraction": "UPDATE sessions SET rotated_at = 1.5",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@own_loop
async def test_a_damaged_session_hides_no_other(
    path: Path,
    intruder: sqlite3.Connection,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is taken for absent, which is logged without its contents; others are listed."""
    async with SqliteStore(path) as store:
        for number in (1, 2, 3):
            await store.insert(record(number), limit=None, now=0)
        intruder.execute(damage + f" WHERE id = '{key(2).session_id}'")
        with caplog.at_level(logging.WARNING, "jwtsession_stores"):
            assert list(await store.list("alice", now=0)) == [record(1), record(3)]
            assert await store.get(key(2), now=0) is None
            lost = await store.swap(key(2), expected=b"?", replacement=replacement(), now=0)
            assert lost is None
        assert {one.getMessage() for one in caplog.records} == {
            "a session that cannot be read is taken for absent"
        }
        assert await store.remove_all("alice", now=0) == 3


@own_loop
async def test_a_table_that_is_gone_while_open_is_unavailable(
    path: Path, intruder: sqlite3.Connection
) -> None:
    """Whatever SQLite says at run time, the client keeps its tokens."""
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
        intruder.execute("DROP TABLE sessions")
        await assert_unavailable(store.get(key(), now=0), "did not answer")
        await assert_unavailable(store.touch(key(), now=0), "did not answer")


@own_loop
async def test_a_damaged_file_is_named(path: Path) -> None:
    """Where the pages themselves are garbage, opening says so or a call is unavailable."""
    async with SqliteStore(path) as store:
        for number in range(50):
            await store.insert(record(number, data="x" * 3000), limit=None, now=0)
    whole = _read(path)
    _write(path, whole[:100] + b"\xa5" * (len(whole) - 100))
    with pytest.raises((ConfigInvalid, StoreUnavailable)) as caught:
        async with SqliteStore(path) as store:
            await store.list("alice", now=0)
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    _write(path, whole[:20000] + b"\xa5" * (len(whole) - 20000))
    async with SqliteStore(path) as store:
        await assert_unavailable(store.list("alice", now=0), "is damaged")


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
