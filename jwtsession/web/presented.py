"""The tokens that one request presents, found where the configuration says to look.

A body is read only when the search comes to a source that looks into it, so a cookie in
front of it, or a handler that needs no refresh token, leaves an upload alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession.errors import CrossSiteRequest
from jwtsession.sources import Found, QuerySource, find, parts
from jwtsession.transport.cross_site import check_same_site
from jwtsession.web.delivery import access_cookies, refresh_cookies

if TYPE_CHECKING:
    from jwtsession.config import JwtSessionsConfig
    from jwtsession.protocols import TokenSource
    from jwtsession.web.replay import ReplayedBody
    from jwtsession.web.view import ScopeView

__all__ = ["PresentedTokens"]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class PresentedTokens:
    """Looks for tokens in one request.

    Args:
        config: Where to look, and which origins are trusted.
        view: The request without its body.
        body: Its body; None where no source looks into one, and with a WebSocket.
        handshake: Whether the request opens a WebSocket, which browsers allow any site.
    """

    def __init__(
        self,
        config: JwtSessionsConfig,
        view: ScopeView,
        body: ReplayedBody | None,
        *,
        handshake: bool = False,
    ) -> None:
        self._config = config
        self._view = view
        self._body = body
        self._acts = handshake or view.method not in _SAFE_METHODS
        self._answered_by_cookie = bool(access_cookies(config) or refresh_cookies(config))
        self.in_address: bool = False
        """Whether a token was found in the query, so that no shared cache may keep the
        answer (RFC 6750 §2.3)."""

    async def access(self) -> Found | None:
        """Return the access token, to validate it.

        Raises:
            RequestRefused: It cannot be told, or it came by cookie with a request that
                changes something and that another site may have caused.
            MalformedToken: What is there cannot be a token.
        """
        found = await self._find(self._config.access_token_source)
        if found is not None and found.by_cookie and self._acts:
            self._check_same_site()
        return found

    async def access_to_end(self) -> Found | None:
        """Return the access token, to sign out; by cookie only from the own site."""
        return self._own(await self._find(self._config.access_token_source))

    async def refresh(self) -> Found | None:
        """Return the refresh token; by cookie only from the own site.

        Raises:
            RequestRefused: It cannot be told, or came by cookie from another site.
            MalformedToken: What is there cannot be a token.
        """
        return self._own(await self._find(self._config.refresh_token_source))

    async def refresh_to_rotate(self) -> Found | None:
        """Return the refresh token, to exchange it.

        Where the answer sets cookies the request has to come from the own site however it
        carries the token: another site could otherwise sign a browser in as somebody else,
        with a form that holds a token of its own (HTTP-CROSS-SITE).

        Raises:
            RequestRefused: It cannot be told, or another site may have caused it.
            MalformedToken: What is there cannot be a token.
        """
        found = await self._find(self._config.refresh_token_source)
        if found is not None and (found.by_cookie or self._answered_by_cookie):
            self._check_same_site()
        return found

    @property
    def from_own_site(self) -> bool:
        """Whether the own pages, a trusted origin or no browser at all sent this."""
        try:
            self._check_same_site()
        except CrossSiteRequest:
            return False
        return True

    async def _find(self, source: TokenSource) -> Found | None:
        for part in parts(source):
            view = self._view
            if part.needs_body:
                view = view.with_body(
                    b"" if self._body is None else await self._body.read()
                )
            found = find(part, view)
            if found is not None:
                self.in_address = self.in_address or isinstance(part, QuerySource)
                return found
        return None

    def _own(self, found: Found | None) -> Found | None:
        if found is not None and found.by_cookie:
            self._check_same_site()
        return found

    def _check_same_site(self) -> None:
        check_same_site(self._view, trusted_origins=self._config.trusted_origins)
