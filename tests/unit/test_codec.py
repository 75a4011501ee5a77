"""The codec beyond its vectors: configuration, minting, arguments, and what never shows."""

from __future__ import annotations

import traceback
from types import MappingProxyType
from typing import Any

import pytest
from vector_making.token_parts import ACCESS, ISSUER, NOW, REFRESH, SECRET

from jwtsession import codec as module
from jwtsession.codec import MAX_TOKEN_CHARS, JwtCodec, parse_refresh_jti, refresh_jti
from jwtsession.errors import (
    AudienceMismatch,
    ConfigInvalid,
    InvalidSignature,
    MalformedToken,
    SerializationFailed,
    SigningFailed,
    TokenExpired,
    TokenRefused,
)
from jwtsession.keys import Key, KeyRing
from jwtsession.tokens import compact

RING = KeyRing([Key.hmac(bytes(range(32)), kid="k1")])
CODEC = JwtCodec(RING, issuer=ISSUER)
TOKEN = CODEC.encode_access(ACCESS)
PRESENTED = CODEC.encode_refresh(REFRESH)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ring": None}, "ring must be a KeyRing"),
        ({"ring": [Key.generate()]}, "ring must be a KeyRing"),
        ({"issuer": ""}, "issuer must be a text"),
        ({"issuer": 1}, "issuer must be a text"),
        ({"access_audience": ""}, "access_audience must be a text"),
        ({"access_audience": None}, "access_audience must be a text"),
        ({"access_audience": ["access"]}, "access_audience must be a text"),
        ({"access_audience": "refresh"}, "which is the audience of refresh tokens"),
        ({"leeway_secs": -1}, "leeway_secs must be a whole number"),
        ({"leeway_secs": 1.5}, "leeway_secs must be a whole number"),
        ({"leeway_secs": True}, "leeway_secs must be a whole number"),
        ({"leeway_secs": None}, "leeway_secs must be a whole number"),
        ({"leeway_secs": 2**53}, "leeway_secs must be a whole number"),
        ({"issuer": "", "leeway_secs": -1}, "issuer must .*; leeway_secs must"),
    ],
)
def test_a_codec_that_cannot_be_configured(arguments: dict[str, Any], message: str) -> None:
    """Arguments out of bounds are refused together, when the codec is made."""
    with pytest.raises(ConfigInvalid, match=message):
        JwtCodec(**{"ring": RING} | arguments)


@pytest.mark.parametrize(
    "token",
    [
        None,
        b"",
        TOKEN.encode(),
        1,
        True,
        [TOKEN],
        {"token": TOKEN},
        object(),
        "",
        "\ud800",
        TOKEN + "\0",
        "." * 100_000,
        "A" * 1_000_000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_token_is_malformed(token: Any) -> None:
    """Whatever is passed for a token, both kinds end with the same named error."""
    for decode in (CODEC.decode_access, CODEC.decode_refresh):
        with pytest.raises(MalformedToken) as caught:
            decode(token, now=NOW)
        assert str(caught.value) == MalformedToken.message


@pytest.mark.parametrize(
    "claims",
    [
        {**ACCESS, "x": b"bytes"},
        {**ACCESS, "x": float("nan")},
        {**ACCESS, "x": "\ud800"},
        {**ACCESS, 1: "x"},
        {**ACCESS, "x": object()},
        {**ACCESS, "x": 10**400},
        None,
        [],
        "{}",
        [("sub", "x")],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_minted(claims: Any) -> None:
    """It is one named error, before anything is signed, and shows no claim."""
    for encode in (CODEC.encode_access, CODEC.encode_refresh):
        with pytest.raises(SerializationFailed) as caught:
            encode(claims)
        assert "user-1" not in str(caught.value)


def test_nothing_is_minted_that_is_too_long_to_be_accepted() -> None:
    """The longest token is accepted again; one more claim is refused when it is minted."""
    room = MAX_TOKEN_CHARS - len(CODEC.encode_access({**ACCESS, "x": ""}))
    fits = {**ACCESS, "x": "y" * (room * 3 // 4)}
    token = CODEC.encode_access(fits)
    assert MAX_TOKEN_CHARS - 3 <= len(token) <= MAX_TOKEN_CHARS
    assert CODEC.decode_access(token, now=NOW) == fits
    with pytest.raises(SerializationFailed, match="8192 are the most"):
        CODEC.encode_access({**fits, "x": fits["x"] + "yyy"})


def test_any_mapping_can_be_minted() -> None:
    """Claims need not be a dict, and are not changed."""
    claims = MappingProxyType(dict(ACCESS))
    assert CODEC.encode_access(claims) == TOKEN
    assert dict(claims) == ACCESS


def test_a_ring_of_public_keys_mints_nothing() -> None:
    """It verifies what another ring signed, and names what it cannot do."""
    signing = Key.generate("EdDSA", kid="e")
    public = signing.public_jwk()
    assert public is not None
    reader = JwtCodec(KeyRing([Key.jwk(public)], signs=False))
    assert reader.decode_access(JwtCodec(KeyRing([signing])).encode_access(ACCESS), now=NOW)
    with pytest.raises(SigningFailed):
        reader.encode_access(ACCESS)


def test_claims_are_the_callers_own() -> None:
    """Changing what was answered changes no later answer."""
    first = CODEC.decode_access(TOKEN, now=NOW)
    first["sub"] = "somebody else"
    assert CODEC.decode_access(TOKEN, now=NOW) == ACCESS


def test_a_header_that_was_seen_before_is_not_believed_for_its_signature() -> None:
    """A forged token under a known header is refused, also the second time."""
    assert CODEC.decode_access(TOKEN, now=NOW)
    forged = TOKEN.rpartition(".")[0] + "." + PRESENTED.rpartition(".")[2]
    for _ in range(2):
        with pytest.raises(InvalidSignature):
            CODEC.decode_access(forged, now=NOW)


def test_one_codec_does_not_answer_for_another() -> None:
    """A token that one ring accepts is refused by a ring with another key of that name."""
    other = JwtCodec(KeyRing([Key.hmac(bytes(32), kid="k1")]), issuer=ISSUER)
    assert CODEC.decode_access(TOKEN, now=NOW)
    with pytest.raises(InvalidSignature):
        other.decode_access(TOKEN, now=NOW)


def test_an_expired_token_is_enough_to_sign_out() -> None:
    """Without the check of exp, authentic and expired passes, and nothing else does."""
    late = ACCESS["exp"] + 10**9
    with pytest.raises(TokenExpired):
        CODEC.decode_access(TOKEN, now=late)
    assert CODEC.decode_access(TOKEN, now=late, verify_exp=False) == ACCESS
    assert CODEC.decode_refresh(PRESENTED, now=late + 10**9, verify_exp=False) == REFRESH
    with pytest.raises(InvalidSignature):
        CODEC.decode_access(TOKEN[:-4] + "AAAA", now=late, verify_exp=False)
    with pytest.raises(AudienceMismatch):
        CODEC.decode_access(PRESENTED, now=late, verify_exp=False)


def test_too_long_a_token_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is encoded, decoded or parsed of it."""

    def never(*_: object) -> bytes:
        raise AssertionError

    for name in ("_decode", "_header", "loads"):
        monkeypatch.setattr(compact, name, never)
    with pytest.raises(MalformedToken):
        CODEC.decode_access(TOKEN + "A" * MAX_TOKEN_CHARS, now=NOW)
    with pytest.raises(AssertionError):
        CODEC.decode_access(TOKEN, now=NOW)


def test_a_payload_is_not_parsed_before_its_signature_is_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a forged token not one claim is read."""

    def never(_: object) -> dict[str, Any]:
        raise AssertionError

    monkeypatch.setattr(module, "claims_object", never)
    with pytest.raises(InvalidSignature):
        CODEC.decode_access(TOKEN[:-4] + "AAAA", now=NOW)
    with pytest.raises(AssertionError):
        CODEC.decode_access(TOKEN, now=NOW)


def test_no_refusal_shows_anything_of_the_token() -> None:
    """Message, cause and printed traceback hold no part of it."""
    marked = {**REFRESH, "sub": "marked\0user", "x": "marked"}
    token = CODEC.encode_refresh(marked)
    with pytest.raises(TokenRefused) as caught:
        CODEC.decode_refresh(token, now=NOW)
    shown = "".join(traceback.format_exception(caught.value))
    for part in ("marked", *token.split("."), str(REFRESH["jti"])):
        assert part not in shown


def test_a_codec_does_not_show_its_keys() -> None:
    """Its repr tells the configuration and masks the ring."""
    shown = repr(CODEC)
    assert "k1" in shown
    assert ISSUER in shown
    assert "\\x" not in shown
    assert repr(bytes(range(32)))[2:20] not in shown


@pytest.mark.parametrize("gen", [0, 1, 9, 10, 2**53 - 2])
def test_a_refresh_jti_is_read_as_it_was_written(gen: int) -> None:
    """Secret and generation come back."""
    assert parse_refresh_jti(refresh_jti(SECRET, gen)) == (SECRET, gen)


@pytest.mark.parametrize(
    ("secret", "gen"),
    [(b"", 0), (SECRET[:31], 0), (SECRET + b"x", 0), (SECRET, -1), (SECRET, 2**53 - 1)],
)
def test_a_refresh_jti_that_nobody_would_accept_is_not_written(
    secret: bytes, gen: int
) -> None:
    """Out of bounds is a named error, and the secret is not in it."""
    with pytest.raises(SerializationFailed) as caught:
        refresh_jti(secret, gen)
    assert "x00" not in str(caught.value)


@pytest.mark.parametrize(
    "jti",
    [
        "",
        ".",
        "a.b.c",
        "\0",
        "\ud800",
        "é" * 43 + ".1",
        "A" * 43 + ".1" + "1" * 5000,
        "A" * 10**6,
    ],
    ids=range(8),
)
def test_a_text_that_is_no_refresh_jti(jti: str) -> None:
    """Reading it by itself ends with one named error."""
    with pytest.raises(MalformedToken):
        parse_refresh_jti(jti)
