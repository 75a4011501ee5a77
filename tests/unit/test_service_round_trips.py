"""What each operation costs: the store calls, counted."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from counting_store import CountingStore
from fault_store import lose_writes_since
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, World, world_of

from jwtsession.errors import RefreshForged, RefreshReused
from jwtsession.models import TokenPair

OPERATIONS: dict[str, tuple[list[str], Callable[[World, TokenPair], Awaitable[Any]]]] = {
    "sign_in": (["insert"], lambda w, _p: w.service.authenticate("ann")),
    "validate": (["get"], lambda w, p: w.service.validate(p.access_token)),
    "rotate": (["swap"], lambda w, p: w.service.rotate(p.refresh_token)),
    "logout_access": (["remove"], lambda w, p: w.service.logout(p.access_token)),
    "logout_refresh": (["get", "remove"], lambda w, p: w.service.logout(p.refresh_token)),
    "list": (["list"], lambda w, _p: w.service.list("ann")),
    "revoke": (["remove"], lambda w, p: w.service.revoke("ann", p.session_id)),
    "revoke_all": (["remove_all"], lambda w, _p: w.service.revoke_all("ann")),
    "revoke_others": (
        ["get", "remove_all"],
        lambda w, p: w.service.revoke_all_except("ann", p.session_id),
    ),
    "data": (
        ["replace_data"],
        lambda w, p: w.service.replace_data("ann", p.session_id, {}),
    ),
    "cleanup": (["purge_expired"], lambda w, _p: w.service.cleanup_expired()),
}


def counted_world(**settings: Any) -> tuple[World, CountingStore]:
    """Build a world and the store that counts its calls."""
    store = CountingStore(MemoryStore())
    return world_of(store, **settings), store


@pytest.mark.parametrize("name", OPERATIONS)
@own_loop
async def test_the_happy_path_of_each_operation(name: str) -> None:
    """One call each; two where the law or the caller's wish needs a look first."""
    # SERVICE-ROUND-TRIPS
    calls, operation = OPERATIONS[name]
    world, store = counted_world()
    pair = await world.service.authenticate("ann")
    store.since()
    await operation(world, pair)
    assert store.since() == calls


@own_loop
async def test_a_validation_costs_a_touch_only_where_one_is_due() -> None:
    """Two calls in the request that touches, one in each other (SERVICE-ROUND-TRIPS)."""
    world, store = counted_world(access_ttl_secs=3_600)
    pair = await world.service.authenticate("ann")
    store.since()
    world.clock.advance(300)
    await world.service.validate(pair.access_token)
    assert store.since() == ["get", "touch"]
    await world.service.validate(pair.access_token)
    assert store.since() == ["get"]


@own_loop
async def test_a_rotation_touches_by_itself() -> None:
    """A refresh counts as activity, so the validation after it owes no touch."""
    # SERVICE-ROUND-TRIPS
    world, store = counted_world()
    pair = await world.service.authenticate("ann")
    world.clock.advance(300)
    store.since()
    moved = await world.service.rotate(pair.refresh_token)
    await world.service.validate(moved.access_token)
    assert store.since() == ["swap", "get"]


@own_loop
async def test_signing_out_of_an_ended_session_removes_nothing() -> None:
    """By refresh token the look is enough; by access token there is none."""
    world, store = counted_world()
    pair = await world.service.authenticate("ann")
    await world.service.revoke_all("ann")
    store.since()
    assert await world.service.logout(pair.refresh_token) is False
    assert store.since() == ["get"]
    assert await world.service.logout(pair.access_token) is False
    assert store.since() == ["remove"]


@own_loop
async def test_what_each_way_of_a_refresh_costs() -> None:
    """Retry and repetition one call, reuse two, a repair three at most."""
    # SERVICE-ROUND-TRIPS
    world, store = counted_world()
    first = await world.service.authenticate("ann")
    record = await world.record(first)
    second = await world.service.rotate(first.refresh_token)
    world.clock.advance(1)
    store.since()
    await world.service.rotate(first.refresh_token)
    assert store.since() == ["swap"]  # a retry
    await world.service.rotate(second.refresh_token)
    assert store.since() == ["get"]  # a repetition
    with pytest.raises(RefreshForged):
        await world.service.rotate(world.forge_stranger(first.refresh_token, 1))
    assert store.since() == ["get"]
    await lose_writes_since(world.store, record, world.clock.at)
    store.since()
    await world.service.rotate(second.refresh_token)
    assert store.since() == ["get", "swap", "get"]  # a repair, then a repetition
    world.clock.advance(GRACE)
    await lose_writes_since(world.store, record, world.clock.at)
    store.since()
    await world.service.rotate(second.refresh_token)
    assert store.since() == ["swap", "swap", "swap"]  # a repair, then a rotation
    world.clock.advance(GRACE)
    store.since()
    with pytest.raises(RefreshReused):
        await world.service.rotate(first.refresh_token)
    assert store.since() == ["swap", "remove"]
