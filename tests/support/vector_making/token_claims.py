"""Vectors about claims: their types, their ranges, and the payload as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vector_making.token_parts import (
    ACCESS,
    CONFIG,
    ISSUER,
    NOW,
    REFRESH,
    Raw,
    access,
    config,
    document,
    refresh,
    text,
)

if TYPE_CHECKING:
    from vector_making.document import Document, Group

__all__ = ["claims"]

TYPES = "jwt:deserialization_failed"
ISSUER_CODE = "jwt:invalid_issuer"
AUDIENCE = "jwt:invalid_audience"
INTEGER_END = 2**53


def claims() -> Document:
    """Return the vectors of claims."""
    made = document("token_claims")
    group = made.group("TokenVerification", "claims of an access token", config=CONFIG)
    for name in ("exp", "iat", "gen", "auth_time", "nbf"):
        _integer(group, name)
    _valid_integers(group)
    _sub(group)
    _sid(group)
    _jti(group)
    _aud(made, group)
    _iss(made, group)
    _extra(group)
    _refresh_types(made.group("TokenVerification", "of a refresh token", config=CONFIG))
    _payload_json(made.group("TokenVerification", "the payload as JSON", config=CONFIG))
    return made


def _bad(
    group: Group,
    comment: str,
    rid: str,
    flag: str,
    changes: dict[str, Any],
    code: str = TYPES,
) -> None:
    token = access(ACCESS | changes)
    group.add(comment, rid, flag, kind="access", token=token, now=NOW, code=code)


def _good(group: Group, comment: str, rid: str, changes: dict[str, Any]) -> None:
    claims = ACCESS | changes
    token = access(claims)
    group.add(comment, rid, "Normal", kind="access", token=token, now=NOW, claims=claims)


def _missing(group: Group, name: str, rid: str, code: str = TYPES) -> None:
    token = access({member: value for member, value in ACCESS.items() if member != name})
    comment = f"{name} is missing"
    group.add(comment, rid, "ClaimMissing", kind="access", token=token, now=NOW, code=code)


def _integer(group: Group, name: str) -> None:
    own = {"exp": "TOKEN-EXP", "nbf": "TOKEN-NBF"}
    rid = own.get(name, "TOKEN-CLAIM-TYPES")
    if name != "nbf":
        _missing(group, name, rid)
    for comment, flag, value in [
        ("null", "ClaimType", "null"),
        ("true", "ClaimType", "true"),
        ("false", "ClaimType", "false"),
        ("digits in text", "ClaimType", f'"{NOW}"'),
        ("text that is empty", "ClaimType", '""'),
        ("a number with a fraction of nothing", "ClaimType", f"{NOW}.0"),
        ("a number with a fraction", "ClaimType", f"{NOW}.5"),
        ("a number with an exponent", "ClaimType", "19e8"),
        ("an array", "ClaimType", f"[{NOW}]"),
        ("an object", "ClaimType", f'{{"{name}":{NOW}}}'),
        ("negative", "ClaimRange", "-1"),
        ("2^53", "ClaimRange", str(INTEGER_END)),
        ("2^63", "ClaimRange", str(2**63)),
        ("300 digits", "ClaimRange", "9" * 300),
        ("5000 digits", "Crash", "9" * 5000),
        ("beyond a double", "Crash", "1e400"),
        ("NaN", "JsonStructure", "NaN"),
        ("Infinity", "JsonStructure", "Infinity"),
        ("-Infinity", "JsonStructure", "-Infinity"),
        ("a leading zero", "JsonStructure", f"0{NOW}"),
        ("a plus sign", "JsonStructure", f"+{NOW}"),
        ("hexadecimal", "JsonStructure", "0x713fb300"),
    ]:
        _bad(group, f"{name}: {comment}", rid, flag, {name: Raw(value)})


def _valid_integers(group: Group) -> None:
    for comment, rid, changes in [
        ("gen: 0", "TOKEN-CLAIM-TYPES", {"gen": 0}),
        ("gen: 2^53 - 1", "TOKEN-CLAIM-TYPES", {"gen": INTEGER_END - 1}),
        ("exp: 2^53 - 1", "TOKEN-EXP", {"exp": INTEGER_END - 1}),
        ("auth_time: 0", "TOKEN-CLAIM-TYPES", {"auth_time": 0}),
        ("auth_time: in the future", "TOKEN-CLAIM-TYPES", {"auth_time": NOW + 5}),
        ("iat: 0", "TOKEN-IAT", {"iat": 0}),
        ("iat: one second ahead", "TOKEN-IAT", {"iat": NOW + 1}),
        ("iat: years ahead", "TOKEN-IAT", {"iat": 2 * NOW}),
        ("iat: 2^53 - 1", "TOKEN-IAT", {"iat": INTEGER_END - 1}),
    ]:
        _good(group, comment, rid, changes)


def _types(group: Group, name: str, rid: str, code: str = TYPES) -> None:
    """Add a claim that is text and is not."""
    for comment, value in [
        ("null", None),
        ("a number", 1),
        ("true", True),
        ("an array", ["user-1"]),
        ("an object", {"id": "user-1"}),
    ]:
        _bad(group, f"{name}: {comment}", rid, "ClaimType", {name: value}, code)


def _sub(group: Group) -> None:
    rid = "TOKEN-SUB"
    _missing(group, "sub", rid)
    _types(group, "sub", rid)
    for comment, flag, value in [
        ("empty", "ClaimRange", '""'),
        ("256 code points", "Boundary", '"' + "a" * 256 + '"'),
        (
            "256 code points beyond the basic plane",
            "Boundary",
            '"' + "\\ud83d\\ude00" * 256 + '"',
        ),
        ("thousands of code points", "Size", '"' + "a" * 5000 + '"'),
        ("NUL", "ClaimRange", '"user\\u00001"'),
        ("NUL alone", "ClaimRange", '"\\u0000"'),
        ("a lone high surrogate", "Surrogate", '"\\ud800"'),
        ("a lone low surrogate", "Surrogate", '"user\\udc00"'),
        ("surrogates in the wrong order", "Surrogate", '"\\ude00\\ud83d"'),
        ("a high surrogate before a letter", "Surrogate", '"\\ud83dx"'),
    ]:
        _bad(group, f"sub: {comment}", rid, flag, {"sub": Raw(value)})
    for comment, value in [
        ("one code point", "x"),
        ("255 code points", "a" * 255),
        ("255 code points beyond the basic plane", "\U0001f600" * 255),
        ("white space is kept", " user\t1\n "),
        ("letters are not normalised", "Ame\u0301lie \ufb01 \u212b"),
        ("case is kept", "User-1"),
        ("quotes and backslashes", '"\\"'),
        ("it looks like another type", "null"),
        ("control characters other than NUL", "\x01\x1f\x7f"),
    ]:
        _good(group, f"sub: {comment}", rid, {"sub": value})


def _sid(group: Group) -> None:
    rid = "TOKEN-SID"
    _missing(group, "sid", rid)
    _types(group, "sid", rid)
    sid = str(ACCESS["sid"])
    for comment, value in [
        ("empty", ""),
        ("lower case", sid.lower()),
        ("one character too few", sid[:-1]),
        ("one character too many", sid + "0"),
        ("the letter I", sid[:-1] + "I"),
        ("the letter L", sid[:-1] + "L"),
        ("the letter O", sid[:-1] + "O"),
        ("the letter U", sid[:-1] + "U"),
        ("more than 128 bits", "8" + sid[1:]),
        ("a line feed behind", sid + "\n"),
        ("a line feed in place of the last character", sid[:-1] + "\n"),
        ("a space in front", " " + sid),
        ("a UUID", "018f2b5c-9d3a-7c41-8e21-5a4b3c2d1e0f"),
        ("full width digits", sid[:-1] + "\uff11"),
        ("NUL behind", sid + "\0"),
    ]:
        _bad(group, f"sid: {comment}", rid, "ClaimRange", {"sid": value})
    _good(group, "sid: the largest", rid, {"sid": "7" + "Z" * 25})
    _good(group, "sid: the smallest", rid, {"sid": "0" * 26})


def _jti(group: Group) -> None:
    rid = "TOKEN-ACCESS-JTI"
    _missing(group, "jti", rid)
    _types(group, "jti", rid)
    _bad(group, "jti: empty", rid, "ClaimRange", {"jti": ""})


def _aud(made: Document, group: Group) -> None:
    rid = "TOKEN-AUD"
    _missing(group, "aud", rid)
    for comment, value in [
        ("null", None),
        ("a number", 1),
        ("true", True),
        ("an object", {"access": "access"}),
        ("an array with null", ["access", None]),
        ("an array in an array", [["access"]]),
    ]:
        _bad(group, f"aud: {comment}", rid, "ClaimType", {"aud": value})
    for comment, value in [
        ("empty", ""),
        ("another", "billing"),
        ("another case", "Access"),
        ("a space behind", "access "),
        ("a list in text", "billing access"),
        ("the beginning of it", "acces"),
        ("an empty array", []),
        ("an array of others", ["billing", "Access"]),
    ]:
        _bad(group, f"aud: {comment}", rid, "ClaimRange", {"aud": value}, AUDIENCE)
    _good(group, "aud: in an array", rid, {"aud": ["access"]})
    _good(group, "aud: among others", rid, {"aud": ["billing", "access"]})

    own = config(accessAudience="https://api.example")
    group = made.group("TokenVerification", "an audience of one's own", config=own)
    _good(group, "aud: the configured one", rid, {"aud": "https://api.example"})
    for value in ("access", "https://api.example/", "api.example"):
        _bad(group, f"aud: {value}", rid, "ClaimRange", {"aud": value}, AUDIENCE)


def _iss(made: Document, group: Group) -> None:
    rid = "TOKEN-ISS"
    _missing(group, "iss", rid, ISSUER_CODE)
    _types(group, "iss", rid, ISSUER_CODE)
    for comment, value in [
        ("empty", ""),
        ("another", "https://attacker.example"),
        ("a slash behind", ISSUER + "/"),
        ("another case", ISSUER.upper()),
        ("another scheme", ISSUER.replace("https", "http")),
        ("it continues", ISSUER + ".attacker.example"),
        ("its beginning", ISSUER[:-1]),
        ("a space behind", ISSUER + " "),
        ("NUL behind", ISSUER + "\0"),
        ("in an array", [ISSUER]),
    ]:
        _bad(group, f"iss: {comment}", rid, "ClaimRange", {"iss": value}, ISSUER_CODE)
    group = made.group(
        "TokenVerification", "no issuer configured", config=config(issuer=None)
    )
    _good(group, "iss: any", rid, {"iss": "https://somebody.example"})
    without = {name: value for name, value in ACCESS.items() if name != "iss"}
    token = access(without)
    comment = "iss: none"
    group.add(comment, rid, "Normal", kind="access", token=token, now=NOW, claims=without)
    _bad(group, "iss: a number", "TOKEN-CLAIM-TYPES", "ClaimType", {"iss": 1})
    _bad(group, "iss: null", "TOKEN-CLAIM-TYPES", "ClaimType", {"iss": None})


def _extra(group: Group) -> None:
    rid = "TOKEN-CLAIM-TYPES"
    for comment, changes in [
        (
            "an application's own claims come back",
            {"role": "admin", "teams": ["a", {"b": None}]},
        ),
        ("names and values beyond ASCII", {"Stra\u00dfe": "\u4e2d\U0001f600", "": 0}),
        ("names of the language", {"__proto__": {"admin": True}, "constructor": 1}),
        ("numbers of every kind", {"n": [0, -1, 1.5, INTEGER_END - 1]}),
    ]:
        _good(group, comment, rid, changes)


def _refresh_types(group: Group) -> None:
    rid = "TOKEN-CLAIM-TYPES"
    for name in REFRESH:
        code = {"iss": ISSUER_CODE}.get(name, TYPES)
        token = refresh(
            {member: value for member, value in REFRESH.items() if member != name}
        )
        comment = f"{name} is missing"
        group.add(
            comment, rid, "ClaimMissing", kind="refresh", token=token, now=NOW, code=code
        )
        for what, value in [("null", None), ("true", True), ("an array", [])]:
            # An empty array is of a good type as an audience.
            wrong = [1] if name == "aud" and value == [] else value
            token = refresh(REFRESH | {name: wrong})
            comment = f"{name}: {what}"
            group.add(
                comment, rid, "ClaimType", kind="refresh", token=token, now=NOW, code=code
            )


def _payload_json(group: Group) -> None:
    rid = "TOKEN-JSON-STRICT"
    plain = text(ACCESS)
    inner = plain[1:-1]

    def bad(comment: str, flag: str, payload: str | bytes) -> None:
        token = access(payload)
        group.add(comment, rid, flag, kind="access", token=token, now=NOW, code=TYPES)

    for comment, flag, payload in [
        ("nothing", "JsonStructure", b""),
        ("white space", "JsonStructure", "  "),
        ("not JSON", "JsonStructure", "sub=user-1"),
        ("octets", "JsonStructure", bytes(range(256))),
        ("cut off", "JsonStructure", plain[:-1]),
        ("followed by something", "JsonStructure", plain + "x"),
        ("two objects", "JsonStructure", plain + plain),
        ("an array", "JsonStructure", f"[{plain}]"),
        ("text that holds JSON", "JsonStructure", '"' + plain.replace('"', '\\"') + '"'),
        ("a number", "JsonStructure", "1"),
        ("null", "JsonStructure", "null"),
        ("true", "JsonStructure", "true"),
        ("an empty object", "ClaimMissing", "{}"),
        ("single quotes", "JsonStructure", plain.replace('"', "'")),
        ("a comma too many", "JsonStructure", "{" + inner + ",}"),
        ("a comment", "JsonStructure", "{/**/" + inner + "}"),
        ("a form feed as white space", "JsonStructure", "{\f" + inner + "}"),
        ("a byte order mark", "JsonStructure", "\ufeff" + plain),
        ("UTF-16", "JsonStructure", plain.encode("utf-16")),
        ("UTF-16 without a mark", "JsonStructure", plain.encode("utf-16-le")),
        ("UTF-32", "JsonStructure", plain.encode("utf-32")),
        (
            "octets that are not UTF-8",
            "Unicode",
            plain.encode().replace(b"user-1", b"user-\xff"),
        ),
        ("an overlong NUL", "Unicode", plain.encode().replace(b"user-1", b"user-\xc0\x80")),
        ("Latin-1", "Unicode", plain.replace("user-1", "us\xe9r").encode("latin-1")),
        (
            "surrogates encoded one by one",
            "Surrogate",
            plain.encode().replace(b"user-1", b"\xed\xa0\xbd\xed\xb8\x80"),
        ),
        ("a tab in text", "JsonStructure", plain.replace("user-1", "user\t1")),
        ("an escape that is none", "JsonStructure", plain.replace("user-1", "user\\x31")),
        ("sub twice", "DuplicateMember", "{" + inner + ',"sub":"user-2"}'),
        ("sub twice, alike", "DuplicateMember", "{" + inner + ',"sub":"user-1"}'),
        (
            "sub twice, once escaped",
            "DuplicateMember",
            "{" + inner + ',"s\\u0075b":"user-2"}',
        ),
        ("exp twice", "DuplicateMember", f'{{"exp":{NOW - 1},{inner}}}'),
        ("aud twice", "DuplicateMember", "{" + inner + ',"aud":"refresh"}'),
        (
            "a member twice deep inside",
            "DuplicateMember",
            "{" + inner + ',"x":[{"y":1,"y":2}]}',
        ),
        ("NaN", "JsonStructure", "{" + inner + ',"x":NaN}'),
        ("-Infinity", "JsonStructure", "{" + inner + ',"x":-Infinity}'),
        ("a number beyond a double", "ClaimRange", "{" + inner + ',"x":1e309}'),
        ("a negative number beyond a double", "ClaimRange", "{" + inner + ',"x":-1e309}'),
        (
            "an integer beyond a double",
            "ClaimRange",
            "{" + inner + ',"x":' + "9" * 309 + "}",
        ),
        ("an integer of 5000 digits", "Crash", "{" + inner + ',"x":' + "9" * 5000 + "}"),
        ("a lone surrogate in a value", "Surrogate", "{" + inner + ',"x":"\\ud800"}'),
        ("a lone surrogate in a name", "Surrogate", "{" + inner + ',"\\udfff":1}'),
        ("33 deep", "Boundary", "{" + inner + ',"x":' + "[" * 32 + "]" * 32 + "}"),
        (
            "33 deep, objects",
            "Boundary",
            "{" + inner + ',"x":' + '{"y":' * 31 + "{}" + "}" * 32,
        ),
        (
            "nested without end",
            "Crash",
            "{" + inner + ',"x":' + "[" * 2500 + "]" * 2500 + "}",
        ),
        (
            "objects without end",
            "Crash",
            "{" + inner + ',"x":' + '{"":' * 1100 + "1" + "}" * 1101,
        ),
        ("nested and cut off", "Crash", "[" * 5500),
    ]:
        bad(comment, flag, payload)
    deep: Any = []
    for _ in range(30):
        deep = [deep]
    _good(group, "32 deep", rid, {"x": deep})
    _good(group, "many brackets in text", rid, {"x": "[" * 100 + "{" * 100})
    pair = access("{" + inner + ',"x":"\\ud83d\\ude00"}')
    made = ACCESS | {"x": "\U0001f600"}
    comment = "an escaped pair of surrogates"
    group.add(comment, rid, "Unicode", kind="access", token=pair, now=NOW, claims=made)
