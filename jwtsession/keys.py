"""Keys, and rings of them.

An algorithm is a property of a key, never of a token (TOKEN-ALG-KEY, RFC 8725 §3.1). Keys
are listed oldest to newest: the newest that can sign signs, all verify (TOKEN-KEY-ROLL).
So a key is rolled without anybody being signed out: publish the new one everywhere before
it signs, activate it by listing it last, drop the old one when its last refresh token has
expired.

After a leak the old key stays in the ring with ``use="refresh"`` and ``retired_at``: it
verifies no access token, and no refresh token that was signed later (TOKEN-KEY-RETIRED).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from jwtsession import key_material
from jwtsession.errors import ConfigInvalid, SigningFailed
from jwtsession.key_material import ALGORITHMS, Material
from jwtsession.models import INTEGER_END

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALGORITHMS", "KID_MAX_CODE_POINTS", "Key", "KeyRing", "KeyUse"]

KeyUse = Literal["all", "refresh"]

KID_MAX_CODE_POINTS = 255
"""A kid has 1 to this many code points."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Key:
    """A key with its one algorithm. Its ``repr`` shows no key material.

    Make one with `hmac`, `pem`, `jwk` or `generate`; each raises `ConfigInvalid` with
    everything that is wrong.

    Attributes:
        kid: The name that tokens carry, or None: the key's tokens then carry none.
        alg: Its algorithm, one of `ALGORITHMS`.
        use: ``"all"``, or ``"refresh"``: kept to verify refresh tokens only.
        retired_at: With ``use="refresh"``: when the key was withdrawn, in seconds.
    """

    kid: str | None
    alg: str
    use: KeyUse
    retired_at: int | None
    material: Material = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"Key(kid={self.kid!r}, alg={self.alg!r}, use={self.use!r}, "
            f"retired_at={self.retired_at!r}, can_sign={self.can_sign})"
        )

    @classmethod
    def hmac(
        cls,
        secret: bytes | str,
        *,
        alg: str = "HS256",
        kid: str | None = None,
        use: KeyUse = "all",
        retired_at: int | None = None,
    ) -> Self:
        """Make a key from a shared secret; text counts as its UTF-8 bytes.

        Args:
            secret: At least as long as the hash: 32, 48 or 64 bytes (TOKEN-KEY-STRENGTH,
                RFC 7518 §3.2). Random, not a password (RFC 8725 §3.5).
            alg: ``HS256``, ``HS384`` or ``HS512``.
            kid: See the class.
            use: See the class.
            retired_at: See the class.

        Raises:
            ConfigInvalid: The secret is too short, with the command that makes a good one;
                or it is really a public key; or an argument is out of bounds.
        """
        return cls._make(
            lambda: key_material.from_secret(secret, alg),
            alg=alg,
            kid=kid,
            use=use,
            retired_at=retired_at,
        )

    @classmethod
    def pem(
        cls,
        text: str | bytes,
        *,
        alg: str,
        kid: str | None = None,
        password: str | bytes | None = None,
        use: KeyUse = "all",
        retired_at: int | None = None,
    ) -> Self:
        """Make a key from PEM: a private key signs and verifies, a public one verifies.

        Args:
            text: PKCS #8, PKCS #1 or SEC 1, or a SubjectPublicKeyInfo.
            alg: The algorithm; the key must fit it.
            kid: See the class.
            password: Of an encrypted private key.
            use: See the class.
            retired_at: See the class.

        Raises:
            ConfigInvalid: It is no PEM, does not fit the algorithm, is an RSA key of
                fewer than 2048 bits, or an argument is out of bounds.
        """
        return cls._make(
            lambda: key_material.from_pem(text, password, alg),
            alg=alg,
            kid=kid,
            use=use,
            retired_at=retired_at,
        )

    @classmethod
    def jwk(
        cls,
        jwk: Mapping[str, Any],
        *,
        alg: str | None = None,
        kid: str | None = None,
        use: KeyUse = "all",
        retired_at: int | None = None,
    ) -> Self:
        """Make a key from a JSON Web Key (RFC 7517), public, private or shared.

        Args:
            jwk: The members.
            alg: The algorithm, where the JWK names none.
            kid: The name, where the JWK has none.
            use: See the class. The JWK's own ``use``, if any, must be ``sig``.
            retired_at: See the class.

        Raises:
            ConfigInvalid: It is no such key, contradicts the arguments, does not fit the
                algorithm or is too weak.
        """
        if not isinstance(cast("object", jwk), Mapping):
            raise ConfigInvalid("this key cannot be used: a JWK is a mapping")
        wrong = [
            f"the argument {name} contradicts the JWK"
            for name, given in (("alg", alg), ("kid", kid))
            if given is not None and jwk.get(name, given) != given
        ]
        if jwk.get("use", "sig") != "sig":
            wrong.append("the JWK is not for signatures: its use is not sig")
        chosen: Any = jwk.get("alg") if alg is None else alg
        return cls._make(
            lambda: key_material.from_jwk(jwk, chosen),
            alg=chosen,
            kid=jwk.get("kid") if kid is None else kid,
            use=use,
            retired_at=retired_at,
            wrong=wrong,
        )

    @classmethod
    def generate(cls, alg: str = "HS256", *, kid: str | None = None) -> Self:
        """Draw a new key, for tests and for what shares its tokens with nobody.

        Raises:
            ConfigInvalid: There is no such algorithm, or the kid is out of bounds.
        """
        return cls._make(
            lambda: key_material.draw(alg), alg=alg, kid=kid, use="all", retired_at=None
        )

    @classmethod
    def _make(
        cls,
        load: Callable[[], Material],
        *,
        alg: str,
        kid: str | None,
        use: KeyUse,
        retired_at: int | None,
        wrong: Iterable[str] = (),
    ) -> Self:
        """Load the material and refuse it together with whatever else is wrong."""
        mistakes = [*wrong, *_wrong_arguments(kid, use, retired_at)]
        material = None
        if cast("object", alg) not in ALGORITHMS:
            mistakes.append("alg must be one of " + ", ".join(ALGORITHMS))
        else:
            try:
                material = load()
            except ConfigInvalid as error:
                mistakes.append(str(error))
        if material is None or mistakes:
            # No context: nothing of the key may show in a traceback.
            raise ConfigInvalid("this key cannot be used: " + "; ".join(mistakes)) from None
        return cls(alg=alg, kid=kid, use=use, retired_at=retired_at, material=material)

    @property
    def can_sign(self) -> bool:
        """Whether it may become the active key: it is not public only, nor retired."""
        return self.material.private is not None and self.use == "all"

    def sign(self, message: bytes) -> bytes:
        """Sign (RFC 7515 §5.1).

        Raises:
            SigningFailed: It is a public or a retired key, or the library beneath failed.
        """
        if not self.can_sign:
            raise SigningFailed("this key only verifies")
        return self.material.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, for exactly this message."""
        return self.material.verify(message, signature)

    def public_jwk(self) -> dict[str, str] | None:
        """Return the public key as a JWK, or None for a shared secret."""
        members = self.material.public_jwk()
        if members is None:
            return None
        named = {} if self.kid is None else {"kid": self.kid}
        return {**members, "alg": self.alg, "use": "sig", **named}


class KeyRing:
    """The keys of one deployment, oldest to newest.

    The newest that can sign signs; all verify, retired ones within their limits.
    """

    __slots__ = ("_active", "_by_kid", "_keys", "_without_kid")

    def __init__(self, keys: Iterable[Key], *, signs: bool = True) -> None:
        """Take the keys.

        Args:
            keys: Oldest to newest.
            signs: False for the ring of a service that accepts tokens and makes none: it
                may then hold public keys only.

        Raises:
            ConfigInvalid: There is no key, or none that can sign; two keys share a kid, or
                have one algorithm and no kid; one key has two algorithms.
        """
        ring = tuple(keys) if isinstance(cast("object", keys), Iterable) else (None,)
        wrong = list(_wrong_ring(ring, signs=signs))
        if wrong:
            raise ConfigInvalid("this ring of keys cannot be used: " + "; ".join(wrong))
        ring = cast("tuple[Key, ...]", ring)
        self._keys = ring
        self._active = next((key for key in reversed(ring) if key.can_sign), None)
        self._by_kid = {key.kid: (key,) for key in ring if key.kid is not None}
        self._without_kid = ring if len(self._by_kid) < len(ring) else ()

    def __repr__(self) -> str:
        return f"KeyRing({list(self._keys)!r})"

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def active(self) -> Key:
        """The key that signs.

        Raises:
            SigningFailed: The ring was made with ``signs=False``, of public keys.
        """
        if self._active is None:
            raise SigningFailed("this ring holds no key that can sign")
        return self._active

    def find(self, kid: str | None) -> tuple[Key, ...]:
        """Return the keys that may have signed a token with this kid.

        With a kid the one key of that name, compared as text and in no other way. Without
        one every key, but only where the ring holds keys without kid (TOKEN-KID).
        """
        return self._without_kid if kid is None else self._by_kid.get(kid, ())

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the key set to publish (RFC 7517 §5).

        Public keys only (TOKEN-JWKS-PUBLIC), and no retired ones: whoever reads the set
        would accept what a leaked key signs.
        """
        public = [key.public_jwk() for key in self._keys if key.use == "all"]
        return {"keys": [jwk for jwk in public if jwk is not None]}


def _wrong_arguments(kid: object, use: object, retired_at: object) -> Iterator[str]:
    if kid is not None and not _is_kid(kid):
        yield f"kid must be None or a text of 1 to {KID_MAX_CODE_POINTS} code points"
    if use not in ("all", "refresh"):
        yield 'use must be "all" or "refresh"'
    elif use == "all" and retired_at is not None:
        yield 'retired_at goes with use="refresh" only'
    elif use == "refresh" and not _is_time(retired_at):
        yield "retired_at must say since when the key is retired, in whole seconds"


def _is_kid(kid: object) -> bool:
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_MAX_CODE_POINTS:
        return False
    return not any("\ud800" <= char <= "\udfff" for char in kid)


def _is_time(value: object) -> bool:
    return type(value) is int and 0 <= value < INTEGER_END


def _wrong_ring(ring: tuple[object, ...], *, signs: bool) -> Iterator[str]:
    keys = [key for key in ring if isinstance(key, Key)]
    if len(keys) < len(ring):
        yield "it is a list of keys, and every entry must be a Key"
        return
    if not keys:
        yield "it is empty: give at least one key"
        return
    for kid, count in Counter(key.kid for key in keys if key.kid is not None).items():
        if count > 1:
            yield f"{count} keys have the kid {kid!r}"
    for alg, count in Counter(key.alg for key in keys if key.kid is None).items():
        if count > 1:
            yield f"{count} keys of {alg} have no kid: give one to all but the oldest"
    if len({key.material.fingerprint for key in keys}) < len(
        {(key.material.fingerprint, key.alg) for key in keys}
    ):
        yield "one key has two algorithms: a key is good for one only"
    if len({key.material.fingerprint for key in keys}) < len(
        {(key.material.fingerprint, key.use) for key in keys}
    ):
        yield "one key is retired and in full use: a leak would stay open"
    if signs and not any(key.can_sign for key in keys):
        yield 'no key can sign: one must be private or shared, with use="all"'
