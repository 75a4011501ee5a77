"""Vectors about signatures: every algorithm, and what is nearly a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from vector_making import signing
from vector_making.signing import TestKey, b64
from vector_making.token_parts import (
    ACCESS,
    CONFIG,
    KEY,
    NOW,
    REFRESH,
    access,
    config,
    document,
    refresh,
)

if TYPE_CHECKING:
    from vector_making.document import Document, Group

__all__ = ["KEYS", "signature"]

REFUSED = "jwt:invalid_signature"
RID = "TOKEN-SIGNATURE"

KEYS = {
    alg: TestKey(f"key-{alg}", alg, "first" if alg[:2] in {"RS", "PS"} else alg)
    for alg in (
        *("HS256", "HS384", "HS512"),
        *("RS256", "RS384", "RS512"),
        *("PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512"),
        "EdDSA",
    )
}

ORDER_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ORDER_ED25519 = 2**252 + 27742317777372353535851937790883648493


def signature() -> Document:
    """Return the vectors of signatures."""
    made = document("token_signature")
    for alg, key in KEYS.items():
        group = made.group("TokenVerification", alg, config=config(key))
        _every(group, key)
        if alg[:2] == "ES":
            _elliptic(group, key)
        if alg == "EdDSA":
            _edwards(group, key)
        if alg[:2] in {"RS", "PS"}:
            _rsa(group, key)
        if alg == "HS256":
            _shared(group, key)
    _bits(made.group("TokenVerification", "one bit changed", config=CONFIG))
    return made


def _bad(group: Group, comment: str, flag: str, token: str) -> None:
    group.add(comment, RID, flag, kind="access", token=token, now=NOW, code=REFUSED)


def _every(group: Group, key: TestKey) -> None:
    for kind, make, claims in [("access", access, ACCESS), ("refresh", refresh, REFRESH)]:
        token = make(claims, key)
        comment = f"{kind}: as it is minted"
        group.add(comment, RID, "Normal", kind=kind, token=token, now=NOW, claims=claims)
    message, _, encoded = access(key=key).rpartition(".")
    octets = key.sign(message.encode())
    second = "second" if key.alg[:2] in {"RS", "PS"} else "another"
    stranger = TestKey(key.kid, key.alg, second)
    elsewhere = access(ACCESS | {"sub": "user-2"}, key)
    head, payload = message.split(".")
    other_payload = elsewhere.split(".")[1]
    for comment, flag, changed in [
        ("none", "Signature", b""),
        ("of nothing but zeros", "Signature", bytes(len(octets))),
        ("of nothing but ones", "Signature", b"\xff" * len(octets)),
        ("its first bit changed", "Signature", bytes([octets[0] ^ 0x80]) + octets[1:]),
        ("its last bit changed", "Signature", octets[:-1] + bytes([octets[-1] ^ 1])),
        ("an octet too few", "SignatureForm", octets[:-1]),
        ("an octet too few in front", "SignatureForm", octets[1:]),
        ("half of it", "SignatureForm", octets[: len(octets) // 2]),
        ("an octet too many", "SignatureForm", octets + b"\0"),
        ("an octet too many in front", "SignatureForm", b"\0" + octets),
        ("twice", "SignatureForm", octets * 2),
        ("encoded twice", "SignatureForm", encoded.encode()),
        ("reversed", "SignatureForm", octets[::-1]),
        ("of another key", "Signature", stranger.sign(message.encode())),
        ("of the payload alone", "Signature", key.sign(payload.encode())),
        ("of the decoded parts", "Signature", key.sign(_decoded(head, payload))),
    ]:
        _bad(group, f"signature: {comment}", flag, f"{message}.{b64(changed)}")
    _bad(
        group,
        "the payload of another token",
        "Signature",
        f"{head}.{other_payload}.{encoded}",
    )
    comment = "the signature of another token"
    _bad(group, comment, "Signature", f"{message}.{elsewhere.rpartition('.')[2]}")
    comment = "the header of the other kind"
    _bad(
        group, comment, "Signature", f"{refresh(key=key).split('.')[0]}.{payload}.{encoded}"
    )


def _decoded(*segments: str) -> bytes:
    return b".".join(
        base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) for one in segments
    )


def _elliptic(group: Group, key: TestKey) -> None:
    message = access(key=key).rpartition(".")[0]
    octets = key.sign(message.encode())
    size = len(octets) // 2
    r, s = (int.from_bytes(part, "big") for part in (octets[:size], octets[size:]))
    zero = bytes(size)
    order = ORDER_P256.to_bytes(32, "big")
    cases: list[tuple[str, bytes]] = [
        ("in DER, as other protocols have it", encode_dss_signature(r, s)),
        ("r is 0", zero + octets[size:]),
        ("s is 0", octets[:size] + zero),
        ("both are 1", zero[:-1] + b"\1" + zero[:-1] + b"\1"),
        ("r and s changed places", octets[size:] + octets[:size]),
        ("each an octet longer", b"\0" + octets[:size] + b"\0" + octets[size:]),
    ]
    if key.alg == "ES256":
        cases += [
            ("r is the order", order + octets[size:]),
            ("s is the order", octets[:size] + order),
            ("both are the order", order + order),
        ]
    for comment, changed in cases:
        _bad(group, f"signature: {comment}", "SignatureForm", f"{message}.{b64(changed)}")


def _edwards(group: Group, key: TestKey) -> None:
    message = access(key=key).rpartition(".")[0]
    octets = key.sign(message.encode())
    s = int.from_bytes(octets[32:], "little")
    more = octets[:32] + (s + ORDER_ED25519).to_bytes(32, "little")
    identity = b"\1" + bytes(31)
    for comment, changed in [
        ("s is beyond the order", more),
        ("s is 0", octets[:32] + bytes(32)),
        ("the neutral element", identity + bytes(32)),
    ]:
        _bad(group, f"signature: {comment}", "Malleable", f"{message}.{b64(changed)}")


def _rsa(group: Group, key: TestKey) -> None:
    message = access(key=key).rpartition(".")[0]
    octets = key.sign(message.encode())
    n = key.rsa[2]
    negated = (n - int.from_bytes(octets, "big")).to_bytes(len(octets), "big")
    _bad(group, "signature: negated", "Malleable", f"{message}.{b64(negated)}")
    wrong: list[tuple[str, bytes]] = []
    size = key.alg[2:]
    digest = hashlib.new(f"sha{size}", message.encode()).digest()
    if key.alg[:2] == "RS":
        # Bleichenbacher's forgery of 2006: room behind the digest that nobody looks at.
        info = signing.digest_info(size) + digest
        block = b"\x00\x01" + b"\xff" * 8 + b"\x00" + info
        wrong = [
            ("padding cut short", block + bytes(len(octets) - len(block))),
            ("padding of zeros", b"\x00\x01" + bytes(len(octets) - len(info) - 2) + info),
            ("no name of the hash", _pad(digest, len(octets))),
            ("the block type of encryption", b"\x00\x02" + _pad(info, len(octets))[2:]),
        ]
    else:
        wrong = [
            ("no salt", signing.pss(digest, size, len(octets), salt=b"")),
            ("a short salt", signing.pss(digest, size, len(octets), salt=bytes(20))),
            ("the trailer of another scheme", _trailer(digest, size, len(octets))),
        ]
    for comment, block in wrong:
        forged = signing.power(key, block)
        _bad(group, f"signature: {comment}", "SignatureForm", f"{message}.{b64(forged)}")


def _pad(content: bytes, length: int) -> bytes:
    return b"\x00\x01" + b"\xff" * (length - len(content) - 3) + b"\x00" + content


def _trailer(digest: bytes, size: str, length: int) -> bytes:
    return signing.pss(digest, size, length, salt=bytes(len(digest)))[:-1] + b"\xcc"


def _shared(group: Group, key: TestKey) -> None:
    message = access(key=key).rpartition(".")[0]
    for comment, octets in [
        ("a hash without the key", hashlib.sha256(message.encode()).digest()),
        ("the key in front", hashlib.sha256(key.secret + message.encode()).digest()),
        ("an empty key", hmac.digest(b"", message.encode(), "sha256")),
        ("half of the key", hmac.digest(key.secret[:16], message.encode(), "sha256")),
        (
            "the key in base64url",
            hmac.digest(b64(key.secret).encode(), message.encode(), "sha256"),
        ),
        ("another hash, cut", hmac.digest(key.secret, message.encode(), "sha512")[:32]),
    ]:
        _bad(group, f"signature: {comment}", "SignatureForm", f"{message}.{b64(octets)}")


def _bits(group: Group) -> None:
    """Change one bit in each part of each segment."""
    head, payload, encoded = access().split(".")
    for name, segment in [("header", head), ("payload", payload), ("signature", encoded)]:
        octets = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        for at in range(0, len(octets), max(1, len(octets) // 6)):
            changed = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
            parts = {"header": head, "payload": payload, "signature": encoded}
            parts[name] = b64(changed)
            code = _code(changed) if name == "header" else REFUSED
            group.add(
                f"the last bit of octet {at} of the {name}",
                RID,
                "Signature",
                kind="access",
                token=".".join(parts.values()),
                now=NOW,
                code=code,
            )


def _code(header: bytes) -> str:
    """Say which check a changed header meets first."""
    try:
        members: dict[str, Any] = json.loads(header)
    except ValueError:
        return "jwt:invalid_header"
    if "alg" not in members or "kid" not in members:
        return "jwt:invalid_header" if "alg" not in members else REFUSED
    if members["kid"] != KEY.kid:
        return REFUSED
    return REFUSED if members["alg"] == KEY.alg else "jwt:algorithm_mismatch"
