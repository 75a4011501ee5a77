"""Vectors about minting: the same claims are the same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vector_making.document import Document
from vector_making.signing import b64
from vector_making.token_parts import ACCESS, KEY, OTHER, REFRESH
from vector_making.token_signature import KEYS

__all__ = ["mint"]

HEADER = [
    "Claims, in any order, and the token to mint from them with the newest key that can",
    "sign. Where the algorithm draws random numbers, only the message before the",
    "signature is fixed. Members are sorted by code point; nothing is escaped that need",
    "not be.",
]
NOTES = {
    "Deterministic": {"bugType": "BASIC", "description": "The whole token is fixed."},
    "Randomised": {
        "bugType": "BASIC",
        "description": "The signature is drawn; it must verify.",
    },
    "Canonical": {
        "bugType": "EDGE_CASE",
        "description": "Order, white space, escapes: one way to write it.",
    },
    "ActiveKey": {
        "bugType": "CONFUSION",
        "description": "The newest that can sign, signs.",
    },
}
TYPES = {"access": "at+jwt", "refresh": "rt+jwt"}
ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
RID = "TOKEN-MINT-CANONICAL"


def _string(text: str) -> str:
    return (
        '"'
        + "".join(
            ESCAPES.get(char) or (f"\\u{ord(char):04x}" if char < " " else char)
            for char in text
        )
        + '"'
    )


def _canonical(value: Any) -> str:
    """Write canonical JSON from its definition."""
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{_string(k)}:{_canonical(value[k])}" for k in sorted(value))
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(_canonical(one) for one in value) + "]"
    if isinstance(value, str):
        return _string(value)
    return (
        {None: "null", True: "true", False: "false"}.get(value)
        if value is None or isinstance(value, bool)
        else str(value)
    )  # type: ignore[return-value]


def mint() -> Document:
    """Return the vectors of minting."""
    made = Document("token_mint.json", "mint.schema.json", "mint", HEADER, NOTES)
    for alg in ("HS256", "HS384", "HS512", "EdDSA", "RS256", "RS512", "PS256", "ES256"):
        key = KEYS[alg]
        group = made.group("TokenMinting", alg, keys=[key.config])
        for kind, claims in (("access", ACCESS), ("refresh", REFRESH)):
            _add(group, key, f"{kind} token", kind, claims)
    group = made.group("TokenMinting", "one way to write it", keys=[KEY.config])
    backwards = dict(reversed(ACCESS.items()))
    for comment, extra in [
        ("the order of the claims does not matter", {}),
        (
            "names are sorted by code point",
            {"b": 1, "a": 2, "B": 3, "_": 4, "\u00e9": 5, "": 6},
        ),
        ("objects inside are sorted too", {"x": {"z": 1, "y": {"b": [], "a": {}}}}),
        ("arrays are not", {"x": [3, 1, 2]}),
        (
            "nothing beyond ASCII is escaped",
            {"x": "Stra\u00dfe \u4e2d \U0001f600 \u2028 /"},
        ),
        (
            "quotes, backslashes and control characters are",
            {"x": '"\\/\b\f\n\r\t\0\x1f\x7f'},
        ),
        ("booleans, null and large integers", {"x": [True, False, None, 2**53 - 1, -1, 0]}),
    ]:
        _add(group, KEY, comment, "access", backwards | extra, "Canonical")
    bare = replace(KEY, kid=None)
    group = made.group("TokenMinting", "a key without a name", keys=[bare.config])
    _add(group, bare, "no kid in the header", "access", ACCESS, "Canonical")

    public = {**KEYS["RS256"].config, "jwk": KEYS["RS256"].public_jwk}
    retired = replace(KEYS["HS512"], use="refresh", retired_at=0)
    for comment, ring, key in [
        ("the newest signs", [KEY.config, OTHER.config], OTHER),
        ("the newest is public only", [KEY.config, public], KEY),
        ("the newest is retired", [KEY.config, retired.config], KEY),
    ]:
        group = made.group("TokenMinting", comment, keys=ring)
        _add(group, key, comment, "access", ACCESS, "ActiveKey", rid="TOKEN-KEY-ROLL")
    return made


def _add(
    group: Any, key: Any, comment: str, kind: str, claims: Any, *flags: str, rid: str = RID
) -> None:
    header = {"alg": key.alg, "typ": TYPES[kind]} | ({"kid": key.kid} if key.kid else {})
    message = b64(_canonical(header).encode()) + "." + b64(_canonical(claims).encode())
    drawn = key.alg[:2] in {"PS", "ES"}
    outcome = {} if drawn else {"token": f"{message}.{b64(key.sign(message.encode()))}"}
    flag = "Randomised" if drawn else "Deterministic"
    group.add(
        comment, rid, flag, *flags, kind=kind, claims=claims, message=message, **outcome
    )
