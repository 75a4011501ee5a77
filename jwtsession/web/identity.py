"""Who sent a request: its access token, validated once, and the refusal kept if any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from jwtsession.errors import (
    AccessMissing,
    ConfigInvalid,
    JwtSessionError,
    RequestRefused,
    SessionRefused,
    TokenRefused,
)
from jwtsession.protocols import SessionService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.config import JwtSessionsConfig
    from jwtsession.models import Session, Validated
    from jwtsession.protocols import Clock
    from jwtsession.web.presented import PresentedTokens

__all__ = ["ConfiguredService", "RequestIdentity"]


class ConfiguredService(SessionService, Protocol):
    """A session service that says how it is set up, as `JwtSessionService` does."""

    @property
    def config(self) -> JwtSessionsConfig:
        """The settings it runs with."""
        ...

    @property
    def clock(self) -> Clock:
        """Where its present comes from."""
        ...


class RequestIdentity:
    """Whether somebody is signed in, and who. Its ``repr`` shows no token.

    A picture of the moment the request began: what a handler does to sessions afterwards
    does not change it.

    Args:
        service: The session service.
        tokens: What the request presents.
    """

    def __init__(self, service: ConfiguredService, tokens: PresentedTokens) -> None:
        self._service = service
        self._tokens = tokens
        self._validated: Validated | None = None
        self._refusal: JwtSessionError | None = None

    def __repr__(self) -> str:
        state = "signed in" if self._validated else self._refusal and self._refusal.code
        return f"<{type(self).__name__}: {state or 'not looked at yet'}>"

    async def validate(self) -> None:
        """Look for an access token and check it. The layer calls this, once."""
        try:
            found = await self._tokens.access()
            if found is None:
                raise AccessMissing
            self._validated = await self._service.validate(found.token)
        except JwtSessionError as error:
            self._refusal = error

    @property
    def refusal(self) -> JwtSessionError | None:
        """Why nobody is signed in; None where somebody is."""
        return self._refusal

    @property
    def claims(self) -> Mapping[str, Any] | None:
        """The claims of the accepted access token, the application's own included.

        There also with ``stateful_validation = false``. None means that nobody is signed
        in, never that it could not be told.

        Raises:
            StoreUnavailable: It could not be told.
        """
        if self._validated is not None:
            return self._validated.claims
        known = TokenRefused | SessionRefused | RequestRefused
        if self._refusal is not None and not isinstance(self._refusal, known):
            raise self._refusal
        return None

    def current(self) -> Session | None:
        """Return the session of the accepted access token, or None.

        Always None with ``stateful_validation = false``, where no record is read.

        Raises:
            StoreUnavailable: It could not be told.
        """
        if self.claims is None or self._validated is None:
            return None
        return self._validated.session

    def require_claims(self) -> Mapping[str, Any]:
        """Return the claims of the accepted access token, or raise why there are none."""
        claims = self.claims
        if claims is None:
            raise self._refusal or AccessMissing
        return claims

    def require(self) -> Session:
        """Return the session of the accepted access token, or raise why there is none.

        Raises:
            ConfigInvalid: ``stateful_validation`` is off, so there never is one.
        """
        self.require_claims()
        session = self.current()
        if session is None:
            raise ConfigInvalid(
                "with stateful_validation = false no session is read: ask for the claims"
            )
        return session
