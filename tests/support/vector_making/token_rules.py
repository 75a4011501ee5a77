"""Vectors about time, about the two kinds, and about the jti of a refresh token."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from vector_making.signing import b64
from vector_making.token_parts import (
    ACCESS,
    CONFIG,
    NOW,
    OTHER,
    REFRESH,
    SECRET,
    access,
    compact,
    config,
    document,
    refresh,
)

if TYPE_CHECKING:
    from vector_making.document import Document, Group

__all__ = ["kind", "refresh_form", "time"]

EXPIRED = "jwt:expired"
EARLY = "jwt:not_yet_valid"
MISMATCH = "auth:aud_mismatch"
AUDIENCE = "jwt:invalid_audience"
HEADER = "jwt:invalid_header"
MALFORMED = "jwt:malformed_token"
TYPES = "jwt:deserialization_failed"
INTEGER_END = 2**53


def time() -> Document:
    """Return the vectors of exp and nbf."""
    made = document("token_time")
    _times(made.group("TokenVerification", "no leeway", config=CONFIG), leeway=0)
    _times(
        made.group("TokenVerification", "a leeway of 10 s", config=config(leewaySecs=10)),
        10,
    )
    _retry(made)
    return made


def _times(group: Group, leeway: int) -> None:
    kinds = {"access": (access, ACCESS), "refresh": (refresh, REFRESH)}
    for kind, (make, base) in kinds.items():
        exp = base["exp"]

        def add(
            comment: str,
            rid: str,
            now: int,
            code: str | None = None,
            *,
            changes: dict[str, Any] | None = None,
            kind: str = kind,
            make: Any = make,
            base: Any = base,
            **options: Any,
        ) -> None:
            claims = base | (changes or {})
            expected: dict[str, Any] = (
                {"claims": claims} if code is None else {"code": code}
            )
            token = make(claims)
            flag = "Boundary" if "one" in comment or "at " in comment else "Time"
            comment = f"{kind}: {comment}"
            group.add(
                comment, rid, flag, kind=kind, token=token, now=now, **options, **expected
            )

        rid = "TOKEN-EXP"
        add("one before exp and leeway", rid, exp + leeway - 1)
        add("at exp and leeway", rid, exp + leeway, EXPIRED)
        add("one after exp and leeway", rid, exp + leeway + 1, EXPIRED)
        add("long after exp", rid, exp * 2, EXPIRED)
        add("at the beginning of time", rid, 0)
        add("exp is 0", rid, NOW, EXPIRED, changes={"exp": 0})
        add("expired, and that is not asked", rid, exp * 2, verifyExp=False)
        nbf = {"nbf": NOW}
        rid = "TOKEN-NBF"
        add("one before nbf less leeway", rid, NOW - leeway - 1, EARLY, changes=nbf)
        add("at nbf less leeway", rid, NOW - leeway, changes=nbf)
        add("one after nbf less leeway", rid, NOW - leeway + 1, changes=nbf)
        add("nbf is 0", rid, NOW, changes={"nbf": 0})
        late = {"nbf": exp + 100}
        add("nbf after exp, before both", rid, NOW, EARLY, changes=late)
        add("nbf after exp, between them", rid, exp + 50, EXPIRED, changes=late)
        comment = "before nbf, and exp is not asked"
        add(comment, rid, NOW, EARLY, changes=late, verifyExp=False)


def _retry(made: Document) -> None:
    rid = "TOKEN-EXP"
    exp = REFRESH["exp"]
    token = refresh()

    def add(
        group: Group, comment: str, now: int, leeway: int, code: str | None = None
    ) -> None:
        expected: dict[str, Any] = {"claims": REFRESH} if code is None else {"code": code}
        options = {"kind": "refresh", "token": token, "now": now, "leewaySecs": leeway}
        group.add(comment, rid, "Boundary", **options, **expected)

    group = made.group("TokenVerification", "a retry after exp", config=CONFIG)
    add(group, "within the leeway of the call", exp + 29, 30)
    add(group, "at its end", exp + 30, 30, EXPIRED)
    early = refresh(REFRESH | {"nbf": NOW + 1})
    comment = "the leeway of the call is not for nbf"
    options = {"kind": "refresh", "token": early, "now": NOW, "leewaySecs": 30}
    group.add(comment, "TOKEN-NBF", "Boundary", **options, code=EARLY)
    skew = config(leewaySecs=10)
    group = made.group("TokenVerification", "the longer leeway counts", config=skew)
    add(group, "the call's is shorter", exp + 9, 5)
    add(group, "the call's is shorter, at the end", exp + 10, 5, EXPIRED)
    add(group, "the call's is longer", exp + 29, 30)
    add(group, "they are not added", exp + 30, 30, EXPIRED)


def kind() -> Document:
    """Return the vectors of tokens of the other kind."""
    made = document("token_kind")
    group = made.group("TokenVerification", "typ and aud", config=CONFIG)
    kinds = {
        "access": ("at+jwt", ACCESS, "refresh", "rt+jwt"),
        "refresh": ("rt+jwt", REFRESH, "access", "at+jwt"),
    }
    whole = {"access": refresh(), "refresh": access()}
    for kind, (own_typ, claims, other_aud, other_typ) in kinds.items():
        own_aud = claims["aud"]
        rid = f"TOKEN-TYP-{kind.upper()}"
        group.add(
            f"{kind}: a whole token of the other kind",
            rid,
            "KindConfusion",
            kind=kind,
            token=whole[kind],
            now=NOW,
            code=MISMATCH,
        )
        aud_rid = "TOKEN-AUD"
        both = [own_aud, other_aud]
        cases: list[tuple[str, str, str, Any, str]] = [
            ("the other typ", rid, other_typ, own_aud, MISMATCH),
            ("the other aud", aud_rid, own_typ, other_aud, MISMATCH),
            ("the other typ and aud", rid, other_typ, other_aud, MISMATCH),
            ("the other typ, an unknown aud", rid, other_typ, "billing", MISMATCH),
            ("the other aud in an array", aud_rid, own_typ, [other_aud], MISMATCH),
            ("both audiences", aud_rid, own_typ, both, MISMATCH),
            ("both audiences, the other way round", aud_rid, own_typ, both[::-1], MISMATCH),
            ("an unknown typ, the other aud", rid, "JWT", other_aud, HEADER),
            ("an unknown aud", aud_rid, own_typ, "billing", AUDIENCE),
        ]
        for what, requirement, typ, aud, code in cases:
            token = compact(
                {"alg": "HS256", "kid": "k1", "typ": typ}, claims | {"aud": aud}
            )
            comment = f"{kind}: {what}"
            group.add(
                comment,
                requirement,
                "KindConfusion",
                kind=kind,
                token=token,
                now=NOW,
                code=code,
            )
    token = refresh(REFRESH | {"aud": ["refresh"]})
    comment = "refresh: its own aud in an array"
    options = {"kind": "refresh", "token": token, "now": NOW}
    group.add(comment, "TOKEN-AUD", "KindConfusion", **options, code=AUDIENCE)
    _order(made)
    return made


def _order(made: Document) -> None:
    """Two things wrong with one token: what comes first in the order is what is said."""
    group = made.group("TokenVerification", "the order of the checks", config=CONFIG)
    expired = {"exp": 0}
    unsigned = access(ACCESS | expired).rpartition(".")[0] + ".AAAA"
    cases: list[tuple[str, str, str, str]] = [
        ("signature before payload", "TOKEN-SIGNATURE", unsigned, "jwt:invalid_signature"),
        (
            "algorithm before signature",
            "TOKEN-ALG-KEY",
            compact({"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, ACCESS, OTHER),
            "jwt:algorithm_mismatch",
        ),
        (
            "extension before algorithm",
            "TOKEN-CRIT",
            compact({"alg": "none", "kid": "k1", "crit": ["x"]}, ACCESS),
            HEADER,
        ),
        ("form before header", "TOKEN-COMPACT", "e30.e30.A", MALFORMED),
        (
            "payload before type",
            "TOKEN-JSON-STRICT",
            compact({"alg": "HS256", "kid": "k1", "typ": "JWT"}, "{"),
            TYPES,
        ),
        (
            "kind before issuer",
            "TOKEN-AUD",
            access(ACCESS | {"aud": "x", "iss": "x"}),
            AUDIENCE,
        ),
        (
            "issuer before types",
            "TOKEN-ISS",
            access(ACCESS | {"iss": "x", "sub": 1}),
            "jwt:invalid_issuer",
        ),
        (
            "types before time",
            "TOKEN-CLAIM-TYPES",
            access(ACCESS | expired | {"gen": "3"}),
            TYPES,
        ),
        (
            "types before time, nbf's too",
            "TOKEN-NBF",
            access(ACCESS | expired | {"nbf": "0"}),
            TYPES,
        ),
        (
            "exp before nbf",
            "TOKEN-EXP",
            access(ACCESS | expired | {"nbf": NOW * 2}),
            EXPIRED,
        ),
    ]
    for comment, rid, token, code in cases:
        group.add(comment, rid, "Order", kind="access", token=token, now=NOW, code=code)


def refresh_form() -> Document:
    """Return the vectors of the jti of a refresh token."""
    made = document("token_refresh_jti")
    group = made.group("TokenVerification", "secret, dot, generation", config=CONFIG)
    rid = "TOKEN-REFRESH-JTI"
    secret = b64(SECRET)
    standard = base64.b64encode(bytes([251]) * 32).decode("ascii").rstrip("=")

    def add(
        comment: str, flag: str, jti: Any, gen: Any = 3, code: str | None = None
    ) -> None:
        claims = REFRESH | {"jti": jti, "gen": gen}
        expected: dict[str, Any] = {"claims": claims} if code is None else {"code": code}
        token = refresh(claims)
        group.add(comment, rid, flag, kind="refresh", token=token, now=NOW, **expected)

    for comment, jti, gen in [
        ("generation 0", f"{secret}.0", 0),
        ("generation 3", f"{secret}.3", 3),
        ("generation 10", f"{secret}.10", 10),
        (
            "the last generation that can move",
            f"{secret}.{INTEGER_END - 2}",
            INTEGER_END - 2,
        ),
        ("a secret of zeros", f"{b64(bytes(32))}.3", 3),
        ("a secret of ones", f"{b64(bytes([255]) * 32)}.3", 3),
    ]:
        add(comment, "Normal", jti, gen)
    stray = secret[:-1] + chr(ord(secret[-1]) + 1)
    for comment, jti in [
        ("empty", ""),
        ("a dot", "."),
        ("no dot", f"{secret}3"),
        ("the secret alone", secret),
        ("no generation", f"{secret}."),
        ("no secret", ".3"),
        ("the jti of an access token", ACCESS["jti"]),
        ("two dots", f"{secret}..3"),
        ("a third part", f"{secret}.3.3"),
        ("31 octets", f"{b64(SECRET[:31])}.3"),
        ("33 octets", f"{b64(SECRET + b'!')}.3"),
        ("16 octets", f"{b64(SECRET[:16])}.3"),
        ("an impossible length", f"{secret}AA.3"),
        ("padding", f"{secret}=.3"),
        ("stray bits", f"{stray}.3"),
        ("the other alphabet", f"{standard}.3"),
        ("hexadecimal", f"{SECRET.hex()}.3"),
        ("a letter beyond ASCII", f"{secret[:-1]}\xe9.3"),
        ("a full width letter", f"\uff21{secret[1:]}.3"),
        ("a space in front", f" {secret}.3"),
        ("a space inside", f"{secret[:20]} {secret[21:]}.3"),
        ("NUL inside", f"{secret[:20]}\0{secret[21:]}.3"),
        ("a line feed behind", f"{secret}.3\n"),
        ("a space before the generation", f"{secret}. 3"),
        ("a space behind", f"{secret}.3 "),
        ("a later generation", f"{secret}.4"),
        ("an earlier generation", f"{secret}.2"),
        ("a generation that begins alike", f"{secret}.30"),
        ("a leading zero", f"{secret}.03"),
        ("a plus sign", f"{secret}.+3"),
        ("a minus sign", f"{secret}.-3"),
        ("a fraction", f"{secret}.3.0"),
        ("an exponent", f"{secret}.3e0"),
        ("an underscore", f"{secret}.0_3"),
        ("hexadecimal digits", f"{secret}.0x3"),
        ("Arabic digits", f"{secret}.\u0663"),
        ("full width digits", f"{secret}.\uff13"),
        ("a superscript", f"{secret}.\u00b3"),
        ("digits without end", f"{secret}.{'3' * 4500}"),
        ("NUL behind", f"{secret}.3\0"),
    ]:
        add(comment, "RefreshJti", jti, code=MALFORMED)
    add("minus nought", "RefreshJti", f"{secret}.-0", 0, MALFORMED)
    last = INTEGER_END - 1
    add("a generation that cannot move", "Boundary", f"{secret}.{last}", last, MALFORMED)
    beyond = INTEGER_END
    add("2^53", "Boundary", f"{secret}.{beyond}", beyond, TYPES)
    for comment, jti in [("a number", 3), ("null", None), ("an array", [secret, 3])]:
        add(comment, "ClaimType", jti, code=TYPES)
    return made
