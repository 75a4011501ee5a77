"""The middleware: sessions for any ASGI application, over HTTP and WebSocket.

    app = JwtLayer(app, service)                        # any ASGI application
    app.add_middleware(JwtLayer, service=service)       # Starlette, FastAPI

A handler finds its `JwtSession` as ``request.state.jwtsession``, or by `session_of` where
there is no such object. The layer refuses nothing by itself (unless ``required`` is set):
a handler that needs a session says so with ``require()``, and what that raises, or any
other error of this project, is answered by the layer as problem details with the right
status, challenge and Retry-After.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from jwtsession.errors import ConfigInvalid, JwtSessionError
from jwtsession.web.answer import AnswerHeaders
from jwtsession.web.presented import PresentedTokens
from jwtsession.web.replay import ReplayedBody
from jwtsession.web.request_session import JwtSession
from jwtsession.web.view import ScopeView, SessionMeta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.problems import Problem
    from jwtsession.web.identity import ConfiguredService
    from jwtsession.web.view import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "STATE_KEY",
    "WEBSOCKET_CLOSE_BASE",
    "JwtLayer",
    "JwtSession",
    "answered",
    "session_of",
]

STATE_KEY = "jwtsession"
"""Where the session of a request is kept in ``scope["state"]``."""

WEBSOCKET_CLOSE_BASE = 4000
"""A WebSocket is closed with this plus the HTTP status: 4401, 4403, 4503 and so on."""

_log = logging.getLogger("jwtsession")

_SERVER_ERROR = 500


def session_of(scope: Scope) -> JwtSession:
    """Return the `JwtSession` that the layer made for this request.

    Raises:
        ConfigInvalid: The application does not run under `JwtLayer`.
    """
    state: Mapping[str, object] = scope.get("state") or {}
    session = state.get(STATE_KEY)
    if not isinstance(session, JwtSession):
        raise ConfigInvalid(
            "no JwtLayer around this application: app.add_middleware(JwtLayer, service=...)"
        )
    return session


def answered(session: JwtSession, error: JwtSessionError) -> Problem:
    """Return how to answer an error; what only the operator can mend is logged.

    For a framework that answers errors itself; the layer does so where none does.
    """
    problem = session.problem(error)
    if problem.status >= _SERVER_ERROR:
        # The answer says the code alone; whoever runs the server needs to know why.
        _log.error("answered %s: %s", problem.status, problem.code, exc_info=error)
    return problem


class JwtLayer:
    """Pure ASGI middleware. Other scopes than ``http`` and ``websocket`` pass through.

    It validates the access token of each request once, before the application is called.
    It adds to the answer the cookies that signing in, refreshing and signing out ask for,
    and ``Cache-Control: no-store`` where tokens were made (HTTP-NO-STORE). It reads no
    body unless a source has to look into one, and takes none away (HTTP-BODY-KEPT).

    An error that was raised by the `JwtSession` of the request is answered as the
    operation it came from demands; one that comes from elsewhere, a service that a
    handler calls by itself for example, as an access that was refused.

    A WebSocket is refused before it is accepted, with the same answer as a request where
    the server can send one, otherwise by closing it with 4000 and the status, the code
    being the reason; so it is closed when the error comes later. It is validated once, in
    its handshake: end long connections yourself.

    Args:
        app: The application.
        service: The session service; one for all requests.
        required: Refuse every request without a valid access token. Signing in and
            refreshing then have to live outside.
    """

    def __init__(
        self, app: ASGIApp, service: ConfiguredService, *, required: bool = False
    ) -> None:
        self.app = app
        self.service = service
        self.required = required
        config = service.config
        self._reads_bodies = (
            config.access_token_source.needs_body or config.refresh_token_source.needs_body
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, connection or lifespan."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        view = ScopeView.of(scope)
        body = None
        if self._reads_bodies:
            limit = self.service.config.body_limit_bytes
            body = ReplayedBody(receive, limit=limit, declared=view.content_length())
            receive = body.receive
        tokens = PresentedTokens(self.service.config, view, body)
        answer = AnswerHeaders(self.service.config)
        session = await self._begin(scope, tokens, SessionMeta.of(scope, view), answer)

        async def amended(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = _with_headers(message, answer, tokens)
            await send(message)

        try:
            await self._run(session, scope, receive, amended)
        except JwtSessionError as error:
            if answer.begun:
                raise
            problem = answered(session, error)
            await _send_problem(amended, problem, "http.response")

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        view = ScopeView.of(scope)
        tokens = PresentedTokens(self.service.config, view, None, handshake=True)
        answer = AnswerHeaders(self.service.config)
        session = await self._begin(scope, tokens, SessionMeta.of(scope, view), answer)
        connected = closed = False

        async def noted(*_: Any) -> Message:
            nonlocal connected, closed
            message = await receive()
            connected = True
            closed = closed or message["type"] == "websocket.disconnect"
            return message

        async def amended(message: Message) -> None:
            nonlocal closed
            kind = message["type"]
            if kind in {"websocket.accept", "websocket.http.response.start"}:
                message = _with_headers(message, answer, tokens)
            closed = closed or kind in {"websocket.close", "websocket.http.response.start"}
            await send(message)

        try:
            await self._run(session, scope, noted, amended)
        except JwtSessionError as error:
            if not connected:
                await noted()  # the handshake is answered once it was taken
            if closed:
                raise
            problem = answered(session, error)
            extensions: Any = scope.get("extensions") or {}
            if "websocket.http.response" in extensions and not answer.begun:
                await _send_problem(amended, problem, "websocket.http.response")
            else:
                code = WEBSOCKET_CLOSE_BASE + problem.status
                reason = problem.code
                await send({"type": "websocket.close", "code": code, "reason": reason})

    async def _begin(
        self,
        scope: Scope,
        tokens: PresentedTokens,
        meta: SessionMeta,
        answer: AnswerHeaders,
    ) -> JwtSession:
        session = JwtSession(self.service, tokens, meta, answer)
        await session.validate()
        scope.setdefault("state", {})[STATE_KEY] = session
        return session

    async def _run(
        self, session: JwtSession, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if self.required:
            session.require_claims()
        await self.app(scope, receive, send)


def _with_headers(
    message: Message, answer: AnswerHeaders, tokens: PresentedTokens
) -> Message:
    headers = answer.begin(message.get("headers") or (), private=tokens.in_address)
    return {**message, "headers": headers}


async def _send_problem(send: Send, problem: Problem, kind: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in problem.headers]
    await send({"type": f"{kind}.start", "status": problem.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": problem.body})
