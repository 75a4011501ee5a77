"""Clocks that differ, stand still or step back, and how often they are read."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from own_loop import own_loop
from service_world import GRACE, START, HandClock, World, claims_of, world_of

from jwtsession.errors import TokenExpired
from jwtsession.models import TokenPair

OPERATIONS: dict[str, Callable[[World, TokenPair], Awaitable[Any]]] = {
    "authenticate": lambda w, _p: w.service.authenticate("ann"),
    "validate": lambda w, p: w.service.validate(p.access_token),
    "rotate": lambda w, p: w.service.rotate(p.refresh_token),
    "logout": lambda w, p: w.service.logout(p.refresh_token),
    "list": lambda w, _p: w.service.list("ann"),
    "revoke": lambda w, p: w.service.revoke("ann", p.session_id),
    "revoke_all": lambda w, _p: w.service.revoke_all("ann"),
    "revoke_all_except": lambda w, p: w.service.revoke_all_except("ann", p.session_id),
    "replace_data": lambda w, p: w.service.replace_data("ann", p.session_id, {}),
    "cleanup_expired": lambda w, _p: w.service.cleanup_expired(),
}


@pytest.mark.parametrize("name", OPERATIONS)
@own_loop
async def test_an_operation_reads_the_clock_once(name: str) -> None:
    """One reference time per operation, also with a touch due (SERVICE-CLOCK-ONCE)."""
    world = world_of(purge_batch=1)
    pair = await world.service.authenticate("ann")
    await world.service.authenticate("ann")
    world.clock.advance(400)
    before = world.clock.reads
    await OPERATIONS[name](world, pair)
    assert world.clock.reads == before + 1


@own_loop
async def test_reuse_and_its_removal_share_one_time() -> None:
    """The clock is read once however many store calls a refresh takes."""
    # SERVICE-CLOCK-ONCE
    world = world_of(on_reuse="end")
    pair = await world.service.authenticate("ann")
    await world.service.rotate(pair.refresh_token)
    world.clock.advance(GRACE)
    before = world.clock.reads
    with pytest.raises(Exception, match="used before"):
        await world.service.rotate(pair.refresh_token)
    assert world.clock.reads == before + 1


@pytest.mark.parametrize("back", [1, 29, 30, 31, 899, 900, 10_000, 10**8])
@own_loop
async def test_a_clock_that_steps_back_signs_nobody_out(back: int) -> None:
    """After a step back of any size both tokens work, and the line stays one."""
    world = world_of()
    first = await world.service.authenticate("ann")
    world.clock.advance(500)
    pair = await world.service.rotate(first.refresh_token)
    world.clock.advance(-back)
    assert await world.service.validate(pair.access_token)
    retried = await world.service.rotate(first.refresh_token)
    again = await world.service.rotate(pair.refresh_token)
    assert retried.refresh_token == again.refresh_token == pair.refresh_token
    assert await world.service.validate(again.access_token)
    assert (await world.record(pair)).gen == 1
    assert (await world.record(pair)).last_active_at == START + 500
    world.clock.advance(back + 900)
    assert await world.service.rotate(again.refresh_token)


@pytest.mark.parametrize("skew", [-5, -1, 1, 5])
@own_loop
async def test_a_token_of_a_server_ahead_is_good_at_once_on_one_behind(skew: int) -> None:
    """Claims iat and auth_time in the future refuse nothing, at leeway 0."""
    here = world_of()
    there = here.another(clock=HandClock(START + skew))
    pair = await there.service.authenticate("ann")
    assert await here.service.validate(pair.access_token)
    moved = await here.service.rotate(pair.refresh_token)
    assert await there.service.validate(moved.access_token)
    assert (await there.service.rotate(pair.refresh_token)).refresh_token == (
        moved.refresh_token
    )


@own_loop
async def test_leeway_lets_a_server_ahead_accept_what_has_just_expired() -> None:
    """leeway_secs is for access tokens on servers whose clocks differ."""
    world = world_of(leeway_secs=5)
    pair = await world.service.authenticate("ann")
    world.clock.advance(904)
    assert await world.service.validate(pair.access_token)
    world.clock.advance(1)
    with pytest.raises(TokenExpired):
        await world.service.validate(pair.access_token)


@pytest.mark.parametrize("seed", range(5))
@own_loop
async def test_an_innocent_client_is_never_signed_out(seed: int) -> None:
    """Three tabs on one jar, lost and late answers, two servers whose clocks differ."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    attempt_life, skew = 12, 5  # 2 · 12 + 5 < 30: the provisos hold
    here = world_of()
    there = here.another(clock=HandClock())
    jar = await here.service.authenticate("ann")
    at = START

    async def refresh(token: str, second: int) -> TokenPair:
        server = chance.choice([here, there])
        server.clock.at = second - chance.randint(0, skew)
        return await server.service.rotate(token)

    for _ in range(150):
        at += chance.choice([25, 31, 60, 300, 900, 5_000])
        held = jar.refresh_token
        sends: list[tuple[int, bool]] = []
        for _tab in range(3):
            first = at + chance.randint(0, attempt_life)
            tries = chance.choices(range(attempt_life), k=chance.randint(0, 2))
            sends += [(first + later, True) for later in tries]  # these answers are lost
            sends.append((first + attempt_life, False))
        answers = [(await refresh(held, second), lost) for second, lost in sorted(sends)]
        arrived = [answer for answer, lost in answers if not lost]
        chance.shuffle(arrived)
        for answer in arrived:
            assert await here.service.validate(answer.access_token)
            jar = jar if answer.refresh_repeated else answer
    names = here.events.names() + there.events.names()
    assert {"rotated", "refresh_retried", "refresh_repeated"} <= set(names)
    assert "refresh_reused" not in names
    assert claims_of(jar.refresh_token)["gen"] > 75
