"""Vectors for the source that reads the body, and for several sources in order."""

from __future__ import annotations

import base64
from typing import Any

from vector_making.document import Document
from vector_making.source_places import NOTES, request

__all__ = ["body", "order"]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MALFORMED = "jwt:malformed_token"
AMBIGUOUS = "request:ambiguous_credentials"
STRUCTURE = "request:malformed_body"

HEADER = [
    "A request, reduced to what a token source may look at, and what the source answers:",
    "a token, that there is none, or the code of a refusal. body is text in UTF-8,",
    "bodyBase64 is octets; a request without either has no body.",
]


def _document(name: str) -> Document:
    return Document(f"source_{name}.json", "source.schema.json", "source", HEADER, NOTES)


def _post(content_type: str | None, content: str | bytes) -> dict[str, Any]:
    headers = [] if content_type is None else [("content-type", content_type)]
    if isinstance(content, bytes):
        encoded = base64.b64encode(content).decode("ascii")
        return request(headers, method="POST", bodyBase64=encoded)
    return request(headers, method="POST", body=content)


def body() -> Document:
    """Return the vectors of the body source."""
    document = _document("body")
    config = {"body": "refresh_token"}
    _json(document, config)
    _form(document, config)
    _other(document, config)
    return document


def _json(document: Document, config: Any) -> None:
    group = document.group("TokenSource", "a member of a JSON body", config=config)
    rid = "SOURCE-BODY-JSON"
    member = '{"refresh_token":"abc.def.ghi"}'
    for comment, content_type, content, token in [
        ("the only member", JSON, member, "abc.def.ghi"),
        ("among others", JSON, '{"a":[1],"refresh_token":"abc","b":{}}', "abc"),
        ("white space", JSON, ' \n{ "refresh_token" :\t"abc" } ', "abc"),
        ("an escape", JSON, '{"refresh_token":"a\\u0062c"}', "abc"),
        ("the name with an escape", JSON, '{"refresh\\u005ftoken":"abc"}', "abc"),
        (
            "a content type with a parameter",
            JSON + "; charset=utf-8",
            member,
            "abc.def.ghi",
        ),
        ("a content type in upper case", "APPLICATION/JSON", member, "abc.def.ghi"),
        (
            "a content type with white space",
            JSON + " ;charset=utf-8",
            member,
            "abc.def.ghi",
        ),
    ]:
        group.add(comment, rid, "Normal", request=_post(content_type, content), token=token)
    for comment, flag, content in [
        ("another member", "Absent", '{"access_token":"abc"}'),
        ("an empty object", "Absent", "{}"),
        ("null is the absence of a value", "Absent", '{"refresh_token":null}'),
        ("another case", "Exact", '{"Refresh_Token":"abc"}'),
        ("deeper inside", "Exact", '{"data":{"refresh_token":"abc"}}'),
    ]:
        view = _post(JSON, content)
        group.add(comment, "SOURCE-ABSENT", flag, request=view, token=None)
    empty = _post(JSON, '{"refresh_token":""}')
    group.add("an empty member", "SOURCE-EMPTY", "Empty", request=empty, code=MALFORMED)
    for comment, content in [
        ("not JSON", "refresh_token=abc"),
        ("cut off", '{"refresh_token":"abc"'),
        ("followed by something", '{"refresh_token":"abc"}x'),
        ("only white space", "  "),
        ("an array", '["abc"]'),
        ("a string", '"abc"'),
        ("null", "null"),
        ("a number as the member", '{"refresh_token":1}'),
        ("an array as the member", '{"refresh_token":["abc"]}'),
        ("an object as the member", '{"refresh_token":{"value":"abc"}}'),
        ("a boolean as the member", '{"refresh_token":true}'),
        ("NaN is no JSON", '{"refresh_token":"abc","x":NaN}'),
        ("Infinity is no JSON", '{"refresh_token":"abc","x":-Infinity}'),
        ("single quotes", "{'refresh_token':'abc'}"),
        ("octets that are not UTF-8", b'{"refresh_token":"abc","x":"\xff"}'),
        ("UTF-16", '{"refresh_token":"abc"}'.encode("utf-16")),
        ("UTF-32 without a mark", '{"refresh_token":"abc"}'.encode("utf-32-le")),
        ("nested without end", '{"x":' + "[" * 2000 + "]" * 2000 + "}"),
        ("nested and cut off", "[" * 5000),
    ]:
        group.add(comment, rid, "Structure", request=_post(JSON, content), code=STRUCTURE)
    for comment, content in [
        ("two of the name", '{"refresh_token":"abc","refresh_token":"def"}'),
        ("two of the name that are equal", '{"refresh_token":"a","refresh_token":"a"}'),
        ("two of the name, one escaped", '{"refresh_token":"a","refresh\\u005ftoken":"b"}'),
        ("two of the name, the first null", '{"refresh_token":null,"refresh_token":"a"}'),
    ]:
        view = _post(JSON, content)
        group.add(comment, "SOURCE-DUPLICATE", "Ambiguous", request=view, code=AMBIGUOUS)
    for comment, content in [
        ("a letter that is not ASCII", '{"refresh_token":"abc\u00e9"}'),
        ("a lone surrogate", '{"refresh_token":"abc\\ud800"}'),
        ("NUL", '{"refresh_token":"a\\u0000bc"}'),
        ("a space", '{"refresh_token":"abc def"}'),
    ]:
        view = _post(JSON, content)
        group.add(comment, "SOURCE-ASCII", "Charset", request=view, code=MALFORMED)


def _form(document: Document, config: Any) -> None:
    group = document.group("TokenSource", "a field of a form", config=config)
    rid = "SOURCE-BODY-FORM"
    for comment, flag, content_type, content, token in [
        ("the only field", "Normal", FORM, "refresh_token=abc.def.ghi", "abc.def.ghi"),
        ("among others", "Normal", FORM, "a=1&refresh_token=abc&b=2", "abc"),
        ("percent-encoded", "Normal", FORM, "refresh%5Ftoken=a%2Eb", "a.b"),
        ("a parameter", "Normal", FORM + ";charset=UTF-8", "refresh_token=abc", "abc"),
        ("decoded once", "LenientParser", FORM, "refresh_token=a%252Eb", "a%2Eb"),
        (
            "a semicolon separates nothing",
            "LenientParser",
            FORM,
            "refresh_token=a;b=c",
            "a;b=c",
        ),
    ]:
        view = _post(content_type, content)
        group.add(comment, rid, flag, request=view, token=token)
    for comment, flag, content in [
        ("another field", "Absent", "access_token=abc"),
        ("another case", "Exact", "Refresh_Token=abc"),
        ("JSON in a form is the name of a field", "Exact", '{"refresh_token":"abc"}'),
    ]:
        view = _post(FORM, content)
        group.add(comment, "SOURCE-ABSENT", flag, request=view, token=None)
    for comment, content in [
        ("an empty field", "refresh_token="),
        ("the name alone", "a=1&refresh_token"),
    ]:
        view = _post(FORM, content)
        group.add(comment, "SOURCE-EMPTY", "Empty", request=view, code=MALFORMED)
    for comment, content in [
        ("two of the name", "refresh_token=abc&refresh_token=def"),
        ("two of the name that are equal", "refresh_token=abc&refresh_token=abc"),
        ("two of the name, one encoded", "refresh_token=abc&refresh%5Ftoken=def"),
    ]:
        view = _post(FORM, content)
        group.add(comment, "SOURCE-DUPLICATE", "Ambiguous", request=view, code=AMBIGUOUS)
    for comment, content in [
        ("a plus sign is a space", "refresh_token=abc+def"),
        ("UTF-8", "refresh_token=abc%C3%A9"),
        ("octets that are not UTF-8", "refresh_token=abc%FF"),
        ("raw octets that are not ASCII", b"refresh_token=abc\xe9"),
        ("NUL", "refresh_token=a%00bc"),
    ]:
        view = _post(FORM, content)
        group.add(comment, "SOURCE-ASCII", "Charset", request=view, code=MALFORMED)


def _other(document: Document, config: Any) -> None:
    group = document.group("TokenSource", "other bodies", config=config)
    member = '{"refresh_token":"abc"}'
    disposition = 'Content-Disposition: form-data; name="refresh_token"'
    part = f"--x\r\n{disposition}\r\n\r\nabc\r\n--x--\r\n"
    for comment, view in [
        ("no content type", _post(None, member)),
        ("text", _post("text/plain", member)),
        ("a type that begins like JSON", _post("application/jsonp", member)),
        ("a type that names JSON in a parameter", _post("text/plain; x=" + JSON, member)),
        ("multipart", _post("multipart/form-data; boundary=x", part)),
        ("octets", _post("application/octet-stream", b"\x00\xff")),
        ("an empty JSON body", _post(JSON, "")),
        ("an empty form", _post(FORM, "")),
        ("no body at all", request([("content-type", JSON)], method="GET")),
        ("a token in the query is not asked for", request(query="refresh_token=abc")),
    ]:
        group.add(comment, "SOURCE-BODY-OTHER", "Absent", request=view, token=None)


def order() -> Document:
    """Return the vectors of several sources in order."""
    document = _document("order")
    rid = "SOURCE-ORDER"
    spec: list[Any] = ["bearer", {"cookie": "access"}, {"query": "t"}]
    group = document.group("TokenSource", "bearer, then cookie, then query", config=spec)
    auth, jar = ("authorization", "Bearer one"), ("cookie", "access=two")
    for comment, view, token in [
        ("all three: the first", request([auth, jar], query="t=three"), "one"),
        ("the second and the third", request([jar], query="t=three"), "two"),
        ("the third alone", request(query="t=three"), "three"),
        ("the order of the request does not matter", request([jar, auth]), "one"),
        (
            "another scheme is no token, so the search goes on",
            request([("authorization", "Basic dTpw"), jar]),
            "two",
        ),
        (
            "what comes after the first token is not looked at",
            request([auth, ("cookie", "access=")], query="t=a&t=b"),
            "one",
        ),
    ]:
        group.add(comment, rid, "Order", request=view, token=token)
    group.add("none", rid, "Order", "Absent", request=request(), token=None)
    empty = request([("authorization", "Bearer"), jar])
    group.add(
        "an empty first ends it", rid, "Order", "Empty", request=empty, code=MALFORMED
    )
    twice = request([("cookie", "access=a; access=b")], query="t=three")
    comment = "an ambiguous second ends it"
    group.add(comment, rid, "Order", "Ambiguous", request=twice, code=AMBIGUOUS)

    spec = [{"cookie": "refresh"}, {"body": "refresh_token"}]
    group = document.group("TokenSource", "cookie, then body", config=spec)
    jar = ("cookie", "refresh=one")
    kind = ("content-type", JSON)
    member = '{"refresh_token":"two"}'
    for comment, headers, content, token in [
        ("both: the first", [jar, kind], member, "one"),
        ("the body alone", [kind], member, "two"),
        ("a bad body is not looked at", [jar, kind], "{", "one"),
    ]:
        view = request(headers, method="POST", body=content)
        group.add(comment, rid, "Order", request=view, token=token)
    bad = request([kind], method="POST", body="{")
    group.add("a bad body ends it", rid, "Order", "Structure", request=bad, code=STRUCTURE)

    spec = [{"body": "refresh_token"}, {"cookie": "refresh"}]
    group = document.group("TokenSource", "body, then cookie", config=spec)
    bad = request([jar, kind], method="POST", body="{")
    comment = "a bad body ends it before the cookie"
    group.add(comment, rid, "Order", "Structure", request=bad, code=STRUCTURE)
    empty = request([jar, kind], method="POST", body="")
    group.add("an empty body is no token", rid, "Order", request=empty, token="one")
    return document
