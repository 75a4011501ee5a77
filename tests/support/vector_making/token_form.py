"""Vectors about the compact form, and about the header as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vector_making.signing import b64
from vector_making.token_parts import (
    ACCESS,
    CONFIG,
    KEY,
    NOW,
    Raw,
    access,
    compact,
    document,
    text,
)

if TYPE_CHECKING:
    from vector_making.document import Document, Group

__all__ = ["form"]

MALFORMED = "jwt:malformed_token"
HEADER = "jwt:invalid_header"
TOKEN = access()
HEAD, PAYLOAD, SIGNATURE = TOKEN.split(".")
LIMIT = 8192
HEADER_MEMBERS = {"alg": "HS256", "kid": "k1", "typ": "at+jwt"}


def _bad(group: Group, comment: str, rid: str, flag: str, token: str, code: str) -> None:
    group.add(comment, rid, flag, kind="access", token=token, now=NOW, code=code)


def _signed(message: str) -> str:
    """Sign segments as they stand."""
    return message + "." + b64(KEY.sign(message.encode()))


def form() -> Document:
    """Return the vectors of the form."""
    made = document("token_form")
    group = made.group("TokenVerification", "the compact form", config=CONFIG)
    group.add(
        "a token as it is minted",
        "TOKEN-COMPACT",
        "Normal",
        kind="access",
        token=TOKEN,
        now=NOW,
        claims=ACCESS,
    )
    _segments(group)
    _encoding(group)
    _size(group)
    _header_json(made.group("TokenVerification", "the header as JSON", config=CONFIG))
    return made


def _segments(group: Group) -> None:
    json_form = f'{{"payload":"{PAYLOAD}","protected":"{HEAD}","signature":"{SIGNATURE}"}}'
    for comment, flag, token in [
        ("nothing", "JsonStructure", ""),
        ("one dot", "JsonStructure", "."),
        ("three dots", "JsonStructure", "..."),
        ("a word", "JsonStructure", "abc"),
        ("one segment", "JsonStructure", HEAD),
        ("two segments", "JsonStructure", f"{HEAD}.{PAYLOAD}"),
        ("a fourth segment", "Malleable", TOKEN + ".AA"),
        ("a fourth segment that is empty", "Malleable", TOKEN + "."),
        ("an empty segment in front", "Malleable", "." + TOKEN),
        ("five segments, as of an encrypted token", "JsonStructure", "e30.AA.AA.AA.AA"),
        ("the JSON serialisation", "JsonStructure", json_form),
        ("the scheme left in front", "JsonStructure", "Bearer " + TOKEN),
        ("in quotes", "JsonStructure", f'"{TOKEN}"'),
        ("a space in front", "Malleable", " " + TOKEN),
        ("a space behind", "Malleable", TOKEN + " "),
        ("a line feed behind", "Malleable", TOKEN + "\n"),
        ("a carriage return and a line feed behind", "Malleable", TOKEN + "\r\n"),
        ("a tab in front", "Malleable", "\t" + TOKEN),
        ("NUL behind", "Malleable", TOKEN + "\0"),
        ("NUL alone", "JsonStructure", "\0"),
        ("a byte order mark in front", "Unicode", "\ufeff" + TOKEN),
        ("a zero width space behind", "Unicode", TOKEN + "\u200b"),
        ("full width dots", "Unicode", TOKEN.replace(".", "\uff0e")),
        (
            "a Cyrillic letter that looks the same",
            "Unicode",
            TOKEN.replace("e", "\u0435", 1),
        ),
        ("a letter beyond the basic plane", "Unicode", TOKEN + "\U0001d54f"),
        ("a lone surrogate", "Surrogate", TOKEN + "\ud800"),
        ("percent-encoded dots", "Malleable", TOKEN.replace(".", "%2E")),
    ]:
        _bad(group, comment, "TOKEN-COMPACT", flag, token, MALFORMED)


def _encoding(group: Group) -> None:
    rid = "TOKEN-CANONICAL"
    # Both end in a character of which two or four bits mean nothing.
    head, payload = _loose(text(HEADER_MEMBERS)), _loose(text(ACCESS))
    for comment, token in [
        ("padding after the signature", TOKEN + "="),
        ("too much padding after the signature", TOKEN + "=="),
        ("padding after the payload, signed so", _signed(f"{HEAD}.{payload}==")),
        ("padding after the header, signed so", _signed(f"{head}==.{PAYLOAD}")),
        ("only padding as the signature", f"{HEAD}.{PAYLOAD}.="),
        ("stray bits in the signature", f"{HEAD}.{PAYLOAD}.{_stray(SIGNATURE)}"),
        ("stray bits in the payload, signed so", _signed(f"{HEAD}.{_stray(payload)}")),
        ("stray bits in the header, signed so", _signed(f"{_stray(head)}.{PAYLOAD}")),
        (
            "an impossible length of the signature",
            f"{HEAD}.{PAYLOAD}.{_one_more(SIGNATURE)}",
        ),
        ("an impossible length of the payload", _signed(f"{HEAD}.{_one_more(PAYLOAD)}")),
        ("an impossible length of the header", _signed(f"{_one_more(HEAD)}.{PAYLOAD}")),
        ("a plus sign, of the other alphabet", _signed(f"{HEAD}.{PAYLOAD[:-4]}+AAA")),
        ("a slash, of the other alphabet", _signed(f"{HEAD}.{PAYLOAD[:-4]}/AAA")),
        (
            "a line break inside the payload",
            _signed(f"{HEAD}.{PAYLOAD[:76]}\n{PAYLOAD[76:]}"),
        ),
        (
            "a space inside the signature",
            f"{HEAD}.{PAYLOAD}.{SIGNATURE[:9]} {SIGNATURE[9:]}",
        ),
        ("an exclamation mark in the header", _signed(f"{HEAD}!.{PAYLOAD}")),
        ("NUL inside the signature", f"{HEAD}.{PAYLOAD}.{SIGNATURE[:9]}\0{SIGNATURE[9:]}"),
    ]:
        _bad(group, comment, rid, "Malleable", token, MALFORMED)


def _loose(json_text: str) -> str:
    """Encode, with white space behind until the last character has four stray bits."""
    while len(json_text) % 3 != 1:
        json_text += " "
    return b64(json_text.encode())


def _stray(segment: str) -> str:
    return segment[:-1] + chr(ord(segment[-1]) + 1)


def _one_more(segment: str) -> str:
    return segment + "A" * ((1 - len(segment)) % 4 or 4)


def _of_length(length: int) -> tuple[str, dict[str, Any]]:
    """Return a token of exactly this length, and its claims."""
    room = length - len(f"{HEAD}..{SIGNATURE}")
    claims = {**ACCESS, "fill": "x" * (room * 3 // 4 - len(text({**ACCESS, "fill": ""})))}
    token = access(claims)
    if len(token) != length:
        raise AssertionError(len(token))
    return token, claims


def _size(group: Group) -> None:
    rid = "TOKEN-BOUNDED"
    token, claims = _of_length(LIMIT)
    group.add(
        "as long as allowed",
        rid,
        "Boundary",
        kind="access",
        token=token,
        now=NOW,
        claims=claims,
    )
    # A space in the header makes it longer by one.
    longer = compact(text(HEADER_MEMBERS) + " ", claims)
    if len(longer) != LIMIT + 1:
        raise AssertionError(len(longer))
    for comment, flag, token in [
        ("authentic, and one too long", "Boundary", longer),
        ("a valid token and dots", "Size", TOKEN + "." * LIMIT),
        ("dots", "Size", "." * (LIMIT + 1)),
        ("letters without end", "Size", "A" * 20_000),
        ("a signature without end", "Size", TOKEN + "A" * 20_000),
        ("a header nested without end", "Size", f"{b64(b'[' * 20_000)}.e30.AA"),
    ]:
        _bad(group, comment, rid, flag, token, MALFORMED)


def _header_json(group: Group) -> None:
    rid = "TOKEN-JSON-STRICT"
    plain = '"alg":"HS256","kid":"k1","typ":"at+jwt"'
    for comment, flag, header in [
        ("nothing", "JsonStructure", b""),
        ("not JSON", "JsonStructure", "alg=HS256"),
        ("cut off", "JsonStructure", "{" + plain),
        ("followed by something", "JsonStructure", "{" + plain + "}x"),
        ("a second object behind it", "JsonStructure", "{" + plain + "}{}"),
        ("an array", "JsonStructure", "[{" + plain + "}]"),
        ("a string", "JsonStructure", '"HS256"'),
        ("a number", "JsonStructure", "1"),
        ("null", "JsonStructure", "null"),
        ("single quotes", "JsonStructure", "{" + plain.replace('"', "'") + "}"),
        ("a comma too many", "JsonStructure", "{" + plain + ",}"),
        ("a comment", "JsonStructure", "{" + plain + "/* */}"),
        ("a byte order mark", "JsonStructure", "\ufeff{" + plain + "}"),
        ("UTF-16", "JsonStructure", ("{" + plain + "}").encode("utf-16")),
        ("UTF-32 without a mark", "JsonStructure", ("{" + plain + "}").encode("utf-32-le")),
        ("octets that are not UTF-8", "Unicode", b"{" + plain.encode() + b',"x":"\xff"}'),
        (
            "an encoded surrogate",
            "Surrogate",
            b"{" + plain.encode() + b',"x":"\xed\xa0\x80"}',
        ),
        ("an escaped lone surrogate", "Surrogate", "{" + plain + ',"x":"\\udfff"}'),
        ("a line break in a string", "JsonStructure", "{" + plain + ',"x":"\n"}'),
        ("alg twice, alike", "DuplicateMember", "{" + plain + ',"alg":"HS256"}'),
        ("alg twice, the last none", "DuplicateMember", "{" + plain + ',"alg":"none"}'),
        ("alg twice, the first none", "DuplicateMember", '{"alg":"none",' + plain + "}"),
        (
            "alg twice, once escaped",
            "DuplicateMember",
            "{" + plain + ',"\\u0061lg":"none"}',
        ),
        ("kid twice", "DuplicateMember", "{" + plain + ',"kid":"k2"}'),
        ("typ twice", "DuplicateMember", "{" + plain + ',"typ":"rt+jwt"}'),
        (
            "a member twice deep inside",
            "DuplicateMember",
            "{" + plain + ',"x":{"y":1,"y":1}}',
        ),
        ("NaN", "JsonStructure", "{" + plain + ',"x":NaN}'),
        ("Infinity", "JsonStructure", "{" + plain + ',"x":Infinity}'),
        ("a number beyond a double", "ClaimRange", "{" + plain + ',"x":1e999}'),
        ("33 deep", "Boundary", "{" + plain + ',"x":' + "[" * 32 + "]" * 32 + "}"),
        (
            "nested without end",
            "Crash",
            "{" + plain + ',"x":' + "[" * 2500 + "]" * 2500 + "}",
        ),
        ("nested and cut off", "Crash", "[" * 5000),
        (
            "an integer of thousands of digits",
            "Crash",
            "{" + plain + ',"x":' + "9" * 5000 + "}",
        ),
    ]:
        _bad(group, comment, rid, flag, compact(header, ACCESS), HEADER)
    empty_segments = ".."
    _bad(group, "three empty segments", rid, "JsonStructure", empty_segments, HEADER)
    for comment, header in [
        ("32 deep", "{" + plain + ',"x":' + "[" * 31 + "]" * 31 + "}"),
        ("members in another order", '{"typ":"at+jwt","kid":"k1","alg":"HS256"}'),
        ("white space", '{\n "alg" : "HS256" ,\t"kid":"k1","typ":"at+jwt" }\r\n'),
        ("an escaped name", '{"\\u0061lg":"HS256","kid":"k1","typ":"at+jwt"}'),
        (
            "members that are not known",
            {**HEADER_MEMBERS, "x": Raw('{"y":[1.5,null,true]}')},
        ),
    ]:
        token = compact(header, ACCESS)
        group.add(
            comment, rid, "Normal", kind="access", token=token, now=NOW, claims=ACCESS
        )
