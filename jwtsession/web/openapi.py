"""What an OpenAPI document says of tokens, as plain values for any framework.

How a token is presented depends on the configuration, so the security schemes do too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jwtsession.problems import PROBLEM_MEDIA_TYPE, PROBLEM_TYPE_PREFIX
from jwtsession.sources import parts
from jwtsession.transport.places import (
    BearerSource,
    BodySource,
    CookieSource,
    HeaderSource,
    QuerySource,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.protocols import TokenSource

__all__ = ["BEARER_SCHEME", "problem_answers", "refresh_body", "schemes_of"]

BEARER_SCHEME: Final[Mapping[str, Any]] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "at+jwt",
    "description": "The access token.",
}
"""How an access token is presented unless it is configured otherwise."""

_PROBLEM_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457) with the stable code.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "pattern": f"^{PROBLEM_TYPE_PREFIX}"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "pattern": "^[a-z]+:[a-z_]+$"},
    },
}

_PROBLEMS: Final[Mapping[int, str]] = {
    400: "The request is to be mended: two tokens in one place, or an unreadable body.",
    401: "The token is missing or of no use.",
    403: "A request from another site that carries its token in a cookie.",
    404: "No live session of this user has this id.",
    413: "The body is over the limit within which a token is looked for.",
    500: "The server is set up wrongly; no client can mend it.",
    503: "The session store did not answer. Keep the tokens and try again.",
}

_HEADERS: Final[Mapping[int, str]] = {401: "WWW-Authenticate", 503: "Retry-After"}


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the responses object of refusals with these statuses."""
    answers: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        answers[status] = {
            "description": _PROBLEMS[status],
            "content": {PROBLEM_MEDIA_TYPE: {"schema": dict(_PROBLEM_SCHEMA)}},
        }
        if status in _HEADERS:
            schema = {"required": True, "schema": {"type": "string"}}
            answers[status]["headers"] = {_HEADERS[status]: schema}
    return answers


def schemes_of(source: TokenSource, kind: str) -> dict[str, dict[str, Any]]:
    """Return the security schemes of a source, alternatives of each other.

    A token in a body, or where a source of one's own finds it, is no security scheme of
    OpenAPI, and is left out.

    Args:
        source: Where tokens are looked for.
        kind: ``access`` or ``refresh``; the schemes are named after it.
    """
    schemes: dict[str, dict[str, Any]] = {}
    for part in parts(source):
        if isinstance(part, BearerSource):
            schemes["bearer"] = dict(BEARER_SCHEME)
        elif isinstance(part, CookieSource | HeaderSource | QuerySource):
            place = type(part).__name__.removesuffix("Source").lower()
            scheme = {"type": "apiKey", "in": place, "name": part.name}
            schemes.setdefault(f"{kind}{place.capitalize()}", scheme)
    return schemes


def refresh_body(source: TokenSource, *, optional: bool = False) -> dict[str, Any]:
    """Return the ``requestBody`` of a refresh, by that name; nothing without a body.

    Args:
        source: Where refresh tokens are looked for.
        optional: Whether the operation can do without one, as signing out can.
    """
    fields = [part.field for part in parts(source) if isinstance(part, BodySource)]
    if not fields:
        return {}
    required = not optional and len(list(parts(source))) == 1
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field: {"type": "string", "minLength": 1} for field in fields},
    }
    if required:
        schema["required"] = fields
    kinds = ("application/json", "application/x-www-form-urlencoded")
    content = {kind: {"schema": schema} for kind in kinds}
    return {"requestBody": {"required": required, "content": content}}
