"""A refresh, end to end through real tokens: what moves, what is answered again."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from fault_store import BlindStore, FaultStore, PausingStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, START, World, claims_of, secret_of, world_of

from jwtsession.errors import SessionNotFound, StoreUnavailable, TokenExpired
from jwtsession.models import TokenPair
from jwtsession.protocols import SessionStore

KINDS: dict[str, Callable[[], SessionStore]] = {
    "at_once": MemoryStore,
    "slow": lambda: PausingStore(MemoryStore()),
}


async def at_generation(world: World, gen: int) -> TokenPair:
    """Sign ann in and refresh past the grace until her session has this generation."""
    pair = await world.service.authenticate("ann")
    for _ in range(gen):
        world.clock.advance(GRACE)
        pair = await world.service.rotate(pair.refresh_token)
    if gen:
        world.clock.advance(GRACE)
    world.events.clear()
    return pair


@own_loop
async def test_the_first_refresh_moves_at_once() -> None:
    """Generation 0 moves in the second of the sign-in, and every part says so."""
    world = world_of()
    pair = await world.service.authenticate("ann", {"ip": "a"}, data={"k": 1})
    before = await world.record(pair)
    moved = await world.service.rotate(pair.refresh_token, {"ip": "b"})
    after = await world.record(pair)
    secret = secret_of(pair.refresh_token)
    assert secret_of(moved.refresh_token) == secret
    assert (
        claims_of(moved.refresh_token)["gen"] == claims_of(moved.access_token)["gen"] == 1
    )
    assert after.refresh_hash == hashlib.sha256(secret + (1).to_bytes(8, "big")).digest()
    assert (after.gen, after.rotated_at, after.seen) == (1, START, '{"ip":"b"}')
    assert (after.meta, after.data, after.created_at) == (
        before.meta,
        before.data,
        before.created_at,
    )
    assert not moved.refresh_repeated
    assert moved.session_id == pair.session_id
    assert await world.service.validate(moved.access_token)
    assert world.events.names() == ["signed_in", "rotated"]


@own_loop
async def test_a_current_token_is_answered_byte_for_byte_within_the_grace() -> None:
    """The same refresh token again, a fresh access token, nothing written."""
    # SERVICE-ROTATE-ONCE
    world = world_of()
    pair = await at_generation(world, 0)
    moved = await world.service.rotate(pair.refresh_token, {"tab": 1})
    before = await world.record(pair)
    world.clock.advance(GRACE - 1)
    again = await world.service.rotate(moved.refresh_token, {"tab": 2})
    assert again.refresh_token == moved.refresh_token
    assert again.refresh_repeated
    assert again.refresh_expires_at == moved.refresh_expires_at
    fresh, old = claims_of(again.access_token), claims_of(moved.access_token)
    assert fresh["jti"] != old["jti"]
    assert fresh["iat"] == old["iat"] + GRACE - 1
    assert await world.record(pair) == before
    assert await world.service.validate(again.access_token)
    told = world.events[-1]
    assert dict(told.detail) == {"gen": 1, "seen": {"tab": 2}, "seen_before": {"tab": 1}}
    assert world.events.names() == ["rotated", "refresh_repeated"]


@own_loop
async def test_a_lost_answer_is_given_again() -> None:
    """The token before, within the grace, gets the pair that was lost."""
    # SERVICE-ROTATE-SAME
    world = world_of()
    pair = await at_generation(world, 2)
    lost = await world.service.rotate(pair.refresh_token, {"try": 1})
    before = await world.record(pair)
    world.clock.advance(GRACE - 1)
    again = await world.service.rotate(pair.refresh_token, {"try": 2})
    assert again.refresh_token == lost.refresh_token
    assert not again.refresh_repeated
    assert await world.record(pair) == before
    assert await world.service.validate(again.access_token)
    told = world.events[-1]
    assert dict(told.detail) == {"gen": 3, "seen": {"try": 2}, "seen_before": {"try": 1}}
    assert world.events.names() == ["rotated", "refresh_retried"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gen", [0, 1, 5])
@own_loop
async def test_eight_at_once_get_one_refresh_token(kind: str, gen: int) -> None:
    """Eight clients over three servers move the line once (SERVICE-ROTATE-SAME)."""
    first = world_of(KINDS[kind]())
    pair = await at_generation(first, gen)
    servers = [first, first.another(clock=first.clock), first.another(clock=first.clock)]
    answers = await asyncio.gather(
        *(servers[n % 3].service.rotate(pair.refresh_token, {"n": n}) for n in range(8))
    )
    assert len({answer.refresh_token for answer in answers}) == 1
    assert (await first.record(pair)).gen == gen + 1
    jtis = set()
    for answer in answers:
        validated = await first.service.validate(answer.access_token)
        jtis.add(validated.claims["jti"])
    assert len(jtis) == 8
    names = [name for server in servers for name in server.events.names()]
    assert set(names) <= {"rotated", "refresh_retried"}
    assert names.count("rotated") >= 1
    assert len(names) == 8


@own_loop
async def test_late_tabs_that_use_either_token_stay_on_one_line() -> None:
    """A slow tab and a fast one never fork the line, whichever cookie wins."""
    # SERVICE-ROTATE-ONCE
    world = world_of(PausingStore(MemoryStore()))
    pair = await at_generation(world, 1)
    fast = await world.service.rotate(pair.refresh_token)
    again, slow = await asyncio.gather(
        world.service.rotate(fast.refresh_token), world.service.rotate(pair.refresh_token)
    )
    assert again.refresh_token == slow.refresh_token == fast.refresh_token
    world.clock.advance(900)
    moved = await world.service.rotate(slow.refresh_token)
    assert claims_of(moved.refresh_token)["gen"] == 3


@own_loop
async def test_a_retry_never_opens_the_grace_again() -> None:
    """Retries right up to the end of the grace do not move its end."""
    # SERVICE-ROTATE-GRACE-FIXED
    world = world_of(on_reuse="refuse")
    pair = await at_generation(world, 0)
    await world.service.rotate(pair.refresh_token)
    for _ in range(GRACE - 1):
        world.clock.advance(1)
        await world.service.rotate(pair.refresh_token)
    assert set(world.events.names()) == {"rotated", "refresh_retried"}
    world.clock.advance(1)
    with pytest.raises(Exception, match="used before"):
        await world.service.rotate(pair.refresh_token)
    assert (await world.record(pair)).gen == 1


@own_loop
async def test_a_refresh_extends_the_session() -> None:
    """Record, token and answer move to the same later end (SERVICE-ROTATE-EXTENDS)."""
    world = world_of(refresh_ttl_secs=10_000, absolute_ttl_secs=15_000)
    pair = await at_generation(world, 0)
    world.clock.advance(4_000)
    moved = await world.service.rotate(pair.refresh_token)
    record = await world.record(pair)
    assert record.expires_at == moved.refresh_expires_at == START + 14_000
    assert claims_of(moved.refresh_token)["exp"] == START + 14_000
    assert claims_of(moved.refresh_token)["iat"] == record.rotated_at == START + 4_000
    world.clock.advance(4_000)
    capped = await world.service.rotate(moved.refresh_token)
    assert capped.refresh_expires_at == START + 15_000
    assert (await world.record(pair)).expires_at == START + 15_000


@own_loop
async def test_without_an_absolute_lifetime_a_session_is_extended_for_ever() -> None:
    """With absolute_ttl_secs None only inactivity ends a session."""
    world = world_of(absolute_ttl_secs=None)
    pair = await at_generation(world, 0)
    for _ in range(20):
        world.clock.advance(2_000_000)
        pair = await world.service.rotate(pair.refresh_token)
    assert (await world.record(pair)).gen == 20
    assert pair.refresh_expires_at == world.clock.at + 2_592_000


@own_loop
async def test_a_swap_that_would_write_the_past_is_not_sent() -> None:
    """At the absolute end nothing is written and the answer is expired."""
    # SERVICE-ROTATE-EXPIRED
    world = world_of(refresh_ttl_secs=10_000, absolute_ttl_secs=None)
    pair = await at_generation(world, 0)
    world.clock.advance(5_000)
    # The same deployment after its absolute lifetime was set, with a record from before.
    strict = world.another(
        clock=world.clock,
        refresh_ttl_secs=10_000,
        absolute_ttl_secs=5_000,
        access_ttl_secs=60,
    )
    before = await world.record(pair)
    with pytest.raises(TokenExpired):
        await strict.service.rotate(pair.refresh_token)
    assert await world.record(pair) == before
    assert strict.events == []


@own_loop
async def test_a_retry_across_the_end_of_the_token_is_a_retry() -> None:
    """A token is taken for the grace after its exp; the record decides."""
    # SERVICE-ROTATE-LEEWAY
    world = world_of(refresh_ttl_secs=1_000, access_ttl_secs=60)
    pair = await at_generation(world, 0)
    world.clock.advance(999)
    lost = await world.service.rotate(pair.refresh_token)
    world.clock.advance(GRACE - 1)
    again = await world.service.rotate(pair.refresh_token)
    assert again.refresh_token == lost.refresh_token


@own_loop
async def test_a_refresh_of_an_ended_session_is_not_reuse() -> None:
    """After a sign-out old and new tokens find no session, and no alarm rings."""
    # SERVICE-ROTATE-GONE
    world = world_of()
    pair = await at_generation(world, 0)
    moved = await world.service.rotate(pair.refresh_token)
    await world.service.logout(moved.access_token)
    world.events.clear()
    world.clock.advance(GRACE)
    for token in (pair.refresh_token, moved.refresh_token):
        with pytest.raises(SessionNotFound):
            await world.service.rotate(token)
    assert world.events == []


@pytest.mark.parametrize("lost", [1, 2, 3])
@own_loop
async def test_a_store_that_lost_a_race_is_asked_again(lost: int) -> None:
    """A record that still holds the presented hash is tried again (SERVICE-ROTATE-RACE)."""
    memory = MemoryStore()
    world = world_of(memory)
    pair = await at_generation(world, 1)
    blind = BlindStore(memory, swaps_to_lose=lost)
    other = world.another(store=blind, clock=world.clock)
    moved = await other.service.rotate(pair.refresh_token)
    assert claims_of(moved.refresh_token)["gen"] == 2
    assert blind.swaps == lost + 1
    assert other.events.names() == ["rotated"]


@own_loop
async def test_a_store_that_always_loses_is_unavailable_and_never_reuse() -> None:
    """After three further rounds the answer is 503 and the session lives."""
    # SERVICE-ROTATE-RACE
    memory = MemoryStore()
    world = world_of(memory)
    pair = await at_generation(world, 1)
    before = await world.record(pair)
    blind = BlindStore(memory, swaps_to_lose=99)
    other = world.another(store=blind, clock=world.clock)
    with pytest.raises(StoreUnavailable):
        await other.service.rotate(pair.refresh_token)
    assert blind.swaps == 4
    assert await world.record(pair) == before
    assert other.events == []
    assert await world.service.rotate(pair.refresh_token)


@pytest.mark.parametrize("when", ["before", "after"])
@own_loop
async def test_an_unknown_effect_is_found_out_by_the_retry(when: str) -> None:
    """Whether or not the lost call moved the line, the retry moves it once."""
    # SERVICE-OUTAGE
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pair = await at_generation(world, 1)
    faulty.fail_next("swap", when)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        await world.service.rotate(pair.refresh_token)
    assert world.events == []
    moved = await world.service.rotate(pair.refresh_token)
    assert claims_of(moved.refresh_token)["gen"] == (await world.record(pair)).gen == 2
    # In the same second the retry cannot tell its own write from the lost one.
    assert world.events.names() == ["rotated"]


@own_loop
async def test_grace_zero_never_takes_its_own_move_for_reuse() -> None:
    """With grace 0 a refresh moves every time, and only a superseded token is reuse."""
    world = world_of(reuse_grace_secs=0)
    pair = await world.service.authenticate("ann")
    tokens = [pair.refresh_token]
    for _ in range(5):
        tokens.append((await world.service.rotate(tokens[-1])).refresh_token)
    assert (await world.record(pair)).gen == 5
    assert set(world.events.names()) == {"signed_in", "rotated"}
