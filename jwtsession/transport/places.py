"""The five places of a request where a token may stand (SOURCE-…).

Each is a frozen value that looks in one place and nowhere else. What is not there is None;
what is there and cannot be a token is refused. `jwtsession.sources` puts them together.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jwtsession.errors import (
    AmbiguousCredentials,
    ConfigInvalid,
    MalformedBody,
    MalformedToken,
)
from jwtsession.transport.bodies import form_values, json_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.protocols import RequestView

__all__ = ["BearerSource", "BodySource", "CookieSource", "HeaderSource", "QuerySource"]

NAME_MAX_CHARS = 255
_FIELD_WHITE_SPACE = " \t"  # RFC 9110 §5.5: around a field value, and no part of it
_VISIBLE = re.compile(r"[!-~]+")
_HTTP_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class BearerSource:
    """The credentials of ``Authorization: Bearer`` (SOURCE-BEARER; RFC 6750 §2.1).

    The scheme in any case; another scheme is no token. Two Authorization headers are
    refused whatever their schemes are.
    """

    needs_body: bool = dataclasses.field(default=False, init=False, repr=False)
    by_cookie: bool = dataclasses.field(default=False, init=False, repr=False)

    def extract(self, request: RequestView) -> str | None:
        """Return the token; see `TokenSource.extract`."""
        value = _only(request.headers("authorization"))
        if value is None:
            return None
        scheme, _, credentials = value.strip(_FIELD_WHITE_SPACE).partition(" ")
        if scheme.lower() != "bearer":
            return None
        return _token(credentials.strip(" "))


@dataclass(frozen=True, slots=True)
class CookieSource:
    """The cookie of exactly this name (SOURCE-COOKIE; RFC 6265 §5.4).

    Pairs are separated by ``;`` and by nothing else: a quote opens nothing and is part of
    the value, as it is in browsers, so a quoted token is no token. The header may come in
    several pieces, as HTTP/2 allows. A pair without ``=`` is a value without a name.
    Nothing is decoded.

    Attributes:
        name: Visible ASCII without separators; compared exactly, case included.
    """

    name: str
    needs_body: bool = dataclasses.field(default=False, init=False, repr=False)
    by_cookie: bool = dataclasses.field(default=True, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_http_token("cookie", self.name)

    def extract(self, request: RequestView) -> str | None:
        """Return the token; see `TokenSource.extract`."""
        found = [
            value
            for header in request.headers("cookie")
            for pair in header.split(";")
            for name, equals, value in (pair.strip(_FIELD_WHITE_SPACE).partition("="),)
            if equals and name == self.name
        ]
        return _token(_only(found))


@dataclass(frozen=True, slots=True)
class HeaderSource:
    """The whole value of a header (SOURCE-HEADER).

    Attributes:
        name: The header, in any case.
    """

    name: str
    needs_body: bool = dataclasses.field(default=False, init=False, repr=False)
    by_cookie: bool = dataclasses.field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_http_token("header", self.name)
        if self.name.lower() == "cookie":
            raise ConfigInvalid('header: to read a cookie write {"cookie": name}')

    def extract(self, request: RequestView) -> str | None:
        """Return the token; see `TokenSource.extract`."""
        value = _only(request.headers(self.name))
        return None if value is None else _token(value.strip(_FIELD_WHITE_SPACE))


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A parameter of the query (SOURCE-QUERY; RFC 6750 §2.3).

    A token in an address ends in logs, histories and Referer headers. Use it where
    nothing else can be sent, and for access tokens only.

    Attributes:
        name: The parameter; compared exactly, after percent-decoding.
    """

    name: str
    needs_body: bool = dataclasses.field(default=False, init=False, repr=False)
    by_cookie: bool = dataclasses.field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_field_name("query", self.name)

    def extract(self, request: RequestView) -> str | None:
        """Return the token; see `TokenSource.extract`."""
        return _token(_only(form_values(request.query, self.name)))


@dataclass(frozen=True, slots=True)
class BodySource:
    """A member of a JSON object or a field of a form (SOURCE-BODY-JSON, SOURCE-BODY-FORM).

    JSON is ``application/json`` and every type that ends in ``+json``; a form is
    ``application/x-www-form-urlencoded``. In a body of another type, or an empty one,
    there is no token (SOURCE-BODY-OTHER); ``multipart/form-data`` is such a type, since
    forms that upload files are read by the application, not here. A member that is null
    is absent.

    Attributes:
        field: The member or field; compared exactly, after decoding.
    """

    field: str
    needs_body: bool = dataclasses.field(default=True, init=False, repr=False)
    by_cookie: bool = dataclasses.field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        _check_field_name("body", self.field)

    def extract(self, request: RequestView) -> str | None:
        """Return the token; see `TokenSource.extract`."""
        body = request.body
        if not body:
            return None
        types = request.headers("content-type")
        if len(types) > 1:
            raise MalformedBody
        kind = types[0].partition(";")[0].strip(_FIELD_WHITE_SPACE).lower() if types else ""
        if kind == "application/json" or kind.endswith("+json"):
            return _token(_only(json_values(body, self.field)))
        if kind == "application/x-www-form-urlencoded":
            return _token(_only(form_values(body, self.field)))
        return None


def _only(values: Sequence[str | None]) -> str | None:
    if len(values) > 1:
        raise AmbiguousCredentials
    return values[0] if values else None


def _token(text: str | None) -> str | None:
    if text is not None and not _VISIBLE.fullmatch(text):
        raise MalformedToken
    return text


def _check_http_token(place: str, name: object) -> None:
    if (
        not isinstance(name, str)
        or len(name) > NAME_MAX_CHARS
        or not _HTTP_TOKEN.fullmatch(name)
    ):
        raise ConfigInvalid(
            f"{place}: a name is 1 to {NAME_MAX_CHARS} ASCII letters, digits or "
            "any of !#$%&'*+-.^_`|~"
        )


def _check_field_name(place: str, name: object) -> None:
    if (
        not isinstance(name, str)
        or not 0 < len(name) <= NAME_MAX_CHARS
        or not name.isprintable()
    ):
        raise ConfigInvalid(
            f"{place}: a name is 1 to {NAME_MAX_CHARS} printable characters"
        )
