"""Clients hang up: a call that is cancelled anywhere happened whole or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from own_loop import own_loop
from session_records import hashed, key, record, replacement, session_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jwtsession.protocols import SessionStore, StoreFactory

TICKS = 12

MOVED = replace(
    record(),
    refresh_hash=hashed(1),
    gen=4,
    rotated_at=21,
    last_active_at=50,
    expires_at=2000,
    seen='{"seen":1}',
)

CALLS: dict[str, tuple[Callable[[SessionStore], Awaitable[object]], list[object]]] = {
    "insert": (
        lambda store: store.insert(record(2), limit=1, now=0),
        [record(2)],
    ),
    "swap": (
        lambda store: store.swap(
            key(), expected=hashed(0), replacement=replacement(), now=50
        ),
        [MOVED],
    ),
    "touch": (lambda store: store.touch(key(), now=50), [record(active=50)]),
    "replace_data": (
        lambda store: store.replace_data(key(), "[1]", now=50),
        [record(data="[1]")],
    ),
    "remove": (lambda store: store.remove(key(), now=0), []),
    "remove_all": (lambda store: store.remove_all("alice", now=0), []),
    "purge_expired": (lambda store: store.purge_expired(now=1000, limit=5), []),
    "get": (lambda store: store.get(key(), now=0), [record()]),
    "list": (lambda store: store.list("alice", now=0), [record()]),
}


@pytest.mark.parametrize(("call", "after"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "among others"])
@own_loop
async def test_a_cancelled_call_is_whole_or_not_at_all(
    factory: StoreFactory,
    call: Callable[[SessionStore], Awaitable[object]],
    after: list[object],
    *,
    alone: bool,
) -> None:
    """Cancelled after any number of ticks, it leaves the state before or the one after.

    The store stays usable, and calls beside it are answered.
    """
    async with factory("place") as store:
        for ticks in range(TICKS):
            await store.insert(record(), limit=None, now=0)
            await store.insert(record(7, "bob"), limit=None, now=0)
            beside = [] if alone else [store.touch(key(7, "bob"), now=n) for n in range(4)]
            others = [asyncio.ensure_future(one) for one in beside]
            task = asyncio.ensure_future(call(store))
            for _ in range(ticks):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert await asyncio.gather(*others) == [True] * len(others)
            left = list(await store.list("alice", now=0))
            assert left in ([record()], after)
            if not task.cancelled():
                assert left == after
            await store.remove_all("alice", now=0)
            await store.remove_all("bob", now=0)


@own_loop
async def test_a_store_serves_on_after_a_storm_of_cancellations(
    factory: StoreFactory,
) -> None:
    """Half of the callers hang up; the sessions of the others are all there."""
    async with factory("place") as store:
        tasks = [
            asyncio.ensure_future(store.insert(record(n), limit=None, now=0))
            for n in range(200)
        ]
        for number, task in enumerate(tasks):
            if number % 20 == 0:
                await asyncio.sleep(0)
            if number % 2:
                task.cancel()
        await asyncio.wait(tasks)
        left = {one.id for one in await store.list("alice", now=0)}
        stayed = {n for n, task in enumerate(tasks) if not task.cancelled()}
        assert set(range(0, 200, 2)) <= stayed
        assert {session_id(n) for n in stayed} <= left
