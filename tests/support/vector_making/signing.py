"""Signatures made by hand, and the same every time.

The vectors must not depend on the library that they judge, nor on the day they are made:
RSA is computed from its definition, PSS with a fixed salt, ECDSA by RFC 6979.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from vector_making.rsa_primes import RSA_PRIMES

__all__ = ["TestKey", "b64", "digest_info", "pkcs1", "power", "pss", "public_pem"]

_CURVES = {
    "ES256": (ec.SECP256R1, "P-256", 32),
    "ES384": (ec.SECP384R1, "P-384", 48),
    "ES512": (ec.SECP521R1, "P-521", 66),
}
_DIGEST_INFO = {
    "256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class TestKey:
    """A fixed key: everything follows from its name."""

    __test__ = False

    kid: str | None
    alg: str
    seed: str
    use: str = "all"
    retired_at: int | None = field(default=None)

    @cached_property
    def secret(self) -> bytes:
        """The octets of a shared secret: as long as the hash."""
        length = int(self.alg[2:]) // 8
        return hashlib.shake_256(f"jwtsession {self.seed}".encode()).digest(length)

    @cached_property
    def rsa(self) -> tuple[int, int, int, int]:
        """Return p, q, n and d."""
        p, q = RSA_PRIMES[self.seed]
        return p, q, p * q, pow(65537, -1, (p - 1) * (q - 1))

    @cached_property
    def curve_key(self) -> ec.EllipticCurvePrivateKey:
        """The private key on the algorithm's curve."""
        curve, _, length = _CURVES[self.alg]
        seed = hashlib.shake_256(f"jwtsession {self.seed}".encode()).digest(length)
        # Below the order of every curve.
        return ec.derive_private_key(int.from_bytes(seed[1:], "big") >> 8, curve())

    @cached_property
    def edwards_key(self) -> ed25519.Ed25519PrivateKey:
        """The Ed25519 key."""
        seed = hashlib.sha256(f"jwtsession {self.seed}".encode()).digest()
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed)

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """Return the private or shared JWK."""
        return {**self._members, "alg": self.alg} | ({"kid": self.kid} if self.kid else {})

    @cached_property
    def public_jwk(self) -> dict[str, Any]:
        """Return the JWK as it is published."""
        private = {"d", "p", "q", "dp", "dq", "qi"}
        members = {name: value for name, value in self.jwk.items() if name not in private}
        return {**members, "use": "sig"}

    @cached_property
    def _members(self) -> dict[str, Any]:
        family = self.alg[:2]
        if family == "HS":
            return {"kty": "oct", "k": b64(self.secret)}
        if family == "ES":
            _, name, length = _CURVES[self.alg]
            numbers = self.curve_key.private_numbers()
            return {
                "kty": "EC",
                "crv": name,
                "x": _number(numbers.public_numbers.x, length),
                "y": _number(numbers.public_numbers.y, length),
                "d": _number(numbers.private_value, length),
            }
        if family == "Ed":
            return {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": b64(self.edwards_key.public_key().public_bytes_raw()),
                "d": b64(self.edwards_key.private_bytes_raw()),
            }
        p, q, n, d = self.rsa
        crt = {"dp": d % (p - 1), "dq": d % (q - 1), "qi": pow(q, -1, p)}
        numbers = {"n": n, "e": 65537, "d": d, "p": p, "q": q, **crt}
        return {"kty": "RSA", **{name: _number(value) for name, value in numbers.items()}}

    @cached_property
    def config(self) -> dict[str, Any]:
        """Return the key as a group of vectors lists it."""
        entry: dict[str, Any] = {"jwk": self.jwk, "use": self.use}
        return entry if self.retired_at is None else {**entry, "retiredAt": self.retired_at}

    def sign(self, message: bytes) -> bytes:
        """Sign, without asking whether it makes sense."""
        family, size = self.alg[:2], self.alg[2:]
        if family == "HS":
            return hmac.digest(self.secret, message, f"sha{size}")
        if family == "Ed":
            return self.edwards_key.sign(message)
        if family == "ES":
            scheme = ec.ECDSA(_HASHES[size](), deterministic_signing=True)
            numbers = decode_dss_signature(self.curve_key.sign(message, scheme))
            length = _CURVES[self.alg][2]
            return b"".join(number.to_bytes(length, "big") for number in numbers)
        length = self.rsa[2].bit_length() // 8
        digest = hashlib.new(f"sha{size}", message).digest()
        if family == "RS":
            return power(self, pkcs1(digest, size, length))
        return power(self, pss(digest, size, length, salt=bytes(len(digest))))


def power(key: TestKey, block: bytes) -> bytes:
    """RSASP1 (RFC 8017 §5.2.1)."""
    p, q, _, d = key.rsa
    number = int.from_bytes(block, "big")
    by_p, by_q = pow(number, d % (p - 1), p), pow(number, d % (q - 1), q)
    whole = by_q + q * ((by_p - by_q) * pow(q, -1, p) % p)
    return whole.to_bytes(len(block), "big")


def digest_info(size: str) -> bytes:
    """Return what names the hash in PKCS #1 (RFC 8017 §9.2)."""
    return _DIGEST_INFO[size]


def pkcs1(digest: bytes, size: str, length: int) -> bytes:
    """EMSA-PKCS1-v1_5 (RFC 8017 §9.2)."""
    info = digest_info(size) + digest
    return b"\x00\x01" + b"\xff" * (length - len(info) - 3) + b"\x00" + info


def pss(digest: bytes, size: str, length: int, *, salt: bytes) -> bytes:
    """EMSA-PSS (RFC 8017 §9.1), with a salt that is fixed."""
    name = f"sha{size}"
    hashed = hashlib.new(name, bytes(8) + digest + salt).digest()
    block = b"\x01" + salt
    block = bytes(length - len(hashed) - 1 - len(block)) + block
    mask = b"".join(
        hashlib.new(name, hashed + counter.to_bytes(4, "big")).digest()
        for counter in range(length // len(hashed) + 1)
    )
    masked = bytearray(one ^ two for one, two in zip(block, mask, strict=False))
    masked[0] &= 0x7F
    return bytes(masked) + hashed + b"\xbc"


def public_pem(key: TestKey) -> bytes:
    """Return the public key of an RSA key as PEM, as it lies on many a server."""
    # An INTEGER whose first bit is set starts with a zero octet.
    n = b"\x00" + key.rsa[2].to_bytes((key.rsa[2].bit_length() + 7) // 8, "big")
    integers = _der(0x02, n) + _der(0x02, b"\x01\x00\x01")
    rsa_encryption = bytes.fromhex("300d06092a864886f70d0101010500")
    info = _der(0x30, rsa_encryption + _der(0x03, b"\x00" + _der(0x30, integers)))
    text = base64.b64encode(info).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    return "\n".join([begin, *lines, end, ""]).encode()


def _der(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
