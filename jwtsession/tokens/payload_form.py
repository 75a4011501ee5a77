"""How an application's payload becomes claims, and claims become a payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from jwtsession.canonical import dumps
from jwtsession.errors import (
    DeserializationFailed,
    InvalidClaims,
    SerializationFailed,
    TokenRefused,
)
from jwtsession.tokens.claims import audiences, check_issuer, integer

__all__ = ["check_registered", "claims_of", "fill"]

_WRAPPING: Final = ("iss", "aud", "iat", "exp", "nbf", "jti")
"""Claims about the token rather than of it: a model need not declare them."""


def claims_of(payload: object) -> dict[str, Any]:
    """Return a model or a mapping as claims, without registered ones that are None.

    Raises:
        SerializationFailed: It is neither, or the model cannot be written as JSON.
    """
    claims: object = None
    if isinstance(payload, BaseModel):
        try:
            claims = payload.model_dump(mode="json", by_alias=True, warnings="error")
        except PydanticSerializationError:
            # No cause: it would show a value.
            raise SerializationFailed("the model cannot be written as JSON") from None
    elif isinstance(payload, Mapping):
        claims = dict(cast("Mapping[str, Any]", payload))
    # A root model may dump anything.
    if not isinstance(claims, dict):
        raise SerializationFailed("a payload is a pydantic model or a mapping of claims")
    absent = {name for name in (*_WRAPPING, "sub") if claims.get(name) is None}
    return {name: value for name, value in claims.items() if name not in absent}


def check_registered(claims: Mapping[str, Any]) -> None:
    """Mint nothing that no decoder would accept.

    Raises:
        InvalidClaims: A registered claim is not of its type.
    """
    try:
        for name in ("iat", "exp", "nbf"):
            if name in claims:
                integer(claims, name)
        if "aud" in claims:
            audiences(claims)
        check_issuer(claims, None)
    except TokenRefused:
        raise InvalidClaims(
            "exp and nbf are whole seconds, iss is text, aud is text or a list of texts"
        ) from None


def fill(model: type[BaseModel], claims: Mapping[str, Any]) -> BaseModel:
    """Validate claims as pydantic validates JSON, which is how they were written.

    Raises:
        DeserializationFailed: They are not what the model wants.
    """
    declared = _names(model)
    members = {
        name: value
        for name, value in claims.items()
        if name in declared or name not in _WRAPPING
    }
    try:
        return model.model_validate_json(dumps(members))
    except (ValidationError, SerializationFailed):
        # No cause: it would show the payload.
        raise DeserializationFailed from None


def _names(model: type[BaseModel]) -> set[str]:
    """Return every name under which the model reads a member."""
    names = set(model.model_fields)
    for info in model.model_fields.values():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias, info.alias]
        names.update(name for name in choices if isinstance(name, str))
    return names
