"""Access tokens: how long they are good, and what a session's end does to them."""

import pytest
from counting_store import CountingStore
from fault_store import FaultStore, lose_writes_since
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, START, World, world_of

from jwtsession.errors import (
    AccessSuperseded,
    AudienceMismatch,
    InvalidAudience,
    InvalidIssuer,
    JwtSessionError,
    SessionNotFound,
    StoreUnavailable,
    TokenExpired,
)


@own_loop
async def test_a_good_token_gives_its_claims_and_its_session() -> None:
    """What was noted, what the application keeps and what was seen come back parsed."""
    world = world_of()
    pair = await world.service.authenticate("ann", {"ip": "a"}, data={"n": [1]})
    moved = await world.service.rotate(pair.refresh_token, {"ip": "b"})
    validated = await world.service.validate(moved.access_token)
    session = validated.session
    assert session is not None
    assert validated.claims["sub"] == session.user_id == "ann"
    assert validated.claims["sid"] == session.id == pair.session_id
    assert (session.meta, session.data, session.seen) == (
        {"ip": "a"},
        {"n": [1]},
        {"ip": "b"},
    )
    assert (session.gen, session.created_at, session.rotated_at) == (1, START, START)
    assert [session] == list(await world.sessions())


@own_loop
async def test_a_refresh_ends_no_access_token_in_flight() -> None:
    """Tokens from before any number of refreshes are good until they expire."""
    # SERVICE-ACCESS-IN-FLIGHT
    world = world_of()
    pair = await world.service.authenticate("ann")
    first = pair.access_token
    for _ in range(5):
        pair = await world.service.rotate(pair.refresh_token)
        world.clock.advance(GRACE)
        assert await world.service.validate(first)
    assert (await world.record(pair)).gen == 5
    world.clock.advance(START + 900 - world.clock.at)
    with pytest.raises(TokenExpired):
        await world.service.validate(first)


async def by_sign_out(world: World, access: str, sid: str) -> None:
    """Sign out."""
    del sid
    await world.service.logout(access)


async def by_revocation(world: World, access: str, sid: str) -> None:
    """Revoke the session."""
    del access
    await world.service.revoke("ann", sid)


async def by_revoking_all(world: World, access: str, sid: str) -> None:
    """Revoke all sessions."""
    del access, sid
    await world.service.revoke_all("ann")


async def by_eviction(world: World, access: str, sid: str) -> None:
    """Sign in once more than the limit allows."""
    del access, sid
    world.clock.advance(1)
    await world.service.authenticate("ann")


@pytest.mark.parametrize("end", [by_sign_out, by_revocation, by_revoking_all, by_eviction])
@own_loop
async def test_the_access_tokens_of_an_ended_session_are_refused(end: object) -> None:
    """However the session ended, both its tokens find nothing (SERVICE-ACCESS-ENDED)."""
    world = world_of(max_per_user=1)
    pair = await world.service.authenticate("ann")
    moved = await world.service.rotate(pair.refresh_token)
    await end(world, pair.access_token, pair.session_id)  # type: ignore[operator]
    for token in (pair.access_token, moved.access_token):
        with pytest.raises(SessionNotFound):
            await world.service.validate(token)
    with pytest.raises(SessionNotFound):
        await world.service.rotate(moved.refresh_token)
    assert pair.session_id not in await world.listed()


@own_loop
async def test_the_other_kind_of_token_is_no_access_token() -> None:
    """A refresh token opens no request (RFC 8725 §3.12)."""
    store = CountingStore(MemoryStore())
    world = world_of(store)
    pair = await world.service.authenticate("ann")
    store.since()
    with pytest.raises(AudienceMismatch):
        await world.service.validate(pair.refresh_token)
    with pytest.raises(AudienceMismatch):
        await world.service.rotate(pair.access_token)
    assert store.since() == []


@pytest.mark.parametrize("operation", ["validate", "rotate", "logout"])
@own_loop
async def test_tokens_of_another_issuer_are_refused(operation: str) -> None:
    """A configured issuer is required of both kinds of token, the key shared or not."""
    here = world_of(issuer="https://here")
    there = here.another(clock=here.clock, issuer="https://there")
    pair = await there.service.authenticate("ann")
    tokens = {"validate": [pair.access_token], "rotate": [pair.refresh_token]}
    for token in tokens.get(operation, [pair.access_token, pair.refresh_token]):
        with pytest.raises(InvalidIssuer):
            await getattr(here.service, operation)(token)
    assert await there.stored(pair) is not None
    assert await getattr(there.service, operation)(token)


@own_loop
async def test_access_tokens_for_another_audience_are_refused() -> None:
    """Each service takes access tokens of its own audience, and refresh tokens of any."""
    api = world_of(access_audience="api")
    pay = api.another(clock=api.clock, access_audience="pay")
    pair = await api.service.authenticate("ann")
    assert await api.service.validate(pair.access_token)
    for refused in (pay.service.validate, pay.service.logout):
        with pytest.raises(InvalidAudience):
            await refused(pair.access_token)
    moved = await pay.service.rotate(pair.refresh_token)
    assert await pay.service.validate(moved.access_token)
    assert await api.stored(pair) is not None


@pytest.mark.parametrize(
    ("behind", "age", "error"),
    [
        (0, 0, None),
        (1, 0, None),
        (1, GRACE - 1, None),
        (1, GRACE, AccessSuperseded),
        (1, GRACE + 1, AccessSuperseded),
        (2, 0, AccessSuperseded),
        (2, GRACE - 1, AccessSuperseded),
        (-1, 0, None),
        (-1, GRACE, None),
    ],
)
@own_loop
async def test_an_access_token_bound_to_its_generation(
    behind: int, age: int, error: type[JwtSessionError] | None
) -> None:
    """Good at the record's generation, one behind in the grace, or ahead."""
    # SERVICE-ACCESS-BOUND
    world = world_of(bind_access_to_generation=True)
    pairs = [await world.service.authenticate("ann")]
    records = [await world.record(pairs[0])]
    for _ in range(3):
        world.clock.advance(GRACE)
        pairs.append(await world.service.rotate(pairs[-1].refresh_token))
        records.append(await world.record(pairs[0]))
    if behind < 0:
        await lose_writes_since(world.store, records[2], world.clock.at)
    world.clock.advance(age)
    before = await world.record(pairs[0])
    token = pairs[3 - max(behind, 0)].access_token
    if error is None:
        assert await world.service.validate(token)
    else:
        with pytest.raises(error):
            await world.service.validate(token)
    assert await world.record(pairs[0]) == before
    world.clock.advance(GRACE)
    assert await world.service.rotate(pairs[3].refresh_token)


@own_loop
async def test_without_state_no_store_is_asked() -> None:
    """Claims come without a session, and an ended session is not noticed."""
    # SERVICE-STATELESS
    store = CountingStore(MemoryStore())
    world = world_of(store, stateful_validation=False)
    pair = await world.service.authenticate("ann")
    await world.service.revoke_all("ann")
    store.since()
    world.clock.advance(899)
    validated = await world.service.validate(pair.access_token)
    assert validated.session is None
    assert validated.claims["sid"] == pair.session_id
    assert store.since() == []
    world.clock.advance(1)
    with pytest.raises(TokenExpired):
        await world.service.validate(pair.access_token)


@own_loop
async def test_a_touch_moves_the_session_up_the_list() -> None:
    """last_active_at moves in steps of the interval, and never more often."""
    # SERVICE-TOUCH
    store = CountingStore(MemoryStore())
    world = world_of(store, access_ttl_secs=3_600)
    first = await world.service.authenticate("ann")
    world.clock.advance(1)
    second = await world.service.authenticate("ann")
    assert await world.listed() == [second.session_id, first.session_id]
    world.clock.advance(299)
    store.since()
    await world.service.validate(first.access_token)
    await world.service.validate(first.access_token)
    assert store.since() == ["get", "touch", "get"]
    assert await world.listed() == [first.session_id, second.session_id]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [None, RuntimeError("a bug in a store")])
@own_loop
async def test_a_touch_that_fails_fails_no_request(
    when: str, error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The request goes on, the failure is logged, the next request touches again."""
    # SERVICE-TOUCH
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pair = await world.service.authenticate("ann")
    world.clock.advance(300)
    faulty.fail_next("touch", when, error)  # type: ignore[arg-type]
    validated = await world.service.validate(pair.access_token)
    assert validated.session is not None
    assert validated.session.last_active_at == START
    assert faulty.failed["touch"] == 1
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("jwtsession", "WARNING", "a session could not be touched")
    ]
    world.clock.advance(1)
    await world.service.validate(pair.access_token)
    assert (await world.record(pair)).last_active_at == world.clock.at - (when == "after")


@own_loop
async def test_a_session_that_ends_before_its_touch_claims_no_new_activity() -> None:
    """A touch that found nothing is not reported as one (SERVICE-TOUCH)."""

    class EndingStore(MemoryStore):
        async def touch(self, key: object, *, now: int) -> bool:
            await self.remove(key, now=now)  # type: ignore[arg-type]
            return await super().touch(key, now=now)  # type: ignore[arg-type]

    world = world_of(EndingStore())
    pair = await world.service.authenticate("ann")
    world.clock.advance(300)
    validated = await world.service.validate(pair.access_token)
    assert validated.session is not None
    assert validated.session.last_active_at == START
    with pytest.raises(SessionNotFound):
        await world.service.validate(pair.access_token)


@own_loop
async def test_a_shorter_absolute_lifetime_holds_for_sessions_from_before_it() -> None:
    """The record's created_at is judged wherever there is a record (SERVICE-ABSOLUTE)."""
    world = world_of(absolute_ttl_secs=None)
    pair = await world.service.authenticate("ann")
    other = await world.service.authenticate("ann")
    world.clock.advance(500)
    strict = world.another(clock=world.clock, absolute_ttl_secs=501, access_ttl_secs=60)
    assert await strict.service.validate(pair.access_token)
    kept = await world.record(pair)
    assert len(await strict.listed()) == 2
    world.clock.advance(1)
    with pytest.raises(TokenExpired):
        await strict.service.validate(pair.access_token)
    with pytest.raises(TokenExpired):
        await strict.service.rotate(pair.refresh_token)
    with pytest.raises(SessionNotFound):
        await strict.service.revoke_all_except("ann", pair.session_id)
    assert await strict.listed() == []
    assert await world.record(pair) == kept
    assert await world.stored(other) is not None
    assert strict.events == []


@own_loop
async def test_a_looked_up_session_past_its_absolute_end_is_not_repeated() -> None:
    """Rule 1 answers no session that is over (SERVICE-ABSOLUTE)."""
    world = world_of(absolute_ttl_secs=None)
    pair = await world.service.authenticate("ann")
    world.clock.advance(500)
    moved = await world.service.rotate(pair.refresh_token)
    strict = world.another(clock=world.clock, absolute_ttl_secs=500, access_ttl_secs=60)
    with pytest.raises(TokenExpired):
        await strict.service.rotate(moved.refresh_token)
    assert (await world.record(pair)).gen == 1


@own_loop
async def test_a_validation_without_an_answer_is_an_outage() -> None:
    """Nobody is told that a session ended where nobody could look (SERVICE-OUTAGE)."""
    faulty = FaultStore(MemoryStore())
    world = world_of(faulty)
    pair = await world.service.authenticate("ann")
    faulty.fail_next("get")
    with pytest.raises(StoreUnavailable):
        await world.service.validate(pair.access_token)
    assert await world.service.validate(pair.access_token)
