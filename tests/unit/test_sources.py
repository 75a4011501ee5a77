"""What vectors cannot say: ways to write a source, hostile bodies, one's own sources."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from bare_request import BareRequest, with_headers
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtsession.errors import (
    AmbiguousCredentials,
    ConfigInvalid,
    MalformedBody,
    MalformedToken,
)
from jwtsession.sources import (
    BearerSource,
    BodySource,
    CookieSource,
    FirstOf,
    Found,
    HeaderSource,
    QuerySource,
    find,
    parts,
    source_from,
)
from jwtsession.transport.bodies import JSON_MAX_DEPTH, NUMBER_MAX_CHARS, form_values

if TYPE_CHECKING:
    from jwtsession.protocols import RequestView, TokenSource

JSON = ("content-type", "application/json")
BODY = BodySource("t")


def _json(body: bytes) -> BareRequest:
    return BareRequest((JSON,), body=body)


@pytest.mark.parametrize(
    ("spec", "source"),
    [
        ("bearer", BearerSource()),
        (" bearer ", BearerSource()),
        ("cookie:a", CookieSource("a")),
        ("body:x:y", BodySource("x:y")),
        ({"cookie": "__Host-a"}, CookieSource("__Host-a")),
        ({"header": "X-Auth"}, HeaderSource("X-Auth")),
        ({"query": "token"}, QuerySource("token")),
        ({"body": "refresh_token"}, BodySource("refresh_token")),
        (BearerSource(), BearerSource()),
        (["bearer"], BearerSource()),
        ("bearer, cookie:a", FirstOf([BearerSource(), CookieSource("a")])),
        (("bearer", {"body": "b"}), FirstOf([BearerSource(), BodySource("b")])),
        (
            [FirstOf([BearerSource()]), "query:q"],
            FirstOf([FirstOf([BearerSource()]), QuerySource("q")]),
        ),
    ],
)
def test_a_source_is_made_of_text_of_a_mapping_or_of_a_list(
    spec: Any, source: TokenSource
) -> None:
    """Every way of writing a source makes the same value."""
    assert source_from(spec) == source


@pytest.mark.parametrize(
    "spec",
    [
        *(
            "",
            " ",
            "Bearer",
            "basic",
            "cookie",
            "cookie:",
            ",",
            "bearer,",
            "bearer,,cookie:a",
        ),
        *(
            "header:",
            "header:a b",
            "header:Cookie",
            "cookie:a=b",
            "cookie:a;b",
            "query:",
            "body:",
        ),
        *("cookie:é", "cookie:\x00", "body:\x00", "query:\ud800", "cookie: a"),
        *(
            {},
            {"cookie": "a", "body": "b"},
            {"jar": "a"},
            {"cookie": 5},
            {5: "a"},
            {"cookie": None},
        ),
        *(
            {"cookie": "x" * 256},
            {"body": "x" * 256},
            {"query": ""},
            {"body": ["a"]},
            {"bearer": ""},
        ),
        *([], [[]], [["bearer"]], ["bearer", 5], [None], {"cookie"}, [{"cookie": ""}]),
        *(
            None,
            5,
            True,
            b"bearer",
            bytearray(b"bearer"),
            object(),
            BearerSource,
            "x" * 100_000,
        ),
    ],
    ids=lambda spec: repr(spec)[:20],
)
def test_what_is_no_source_is_refused_with_what_can_be_written(spec: Any) -> None:
    """A source that cannot be made is one short config:invalid, whatever was written."""
    with pytest.raises(ConfigInvalid) as refusal:
        source_from(spec)
    assert 10 < len(str(refusal.value)) < 300


def test_no_sources_at_all_are_refused() -> None:
    """A list of sources names at least one."""
    with pytest.raises(ConfigInvalid, match="at least one"):
        FirstOf([])


def test_several_sources_need_the_body_where_one_of_them_does() -> None:
    """The body is asked for exactly where a source looks at it, nested ones included."""
    without = FirstOf(
        [BearerSource(), CookieSource("c"), HeaderSource("h"), QuerySource("q")]
    )
    assert not without.needs_body
    assert FirstOf([without, FirstOf([BODY])]).needs_body
    assert [type(part) for part in parts(FirstOf([without, BODY]))] == [
        *(BearerSource, CookieSource, HeaderSource, QuerySource, BodySource)
    ]


def test_a_body_that_nobody_read_holds_no_token() -> None:
    """A view without a body is a request in which the body source finds nothing."""
    assert BODY.extract(BareRequest((JSON,), body=None)) is None


def test_what_is_found_says_whether_a_cookie_brought_it() -> None:
    """The part that found the token decides, not the list it stands in."""
    source = source_from("bearer,cookie:c")
    by_header = with_headers(("Authorization", "Bearer a"), ("Cookie", "c=b"))
    by_cookie = with_headers(("Cookie", "c=b"))

    assert find(source, by_header) == Found("a", by_cookie=False)
    assert find(source, by_cookie) == Found("b", by_cookie=True)
    assert find(source, with_headers()) is None


def test_what_is_found_shows_no_token() -> None:
    """The repr of a find does not hold the token."""
    assert "s3cret" not in repr(Found("s3cret", by_cookie=True))


@dataclass
class OwnSource:
    needs_body: bool = False

    def extract(self, request: RequestView) -> str | None:
        """Return the first of the header's values."""
        return next(iter(request.headers("x-own")), None)


class OwnHeaderSource(OwnSource):
    by_cookie = False


def test_a_source_of_ones_own_counts_as_a_cookie_until_it_says_otherwise() -> None:
    """A source that does not say counts as a cookie; one that denies it does not."""
    request = with_headers(("X-Own", "abc"))
    assert find(source_from([OwnSource(), "bearer"]), request) == Found(
        "abc", by_cookie=True
    )
    assert find(source_from(OwnHeaderSource()), request) == Found("abc", by_cookie=False)


def test_a_name_is_compared_as_it_was_configured() -> None:
    """Upper case in a parameter's name is kept."""
    request = BareRequest(query=b"Tok=abc&tok=def")
    assert QuerySource("Tok").extract(request) == "abc"


@pytest.mark.parametrize(
    "almost",
    [
        type("NotMade", (), {"needs_body": False, "extract": print}),
        type("NoExtract", (), {"needs_body": False})(),
        type("NoNeed", (), {"extract": print})(),
    ],
)
def test_an_object_that_lacks_half_of_a_source_is_refused(almost: Any) -> None:
    """needs_body and extract are both required, of an object and not of its class."""
    with pytest.raises(ConfigInvalid):
        source_from(almost)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"t":"abc","x":' * 4000,
        b'{"t":"abc","x":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
        b'{"t":"abc","x":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
        b'{"t":"abc","x":' + b"9" * (NUMBER_MAX_CHARS + 1) + b"}",
        b'{"t":"abc","x":1.' + b"9" * NUMBER_MAX_CHARS + b"}",
        b'{"t":"abc","x":NaN}',
        b'{"t":"abc","x":Infinity}',
        b'{"t":"abc","x":-Infinity}',
        b'{"t":"abc","x":01}',
        b'{"t":"abc",}',
        b'{"t":"abc"} {}',
        b'{"t":"a\nbc"}',
        b'{"t":"abc"',
        b'"' + b'\\"' * 30_000,
        b"[[" * 65 + b'"' + b'\\"' * 30_000,
        b'\xef\xbb\xbf{"t":"abc"}',
        b'{"t":"abc","x":"\xed\xa0\x80"}',
        b"\x00",
        b"\xff" * 60_000,
    ],
    ids=lambda body: repr(body)[:24],
)
def test_a_body_that_is_not_json_or_too_much_of_it_is_malformed(body: bytes) -> None:
    """Hostile JSON ends in request:malformed_body, and nothing of it hangs on the error."""
    with pytest.raises(MalformedBody) as refusal:
        BODY.extract(_json(body))
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    "beside",
    [
        "[" * (JSON_MAX_DEPTH - 1) + "]" * (JSON_MAX_DEPTH - 1),
        "9" * NUMBER_MAX_CHARS,
        *(
            "1e999",
            "-0.0",
            "1E+400",
            '"\\ud800"',
            '"[[[["',
            '{"t":"inner"}',
            '{"a":1,"a":2}',
        ),
        '"' + "[{" * 500 + '"',
        '"\\"' + "[" * 500 + '"',
        json.dumps("\N{SNOWMAN}" * 1000),
    ],
    ids=lambda text: text[:20],
)
def test_what_else_a_body_holds_is_the_applications_business(beside: str) -> None:
    """JSON that is unusual but JSON hides no token."""
    body = f'{{"x":{beside},"t":"abc"}}'
    assert BODY.extract(_json(body.encode())) == "abc"


def test_the_depth_is_counted_outside_of_strings() -> None:
    """One level too many is refused, also after a string that ends in a backslash."""
    deep = "[" * JSON_MAX_DEPTH + "]" * JSON_MAX_DEPTH
    for beside in ("1", '"\\\\"', '"]]]]"'):
        with pytest.raises(MalformedBody):
            BODY.extract(_json(f'{{"y":{beside},"t":"abc","x":{deep}}}'.encode()))


def test_deep_json_is_read_from_a_deep_stack() -> None:
    """However little stack is left, the answer is a token or a named error."""

    def descend(levels: int) -> str | None:
        return descend(levels - 1) if levels else BODY.extract(_json(body))

    body = b'{"t":"abc","x":' + b"[" * 100 + b"]" * 100 + b"}"
    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    for left in (400, 120, 90, 60):
        try:
            assert descend(sys.getrecursionlimit() - depth - left) == "abc"
        except MalformedBody:
            assert left < 400


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("application/problem+json", "abc"),
        ("Application/Vnd.Api+JSON; q=1", "abc"),
        ("application/json; charset=latin-1", "abc"),
        *(
            (kind, None)
            for kind in ("", ";", "json", "application/", "text/json", "application/json5")
        ),
        *(
            (kind, None)
            for kind in (
                "application/json, text/plain",
                "\x00",
                "é",
                "+jso",
                "multipart/form-data",
            )
        ),
    ],
)
def test_the_content_type_decides_what_a_body_is(kind: str, token: str | None) -> None:
    """JSON is application/json and what ends in +json; anything else holds no token."""
    request = BareRequest((("Content-Type", kind),), body=b'{"t":"abc"}')
    assert BODY.extract(request) == token


def test_two_content_types_are_refused() -> None:
    """A body that is said to be two things is malformed, not guessed at."""
    twice = BareRequest((JSON, ("content-type", "text/plain")), body=b'{"t":"abc"}')
    with pytest.raises(MalformedBody):
        BODY.extract(twice)


@pytest.mark.parametrize(
    ("source", "request_", "error"),
    [
        (
            CookieSource("c"),
            with_headers(("cookie", 'c="abc"'), ("cookie", "c=d")),
            AmbiguousCredentials,
        ),
        (
            CookieSource("c"),
            with_headers(("cookie", "c=a" * 1), ("Cookie", " c=b")),
            AmbiguousCredentials,
        ),
        (CookieSource("c"), with_headers(("cookie", "c=a\N{SNOWMAN}")), MalformedToken),
        (CookieSource("c"), with_headers(("cookie", "c=a\ud800")), MalformedToken),
        (CookieSource("c"), with_headers(("cookie", "c= a")), MalformedToken),
        (HeaderSource("h"), with_headers(("h", "a\ud800")), MalformedToken),
        (BearerSource(), with_headers(("authorization", "Bearer \ud800")), MalformedToken),
        (BearerSource(), with_headers(("authorization", "Bearer\u00a0abc")), None),
        (BearerSource(), with_headers(("authorization", "Bearer\tabc")), None),
        (CookieSource("c"), with_headers(("cookie", "\u2000c=abc")), None),
        (CookieSource("c"), with_headers(("cookie", "c =abc")), None),
        (CookieSource("c"), with_headers(("cookie", "$Version=1; $c=abc, c=d")), None),
        (QuerySource("t"), BareRequest(query=b"&" * 60_000), None),
        (QuerySource("t"), BareRequest(query=b"%" * 60_000), None),
        (QuerySource("t"), BareRequest(query=b"t=%zz+"), MalformedToken),
        (QuerySource("t"), BareRequest(query=b"t=\xff"), MalformedToken),
        (QuerySource("ü"), BareRequest(query=b"%C3%BC=&%C3%BC=a"), AmbiguousCredentials),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_odd_places_are_named_errors_or_no_token(
    source: TokenSource, request_: BareRequest, error: type[Exception] | None
) -> None:
    """What looks like a token and is none is refused, what is none by name is absent."""
    if error is None:
        assert source.extract(request_) is None
    else:
        with pytest.raises(error):
            source.extract(request_)


def test_a_quote_is_part_of_a_cookies_value() -> None:
    """A quoted token is handed on with its quotes, for the codec to refuse."""
    assert CookieSource("c").extract(with_headers(("cookie", 'c="abc"'))) == '"abc"'


def test_a_huge_token_is_found_and_left_to_the_codec() -> None:
    """No source measures a token: whoever decodes it does."""
    huge = "a" * 1_000_000
    assert BearerSource().extract(with_headers(("authorization", f"Bearer {huge}"))) == huge


_SOURCES = [source_from(s) for s in ("bearer", "cookie:t", "header:t", "query:t", "body:t")]
_NAMES = st.sampled_from(["authorization", "cookie", "t", "content-type"])
_VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["Bearer a", "t=a", "t=a; t=b", "application/json", "a/b+json", JSON[1]]
    ),
    st.just("application/x-www-form-urlencoded"),
)
_BODIES = st.one_of(
    st.none(),
    st.binary(max_size=80),
    st.text('{}[]":,t\\u0 ', max_size=40).map(str.encode),
    st.text("t=&%+ab", max_size=20).map(str.encode),
)


@settings(deadline=None, derandomize=True)
@given(
    pairs=st.lists(st.tuples(_NAMES, _VALUES), max_size=4),
    query=st.binary(max_size=40),
    body=_BODIES,
)
def test_no_request_makes_a_source_raise_anything_else(
    pairs: list[tuple[str, str]], query: bytes, body: bytes | None
) -> None:
    """Whatever is sent, a source answers a visible token, none, or a named error."""
    for source in _SOURCES:
        token: str | None = None
        with contextlib.suppress(MalformedToken, AmbiguousCredentials, MalformedBody):
            token = source.extract(BareRequest(tuple(pairs), query, body))
        assert token is None or (token and all("!" <= c <= "~" for c in token))


def test_a_body_of_escapes_is_read_without_decoding_what_cannot_be_the_name() -> None:
    """Only what may be the field's name, at one to three octets each, is decoded."""
    assert form_values(b"%74=1&t=2&%74%74=3&" + b"%&" * 1000, "t") == ["1", "2"]
