"""A superseded token, or one that was never issued, comes back: attacks and their ends."""

import asyncio
from collections import Counter

import pytest
from fault_store import FaultStore, PausingStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, Heard, World, world_of

from jwtsession.errors import (
    RefreshForged,
    RefreshReused,
    SessionNotFound,
    StoreUnavailable,
)
from jwtsession.models import TokenPair


async def stolen(world: World, *, moves: int = 1) -> tuple[TokenPair, TokenPair]:
    """Sign ann in and refresh past each grace; answer the stolen pair and the newest."""
    first = pair = await world.service.authenticate("ann", {"from": "home"})
    for _ in range(moves):
        world.clock.advance(GRACE)
        pair = await world.service.rotate(pair.refresh_token, {"from": "home"})
    world.events.clear()
    return first, pair


@own_loop
async def test_reuse_after_the_grace_ends_the_session_and_no_other() -> None:
    """The stolen line dies with its discovery; other sessions live."""
    # SERVICE-ROTATE-REUSE
    world = world_of()
    phone = await world.service.authenticate("ann")
    bob = await world.service.authenticate("bob")
    old, new = await stolen(world)
    world.clock.advance(GRACE)
    with pytest.raises(RefreshReused):
        await world.service.rotate(old.refresh_token, {"from": "afar"})
    assert await world.stored(old) is None
    assert await world.listed() == [phone.session_id]
    assert await world.listed("bob") == [bob.session_id]
    for token in (old.refresh_token, new.refresh_token):
        with pytest.raises(SessionNotFound):
            await world.service.rotate(token)
    with pytest.raises(SessionNotFound):
        await world.service.validate(new.access_token)
    [told] = world.events
    assert (told.name, told.at, told.user_id, told.session_id) == (
        "refresh_reused",
        world.clock.at,
        "ann",
        old.session_id,
    )
    assert dict(told.detail) == {
        "gen": 1,
        "presented_gen": 0,
        "seen": {"from": "afar"},
        "seen_before": {"from": "home"},
    }


@own_loop
async def test_two_behind_is_reuse_even_within_the_grace_of_the_last_move() -> None:
    """A young last move does not shield a token two generations behind."""
    # SERVICE-ROTATE-REUSE
    world = world_of()
    old, _new = await stolen(world, moves=2)
    assert (await world.record(old)).rotated_at == world.clock.at
    with pytest.raises(RefreshReused):
        await world.service.rotate(old.refresh_token)
    assert await world.stored(old) is None
    assert world.events.names() == ["refresh_reused"]


@own_loop
async def test_a_token_looked_up_first_is_judged_as_reuse_without_a_swap() -> None:
    """A token two behind that a step back of the clock makes young is still reuse."""
    world = world_of()
    first, _ = await stolen(world, moves=1)
    young = await world.service.rotate(first.refresh_token)  # generation 1, one retry
    world.clock.advance(GRACE)
    moved = await world.service.rotate(young.refresh_token)
    world.clock.advance(GRACE)
    await world.service.rotate(moved.refresh_token)
    world.events.clear()
    world.clock.advance(-GRACE - 1)  # generation 1 is young again on this server's clock
    with pytest.raises(RefreshReused):
        await world.service.rotate(young.refresh_token)
    assert await world.stored(first) is None
    assert world.events.names() == ["refresh_reused"]


@pytest.mark.parametrize("store", [MemoryStore, lambda: PausingStore(MemoryStore())])
@own_loop
async def test_eight_replays_at_once_ring_one_alarm(store: type[MemoryStore]) -> None:
    """All are refused, and only the caller whose removal ended it tells."""
    # SERVICE-ROTATE-REUSE
    world = world_of(store())
    servers = [world, world.another(clock=world.clock)]
    old, _new = await stolen(world)
    world.clock.advance(GRACE)
    answers = await asyncio.gather(
        *(servers[n % 2].service.rotate(old.refresh_token) for n in range(8)),
        return_exceptions=True,
    )
    refused = Counter(type(answer) for answer in answers)
    assert set(refused) <= {RefreshReused, SessionNotFound}
    assert refused[RefreshReused] >= 1
    assert await world.stored(old) is None
    names = [name for server in servers for name in server.events.names()]
    assert names == ["refresh_reused"]


@own_loop
async def test_with_refuse_the_session_lives_and_each_replay_is_told() -> None:
    """on_reuse = refuse answers the same and ends nothing (SERVICE-ROTATE-REUSE)."""
    world = world_of(on_reuse="refuse")
    old, new = await stolen(world)
    world.clock.advance(GRACE)
    before = await world.record(old)
    for _ in range(2):
        with pytest.raises(RefreshReused):
            await world.service.rotate(old.refresh_token)
    assert await world.record(old) == before
    assert world.events.names() == ["refresh_reused"] * 2
    assert await world.service.rotate(new.refresh_token)


@own_loop
async def test_grace_zero_takes_any_superseded_token_for_stolen() -> None:
    """With grace 0 only a twin in the very second of the move is none."""
    # SERVICE-ROTATE-REUSE
    world = world_of(reuse_grace_secs=0)
    pair = await world.service.authenticate("ann")
    moved = await world.service.rotate(pair.refresh_token)
    twin = await world.service.rotate(pair.refresh_token)
    assert twin.refresh_token == moved.refresh_token
    assert (await world.record(pair)).gen == 1
    world.clock.advance(1)
    with pytest.raises(RefreshReused):
        await world.service.rotate(pair.refresh_token)
    assert await world.stored(pair) is None


@own_loop
async def test_a_removal_that_fails_is_an_outage_and_the_next_replay_ends_it() -> None:
    """Where the session could not be ended, the answer does not say so."""
    # SERVICE-REMOVAL-OWNED
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    old, _new = await stolen(world)
    world.clock.advance(GRACE)
    faulty.fail_next("remove", "before")
    with pytest.raises(StoreUnavailable):
        await world.service.rotate(old.refresh_token)
    assert await world.stored(old) is not None
    assert world.events == []
    with pytest.raises(RefreshReused):
        await world.service.rotate(old.refresh_token)
    assert await world.stored(old) is None
    assert world.events.names() == ["refresh_reused"]


@own_loop
async def test_a_removal_whose_answer_is_lost_has_ended_the_session() -> None:
    """The caller cannot know, so it is an outage; nobody refreshes afterwards."""
    # SERVICE-REMOVAL-OWNED
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    old, new = await stolen(world)
    world.clock.advance(GRACE)
    faulty.fail_next("remove", "after")
    with pytest.raises(StoreUnavailable):
        await world.service.rotate(old.refresh_token)
    for token in (old.refresh_token, new.refresh_token):
        with pytest.raises(SessionNotFound):
            await world.service.rotate(token)


@pytest.mark.parametrize("gen", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("age", [0, GRACE])
@own_loop
async def test_a_leaked_key_alone_neither_refreshes_nor_ends(gen: int, age: int) -> None:
    """A token signed by us without the session's secret changes nothing."""
    # SERVICE-ROTATE-FORGED
    world = world_of()
    _old, new = await stolen(world, moves=2)
    world.clock.advance(age)
    before = await world.record(new)
    with pytest.raises(RefreshForged):
        await world.service.rotate(world.forge_stranger(new.refresh_token, gen), {"x": 1})
    assert await world.record(new) == before
    [told] = world.events
    assert (told.name, told.user_id, told.session_id) == (
        "refresh_forged",
        "ann",
        new.session_id,
    )
    assert dict(told.detail) == {
        "reason": "foreign_secret",
        "gen": 2,
        "presented_gen": gen,
        "seen": {"x": 1},
    }
    world.clock.advance(GRACE)
    assert await world.service.rotate(new.refresh_token)


@own_loop
async def test_a_secret_of_another_session_is_foreign_too() -> None:
    """A token of one session grafted onto another one is forged (SERVICE-ROTATE-FORGED)."""
    world = world_of()
    mine = await world.service.authenticate("ann")
    hers = await world.service.authenticate("bob")
    grafted = world.forge_refresh(
        mine.refresh_token, sub="bob", sid=hers.session_id, iat=world.clock.at
    )
    with pytest.raises(RefreshForged):
        await world.service.rotate(grafted)
    assert (await world.record(hers, "bob")).gen == 0
    assert (await world.record(mine)).gen == 0
    assert await world.service.rotate(hers.refresh_token)


@own_loop
async def test_a_forged_token_for_no_session_is_not_found() -> None:
    """Where there is no record, a forged token is like any other (SERVICE-ROTATE-GONE)."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    await world.service.revoke_all("ann")
    world.events.clear()
    with pytest.raises(SessionNotFound):
        await world.service.rotate(world.forge_stranger(pair.refresh_token, 0))
    assert world.events == []


@own_loop
async def test_key_and_old_token_cannot_freeze_the_line() -> None:
    """A repair from a forged time in the future is bounded by now."""
    # SERVICE-ROTATE-LOST-WRITE
    world = world_of()
    old, _new = await stolen(world, moves=1)
    world.clock.advance(GRACE)
    far = world.clock.at + 10**9
    ahead = world.forge_generation(old.refresh_token, 5, iat=far, exp=far + 1)
    answer = await world.service.rotate(ahead)
    record = await world.record(old)
    assert record.rotated_at <= world.clock.at
    assert record.expires_at <= world.clock.at + world.config.refresh_ttl_secs
    assert answer.refresh_expires_at == record.expires_at
    world.clock.advance(GRACE)
    moved = await world.service.rotate(
        world.forge_generation(old.refresh_token, record.gen, iat=record.rotated_at)
    )
    world.clock.advance(GRACE)
    with pytest.raises(RefreshReused):
        await world.service.rotate(
            world.forge_generation(old.refresh_token, record.gen, iat=record.rotated_at)
        )
    assert await world.stored(moved) is None


@own_loop
async def test_the_sink_hears_of_reuse_after_the_session_is_gone() -> None:
    """An event is told after its effect: who acts on it finds the session ended."""
    found: list[object] = []

    class Looking(Heard):
        def __call__(self, event: object, /) -> None:
            if getattr(event, "name", "") == "refresh_reused":
                found.append(memory._live(old_key, world.clock.at))

    memory = MemoryStore()
    world = world_of(memory, events=Looking())
    old, _new = await stolen(world)
    old_key = (await world.record(old)).key
    world.clock.advance(GRACE)
    with pytest.raises(RefreshReused):
        await world.service.rotate(old.refresh_token)
    assert found == [None]
