"""Tokens of an application's own: what comes back, and what is never confused."""

from __future__ import annotations

import math
import traceback
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel
from vector_making.token_parts import ACCESS, NOW, REFRESH

from jwtsession.codec import JwtCodec
from jwtsession.errors import (
    AudienceMismatch,
    ConfigInvalid,
    DeserializationFailed,
    InvalidAudience,
    InvalidClaims,
    InvalidHeader,
    InvalidIssuer,
    InvalidSignature,
    JwtSessionError,
    MalformedToken,
    NotYetValid,
    SerializationFailed,
    TokenExpired,
)
from jwtsession.keys import Key, KeyRing
from jwtsession.payload import JwtDecoder, JwtEncoder

RING = KeyRing([Key.hmac(bytes(range(32)), kid="k1")])


class StoppedClock:
    """A clock that stands still."""

    def now(self) -> int:
        """Return the one present there is."""
        return NOW


CLOCK = StoppedClock()


class Invitation(BaseModel):
    """A payload of every type that JSON does not have, which forbids other members."""

    model_config = ConfigDict(extra="forbid", strict=True)

    team: str = Field(alias="t")
    id: UUID
    at: datetime
    price: Decimal
    tags: frozenset[str] = frozenset()
    note: str | None = None
    sub: str | None = None


INVITATION = Invitation(
    t="red", id=UUID(int=7), at=datetime(2026, 1, 2, tzinfo=UTC), price=Decimal("1.50")
)


def encoder(**more: Any) -> JwtEncoder:
    """Return an encoder with an hour to live."""
    return JwtEncoder(RING, **{"ttl_secs": 3600, "clock": CLOCK} | more)


def decoder(**more: Any) -> JwtDecoder[dict[str, Any]]:
    """Return a decoder of bare claims."""
    return JwtDecoder(RING, **{"clock": CLOCK} | more)


def test_a_model_comes_back() -> None:
    """What pydantic can write as JSON it reads again, strict and closed models too."""
    token = encoder(issuer="me", audience="invitation").encode(INVITATION)
    read = JwtDecoder(RING, Invitation, issuer="me", audience="invitation", clock=CLOCK)
    assert read.decode(token) == INVITATION


def test_a_mapping_comes_back_with_what_was_added() -> None:
    """iat, exp, iss and aud stand beside the payload."""
    token = encoder(issuer="me", audience="you").encode({"n": [1, {"x": None}], "sub": "u"})
    assert decoder(issuer="me", audience="you").decode(token) == {
        "n": [1, {"x": None}],
        "sub": "u",
        "iat": NOW,
        "exp": NOW + 3600,
        "iss": "me",
        "aud": "you",
    }


def test_the_same_payload_is_the_same_token() -> None:
    """Members are in canonical order, whatever theirs was."""
    assert encoder().encode({"a": 1, "b": 2}) == encoder().encode({"b": 2, "a": 1})


def test_a_model_may_declare_what_wraps_it() -> None:
    """Declared ones are given to it, by name, alias or choice; None ones are not sent."""

    class Receipt(BaseModel):
        model_config = ConfigDict(extra="forbid")
        exp: int | None = None
        issued: Annotated[int | None, Field(alias="iat")] = None
        reader: Annotated[
            str | None, Field(validation_alias=AliasChoices("reader", "aud"))
        ] = None

    token = encoder(audience="you").encode({})
    read = JwtDecoder(RING, Receipt, audience="you", clock=CLOCK).decode(token)
    assert (read.exp, read.issued, read.reader) == (NOW + 3600, NOW, "you")
    assert decoder().decode(encoder().encode(Receipt())) == {
        "exp": NOW + 3600,
        "iat": NOW,
        "reader": None,
    }


def test_now_is_an_argument_or_the_clocks() -> None:
    """An argument wins over the clock, and without either the machine's clock is read."""
    token = encoder().encode({}, now=NOW - 3600)
    assert decoder().decode(token, now=NOW - 1)["iat"] == NOW - 3600
    with pytest.raises(TokenExpired):
        decoder().decode(token)
    fresh = JwtEncoder(RING, ttl_secs=3600).encode({})
    assert JwtDecoder(RING).decode(fresh)["exp"] > 1_700_000_000


@pytest.mark.parametrize(
    ("now", "leeway", "error"),
    [
        (NOW + 3599, 0, None),
        (NOW + 3600, 0, TokenExpired),
        (NOW + 3609, 10, None),
        (NOW + 3610, 10, TokenExpired),
        (NOW + 5, 0, None),
        (NOW + 4, 0, NotYetValid),
        (NOW - 5, 10, None),
        (NOW - 6, 10, NotYetValid),
    ],
)
def test_exp_and_nbf_have_exact_limits(now: int, leeway: int, error: type | None) -> None:
    """One before, at and after, with leeway and without."""
    token = encoder().encode({"nbf": NOW + 5})
    read = decoder(leeway_secs=leeway)
    if error is None:
        assert read.decode(token, now=now)["nbf"] == NOW + 5
    else:
        with pytest.raises(error):
            read.decode(token, now=now)


def test_a_token_that_never_expires_must_be_asked_for_twice() -> None:
    """The encoder is told so, and so is the decoder; else it is refused."""
    token = encoder(ttl_secs=None).encode({"x": 1})
    with pytest.raises(DeserializationFailed):
        decoder().decode(token)
    assert decoder(required=()).decode(token) == {"x": 1, "iat": NOW}
    own = encoder(ttl_secs=None).encode({"exp": NOW + 5})
    assert decoder().decode(own)["exp"] == NOW + 5


def test_required_claims_are_required() -> None:
    """A missing one is refused, and so is one that is null; one name may stand alone."""
    for payload in ({}, {"seat": None}):
        with pytest.raises(DeserializationFailed):
            decoder(required=["exp", "seat"]).decode(encoder().encode(payload))
    assert decoder(required="seat").decode(encoder().encode({"seat": 0}))["seat"] == 0


@pytest.mark.parametrize(
    ("given", "wanted", "error"),
    [
        ({"issuer": "me"}, {"issuer": "me"}, None),
        ({"issuer": "me"}, {}, None),
        ({}, {"issuer": "me"}, InvalidIssuer),
        ({"issuer": "me/"}, {"issuer": "me"}, InvalidIssuer),
        ({"audience": "you"}, {"audience": "you"}, None),
        ({"audience": "you"}, {}, InvalidAudience),
        ({}, {"audience": "you"}, InvalidAudience),
        ({"audience": "You"}, {"audience": "you"}, InvalidAudience),
        ({"typ": "invite+jwt"}, {"typ": "invite+jwt"}, None),
        ({"typ": "invite+jwt"}, {"typ": None}, None),
        ({"typ": "invite+jwt"}, {}, InvalidHeader),
        ({"typ": "jwt"}, {}, InvalidHeader),
    ],
)
def test_issuer_audience_and_type_must_be_those_configured(
    given: dict[str, Any], wanted: dict[str, Any], error: type[JwtSessionError] | None
) -> None:
    """Each is compared exactly, and an audience that nobody asked for is refused."""
    token = encoder(**given).encode({})
    if error is None:
        assert decoder(**wanted).decode(token)["iat"] == NOW
    else:
        with pytest.raises(error):
            decoder(**wanted).decode(token)


def test_one_of_several_audiences_is_enough() -> None:
    """A payload may bring an array of its own where the encoder sets none."""
    token = encoder().encode({"aud": ["you", "them"]})
    assert decoder(audience="them").decode(token)["aud"] == ["you", "them"]
    with pytest.raises(InvalidAudience):
        decoder(audience="us").decode(token)


def test_session_tokens_and_own_tokens_are_never_confused() -> None:
    """Neither side accepts the other's, also where any type will do."""
    codec = JwtCodec(RING)
    sessions = [codec.encode_access(ACCESS), codec.encode_refresh(REFRESH)]
    for audience in ("access", "refresh", None):
        for typ in ("JWT", None):
            read = decoder(audience=audience, typ=typ)
            for token in sessions:
                with pytest.raises(AudienceMismatch):
                    read.decode(token)
    for claims in (ACCESS, REFRESH):
        own = {name: value for name, value in claims.items() if name != "iat"}
        token = encoder(ttl_secs=None).encode(own)
        for decode in (codec.decode_access, codec.decode_refresh):
            with pytest.raises(InvalidHeader):
                decode(token, now=NOW)


def test_a_key_kept_for_refresh_tokens_verifies_nothing_else() -> None:
    """A leaked key is good for no token of an application's own."""
    token = encoder().encode({})
    leaked = Key.hmac(bytes(range(32)), kid="k1", use="refresh", retired_at=NOW + 5)
    ring = KeyRing([leaked, Key.generate(kid="k2")])
    with pytest.raises(InvalidSignature):
        JwtDecoder(ring, clock=CLOCK).decode(token)


class Broken(BaseModel):
    """A model whose value pydantic cannot write."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    value: Any


@pytest.mark.parametrize(
    ("payload", "error", "message"),
    [
        (None, SerializationFailed, "a pydantic model or a mapping"),
        ("{}", SerializationFailed, "a pydantic model or a mapping"),
        (b"{}", SerializationFailed, "a pydantic model or a mapping"),
        ([("a", 1)], SerializationFailed, "a pydantic model or a mapping"),
        (Invitation, SerializationFailed, "a pydantic model or a mapping"),
        (RootModel[list[int]]([1]), SerializationFailed, "a pydantic model or a mapping"),
        (Broken(value=object()), SerializationFailed, "the model cannot be written"),
        (
            Invitation.model_construct(team=5),
            SerializationFailed,
            "the model cannot be written",
        ),
        (Broken(value="\ud800"), SerializationFailed, "surrogates"),
        ({"x": "\ud800"}, SerializationFailed, "lone surrogates"),
        ({"x": math.nan}, SerializationFailed, "finite"),
        ({"x": b"secret"}, SerializationFailed, "only JSON values"),
        ({1: "secret"}, SerializationFailed, "only JSON values"),
        ({"x": "secret" * 2000}, SerializationFailed, "8192 are the most"),
        ({"exp": 1}, InvalidClaims, "the encoder sets exp"),
        ({"iat": 1, "exp": 1}, InvalidClaims, "the encoder sets exp, iat"),
        ({"nbf": "1"}, InvalidClaims, "whole seconds"),
        ({"nbf": True}, InvalidClaims, "whole seconds"),
        ({"nbf": -1}, InvalidClaims, "whole seconds"),
        ({"iss": 1}, InvalidClaims, "iss is text"),
        ({"aud": 1}, InvalidClaims, "aud is text"),
        ({"aud": [1]}, InvalidClaims, "aud is text"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_payload_that_cannot_be_minted(
    payload: Any, error: type[JwtSessionError], message: str
) -> None:
    """Nothing is minted that no decoder would accept, and no message shows a value."""
    with pytest.raises(error, match=message) as caught:
        encoder().encode(payload)
    assert "secret" not in "".join(
        traceback.format_exception(caught.value, chain=True)[-1:]
    )


@pytest.mark.parametrize("now", [-5000, 2**53, 2**53 - 1])
def test_a_present_out_of_bounds_mints_nothing(now: int) -> None:
    """Times stay below 2^53, exp included."""
    with pytest.raises(InvalidClaims):
        encoder().encode({}, now=now)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"t": "red"},
        {"t": 1, "id": str(UUID(int=7)), "at": "2026-01-02T00:00:00Z", "price": "1"},
        {"t": "red", "id": "7", "at": "2026-01-02T00:00:00Z", "price": "1"},
        {"t": "red", "id": str(UUID(int=7)), "at": "then", "price": "1"},
        {
            "t": "r",
            "id": str(UUID(int=7)),
            "at": "2026-01-02T00:00:00Z",
            "price": "1",
            "x": 1,
        },
        {
            "t": "r",
            "id": str(UUID(int=7)),
            "at": "2026-01-02T00:00:00Z",
            "price": "1",
            "sub": 1,
        },
    ],
    ids=range(7),
)
def test_a_payload_that_is_not_the_model(payload: dict[str, Any]) -> None:
    """It is one named error that shows nothing of the payload."""
    token = encoder().encode(payload)
    with pytest.raises(DeserializationFailed) as caught:
        JwtDecoder(RING, Invitation, clock=CLOCK).decode(token)
    assert str(caught.value) == DeserializationFailed.message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("token", [None, b"", 1, "", ".", "\ud800", "A" * 100_000, "a.b"])
def test_what_is_no_token(token: Any) -> None:
    """Anything but a compact token is malformed."""
    with pytest.raises(MalformedToken):
        decoder().decode(token)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (encoder, {"typ": "at+jwt"}, "must not be that of a session token"),
        (encoder, {"typ": "RT+JWT"}, "must not be that of a session token"),
        (encoder, {"typ": "application/At+Jwt"}, "must not be that of a session token"),
        (encoder, {"typ": ""}, "typ must be a text"),
        (encoder, {"typ": None}, "typ must be a text"),
        (encoder, {"typ": 1}, "typ must be a text"),
        (encoder, {"issuer": ""}, "issuer must be a text"),
        (encoder, {"audience": ["you"]}, "audience must be a text"),
        (encoder, {"audience": "", "issuer": ""}, "issuer must .*; audience must"),
        (encoder, {"ttl_secs": 0}, "ttl_secs must be 1 or more"),
        (encoder, {"ttl_secs": -1}, "ttl_secs must be a whole number"),
        (encoder, {"ttl_secs": 1.5}, "ttl_secs must be a whole number"),
        (encoder, {"ttl_secs": True}, "ttl_secs must be a whole number"),
        (decoder, {"typ": "at+jwt"}, "must not be that of a session token"),
        (decoder, {"typ": "application/rt+jwt"}, "must not be that of a session token"),
        (decoder, {"typ": ""}, "typ must be a text"),
        (decoder, {"leeway_secs": -1}, "leeway_secs must be a whole number"),
        (
            decoder,
            {"audience": 1, "leeway_secs": "1"},
            "audience must .*; leeway_secs must",
        ),
        (decoder, {"model": dict}, "a pydantic model class"),
        (decoder, {"model": INVITATION}, "a pydantic model class"),
        (decoder, {"model": "Invitation"}, "a pydantic model class"),
        (decoder, {"required": [1]}, "names of claims"),
        (decoder, {"required": None}, "names of claims"),
    ],
)
def test_what_cannot_be_configured(
    make: Any, arguments: dict[str, Any], message: str
) -> None:
    """Arguments out of bounds are refused when the encoder or decoder is made."""
    with pytest.raises(ConfigInvalid, match=message):
        make(**arguments)


@pytest.mark.parametrize("ring", [None, [], "k1", Key.generate()])
def test_a_ring_is_a_ring(ring: Any) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ConfigInvalid, match="ring must be a KeyRing"):
        JwtEncoder(ring, ttl_secs=1)
    with pytest.raises(ConfigInvalid, match="ring must be a KeyRing"):
        JwtDecoder(ring)
