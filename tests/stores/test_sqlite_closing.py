"""The life of a store: before it is open, while it closes, after, and again."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from jwtsession_stores.sql.sqlite import SqliteStore
from jwtsession_stores.sql.sqlite.calls import Call
from own_loop import own_loop
from session_records import hashed, key, record, replacement

from jwtsession.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path


def every_call(store: SqliteStore) -> list[Awaitable[object]]:
    """Return a call of each method."""
    return [
        store.insert(record(), limit=None, now=0),
        store.get(key(), now=0),
        store.swap(key(), expected=hashed(0), replacement=replacement(), now=0),
        store.touch(key(), now=0),
        store.replace_data(key(), "{}", now=0),
        store.list("alice", now=0),
        store.remove(key(), now=0),
        store.remove_all("alice", now=0),
        store.purge_expired(now=0, limit=1),
    ]


@own_loop
async def test_before_and_after_every_call_is_unavailable(tmp_path: Path) -> None:
    """The error says how a store is opened, and no file is made."""
    store = SqliteStore(tmp_path / "sessions.db")
    for _ in ("before", "after"):
        for call in every_call(store):
            with pytest.raises(StoreUnavailable, match="enter it with 'async with'"):
                await call
        async with store:
            assert await store.get(key(), now=0) is None


@own_loop
async def test_a_store_can_be_entered_again(tmp_path: Path) -> None:
    """An application that is started twice finds its sessions."""
    store = SqliteStore(tmp_path / "sessions.db")
    async with store:
        await store.insert(record(), limit=None, now=0)
    async with store:
        assert await store.get(key(), now=0) == record()


def test_a_store_can_be_entered_in_another_loop_afterwards(tmp_path: Path) -> None:
    """What is bound to an event loop is made when the store is entered."""
    store = SqliteStore(tmp_path / "sessions.db")

    async def use() -> None:
        async with store:
            await store.insert(record(), limit=None, now=0)
            assert await store.remove(key(), now=0)

    asyncio.run(use())
    asyncio.run(use())


@own_loop
async def test_a_store_is_entered_once_at_a_time(tmp_path: Path) -> None:
    """Entering it twice is a mistake that says so, and leaves the first as it is."""
    async with SqliteStore(tmp_path / "sessions.db") as store:
        with pytest.raises(RuntimeError, match="open already"):
            await store.__aenter__()
        assert await store.get(key(), now=0) is None


@own_loop
async def test_calls_under_way_are_answered_while_it_closes(tmp_path: Path) -> None:
    """What was asked before is answered or unavailable, and what was answered is there."""
    path = tmp_path / "sessions.db"
    for ticks in range(6):
        store = SqliteStore(path)
        await store.__aenter__()
        calls = [
            asyncio.ensure_future(store.insert(record(100 * ticks + n), limit=None, now=0))
            for n in range(20)
        ]
        for _ in range(ticks):
            await asyncio.sleep(0)
        await store.__aexit__(None, None, None)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in outcomes} <= {list, StoreUnavailable}
        if ticks:
            assert outcomes == [[]] * 20
        async with SqliteStore(path) as again:
            answered = sum(one == [] for one in outcomes)
            assert len(await again.list("alice", now=0)) >= answered
            await again.remove_all("alice", now=0)


@own_loop
async def test_closing_waits_for_a_call_that_waits_for_the_lock(tmp_path: Path) -> None:
    """The call gets its time, and then the store is closed."""
    path = tmp_path / "sessions.db"
    store = SqliteStore(path, busy_timeout_secs=60)
    await store.__aenter__()
    await store.insert(record(), limit=None, now=0)
    with closing(sqlite3.connect(path, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        call = asyncio.ensure_future(store.touch(key(), now=500))
        await asyncio.sleep(0)
        close = asyncio.ensure_future(store.__aexit__(None, None, None))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not close.done()
        intruder.execute("COMMIT")
        await close
    assert await call


@own_loop
async def test_a_cancelled_close_closes_all_the_same(tmp_path: Path) -> None:
    """The thread ends, nobody waits for ever, and the file can be opened again."""
    path = tmp_path / "sessions.db"
    for ticks in range(1, 9):
        store = SqliteStore(path, busy_timeout_secs=60)
        await store.__aenter__()
        calls = [
            asyncio.ensure_future(store.insert(record(n), limit=None, now=0))
            for n in range(3)
        ]
        await asyncio.sleep(0)
        later = asyncio.ensure_future(store.touch(key(), now=0))
        close = asyncio.ensure_future(store.__aexit__(None, None, None))
        for _ in range(ticks):
            await asyncio.sleep(0)
        close.cancel()
        await asyncio.wait([close])
        await asyncio.wait([*calls, later])
        _join()
        async with SqliteStore(path) as again:
            await again.remove_all("alice", now=0)


@own_loop
async def test_a_cancelled_opening_leaves_nothing(tmp_path: Path) -> None:
    """The thread ends by itself, and the store can be entered afterwards."""
    path = tmp_path / "sessions.db"
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, why: complaints.append(why))
    for ticks in range(6):
        store = SqliteStore(path)
        opening = asyncio.ensure_future(store.__aenter__())
        for _ in range(ticks):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening])
        if opening.cancelled():
            _join()
            await store.__aenter__()
        assert await store.get(key(), now=0) is None
        await store.__aexit__(None, None, None)
    assert complaints == []


def test_a_loop_that_ends_first_leaves_a_whole_file(tmp_path: Path) -> None:
    """A program that forgets to close, or is interrupted, loses nothing acknowledged."""
    path = tmp_path / "sessions.db"
    store = SqliteStore(path)

    async def forget() -> None:
        await store.__aenter__()
        await store.insert(record(), limit=None, now=0)
        asyncio.ensure_future(store.touch(key(), now=500))  # noqa: RUF006 - forgotten too
        await asyncio.sleep(0)

    asyncio.run(forget())
    assert store._worker is not None
    store._worker._jobs.put(None)  # the process would have ended here
    _join()

    async def look() -> None:
        async with SqliteStore(path) as again:
            assert await again.get(key(), now=0) in (record(), record(active=500))

    asyncio.run(look())


@own_loop
async def test_nothing_is_kept_of_what_was_answered(tmp_path: Path) -> None:
    """A call, and the record in it, is let go once it is answered."""
    async with SqliteStore(tmp_path / "sessions.db") as store:
        gc.collect()  # what earlier tests left
        await store.insert(record(), limit=None, now=0)
        for _ in range(100):  # the thread lets go a moment after it has answered
            await asyncio.sleep(0)
            # Counted, not collected: a list of them would keep them.
            kept = sum(isinstance(one, Call) for one in gc.get_objects())
            if not kept:
                break
        assert kept == 0


def _join() -> None:
    """Wait for the threads of stores that were given up."""
    for thread in threading.enumerate():
        if thread.name == "jwtsession":
            thread.join()
