"""The service over real stores, opened several times in one loop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import jwtsession_stores.memory
import jwtsession_stores.sql.sqlite
import pytest
from cancelling import cancelled_at
from fault_store import lose_writes_since
from own_loop import own_loop
from service_world import GRACE, World, claims_of, world_of

from jwtsession.errors import RefreshReused, SessionNotFound
from jwtsession.protocols import StoreFactory

FACTORIES: dict[str, StoreFactory] = {
    "memory": jwtsession_stores.memory.factory,
    "sqlite": jwtsession_stores.sql.sqlite.factory,
}

pytestmark = [
    pytest.mark.parametrize("kind", FACTORIES),
    pytest.mark.usefixtures("own_directory"),
]


@pytest.fixture
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the files of this test apart and have them thrown away."""
    monkeypatch.setenv("JWTSESSION_SQLITE_DIR", str(tmp_path))


@asynccontextmanager
async def servers(kind: str, count: int) -> AsyncIterator[list[World]]:
    """Open several servers on one place; their clocks are one."""
    place = f"p{uuid4().hex}"
    async with AsyncExitStack() as stack:
        worlds: list[World] = []
        for _ in range(count):
            store = await stack.enter_async_context(FACTORIES[kind](place))
            clock = worlds[0].clock if worlds else None
            worlds.append(world_of(store, clock=clock))
        yield worlds


def all_names(worlds: list[World]) -> Counter[str]:
    """Count the events that all servers told, and forget them."""
    return Counter(name for world in worlds for name in world.events.names())


@pytest.mark.parametrize("gen", [0, 1, 3])
@own_loop
async def test_eight_refreshes_over_three_handles_are_one_move(kind: str, gen: int) -> None:
    """One generation, one refresh token, eight access tokens that work."""
    # SERVICE-ROTATE-SAME
    async with servers(kind, 3) as worlds:
        pair = await worlds[0].service.authenticate("ann")
        for n in range(gen):
            worlds[0].clock.advance(GRACE)
            pair = await worlds[n % 3].service.rotate(pair.refresh_token)
        worlds[0].clock.advance(GRACE)
        all_names(worlds)
        answers = await asyncio.gather(
            *(worlds[n % 3].service.rotate(pair.refresh_token) for n in range(8))
        )
        assert len({answer.refresh_token for answer in answers}) == 1
        assert (await worlds[1].record(pair)).gen == gen + 1
        jtis = set()
        for n, answer in enumerate(answers):
            validated = await worlds[(n + 1) % 3].service.validate(answer.access_token)
            jtis.add(validated.claims["jti"])
        assert len(jtis) == 8
        assert set(all_names(worlds)) <= {"rotated", "refresh_retried"}


@own_loop
async def test_eight_replays_over_three_handles_ring_one_alarm(kind: str) -> None:
    """All are refused, the session is gone for every handle (SERVICE-ROTATE-REUSE)."""
    async with servers(kind, 3) as worlds:
        old = await worlds[0].service.authenticate("ann")
        other = await worlds[0].service.authenticate("ann")
        new = await worlds[1].service.rotate(old.refresh_token)
        worlds[0].clock.advance(GRACE)
        all_names(worlds)
        answers = await asyncio.gather(
            *(worlds[n % 3].service.rotate(old.refresh_token) for n in range(8)),
            return_exceptions=True,
        )
        refused = Counter(type(answer) for answer in answers)
        assert set(refused) <= {RefreshReused, SessionNotFound}
        assert refused[RefreshReused] >= 1
        assert all_names(worlds) == {"refresh_reused": 1}
        for world in worlds:
            assert await world.listed() == [other.session_id]
            with pytest.raises(SessionNotFound):
                await world.service.rotate(new.refresh_token)


@own_loop
async def test_a_failover_is_healed_from_any_handle(kind: str) -> None:
    """What one handle lost, another writes back (SERVICE-ROTATE-LOST-WRITE)."""
    async with servers(kind, 2) as worlds:
        here, there = worlds
        first = await here.service.authenticate("ann", {"ip": "::1"}, data={"n": [1, "é"]})
        record = await here.record(first)
        second = await there.service.rotate(first.refresh_token)
        await lose_writes_since(here.store, record, here.clock.at)
        again = await there.service.rotate(second.refresh_token)
        assert again.refresh_token == second.refresh_token
        [session] = await here.sessions()
        assert (session.gen, session.meta, session.data) == (
            1,
            {"ip": "::1"},
            {"n": [1, "é"]},
        )


@own_loop
async def test_simultaneous_sign_ins_never_overshoot(kind: str) -> None:
    """Twelve sign-ins over three handles leave exactly the limit."""
    # SERVICE-SIGN-IN-LIMIT
    async with servers(kind, 3) as worlds:
        pairs = await asyncio.gather(
            *(worlds[n % 3].service.authenticate("ann") for n in range(25))
        )
        left = await worlds[0].listed()
        assert len(left) == 20
        assert set(left) < {pair.session_id for pair in pairs}
        assert all_names(worlds) == {"signed_in": 25, "evicted": 5}


@own_loop
async def test_a_whole_life(kind: str) -> None:
    """Sign in, validate, touch, refresh, list, revoke the others, sign out, clean up."""
    async with servers(kind, 2) as (here, there):
        phone = await here.service.authenticate("ann", {"ua": "phone"})
        laptop = await there.service.authenticate("ann", {"ua": "laptop"})
        here.clock.advance(300)
        validated = await there.service.validate(phone.access_token)
        assert validated.session is not None
        assert validated.session.last_active_at == here.clock.at
        assert [s.meta["ua"] for s in await here.sessions()] == ["phone", "laptop"]
        moved = await here.service.rotate(laptop.refresh_token, {"ip": "::2"})
        assert await there.service.revoke_all_except("ann", laptop.session_id) == 1
        assert await here.listed() == [laptop.session_id]
        assert await here.service.logout(moved.refresh_token) is True
        assert await there.service.logout(moved.access_token) is False
        left = await here.service.authenticate("bob")
        here.clock.advance(2_592_000 + 86_400)
        assert await there.service.cleanup_expired() == 1
        assert await here.stored(left, "bob") is None


@own_loop
async def test_requests_given_up_on_leave_a_whole_session(kind: str) -> None:
    """Cancelled at any turn of the loop, a refresh is retried into one line."""
    # SERVICE-ROTATE-SAME
    async with servers(kind, 2) as worlds:
        here, there = worlds
        pair = await here.service.authenticate("ann")
        for steps in range(12):
            here.clock.advance(900)
            await cancelled_at(steps, here.service.rotate(pair.refresh_token))
            pair = await there.service.rotate(pair.refresh_token)
            assert (await here.record(pair)).gen == claims_of(pair.refresh_token)["gen"]
            assert await here.service.validate(pair.access_token)
        assert claims_of(pair.refresh_token)["gen"] == 12
        assert "refresh_reused" not in all_names(worlds)


@own_loop
async def test_reuse_that_is_given_up_on_still_ends_the_session(kind: str) -> None:
    """The removal is the service's own, on every store (SERVICE-REMOVAL-OWNED)."""
    async with servers(kind, 1) as worlds:
        [world] = worlds
        outcomes = set()
        # How many turns of the loop a store's thread takes is up to the machine: go on,
        # ever further, until the removal was reached.
        for steps in (*range(12), *(2**n for n in range(4, 20))):
            if steps >= 12 and True in outcomes:
                break
            old = await world.service.authenticate("ann")
            await world.service.rotate(old.refresh_token)
            world.clock.advance(GRACE)
            all_names(worlds)
            await cancelled_at(steps, world.service.rotate(old.refresh_token))
            await world.service.aclose()
            ended = await world.stored(old) is None
            outcomes.add(ended)
            assert all_names(worlds) == ({"refresh_reused": 1} if ended else {})
        assert outcomes == {True, False}
