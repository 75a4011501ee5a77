"""Signing out and revoking: what ends, what does not, and who hears of it."""

import asyncio

import pytest
from fault_store import PausingStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import GRACE, SIGNING_SECRET, START, World, config_of, world_of

from jwtsession.codec import JwtCodec
from jwtsession.errors import (
    InvalidSignature,
    RefreshForged,
    SessionNotFound,
    TokenRefused,
)
from jwtsession.keys import Key, KeyRing

LATER = {"now": 0, "expired": 10**9}
OTHERS_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize("kind", ["access", "refresh", "old_access", "old_refresh"])
@own_loop
async def test_any_authentic_token_of_a_session_ends_it(kind: str) -> None:
    """Of either kind, current or superseded, and twice is no error (SERVICE-LOGOUT-ANY)."""
    world = world_of()
    old = await world.service.authenticate("ann")
    other = await world.service.authenticate("ann")
    new = await world.service.rotate(old.refresh_token)
    world.clock.advance(10 * GRACE)
    token = {
        "access": new.access_token,
        "refresh": new.refresh_token,
        "old_access": old.access_token,
        "old_refresh": old.refresh_token,
    }[kind]
    world.events.clear()
    assert await world.service.logout(token) is True
    assert await world.stored(old) is None
    assert await world.listed() == [other.session_id]
    [told] = world.events
    assert (told.name, told.user_id, told.session_id, dict(told.detail)) == (
        "signed_out",
        "ann",
        old.session_id,
        {},
    )
    assert await world.service.logout(token) is False
    assert len(world.events) == 1


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@own_loop
async def test_an_expired_token_still_signs_out(kind: str) -> None:
    """A break longer than the token's life does not keep a session alive."""
    # SERVICE-LOGOUT-ANY
    world = world_of(refresh_ttl_secs=1_000, access_ttl_secs=100, reuse_grace_secs=10)
    old = await world.service.authenticate("ann")
    pair = old
    for _ in range(3):
        world.clock.advance(900)
        pair = await world.service.rotate(pair.refresh_token)
    assert await world.service.logout(getattr(old, kind)) is True  # both expired long ago
    assert await world.stored(pair) is None


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@own_loop
async def test_signing_out_of_an_expired_session_is_no_error(kind: str) -> None:
    """Where the session has ended by itself there is nothing to end."""
    # SERVICE-LOGOUT-ANY
    world = world_of()
    pair = await world.service.authenticate("ann")
    world.events.clear()
    world.clock.advance(10**9)
    assert await world.service.logout(getattr(pair, kind)) is False
    assert world.events == []


@own_loop
async def test_a_refresh_token_of_a_repaired_line_signs_out_too() -> None:
    """Generation does not matter to a sign-out, ahead of the record or behind."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    ahead = world.forge_generation(pair.refresh_token, 9)
    assert await world.service.logout(ahead) is True
    assert await world.stored(pair) is None


@pytest.mark.parametrize("gen", [0, 1, 7])
@own_loop
async def test_a_leaked_key_signs_nobody_out_by_refresh_token(gen: int) -> None:
    """A token that never was one of its session changes nothing (SERVICE-LOGOUT-FORGED)."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    before = await world.record(pair)
    world.events.clear()
    with pytest.raises(RefreshForged):
        await world.service.logout(world.forge_stranger(pair.refresh_token, gen))
    assert await world.record(pair) == before
    [told] = world.events
    assert (told.name, told.user_id, told.session_id) == (
        "refresh_forged",
        "ann",
        pair.session_id,
    )
    assert dict(told.detail) == {
        "reason": "foreign_secret",
        "gen": 0,
        "presented_gen": gen,
        "seen": {},
    }


@own_loop
async def test_a_token_of_another_key_signs_nobody_out() -> None:
    """Authentic means signed with a key of the ring."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    stranger = JwtCodec(KeyRing([Key.hmac("another secret, also long enough!!")]))
    forged = stranger.encode_access(world.codec.decode_access(pair.access_token, now=START))
    with pytest.raises(InvalidSignature):
        await world.service.logout(forged)
    with pytest.raises(TokenRefused):
        await world.service.logout(pair.access_token[:-1])
    assert await world.stored(pair) is not None


@own_loop
async def test_simultaneous_sign_outs_end_it_once() -> None:
    """Of eight with both kinds of token one is told that it ended a session."""
    world = world_of(PausingStore(MemoryStore()))
    pair = await world.service.authenticate("ann")
    world.events.clear()
    answers = await asyncio.gather(
        *(
            world.service.logout([pair.access_token, pair.refresh_token][n % 2])
            for n in range(8)
        )
    )
    assert sorted(answers) == [False] * 7 + [True]
    assert world.events.names() == ["signed_out"]


@own_loop
async def test_a_sign_out_beside_a_refresh_wins() -> None:
    """Whatever the order, no session is left, and no alarm rings."""
    for first in ("rotate", "logout"):
        world = world_of(PausingStore(MemoryStore()))
        pair = await world.service.authenticate("ann")
        world.events.clear()
        calls = {
            "rotate": lambda w=world, p=pair: w.service.rotate(p.refresh_token),
            "logout": lambda w=world, p=pair: w.service.logout(p.access_token),
        }
        order = [first, *(calls.keys() - {first})]
        await asyncio.gather(*(calls[name]() for name in order), return_exceptions=True)
        assert await world.stored(pair) is None
        assert "refresh_reused" not in world.events.names()


def retired_world(retired_at: int, **settings: int) -> tuple[World, JwtCodec]:
    """Build a server whose old key leaked and was kept for refresh tokens only."""
    old = {"secret": SIGNING_SECRET, "kid": "old"}
    before = JwtCodec(KeyRing([Key.hmac(**old)]))
    ring = KeyRing(
        [Key.hmac(**old, use="refresh", retired_at=retired_at), Key.generate(kid="new")]
    )
    codec = JwtCodec(ring, leeway_secs=settings.get("leeway_secs", 0))
    return world_of(codec=codec, **settings), before


@own_loop
async def test_a_key_kept_for_refresh_tokens_signs_nobody_out() -> None:
    """Tokens from before a leak refresh and sign out, and the new key signs the rest."""
    world, before = retired_world(START + 10)
    old = world.another(codec=before, clock=world.clock)
    phone = await old.service.authenticate("ann")
    laptop = await old.service.authenticate("ann")
    world.clock.advance(60)
    with pytest.raises(InvalidSignature):
        await world.service.validate(phone.access_token)
    moved = await world.service.rotate(phone.refresh_token)
    assert await world.service.validate(moved.access_token)
    assert await world.service.logout(laptop.refresh_token) is True
    assert await world.listed() == [phone.session_id]
    assert world.events.names() == ["rotated", "signed_out"]


@pytest.mark.parametrize("leeway", [0, 5])
@pytest.mark.parametrize("operation", ["rotate", "logout"])
@own_loop
async def test_a_token_signed_after_its_key_was_retired_is_forged(
    operation: str, leeway: int
) -> None:
    """It is refused and told, and nothing it says of a user is believed."""
    # SERVICE-ROTATE-FORGED
    world, before = retired_world(START + 10, leeway_secs=leeway)
    old = world.another(codec=before, clock=world.clock)
    pair = await old.service.authenticate("ann")
    record = await world.record(pair)
    claims = before.decode_refresh(pair.refresh_token, now=START)
    world.clock.advance(60)
    late = before.encode_refresh({**claims, "iat": START + 11 + leeway})
    seen = [{"ip": "::1"}] if operation == "rotate" else []
    with pytest.raises(RefreshForged):
        await getattr(world.service, operation)(late, *seen)
    assert await world.record(pair) == record
    [told] = world.events
    assert (told.name, told.user_id, told.session_id) == ("refresh_forged", None, None)
    assert dict(told.detail) == {
        "reason": "retired_key",
        "gen": None,
        "presented_gen": None,
        "seen": dict(*seen),
    }
    in_time = before.encode_refresh({**claims, "iat": START + 10 + leeway})
    assert await getattr(world.service, operation)(in_time)


@own_loop
async def test_revoking_ends_that_session_only() -> None:
    """One session goes and says so; the others of all users stay (SERVICE-REVOKE-OWN)."""
    world = world_of()
    phone = await world.service.authenticate("ann")
    laptop = await world.service.authenticate("ann")
    world.events.clear()
    await world.service.revoke("ann", phone.session_id)
    assert await world.listed() == [laptop.session_id]
    assert [(e.name, e.user_id, e.session_id, dict(e.detail)) for e in world.events] == [
        ("revoked", "ann", phone.session_id, {})
    ]


@pytest.mark.parametrize("which", ["someone else's", "gone", "never", "expired"])
@own_loop
async def test_revoking_what_is_not_yours_is_not_found(which: str) -> None:
    """Nobody learns whether an id is someone else's (SERVICE-REVOKE-OWN)."""
    world = world_of(refresh_ttl_secs=1_000, access_ttl_secs=100)
    mine = await world.service.authenticate("ann")
    if which == "gone":
        await world.service.revoke("ann", mine.session_id)
    if which == "expired":
        world.clock.advance(1_000)
    hers = await world.service.authenticate("bob")
    world.events.clear()
    session_id = {"someone else's": hers.session_id, "never": OTHERS_ID}.get(
        which, mine.session_id
    )
    with pytest.raises(SessionNotFound):
        await world.service.revoke("ann", session_id)
    assert await world.listed("bob") == [hers.session_id]
    assert world.events == []


@own_loop
async def test_revoking_all_ends_all_of_one_user() -> None:
    """Every session of ann's ends, none of bob's, and one event counts them."""
    world = world_of()
    for _ in range(3):
        await world.service.authenticate("ann")
    hers = await world.service.authenticate("bob")
    world.events.clear()
    assert await world.service.revoke_all("ann") == 3
    assert await world.listed() == []
    assert await world.listed("bob") == [hers.session_id]
    assert await world.service.revoke_all("ann") == 0
    assert [(e.name, e.user_id, e.session_id, dict(e.detail)) for e in world.events] == [
        ("revoked_all", "ann", None, {"count": 3, "kept": None}),
        ("revoked_all", "ann", None, {"count": 0, "kept": None}),
    ]


@own_loop
async def test_revoking_the_others_keeps_one() -> None:
    """Everywhere else means everywhere but here (SERVICE-REVOKE-OTHERS)."""
    world = world_of()
    pairs = [await world.service.authenticate("ann") for _ in range(3)]
    kept = pairs[1]
    world.events.clear()
    assert await world.service.revoke_all_except("ann", kept.session_id) == 2
    assert await world.listed() == [kept.session_id]
    assert await world.service.validate(kept.access_token)
    [told] = world.events
    assert (told.name, dict(told.detail)) == (
        "revoked_all",
        {"count": 2, "kept": kept.session_id},
    )


@pytest.mark.parametrize("which", ["someone else's", "gone", "never", "no id"])
@own_loop
async def test_revoking_the_others_of_nothing_ends_nothing(which: str) -> None:
    """Where the one to keep is not live, no session ends (SERVICE-REVOKE-OTHERS)."""
    world = world_of()
    mine = await world.service.authenticate("ann")
    gone = await world.service.authenticate("ann")
    await world.service.revoke("ann", gone.session_id)
    hers = await world.service.authenticate("bob")
    keep = {
        "someone else's": hers.session_id,
        "gone": gone.session_id,
        "never": OTHERS_ID,
        "no id": "all",
    }[which]
    world.events.clear()
    with pytest.raises(SessionNotFound):
        await world.service.revoke_all_except("ann", keep)
    assert await world.listed() == [mine.session_id]
    assert await world.listed("bob") == [hers.session_id]
    assert world.events == []


@own_loop
async def test_data_is_replaced_whole_and_nothing_else_changes() -> None:
    """The application's data comes back as written, the last writer wins."""
    world = world_of()
    pair = await world.service.authenticate("ann", data={"a": 1, "b": 2})
    before = await world.record(pair)
    await world.service.replace_data("ann", pair.session_id, {"c": ["é", None]})
    [session] = await world.sessions()
    assert session.data == {"c": ["é", None]}
    after = await world.record(pair)
    assert (after.data, after.gen, after.last_active_at, after.refresh_hash) == (
        '{"c":["é",null]}',
        before.gen,
        before.last_active_at,
        before.refresh_hash,
    )
    with pytest.raises(SessionNotFound):
        await world.service.replace_data("bob", pair.session_id, {})
    await world.service.revoke_all("ann")
    with pytest.raises(SessionNotFound):
        await world.service.replace_data("ann", pair.session_id, {})


def test_the_configuration_of_a_world_is_the_default() -> None:
    """These tests speak of the defaults that users get."""
    config = config_of()
    assert config.reuse_grace_secs == GRACE
    assert config.max_per_user == 20
