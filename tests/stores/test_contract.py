"""What every store does, call by call, one caller at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from own_loop import own_loop
from session_records import (
    FAR,
    HOSTILE_USER_IDS,
    hashed,
    key,
    record,
    replacement,
    session_id,
)

from jwtsession.errors import SessionExists
from jwtsession.models import DATA_MAX_BYTES, META_MAX_BYTES, SEEN_MAX_BYTES, SessionKey

if TYPE_CHECKING:
    from jwtsession.models import SessionRecord
    from jwtsession.protocols import StoreFactory

EXTREMES = {
    "smallest": record(0, "a", active=0, expires=1, data=""),
    "largest": replace(
        record(1, "\U0010ffff" * 255, active=FAR, expires=FAR),
        refresh_hash=b"\xff" * 32,
        gen=FAR,
        created_at=FAR,
        rotated_at=FAR,
        meta="é" * (META_MAX_BYTES // 2),
        data="\U0010ffff" * (DATA_MAX_BYTES // 4),
        seen="~" * SEEN_MAX_BYTES,
    ),
    "zero bytes": replace(record(), refresh_hash=b"\0" * 32),
    "every byte": replace(record(), refresh_hash=bytes(range(224, 256))),
    "no JSON at all": replace(
        record(),
        meta=' {"b":1, "a":2,\t"a":3}\r\n',
        data='"\\u0000\\ud800"',
        seen="\x00\x1f\x7f\u2028\ufeff\ufffe",
    ),
}


@pytest.mark.parametrize("given", EXTREMES.values(), ids=EXTREMES)
@own_loop
async def test_every_field_comes_back_as_given(
    factory: StoreFactory, given: SessionRecord
) -> None:
    """A record comes back from get, list and swap in every bit (STORE-INSERT-ROUNDTRIP)."""
    async with factory("place") as store:
        assert list(await store.insert(given, limit=1, now=0)) == []
        assert await store.get(given.key, now=0) == given
        assert list(await store.list(given.user_id, now=0)) == [given]
        lost = await store.swap(given.key, expected=b"?", replacement=replacement(), now=0)
        assert lost == given
        new = replace(replacement(), seen=given.seen, gen=given.gen, expires_at=FAR)
        swapped = await store.swap(
            given.key, expected=given.refresh_hash, replacement=new, now=0
        )
        assert swapped is not None
        assert (swapped.meta, swapped.data, swapped.seen) == (
            given.meta,
            given.data,
            given.seen,
        )
        assert await store.replace_data(given.key, given.meta, now=0)
        assert await store.get(given.key, now=0) == replace(swapped, data=given.meta)


@own_loop
async def test_user_ids_are_told_apart_byte_for_byte(factory: StoreFactory) -> None:
    """Look-alikes are strangers to each other in every operation (STORE-KEY-EXACT)."""
    async with factory("place") as store:
        given = {user_id: record(1, user_id) for user_id in HOSTILE_USER_IDS}
        assert len(given) == len(HOSTILE_USER_IDS)
        for one in given.values():
            assert list(await store.insert(one, limit=1, now=0)) == []
        for user_id, one in given.items():
            assert list(await store.list(user_id, now=0)) == [one]
        for count, user_id in enumerate(HOSTILE_USER_IDS, start=1):
            if count % 2:
                assert await store.remove_all(user_id, now=0) == 1
            else:
                assert await store.remove(key(1, user_id), now=0)
            left = [one for one in HOSTILE_USER_IDS if await store.list(one, now=0)]
            assert left == list(HOSTILE_USER_IDS[count:])


@own_loop
async def test_a_key_is_user_and_id_together(factory: StoreFactory) -> None:
    """One session id under two users is two sessions (STORE-KEY-WHOLE)."""
    async with factory("place") as store:
        first, other = record(1, "a"), record(1, "ab")
        await store.insert(first, limit=None, now=0)
        await store.insert(other, limit=None, now=0)
        moved = await store.swap(
            first.key, expected=hashed(0), replacement=replacement(), now=0
        )
        assert moved is not None
        assert await store.get(other.key, now=0) == other
        assert await store.remove(first.key, now=0)
        assert await store.get(other.key, now=0) == other
        assert await store.get(SessionKey("", session_id(1)), now=0) is None


@own_loop
async def test_live_is_until_expires_at_and_not_a_second_longer(
    factory: StoreFactory,
) -> None:
    """Every operation takes a session for absent from expires_at = now on."""
    async with factory("place") as store:
        for number in range(5):
            await store.insert(record(number, expires=100), limit=None, now=0)
        assert await store.get(key(1), now=99) == record(1, expires=100)
        assert await store.get(key(1), now=100) is None
        assert len(await store.list("alice", now=99)) == 5
        assert list(await store.list("alice", now=100)) == []
        lost = await store.swap(
            key(1), expected=hashed(0), replacement=replacement(), now=100
        )
        assert lost is None
        assert not await store.touch(key(1), now=100)
        assert not await store.replace_data(key(1), "[]", now=100)
        assert await store.get(key(1), now=99) == record(1, expires=100)
        assert not await store.remove(key(1), now=100)
        assert await store.remove(key(2), now=99)
        assert await store.remove_all("alice", keep=session_id(3), now=100) == 0
        assert await store.remove_all("alice", now=99) == 1


@own_loop
async def test_what_a_fast_clock_ended_stays_ended_for_a_slow_one(
    factory: StoreFactory,
) -> None:
    """A removal by a caller whose clock is ahead leaves nothing to swap back to life."""
    async with factory("place") as store:
        for number in (1, 2):
            await store.insert(record(number, expires=100), limit=None, now=0)
        assert not await store.remove(key(1), now=100)
        assert list(await store.list("alice", now=99)) == [record(2, expires=100)]
        assert await store.remove_all("alice", now=100) == 0
        for number in (1, 2):
            back = await store.swap(
                key(number), expected=hashed(0), replacement=replacement(), now=99
            )
            assert back is None


@own_loop
async def test_a_swap_writes_its_fields_and_no_other(factory: StoreFactory) -> None:
    """A successful swap answers the new record, with an earlier end too."""
    async with factory("place") as store:
        await store.insert(record(active=10), limit=None, now=0)
        expected = replace(
            record(active=50),
            refresh_hash=hashed(1),
            gen=4,
            rotated_at=21,
            expires_at=500,
            seen='{"seen":1}',
        )
        moved = await store.swap(
            key(), expected=hashed(0), replacement=replacement(expires=500), now=50
        )
        assert moved == expected
        assert await store.get(key(), now=50) == expected


@own_loop
async def test_a_swap_never_moves_last_active_at_back(factory: StoreFactory) -> None:
    """The later of two clocks is right (STORE-SWAP-ACTIVE)."""
    async with factory("place") as store:
        await store.insert(record(active=10), limit=None, now=0)
        moved = await store.swap(
            key(), expected=hashed(0), replacement=replacement(), now=3
        )
        assert moved is not None
        assert moved.last_active_at == 10


@own_loop
async def test_a_lost_swap_writes_nothing_and_shows_the_winner(
    factory: StoreFactory,
) -> None:
    """The loser is answered the winner's record, untouched (STORE-SWAP-ANSWER)."""
    async with factory("place") as store:
        await store.insert(record(), limit=None, now=0)
        winner = await store.swap(
            key(), expected=hashed(0), replacement=replacement(1), now=30
        )
        loser = await store.swap(
            key(), expected=hashed(0), replacement=replacement(2), now=40
        )
        assert loser == winner
        assert await store.get(key(), now=40) == winner


@own_loop
async def test_a_swap_compares_the_hash_alone(factory: StoreFactory) -> None:
    """Neither the generation nor a time decides, and a prefix is no match."""
    async with factory("place") as store:
        await store.insert(record(), limit=None, now=0)
        for wrong in (b"", hashed(0)[:31], hashed(0) + b"\0", hashed(1)):
            lost = await store.swap(
                key(), expected=wrong, replacement=replacement(9), now=0
            )
            assert lost == record()
        back = replace(replacement(1), gen=0, rotated_at=0, expires_at=999)
        moved = await store.swap(key(), expected=hashed(0), replacement=back, now=0)
        assert moved is not None
        assert (moved.gen, moved.rotated_at, moved.expires_at) == (0, 0, 999)


@own_loop
async def test_nothing_creates_or_brings_back(factory: StoreFactory) -> None:
    """Swap, touch and replace_data on an absent or removed session leave it so."""
    async with factory("place") as store:
        for _ in ("never there", "removed"):
            assert await store.get(key(), now=0) is None
            lost = await store.swap(
                key(), expected=hashed(0), replacement=replacement(), now=0
            )
            assert lost is None
            assert not await store.touch(key(), now=0)
            assert not await store.replace_data(key(), "{}", now=0)
            assert not await store.remove(key(), now=0)
            assert await store.remove_all("alice", now=0) == 0
            assert list(await store.list("alice", now=0)) == []
            assert await store.purge_expired(now=FAR, limit=9) == 0
            await store.insert(record(), limit=None, now=0)
            assert await store.remove(key(), now=0)


@own_loop
async def test_touch_moves_one_field_forward(factory: StoreFactory) -> None:
    """Touch is true for a live session, also where nothing changed."""
    async with factory("place") as store:
        await store.insert(record(active=10), limit=None, now=0)
        assert await store.touch(key(), now=5)
        assert await store.get(key(), now=5) == record(active=10)
        assert await store.touch(key(), now=11)
        assert await store.get(key(), now=5) == record(active=11)


@own_loop
async def test_replace_data_writes_data_alone(factory: StoreFactory) -> None:
    """The last writer wins, and last_active_at stays (STORE-DATA-ONLY)."""
    async with factory("place") as store:
        await store.insert(record(), limit=None, now=0)
        assert await store.replace_data(key(), '{"a":1}', now=900)
        assert await store.replace_data(key(), '{"a" : 1,"a":2}', now=900)
        assert await store.get(key(), now=0) == record(data='{"a" : 1,"a":2}')


@own_loop
async def test_list_is_in_order(factory: StoreFactory) -> None:
    """Most recently active first, then by id (STORE-LIST-ORDER)."""
    async with factory("place") as store:
        for number, active in ((3, 5), (1, 5), (2, 5), (5, 9), (4, 1)):
            await store.insert(record(number, active=active), limit=None, now=0)
        listed = await store.list("alice", now=0)
        assert [one.id for one in listed] == [session_id(n) for n in (5, 1, 2, 3, 4)]


@own_loop
async def test_the_least_recently_active_go_first(factory: StoreFactory) -> None:
    """Evicted are the oldest by activity, then by id; never the new one."""
    async with factory("place") as store:
        for number, active in ((3, 5), (1, 5), (2, 9)):
            assert (
                list(await store.insert(record(number, active=active), limit=3, now=0))
                == []
            )
        evicted = await store.insert(record(9, active=0), limit=3, now=0)
        assert list(evicted) == [session_id(1)]
        evicted = await store.insert(record(8, active=0), limit=2, now=0)
        assert set(evicted) == {session_id(9), session_id(3)}
        evicted = await store.insert(record(7, active=0), limit=1, now=0)
        assert set(evicted) == {session_id(8), session_id(2)}
        assert list(await store.list("alice", now=0)) == [record(7, active=0)]


@own_loop
async def test_no_limit_evicts_nothing(factory: StoreFactory) -> None:
    """None is no limit (STORE-INSERT-UNLIMITED), and a huge one is as good."""
    async with factory("place") as store:
        for number in range(30):
            limit = None if number % 2 else 2**70
            assert list(await store.insert(record(number), limit=limit, now=0)) == []
        assert len(await store.list("alice", now=0)) == 30


@own_loop
async def test_the_expired_take_no_room(factory: StoreFactory) -> None:
    """Expired sessions neither count nor are reported (STORE-INSERT-EXPIRED-FREE)."""
    async with factory("place") as store:
        for number in range(3):
            await store.insert(record(number, expires=100), limit=None, now=0)
        await store.insert(record(3), limit=2, now=100)
        assert list(await store.insert(record(4), limit=2, now=100)) == []
        assert len(await store.list("alice", now=100)) == 2


@own_loop
async def test_a_live_key_is_taken(factory: StoreFactory) -> None:
    """SessionExists changes nothing and evicts nothing (STORE-INSERT-EXISTS)."""
    async with factory("place") as store:
        for number in range(3):
            await store.insert(record(number, active=number), limit=None, now=0)
        before = await store.list("alice", now=0)
        with pytest.raises(SessionExists):
            await store.insert(record(1, active=99, data="[]"), limit=1, now=0)
        assert await store.list("alice", now=0) == before


@own_loop
async def test_an_expired_key_is_free(factory: StoreFactory) -> None:
    """The dead session is replaced whole (STORE-INSERT-EXPIRED-KEY)."""
    async with factory("place") as store:
        old = replace(EXTREMES["largest"], user_id="alice", expires_at=100)
        new = replace(record(1), gen=0, last_active_at=1, created_at=0)
        await store.insert(old, limit=None, now=0)
        assert list(await store.insert(new, limit=1, now=100)) == []
        assert await store.get(key(1), now=100) == new


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "1", float("nan")])
@own_loop
async def test_a_limit_is_one_or_more(factory: StoreFactory, limit: int) -> None:
    """Anything else is a ValueError before anything is written (STORE-LIMIT-RANGE)."""
    async with factory("place") as store:
        await store.insert(record(1, expires=5), limit=None, now=0)
        with pytest.raises(ValueError, match="1 or more"):
            await store.insert(record(2), limit=limit, now=0)
        with pytest.raises(ValueError, match="1 or more"):
            await store.purge_expired(now=5, limit=limit)
        assert list(await store.list("alice", now=0)) == [record(1, expires=5)]


@own_loop
async def test_remove_all_keeps_the_one_it_was_told_to(factory: StoreFactory) -> None:
    """The others end and are counted; a keep that is not there keeps nothing."""
    async with factory("place") as store:
        for number in range(4):
            await store.insert(record(number), limit=None, now=0)
        await store.insert(record(9, "bob"), limit=None, now=0)
        assert await store.remove_all("alice", keep=session_id(2), now=0) == 3
        assert list(await store.list("alice", now=0)) == [record(2)]
        assert await store.remove_all("alice", keep=session_id(9), now=0) == 1
        assert list(await store.list("bob", now=0)) == [record(9, "bob")]


@own_loop
async def test_purge_deletes_what_expired_up_to_the_limit(factory: StoreFactory) -> None:
    """Live sessions stay, and repeated calls delete everything else."""
    async with factory("place") as store:
        for number in range(10):
            user_id = f"user{number % 3}"
            await store.insert(
                record(number, user_id, expires=50 + number), limit=None, now=0
            )
        assert await store.purge_expired(now=49, limit=100) == 0
        assert await store.purge_expired(now=56, limit=3) == 3
        assert await store.purge_expired(now=56, limit=3) == 3
        assert await store.purge_expired(now=56, limit=3) == 1
        assert await store.purge_expired(now=56, limit=2**70) == 0
        left = [one for n in range(3) for one in await store.list(f"user{n}", now=0)]
        assert {one.id for one in left} == {session_id(n) for n in (7, 8, 9)}


@own_loop
async def test_time_may_step_back(factory: StoreFactory) -> None:
    """A store knows no time but its argument (STORE-TIME-ARGUMENT)."""
    async with factory("place") as store:
        await store.insert(record(expires=100), limit=None, now=90)
        assert await store.get(key(), now=100) is None
        assert await store.get(key(), now=0) == record(expires=100)
        assert await store.touch(key(), now=FAR) is False
        assert await store.touch(key(), now=1)


@own_loop
async def test_an_answer_never_changes(factory: StoreFactory) -> None:
    """Neither a record nor a list moves with what comes after (STORE-RECORD-OWN)."""
    async with factory("place") as store:
        await store.insert(record(), limit=None, now=0)
        got, listed = await store.get(key(), now=0), await store.list("alice", now=0)
        await store.touch(key(), now=500)
        await store.swap(key(), expected=hashed(0), replacement=replacement(), now=0)
        await store.remove_all("alice", now=0)
        assert got == record()
        assert list(listed) == [record()]
