"""Requests that are given up on, at every single await."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cancelling import cancelled_at
from fault_store import FaultStore, PausingStore, lose_writes_since
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, World, claims_of, world_of

from jwtsession.errors import RefreshReused, SessionNotFound
from jwtsession.models import SessionKey

MANY = 40
"""More turns of the loop than any operation takes."""


def slow_world(**settings: Any) -> World:
    """Build a world whose store lets others go first."""
    return world_of(PausingStore(MemoryStore()), **settings)


async def at_every_await(
    story: Callable[[World, int], Awaitable[bool]], **settings: Any
) -> int:
    """Tell a story once for each await of its work, and return how many there were."""
    for steps in range(MANY):
        world = slow_world(**settings)
        was_cancelled = await story(world, steps)
        await world.service.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        if not was_cancelled:
            return steps
    raise AssertionError("the work has no end")


@own_loop
async def test_a_sign_in_is_whole_or_not_at_all() -> None:
    """A cancelled sign-in leaves a whole session or none, and the next one works."""

    async def story(world: World, steps: int) -> bool:
        cancelled = await cancelled_at(steps, world.service.authenticate("ann", {"n": 1}))
        for session in await world.sessions():
            assert (session.gen, session.meta, session.data) == (0, {"n": 1}, {})
        pair = await world.service.authenticate("ann")
        assert pair.session_id in await world.listed()
        return cancelled

    assert await at_every_await(story) >= 3


@own_loop
async def test_a_validation_changes_nothing_but_the_touch() -> None:
    """A cancelled validation leaves the session as it was, touched or not."""
    # SERVICE-TOUCH

    async def story(world: World, steps: int) -> bool:
        pair = await world.service.authenticate("ann")
        before = await world.record(pair)
        world.clock.advance(300)
        cancelled = await cancelled_at(steps, world.service.validate(pair.access_token))
        after = await world.record(pair)
        assert after.last_active_at in (before.last_active_at, world.clock.at)
        assert (after.refresh_hash, after.gen) == (before.refresh_hash, before.gen)
        assert await world.service.validate(pair.access_token)
        return cancelled

    assert await at_every_await(story) >= 5


@pytest.mark.parametrize("age", [0, GRACE - 1, GRACE, 900])
@pytest.mark.parametrize("moves", [0, 1, 2])
@own_loop
async def test_a_cancelled_refresh_costs_nobody_the_session(moves: int, age: int) -> None:
    """The retry within the grace gets a pair that works, on one line."""
    # SERVICE-ROTATE-SAME

    async def story(world: World, steps: int) -> bool:
        pair = await world.service.authenticate("ann")
        for _ in range(moves):
            world.clock.advance(GRACE)
            pair = await world.service.rotate(pair.refresh_token)
        gen = claims_of(pair.refresh_token)["gen"]
        world.clock.advance(age)
        cancelled = await cancelled_at(steps, world.service.rotate(pair.refresh_token))
        assert (await world.record(pair)).gen in (gen, gen + 1)
        world.clock.advance(GRACE - 1)
        again = await world.service.rotate(pair.refresh_token)
        assert (await world.record(pair)).gen == claims_of(again.refresh_token)["gen"]
        assert await world.service.validate(again.access_token)
        world.clock.advance(GRACE)
        assert await world.service.rotate(again.refresh_token)
        assert not set(world.events.names()) & {"refresh_reused", "refresh_forged"}
        return cancelled

    assert await at_every_await(story) >= 3


@own_loop
async def test_a_repair_that_is_cancelled_is_taken_up_by_the_retry() -> None:
    """A fail-over and a cancelled refresh together sign nobody out."""
    # SERVICE-ROTATE-LOST-WRITE

    async def story(world: World, steps: int) -> bool:
        first = await world.service.authenticate("ann")
        record = await world.record(first)
        pair = await world.service.rotate(first.refresh_token)
        world.clock.advance(GRACE)
        newest = await world.service.rotate(pair.refresh_token)
        await lose_writes_since(world.store, record, world.clock.at)
        cancelled = await cancelled_at(steps, world.service.rotate(newest.refresh_token))
        again = await world.service.rotate(newest.refresh_token)
        assert again.refresh_token == newest.refresh_token
        assert (await world.record(first)).gen == 2
        return cancelled

    assert await at_every_await(story) >= 7


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@own_loop
async def test_a_cancelled_sign_out_can_be_sent_again(kind: str) -> None:
    """The session is whole or ended, and signing out again ends it (SERVICE-LOGOUT-ANY)."""

    async def story(world: World, steps: int) -> bool:
        pair = await world.service.authenticate("ann")
        before = await world.record(pair)
        cancelled = await cancelled_at(steps, world.service.logout(getattr(pair, kind)))
        assert await world.stored(pair) in (before, None)
        await world.service.logout(getattr(pair, kind))
        assert await world.stored(pair) is None
        return cancelled

    assert await at_every_await(story) >= 3


@own_loop
async def test_a_cancelled_revocation_can_be_sent_again() -> None:
    """Each revocation ends what it ends whole, and its repetition ends the rest."""

    async def story(world: World, steps: int) -> bool:
        pairs = [await world.service.authenticate("ann") for _ in range(3)]
        kept = pairs[0].session_id
        works = [
            world.service.revoke("ann", pairs[1].session_id),
            world.service.revoke_all_except("ann", kept),
        ]
        cancelled = [await cancelled_at(steps, work) for work in works]
        await world.service.revoke_all_except("ann", kept)
        assert await world.listed() == [kept]
        cancelled.append(await cancelled_at(steps, world.service.revoke_all("ann")))
        await world.service.revoke_all("ann")
        assert await world.listed() == []
        return any(cancelled)

    assert await at_every_await(story) >= 5


@pytest.mark.parametrize(
    ("settings", "event"),
    [({}, "refresh_reused"), ({"on_lost_write": "end"}, "lost_write_ended")],
)
@own_loop
async def test_once_reuse_is_seen_the_session_ends_whoever_hangs_up(
    settings: dict[str, Any], event: str
) -> None:
    """The removal outlives its request and is told once (SERVICE-REMOVAL-OWNED)."""
    ended: list[bool] = []

    async def story(world: World, steps: int) -> bool:
        first = await world.service.authenticate("ann")
        record = await world.record(first)
        pair = await world.service.rotate(first.refresh_token)
        world.clock.advance(GRACE)
        token = first.refresh_token
        if event == "lost_write_ended":
            token = pair.refresh_token
            await lose_writes_since(world.store, record, world.clock.at)
        world.events.clear()
        cancelled = await cancelled_at(steps, world.service.rotate(token))
        await world.service.aclose()
        ended.append(await world.stored(first) is None)
        # One turn to begin, two for the swap: from its answer on nothing stops the removal.
        assert ended[-1] is (steps >= 3)
        assert world.events.names() == ([event] if ended[-1] else [])
        return cancelled

    assert await at_every_await(story, **settings) >= 6
    assert True in ended
    assert False in ended


@own_loop
async def test_closing_waits_for_the_removal_and_may_itself_be_cancelled() -> None:
    """Giving up on aclose() does not cancel what it waits for (SERVICE-REMOVAL-OWNED)."""
    gate = asyncio.Event()

    class GatedStore(MemoryStore):
        async def remove(self, key: SessionKey, *, now: int) -> bool:
            await gate.wait()
            return await super().remove(key, now=now)

    world = world_of(GatedStore())
    old = await world.service.authenticate("ann")
    await world.service.rotate(old.refresh_token)
    world.clock.advance(GRACE)
    world.events.clear()
    assert await cancelled_at(3, world.service.rotate(old.refresh_token))
    assert await cancelled_at(3, world.service.aclose())
    assert await world.stored(old) is not None
    gate.set()
    await world.service.aclose()
    assert await world.stored(old) is None
    assert not world.service._refresh._removals  # nothing piles up
    assert world.events.names() == ["refresh_reused"]


@own_loop
async def test_closing_with_nothing_to_wait_for_returns() -> None:
    """A service without removals under way closes at once, any number of times."""
    world = slow_world()
    await world.service.aclose()
    await world.service.aclose()
    assert await world.service.authenticate("ann")


@own_loop
async def test_a_removal_that_fails_after_its_request_has_gone_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody is left to be told, so the log is; the next replay ends the session."""
    faulty = FaultStore(PausingStore(MemoryStore()))
    world = world_of(faulty)
    old = await world.service.authenticate("ann")
    await world.service.rotate(old.refresh_token)
    world.clock.advance(GRACE)
    faulty.fail_next("remove", "after", RuntimeError("the disk is gone"))
    assert await cancelled_at(5, world.service.rotate(old.refresh_token))
    await world.service.aclose()
    assert faulty.failed["remove"] == 1
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "a session could not be ended after reuse")
    ]
    with pytest.raises((RefreshReused, SessionNotFound)):
        await world.service.rotate(old.refresh_token)
    assert await world.stored(old) is None
