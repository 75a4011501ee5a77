"""Vectors for the sources that read a header, a cookie or the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vector_making.document import Document

if TYPE_CHECKING:
    from vector_making.document import Group

__all__ = ["NOTES", "bearer", "cookie", "header", "query", "request"]

HEADER = [
    "A request, reduced to what a token source may look at, and what the source answers:",
    "a token, that there is none, or the code of a refusal. Header values are the octets",
    "of the request read as Latin-1; the query is as sent, without the question mark.",
]

NOTES = {
    "Absent": {
        "bugType": "BASIC",
        "description": "There is no token in this place, and that is no error.",
    },
    "Ambiguous": {
        "bugType": "CONFUSION",
        "description": "Two tokens in one place: whoever picks one picks a different one "
        "than the proxy in front.",
    },
    "Charset": {
        "bugType": "MISSING_CHECK",
        "description": "What was found cannot be a token: not visible ASCII.",
    },
    "Empty": {
        "bugType": "MISSING_CHECK",
        "description": "An empty token is refused, not taken for an absent one.",
    },
    "Exact": {
        "bugType": "CONFUSION",
        "description": "A name that is nearly the configured one is another name.",
    },
    "LenientParser": {
        "bugType": "KNOWN_BUG",
        "description": "Parsers in use get this wrong: they honour quotes, stop at the "
        "first odd cookie, split at semicolons or decode twice.",
    },
    "Normal": {"bugType": "BASIC", "description": "What clients send every day."},
    "Order": {
        "bugType": "BASIC",
        "description": "Several sources: the first that finds a token wins.",
    },
    "Structure": {
        "bugType": "MISSING_CHECK",
        "description": "The body is not what its content type says.",
    },
}

MALFORMED = "jwt:malformed_token"
AMBIGUOUS = "request:ambiguous_credentials"


def request(
    headers: list[tuple[str, str]] | None = None,
    *,
    method: str = "GET",
    query: str = "",
    **body: str,
) -> dict[str, Any]:
    """Return a request view; ``body`` or ``bodyBase64`` where there is one."""
    sent = [list(header) for header in headers or []]
    return {"method": method, "headers": sent, "query": query, **body}


def _document(name: str) -> Document:
    return Document(f"source_{name}.json", "source.schema.json", "source", HEADER, NOTES)


def _found(group: Group, comment: str, rid: str, flag: str, view: Any, token: str) -> None:
    group.add(comment, rid, flag, request=view, token=token)


def _absent(group: Group, comment: str, rid: str, flag: str, view: Any) -> None:
    group.add(comment, rid, flag, request=view, token=None)


def bearer() -> Document:
    """Return the vectors of the bearer source."""
    document = _document("bearer")
    group = document.group("TokenSource", "Authorization: Bearer", config="bearer")

    def sent(*values: str, name: str = "authorization") -> dict[str, Any]:
        return request([(name, value) for value in values])

    rid = "SOURCE-BEARER"
    for comment, value, token in [
        ("as every client sends it", "Bearer abc.def.ghi", "abc.def.ghi"),
        ("the scheme in lower case", "bearer abc", "abc"),
        ("the scheme in upper case", "BEARER abc", "abc"),
        ("the scheme in mixed case", "bEaReR abc", "abc"),
        ("several spaces after the scheme", "Bearer   abc", "abc"),
        ("white space around the field value is no part of it", " Bearer abc\t", "abc"),
        ("every character of token68", "Bearer aZ09-._~+/==", "aZ09-._~+/=="),
    ]:
        _found(group, comment, rid, "Normal", sent(value), token)
    upper = sent("Bearer abc", name="AUTHORIZATION")
    _found(group, "the header's name in upper case", rid, "Normal", upper, "abc")
    for comment, value in [
        ("another scheme", "Basic dXNlcjpwYXNz"),
        ("a scheme that begins with Bearer", "Bearerabc"),
        ("a scheme that begins with Bearer, and a token", "BearerToken abc"),
        ("a scheme that ends with Bearer", "XBearer abc"),
        ("another scheme whose credentials mention Bearer", "Digest Bearer"),
        ("an empty Authorization header names no scheme", ""),
    ]:
        _absent(group, comment, rid, "Exact", sent(value))
    rid = "SOURCE-ABSENT"
    _absent(group, "no Authorization header", rid, "Absent", request())
    proxy = sent("Bearer abc", name="proxy-authorization")
    _absent(group, "Proxy-Authorization is another header", rid, "Exact", proxy)
    in_query = request(query="access_token=abc")
    _absent(group, "a token in the query is not asked for", rid, "Absent", in_query)
    rid = "SOURCE-EMPTY"
    for comment, value in [
        ("the scheme alone", "Bearer"),
        ("the scheme and a space", "Bearer "),
        ("the scheme and many spaces", "Bearer      "),
    ]:
        group.add(comment, rid, "Empty", request=sent(value), code=MALFORMED)
    rid = "SOURCE-DUPLICATE"
    for comment, values in [
        ("two headers", ("Bearer abc", "Bearer def")),
        ("two headers that are equal", ("Bearer abc", "Bearer abc")),
        ("two headers, the second of another scheme", ("Bearer abc", "Basic dTpw")),
        ("two headers, the first of another scheme", ("Basic dTpw", "Bearer abc")),
    ]:
        group.add(comment, rid, "Ambiguous", request=sent(*values), code=AMBIGUOUS)
    rid = "SOURCE-ASCII"
    for comment, value in [
        ("a Latin-1 letter", "Bearer abc\xe9"),
        ("UTF-8 octets", "Bearer abc\xc3\xa9"),
        ("a no-break space", "Bearer abc\xa0"),
        ("NUL", "Bearer a\x00bc"),
        ("a control character", "Bearer a\x1fbc"),
        ("DEL", "Bearer abc\x7f"),
        ("a space inside", "Bearer abc def"),
        ("a tab inside", "Bearer abc\tdef"),
        ("a line break inside", "Bearer abc\r\nX: y"),
        ("two headers joined by a proxy", "Bearer abc, Bearer def"),
    ]:
        group.add(comment, rid, "Charset", request=sent(value), code=MALFORMED)
    return document


def cookie() -> Document:
    """Return the vectors of the cookie source."""
    document = _document("cookie")
    group = document.group("TokenSource", "a cookie", config={"cookie": "refresh"})

    def sent(*values: str, name: str = "cookie") -> dict[str, Any]:
        return request([(name, value) for value in values])

    rid = "SOURCE-COOKIE"
    for comment, value, token in [
        ("the only cookie", "refresh=abc.def.ghi", "abc.def.ghi"),
        ("among others", "a=1; refresh=abc; b=2", "abc"),
        ("no space after the semicolon", "a=1;refresh=abc;b=2", "abc"),
        ("the value keeps what follows the first equals sign", "refresh=abc==", "abc=="),
        ("percent signs are not decoded", "refresh=a%2Eb", "a%2Eb"),
    ]:
        _found(group, comment, rid, "Normal", sent(value), token)
    upper = sent("refresh=abc", name="COOKIE")
    _found(group, "the header's name in upper case", rid, "Normal", upper, "abc")
    split = sent("a=1", "refresh=abc", "b=2")
    _found(group, "HTTP/2 may split the header", rid, "Normal", split, "abc")
    for comment, value, token in [
        ("a quote opens nothing", 'x="; refresh=abc; y="', "abc"),
        ("after a cookie with an odd name", "b[0]=1; refresh=abc", "abc"),
        ("after a cookie without a name", "=x; refresh=abc", "abc"),
        ("after empty pairs", ";; ; refresh=abc", "abc"),
        ("after a cookie without an equals sign", "flag; refresh=abc", "abc"),
        ("beside a cookie that is not ASCII", "n=\xe9; refresh=abc", "abc"),
        ("a cookie named like an attribute", "path=/; refresh=abc; secure", "abc"),
    ]:
        _found(group, comment, rid, "LenientParser", sent(value), token)
    for comment, value in [
        ("another case", "Refresh=abc"),
        ("a longer name", "refresh2=abc"),
        ("a name with a prefix", "__Host-refresh=abc"),
        ("the name in another cookie's value", "x=refresh=abc"),
        ("the name without an equals sign is a value without a name", "refresh"),
    ]:
        _absent(group, comment, rid, "Exact", sent(value))
    rid = "SOURCE-ABSENT"
    _absent(group, "no Cookie header", rid, "Absent", request())
    _absent(group, "an empty Cookie header", rid, "Absent", sent(""))
    set_cookie = sent("refresh=abc", name="set-cookie")
    _absent(group, "Set-Cookie is another header", rid, "Exact", set_cookie)
    rid = "SOURCE-EMPTY"
    group.add("an empty value", rid, "Empty", request=sent("refresh="), code=MALFORMED)
    between = sent("a=1; refresh=; b=2")
    group.add("an empty value among others", rid, "Empty", request=between, code=MALFORMED)
    rid = "SOURCE-DUPLICATE"
    for comment, values in [
        ("two of the name", ("refresh=abc; refresh=def",)),
        ("two of the name that are equal", ("refresh=abc; refresh=abc",)),
        ("two of the name, the second empty", ("refresh=abc; refresh=",)),
        ("two of the name in two headers", ("refresh=abc", "refresh=def")),
    ]:
        group.add(comment, rid, "Ambiguous", request=sent(*values), code=AMBIGUOUS)
    rid = "SOURCE-ASCII"
    for comment, value in [
        ("a Latin-1 letter", "refresh=abc\xe9"),
        ("NUL", "refresh=a\x00bc"),
        ("a space inside", "refresh=abc def"),
    ]:
        group.add(comment, rid, "Charset", request=sent(value), code=MALFORMED)
    return document


def header() -> Document:
    """Return the vectors of the header source."""
    document = _document("header")
    group = document.group("TokenSource", "a header", config={"header": "X-Token"})

    def sent(*values: str, name: str = "x-token") -> dict[str, Any]:
        return request([(name, value) for value in values])

    rid = "SOURCE-HEADER"
    for comment, value, name, token in [
        ("the name in lower case", "abc.def.ghi", "x-token", "abc.def.ghi"),
        ("the name as configured", "abc", "X-Token", "abc"),
        ("the name in upper case", "abc", "X-TOKEN", "abc"),
        ("white space around the field value is no part of it", " abc\t", "x-token", "abc"),
        ("the whole value, commas too", "abc,def", "x-token", "abc,def"),
    ]:
        _found(group, comment, rid, "Normal", sent(value, name=name), token)
    for comment, name in [
        ("an underscore is no hyphen", "x_token"),
        ("a longer name", "x-tokens"),
    ]:
        _absent(group, comment, rid, "Exact", sent("abc", name=name))
    _absent(group, "no such header", "SOURCE-ABSENT", "Absent", request())
    rid = "SOURCE-EMPTY"
    group.add("an empty value", rid, "Empty", request=sent(""), code=MALFORMED)
    group.add("only white space", rid, "Empty", request=sent(" \t"), code=MALFORMED)
    rid = "SOURCE-DUPLICATE"
    for comment, values in [
        ("two headers", ("abc", "def")),
        ("two headers that are equal", ("abc", "abc")),
        ("two headers, the first empty", ("", "abc")),
    ]:
        group.add(comment, rid, "Ambiguous", request=sent(*values), code=AMBIGUOUS)
    rid = "SOURCE-ASCII"
    for comment, value in [
        ("a Latin-1 letter", "abc\xe9"),
        ("NUL", "a\x00bc"),
        ("a scheme is part of the value, and a space is not", "Bearer abc"),
        ("two headers joined by a proxy", "abc, def"),
    ]:
        group.add(comment, rid, "Charset", request=sent(value), code=MALFORMED)
    return document


def query() -> Document:
    """Return the vectors of the query source."""
    document = _document("query")
    group = document.group("TokenSource", "a query parameter", config={"query": "t"})
    rid = "SOURCE-QUERY"
    for comment, flag, text, token in [
        ("the only parameter", "Normal", "t=abc.def.ghi", "abc.def.ghi"),
        ("among others", "Normal", "a=1&t=abc&b=2", "abc"),
        ("percent-encoded", "Normal", "t=a%2Eb%2ec", "a.b.c"),
        ("the name percent-encoded", "Normal", "%74=abc", "abc"),
        ("what follows the first equals sign", "Normal", "t=abc==", "abc=="),
        ("decoded once", "LenientParser", "t=a%252Eb", "a%2Eb"),
        ("a semicolon separates nothing", "LenientParser", "t=abc;t=def", "abc;t=def"),
        ("beside octets that are not UTF-8", "LenientParser", "x=%FF&t=abc", "abc"),
        ("after empty parameters", "LenientParser", "&&t=abc", "abc"),
    ]:
        _found(group, comment, rid, flag, request(query=text), token)
    for comment, text in [
        ("another case", "T=abc"),
        ("a longer name", "tt=abc"),
        ("the name in another parameter's value", "x=t=abc"),
        ("an encoded equals sign is part of the name", "t%3Dabc"),
        ("an encoded ampersand is part of the value", "x=1%26t=abc"),
        ("brackets are part of the name", "t[]=abc"),
    ]:
        _absent(group, comment, rid, "Exact", request(query=text))
    _absent(group, "no query", "SOURCE-ABSENT", "Absent", request())
    rid = "SOURCE-EMPTY"
    for comment, text in [
        ("an empty value", "t="),
        ("an empty value among others", "a=1&t=&b=2"),
        ("the name alone", "t"),
    ]:
        group.add(comment, rid, "Empty", request=request(query=text), code=MALFORMED)
    rid = "SOURCE-DUPLICATE"
    for comment, text in [
        ("two of the name", "t=abc&t=def"),
        ("two of the name that are equal", "t=abc&t=abc"),
        ("two of the name, one percent-encoded", "t=abc&%74=def"),
        ("two of the name, the second empty", "t=abc&t="),
    ]:
        group.add(comment, rid, "Ambiguous", request=request(query=text), code=AMBIGUOUS)
    rid = "SOURCE-ASCII"
    for comment, text in [
        ("UTF-8", "t=abc%C3%A9"),
        ("octets that are not UTF-8", "t=abc%FF"),
        ("NUL", "t=a%00bc"),
        ("a line break", "t=abc%0Ad"),
        ("a space", "t=abc%20def"),
    ]:
        group.add(comment, rid, "Charset", request=request(query=text), code=MALFORMED)
    return document
