"""Values that stores have been seen to confuse, all of them within the protocol's bounds."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

from jwtsession.models import (
    DATA_MAX_BYTES,
    META_MAX_BYTES,
    REFRESH_HASH_BYTES,
    SEEN_MAX_BYTES,
    USER_ID_MAX_CODE_POINTS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["HASHES", "TEXTS", "longest_texts", "look_alikes", "near_hashes"]

HASHES: Sequence[bytes] = tuple(
    value.ljust(REFRESH_HASH_BYTES, b".")[:REFRESH_HASH_BYTES]
    for value in (
        bytes(32),
        b"\xff" * 32,
        *(bytes(range(start, start + 32)) for start in range(0, 256, 32)),
        b"\x00" * 8 + b"A" * 24,
        b"A" * 24 + b"\x00" * 8,
        b" " * 16 + b"\t\r\n " * 4,
        b"12345678901234567890123456789012",
        b"0x00000000000000000000000000001f",
        b"null" * 8,
        "été: naïve ☃ €".encode(),
        b"\xc3" * 32,
        b"\x80abc" * 8,
        b"'; DROP TABLE sessions; --\x00\x01\x02",
        b"%s%d{}{0}$1?:1\\x00\\'\"`" + b"\n" * 32,
    )
)
"""Refresh hashes: every byte value occurs; some look like text, numbers or code."""

TEXTS: Sequence[str] = (
    "{}",
    '{"b":1,"a":2}',
    '{ "a" : 1 ,\t"b" : [ 1 , 2 ] }',
    '{"a":1,"a":2,"a":1}',
    '{"a":"\\u0000\\u001f\\ud83d\\ude00"}',
    '{"a":"\\/\\b\\f\\n\\r\\t\\"\\\\"}',
    '\n{\r\n\t"a": 1\n}\n',
    ' {"a":1} ',
    '{"n":1e5,"m":1.0,"z":-0.0,"e":1E+400}',
    '{"n":12345678901234567890123456789,"f":0.1000000000000000055511151231257827}',
    '{"é":"é","ﬁ":"ﬁ","Å":"Å"}',
    '{"emoji":"👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿","rtl":"שלום‏","zero":"a\u200bb\ufeff"}',
    '{"line":"\u2028\u2029\u0085","del":"\x7f"}',
    '{"":"","null":null,"true":true}',
    '{"deep":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}',
    '{"sql":"\'; DROP TABLE s; --","like":"%_","fmt":"{0}%s$1"}',
    '{"html":"<script>&amp;</script>"}',
)
"""JSON texts that a parser, a JSON column or a template would write back differently."""


def longest_texts() -> Sequence[tuple[str, str, str]]:
    """Return ``meta``, ``data`` and ``seen`` as long as allowed, in several widths."""
    return [
        tuple(
            _filled(size, letter)
            for size in (META_MAX_BYTES, DATA_MAX_BYTES, SEEN_MAX_BYTES)
        )  # type: ignore[misc]
        for letter in ("x", "é", "€", "😀", "\x01", '"')
    ]


def near_hashes(value: bytes) -> Mapping[str, bytes]:
    """Return hashes that a careless comparison takes for this one, by what differs."""
    flipped = {
        f"bit {bit} of byte {place}": bytes(
            byte ^ (1 << bit) if n == place else byte for n, byte in enumerate(value)
        )
        for place in (0, 1, 15, 16, 30, 31)
        for bit in (0, 5, 7)
    }
    return {
        **flipped,
        "its upper case": value.upper() if value.upper() != value else value[::-1],
        "the order of its bytes": value[::-1] if value[::-1] != value else bytes(32),
        "a rotation by one byte": value[1:] + value[:1],
        "everything after the first half": value[:16] + bytes(16),
        "everything before the last half": bytes(16) + value[16:],
    }


def look_alikes(tag: str) -> Mapping[str, Sequence[str]]:
    """Return groups of user ids that are different and have been taken for one.

    Args:
        tag: Digits and lower-case letters that make them this check's own.
    """
    longest = USER_ID_MAX_CODE_POINTS
    stem = f"user{tag}"
    number = str(int(tag, 36))
    return {
        "case": [
            stem,
            stem.upper(),
            stem.capitalize(),
            f"straße{tag}",
            f"STRASSE{tag}",
            f"i{tag}",
            f"I{tag}",
            f"ı{tag}",
            f"İ{tag}",
            f"ſ{tag}",
            f"s{tag}",
        ],
        "normalisation": [
            *dict.fromkeys(
                unicodedata.normalize(form, f"Åé{tag}") for form in ("NFC", "NFD")
            ),
            f"\u212b\u00e9{tag}",
            f"ﬁn{tag}",
            f"fin{tag}",
            f"１{tag}",
            f"1{tag}",
            f"①{tag}",
            f"가{tag}",
            unicodedata.normalize("NFD", f"가{tag}"),
        ],
        "blanks": [
            stem,
            f"{stem} ",
            f" {stem}",
            f"{stem}  ",
            f"{stem}\t",
            f"{stem}\n",
            f"\n{stem}",
            f"{stem}\r\n",
            f"{stem}\u00a0",
            f"{stem}\u200b",
            f"\ufeff{stem}",
            f"{stem}\u3000",
            f"{stem}\x1f",
            f"{stem}\x7f",
            f"us er{tag}",
            f"us  er{tag}",
        ],
        "patterns": [
            f"{stem}",
            f"{stem}*",
            f"{stem}?",
            f"{stem}%",
            f"{stem}_",
            f"{stem[:-1]}_",
            f"{stem[:-1]}?",
            f"{stem[:-1]}*",
            f"{stem[:-1]}%",
            f"{stem[:-1]}[a-z0-9]",
            f"{stem[:-1]}.",
            f"^{stem}$",
            "*",
            "%",
            "_",
            "?",
            ".*",
            "[!x]*",
        ],
        "separators": [
            stem,
            f"{stem}:",
            f":{stem}",
            f"{stem}:a",
            f"{stem}::a",
            f"{stem}/a",
            f"{stem}|a",
            f"{stem}\\a",
            f"{stem}.a",
            f"{stem}-a",
            f"{stem}#a",
            f"{stem},a",
            f"{stem};a",
            f"{stem}@a",
            f"{stem}&a",
            f"{stem}=a",
            f"{stem}+a",
            f"{{{stem}}}",
            f"{{{stem}}}a",
            f"../{stem}",
            f"./{stem}",
            f"{stem}/",
            f"/{stem}",
            f"{stem}%3Aa",
            f"{stem}%00",
            f"{stem}\x1fa",
            f"{stem}\x01",
            f"{stem}\\x00",
            f"{stem}\\0",
        ],
        "prefixes": [f"{stem}b", f"{stem}bc", f"{stem}bcd", stem[:-1], f"a{stem}", stem],
        "quoting": [
            f"{stem}'",
            f"{stem}''",
            f'{stem}"',
            f"{stem}`",
            f"{stem}\\'",
            f"'{stem}'",
            f"{stem}' OR '1'='1",
            f"{stem}'; DROP TABLE sessions; --",
            f"{stem}$1",
            f"{stem}:1",
            f"{stem}%s",
            f"{stem}{{0}}",
            f"{stem}{{}}",
            f"${{{stem}}}",
            f"{stem}\r\nDEL x\r\n",
        ],
        "words": [
            "null",
            "NULL",
            "None",
            "nil",
            "undefined",
            "true",
            "True",
            "false",
            "NaN",
            "inf",
            "default",
            "constructor",
            "__proto__",
            "self",
            "CON",
            "[]",
            "{}",
            '""',
            "''",
            " ",
            "-",
            "0",
            "00",
            "-0",
            "0.0",
            "1",
            "01",
            "1.0",
            "1e0",
            "+1",
            "0x1",
            "1_0",
            "10",
            number,
            f"0{number}",
            f"{number}.0",
            f"-{number}",
            f"{number}e0",
            f" {number}",
        ],
        "emoji": [
            f"👍{tag}",
            f"👍🏽{tag}",
            f"👩‍👧{tag}",
            f"👩👧{tag}",
            f"❤{tag}",
            f"❤️{tag}",
            f"🇫🇷{tag}",
            f"🇫{tag}",
            f"\U0001f600{tag}",
            f"\U0010ffff{tag}",
            f"\uffff{tag}",
            f"\ufffd{tag}",
        ],
        "length": [
            "x" * (longest - 1) + "y",
            "x" * longest,
            "x" * (longest - 1),
            "y" + "x" * (longest - 1),
            "😀" * longest,
            "😀" * (longest - 1) + "😁",
            "😀" * (longest - 1),
            "é" * longest,
            "é" * (longest - 1) + "è",
            "x" * 64,
            "x" * 63,
            "x" * 127,
            "x" * 128,
            "x" * 64 + "y",
        ],
    }


def _filled(size: int, letter: str) -> str:
    """Return a JSON object of exactly this many bytes, made of one letter."""
    inner = json.dumps(letter, ensure_ascii=False)[1:-1]
    room = size - len('{"":""}')
    width = len(inner.encode())
    body = inner * (room // width)
    return f'{{"{"k" * (room % width)}":"{body}"}}'
