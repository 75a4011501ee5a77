"""A store that does not answer: 503 always, and nobody signed out by it."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from fault_store import FaultStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, World, claims_of, world_of

from jwtsession.errors import SessionNotFound, StoreUnavailable
from jwtsession.models import TokenPair

When = Literal["before", "after"]
Operation = Callable[[World, TokenPair], Awaitable[Any]]

OPERATIONS: dict[str, tuple[str, Operation]] = {
    "sign_in": ("insert", lambda w, _p: w.service.authenticate("ann")),
    "validate": ("get", lambda w, p: w.service.validate(p.access_token)),
    "rotate": ("swap", lambda w, p: w.service.rotate(p.refresh_token)),
    "logout_access": ("remove", lambda w, p: w.service.logout(p.access_token)),
    "logout_refresh_look": ("get", lambda w, p: w.service.logout(p.refresh_token)),
    "logout_refresh": ("remove", lambda w, p: w.service.logout(p.refresh_token)),
    "list": ("list", lambda w, _p: w.service.list("ann")),
    "revoke": ("remove", lambda w, p: w.service.revoke("ann", p.session_id)),
    "revoke_all": ("remove_all", lambda w, _p: w.service.revoke_all("ann")),
    "others_look": (
        "get",
        lambda w, p: w.service.revoke_all_except("ann", p.session_id),
    ),
    "others": (
        "remove_all",
        lambda w, p: w.service.revoke_all_except("ann", p.session_id),
    ),
    "data": (
        "replace_data",
        lambda w, p: w.service.replace_data("ann", p.session_id, {"n": 1}),
    ),
    "cleanup": ("purge_expired", lambda w, _p: w.service.cleanup_expired()),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", OPERATIONS)
@own_loop
async def test_every_operation_says_unavailable_and_can_be_repeated(
    name: str, when: When
) -> None:
    """An unanswered call is an outage with its cause, announced by nothing."""
    # SERVICE-OUTAGE
    call, operation = OPERATIONS[name]
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pair = await world.service.authenticate("ann")
    await world.service.authenticate("ann")
    world.events.clear()
    faulty.fail_next(call, when)
    with pytest.raises(StoreUnavailable) as outage:
        await operation(world, pair)
    assert isinstance(outage.value.__cause__, ConnectionResetError)
    assert faulty.failed[call] == 1
    assert world.events == []
    if name == "revoke" and when == "after":
        with pytest.raises(SessionNotFound):
            await operation(world, pair)
    else:
        await operation(world, pair)
    assert await world.listed("bob") == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("pause", [0, 1, GRACE - 1])
@pytest.mark.parametrize("gen", [0, 1, 4])
@own_loop
async def test_a_refresh_whose_call_failed_is_retried_into_one_line(
    gen: int, pause: int, when: When
) -> None:
    """The client keeps its token, tries again within the grace, and goes on."""
    # SERVICE-OUTAGE
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pair = await world.service.authenticate("ann")
    for _ in range(gen):
        world.clock.advance(GRACE)
        pair = await world.service.rotate(pair.refresh_token)
    world.clock.advance(900)
    for _ in range(3):  # the store stays away for a while
        faulty.fail_next("swap", when)
        with pytest.raises(StoreUnavailable):
            await world.service.rotate(pair.refresh_token)
        when = "before"
    world.clock.advance(pause)
    again = await world.service.rotate(pair.refresh_token)
    assert (
        claims_of(again.refresh_token)["gen"] == (await world.record(pair)).gen == gen + 1
    )
    assert await world.service.validate(again.access_token)
    world.clock.advance(GRACE)
    assert await world.service.rotate(again.refresh_token)
    assert "refresh_reused" not in world.events.names()


@pytest.mark.parametrize("when", ["before", "after"])
@own_loop
async def test_a_repetition_whose_look_failed_is_repeated(when: When) -> None:
    """Rule 1's look writes nothing, so its failure changes nothing (SERVICE-OUTAGE)."""
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    first = await world.service.authenticate("ann")
    pair = await world.service.rotate(first.refresh_token)
    before = await world.record(pair)
    faulty.fail_next("get", when)
    with pytest.raises(StoreUnavailable):
        await world.service.rotate(pair.refresh_token)
    assert await world.record(pair) == before
    assert (await world.service.rotate(pair.refresh_token)).refresh_repeated


@own_loop
async def test_a_sign_in_whose_answer_was_lost_leaves_a_session_nobody_holds() -> None:
    """Signing in again works; the orphan counts towards the limit and can be revoked."""
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty, max_per_user=1)
    faulty.fail_next("insert", "after")
    with pytest.raises(StoreUnavailable):
        await world.service.authenticate("ann")
    [orphan] = await world.listed()
    pair = await world.service.authenticate("ann")
    assert await world.listed() == [pair.session_id]
    assert orphan != pair.session_id


@own_loop
async def test_what_was_cleaned_up_before_an_outage_stays_so() -> None:
    """A cleanup that fails in a later batch goes on when it is called again."""

    class FailingSecond(MemoryStore):
        calls = 0

        async def purge_expired(self, *, now: int, limit: int) -> int:
            self.calls += 1
            if self.calls == 2:
                raise StoreUnavailable
            return await super().purge_expired(now=now, limit=limit)

    world = world_of(FailingSecond(), purge_batch=2, purge_margin_secs=0)
    for _ in range(5):
        await world.service.authenticate("ann")
    world.clock.advance(2_592_000)
    with pytest.raises(StoreUnavailable):
        await world.service.cleanup_expired()
    assert await world.service.cleanup_expired() == 3


@own_loop
async def test_a_defect_of_a_store_is_no_refusal() -> None:
    """What a broken store raises comes through as it is, and never as a refusal."""
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pair = await world.service.authenticate("ann")
    for name in ("swap", "get"):
        faulty.fail_next(name, "before", TypeError("a bug"))
    with pytest.raises(TypeError, match="a bug"):
        await world.service.rotate(pair.refresh_token)
    with pytest.raises(TypeError, match="a bug"):
        await world.service.validate(pair.access_token)
    assert await world.service.rotate(pair.refresh_token)
