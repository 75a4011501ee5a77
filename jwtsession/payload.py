"""Tokens of an application's own: invitations, confirmations, downloads.

`JwtEncoder` signs any pydantic model or mapping, `JwtDecoder` gives it back. They use the
keys and the rules of session tokens, and can never be taken for one: ``at+jwt`` and
``rt+jwt`` are refused on both sides (TOKEN-TYP-ACCESS, TOKEN-TYP-REFRESH, RFC 8725 §3.11).
Give each purpose an audience or a ``typ`` of its own, or a token made for one purpose is
good for another.

    encoder = JwtEncoder(ring, audience="invitation", ttl_secs=86400)
    decoder = JwtDecoder(ring, Invitation, audience="invitation")
    decoder.decode(encoder.encode(Invitation(team="red")))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast, overload

from pydantic import BaseModel

from jwtsession.clock import SystemClock
from jwtsession.codec import ACCESS_TYP, REFRESH_TYP
from jwtsession.errors import (
    AudienceMismatch,
    ConfigInvalid,
    DeserializationFailed,
    InvalidAudience,
    InvalidClaims,
    InvalidHeader,
)
from jwtsession.keys import KeyRing
from jwtsession.tokens.claims import (
    audiences,
    check_issuer,
    check_not_before,
    check_not_expired,
    check_policy,
    claims_object,
    integer,
)
from jwtsession.tokens.compact import open_token, seal
from jwtsession.tokens.payload_form import check_registered, claims_of, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jwtsession.protocols import Clock

__all__ = ["JwtDecoder", "JwtEncoder"]

ModelT = TypeVar("ModelT", bound=BaseModel)
ResultT = TypeVar("ResultT")

_SESSION_TYPS: Final = frozenset({ACCESS_TYP, REFRESH_TYP})


class JwtEncoder:
    """Signs an application's own payloads with the active key. Immutable."""

    __slots__ = ("_audience", "_clock", "_issuer", "_ring", "_ttl", "_typ")

    def __init__(
        self,
        ring: KeyRing,
        *,
        ttl_secs: int | None,
        issuer: str | None = None,
        audience: str | None = None,
        typ: str = "JWT",
        clock: Clock | None = None,
    ) -> None:
        """Fix what every token says.

        Args:
            ring: The keys; its active key signs.
            ttl_secs: How long a token is good, 1 or more; None where payloads bring an
                ``exp`` of their own, or none at all.
            issuer: The ``iss`` of every token.
            audience: The ``aud`` of every token.
            typ: The ``typ`` of the header.
            clock: Where the present comes from; the machine's clock by default.

        Raises:
            ConfigInvalid: An argument is out of bounds, or ``typ`` is that of a session
                token.
        """
        _check_construction(ring, typ, issuer=issuer, audience=audience)
        if cast("object", typ) is None:
            raise ConfigInvalid("typ must be a text that is not empty")
        if ttl_secs is not None:
            check_policy(ttl_secs=ttl_secs)
            if ttl_secs < 1:
                raise ConfigInvalid("ttl_secs must be 1 or more, or None")
        self._ring = ring
        self._ttl = ttl_secs
        self._issuer = issuer
        self._audience = audience
        self._typ = typ
        self._clock = clock or SystemClock()

    def encode(
        self, payload: BaseModel | Mapping[str, Any], *, now: int | None = None
    ) -> str:
        """Sign a payload; its members become claims.

        ``iat`` is always added; ``exp``, ``iss`` and ``aud`` where they were configured.

        Args:
            payload: A model, written as pydantic writes JSON, by alias; or a mapping of
                JSON values. A None for a claim that RFC 7519 registers leaves it out.
            now: The present in seconds, instead of the clock's.

        Raises:
            InvalidClaims: The payload sets a claim that the encoder sets, or one that no
                decoder would accept.
            SerializationFailed: It cannot be written as JSON, or is too large.
            SigningFailed: The key did not sign.
        """
        claims = claims_of(payload)
        present = self._clock.now() if now is None else now
        added: dict[str, Any] = {"iat": present}
        if self._ttl is not None:
            added["exp"] = present + self._ttl
        if self._issuer is not None:
            added["iss"] = self._issuer
        if self._audience is not None:
            added["aud"] = self._audience
        taken = sorted(added.keys() & claims.keys())
        if taken:
            raise InvalidClaims("the encoder sets " + ", ".join(taken) + ": leave it to it")
        claims |= added
        check_registered(claims)
        return seal(claims, typ=self._typ, key=self._ring.active)


class JwtDecoder(Generic[ResultT]):
    """Verifies an application's own tokens. Immutable."""

    __slots__ = (
        "_audience",
        "_clock",
        "_issuer",
        "_leeway",
        "_model",
        "_required",
        "_ring",
        "_typ",
    )

    @overload
    def __init__(
        self: JwtDecoder[dict[str, Any]],
        ring: KeyRing,
        model: None = None,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        typ: str | None = "JWT",
        leeway_secs: int = 0,
        required: Iterable[str] = ("exp",),
        clock: Clock | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self: JwtDecoder[ModelT],
        ring: KeyRing,
        model: type[ModelT],
        *,
        issuer: str | None = None,
        audience: str | None = None,
        typ: str | None = "JWT",
        leeway_secs: int = 0,
        required: Iterable[str] = ("exp",),
        clock: Clock | None = None,
    ) -> None: ...

    def __init__(
        self,
        ring: KeyRing,
        model: type[BaseModel] | None = None,
        *,
        issuer: str | None = None,
        audience: str | None = None,
        typ: str | None = "JWT",
        leeway_secs: int = 0,
        required: Iterable[str] = ("exp",),
        clock: Clock | None = None,
    ) -> None:
        """Fix what is accepted.

        Args:
            ring: The keys to believe; those kept for refresh tokens only are not among
                them.
            model: What a payload must be; None gives the claims as they are.
            issuer: What ``iss`` must be; None accepts any and none.
            audience: What ``aud`` must contain; None accepts no token that has an ``aud``
                (RFC 7519 §4.1.3).
            typ: What the header's ``typ`` must be; None accepts any and none, but never
                that of a session token.
            leeway_secs: Added to ``exp``, subtracted from ``nbf``.
            required: Claims that must be there. Without ``"exp"`` a token may be good for
                ever.
            clock: Where the present comes from; the machine's clock by default.

        Raises:
            ConfigInvalid: An argument is out of bounds.
        """
        _check_construction(
            ring, typ, issuer=issuer, audience=audience, leeway_secs=leeway_secs
        )
        if model is not None and not _is_model(model):
            raise ConfigInvalid("model must be a pydantic model class, or None")
        names = _claim_names(required)
        self._ring = ring
        self._model = model
        self._issuer = issuer
        self._audience = audience
        self._typ = typ
        self._leeway = leeway_secs
        self._required = names
        self._clock = clock or SystemClock()

    def decode(self, token: str, *, now: int | None = None) -> ResultT:
        """Verify a token and return its payload.

        Args:
            token: The compact form.
            now: The present in seconds, instead of the clock's.

        Raises:
            TokenRefused: A leaf that names the cause; never anything else, whatever the
                token holds, as long as the model's own validators keep to pydantic's
                rules (TOKEN-NAMED-ERROR).
        """
        present = self._clock.now() if now is None else now
        opened = open_token(token, self._ring, retired=False)
        claims = claims_object(opened.payload)
        if _is_session_typ(opened.typ):
            raise AudienceMismatch
        if self._typ is not None and opened.typ != self._typ:
            raise InvalidHeader
        self._check_audience(claims)
        check_issuer(claims, self._issuer)
        if any(claims.get(name) is None for name in self._required):
            raise DeserializationFailed
        exp = integer(claims, "exp") if "exp" in claims else None
        if exp is not None:
            check_not_expired(exp, now=present, leeway_secs=self._leeway)
        check_not_before(claims, now=present, leeway_secs=self._leeway)
        return cast("ResultT", claims if self._model is None else fill(self._model, claims))

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        if self._audience is None:
            if "aud" in claims:
                raise InvalidAudience
        elif "aud" not in claims or self._audience not in audiences(claims):
            raise InvalidAudience


def _check_construction(ring: object, typ: object, **policy: object) -> None:
    if not isinstance(ring, KeyRing):
        raise ConfigInvalid("ring must be a KeyRing")
    check_policy(typ=typ, **policy)
    if _is_session_typ(typ):
        raise ConfigInvalid("typ must not be that of a session token")


def _is_session_typ(typ: object) -> bool:
    """Whether somebody might read it as the type of a session token (RFC 7515 §4.1.9)."""
    return (
        isinstance(typ, str) and typ.lower().removeprefix("application/") in _SESSION_TYPS
    )


def _claim_names(required: Any) -> tuple[str, ...]:
    """Return the names; one alone may stand for itself."""
    alone = isinstance(required, str) or not hasattr(required, "__iter__")
    names: tuple[Any, ...] = (required,) if alone else tuple(required)
    if not all(isinstance(name, str) for name in names):
        raise ConfigInvalid("required must be names of claims")
    return names


def _is_model(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)
