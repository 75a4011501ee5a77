"""Key material: how it is read, what it must be, how it signs and verifies.

The only home of cryptography. Each function below says everything that is wrong as
`ConfigInvalid`, in words of its own: what the libraries beneath say may show a key.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jwt.algorithms import Algorithm, get_default_algorithms
from jwt.exceptions import PyJWTError

from jwtsession.errors import ConfigInvalid, SigningFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALGORITHMS", "Material", "draw", "from_jwk", "from_pem", "from_secret"]

ALGORITHMS: Final = (
    *("HS256", "HS384", "HS512"),
    *("RS256", "RS384", "RS512"),
    *("PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
    "EdDSA",
)
"""Every algorithm a key may have. ``EdDSA`` is Ed25519."""

RSA_MIN_BITS = 2048
"""RFC 7518 §3.3."""

_HMAC_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
_NEEDS = {
    "HS": "a shared secret",
    "RS": "an RSA key",
    "PS": "an RSA key",
    "ES": "an elliptic curve key",
    "Ed": "an Ed25519 key",
}
_IMPLEMENTED = get_default_algorithms()

_UNREADABLE = (PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, LookupError)
"""What the libraries beneath raise for material that is not what it should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A key without its name, prepared once. Its ``repr`` shows nothing of it.

    Attributes:
        private: What signs, or None.
        public: What verifies; of a shared secret the same.
        algorithm: The implementation that knows what to do with both.
        fingerprint: SHA-256 of the secret or of the public key.
    """

    private: Any = field(repr=False)
    public: Any = field(repr=False)
    algorithm: Algorithm = field(repr=False)
    fingerprint: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Sign (RFC 7515 §5.1).

        Raises:
            SigningFailed: It is a public key, or the library beneath failed.
        """
        if self.private is None:
            raise SigningFailed("this key only verifies")
        try:
            return self.algorithm.sign(message, self.private)
        except Exception as error:
            raise SigningFailed from error

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, for exactly this message."""
        try:
            return self.algorithm.verify(message, self.public, signature)
        except _UNREADABLE:
            # A signature that the library cannot even read.
            return False

    def public_jwk(self) -> dict[str, str] | None:
        """Return the public members as a JWK, or None for a shared secret."""
        if isinstance(self.public, bytes):
            return None
        jwk = cast("Any", self.algorithm).to_jwk(self.public, as_dict=True)
        # PyJWT adds key_ops, which RFC 7517 §4.3 wants either alone or without use.
        return {name: value for name, value in jwk.items() if name != "key_ops"}


def from_secret(secret: object, alg: str) -> Material:
    """Take a shared secret; text counts as its UTF-8 bytes."""
    material = _octets(secret)
    if material is None:
        raise ConfigInvalid("a secret is bytes, or text without lone surrogates")
    return _accept(material, alg)


def from_pem(text: object, password: object, alg: str) -> Material:
    """Read a private or a public key from PEM."""
    data = _octets(text)
    secret = None if password is None else _octets(password)
    if data is None or (password is not None and secret is None):
        raise ConfigInvalid("PEM and password are text or bytes")
    if b"-----BEGIN CERTIFICATE" in data:
        raise ConfigInvalid("this is a certificate: give its public key")
    if b"-----BEGIN" not in data:
        raise ConfigInvalid("this is no PEM: it has no line -----BEGIN ...-----")
    if b"PUBLIC KEY-----" in data:
        try:
            return _accept(load_pem_public_key(data), alg)
        except _UNREADABLE as error:
            raise _ours(error) or ConfigInvalid("the PEM is damaged") from None
    try:
        return _accept(load_pem_private_key(data, secret), alg)
    except TypeError:
        # What the library raises for one password too few or too many.
        message = (
            "is encrypted: give its password" if secret is None else "needs no password"
        )
        raise ConfigInvalid(f"the PEM {message}") from None
    except _UNREADABLE as error:
        message = "the PEM is damaged, or the password is not the right one"
        raise _ours(error) or ConfigInvalid(message) from None


def from_jwk(jwk: Mapping[str, Any], alg: str) -> Material:
    """Read a private, public or shared key from a JSON Web Key (RFC 7517)."""
    try:
        # PyJWT takes a real dict only.
        return _accept(cast("Any", _IMPLEMENTED[alg]).from_jwk(dict(jwk)), alg)
    except _UNREADABLE as error:
        message = f"the JWK is not {_NEEDS[alg[:2]]}, or a member is missing or damaged"
        raise _ours(error) or ConfigInvalid(message) from None


def draw(alg: str) -> Material:
    """Draw a new key."""
    if alg in _HMAC_BYTES:
        return _accept(secrets.token_bytes(_HMAC_BYTES[alg]), alg)
    if alg in _CURVES:
        return _accept(ec.generate_private_key(_CURVES[alg]()), alg)
    if alg == "EdDSA":
        return _accept(ed25519.Ed25519PrivateKey.generate(), alg)
    return _accept(rsa.generate_private_key(65537, RSA_MIN_BITS), alg)


def _octets(text: object) -> bytes | None:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode() if isinstance(text, str) else None
    except UnicodeEncodeError:
        return None


def _ours(error: Exception) -> ConfigInvalid | None:
    """Return the error where it is ours already: ConfigInvalid is a ValueError."""
    return error if isinstance(error, ConfigInvalid) else None


def _accept(loaded: Any, alg: str) -> Material:
    """Check that the key fits the algorithm and is strong enough, and prepare it."""
    if alg in _HMAC_BYTES and isinstance(loaded, bytes):
        _check_secret(loaded, alg)
        return Material(loaded, loaded, _IMPLEMENTED[alg], hashlib.sha256(loaded).digest())
    kind, algorithms = _kind(loaded)
    if alg not in algorithms:
        curve = f" on {_CURVES[alg].name}" if alg in _CURVES else ""
        raise ConfigInvalid(f"{alg} needs {_NEEDS[alg[:2]]}{curve}, this is {kind}")
    signs = hasattr(loaded, "private_bytes")
    public = loaded.public_key() if signs else loaded
    if kind == "an RSA key" and public.key_size < RSA_MIN_BITS:
        raise ConfigInvalid(
            f"the RSA key has {public.key_size} bits, {RSA_MIN_BITS} are the least"
        )
    text = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    fingerprint = hashlib.sha256(text).digest()
    return Material(loaded if signs else None, public, _IMPLEMENTED[alg], fingerprint)


def _kind(loaded: object) -> tuple[str, tuple[str, ...]]:
    """Say what kind of key this is, and which algorithms it fits."""
    if isinstance(loaded, bytes):
        return "a shared secret", ()
    if isinstance(loaded, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return "an RSA key", tuple(alg for alg in ALGORITHMS if alg[:2] in {"RS", "PS"})
    if isinstance(loaded, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return "an Ed25519 key", ("EdDSA",)
    if isinstance(loaded, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        curve = loaded.curve
        fits = tuple(alg for alg, needed in _CURVES.items() if isinstance(curve, needed))
        return f"an elliptic curve key on {curve.name}", fits
    return "a key of another kind", ()


def _check_secret(secret: bytes, alg: str) -> None:
    least = _HMAC_BYTES[alg]
    make = f'python -c "import secrets; print(secrets.token_urlsafe({least}))"'
    if len(secret) < least:
        raise ConfigInvalid(
            f"the secret has {len(secret)} bytes, {alg} needs at least {least}; "
            f"make a good one with: {make}"
        )
    try:
        cast("Any", _IMPLEMENTED[alg]).prepare_key(secret)
    except PyJWTError:
        raise ConfigInvalid(
            "the secret is a key of another kind, perhaps a public one; "
            f"make a good one with: {make}"
        ) from None
