"""The sessions of one request: sign in, refresh, sign out, list and end, from a handler.

Knows no framework. `jwtsession.asgi.JwtLayer` makes one for each request and puts it
where the handler finds it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jwtsession.errors import (
    AccessMissing,
    JwtSessionError,
    RefreshForged,
    RefreshMissing,
    TokenRefused,
)
from jwtsession.models import META_MAX_BYTES, SEEN_MAX_BYTES
from jwtsession.problems import Operation, Problem, problem_for
from jwtsession.web.delivery import tokens_for_body
from jwtsession.web.identity import RequestIdentity

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from jwtsession.models import Session, TokenPair
    from jwtsession.web.answer import AnswerHeaders
    from jwtsession.web.identity import ConfiguredService
    from jwtsession.web.presented import PresentedTokens
    from jwtsession.web.view import SessionMeta

__all__ = ["JwtSession"]


class JwtSession(RequestIdentity):
    """What a handler does with sessions. One per request.

    The access token is looked for and validated once, before the handler runs, and a
    refusal is kept until somebody requires a session. Everything else is done when it is
    asked for, and any of it may raise ``StoreUnavailable`` (SERVICE-OUTAGE). `current` and
    `claims` stay what they were when the request began.
    """

    def __init__(
        self,
        service: ConfiguredService,
        tokens: PresentedTokens,
        meta: SessionMeta,
        answer: AnswerHeaders,
    ) -> None:
        super().__init__(service, tokens)
        self._meta = meta
        self._answer = answer
        self._raised: list[tuple[JwtSessionError, Operation]] = []

    # ── Sign in, refresh, sign out ──

    async def authenticate(
        self,
        user_id: str,
        meta: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
    ) -> TokenPair:
        """Sign a user in, once you know who it is.

        Where cookies are configured the answer to this request sets them.

        Args:
            user_id: See `SessionService.authenticate`.
            meta: Kept for the list of devices, over ``ip_address`` and ``user_agent`` of
                this request, which give way where it gets too long.
            data: The application's own; see `replace_data`.

        Raises:
            InvalidUserId: Out of bounds; no store was asked.
            InvalidMetadata: ``meta`` or ``data`` is no JSON object or too large.
            RuntimeError: Cookies are configured, and the answer has begun without them.
        """
        self._answer.check_open()
        with self._doing(Operation.SIGN_IN):
            noted = self._meta.merged(meta, max_bytes=META_MAX_BYTES)
            pair = await self._service.authenticate(user_id, noted, data=data)
            self._answer.deliver(pair, now=self._service.clock.now())
        return pair

    async def rotate(self) -> TokenPair:
        """Refresh, with the token that this request presents (``refresh_source``).

        The body is read if need be, and stays the handler's (HTTP-BODY-KEPT). Where
        cookies are configured the answer sets them; no refresh cookie where the answer
        repeats the presented token (HTTP-COOKIE-REPEATED).

        Raises:
            RefreshMissing: The request presents none.
            TokenRefused: It is no good; a leaf names the cause.
            SessionRefused: Its session has ended, or ends now because of reuse.
            RequestRefused: The request cannot be read, or comes from another site.
            RuntimeError: Cookies are configured, and the answer has begun without them;
                the token was not used.
        """
        self._answer.check_open()
        with self._doing(Operation.REFRESH):
            found = await self._tokens.refresh_to_rotate()
            if found is None:
                raise RefreshMissing
            seen = self._meta.merged(max_bytes=SEEN_MAX_BYTES)
            pair = await self._service.rotate(found.token, seen)
            self._answer.deliver(pair, now=self._service.clock.now())
        return pair

    async def logout(self) -> bool:
        """Sign out: end the session of the first token of this request that has one.

        The access token comes first, expired or not, then the refresh token. Cookies are
        cleared once the outcome is certain, also where no token was any good: whoever
        signs out wants them gone.

        Returns:
            Whether a live session was ended; False where it had ended already.

        Raises:
            AccessMissing: The request presents no token at all.
            TokenRefused: No token it presents is authentic.
            RefreshForged: The refresh token was never issued.
            RequestRefused: The request cannot be read, or comes from another site;
                nothing was changed, no cookie cleared.
        """
        with self._doing(Operation.SIGN_OUT):
            try:
                ended = await self._end_first()
            except (AccessMissing, TokenRefused, RefreshForged):
                self._clear_cookies()
                raise
            self._clear_cookies()
            return ended

    def _clear_cookies(self) -> None:
        # Another site can make a browser send somebody else's token in a form, or none:
        # it must not take this user's cookies away by that.
        if self._tokens.from_own_site:
            self._answer.clear()

    async def _end_first(self) -> bool:
        refused: JwtSessionError = AccessMissing()
        authentic = False
        for look in (self._tokens.access_to_end, self._tokens.refresh):
            try:
                found = await look()
                if found is None:
                    continue
                if await self._service.logout(found.token):
                    return True
                # An old access cookie may outlive its session beside the refresh cookie
                # of a newer one: that one is what the user means.
                authentic = True
            except TokenRefused as error:
                refused = refused if isinstance(refused, TokenRefused) else error
        if authentic:
            return False
        raise refused

    def token_answer(self, pair: TokenPair) -> dict[str, Any]:
        """Return what to answer in the body for a pair (RFC 6749 §5.1).

        Only the tokens that no cookie delivers are in it. The times are relative, so that
        a client needs no clock that is right.
        """
        now = self._service.clock.now()
        return {
            **tokens_for_body(self._service.config, pair),
            "token_type": "Bearer",
            "expires_in": max(0, pair.access_expires_at - now),
            "refresh_expires_in": max(0, pair.refresh_expires_at - now),
            "session_id": pair.session_id,
        }

    # ── The list of devices ──

    async def list(self, user_id: str | None = None) -> Sequence[Session]:
        """Return live sessions, most recently active first.

        Args:
            user_id: Whose; None for the user of the access token.
        """
        whose = self.require_claims()["sub"] if user_id is None else user_id
        with self._doing(Operation.LIST):
            return await self._service.list(whose)

    async def revoke(self, user_id: str, session_id: str) -> None:
        """End one session of a user; see `SessionService.revoke`.

        Raises:
            SessionNotFound: No live session of this user, also where it is someone else's.
        """
        with self._doing(Operation.REVOKE):
            await self._service.revoke(user_id, session_id)

    async def revoke_all(self, user_id: str) -> int:
        """End all sessions of a user, this one included, and return how many."""
        with self._doing(Operation.REVOKE):
            return await self._service.revoke_all(user_id)

    async def revoke_all_except(self, user_id: str, keep_id: str) -> int:
        """End all sessions of a user but one, and return how many.

        Raises:
            SessionNotFound: ``keep_id`` is no live session of this user; nothing ended.
        """
        with self._doing(Operation.REVOKE):
            return await self._service.revoke_all_except(user_id, keep_id)

    async def replace_data(self, data: Mapping[str, Any]) -> None:
        """Replace what the application keeps with the session of this request.

        Raises:
            SessionNotFound: The session has ended since.
            InvalidMetadata: ``data`` is no JSON object, or over 8 KiB.
        """
        claims = self.require_claims()
        await self._service.replace_data(claims["sub"], claims["sid"], data)

    # ── Answering for it ──

    def problem(self, error: JwtSessionError) -> Problem:
        """Return how to answer an error, knowing which operation here raised it."""
        doing = (operation for raised, operation in self._raised if raised is error)
        return problem_for(
            error,
            next(doing, Operation.ACCESS),
            refresh_in_body=self._service.config.refresh_token_source.needs_body,
        )

    @contextmanager
    def _doing(self, operation: Operation) -> Generator[None]:
        try:
            yield
        except JwtSessionError as error:
            self._raised.append((error, operation))
            raise
