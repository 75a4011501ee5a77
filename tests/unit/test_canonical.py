"""One way to write JSON, and a strict way to read it."""

from __future__ import annotations

import enum
import json
import math
import sys
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtsession.canonical import MAX_DEPTH, dumps, loads, object_text
from jwtsession.errors import InvalidMetadata, SerializationFailed


class Colour(enum.StrEnum):
    """An enumeration, as applications have them."""

    RED = "red"


class Level(enum.IntEnum):
    """Another."""

    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "[]"),
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (-1, "-1"),
        (1.5, "1.5"),
        (10**307, "1" + "0" * 307),
        ("", '""'),
        ({"b": 1, "a": [True, None], "B": {}}, '{"B":{},"a":[true,null],"b":1}'),
        ({"\u00e9": 1, "z": 2, "\U0001f600": 3}, '{"z":2,"\u00e9":1,"\U0001f600":3}'),
        ((1, (2,)), "[1,[2]]"),
        ('"\\/\n\x00\x7f\u2028', '"\\"\\\\/\\n\\u0000\x7f\u2028"'),
        ({"c": Colour.RED, "l": Level.HIGH}, '{"c":"red","l":3}'),
    ],
)
def test_there_is_one_way_to_write_a_value(value: Any, text: str) -> None:
    """Members are sorted, there is no white space, and only what must be is escaped."""
    assert dumps(value) == text


def nested(depth: int) -> Any:
    """Return arrays within each other."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def circular() -> list[Any]:
    """Return a list that holds itself."""
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        {"x": [math.nan]},
        10**308,
        -(10**308),
        10**5000,
        "\ud800",
        {"\udfff": 1},
        {"x": ["\ud83d"]},
        {1: 2},
        {None: 2},
        {True: 1},
        {(1, 2): 3},
        b"bytes",
        {"x": b"bytes"},
        {1, 2},
        object(),
        {"x": object()},
        MappingProxyType({"a": 1}),
        nested(MAX_DEPTH + 1),
        {"x": nested(MAX_DEPTH)},
        nested(5000),
        circular(),
        complex(1, 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_written(value: Any) -> None:
    """Everything else is one named error, which does not show the value."""
    with pytest.raises(SerializationFailed) as caught:
        dumps(value)
    assert caught.value.__cause__ is None
    assert "bytes" not in str(caught.value)


def test_the_deepest_value_can_be_written_and_read() -> None:
    """Both sides have the same limit."""
    deep = nested(MAX_DEPTH)
    assert loads(dumps(deep).encode()) == deep


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{}{}",
        b"[1,]",
        b'{"a":1,}',
        b"{'a':1}",
        b"{a:1}",
        b"/**/{}",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-32-le"),
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'["\\ud83d","\\ude00"]',
        b'"\t"',
        b'"\x00"',
        b'"\\x31"',
        b"\x0c{}",
        b"NaN",
        b"-Infinity",
        b"[Infinity]",
        b"1e309",
        b"-1e309",
        b"9" * 309,
        b"9" * 5000,
        b"01",
        b"+1",
        b"0x1",
        b"1.",
        b".5",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'[{"x":{"y":1,"y":2}}]',
        b"[" * 33 + b"]" * 33,
        b'{"x":' * 32 + b"{}" + b"}" * 32,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"":' * 100_000,
    ],
    ids=lambda text: ascii(text)[2:22],
)
def test_what_is_not_read(text: bytes) -> None:
    """Everything with no meaning or with two is a ValueError and nothing else."""
    with pytest.raises(ValueError, match=r"."):
        loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b' {\n"a" :\t[1 ,2.50 ]\r} ', {"a": [1, 2.5]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 36),
        (b"[" * 32 + b"]" * 32, nested(32)),
        (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
        (b"9" * 308, int("9" * 308)),
        (b"-0", 0),
        (b'"\\\\ud800"', "\\ud800"),
        (b"null", None),
    ],
)
def test_what_is_read(text: bytes, value: object) -> None:
    """Ordinary JSON keeps its meaning, and the limits are not off by one."""
    assert loads(text) == value


def test_reading_does_not_depend_on_the_interpreters_digit_limit() -> None:
    """A process that lifted the limit refuses the same numbers."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        with pytest.raises(ValueError, match="too large"):
            loads(b"9" * 5000)
    finally:
        sys.set_int_max_str_digits(limit)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_what_is_written_can_be_read(value: Any) -> None:
    """Reading gives the value back, as other readers do, and writing it again the text."""
    text = dumps(value)
    assert loads(text.encode()) == value == json.loads(text)
    assert dumps(loads(text.encode())) == text


BYTES = st.binary(max_size=60) | st.text(max_size=40).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@settings(max_examples=200, deadline=None)
@given(BYTES)
def test_reading_anything_ends_well(text: bytes) -> None:
    """Any bytes are a value or a ValueError."""
    try:
        value = loads(text)
    except ValueError:
        return
    assert loads(dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "must be a mapping"),
        ([], "must be a mapping"),
        ("{}", "must be a mapping"),
        (1, "must be a mapping"),
        ({"x": b""}, "cannot be written as JSON"),
        ({1: 2}, "cannot be written as JSON"),
        ({"x": math.nan}, "cannot be written as JSON"),
        ({"x": "\ud800"}, "cannot be written as JSON"),
        ({"x": nested(32)}, "cannot be written as JSON"),
        ({"x": "y" * 13}, "at most 20 bytes"),
        ({"x": "\u00e9" * 7}, "at most 20 bytes"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_object_text(value: Any, message: str) -> None:
    """A mistake is named after what it concerns, and the value is not shown."""
    with pytest.raises(InvalidMetadata, match=message) as caught:
        object_text(value, max_bytes=20, what="meta")
    assert str(caught.value).startswith("meta ")


def test_an_object_text_fits_its_limit_in_bytes() -> None:
    """The limit itself is allowed, counted in UTF-8, and any mapping will do."""
    assert object_text({"x": "y" * 12}, max_bytes=20, what="meta") == '{"x":"yyyyyyyyyyyy"}'
    assert object_text({"x": "\u00e9" * 6}, max_bytes=20, what="meta")
    assert object_text(MappingProxyType({"b": 1, "a": 2}), max_bytes=20, what="meta") == (
        '{"a":2,"b":1}'
    )
