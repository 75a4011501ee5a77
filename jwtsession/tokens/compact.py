"""The compact form of a signed token (RFC 7515 §7.1): put together, and taken apart.

What a token says is believed in this order, each step bounded by the one before it: its
length, its form, its header, the key that the header names, the signature. Only then is
the payload handed out, still bytes. Nothing here knows a claim.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from jwtsession.canonical import dumps, loads
from jwtsession.errors import (
    AlgorithmMismatch,
    InvalidHeader,
    InvalidSignature,
    MalformedToken,
    SerializationFailed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.keys import Key, KeyRing

__all__ = [
    "MAX_TOKEN_CHARS",
    "Opened",
    "open_token",
    "seal",
    "unpadded_decode",
    "unpadded_encode",
]

MAX_TOKEN_CHARS = 8192
"""A longer token is refused before anything of it is decoded (TOKEN-BOUNDED)."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_LAST: dict[int, bytes] = {0: _ALPHABET, 2: b"AQgw", 3: b"AEIMQUYcgkosw048"}
"""By length modulo 4, the last characters that leave no stray bits (RFC 4648 §3.5)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an authentic token holds.

    Attributes:
        typ: Its header's ``typ`` as it stands, of whatever type; None where it has none.
        key: The key that signed it.
        payload: The octets that were signed.
    """

    typ: object
    key: Key
    payload: bytes = field(repr=False)


def unpadded_encode(data: bytes) -> str:
    """Write base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unpadded_decode(text: str) -> bytes:
    """Read base64url in its one canonical form (TOKEN-CANONICAL).

    Raises:
        ValueError: Padding, another character, an impossible length or stray bits.
    """
    data = text.encode("ascii")
    if data.translate(None, _ALPHABET):
        raise ValueError("not base64url")
    return _decode(data)


def _decode(segment: bytes) -> bytes:
    """Decode a segment whose alphabet has been checked."""
    rest = len(segment) % 4
    if segment and segment[-1] not in _LAST.get(rest, b""):
        raise ValueError("not canonical base64url")
    return base64.urlsafe_b64decode(segment + b"=" * (-rest % 4))


def seal(claims: Mapping[str, Any], *, typ: str, key: Key) -> str:
    """Sign claims, as canonical JSON under a canonical header (TOKEN-MINT-CANONICAL).

    Raises:
        SerializationFailed: The claims cannot be written as JSON, or would make a token
            that nobody accepts because it is too long.
        SigningFailed: The key did not sign.
    """
    payload = unpadded_encode(dumps(dict(claims)).encode())
    message = f"{_head(key.alg, key.kid, typ)}.{payload}"
    token = f"{message}.{unpadded_encode(key.sign(message.encode('ascii')))}"
    if len(token) > MAX_TOKEN_CHARS:
        raise SerializationFailed(
            f"the token would have {len(token)} characters and nobody would accept it: "
            f"{MAX_TOKEN_CHARS} are the most"
        )
    return token


@lru_cache(maxsize=32)
def _head(alg: str, kid: str | None, typ: str) -> str:
    """Write the header segment."""
    header = {"alg": alg, "typ": typ}
    if kid is not None:
        header["kid"] = kid
    return unpadded_encode(dumps(header).encode())


def open_token(token: object, ring: KeyRing, *, retired: bool) -> Opened:
    """Take an authentic token apart.

    Args:
        token: What was presented.
        ring: The keys to believe, and no others: ``jwk``, ``jku``, ``x5u`` and ``x5c`` of
            the header are not looked at (TOKEN-KEY-SOURCE).
        retired: Whether keys that are kept for refresh tokens only may verify this one.

    Raises:
        MalformedToken: It is no text of three segments within bounds (TOKEN-COMPACT,
            TOKEN-BOUNDED, TOKEN-CANONICAL).
        InvalidHeader: The header cannot be read, or asks for an extension (TOKEN-CRIT).
        AlgorithmMismatch: ``none``, or another algorithm than the key's (TOKEN-ALG-KEY,
            TOKEN-ALG-NONE).
        InvalidSignature: No key of the ring signed it (TOKEN-KID, TOKEN-SIGNATURE).
    """
    message, head, payload, signature = _segments(token)
    header = _header(head)
    for key in _candidates(header, ring):
        if (retired or key.use == "all") and key.verify(message, signature):
            return Opened(header.get("typ"), key, payload)
    raise InvalidSignature


def _segments(token: object) -> tuple[bytes, bytes, bytes, bytes]:
    """Return what was signed, and the three segments decoded."""
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN_CHARS:
        raise MalformedToken
    if not token.isascii():
        raise MalformedToken
    data = token.encode("ascii")
    # What is no character of base64url must be two dots, or it is not this form.
    if data.translate(None, _ALPHABET) != b"..":
        raise MalformedToken
    message, _, signature = data.rpartition(b".")
    head, _, payload = message.partition(b".")
    try:
        return message, _decode(head), _decode(payload), _decode(signature)
    except ValueError:
        raise MalformedToken from None


@lru_cache(maxsize=32)
def _header(head: bytes) -> Mapping[str, object]:
    """Read a header; nearly all tokens have one of a few, so the last ones are kept."""
    try:
        header = loads(head)
    except ValueError:
        raise InvalidHeader from None
    if not isinstance(header, dict):
        raise InvalidHeader
    members = cast("dict[str, object]", header)
    # b64 is an extension too, and valid under crit only (RFC 7797 §6).
    if "crit" in members or "b64" in members:
        raise InvalidHeader
    return members


def _candidates(header: Mapping[str, object], ring: KeyRing) -> list[Key]:
    """Return the keys of the ring whose token this may be, before any signature."""
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or ("kid" in header and not isinstance(kid, str)):
        raise InvalidHeader
    if alg.lower() == "none":
        raise AlgorithmMismatch
    named = ring.find(cast("str | None", kid))
    if not named:
        raise InvalidSignature
    candidates = [key for key in named if key.alg == alg]
    if not candidates:
        raise AlgorithmMismatch
    return candidates
