"""One way to write JSON, and a strict way to read it.

Written here, the same value is always the same text: members sorted by code point, no
white space, nothing escaped that need not be (TOKEN-MINT-CANONICAL). Read here, a text
has one meaning: UTF-8, no duplicate members, no number that a double cannot hold, no lone
surrogate, nesting bounded (TOKEN-JSON-STRICT; RFC 7515 §4, RFC 8725 §2.4). What the one
writes the other reads.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from jwtsession.errors import InvalidMetadata, SerializationFailed

__all__ = ["MAX_DEPTH", "dumps", "loads", "object_text"]

MAX_DEPTH = 32
"""At most this many objects and arrays lie within each other, the outermost included."""

_MAX_DIGITS = 308
"""An integer with more digits is infinite to every reader that keeps doubles."""

_INTEGER_END = 10**_MAX_DIGITS

_encode = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
).encode


def dumps(value: object) -> str:
    """Write canonical JSON.

    Args:
        value: Built of ``dict`` (with ``str`` keys), ``list``, ``tuple``, ``str``,
            ``int``, finite ``float``, ``bool`` and None, at most `MAX_DEPTH` deep.

    Raises:
        SerializationFailed: It is not, or holds a lone surrogate.
    """
    if not _is_json(value, MAX_DEPTH):
        raise SerializationFailed(
            "only JSON values can be written: objects with text keys, arrays, text, "
            f"numbers below 10^{_MAX_DIGITS}, booleans and null, at most {MAX_DEPTH} deep"
        )
    try:
        text = _encode(value)
        text.encode()
    except ValueError:
        # No cause: it would show the value.
        raise SerializationFailed(
            "numbers must be finite and text must be free of lone surrogates"
        ) from None
    return text


def loads(text: bytes) -> object:
    """Read JSON that has one meaning only.

    The caller bounds the size; whatever the text holds, the cost is linear in it.

    Raises:
        ValueError: It is not JSON in UTF-8 without a byte order mark, or has a duplicate
            member, a number beyond a double, a lone surrogate, or is nested more than
            `MAX_DEPTH` deep. Nothing else is ever raised.
    """
    try:
        decoded = text.decode()
        value = _read(decoded)
    except RecursionError:
        raise ValueError("nested too deep") from None
    # Both walks are due only where the text could fail them.
    brackets = decoded.count("[") + decoded.count("{")
    if brackets > MAX_DEPTH and not _is_json(value, MAX_DEPTH):
        raise ValueError("nested too deep")
    if "\\u" in decoded:
        _encode(value).encode()
    return value


def object_text(value: Mapping[str, Any], *, max_bytes: int, what: str) -> str:
    """Write a JSON object of bounded size.

    Args:
        value: The object.
        max_bytes: The limit, in UTF-8 bytes of the canonical text.
        what: How messages call it.

    Raises:
        InvalidMetadata: It is no mapping, cannot be written as JSON, or is too large.
    """
    if not isinstance(cast("object", value), Mapping):
        raise InvalidMetadata(f"{what} must be a mapping, which becomes a JSON object")
    try:
        text = dumps(dict(value))
    except SerializationFailed as error:
        raise InvalidMetadata(f"{what} cannot be written as JSON: {error}") from None
    if len(text.encode()) > max_bytes:
        raise InvalidMetadata(f"{what} is too large: at most {max_bytes} bytes as JSON")
    return text


def _is_json(value: object, depth: int) -> bool:
    """Whether the standard encoder writes the value as it is, within the depth."""
    if value is None or isinstance(value, str | float):
        return True
    if isinstance(value, int):
        return isinstance(value, bool) or -_INTEGER_END < value < _INTEGER_END
    if isinstance(value, dict):
        members = cast("dict[object, object]", value)
        return depth > 0 and all(
            isinstance(name, str) and _is_json(member, depth - 1)
            for name, member in members.items()
        )
    if isinstance(value, list | tuple):
        items = cast("list[object]", value)
        return depth > 0 and all(_is_json(item, depth - 1) for item in items)
    return False


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("an integer is too large")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


_read = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_float,
).decode
