"""Signing in: what is stored, what is minted, who is evicted."""

import asyncio
import hashlib
from typing import Any

import pytest
from counting_store import CountingStore
from fault_store import PausingStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import START, claims_of, secret_of, world_of

from jwtsession import ids
from jwtsession.errors import InvalidClaims
from jwtsession.minting import RESERVED_CLAIMS
from jwtsession.models import Session, SessionRecord


@own_loop
async def test_the_record_and_both_tokens_say_the_same() -> None:
    """A sign-in stores what its tokens say, and hears of itself once."""
    # SERVICE-ROTATE-EXTENDS
    world = world_of(issuer="https://id.example")
    pair = await world.service.authenticate("ann", {"ip": "::1"}, data={"cart": [1, 2]})
    secret = secret_of(pair.refresh_token)
    assert await world.record(pair) == SessionRecord(
        user_id="ann",
        id=pair.session_id,
        refresh_hash=hashlib.sha256(secret + bytes(8)).digest(),
        gen=0,
        created_at=START,
        rotated_at=START,
        last_active_at=START,
        expires_at=START + 2_592_000,
        meta='{"ip":"::1"}',
        data='{"cart":[1,2]}',
        seen="{}",
    )
    shared = {
        "iss": "https://id.example",
        "sub": "ann",
        "sid": pair.session_id,
        "gen": 0,
        "auth_time": START,
        "iat": START,
    }
    refresh = dict(claims_of(pair.refresh_token))
    access = dict(claims_of(pair.access_token))
    assert refresh.pop("jti").endswith(".0")
    assert access.pop("jti") not in pair.refresh_token
    assert refresh == {**shared, "aud": "refresh", "exp": START + 2_592_000}
    assert access == {**shared, "aud": "access", "exp": START + 900}
    assert (pair.access_expires_at, pair.refresh_expires_at) == (
        START + 900,
        START + 2_592_000,
    )
    assert not pair.refresh_repeated
    assert [
        (event.name, event.at, event.user_id, event.session_id) for event in world.events
    ]
    assert dict(world.events[0].detail) == {"meta": {"ip": "::1"}}
    assert world.events.names() == ["signed_in"]


@own_loop
async def test_without_an_issuer_no_token_names_one() -> None:
    """The claim iss is there only where an issuer is configured."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    assert "iss" not in claims_of(pair.access_token)
    assert "iss" not in claims_of(pair.refresh_token)


@own_loop
async def test_each_sign_in_draws_its_own_secret_and_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Secrets are 256 bits from a cryptographic source, never twice."""
    # SERVICE-SIGN-IN-SECRET
    drawn: list[bytes] = []
    token_bytes = ids.secrets.token_bytes

    def recorded(count: int) -> bytes:
        drawn.append(token_bytes(count))
        return drawn[-1]

    monkeypatch.setattr(ids.secrets, "token_bytes", recorded)
    world = world_of(max_per_user=None)
    pairs = [await world.service.authenticate("ann") for _ in range(20)]
    found = [secret_of(pair.refresh_token) for pair in pairs]
    assert {len(secret) for secret in found} == {32}
    assert len(set(found)) == len({pair.session_id for pair in pairs}) == 20
    assert set(found) <= set(drawn)


@own_loop
async def test_a_sign_in_over_the_limit_ends_the_least_recently_active() -> None:
    """The oldest idle session goes, an event says which and why (SERVICE-SIGN-IN-LIMIT)."""
    world = world_of(max_per_user=2, touch_interval_secs=10)
    first = await world.service.authenticate("ann")
    world.clock.advance(1)
    second = await world.service.authenticate("ann")
    other = await world.service.authenticate("bob")
    world.clock.advance(20)
    await world.service.validate(first.access_token)  # touches: second is the idle one now
    world.events.clear()
    third = await world.service.authenticate("ann")
    assert await world.listed() == sorted([first.session_id, third.session_id])
    assert await world.listed("bob") == [other.session_id]
    assert [(event.name, event.session_id) for event in world.events] == [
        ("signed_in", third.session_id),
        ("evicted", second.session_id),
    ]
    assert world.events[1].user_id == "ann"
    assert dict(world.events[1].detail) == {"by": third.session_id}


@own_loop
async def test_simultaneous_sign_ins_never_overshoot() -> None:
    """Ten at once leave exactly three, and each eviction is told once."""
    # SERVICE-SIGN-IN-LIMIT
    world = world_of(PausingStore(MemoryStore()), max_per_user=3)
    pairs = await asyncio.gather(*(world.service.authenticate("ann") for _ in range(10)))
    left = set(await world.listed())
    evicted = [event.session_id for event in world.events if event.name == "evicted"]
    assert len(left) == 3
    assert len(evicted) == len(set(evicted)) == 7
    assert left | set(evicted) == {pair.session_id for pair in pairs}


@own_loop
async def test_without_a_limit_nobody_is_evicted() -> None:
    """With max_per_user None every session stays."""
    world = world_of(max_per_user=None)
    for _ in range(30):
        await world.service.authenticate("ann")
    assert len(await world.listed()) == 30
    assert set(world.events.names()) == {"signed_in"}


@own_loop
async def test_the_hook_sees_the_session_and_only_access_tokens_carry_its_claims() -> None:
    """Extra claims come from the session as it will be, at sign-in and at every refresh."""
    seen: list[Session] = []

    def roles(session: Session) -> dict[str, Any]:
        seen.append(session)
        return {"roles": session.data["roles"], "n": session.gen}

    world = world_of(access_claims=roles)
    pair = await world.service.authenticate("ann", {"ua": "x"}, data={"roles": ["admin"]})
    moved = await world.service.rotate(pair.refresh_token)
    validated = await world.service.validate(moved.access_token)
    assert validated.claims["roles"] == ["admin"]
    assert (claims_of(pair.access_token)["n"], validated.claims["n"]) == (0, 1)
    assert "roles" not in claims_of(pair.refresh_token)
    assert "roles" not in claims_of(moved.refresh_token)
    assert [(one.gen, one.id, dict(one.meta)) for one in seen] == [
        (0, pair.session_id, {"ua": "x"}),
        (1, pair.session_id, {"ua": "x"}),
    ]


@pytest.mark.parametrize("claim", sorted(RESERVED_CLAIMS))
@own_loop
async def test_the_hook_cannot_set_a_claim_of_the_specification(claim: str) -> None:
    """A reserved claim is refused and leaves no session behind."""
    # SERVICE-CLAIMS-RESERVED
    store = CountingStore(MemoryStore())
    world = world_of(store, access_claims=lambda _session: {"fine": 1, claim: "root"})
    with pytest.raises(InvalidClaims, match=claim) as refused:
        await world.service.authenticate("ann")
    assert "root" not in str(refused.value)
    assert store.since() == []
    assert world.events == []


@own_loop
async def test_a_hook_that_raises_leaves_no_session_behind() -> None:
    """What the application's hook raises reaches the application, and nothing is stored."""

    def broken(_session: Session) -> dict[str, Any]:
        raise LookupError("no such role")

    store = CountingStore(MemoryStore())
    world = world_of(store, access_claims=broken)
    with pytest.raises(LookupError, match="no such role"):
        await world.service.authenticate("ann")
    assert store.since() == []
    assert world.events == []
