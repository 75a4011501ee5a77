"""What every store does when many call at once: one handle, two, and two threads."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from own_loop import own_loop
from session_records import FAR, hashed, key, record, replacement, session_id

from jwtsession.errors import SessionExists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from jwtsession.protocols import SessionStore, StoreFactory

    Opened = Callable[[], AbstractAsyncContextManager[Sequence[SessionStore]]]

AT_ONCE = 32


@pytest.fixture(params=[1, 2], ids=["one handle", "two handles"])
def opened(factory: StoreFactory, request: pytest.FixtureRequest) -> Opened:
    """Return what opens one or two handles on one place."""

    @asynccontextmanager
    async def handles() -> AsyncGenerator[Sequence[SessionStore]]:
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(factory("place"))
                for _ in range(request.param)
            ]

    return handles


@own_loop
async def test_simultaneous_sign_ins_never_overshoot(opened: Opened) -> None:
    """After 32 inserts at once, limit are left and the rest was evicted, each once."""
    async with opened() as handles:
        for start in (0, 100):
            evicted = await asyncio.gather(
                *(
                    handles[n % len(handles)].insert(
                        record(start + n, active=start + n), limit=5, now=0
                    )
                    for n in range(AT_ONCE)
                )
            )
            counted = Counter(one for ids in evicted for one in ids)
            left = {one.id for one in await handles[0].list("alice", now=0)}
            assert set(counted.values()) == {1}
            assert len(left) == 5
            assert not left & counted.keys()
            assert len(counted) == (AT_ONCE if start else AT_ONCE - 5)


@own_loop
async def test_one_token_is_spent_once(opened: Opened) -> None:
    """Of 32 swaps at once one writes, and all are answered what it wrote."""
    async with opened() as handles:
        await handles[0].insert(record(), limit=None, now=0)
        answers = await asyncio.gather(
            *(
                handles[n % len(handles)].swap(
                    key(), expected=hashed(0), replacement=replacement(n), now=0
                )
                for n in range(1, AT_ONCE + 1)
            )
        )
        assert len(set(answers)) == 1
        assert answers[0] == await handles[0].get(key(), now=0)
        assert answers[0] is not None
        assert answers[0].refresh_hash in {hashed(n) for n in range(1, AT_ONCE + 1)}


@own_loop
async def test_a_session_ends_once(opened: Opened) -> None:
    """Of removals at once, remove_all and evictions among them, one counts a session."""
    async with opened() as handles:
        for number in range(8):
            await handles[0].insert(record(number, active=number), limit=None, now=0)
        calls: list[Awaitable[bool | int | Sequence[str]]] = []
        for n in range(AT_ONCE):
            store = handles[n % len(handles)]
            calls.append(store.remove(key(n % 8), now=0))
            if n == 3:
                calls.append(store.insert(record(90), limit=3, now=0))
            if n == 20:
                calls.append(store.remove_all("alice", keep=session_id(90), now=0))
        answers = await asyncio.gather(*calls)
        ended = sum(len(one) if isinstance(one, (list, tuple)) else one for one in answers)
        assert ended == 8
        assert list(await handles[0].list("alice", now=0)) == [record(90)]


@own_loop
async def test_one_key_is_inserted_once(opened: Opened) -> None:
    """Of inserts under one key at once, one succeeds and the others say so."""
    async with opened() as handles:
        answers = await asyncio.gather(
            *(
                handles[n % len(handles)].insert(record(data=f"[{n}]"), limit=1, now=0)
                for n in range(AT_ONCE)
            ),
            return_exceptions=True,
        )
        assert Counter(type(one) for one in answers)[SessionExists] == AT_ONCE - 1
        assert len(await handles[0].list("alice", now=0)) == 1


@own_loop
async def test_writes_to_different_fields_all_stay(opened: Opened) -> None:
    """A swap, touches and new data at once keep their effect (STORE-FIELDS-DISJOINT)."""
    async with opened() as handles:
        await handles[0].insert(record(), limit=None, now=0)
        for turn in range(1, 6):
            await asyncio.gather(
                *(handles[n % len(handles)].touch(key(), now=100 + turn) for n in range(4)),
                handles[0].swap(
                    key(), expected=hashed(turn - 1), replacement=replacement(turn), now=0
                ),
                handles[-1].replace_data(key(), f"[{turn}]", now=0),
            )
            left = await handles[0].get(key(), now=0)
            assert left is not None
            assert left.refresh_hash == hashed(turn)
            assert (left.last_active_at, left.data) == (100 + turn, f"[{turn}]")


@own_loop
async def test_purging_beside_swaps_deletes_no_live_session(opened: Opened) -> None:
    """A session that is rotated out of its end in time stays (STORE-PURGE-LIVE)."""
    async with opened() as handles:
        for number in range(AT_ONCE):
            await handles[0].insert(record(number, expires=100), limit=None, now=0)
        answers = await asyncio.gather(
            *(
                call
                for n in range(AT_ONCE)
                for call in (
                    handles[0].purge_expired(now=100, limit=1),
                    handles[-1].swap(
                        key(n), expected=hashed(0), replacement=replacement(), now=99
                    ),
                )
            )
        )
        swapped = {
            one.id for one in answers if one is not None and not isinstance(one, int)
        }
        listed = {one.id for one in await handles[0].list("alice", now=100)}
        assert listed == swapped
        assert sum(one for one in answers if isinstance(one, int)) >= AT_ONCE - len(listed)


@own_loop
async def test_a_handle_sees_what_another_wrote(factory: StoreFactory) -> None:
    """Every acknowledged write shows in the next call elsewhere (STORE-SHARED-VISIBLE)."""
    async with factory("place") as one, factory("place") as other:
        for turn in range(20):
            await one.insert(record(turn), limit=None, now=0)
            assert await other.get(key(turn), now=0) == record(turn)
            assert await other.remove(key(turn), now=0)
            assert await one.get(key(turn), now=0) is None


@own_loop
async def test_two_places_share_nothing(factory: StoreFactory) -> None:
    """A new place is empty, whatever is in others (STORE-PLACE-APART)."""
    async with factory("a") as one:
        await one.insert(record(), limit=None, now=0)
        async with factory("b") as other:
            assert await other.get(key(), now=0) is None
            await other.insert(record(data="[]"), limit=None, now=0)
            assert await other.purge_expired(now=FAR, limit=10) == 1
        assert await one.get(key(), now=0) == record()


def test_threads_with_loops_of_their_own_share_a_place(factory: StoreFactory) -> None:
    """Four event loops in four threads insert at once, and the limit holds."""
    start = threading.Barrier(4)
    evicted: list[str] = []

    async def sign_in(number: int) -> None:
        async with factory("place") as store:
            start.wait()
            for turn in range(10):
                evicted.extend(
                    await store.insert(record(number * 100 + turn), limit=5, now=0)
                )
            start.wait()  # a place in memory lasts while it is open
            if number == 0:
                left = {one.id for one in await store.list("alice", now=0)}
                assert len(left) == 5
                assert len(evicted) == len(set(evicted)) == 35
                assert not left & set(evicted)
            start.wait()

    failed: list[BaseException] = []

    def thread(number: int) -> None:
        try:
            asyncio.run(sign_in(number))
        except BaseException as error:
            failed.append(error)
            start.abort()
            raise

    threads = [threading.Thread(target=thread, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
