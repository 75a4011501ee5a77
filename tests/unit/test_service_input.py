"""What may be passed by mistake or malice: a named error, and no store is asked."""

import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from counting_store import CountingStore
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import World, claims_of, world_of

from jwtsession.errors import (
    InputInvalid,
    InvalidClaims,
    InvalidMetadata,
    InvalidUserId,
    MintingFailed,
    SessionNotFound,
    TokenRefused,
)
from jwtsession.ids import SECRET_BYTES
from jwtsession.models import DATA_MAX_BYTES, META_MAX_BYTES, SEEN_MAX_BYTES, TokenPair

SID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def nested(depth: int) -> Any:
    """Return arrays within arrays."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def nested_objects(depth: int) -> Any:
    """Return objects within objects."""
    value: Any = {}
    for _ in range(depth):
        value = {"m": value}
    return value


def cyclic() -> dict[str, Any]:
    """Return an object that contains itself."""
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def object_of(size: int) -> dict[str, str]:
    """Return an object that is exactly this many bytes long as canonical JSON."""
    return {"k": "x" * (size - len('{"k":""}'))}


BAD_USER_IDS: dict[str, Any] = {
    "empty": "",
    "too_long": "x" * 256,
    "huge": "x" * 10_000_000,
    "too_long_wide": "\U0001f600" * 256,
    "nul": "a\0b",
    "only_nul": "\0",
    "lone_surrogate": "a\ud800",
    "lone_low_surrogate": "\udfffa",
    "none": None,
    "bytes": b"ann",
    "integer": 7,
    "list": ["ann"],
    "mapping": {"id": "ann"},
    "false": False,
}

BAD_OBJECTS: dict[str, Any] = {
    "empty_list": [],
    "empty_text": "",
    "zero": 0,
    "false": False,
    "list": [1],
    "text": "{}",
    "bytes": b"{}",
    "integer": 1,
    "set": {1},
    "pairs": [("a", 1)],
    "nan": {"n": math.nan},
    "infinity": {"n": [math.inf]},
    "lone_surrogate": {"s": "\ud800"},
    "lone_surrogate_name": {"\udc00": 1},
    "integer_name": {1: "a"},
    "none_name": {None: 1},
    "bytes_within": {"b": b"x"},
    "object_within": {"o": object()},
    "set_within": {"s": {1}},
    "huge_integer": {"n": 10**400},
    "cyclic": cyclic(),
    "deep_lists": {"d": nested(100_000)},
    "deep_objects": nested_objects(100_000),
    "just_too_deep": nested_objects(32),
    "huge": {"k": "x" * 10_000_000},
}

BAD_TOKENS: dict[str, Any] = {
    "empty": "",
    "blank": " ",
    "word": "token",
    "dots": "..",
    "many_dots": "." * 5_000,
    "huge": "a" * 10_000_000,
    "huge_segments": ".".join(["a" * 3_000] * 3),
    "nul": "a\0.b.c",
    "not_ascii": "é.é.é",
    "lone_surrogate": "\ud800.a.b",
    "none": None,
    "bytes": b"a.b.c",
    "integer": 7,
    "list": ["a.b.c"],
    "mapping": {},
    "unsigned": "eyJhbGciOiJub25lIn0.e30.",
    "five_segments": "a.b.c.d.e",
    "no_json": "AAAA.AAAA.AAAA",
}

BAD_SESSION_IDS: dict[str, Any] = {
    "empty": "",
    "lower_case": SID.lower(),
    "short": SID[:-1],
    "long": SID + "0",
    "huge": "0" * 10_000_000,
    "overflow": "8" + SID[1:],
    "nul": SID[:-1] + "\0",
    "lone_surrogate": SID[:-1] + "\ud800",
    "other_digits": "\u0660" * 26,
    "new_line": SID + "\n",
    "none": None,
    "bytes": SID.encode(),
    "integer": 7,
    "list": [SID],
}

Call = Callable[[World, Any], Awaitable[Any]]

TAKE_USER_ID: dict[str, Call] = {
    "authenticate": lambda w, bad: w.service.authenticate(bad),
    "list": lambda w, bad: w.service.list(bad),
    "revoke": lambda w, bad: w.service.revoke(bad, SID),
    "revoke_all": lambda w, bad: w.service.revoke_all(bad),
    "revoke_all_except": lambda w, bad: w.service.revoke_all_except(bad, SID),
    "replace_data": lambda w, bad: w.service.replace_data(bad, SID, {}),
}

TAKE_OBJECT: dict[str, Call] = {
    "meta": lambda w, bad: w.service.authenticate("ann", bad),
    "data": lambda w, bad: w.service.authenticate("ann", data=bad),
    "replaced_data": lambda w, bad: w.service.replace_data("ann", SID, bad),
    "seen": lambda w, bad: w.service.rotate("not looked at", bad),
}

TAKE_TOKEN: dict[str, Call] = {
    "validate": lambda w, bad: w.service.validate(bad),
    "rotate": lambda w, bad: w.service.rotate(bad),
    "logout": lambda w, bad: w.service.logout(bad),
}

TAKE_SESSION_ID: dict[str, Call] = {
    "revoke": lambda w, bad: w.service.revoke("ann", bad),
    "revoke_all_except": lambda w, bad: w.service.revoke_all_except("ann", bad),
    "replace_data": lambda w, bad: w.service.replace_data("ann", bad, {}),
}


async def is_refused(call: Call, bad: Any, error: type[Exception]) -> Exception:
    """Assert that a call raises this error and that no store hears of it."""
    store = CountingStore(MemoryStore())
    world = world_of(store)
    with pytest.raises(error) as refused:
        await call(world, bad)
    assert store.since() == []
    assert world.events == []
    assert len(str(refused.value)) < 300
    assert str(refused.value)
    return refused.value


@pytest.mark.parametrize("name", BAD_USER_IDS)
@pytest.mark.parametrize("call", TAKE_USER_ID)
@own_loop
async def test_a_bad_user_id_is_named(call: str, name: str) -> None:
    """No store is asked for a user id out of bounds (SERVICE-INPUT)."""
    await is_refused(TAKE_USER_ID[call], BAD_USER_IDS[name], InvalidUserId)


@pytest.mark.parametrize("name", BAD_OBJECTS)
@pytest.mark.parametrize("call", TAKE_OBJECT)
@own_loop
async def test_bad_metadata_is_named(call: str, name: str) -> None:
    """What is no bounded JSON object is refused before any store is asked."""
    # SERVICE-INPUT
    error = await is_refused(TAKE_OBJECT[call], BAD_OBJECTS[name], InvalidMetadata)
    assert "xxx" not in str(error)


@own_loop
async def test_replacing_data_with_nothing_is_a_mistake() -> None:
    """None means nothing at sign-in, and is no object to replace data with."""
    # SERVICE-INPUT
    await is_refused(TAKE_OBJECT["replaced_data"], None, InvalidMetadata)
    world = world_of()
    pair = await world.service.authenticate("ann", None, data=None)
    assert await world.service.rotate(pair.refresh_token, None)


@pytest.mark.parametrize("name", BAD_TOKENS)
@pytest.mark.parametrize("call", TAKE_TOKEN)
@own_loop
async def test_a_bad_token_is_refused_by_name(call: str, name: str) -> None:
    """Whatever a client sends in place of a token is refused before any store is asked."""
    await is_refused(TAKE_TOKEN[call], BAD_TOKENS[name], TokenRefused)


@pytest.mark.parametrize("name", BAD_SESSION_IDS)
@pytest.mark.parametrize("call", TAKE_SESSION_ID)
@own_loop
async def test_a_bad_session_id_is_not_found(call: str, name: str) -> None:
    """What is no session id names no session, and no store is asked."""
    # SERVICE-REVOKE-OWN
    await is_refused(TAKE_SESSION_ID[call], BAD_SESSION_IDS[name], SessionNotFound)


@pytest.mark.parametrize(
    ("call", "limit"),
    [
        ("meta", META_MAX_BYTES),
        ("data", DATA_MAX_BYTES),
        ("replaced_data", DATA_MAX_BYTES),
        ("seen", SEEN_MAX_BYTES),
    ],
)
@own_loop
async def test_the_limit_is_exact_and_in_bytes(call: str, limit: int) -> None:
    """What is as large as allowed is kept, one byte more is not, and bytes are counted."""
    await is_refused(TAKE_OBJECT[call], object_of(limit + 1), InvalidMetadata)
    await is_refused(TAKE_OBJECT[call], {"k": "é" * (limit // 2)}, InvalidMetadata)
    world = world_of()
    pair = await world.service.authenticate("ann")
    largest = object_of(limit)
    if call == "meta":
        pair = await world.service.authenticate("ann", largest)
    elif call == "data":
        pair = await world.service.authenticate("ann", data=largest)
    elif call == "replaced_data":
        await world.service.replace_data("ann", pair.session_id, largest)
    else:
        await world.service.rotate(pair.refresh_token, largest)
    session = next(each for each in await world.sessions() if each.id == pair.session_id)
    assert largest in (session.meta, session.data, session.seen)


@pytest.mark.parametrize(
    "user_id",
    ["a", "x" * 255, "\U0001f600" * 255, " ", "ann\n", "{}", "ÅA\u030a", "..", "'; --"],
)
@own_loop
async def test_every_user_id_within_bounds_works_through_real_tokens(user_id: str) -> None:
    """Odd ids sign in, refresh, list and sign out, each apart from its neighbour."""
    world = world_of()
    await world.service.authenticate(user_id + "x" if len(user_id) < 255 else "y")
    pair = await world.service.authenticate(user_id)
    moved = await world.service.rotate(pair.refresh_token)
    validated = await world.service.validate(moved.access_token)
    assert validated.session is not None
    assert validated.session.user_id == validated.claims["sub"] == user_id
    assert await world.listed(user_id) == [pair.session_id]
    assert await world.service.logout(moved.refresh_token)
    assert await world.listed(user_id) == []


HOOK_ANSWERS: dict[str, tuple[Any, type[Exception]]] = {
    "none": (None, InvalidClaims),
    "list": ([("a", 1)], InvalidClaims),
    "text": ("a", InvalidClaims),
    "integer": (7, InvalidClaims),
    "sub": ({"sub": "root"}, InvalidClaims),
    "integer_name": ({1: "a"}, MintingFailed),
    "nan": ({"n": math.nan}, MintingFailed),
    "bytes": ({"b": b"x"}, MintingFailed),
    "lone_surrogate": ({"s": "\udfff"}, MintingFailed),
    "lone_surrogate_name": ({"\udfff": 1}, MintingFailed),
    "cyclic": (cyclic(), MintingFailed),
    "deep": ({"d": nested(100_000)}, MintingFailed),
    "huge": ({"k": "x" * 10_000_000}, MintingFailed),
    "token_too_long": ({"k": "x" * 8_000}, MintingFailed),
}


@pytest.mark.parametrize("name", HOOK_ANSWERS)
@own_loop
async def test_a_bad_answer_of_the_hook_is_named_and_nothing_is_stored(name: str) -> None:
    """No session is left that nobody can use (SERVICE-CLAIMS-RESERVED)."""
    answer, error = HOOK_ANSWERS[name]
    store = CountingStore(MemoryStore())
    world = world_of(store, access_claims=lambda _session: answer)
    with pytest.raises(error) as refused:
        await world.service.authenticate("ann")
    assert store.since() == []
    assert world.events == []
    assert "root" not in str(refused.value)
    assert "xxx" not in str(refused.value)


@own_loop
async def test_a_hook_that_fails_at_a_refresh_can_be_mended_within_the_grace() -> None:
    """The line has moved, and a retry gets the pair once the hook works again."""
    broken = False

    def hook(_session: object) -> Any:
        return {"sub": "root"} if broken else {"fine": True}

    world = world_of(access_claims=hook)
    pair = await world.service.authenticate("ann")
    broken = True
    with pytest.raises(InvalidClaims):
        await world.service.rotate(pair.refresh_token)
    broken = False
    again = await world.service.rotate(pair.refresh_token)
    assert claims_of(again.access_token)["fine"] is True
    assert claims_of(again.refresh_token)["gen"] == (await world.record(pair)).gen == 1


FORGED_CLAIMS: dict[str, dict[str, Any]] = {
    "no_sub": {"sub": None},
    "empty_sub": {"sub": ""},
    "long_sub": {"sub": "x" * 256},
    "nul_sub": {"sub": "a\0"},
    "list_sub": {"sub": ["ann"]},
    "lower_sid": {"sid": SID.lower()},
    "integer_sid": {"sid": 1},
    "text_exp": {"exp": "9999999999"},
    "float_exp": {"exp": 9e9},
    "huge_exp": {"exp": 2**53},
    "negative_iat": {"iat": -1},
    "boolean_gen": {"gen": True},
    "huge_gen": {"gen": 2**53 - 1},
    "null_auth_time": {"auth_time": None},
    "jti_no_secret": {"jti": "x.0"},
    "jti_integer": {"jti": 1},
    "jti_other_gen": {"gen": 5},
    "jti_huge_gen": {"jti": "A" * 43 + "." + "9" * 4_000},
    "deep": {"d": nested(31)},
}


@pytest.mark.parametrize("name", FORGED_CLAIMS)
@pytest.mark.parametrize("call", ["rotate", "logout"])
@own_loop
async def test_hostile_claims_under_a_good_signature_are_refused(
    call: str, name: str
) -> None:
    """Claims of the wrong form get a named error and no store call, whoever signed them."""
    store = CountingStore(MemoryStore())
    world = world_of(store)
    pair: TokenPair = await world.service.authenticate("ann")
    before = await world.record(pair)
    world.events.clear()
    store.since()
    forged = world.forge_refresh(pair.refresh_token, **FORGED_CLAIMS[name])
    if name == "deep":  # as deep as JSON may be, and otherwise good
        assert await getattr(world.service, call)(forged)
        return
    with pytest.raises(TokenRefused):
        await getattr(world.service, call)(forged)
    assert store.since() == []
    assert world.events == []
    assert await world.record(pair) == before


def test_input_errors_are_one_family() -> None:
    """An application catches them together, or as the ValueError that they are."""
    for error in (InvalidUserId, InvalidMetadata, InvalidClaims):
        assert issubclass(error, InputInvalid)
        assert issubclass(error, ValueError)
    assert SECRET_BYTES == 32
