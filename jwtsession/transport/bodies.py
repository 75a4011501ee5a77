"""Find one value by its name in text that clients write: a query, a form, a JSON body.

Pure functions over octets, for `jwtsession.sources`. A body belongs to the application,
so nothing is asked of it but that it is what its content type says: duplicate members
elsewhere, floats and unknown members are the application's business. What is limited is
what RFC 8259 §9 lets a reader limit, nesting and the length of a number, because a reader
without limits can be made to fail in ways of its own.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn
from urllib.parse import unquote_to_bytes

from jwtsession.errors import MalformedBody

__all__ = ["JSON_MAX_DEPTH", "NUMBER_MAX_CHARS", "form_values", "json_values"]

JSON_MAX_DEPTH: Final = 128
"""Objects and arrays may be nested this deep in a JSON body; deeper is refused."""

NUMBER_MAX_CHARS: Final = 4300
"""A number in a JSON body may be written this long; longer is refused."""

_NUMBER: Final = object()
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NOT_BRACKET = re.compile(r"[^][{}]+")


class _Members(tuple[tuple[str, object], ...]):
    """A JSON object as it was written: every member, in order, duplicates too."""

    __slots__ = ()


def form_values(text: bytes, name: str) -> list[str]:
    """Return every value of a field, percent-decoded once, ``+`` as a space.

    For a query and for ``application/x-www-form-urlencoded``. ``&`` alone separates; a
    name without ``=`` has the empty value; an escape that is none stands for itself, as
    in browsers. Never raises.

    Args:
        text: The octets as sent.
        name: The field; compared exactly, after decoding.

    Returns:
        The values, each octet as the character of that number, so that nothing is lost
        where they are not ASCII.
    """
    wanted = name.encode()
    found: list[str] = []
    for pair in text.split(b"&"):
        key, _, value = pair.partition(b"=")
        # An octet is written in one to three: decoding what cannot be the name would let
        # a body full of escapes hold the event loop.
        if len(wanted) <= len(key) <= 3 * len(wanted) and _decoded(key) == wanted:
            found.append(_decoded(value).decode("latin-1"))
    return found


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def json_values(body: bytes, name: str) -> list[str | None]:
    """Return every value of a member of the JSON object that the body is.

    Args:
        body: The octets as sent: UTF-8 without a mark, whatever a ``charset`` says, since
            JSON knows no other (RFC 8259 §8.1, §11).
        name: The member, compared exactly, after its escapes are read; members of inner
            objects do not count.

    Returns:
        The strings, and None for each ``null``.

    Raises:
        MalformedBody: Not JSON, not an object, nested or with a number beyond the limits
            above, or a member of this name that is neither a string nor null.
    """
    members = _object(body)
    if members is None:
        raise MalformedBody
    found: list[str | None] = []
    for key, value in members:
        if key != name:
            continue
        if value is not None and not isinstance(value, str):
            raise MalformedBody
        found.append(value)
    return found


def _object(body: bytes) -> _Members | None:
    """Return the members of a JSON object, or None where it is none.

    The reader's own errors end here and are not chained: they hold the whole body.
    """
    try:
        text = body.decode("utf-8")
        if _too_deep(text):
            return None
        value = _READER.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, _Members) else None


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= JSON_MAX_DEPTH:
        return False
    depth = 0
    for bracket in _NOT_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > JSON_MAX_DEPTH:
            return True
    return False


def _number(text: str) -> object:
    # No number is ever looked at, so none is converted: int() alone would be quadratic.
    if len(text) > NUMBER_MAX_CHARS:
        raise ValueError
    return _NUMBER


def _refuse(_: str) -> NoReturn:
    raise ValueError  # NaN and the infinities are JavaScript, not JSON


_READER: Final = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_int=_number,
    parse_float=_number,
    parse_constant=_refuse,
)
