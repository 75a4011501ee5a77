"""Vectors about keys: which are accepted, which sign, are published, are retired."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vector_making.document import Document
from vector_making.signing import TestKey, b64, public_pem
from vector_making.token_parts import (
    ACCESS,
    KEY,
    NOTES,
    NOW,
    OTHER,
    REFRESH,
    access,
    config,
    document,
    refresh,
)
from vector_making.token_signature import KEYS

__all__ = ["acceptance", "publication", "retirement", "roll"]

FORGED = "auth:refresh_forged"
REFUSED = "jwt:invalid_signature"
CONFIG = "config:invalid"

HEADER = [
    "Rings of keys, oldest to newest, and whether they may be configured.",
    "A key is a JWK, or PEM with its algorithm. The keys protect nothing.",
]
KEY_NOTES = {
    **NOTES,
    "Strength": {"bugType": "WEAK_PARAMS", "description": "A key that can be guessed."},
    "Misfit": {
        "bugType": "MODIFIED_PARAMETER",
        "description": "Key and algorithm disagree.",
    },
    "Ring": {"bugType": "CONFUSION", "description": "Keys that cannot be told apart."},
}


def retirement() -> Document:
    """Return the vectors of keys kept for refresh tokens only."""
    made = document("key_retired")
    rid = "TOKEN-KEY-RETIRED"
    retired_at = NOW - 100
    old = replace(KEY, use="refresh", retired_at=retired_at)
    for leeway in (0, 10):
        ring = config(old, OTHER, leewaySecs=leeway)
        comment = f"the old key is retired, a leeway of {leeway} s"
        group = made.group("TokenVerification", comment, config=ring)

        def add(
            comment: str,
            kind: str,
            token: str,
            expected: Any,
            *,
            group: Any = group,
            **options: Any,
        ) -> None:
            valid = isinstance(expected, dict)
            outcome = {"claims": expected} if valid else {"code": expected}
            options = {"now": NOW} | options
            flag = "Boundary" if "retirement" in comment else "KeyRetired"
            group.add(comment, rid, flag, kind=kind, token=token, **options, **outcome)

        limit = retired_at + leeway
        for comment, iat, code in [
            ("refresh: signed long before", 0, None),
            ("refresh: signed at the retirement", limit, None),
            ("refresh: signed one after the retirement", limit + 1, FORGED),
            ("refresh: signed now", NOW, FORGED),
            ("refresh: signed in the future", 2 * NOW, FORGED),
        ]:
            claims = REFRESH | {"iat": iat}
            add(comment, "refresh", refresh(claims), code or claims)
        forged = REFRESH | {"iat": limit + 1}
        comment = "refresh: the leeway of the call is not for it, the retirement stands"
        add(comment, "refresh", refresh(forged), FORGED, leewaySecs=1000)
        comment = "refresh: forged and expired is forged"
        add(comment, "refresh", refresh(forged | {"exp": NOW - 1}), FORGED)
        comment = "refresh: forged, and exp is not asked"
        add(comment, "refresh", refresh(forged), FORGED, verifyExp=False)
        add("refresh: of the new key", "refresh", refresh(REFRESH, OTHER), REFRESH)
        add("access: signed before", "access", access(ACCESS | {"iat": 0}), REFUSED)
        add("access: signed after", "access", access(), REFUSED)
        comment = "access: and exp is not asked"
        add(comment, "access", access(), REFUSED, verifyExp=False)
        add("access: of the new key", "access", access(ACCESS, OTHER), ACCESS)
    return made


def roll() -> Document:
    """Return the vectors of rings whose keys change."""
    made = document("key_roll")
    rid = "TOKEN-KEY-ROLL"
    third = TestKey("k3", "EdDSA", "third")
    for comment, ring, known in [
        ("the old key alone", (KEY,), (KEY,)),
        ("the new key is published", (OTHER, KEY), (KEY, OTHER)),
        ("the new key is active", (KEY, OTHER), (KEY, OTHER)),
        ("a third key of another algorithm", (KEY, OTHER, third), (KEY, OTHER, third)),
        ("the old key is gone", (OTHER, third), (OTHER, third)),
    ]:
        group = made.group("TokenVerification", comment, config=config(*ring))
        for key in (KEY, OTHER, third):
            expected: dict[str, Any] = (
                {"claims": REFRESH} if key in known else {"code": REFUSED}
            )
            token = refresh(REFRESH, key)
            flag = "Normal" if key in known else "Kid"
            what = f"signed by {key.kid}"
            group.add(what, rid, flag, kind="refresh", token=token, now=NOW, **expected)
    return made


def _entry(jwk: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"jwk": jwk, "use": "all", **more}


def _public(key: TestKey) -> dict[str, Any]:
    return {**key.config, "jwk": key.public_jwk}


def _secret(alg: str, octets: bytes) -> dict[str, Any]:
    return _entry({"kty": "oct", "k": b64(octets), "alg": alg, "kid": "k1"})


def acceptance() -> Document:
    """Return the vectors of rings that are accepted or refused as a configuration."""
    made = Document("key_acceptance.json", "key.schema.json", "key", HEADER, KEY_NOTES)
    _strength(made)
    _misfits(made)
    _rings(made)
    return made


def _strength(made: Document) -> None:
    group = made.group("KeyAcceptance", "strength")
    rid = "TOKEN-KEY-STRENGTH"
    for alg, least in (("HS256", 32), ("HS384", 48), ("HS512", 64)):
        for length in (0, 1, least - 1, least, least + 1):
            code = CONFIG if length < least else None
            ring = (
                [_secret(alg, KEY.secret * 3)]
                if length > 96
                else [_secret(alg, _octets(length))]
            )
            group.add(f"{alg}, {length} octets", rid, "Strength", keys=ring, code=code)
    weak = TestKey("k1", "RS256", "weak")
    group.add("RSA, 1024 bits", rid, "Strength", keys=[weak.config], code=CONFIG)
    for alg in ("RS256", "PS512"):
        group.add(f"{alg}, 2048 bits", rid, "Strength", keys=[KEYS[alg].config])
    pem = public_pem(KEYS["RS256"])
    keys = [_secret("HS256", pem)]
    group.add(
        "a public key as a shared secret", rid, "AlgConfusion", keys=keys, code=CONFIG
    )


def _octets(length: int) -> bytes:
    return bytes(range(7, 7 + length))


def _misfits(made: Document) -> None:
    group = made.group("KeyAcceptance", "key and algorithm")
    rid = "TOKEN-ALG-KEY"
    for alg, key in KEYS.items():
        group.add(f"a key for {alg}", rid, "Normal", keys=[key.config])
    elliptic, edwards, rsa = KEYS["ES256"], KEYS["EdDSA"], KEYS["RS256"]
    for comment, key, alg in [
        ("an RSA key", rsa, "ES256"),
        ("an RSA key", rsa, "EdDSA"),
        ("an RSA key", rsa, "HS256"),
        ("a key on P-256", elliptic, "ES384"),
        ("a key on P-256", elliptic, "ES512"),
        ("a key on P-256", elliptic, "RS256"),
        ("a key on P-384", KEYS["ES384"], "ES256"),
        ("a key on P-521", KEYS["ES512"], "ES384"),
        ("an Ed25519 key", edwards, "ES256"),
        ("an Ed25519 key", edwards, "RS256"),
        ("a shared secret", KEYS["HS512"], "RS256"),
        ("a shared secret", KEYS["HS512"], "EdDSA"),
        ("a shared secret", KEYS["HS512"], "none"),
        ("a shared secret", KEYS["HS512"], "HS1"),
        ("a shared secret", KEYS["HS512"], "hs512"),
        ("a key on P-256", elliptic, "ES256K"),
        ("a key on P-256", elliptic, "ECDH-ES"),
    ]:
        ring = [_entry(key.jwk | {"alg": alg})]
        group.add(f"{comment} for {alg}", rid, "Misfit", keys=ring, code=CONFIG)
    point = _entry(elliptic.jwk | {"y": elliptic.jwk["x"]})
    other = TestKey("k1", "EdDSA", "another")
    pair = _entry(edwards.jwk | {"x": other.jwk["x"]})
    damaged = _entry({name: value for name, value in rsa.jwk.items() if name != "qi"})
    for comment, entry in [
        ("a point that is not on the curve", point),
        ("a public member of another private one", pair),
        ("a member is missing", damaged),
        ("no alg", _entry({"kty": "oct", "k": b64(bytes(32)), "kid": "k1"})),
        ("no kty", _entry({"k": b64(bytes(32)), "alg": "HS256", "kid": "k1"})),
        ("a key for encryption", _entry(elliptic.jwk | {"use": "enc"})),
        ("an empty object", _entry({})),
    ]:
        group.add(comment, rid, "Misfit", keys=[entry], code=CONFIG)
    text = public_pem(rsa).decode()
    ring: list[dict[str, Any]] = [
        {"pem": text, "alg": "RS256", "kid": "p", "use": "all"},
        KEY.config,
    ]
    group.add("PEM of an RSA key for RS256", rid, "Normal", keys=ring)
    ring = [{"pem": text, "alg": "ES256", "kid": "p", "use": "all"}, KEY.config]
    group.add("PEM of an RSA key for ES256", rid, "Misfit", keys=ring, code=CONFIG)


def _rings(made: Document) -> None:
    group = made.group("KeyAcceptance", "rings")
    rid = "TOKEN-KID"
    bare, other_bare = replace(KEY, kid=None), replace(OTHER, kid=None)
    same_name = replace(OTHER, kid="k1")
    public, retired = _public(KEYS["ES256"]), replace(KEY, use="refresh", retired_at=0)
    for comment, requirement, ring, code in [
        ("no key", rid, [], CONFIG),
        ("two keys of one name", rid, [KEY.config, same_name.config], CONFIG),
        (
            "two keys of one algorithm without names",
            rid,
            [bare.config, other_bare.config],
            CONFIG,
        ),
        (
            "two algorithms without names",
            rid,
            [bare.config, replace(KEYS["EdDSA"], kid=None).config],
            None,
        ),
        ("one without a name, one with", rid, [bare.config, OTHER.config], None),
        ("an empty name", rid, [_entry(KEY.jwk | {"kid": ""})], CONFIG),
        ("a name that is no text", rid, [_entry(KEY.jwk | {"kid": 1})], CONFIG),
        (
            "one key with two algorithms",
            "TOKEN-ALG-KEY",
            [KEYS["RS256"].config, KEYS["PS256"].config],
            CONFIG,
        ),
        ("only a public key", "TOKEN-KEY-ROLL", [public], CONFIG),
        ("a public key, and one that signs", "TOKEN-KEY-ROLL", [KEY.config, public], None),
        ("only a retired key", "TOKEN-KEY-RETIRED", [retired.config], CONFIG),
        (
            "a retired key, and one that signs",
            "TOKEN-KEY-RETIRED",
            [retired.config, OTHER.config],
            None,
        ),
        (
            "retired, and nobody knows when",
            "TOKEN-KEY-RETIRED",
            [{**KEY.config, "use": "refresh"}, OTHER.config],
            CONFIG,
        ),
        (
            "retired, and still for all",
            "TOKEN-KEY-RETIRED",
            [{**KEY.config, "retiredAt": 0}, OTHER.config],
            CONFIG,
        ),
        (
            "a use that nobody knows",
            "TOKEN-KEY-RETIRED",
            [{**KEY.config, "use": "access"}, OTHER.config],
            CONFIG,
        ),
        (
            "retired before time began",
            "TOKEN-KEY-RETIRED",
            [{**retired.config, "retiredAt": -1}, OTHER.config],
            CONFIG,
        ),
    ]:
        group.add(comment, requirement, "Ring", keys=ring, code=code)


def publication() -> Document:
    """Return the vectors of published key sets."""
    header = ["Rings of keys, oldest to newest, and the key set to publish."]
    made = Document("key_publication.json", "key.schema.json", "key", header, KEY_NOTES)
    group = made.group("KeyPublication", "key sets")
    rid = "TOKEN-JWKS-PUBLIC"
    asymmetric = [KEYS[alg] for alg in ("RS256", "ES256", "ES512", "EdDSA")]
    retired = replace(KEYS["ES384"], use="refresh", retired_at=0)
    bare = replace(KEYS["ES256"], kid=None)
    for comment, ring, published in [
        ("a shared secret is not published", [KEY], []),
        ("every kind, oldest to newest", asymmetric, asymmetric),
        ("shared secrets are left out", [KEY, KEYS["EdDSA"], OTHER], [KEYS["EdDSA"]]),
        ("a retired key is not published", [retired, KEYS["EdDSA"]], [KEYS["EdDSA"]]),
        ("a key without a name", [bare], [bare]),
    ]:
        keys = [key.config for key in ring]
        jwks = {"keys": [key.public_jwk for key in published]}
        group.add(comment, rid, "Normal", keys=keys, jwks=jwks)
    ring = [_public(KEYS["RS256"]), KEYS["EdDSA"].config]
    jwks = {"keys": [KEYS["RS256"].public_jwk, KEYS["EdDSA"].public_jwk]}
    group.add("a public key of somebody else", rid, "Normal", keys=ring, jwks=jwks)
    return made
