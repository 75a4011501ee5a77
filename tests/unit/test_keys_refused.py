"""Keys that cannot be used: refused by name, all at once, showing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448
from pem_keys import RSA, SECRET, WEAK, asymmetric, private_pem, public_pem

from jwtsession.errors import ConfigInvalid
from jwtsession.keys import Key

if TYPE_CHECKING:
    from collections.abc import Callable

Refused = tuple[str, "Callable[[], object]", list[str]]
REFUSED: list[Refused] = [
    ("no secret", lambda: Key.hmac(None), ["a secret is bytes, or text"]),  # type: ignore[arg-type]
    ("a number", lambda: Key.hmac(12), ["a secret is bytes, or text"]),  # type: ignore[arg-type]
    ("a lone surrogate", lambda: Key.hmac("\ud800" * 40), ["lone surrogates"]),
    ("PEM as a secret", lambda: Key.hmac(public_pem(RSA)), ["a key of another kind"]),
    ("a private PEM as a secret", lambda: Key.hmac(private_pem(RSA)), ["another kind"]),
    (
        "a JWK as a secret",
        lambda: Key.hmac('{"kty":"oct","k":"' + "A" * 50 + '"}'),
        ["another kind"],
    ),
    (
        "a secret for RS256",
        lambda: Key.hmac(SECRET, alg="RS256"),
        ["RS256 needs an RSA key"],
    ),
    ("none", lambda: Key.hmac(SECRET, alg="none"), ["alg must be one of HS256"]),
    ("an empty alg", lambda: Key.hmac(SECRET, alg=""), ["alg must be one of"]),
    ("lower case", lambda: Key.hmac(SECRET, alg="hs256"), ["alg must be one of"]),
    ("alg is no text", lambda: Key.hmac(SECRET, alg=["HS256"]), ["alg must be"]),  # type: ignore[arg-type]
    ("generate none", lambda: Key.generate("none"), ["alg must be one of"]),
    ("an empty kid", lambda: Key.hmac(SECRET, kid=""), ["kid must be None or a text"]),
    ("a long kid", lambda: Key.hmac(SECRET, kid="k" * 256), ["kid must be"]),
    ("kid is no text", lambda: Key.hmac(SECRET, kid=1), ["kid must be"]),  # type: ignore[arg-type]
    ("a kid of a surrogate", lambda: Key.hmac(SECRET, kid="\ud800"), ["kid must be"]),
    ("an unknown use", lambda: Key.hmac(SECRET, use="sig"), ['use must be "all"']),  # type: ignore[arg-type]
    ("a use that is no text", lambda: Key.hmac(SECRET, use=[]), ["use must be"]),  # type: ignore[arg-type]
    ("retired, when?", lambda: Key.hmac(SECRET, use="refresh"), ["retired_at must say"]),
    ("retired and not", lambda: Key.hmac(SECRET, retired_at=1), ["retired_at goes with"]),
    *(
        (
            f"retired at {when!r}"[:30],
            lambda when=when: Key.hmac(SECRET, use="refresh", retired_at=when),
            ["retired_at must say"],
        )
        for when in (-1, 2**53, True, 1.5, "1900000000", [])
    ),
    (
        "everything at once",
        lambda: Key.hmac("short", alg="HS512", kid="", use="refresh"),
        ["kid must be", "retired_at must say", "the secret has 5 bytes"],
    ),
    ("no PEM", lambda: Key.pem("", alg="RS256"), ["no PEM", "-----BEGIN"]),
    ("text", lambda: Key.pem("ssh-rsa AAAA", alg="RS256"), ["no PEM"]),
    ("PEM is None", lambda: Key.pem(None, alg="RS256"), ["PEM and password are text"]),  # type: ignore[arg-type]
    (
        "a password of a surrogate",
        lambda: Key.pem("x", alg="RS256", password="\ud800"),
        ["PEM"],
    ),
    (
        "a damaged private PEM",
        lambda: Key.pem(private_pem(RSA).replace("M", "N"), alg="RS256"),
        ["the PEM is damaged"],
    ),
    (
        "a damaged public PEM",
        lambda: Key.pem(public_pem(RSA).replace("A", "/"), alg="RS256"),
        ["the PEM is damaged"],
    ),
    (
        "NUL in PEM",
        lambda: Key.pem("-----BEGIN PRIVATE KEY-----\0", alg="RS256"),
        ["damaged"],
    ),
    (
        "a certificate",
        lambda: Key.pem("-----BEGIN CERTIFICATE-----\n", alg="RS256"),
        ["this is a certificate: give its public key"],
    ),
    (
        "encrypted, no password",
        lambda: Key.pem(private_pem(RSA, b"pw"), alg="RS256"),
        ["is encrypted: give its password"],
    ),
    (
        "encrypted, another password",
        lambda: Key.pem(private_pem(RSA, b"pw"), alg="RS256", password="no"),
        ["the password is not the right one"],
    ),
    (
        "a password too many",
        lambda: Key.pem(private_pem(RSA), alg="RS256", password="pw"),
        ["needs no password"],
    ),
    (
        "an RSA key for ES256",
        lambda: Key.pem(private_pem(RSA), alg="ES256"),
        ["ES256 needs an elliptic curve key on secp256r1, this is an RSA key"],
    ),
    (
        "an RSA key for HS256",
        lambda: Key.pem(public_pem(RSA), alg="HS256"),
        ["HS256 needs a shared secret, this is an RSA key"],
    ),
    (
        "the wrong curve",
        lambda: Key.pem(private_pem(asymmetric("ES384")), alg="ES256"),
        ["ES256 needs", "this is an elliptic curve key on secp384r1"],
    ),
    (
        "a curve of no algorithm",
        lambda: Key.pem(private_pem(ec.generate_private_key(ec.SECP256K1())), alg="ES256"),
        ["this is an elliptic curve key on secp256k1"],
    ),
    (
        "Ed448",
        lambda: Key.pem(private_pem(ed448.Ed448PrivateKey.generate()), alg="EdDSA"),
        ["EdDSA needs an Ed25519 key, this is a key of another kind"],
    ),
    (
        "DSA",
        lambda: Key.pem(private_pem(dsa.generate_private_key(2048)), alg="RS256"),
        ["this is a key of another kind"],
    ),
    (
        "a small RSA key",
        lambda: Key.pem(private_pem(WEAK), alg="RS256"),
        ["the RSA key has 1024 bits, 2048 are the least"],
    ),
    ("JWK is None", lambda: Key.jwk(None), ["a JWK is a mapping"]),  # type: ignore[arg-type]
    ("JWK is text", lambda: Key.jwk("{}"), ["a JWK is a mapping"]),  # type: ignore[arg-type]
    ("an empty JWK", lambda: Key.jwk({}), ["alg must be one of"]),
    ("no members", lambda: Key.jwk({"alg": "HS256"}), ["not a shared secret"]),
    (
        "k is a number",
        lambda: Key.jwk({"kty": "oct", "k": 1}, alg="HS256"),
        ["missing or damaged"],
    ),
    (
        "k is empty",
        lambda: Key.jwk({"kty": "oct", "k": ""}, alg="HS256"),
        ["missing or damaged"],
    ),
    (
        "k is short",
        lambda: Key.jwk({"kty": "oct", "k": "AA"}, alg="HS256"),
        ["the secret has 1"],
    ),
    (
        "x is None",
        lambda: Key.jwk({"kty": "EC", "x": None, "y": ""}, alg="ES256"),
        ["damaged"],
    ),
    (
        "x is a surrogate",
        lambda: Key.jwk({"kty": "OKP", "crv": "Ed25519", "x": "\ud800"}, alg="EdDSA"),
        ["missing or damaged"],
    ),
    (
        "n is 1",
        lambda: Key.jwk({"kty": "RSA", "n": "AQ", "e": "AQAB"}, alg="RS256"),
        ["missing or damaged"],
    ),
    (
        "for encryption",
        lambda: Key.jwk({"kty": "oct", "k": "A" * 50, "use": "enc"}, alg="HS256"),
        ["its use is not sig"],
    ),
    (
        "two algorithms, two names",
        lambda: Key.jwk(
            {"kty": "oct", "k": "A" * 90, "alg": "HS256", "kid": "a"}, alg="HS384", kid="b"
        ),
        ["argument alg contradicts", "argument kid contradicts"],
    ),
]


@pytest.mark.parametrize(
    ("make", "messages"),
    [pytest.param(make, messages, id=name) for name, make, messages in REFUSED],
)
def test_a_key_that_cannot_be_used(make: Callable[[], object], messages: list[str]) -> None:
    """It is refused by name, with everything wrong at once, and nothing of it is shown."""
    with pytest.raises(ConfigInvalid) as caught:
        make()
    text = str(caught.value)
    assert text.startswith("this key cannot be used: ")
    for message in messages:
        assert message in text
    # Nor may a traceback show what the libraries beneath said.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
