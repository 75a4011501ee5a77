"""Vectors about what a header may ask for: the algorithm, the key, extensions, the type."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vector_making.signing import TestKey, b64, public_pem
from vector_making.token_parts import (
    ACCESS,
    CONFIG,
    KEY,
    NOW,
    OTHER,
    REFRESH,
    access,
    compact,
    config,
    document,
)

if TYPE_CHECKING:
    from vector_making.document import Document

__all__ = ["header"]

MISMATCH = "jwt:algorithm_mismatch"
HEADER = "jwt:invalid_header"
SIGNATURE = "jwt:invalid_signature"

RSA = TestKey("r1", "RS256", "first")
ATTACKER = TestKey("r1", "RS256", "second")
WRONG_TYPES: list[tuple[str, Any]] = [
    ("null", None),
    ("a number", 1),
    ("a boolean", True),
    ("an array", ["k1"]),
    ("an object", {"k1": "k1"}),
]


def header() -> Document:
    """Return the vectors of the header."""
    made = document("token_header")
    _algorithm(made)
    _confusion(made)
    _kid(made)
    _without_kid(made)
    _extensions(made)
    _key_source(made)
    _typ(made)
    return made


def _head(**changes: Any) -> dict[str, Any]:
    return {"alg": "HS256", "kid": "k1", "typ": "at+jwt"} | changes


def _without(name: str) -> dict[str, Any]:
    return {member: value for member, value in _head().items() if member != name}


def _unsigned(header: dict[str, Any]) -> str:
    return compact(header, ACCESS).rpartition(".")[0] + "."


def _algorithm(made: Document) -> None:
    group = made.group("TokenVerification", "the algorithm is the key's", config=CONFIG)

    def bad(comment: str, rid: str, flag: str, token: str, code: str) -> None:
        group.add(comment, rid, flag, kind="access", token=token, now=NOW, code=code)

    for alg in ("none", "None", "NONE", "nOnE"):
        signed = compact(_head(alg=alg), ACCESS)
        unsigned = _unsigned(_head(alg=alg))
        for comment, token in [
            (f"{alg}, without a signature", unsigned),
            (f"{alg}, with a signature of the key", signed),
            (f"{alg}, and nothing else", _unsigned({"alg": alg})),
            (f"{alg}, under an unknown name", _unsigned(_head(alg=alg, kid="k9"))),
        ]:
            bad(comment, "TOKEN-ALG-NONE", "AlgNone", token, MISMATCH)
    for alg in ("HS384", "HS512"):
        sibling = replace(KEY, alg=alg)
        # The same secret under another hash.
        object.__setattr__(sibling, "secret", KEY.secret)
        token = compact(_head(alg=alg), ACCESS, sibling)
        comment = f"{alg} with the secret of HS256"
        bad(comment, "TOKEN-ALG-KEY", "AlgConfusion", token, MISMATCH)
    for alg in (
        "hs256",
        "HS256 ",
        " HS256",
        "HS256\0",
        "HS-256",
        "",
        "RS256",
        "EdDSA",
        "dir",
    ):
        token = compact(_head(alg=alg), ACCESS)
        comment = f"signed by the key, named {alg!r}"
        bad(comment, "TOKEN-ALG-KEY", "AlgConfusion", token, MISMATCH)
    missing = compact(_without("alg"), ACCESS)
    bad("no alg", "TOKEN-ALG-KEY", "AlgConfusion", missing, HEADER)
    for comment, value in WRONG_TYPES:
        token = compact(_head(alg=value), ACCESS)
        bad(f"{comment} as alg", "TOKEN-ALG-KEY", "AlgConfusion", token, HEADER)


def _confusion(made: Document) -> None:
    group = made.group("TokenVerification", "an RSA key", config=config(RSA))

    def bad(comment: str, flag: str, token: str) -> None:
        rid = "TOKEN-ALG-KEY"
        group.add(comment, rid, flag, kind="access", token=token, now=NOW, code=MISMATCH)

    token = access(key=RSA)
    comment = "as it is minted"
    group.add(
        comment,
        "TOKEN-ALG-KEY",
        "Normal",
        kind="access",
        token=token,
        now=NOW,
        claims=ACCESS,
    )
    pem = public_pem(RSA)
    for comment, secret in [
        ("the public PEM as the secret of HS256", pem),
        ("the same without the last line break", pem.rstrip()),
        ("the public JWK as the secret of HS256", json.dumps(RSA.public_jwk).encode()),
        ("an empty secret of HS256", b""),
    ]:
        forger = TestKey("r1", "HS256", "forger")
        object.__setattr__(forger, "secret", secret)
        bad(comment, "AlgConfusion", access(key=forger))
    for alg in ("RS384", "RS512", "PS256"):
        bad(f"{alg} with the same key", "AlgConfusion", access(key=replace(RSA, alg=alg)))


def _kid(made: Document) -> None:
    elliptic = TestKey("e1", "ES256", "third")
    ring = config(KEY, OTHER, elliptic, RSA)
    group = made.group("TokenVerification", "keys that have names", config=ring)
    rid = "TOKEN-KID"

    def bad(comment: str, token: str, code: str) -> None:
        group.add(comment, rid, "Kid", kind="access", token=token, now=NOW, code=code)

    for key in (KEY, OTHER, elliptic, RSA):
        token = access(key=key)
        comment = f"signed by {key.kid} and named so"
        group.add(
            comment, rid, "Normal", kind="access", token=token, now=NOW, claims=ACCESS
        )
    for comment, kid in [
        ("a name that is not in the ring", "k3"),
        ("another case", "K1"),
        ("an empty name", ""),
        ("a space behind", "k1 "),
        ("NUL behind", "k1\0"),
        ("a path", "../../../../dev/null"),
        ("an address", "https://attacker.example/key"),
        ("a query", "k1' UNION SELECT 'secret"),
        ("a pattern", "*"),
        ("full width", "\uff4b\uff11"),
        ("an index", "0"),
        ("a name of the language", "__proto__"),
        ("a long name", "k" * 4000),
    ]:
        bad(comment, compact(_head(kid=kid), ACCESS), SIGNATURE)
    empty = TestKey("k1", "HS256", "empty")
    object.__setattr__(empty, "secret", b"")
    path = compact(_head(kid="/dev/null"), ACCESS, empty)
    bad("a path to an empty file, signed with an empty secret", path, SIGNATURE)
    for comment, value in WRONG_TYPES:
        bad(f"{comment} as kid", compact(_head(kid=value), ACCESS), HEADER)
    bad("the name of another key", compact(_head(kid="k2"), ACCESS), SIGNATURE)
    bad(
        "the name of a key of another algorithm", compact(_head(kid="e1"), ACCESS), MISMATCH
    )
    bad("no name", compact(_without("kid"), ACCESS), SIGNATURE)


def _without_kid(made: Document) -> None:
    bare = replace(KEY, kid=None)
    rid = "TOKEN-KID"
    elliptic = TestKey(None, "ES256", "third")
    group = made.group(
        "TokenVerification", "keys without names", config=config(bare, elliptic)
    )

    def add(comment: str, token: str, code: str | None = None) -> None:
        flag = "Normal" if code is None else "Kid"
        expected: dict[str, Any] = {"claims": ACCESS} if code is None else {"code": code}
        group.add(comment, rid, flag, kind="access", token=token, now=NOW, **expected)

    add("no name", access(key=bare))
    add("no name, the other algorithm", access(key=elliptic))
    add("a name", access(key=KEY), SIGNATURE)
    add("an empty name", compact(_head(kid=""), ACCESS), SIGNATURE)
    add("null as name", compact(_head(kid=None), ACCESS), HEADER)
    add("an algorithm that no key has", access(key=TestKey(None, "HS384", "x")), MISMATCH)
    add("another key", access(key=replace(OTHER, kid=None)), SIGNATURE)

    group = made.group(
        "TokenVerification", "a key without name, and one with", config=config(bare, OTHER)
    )
    add("no name, signed by the one without", access(key=bare))
    add("named, signed by the one with", access(key=OTHER))
    add("no name, signed by the one with", access(key=replace(OTHER, kid=None)))
    add("named, signed by the one without", access(key=replace(KEY, kid="k2")), SIGNATURE)
    add("no name, signed by neither", access(key=TestKey(None, "HS256", "x")), SIGNATURE)


def _extensions(made: Document) -> None:
    group = made.group("TokenVerification", "extensions", config=CONFIG)
    rid = "TOKEN-CRIT"

    def bad(comment: str, token: str) -> None:
        group.add(
            comment, rid, "Critical", kind="access", token=token, now=NOW, code=HEADER
        )

    for comment, crit in [
        ("an extension that nobody knows", ["x-unknown"]),
        ("an extension that is not there", ["b64"]),
        ("a registered name", ["exp"]),
        ("an empty list", []),
        ("null", None),
        ("text", "exp"),
        ("an object", {}),
    ]:
        extended = _head(crit=crit, **{"x-unknown": True, "exp": NOW})
        bad(f"crit: {comment}", compact(extended, ACCESS))
    raw = _head(b64=False, crit=["b64"])
    bad("an unencoded payload, as RFC 7797 has it", compact(raw, ACCESS))
    detached = compact(raw, b"").split(".")
    bad("an unencoded payload that is detached", f"{detached[0]}..{detached[2]}")
    bad("an unencoded payload that is not critical", compact(_head(b64=False), ACCESS))
    plain = compact(_head(cty="JWT", x=1), ACCESS)
    comment = "members that are not critical are ignored"
    group.add(comment, rid, "Normal", kind="access", token=plain, now=NOW, claims=ACCESS)


def _key_source(made: Document) -> None:
    group = made.group("TokenVerification", "tokens that bring a key", config=config(RSA))
    rid = "TOKEN-KEY-SOURCE"
    head = {"alg": "RS256", "kid": "r1", "typ": "at+jwt"}
    url = "https://attacker.example/keys.json"
    chain = [b64(b"certificate").replace("-", "+")]
    bringing: list[tuple[str, dict[str, Any]]] = [
        ("jwk", {"jwk": ATTACKER.public_jwk}),
        ("jku", {"jku": url}),
        ("x5u", {"x5u": url}),
        ("x5c", {"x5c": chain, "x5t": b64(bytes(20))}),
        ("jwk that is no key", {"jwk": {"kty": "oct", "k": ""}}),
        ("jku that is a file", {"jku": "file:///etc/passwd"}),
    ]
    for comment, members in bringing:
        token = compact(head | members, ACCESS, ATTACKER)
        group.add(
            f"{comment}, signed by the attacker",
            rid,
            "KeyInjection",
            kind="access",
            token=token,
            now=NOW,
            code=SIGNATURE,
        )
        token = compact(head | members, ACCESS, RSA)
        group.add(
            f"{comment}, signed by the ring: not looked at",
            rid,
            "KeyInjection",
            kind="access",
            token=token,
            now=NOW,
            claims=ACCESS,
        )


def _typ(made: Document) -> None:
    group = made.group("TokenVerification", "the type", config=CONFIG)
    own = {"access": ("at+jwt", ACCESS), "refresh": ("rt+jwt", REFRESH)}
    for kind, (typ, claims) in own.items():
        rid = f"TOKEN-TYP-{kind.upper()}"
        token = compact(_head(typ=typ), claims)
        group.add(f"{typ}", rid, "Normal", kind=kind, token=token, now=NOW, claims=claims)
        variants: list[tuple[str, Any]] = [
            ("of any token", "JWT"),
            ("in upper case", typ.upper()),
            ("with its media type written out", f"application/{typ}"),
            ("with a space behind", f"{typ} "),
            ("with NUL behind", f"{typ}\0"),
            ("with a parameter", f"{typ};v=1"),
            ("of an identity token", "id+jwt"),
            ("that is empty", ""),
            ("that is null", None),
            ("that is a number", 1),
            ("that is an array", [typ]),
        ]
        for what, value in variants:
            token = compact(_head(typ=value), claims)
            comment = f"{kind}: a type {what}"
            group.add(comment, rid, "Typ", kind=kind, token=token, now=NOW, code=HEADER)
        token = compact(_without("typ"), claims)
        group.add(
            f"{kind}: no type", rid, "Typ", kind=kind, token=token, now=NOW, code=HEADER
        )
