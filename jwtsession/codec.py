"""Access and refresh tokens: minted, and verified without mercy.

Whatever is presented, what comes out is claims or one named error (TOKEN-NAMED-ERROR). The
order is part of the contract, so that one token always gets the same answer, and so that
nothing is parsed that need not be: form, header, key and algorithm, signature, payload,
kind, issuer, types, retirement of the key, time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jwtsession.errors import (
    AudienceMismatch,
    ConfigInvalid,
    DeserializationFailed,
    InvalidAudience,
    InvalidHeader,
    MalformedToken,
    RefreshForged,
    SerializationFailed,
)
from jwtsession.ids import SECRET_BYTES, is_session_id, is_user_id
from jwtsession.keys import KeyRing
from jwtsession.models import INTEGER_END
from jwtsession.tokens.claims import (
    audiences,
    check_issuer,
    check_not_before,
    check_not_expired,
    check_policy,
    claims_object,
    integer,
)
from jwtsession.tokens.compact import (
    MAX_TOKEN_CHARS,
    Opened,
    open_token,
    seal,
    unpadded_decode,
    unpadded_encode,
)

__all__ = [
    "ACCESS_TYP",
    "MAX_TOKEN_CHARS",
    "REFRESH_AUDIENCE",
    "REFRESH_TYP",
    "JwtCodec",
    "parse_refresh_jti",
    "refresh_jti",
]

ACCESS_TYP: Final = "at+jwt"
"""The media type of an access token (RFC 9068 §2.1; its profile is not claimed)."""

REFRESH_TYP: Final = "rt+jwt"
"""The media type of a refresh token."""

REFRESH_AUDIENCE: Final = "refresh"
"""The ``aud`` of every refresh token."""

_REFRESH_GEN_END = INTEGER_END - 1
"""A refresh token names a generation that can still move."""

_SECRET_CHARS = 43
"""Length of 32 octets in base64url without padding."""

_GEN_MAX_CHARS = 16
"""Length of 2⁵³ in decimal."""


class JwtCodec:
    """Signs and verifies tokens of both kinds; implements ``TokenCodec``.

    Two kinds, two sets of rules that exclude each other: both ``typ`` and ``aud`` must be
    those of the kind asked for (TOKEN-TYP-ACCESS, TOKEN-TYP-REFRESH, TOKEN-AUD; RFC 8725
    §3.11, §3.12). Immutable, and good for any number of threads.
    """

    __slots__ = ("_access_audience", "_issuer", "_leeway", "_ring")

    def __init__(
        self,
        ring: KeyRing,
        *,
        issuer: str | None = None,
        access_audience: str = "access",
        leeway_secs: int = 0,
    ) -> None:
        """Fix what is accepted.

        Args:
            ring: The keys; its active key signs.
            issuer: What ``iss`` must be; None accepts any and none.
            access_audience: What the ``aud`` of an access token must contain.
            leeway_secs: How far clocks may differ; added to ``exp`` and to a key's
                retirement, subtracted from ``nbf``.

        Raises:
            ConfigInvalid: An argument is out of bounds, or access tokens would have the
                audience of refresh tokens.
        """
        if not isinstance(cast("object", ring), KeyRing):
            raise ConfigInvalid("ring must be a KeyRing")
        check_policy(
            issuer=issuer, access_audience=access_audience, leeway_secs=leeway_secs
        )
        if cast("object", access_audience) in (None, REFRESH_AUDIENCE):
            raise ConfigInvalid(
                f"access_audience must be a text other than {REFRESH_AUDIENCE!r}, "
                "which is the audience of refresh tokens"
            )
        self._ring = ring
        self._issuer = issuer
        self._access_audience = access_audience
        self._leeway = leeway_secs

    def __repr__(self) -> str:
        return (
            f"JwtCodec({self._ring!r}, issuer={self._issuer!r}, "
            f"access_audience={self._access_audience!r}, leeway_secs={self._leeway})"
        )

    def encode_access(self, claims: Mapping[str, Any]) -> str:
        """Sign access claims with the active key, as they are (TOKEN-TYP-ACCESS).

        Raises:
            SerializationFailed: They cannot be written as JSON, or are too many.
            SigningFailed: The key did not sign.
        """
        return self._encode(claims, ACCESS_TYP)

    def encode_refresh(self, claims: Mapping[str, Any]) -> str:
        """Sign refresh claims with the active key, as they are (TOKEN-TYP-REFRESH).

        Raises:
            SerializationFailed: They cannot be written as JSON, or are too many.
            SigningFailed: The key did not sign.
        """
        return self._encode(claims, REFRESH_TYP)

    def decode_access(
        self, token: str, *, now: int, verify_exp: bool = True
    ) -> dict[str, Any]:
        """Verify an access token and return its claims.

        Args:
            token: The compact form.
            now: The present, in seconds.
            verify_exp: False accepts a token that has expired.

        Raises:
            TokenRefused: A leaf that names the cause; never anything else.
        """
        opened = open_token(token, self._ring, retired=False)
        claims = claims_object(opened.payload)
        self._check_access_kind(opened.typ, claims)
        check_issuer(claims, self._issuer)
        _check_session_claims(claims)
        if not claims["jti"]:
            raise DeserializationFailed
        self._check_times(claims, now, self._leeway if verify_exp else None)
        return claims

    def decode_refresh(
        self, token: str, *, now: int, leeway_secs: int = 0, verify_exp: bool = True
    ) -> dict[str, Any]:
        """Verify a refresh token and return its claims.

        Args:
            token: The compact form.
            now: The present, in seconds.
            leeway_secs: How long after ``exp`` it is still accepted; the codec's own
                leeway where that is longer.
            verify_exp: False accepts a token that has expired.

        Raises:
            TokenRefused: A leaf that names the cause; never anything else.
            RefreshForged: Its key was retired before it was signed (TOKEN-KEY-RETIRED).
        """
        opened = open_token(token, self._ring, retired=True)
        claims = claims_object(opened.payload)
        self._check_refresh_kind(opened.typ, claims)
        check_issuer(claims, self._issuer)
        _check_session_claims(claims)
        if parse_refresh_jti(claims["jti"])[1] != claims["gen"]:
            raise MalformedToken
        self._check_retirement(opened, claims)
        leeway = max(leeway_secs, self._leeway)
        self._check_times(claims, now, leeway if verify_exp else None)
        return claims

    def _encode(self, claims: Mapping[str, Any], typ: str) -> str:
        if not isinstance(cast("object", claims), Mapping):
            raise SerializationFailed("claims are a mapping")
        return seal(claims, typ=typ, key=self._ring.active)

    def _check_access_kind(self, typ: object, claims: Mapping[str, Any]) -> None:
        _check_typ(typ, ACCESS_TYP, other=REFRESH_TYP)
        aud = audiences(claims)
        if REFRESH_AUDIENCE in aud:
            raise AudienceMismatch
        if self._access_audience not in aud:
            raise InvalidAudience

    def _check_refresh_kind(self, typ: object, claims: Mapping[str, Any]) -> None:
        _check_typ(typ, REFRESH_TYP, other=ACCESS_TYP)
        if self._access_audience in audiences(claims):
            raise AudienceMismatch
        # As text, not in an array: a refresh token is for one reader.
        if claims["aud"] != REFRESH_AUDIENCE:
            raise InvalidAudience

    def _check_retirement(self, opened: Opened, claims: Mapping[str, Any]) -> None:
        retired_at = opened.key.retired_at
        if retired_at is not None and claims["iat"] > retired_at + self._leeway:
            raise RefreshForged

    def _check_times(self, claims: Mapping[str, Any], now: int, leeway: int | None) -> None:
        if leeway is not None:
            check_not_expired(claims["exp"], now=now, leeway_secs=leeway)
        check_not_before(claims, now=now, leeway_secs=self._leeway)


def _check_typ(typ: object, wanted: str, *, other: str) -> None:
    if typ == other:
        raise AudienceMismatch
    if typ != wanted:
        raise InvalidHeader


def _check_session_claims(claims: Mapping[str, Any]) -> None:
    """Check what both kinds have (TOKEN-CLAIM-TYPES, TOKEN-SUB, TOKEN-SID)."""
    if not is_user_id(claims.get("sub")) or not is_session_id(claims.get("sid")):
        raise DeserializationFailed
    if not isinstance(claims.get("jti"), str):
        raise DeserializationFailed
    for name in ("exp", "iat", "auth_time", "gen"):
        integer(claims, name)
    if "nbf" in claims:
        integer(claims, "nbf")


def refresh_jti(secret: bytes, gen: int) -> str:
    """Write the ``jti`` of a refresh token: the session secret and the generation.

    Args:
        secret: The session secret, 32 bytes.
        gen: The generation, 0 ≤ gen < 2⁵³ - 1.

    Raises:
        SerializationFailed: Either is out of bounds.
    """
    if len(secret) != SECRET_BYTES or not 0 <= gen < _REFRESH_GEN_END:
        raise SerializationFailed(
            "a session has a secret of 32 bytes and a bounded generation"
        )
    return f"{unpadded_encode(secret)}.{gen}"


def parse_refresh_jti(jti: str) -> tuple[bytes, int]:
    """Read the ``jti`` of a refresh token in its one form (TOKEN-REFRESH-JTI).

    Returns:
        The session secret, 32 bytes, and the generation.

    Raises:
        MalformedToken: It is anything else.
    """
    encoded, dot, digits = jti.partition(".")
    if not dot or len(encoded) != _SECRET_CHARS or len(digits) > _GEN_MAX_CHARS:
        raise MalformedToken
    # Written again it is the same: no sign, no leading zero, no digits of another script.
    if not digits.isdecimal() or str(int(digits)) != digits:
        raise MalformedToken
    gen = int(digits)
    try:
        secret = unpadded_decode(encoded)
    except ValueError:
        raise MalformedToken from None
    if gen >= _REFRESH_GEN_END:
        raise MalformedToken
    return secret, gen
