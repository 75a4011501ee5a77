"""From a record to tokens: which claims are minted, and from what (chapter *Tokens*).

Everything in a refresh token comes from the record, the session secret and the
configuration, never from the clock or from the token that was presented. So every process
that mints the pair of one record mints the same refresh token.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from jwtsession.codec import parse_refresh_jti, refresh_jti
from jwtsession.errors import InvalidClaims
from jwtsession.ids import new_token_id
from jwtsession.models import Session, SessionKey, SessionRecord, TokenPair
from jwtsession.steps import Presented

if TYPE_CHECKING:
    from jwtsession.config import JwtSessionsConfig
    from jwtsession.protocols import AccessClaims, TokenCodec

__all__ = ["RESERVED_CLAIMS", "Minter", "object_from", "presented_from", "session_from"]

_log = logging.getLogger("jwtsession")

RESERVED_CLAIMS: Final = frozenset(
    {"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "gen", "auth_time"}
)
"""What the hook for extra access claims cannot set (SERVICE-CLAIMS-RESERVED)."""


class Minter:
    """Mints the pair that a record stands for."""

    def __init__(
        self,
        config: JwtSessionsConfig,
        codec: TokenCodec,
        access_claims: AccessClaims | None,
    ) -> None:
        self._config = config
        self._codec = codec
        self._access_claims = access_claims

    def pair(self, record: SessionRecord, secret: bytes, *, now: int) -> TokenPair:
        """Mint both tokens of a record.

        Raises:
            InvalidClaims: The hook set a reserved claim, or answered no mapping.
            MintingFailed: The claims cannot be written, or the key did not sign.
        """
        access_token, access_expires_at = self._access(record, now=now)
        return TokenPair(
            access_token=access_token,
            refresh_token=self._codec.encode_refresh(self._refresh_claims(record, secret)),
            access_expires_at=access_expires_at,
            refresh_expires_at=record.expires_at,
            session_id=record.id,
        )

    def repeated(self, record: SessionRecord, refresh_token: str, *, now: int) -> TokenPair:
        """Mint an access token beside the refresh token that was presented."""
        access_token, access_expires_at = self._access(record, now=now)
        return TokenPair(
            access_token=access_token,
            refresh_token=refresh_token,
            access_expires_at=access_expires_at,
            refresh_expires_at=record.expires_at,
            session_id=record.id,
            refresh_repeated=True,
        )

    def _refresh_claims(self, record: SessionRecord, secret: bytes) -> dict[str, Any]:
        return self._issued(record) | {
            "aud": "refresh",
            "iat": record.rotated_at,
            "exp": record.expires_at,
            "jti": refresh_jti(secret, record.gen),
        }

    def _access(self, record: SessionRecord, *, now: int) -> tuple[str, int]:
        ends = [now + self._config.access_ttl_secs, record.expires_at]
        if self._config.absolute_ttl_secs is not None:
            ends.append(record.created_at + self._config.absolute_ttl_secs)
        expires_at = min(ends)
        claims = self._extra(record) | self._issued(record)
        claims |= {
            "aud": self._config.access_audience,
            "iat": now,
            "exp": expires_at,
            "jti": new_token_id(),
        }
        return self._codec.encode_access(claims), expires_at

    def _issued(self, record: SessionRecord) -> dict[str, Any]:
        claims: dict[str, Any] = {
            "sub": record.user_id,
            "sid": record.id,
            "gen": record.gen,
            "auth_time": record.created_at,
        }
        if self._config.issuer is not None:
            claims["iss"] = self._config.issuer
        return claims

    def _extra(self, record: SessionRecord) -> dict[str, Any]:
        if self._access_claims is None:
            return {}
        # What an application's hook answers is checked, whatever its annotation says.
        extra = cast("object", self._access_claims(session_from(record)))
        if not isinstance(extra, Mapping):
            raise InvalidClaims("access_claims must answer a mapping of claim names")
        claims = dict(cast("Mapping[str, Any]", extra))
        taken = sorted(RESERVED_CLAIMS & claims.keys())
        if taken:
            raise InvalidClaims(
                "access_claims sets " + ", ".join(taken) + ": choose other names"
            )
        return claims


def presented_from(claims: Mapping[str, Any]) -> Presented:
    """Return the facts of a refresh token from its verified claims."""
    secret, gen = parse_refresh_jti(claims["jti"])
    return Presented(
        key=SessionKey(claims["sub"], claims["sid"]),
        secret=secret,
        gen=gen,
        iat=claims["iat"],
        exp=claims["exp"],
        auth_time=claims["auth_time"],
    )


def session_from(record: SessionRecord, *, last_active_at: int | None = None) -> Session:
    """Return what an application may see of a record.

    Args:
        record: What the store answered.
        last_active_at: A later time than the record's, where one was just written.
    """
    return Session(
        user_id=record.user_id,
        id=record.id,
        gen=record.gen,
        created_at=record.created_at,
        rotated_at=record.rotated_at,
        last_active_at=record.last_active_at if last_active_at is None else last_active_at,
        expires_at=record.expires_at,
        meta=object_from(record.meta),
        data=object_from(record.data),
        seen=object_from(record.seen),
    )


def object_from(text: str) -> Mapping[str, Any]:
    """Parse one of a record's texts; one that somebody altered by hand reads as empty.

    Signing a user out for a damaged note about a device would be the worse answer.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        _log.warning("a stored session text is no JSON object and reads as empty")
        return {}
    return cast("dict[str, Any]", value)
