"""The checks of claims that every kind of token shares.

Pure functions over what `canonical.loads` read. They are called in a fixed order, kind
before issuer before types before time, so that one token always gets the same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jwtsession.canonical import loads
from jwtsession.errors import (
    ConfigInvalid,
    DeserializationFailed,
    InvalidIssuer,
    NotYetValid,
    TokenExpired,
)
from jwtsession.models import INTEGER_END

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "audiences",
    "check_issuer",
    "check_not_before",
    "check_not_expired",
    "check_policy",
    "claims_object",
    "integer",
]


def claims_object(payload: bytes) -> dict[str, Any]:
    """Read a payload strictly (TOKEN-JSON-STRICT).

    Raises:
        DeserializationFailed: It is no JSON object with one meaning.
    """
    try:
        claims = loads(payload)
    except ValueError:
        raise DeserializationFailed from None
    if not isinstance(claims, dict):
        raise DeserializationFailed
    return cast("dict[str, Any]", claims)


def integer(claims: Mapping[str, Any], name: str) -> int:
    """Return an integer claim, 0 ≤ value < 2⁵³ (TOKEN-CLAIM-TYPES).

    Raises:
        DeserializationFailed: It is missing, out of range, or of another type: a boolean
            is no integer, nor is 1.0 or "1".
    """
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < INTEGER_END:
        raise DeserializationFailed
    return value


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the audiences, one or several (RFC 7519 §4.1.3).

    Raises:
        DeserializationFailed: ``aud`` is missing, or neither text nor an array of texts.
    """
    aud = claims.get("aud")
    if isinstance(aud, str):
        return (aud,)
    if not isinstance(aud, list):
        raise DeserializationFailed
    several = cast("list[object]", aud)
    if not all(isinstance(one, str) for one in several):
        raise DeserializationFailed
    return tuple(cast("list[str]", several))


def check_issuer(claims: Mapping[str, Any], issuer: str | None) -> None:
    """Accept the configured issuer only, compared exactly (TOKEN-ISS).

    Raises:
        InvalidIssuer: One is configured, and this is not it.
        DeserializationFailed: None is configured, and ``iss`` is there and no text.
    """
    iss = claims.get("iss")
    if issuer is not None:
        if iss != issuer:
            raise InvalidIssuer
    elif "iss" in claims and not isinstance(iss, str):
        raise DeserializationFailed


def check_not_expired(exp: int, *, now: int, leeway_secs: int) -> None:
    """Refuse from ``exp`` on, leeway added (TOKEN-EXP).

    Raises:
        TokenExpired: ``now >= exp + leeway_secs``.
    """
    if now >= exp + leeway_secs:
        raise TokenExpired


def check_not_before(claims: Mapping[str, Any], *, now: int, leeway_secs: int) -> None:
    """Refuse before ``nbf``, leeway subtracted, where it is there (TOKEN-NBF).

    Raises:
        DeserializationFailed: ``nbf`` is there and no integer.
        NotYetValid: ``now < nbf - leeway_secs``.
    """
    if "nbf" in claims and now < integer(claims, "nbf") - leeway_secs:
        raise NotYetValid


def check_policy(**given: object) -> None:
    """Refuse arguments that cannot configure a check.

    Args:
        given: Names and values: ``leeway_secs`` is a number of seconds, every other one is
            None or a text that is not empty.

    Raises:
        ConfigInvalid: With everything that is wrong.
    """
    wrong: list[str] = []
    for name, value in given.items():
        if name.endswith("_secs"):
            if type(value) is not int or not 0 <= value < INTEGER_END:
                wrong.append(f"{name} must be a whole number of seconds, 0 or more")
        elif value is not None and not (isinstance(value, str) and value):
            wrong.append(f"{name} must be a text that is not empty")
    if wrong:
        raise ConfigInvalid("; ".join(wrong))
