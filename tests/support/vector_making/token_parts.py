"""What the vectors of tokens share: keys, claims, and tokens put together from bytes."""

from __future__ import annotations

import json
from typing import Any

from vector_making.document import Document
from vector_making.signing import TestKey, b64

__all__ = [
    "ACCESS",
    "CONFIG",
    "ISSUER",
    "KEY",
    "NOW",
    "OTHER",
    "REFRESH",
    "SECRET",
    "Raw",
    "access",
    "compact",
    "config",
    "document",
    "refresh",
    "text",
]

NOW = 1_900_000_000
ISSUER = "https://issuer.example"
SECRET = bytes(range(32))

KEY = TestKey("k1", "HS256", "first")
OTHER = TestKey("k2", "HS256", "second")

ACCESS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "user-1",
    "aud": "access",
    "exp": NOW + 900,
    "iat": NOW,
    "jti": "q83vEjRWeJCrze8SNFZ4kA",
    "sid": "01J8ZQ4W3X5Y7A9BCDEFGHJKMN",
    "gen": 3,
    "auth_time": NOW - 5000,
}
REFRESH: dict[str, Any] = {
    **ACCESS,
    "aud": "refresh",
    "exp": NOW + 2_592_000,
    "jti": b64(SECRET) + ".3",
}

HEADER = [
    "Tokens, and what verifying them ends with: their claims, or one code. A group gives",
    "the ring of keys, oldest to newest, and the configuration; a test the kind that is",
    "asked for, the time, and where it differs from the default the leeway of the call",
    "(leewaySecs) and whether exp is checked (verifyExp). The keys protect nothing.",
]

NOTES = {
    "AlgConfusion": {
        "bugType": "KNOWN_BUG",
        "description": "The token chooses the algorithm: a public key becomes a secret.",
    },
    "AlgNone": {"bugType": "KNOWN_BUG", "description": "An unsigned token is accepted."},
    "Boundary": {
        "bugType": "EDGE_CASE",
        "description": "One before, at, and one after the limit.",
    },
    "ClaimMissing": {"bugType": "MISSING_CHECK", "description": "A claim is not there."},
    "ClaimRange": {
        "bugType": "MISSING_CHECK",
        "description": "A claim is out of its range.",
    },
    "ClaimType": {
        "bugType": "MISSING_CHECK",
        "description": "A claim has another type: languages that convert accept it.",
    },
    "Crash": {
        "bugType": "KNOWN_BUG",
        "description": "Libraries in use end with a foreign exception, or not at all.",
    },
    "Critical": {
        "bugType": "MISSING_CHECK",
        "description": "The header asks for an extension that is not understood.",
    },
    "DuplicateMember": {
        "bugType": "CONFUSION",
        "description": "A member occurs twice: two parsers see two tokens.",
    },
    "JsonStructure": {"bugType": "MISSING_CHECK", "description": "Not one JSON object."},
    "KeyInjection": {
        "bugType": "KNOWN_BUG",
        "description": "The token brings its key, or says where to fetch it.",
    },
    "KeyRetired": {
        "bugType": "MISSING_CHECK",
        "description": "A key that is kept for refresh tokens only, after a leak.",
    },
    "Kid": {
        "bugType": "MISSING_CHECK",
        "description": "The kid is a hint to look up as text, and nothing else.",
    },
    "KindConfusion": {
        "bugType": "CONFUSION",
        "description": "A token of one kind where the other belongs.",
    },
    "Malleable": {
        "bugType": "MALLEABILITY",
        "description": "The same token, written in another way.",
    },
    "Normal": {"bugType": "BASIC", "description": "What is minted every day."},
    "Order": {
        "bugType": "EDGE_CASE",
        "description": "Two things are wrong; what is checked first is what is said.",
    },
    "RefreshJti": {
        "bugType": "MISSING_CHECK",
        "description": "The jti of a refresh token has exactly one form.",
    },
    "Signature": {"bugType": "BASIC", "description": "The signature is of something else."},
    "SignatureForm": {
        "bugType": "MISSING_STEP",
        "description": "The signature is encoded or padded in another way.",
    },
    "Size": {
        "bugType": "CAN_OF_WORMS",
        "description": "Longer or deeper than is accepted.",
    },
    "Surrogate": {
        "bugType": "KNOWN_BUG",
        "description": "A lone surrogate is no text, and no store can keep it.",
    },
    "Time": {"bugType": "BASIC", "description": "Too early or too late."},
    "Typ": {
        "bugType": "CONFUSION",
        "description": "The type is not exactly the one asked for.",
    },
    "Unicode": {"bugType": "EDGE_CASE", "description": "Characters beyond ASCII."},
}


class Raw(str):
    """JSON text to be written as it stands."""

    __slots__ = ()


def text(members: dict[str, Any]) -> str:
    """Write an object whose members may be `Raw`."""
    return (
        "{"
        + ",".join(
            json.dumps(name)
            + ":"
            + (
                value
                if isinstance(value, Raw)
                else json.dumps(value, separators=(",", ":"))
            )
            for name, value in members.items()
        )
        + "}"
    )


def _octets(part: dict[str, Any] | str | bytes) -> bytes:
    if isinstance(part, bytes):
        return part
    return (part if isinstance(part, str) else text(part)).encode()


def compact(
    header: dict[str, Any] | str | bytes,
    payload: dict[str, Any] | str | bytes,
    key: TestKey = KEY,
) -> str:
    """Sign whatever is given, as it is given."""
    message = b64(_octets(header)) + "." + b64(_octets(payload))
    return message + "." + b64(key.sign(message.encode()))


def _header(typ: str, key: TestKey) -> dict[str, Any]:
    named = {"kid": key.kid} if key.kid else {}
    return {"alg": key.alg, **named, "typ": typ}


def access(payload: dict[str, Any] | str | bytes = ACCESS, key: TestKey = KEY) -> str:
    """Return a token under the header of an access token."""
    return compact(_header("at+jwt", key), payload, key)


def refresh(payload: dict[str, Any] | str | bytes = REFRESH, key: TestKey = KEY) -> str:
    """Return a token under the header of a refresh token."""
    return compact(_header("rt+jwt", key), payload, key)


def config(*keys: TestKey, **changes: Any) -> dict[str, Any]:
    """Return the configuration of a group."""
    return {
        "keys": [key.config for key in keys or (KEY,)],
        "issuer": ISSUER,
        "accessAudience": "access",
        "leewaySecs": 0,
        **changes,
    }


CONFIG = config()


def document(name: str) -> Document:
    """Start a file of vectors about verifying tokens."""
    return Document(f"{name}.json", "token.schema.json", "token", HEADER, NOTES)
