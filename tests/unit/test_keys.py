"""Keys and rings: what is accepted, what is refused and how, and what never shows."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import PrivateFormat
from pem_keys import EDWARDS, RSA, SECRET, asymmetric, private_pem, public_pem

from jwtsession.errors import ConfigInvalid, SigningFailed
from jwtsession.keys import ALGORITHMS, Key, KeyRing

LEAST = {"HS256": 32, "HS384": 48, "HS512": 64}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_generated_key_signs_and_verifies(alg: str) -> None:
    """Its signature is good for this message alone, and of this key alone."""
    key, other = Key.generate(alg, kid="k"), Key.generate(alg, kid="k")
    signature = key.sign(b"message")
    assert key.verify(b"message", signature)
    assert not key.verify(b"another", signature)
    assert not other.verify(b"message", signature)
    for damaged in (b"", b"\0", signature[:-1], signature + b"\0", bytes(len(signature))):
        assert not key.verify(b"message", damaged)


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg[:2] != "HS"])
def test_a_public_key_verifies_only(alg: str) -> None:
    """PEM of a private key signs what PEM of its public key verifies and cannot sign."""
    material = asymmetric(alg)
    private = Key.pem(private_pem(material), alg=alg, kid="k")
    public = Key.pem(public_pem(material).encode(), alg=alg, kid="k")
    assert public.verify(b"message", private.sign(b"message"))
    assert (private.can_sign, public.can_sign) == (True, False)
    with pytest.raises(SigningFailed, match="only verifies"):
        public.sign(b"message")
    assert private.public_jwk() == public.public_jwk()
    jwk = private.public_jwk()
    assert jwk is not None
    assert Key.jwk(jwk).verify(b"message", private.sign(b"message"))


def test_pem_comes_in_several_forms() -> None:
    """PKCS #8, PKCS #1 and SEC 1 are read, an encrypted one with its password."""
    curve = ec.generate_private_key(ec.SECP256R1())
    for text, alg in [
        (private_pem(RSA, form=PrivateFormat.TraditionalOpenSSL), "RS256"),
        (private_pem(curve, form=PrivateFormat.TraditionalOpenSSL), "ES256"),
        ("a comment\n" + private_pem(RSA) + "\n", "PS512"),
    ]:
        assert Key.pem(text, alg=alg).can_sign
    locked = private_pem(EDWARDS, b"s3cret")
    assert Key.pem(locked, alg="EdDSA", password="s3cret").can_sign
    assert Key.pem(locked.encode(), alg="EdDSA", password=b"s3cret").can_sign


@pytest.mark.parametrize("alg", LEAST)
def test_a_short_secret_is_refused_with_the_command_that_makes_a_good_one(alg: str) -> None:
    """One byte below the hash's length is refused; text counts in UTF-8."""
    least = LEAST[alg]
    assert Key.hmac(SECRET[:least], alg=alg).can_sign
    assert Key.hmac("\u00e9" * (least // 2), alg=alg).can_sign
    for short in (b"", b"x", SECRET[: least - 1], "x" * (least - 1)):
        with pytest.raises(ConfigInvalid) as caught:
            Key.hmac(short, alg=alg)
        assert f"needs at least {least}" in str(caught.value)
        assert f'python -c "import secrets; print(secrets.token_urlsafe({least}))"' in str(
            caught.value
        )


def test_a_jwk_brings_its_names() -> None:
    """Alg and kid come from the JWK, or where it has none from the arguments."""
    bare = {"kty": "oct", "k": "A" * 64}
    whole = Key.jwk({**bare, "alg": "HS384", "kid": "a", "use": "sig", "key_ops": ["sign"]})
    assert (whole.alg, whole.kid) == ("HS384", "a")
    named = Key.jwk(bare, alg="HS256", kid="b", use="refresh", retired_at=5)
    assert (named.alg, named.kid, named.use, named.retired_at) == (
        "HS256",
        "b",
        "refresh",
        5,
    )


def test_nothing_of_a_key_shows() -> None:
    """No repr of a key, its material or a ring holds any part of it."""
    text = "correct horse battery staple, and some more"
    keys = [Key.hmac(text, kid="k1"), Key.pem(private_pem(RSA), alg="RS256", kid="k2")]
    shown = (
        repr(keys) + repr(KeyRing(keys)) + repr([key.material for key in keys]) + str(keys)
    )
    numbers = RSA.private_numbers()
    for part in ("horse", "hash", "object at", str(numbers.d)[:20], f"{numbers.p:x}"[:20]):
        assert part not in shown
    assert "kid='k1', alg='HS256'" in shown


def test_a_key_is_frozen() -> None:
    """Nothing about a key can be changed afterwards."""
    key = Key.generate()
    for name in ("kid", "alg", "use", "retired_at", "material"):
        with pytest.raises(AttributeError):
            setattr(key, name, None)
    assert copy.copy(key).alg == key.alg


def test_a_library_that_fails_beneath_is_a_named_error() -> None:
    """Whatever a key raises while it signs becomes SigningFailed with that as its cause."""
    key = Key.generate()

    class Broken:
        def sign(self, *_: object) -> bytes:
            raise RuntimeError("hardware")

    object.__setattr__(key.material, "algorithm", Broken())
    with pytest.raises(SigningFailed) as caught:
        key.sign(b"")
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_signature_that_cannot_even_be_read_is_none() -> None:
    """Where the library beneath refuses to look at it, it is simply not good."""
    key = Key.generate()

    class Picky:
        def verify(self, *_: object) -> bool:
            raise ValueError

    object.__setattr__(key.material, "algorithm", Picky())
    assert not key.verify(b"message", b"signature")


def secret(kid: str | None, alg: str = "HS256", start: int = 0, **more: Any) -> Key:
    """Return a key that differs by its first byte."""
    return Key.hmac(bytes([start]) + SECRET, alg=alg, kid=kid, **more)


def test_the_newest_that_can_sign_signs_and_all_verify() -> None:
    """Order decides; public and retired keys are passed over."""
    old, new = secret("old"), secret("new", start=1)
    public = Key.pem(public_pem(RSA), alg="RS256", kid="public")
    retired = secret("retired", start=2, use="refresh", retired_at=5)
    ring = KeyRing([old, new, public, retired])
    assert ring.active is new
    assert KeyRing([new, old]).active is old
    assert tuple(ring) == (old, new, public, retired)
    assert len(ring) == 4


def test_a_kid_is_looked_up_as_text() -> None:
    """The one key of that name, exactly; without one all, where some have none."""
    named, bare = secret("k1"), secret(None, start=1)
    assert KeyRing([named]).find("k1") == (named,)
    assert KeyRing([named]).find("K1") == KeyRing([named]).find("") == ()
    assert KeyRing([named]).find(None) == ()
    assert KeyRing([bare, named]).find(None) == (bare, named)
    assert KeyRing([bare, named]).find("k2") == ()


def test_a_ring_that_only_verifies() -> None:
    """It may hold public keys alone, and signing is refused by name."""
    public = Key.pem(public_pem(RSA), alg="RS256")
    ring = KeyRing([public], signs=False)
    with pytest.raises(SigningFailed, match="no key that can sign"):
        _ = ring.active


@pytest.mark.parametrize(
    ("keys", "messages"),
    [
        pytest.param([], ["it is empty"], id="empty"),
        pytest.param(None, ["every entry must be a Key"], id="None"),
        pytest.param("ab", ["every entry must be a Key"], id="text"),
        pytest.param(secret("a"), ["every entry must be a Key"], id="a key alone"),
        pytest.param(
            [secret("a"), None], ["every entry must be a Key"], id="an entry of None"
        ),
        pytest.param(
            [secret("a"), secret("a", start=1)], ["2 keys have the kid 'a'"], id="kid"
        ),
        pytest.param(
            [secret(None), secret(None, start=1)],
            ["2 keys of HS256 have no kid: give one to all but the oldest"],
            id="no kid twice",
        ),
        pytest.param(
            [secret("a"), secret("b", "HS384")],
            ["one key has two algorithms"],
            id="two algs",
        ),
        pytest.param(
            [secret("a", use="refresh", retired_at=1)], ["no key can sign"], id="retired"
        ),
        pytest.param(
            [Key.pem(public_pem(RSA), alg="RS256")], ["no key can sign"], id="public only"
        ),
        pytest.param(
            [
                secret("a", use="refresh", retired_at=1),
                secret("a", "HS384", use="refresh", retired_at=1),
                secret(None, start=2, use="refresh", retired_at=1),
                secret(None, start=3, use="refresh", retired_at=1),
            ],
            ["kid 'a'", "have no kid", "two algorithms", "no key can sign"],
            id="everything at once",
        ),
    ],
)
def test_a_ring_that_cannot_be_used(keys: Any, messages: list[str]) -> None:
    """It is refused with everything that is wrong."""
    with pytest.raises(ConfigInvalid) as caught:
        KeyRing(keys)
    for message in messages:
        assert message in str(caught.value)


def test_rings_that_are_good() -> None:
    """Moving from a secret without a name to named keys is possible in one step."""
    bare = secret(None)
    assert KeyRing([bare, secret("new", start=1)]).active.kid == "new"
    assert KeyRing([bare, secret("same")]).active.kid == "same"
    assert len(KeyRing([bare, secret(None, "HS384", start=1)])) == 2
    assert len(KeyRing(key for key in [bare])) == 1


def test_a_retired_key_is_not_in_full_use_under_another_name() -> None:
    """What was withdrawn after a leak cannot stay good by being listed twice."""
    leaked = Key.hmac(SECRET, kid="old", use="refresh", retired_at=1)
    with pytest.raises(ConfigInvalid, match="retired and in full use"):
        KeyRing([leaked, Key.hmac(SECRET, kid="new")])


def test_a_published_set_is_public() -> None:
    """Shared and retired keys are left out, and no private member is there."""
    signing = Key.pem(private_pem(RSA), alg="RS256", kid="r")
    leaked = Key.pem(
        private_pem(EDWARDS), alg="EdDSA", kid="e", use="refresh", retired_at=1
    )
    jwks = KeyRing([secret("s"), leaked, signing]).jwks()
    assert [jwk["kid"] for jwk in jwks["keys"]] == ["r"]
    assert set(jwks["keys"][0]) == {"kty", "n", "e", "kid", "alg", "use"}
    again = KeyRing([Key.jwk(jwk) for jwk in jwks["keys"]], signs=False)
    assert again.find("r")[0].verify(b"m", signing.sign(b"m"))
