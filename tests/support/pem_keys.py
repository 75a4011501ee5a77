"""Keys of every kind, and as PEM, for tests of what reads them."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

__all__ = ["EDWARDS", "RSA", "SECRET", "WEAK", "asymmetric", "private_pem", "public_pem"]

SECRET = bytes(range(64))
RSA = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it is to be refused
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
EDWARDS = ed25519.Ed25519PrivateKey.generate()


def private_pem(
    key: Any, password: bytes | None = None, form: Any = PrivateFormat.PKCS8
) -> str:
    """Return a private key as PEM."""
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, form, lock).decode())


def public_pem(key: Any) -> str:
    """Return its public key as PEM."""
    info = PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(Encoding.PEM, info).decode())


def asymmetric(alg: str) -> Any:
    """Return a private key that fits the algorithm."""
    if alg in CURVES:
        return ec.generate_private_key(CURVES[alg])
    return EDWARDS if alg == "EdDSA" else RSA
