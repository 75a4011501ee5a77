"""Whatever a token holds: claims, or one named error of the specification.

Two kinds of hostile tokens: text of any kind, and any bytes under a good signature, which
is what a leaked key or a careless issuer makes.
"""

from __future__ import annotations

import contextlib
import hmac
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vector_making.signing import b64
from vector_making.token_parts import ACCESS, ISSUER, NOW, REFRESH

from jwtsession.codec import JwtCodec
from jwtsession.errors import RefreshForged, TokenRefused
from jwtsession.keys import Key, KeyRing
from jwtsession.payload import JwtDecoder

SECRET = bytes(range(32))
OLD = Key.hmac(SECRET, kid="old", use="refresh", retired_at=NOW)
RINGS = [
    KeyRing([Key.hmac(SECRET, kid="k1")]),
    KeyRing([Key.hmac(SECRET)]),
    KeyRing([OLD, Key.generate("EdDSA", kid="k1"), Key.generate("ES256", kid="e")]),
    KeyRing([Key.generate("RS256", kid="k1")]),
]
CODECS = [JwtCodec(ring, issuer=ISSUER) for ring in RINGS] + [
    JwtCodec(RINGS[0], leeway_secs=9)
]
DECODERS = [JwtDecoder(ring, typ=None, required=()) for ring in RINGS]
TOKENS = [CODECS[0].encode_access(ACCESS), CODECS[0].encode_refresh(REFRESH)]
FUZZ = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

ANY_TEXT = st.text(st.characters(), max_size=30)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | ANY_TEXT
    | st.sampled_from(
        [NOW, "refresh", "access", 2**53, 10**400, ["access"], "01J8ZQ4W3X5Y7A9BCDEFGHJKMN"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)


def ends_well(token: str) -> bool:
    """Decode in every way; the answer is claims or a named error, and the same again."""
    accepted = False
    for codec in CODECS:
        for decode in (codec.decode_access, codec.decode_refresh):
            answers = []
            for _ in range(2):
                try:
                    answers.append(json.dumps(decode(token, now=NOW)))
                    accepted = True
                except (TokenRefused, RefreshForged) as error:
                    answers.append(error.code)
            assert answers[0] == answers[1]
    for decoder in DECODERS:
        with contextlib.suppress(TokenRefused):
            decoder.decode(token, now=NOW)
    return accepted


def signed(header: bytes, payload: bytes) -> str:
    """Sign any bytes with the key that two of the rings believe."""
    message = f"{b64(header)}.{b64(payload)}"
    return f"{message}.{b64(hmac.digest(SECRET, message.encode(), 'sha256'))}"


def encoded(value: Any) -> bytes:
    """Write JSON as a careless writer does: NaN, lone surrogates and all."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


@FUZZ
@given(ANY_TEXT | st.text(".=AZaz09-_+/ \n\0é", max_size=60))
def test_any_text_ends_well(token: str) -> None:
    """No text is accepted, and none ends with a foreign exception."""
    assert not ends_well(token)


@FUZZ
@given(st.sampled_from(TOKENS), st.data())
def test_a_token_with_any_edit_ends_well(token: str, data: st.DataObject) -> None:
    """A token with a piece taken out and another put in is refused, or is the same text."""
    start = data.draw(st.integers(0, len(token)))
    end = data.draw(st.integers(start, min(len(token), start + 4)))
    piece = data.draw(st.text("AQgw.=-_\n\0é", max_size=3))
    changed = token[:start] + piece + token[end:]
    assert ends_well(changed) == (changed == token)


HEADERS = st.fixed_dictionaries(
    {
        "alg": st.sampled_from(["HS256", "none", "EdDSA", "ES256", "RS256"]) | JSON,
        "typ": st.sampled_from(["at+jwt", "rt+jwt", "JWT"]) | JSON,
    },
    optional={
        "kid": st.sampled_from(["k1", "old", "e"]) | JSON,
        "crit": JSON,
        "b64": JSON,
        "jwk": JSON,
        "x": JSON,
    },
)


@FUZZ
@given(HEADERS | JSON, st.sampled_from([ACCESS, REFRESH]))
def test_any_signed_header_ends_well(header: Any, claims: dict[str, Any]) -> None:
    """A header of any types under a good signature ends with claims or a named error."""
    ends_well(signed(encoded(header), encoded(claims)))


@FUZZ
@given(
    st.sampled_from([("at+jwt", ACCESS), ("rt+jwt", REFRESH)]),
    st.sampled_from(["k1", "old", None]),
    st.dictionaries(st.sampled_from([*ACCESS, "nbf", "x"]), JSON, min_size=1, max_size=3),
    st.sets(st.sampled_from(list(ACCESS)), max_size=1),
)
def test_any_signed_claims_end_well(
    kind: tuple[str, dict[str, Any]],
    kid: str | None,
    changes: dict[str, Any],
    dropped: set[str],
) -> None:
    """Good claims with some of any type, and one left out, end with claims or an error."""
    typ, claims = kind
    header = {"alg": "HS256", "typ": typ} | ({} if kid is None else {"kid": kid})
    changed = {
        name: value for name, value in (claims | changes).items() if name not in dropped
    }
    ends_well(signed(encoded(header), encoded(changed)))


@FUZZ
@given(
    st.sampled_from(
        [{"alg": "HS256", "kid": "k1", "typ": typ} for typ in ("at+jwt", "rt+jwt")]
    ),
    st.binary(max_size=200)
    | JSON.map(encoded)
    | st.integers(1, 6000).map(lambda depth: b"[" * depth)
    | st.integers(1, 3000).map(lambda depth: b"[" * depth + b"]" * depth)
    | st.integers(1, 1000).map(lambda depth: b'{"x":' * depth + b"1" + b"}" * depth)
    | st.integers(1, 6000).map(lambda digits: b'{"exp":' + b"9" * digits + b"}"),
)
def test_any_signed_payload_ends_well(header: dict[str, str], payload: bytes) -> None:
    """Any bytes under a good signature are refused by name: none of them are claims."""
    assert not ends_well(signed(encoded(header), payload))


def test_the_fuzzing_reaches_acceptance() -> None:
    """What is fuzzed around is accepted when it is left alone."""
    assert all(ends_well(token) for token in TOKENS)
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "k1"}
    assert ends_well(signed(encoded(header), encoded(ACCESS)))
