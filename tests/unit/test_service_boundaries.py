"""Each bound of time, one second before it, at it, and one second after."""

import pytest
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, START, claims_of, world_of

from jwtsession.errors import (
    JwtSessionError,
    RefreshReused,
    SessionNotFound,
    TokenExpired,
)

SHORT = {"refresh_ttl_secs": 1_000, "access_ttl_secs": 100}


@pytest.mark.parametrize(
    ("age", "reused"), [(GRACE - 1, False), (GRACE, True), (GRACE + 1, True)]
)
@own_loop
async def test_the_grace_of_a_superseded_token(age: int, *, reused: bool) -> None:
    """A retry before the grace has passed, reuse from then on (SERVICE-ROTATE-REUSE)."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    moved = await world.service.rotate(pair.refresh_token)
    world.clock.advance(age)
    if reused:
        with pytest.raises(RefreshReused):
            await world.service.rotate(pair.refresh_token)
        assert await world.stored(pair) is None
    else:
        again = await world.service.rotate(pair.refresh_token)
        assert again.refresh_token == moved.refresh_token
        assert (await world.record(pair)).gen == 1


@pytest.mark.parametrize(
    ("age", "gen"), [(0, 1), (GRACE - 1, 1), (GRACE, 2), (GRACE + 1, 2)]
)
@own_loop
async def test_the_grace_of_a_current_token(age: int, gen: int) -> None:
    """A line rests until the grace has passed and moves from then on."""
    # SERVICE-ROTATE-ONCE
    world = world_of()
    pair = await world.service.authenticate("ann")
    moved = await world.service.rotate(pair.refresh_token)
    world.clock.advance(age)
    answer = await world.service.rotate(moved.refresh_token)
    assert claims_of(answer.refresh_token)["gen"] == (await world.record(pair)).gen == gen
    assert answer.refresh_repeated is (gen == 1)


@pytest.mark.parametrize(
    ("age", "error"),
    [
        (999, None),
        (1_000, SessionNotFound),
        (1_000 + GRACE - 1, SessionNotFound),
        (1_000 + GRACE, TokenExpired),
    ],
)
@own_loop
async def test_the_end_of_a_refresh_token(
    age: int, error: type[JwtSessionError] | None
) -> None:
    """The record ends at exp, the token only the grace after it (SERVICE-ROTATE-LEEWAY)."""
    world = world_of(**SHORT)
    pair = await world.service.authenticate("ann")
    world.events.clear()
    world.clock.advance(age)
    if error is None:
        assert await world.service.rotate(pair.refresh_token)
        return
    with pytest.raises(error):
        await world.service.rotate(pair.refresh_token)
    assert world.events == []


@own_loop
async def test_a_longer_leeway_than_the_grace_counts_for_refresh_tokens_too() -> None:
    """The larger of grace and leeway_secs is how long an ended token is still read."""
    world = world_of(**SHORT, leeway_secs=60)
    pair = await world.service.authenticate("ann")
    world.clock.advance(1_059)
    with pytest.raises(SessionNotFound):
        await world.service.rotate(pair.refresh_token)
    world.clock.advance(1)
    with pytest.raises(TokenExpired):
        await world.service.rotate(pair.refresh_token)


@pytest.mark.parametrize(("age", "good"), [(99, True), (100, False), (101, False)])
@own_loop
async def test_the_end_of_an_access_token(age: int, *, good: bool) -> None:
    """An access token is good before its exp and expired from then on."""
    # SERVICE-ACCESS-EXP
    world = world_of(**SHORT)
    pair = await world.service.authenticate("ann")
    world.clock.advance(age)
    if good:
        assert await world.service.validate(pair.access_token)
    else:
        with pytest.raises(TokenExpired):
            await world.service.validate(pair.access_token)


@pytest.mark.parametrize(("left", "exp_in"), [(101, 100), (100, 100), (99, 99), (1, 1)])
@own_loop
async def test_an_access_token_never_outlives_its_session(left: int, exp_in: int) -> None:
    """Its exp is capped by the end of the session (SERVICE-ACCESS-EXP)."""
    world = world_of(refresh_ttl_secs=1_000, absolute_ttl_secs=1_000, access_ttl_secs=100)
    pair = await world.service.authenticate("ann")
    world.clock.advance(1_000 - left)
    moved = await world.service.rotate(pair.refresh_token)
    assert moved.access_expires_at == world.clock.at + exp_in
    assert claims_of(moved.access_token)["exp"] == world.clock.at + exp_in
    assert moved.access_expires_at <= (await world.record(pair)).expires_at


@pytest.mark.parametrize(("age", "good"), [(999, True), (1_000, False), (1_001, False)])
@own_loop
async def test_the_absolute_lifetime(age: int, *, good: bool) -> None:
    """A session that was refreshed all along ends with its absolute lifetime."""
    # SERVICE-ABSOLUTE
    world = world_of(refresh_ttl_secs=400, access_ttl_secs=400, absolute_ttl_secs=1_000)
    pair = await world.service.authenticate("ann")
    while world.clock.at < START + 900:
        world.clock.advance(300)
        pair = await world.service.rotate(pair.refresh_token)
    assert pair.refresh_expires_at == START + 1_000
    world.clock.advance(START + age - world.clock.at)
    if good:
        assert await world.service.validate(pair.access_token)
        assert await world.listed() == [pair.session_id]
        assert await world.service.rotate(pair.refresh_token)
        return
    with pytest.raises(TokenExpired):
        await world.service.validate(pair.access_token)
    with pytest.raises(TokenExpired):
        await world.service.rotate(pair.refresh_token)
    assert await world.listed() == []
    assert await world.stored(pair) is None


@pytest.mark.parametrize(("left", "good"), [(1, True), (0, False)])
@own_loop
async def test_a_repetition_at_the_end_of_the_session(left: int, *, good: bool) -> None:
    """A young token is repeated to the last second of its session (SERVICE-ABSOLUTE)."""
    world = world_of(absolute_ttl_secs=1_000)
    pair = await world.service.authenticate("ann")
    world.clock.advance(1_000 - GRACE + 10)
    moved = await world.service.rotate(pair.refresh_token)
    world.clock.advance(GRACE - 10 - left)
    if good:
        again = await world.service.rotate(moved.refresh_token)
        assert again.refresh_repeated
        assert again.access_expires_at == world.clock.at + 1
        return
    with pytest.raises(SessionNotFound):
        await world.service.rotate(moved.refresh_token)


@own_loop
async def test_a_sign_in_is_bounded_by_the_absolute_lifetime_too() -> None:
    """Record and token of a new session end with the shorter of both spans."""
    # SERVICE-ABSOLUTE
    world = world_of(refresh_ttl_secs=1_000, absolute_ttl_secs=100, access_ttl_secs=60)
    pair = await world.service.authenticate("ann")
    assert (await world.record(pair)).expires_at == pair.refresh_expires_at == START + 100
    assert claims_of(pair.refresh_token)["exp"] == START + 100


@pytest.mark.parametrize(("age", "touched"), [(299, False), (300, True), (301, True)])
@own_loop
async def test_the_touch_interval(age: int, *, touched: bool) -> None:
    """A session is touched once it was last seen the interval ago (SERVICE-TOUCH)."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    world.clock.advance(age)
    validated = await world.service.validate(pair.access_token)
    assert validated.session is not None
    at = START + age if touched else START
    assert validated.session.last_active_at == at
    assert (await world.record(pair)).last_active_at == at


@pytest.mark.parametrize(("margin", "deleted"), [(99, 1), (100, 1), (101, 0)])
@own_loop
async def test_the_margin_of_cleanup(margin: int, deleted: int) -> None:
    """What expired at least the margin ago is deleted, and nothing younger."""
    world = world_of(**SHORT, purge_margin_secs=margin)
    await world.service.authenticate("ann")
    world.clock.advance(1_100)
    assert await world.service.cleanup_expired() == deleted
    assert await world.service.cleanup_expired() == 0


@pytest.mark.parametrize("batch", [1, 3, 7, 8, 100])
@own_loop
async def test_cleanup_goes_on_until_nothing_is_left(batch: int) -> None:
    """Batches of any size delete all seven expired sessions, and no live one."""
    world = world_of(**SHORT, purge_margin_secs=0, purge_batch=batch, max_per_user=None)
    for _ in range(7):
        await world.service.authenticate("ann")
    world.clock.advance(1_000)
    live = await world.service.authenticate("ann")
    assert await world.service.cleanup_expired() == 7
    assert await world.listed() == [live.session_id]


@own_loop
async def test_cleanup_works_before_the_margin_has_ever_passed() -> None:
    """A clock near the epoch asks the store for no time below 0."""
    asked: list[int] = []

    class RecordingStore(MemoryStore):
        async def purge_expired(self, *, now: int, limit: int) -> int:
            asked.append(now)
            return await super().purge_expired(now=now, limit=limit)

    world = world_of(RecordingStore(), purge_margin_secs=86_400)
    for world.clock.at in (5, 86_400, 86_405):
        assert await world.service.cleanup_expired() == 0
    assert asked == [0, 0, 5]
