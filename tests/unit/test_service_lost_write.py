"""A fail-over that loses acknowledged writes: healed, announced, and no gift to a thief."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from fault_store import FaultStore, PausingStore, lose_writes_since
from forwarding_store import ForwardingStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, START, World, claims_of, secret_of, world_of

from jwtsession.errors import (
    RefreshReused,
    SessionNotFound,
    StoreUnavailable,
    TokenExpired,
    WriteLost,
)
from jwtsession.lifecycle import refresh_hash
from jwtsession.models import SessionRecord, TokenPair


async def after_failover(
    world: World, *, moves: int, lost: int, wait: int = 0
) -> tuple[list[TokenPair], SessionRecord]:
    """Refresh past each grace and lose the last writes; answer the pairs and the record."""
    pairs = [await world.service.authenticate("ann", {"at": "home"})]
    records = [await world.record(pairs[0])]
    for _ in range(moves):
        world.clock.advance(GRACE)
        pairs.append(await world.service.rotate(pairs[-1].refresh_token))
        records.append(await world.record(pairs[0]))
    world.clock.advance(wait)
    await lose_writes_since(world.store, records[-1 - lost], world.clock.at)
    world.events.clear()
    return pairs, records[-1]


@pytest.mark.parametrize("lost", [1, 2, 3])
@own_loop
async def test_the_newest_token_heals_the_record_and_refreshes(lost: int) -> None:
    """What was lost is written back and the line moves on (SERVICE-ROTATE-LOST-WRITE)."""
    world = world_of()
    pairs, _record = await after_failover(world, moves=3, lost=lost, wait=GRACE)
    moved = await world.service.rotate(pairs[-1].refresh_token, {"at": "bus"})
    assert claims_of(moved.refresh_token)["gen"] == 4
    assert (await world.record(moved)).gen == 4
    assert await world.service.validate(moved.access_token)
    told = world.events[0]
    assert dict(told.detail) == {"presented_gen": 3, "seen": {"at": "bus"}}
    assert world.events.names() == ["lost_write_repaired", "rotated"]


@own_loop
async def test_within_the_grace_the_record_is_healed_and_the_token_repeated() -> None:
    """The healed record is the lost one, times included, so rule 1 holds."""
    # SERVICE-ROTATE-LOST-WRITE
    world = world_of()
    pairs, lost = await after_failover(world, moves=2, lost=1, wait=GRACE - 1)
    again = await world.service.rotate(pairs[-1].refresh_token)
    assert again.refresh_repeated
    healed = await world.record(again)
    assert (healed.refresh_hash, healed.gen, healed.rotated_at, healed.expires_at) == (
        lost.refresh_hash,
        lost.gen,
        lost.rotated_at,
        lost.expires_at,
    )
    assert world.events.names() == ["lost_write_repaired", "refresh_repeated"]


@own_loop
async def test_tabs_that_refresh_across_a_failover_stay_on_one_line() -> None:
    """The shortest trace of ten steps that once signed an innocent user out."""
    world = world_of(PausingStore(MemoryStore()))
    first = await world.service.authenticate("ann")
    before = await world.record(first)
    moved = await world.service.rotate(first.refresh_token)
    await lose_writes_since(world.store, before, world.clock.at)
    answers = await asyncio.gather(
        world.service.rotate(moved.refresh_token),
        world.service.rotate(first.refresh_token),
        world.service.rotate(moved.refresh_token),
        world.service.rotate(first.refresh_token),
    )
    assert {answer.refresh_token for answer in answers} == {moved.refresh_token}
    assert (await world.record(first)).gen == 1
    assert await world.service.rotate(first.refresh_token)
    assert "refresh_reused" not in world.events.names()


@own_loop
async def test_two_that_heal_at_once_move_the_line_once() -> None:
    """Eight holders of the newest token after a fail-over get one successor."""
    world = world_of(PausingStore(MemoryStore()))
    pairs, _ = await after_failover(world, moves=2, lost=2, wait=GRACE)
    answers = await asyncio.gather(
        *(world.service.rotate(pairs[-1].refresh_token) for _ in range(8))
    )
    assert len({answer.refresh_token for answer in answers}) == 1
    assert (await world.record(pairs[0])).gen == 3


@own_loop
async def test_a_thief_with_an_older_token_gains_nothing_that_lasts() -> None:
    """A superseded token that a fail-over revives ends with the owner's next refresh."""
    # SERVICE-ROTATE-REUSE
    world = world_of()
    pairs, _ = await after_failover(world, moves=2, lost=1, wait=GRACE)
    stolen = pairs[1]  # superseded before the fail-over, current after it
    thief = await world.service.rotate(stolen.refresh_token)
    world.clock.advance(GRACE)
    owner = await world.service.rotate(pairs[2].refresh_token)
    # Both hold generation 2 of one line; whoever comes second to its move is found out.
    world.clock.advance(GRACE)
    with pytest.raises(RefreshReused):
        await world.service.rotate(thief.refresh_token)
    with pytest.raises(SessionNotFound):
        await world.service.rotate(owner.refresh_token)


@own_loop
async def test_a_token_from_before_the_lost_window_is_still_reuse() -> None:
    """A fail-over gives nothing to a token that was superseded in what is left."""
    world = world_of()
    pairs, _ = await after_failover(world, moves=3, lost=1, wait=GRACE)
    with pytest.raises(RefreshReused):
        await world.service.rotate(pairs[0].refresh_token)
    assert await world.stored(pairs[0]) is None


@own_loop
async def test_a_lost_sign_in_cannot_be_healed() -> None:
    """Where the store never heard of the session, it is not found: the stated limit."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    await world.store.remove((await world.record(pair)).key, now=START)
    with pytest.raises(SessionNotFound):
        await world.service.rotate(pair.refresh_token)
    assert await world.stored(pair) is None


@own_loop
async def test_with_end_the_session_is_removed_and_told_once() -> None:
    """With on_lost_write = end no older token is left as the only good one."""
    world = world_of(PausingStore(MemoryStore()), on_lost_write="end")
    pairs, _ = await after_failover(world, moves=2, lost=1)
    answers = await asyncio.gather(
        *(world.service.rotate(pairs[-1].refresh_token, {"n": 1}) for _ in range(4)),
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} <= {WriteLost, SessionNotFound}
    assert await world.stored(pairs[0]) is None
    [told] = world.events
    assert told.name == "lost_write_ended"
    assert dict(told.detail) == {"gen": 1, "presented_gen": 2, "seen": {"n": 1}}


@own_loop
async def test_a_repair_is_told_also_where_what_follows_fails() -> None:
    """The record is healed whatever becomes of the refresh, and the retry goes on."""
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pairs, _ = await after_failover(world, moves=2, lost=1)
    # Within the grace of its iat the token is looked up, healed, and looked up again.
    seen = 0
    get = faulty.get

    async def second_get_fails(*args: Any, **kwargs: Any) -> SessionRecord | None:
        nonlocal seen
        seen += 1
        if seen == 2:
            faulty.fail_next("get")
        return await get(*args, **kwargs)

    faulty.get = second_get_fails  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await world.service.rotate(pairs[-1].refresh_token)
    assert (await world.record(pairs[0])).gen == 2
    assert world.events.names() == ["lost_write_repaired"]
    assert (await world.service.rotate(pairs[-1].refresh_token)).refresh_repeated


@pytest.mark.parametrize("when", ["before", "after"])
@own_loop
async def test_a_repair_with_unknown_effect_is_found_out_by_the_retry(when: Any) -> None:
    """The client keeps its token through the outage and is not signed out."""
    # SERVICE-OUTAGE
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pairs, _ = await after_failover(world, moves=2, lost=1)
    faulty.fail_next("swap", when)
    with pytest.raises(StoreUnavailable):
        await world.service.rotate(pairs[-1].refresh_token)
    again = await world.service.rotate(pairs[-1].refresh_token)
    assert again.refresh_token == pairs[-1].refresh_token
    assert (await world.record(again)).gen == 2


class ForgettingStore(ForwardingStore):
    """Acknowledges swaps and has lost them by the next call: it cannot be healed."""

    async def around(self, name: str, call: Any) -> Any:
        """Make the call: every one but a swap is as it should be."""
        del name
        return await call()

    async def swap(self, key: Any, **swap: Any) -> SessionRecord | None:
        """Answer as if it were written, and put the record back."""
        before = await self.inner.get(key, now=swap["now"])
        answer = await self.inner.swap(key, **swap)
        assert before is not None
        await lose_writes_since(self.inner, before, swap["now"])
        return answer


@own_loop
async def test_a_store_that_loses_every_repair_is_unavailable_in_the_end() -> None:
    """The budget of one request is bounded, and the session stays (SERVICE-ROTATE-RACE)."""
    world = world_of()
    pairs, _ = await after_failover(world, moves=2, lost=1)
    other = world.another(store=ForgettingStore(world.store), clock=world.clock)
    with pytest.raises(StoreUnavailable):
        await other.service.rotate(pairs[-1].refresh_token)
    assert await world.stored(pairs[0]) is not None


@own_loop
async def test_nothing_is_healed_beyond_its_end() -> None:
    """A lost record that would have expired by now is not written back."""
    # SERVICE-ROTATE-EXPIRED
    world = world_of(refresh_ttl_secs=1_000, access_ttl_secs=60)
    first = await world.service.authenticate("ann")
    moved = await world.service.rotate(first.refresh_token)
    record = await world.record(first)
    world.clock.advance(1_000)
    # The replica had been told of a later end than the token knows.
    first_hash = refresh_hash(secret_of(first.refresh_token), 0)
    stale = replace(record, gen=0, refresh_hash=first_hash, expires_at=START + 9_000)
    await lose_writes_since(world.store, stale, world.clock.at)
    world.events.clear()
    with pytest.raises(TokenExpired):
        await world.service.rotate(moved.refresh_token)
    assert await world.record(first) == stale
    assert world.events == []
