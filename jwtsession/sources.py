"""Where a token is looked for in a request (SOURCE-…).

    BearerSource()        Authorization: Bearer …    "bearer"
    CookieSource(name)    Cookie: name=…             {"cookie": name}   "cookie:name"
    HeaderSource(name)    name: …                    {"header": name}   "header:name"
    QuerySource(name)     ?name=…                    {"query": name}    "query:name"
    BodySource(field)     JSON member, form field    {"body": field}    "body:field"
    FirstOf(sources)      the first that finds one   a list             "bearer,body:field"

All are frozen values, pure and synchronous over a `RequestView`. What is not there is
None (SOURCE-ABSENT). What is there and cannot be a token is refused, never guessed at:
two values in one place (SOURCE-DUPLICATE), an empty one (SOURCE-EMPTY), one that is not
visible ASCII (SOURCE-ASCII). How long a token may be is for the codec to say.

A source of one's own is any object with ``needs_body`` and ``extract``. The cross-site
check counts what it finds as sent by a cookie, unless it says ``by_cookie = False``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from jwtsession.errors import ConfigInvalid
from jwtsession.protocols import TokenSource
from jwtsession.transport.places import (
    BearerSource,
    BodySource,
    CookieSource,
    HeaderSource,
    QuerySource,
)

if TYPE_CHECKING:
    from jwtsession.protocols import RequestView

__all__ = [
    "BearerSource",
    "BodySource",
    "CookieSource",
    "FirstOf",
    "Found",
    "HeaderSource",
    "QuerySource",
    "SourceSpec",
    "find",
    "parts",
    "source_from",
]

SourceSpec: TypeAlias = (
    TokenSource | str | Mapping[str, str] | Sequence[TokenSource | str | Mapping[str, str]]
)
"""How a source may be written in a configuration; see `source_from`."""

_FORMS = (
    '"bearer", {"cookie": name}, {"header": name}, {"query": name}, {"body": field}, '
    'in text "cookie:name" and so on, or a list of these'
)


@dataclass(frozen=True, slots=True)
class FirstOf:
    """Several sources: the first that finds a token wins (SOURCE-ORDER).

    A source that refuses ends the search: what it saw was meant as a token. The body is
    read where any of them looks at it.

    Attributes:
        sources: One or more, in order.
    """

    sources: tuple[TokenSource, ...]

    def __init__(self, sources: Sequence[TokenSource]) -> None:
        if not sources:
            raise ConfigInvalid("a list of sources names at least one")
        object.__setattr__(self, "sources", tuple(sources))

    @property
    def needs_body(self) -> bool:
        """Whether any of the sources looks at the body."""
        return any(source.needs_body for source in self.sources)

    def extract(self, request: RequestView) -> str | None:
        """Return the token; see `TokenSource.extract`."""
        found = find(self, request)
        return None if found is None else found.token


@dataclass(frozen=True, slots=True)
class Found:
    """A token and how it came. Its ``repr`` does not show the token.

    Attributes:
        token: The compact form.
        by_cookie: Whether the browser added it by itself, so that the request may have
            been caused by another site (HTTP-CROSS-SITE).
    """

    token: str = dataclasses.field(repr=False)
    by_cookie: bool


def find(source: TokenSource, request: RequestView) -> Found | None:
    """Look for a token and say how it came.

    Raises:
        MalformedToken: An empty token, or one that is not visible ASCII.
        AmbiguousCredentials: Two tokens in the one place.
        MalformedBody: The body is not what its content type says.
    """
    for part in parts(source):
        token = part.extract(request)
        if token is not None:
            return Found(token, by_cookie=getattr(part, "by_cookie", True))
    return None


def parts(source: TokenSource) -> Iterator[TokenSource]:
    """Yield the single sources that a source is made of, in order."""
    if isinstance(source, FirstOf):
        for part in source.sources:
            yield from parts(part)
    else:
        yield source


def source_from(spec: SourceSpec) -> TokenSource:
    """Make a source of what a configuration says.

    Args:
        spec: ``"bearer"``; a mapping of one place to one name, as ``{"cookie": "access"}``;
            the same as text, ``"cookie:access"``; several, in order, as a list or as text
            with commas; or an object that is a source already.

    Raises:
        ConfigInvalid: It is none of these, or a name cannot be one. The message says what
            can be written and repeats nothing of what was.
    """
    written: object = spec
    if isinstance(written, str):
        entries = [_from_text(entry.strip()) for entry in written.split(",")]
    elif isinstance(written, Sequence) and not isinstance(written, bytes | bytearray):
        entries = [_from_entry(entry) for entry in cast("Sequence[object]", written)]
    else:
        return _from_entry(written)
    return entries[0] if len(entries) == 1 else FirstOf(entries)


def _from_entry(entry: object) -> TokenSource:
    if isinstance(entry, str):
        return _from_text(entry)
    if isinstance(entry, Mapping):
        items = list(cast("Mapping[object, object]", entry).items())
        if len(items) == 1:
            return _from_place(*items[0])
    elif not isinstance(entry, type) and _is_source(entry):
        return cast("TokenSource", entry)
    raise ConfigInvalid(f"write {_FORMS}")


def _from_text(text: str) -> TokenSource:
    if text == "bearer":
        return BearerSource()
    place, _, name = text.partition(":")
    return _from_place(place, name)


_PLACES: Mapping[str, Callable[[str], TokenSource]] = {
    "cookie": CookieSource,
    "header": HeaderSource,
    "query": QuerySource,
    "body": BodySource,
}


def _from_place(place: object, name: object) -> TokenSource:
    make = _PLACES.get(place) if isinstance(place, str) else None
    if make is None:
        raise ConfigInvalid(f"write {_FORMS}")
    return make(cast("str", name))  # each checks its name, its type included


def _is_source(entry: object) -> bool:
    return callable(getattr(entry, "extract", None)) and isinstance(
        getattr(entry, "needs_body", None), bool
    )
