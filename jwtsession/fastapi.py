"""Sessions for FastAPI: dependencies, a ready router, and one call that sets all up.

    app = FastAPI()
    setup(app, service)
    app.include_router(session_router(service), prefix="/auth")

    @app.post("/sign-in")
    async def sign_in(form: Credentials, sessions: Sessions) -> TokenAnswer:
        user = check_the_password(form)
        return TokenAnswer.of(sessions, await sessions.authenticate(user.id))

    @app.get("/me")
    async def me(session: CurrentSession) -> dict[str, str]:
        return {"user": session.user_id}

The dependencies work in WebSocket endpoints too.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, FastAPI, Request, Response, WebSocket
from fastapi.openapi.models import SecurityBase as SecurityModel
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer
from starlette.requests import HTTPConnection

from jwtsession.asgi import JwtLayer, answered, session_of
from jwtsession.errors import AccessMissing, JwtSessionError, MissingToken
from jwtsession.models import Session, TokenPair
from jwtsession.transport.places import BearerSource
from jwtsession.web.identity import ConfiguredService
from jwtsession.web.openapi import BEARER_SCHEME, problem_answers, refresh_body, schemes_of
from jwtsession.web.request_session import JwtSession
from jwtsession.web.view import ScopeView

__all__ = [
    "Bearer",
    "Claims",
    "CurrentSession",
    "Ended",
    "OptionalSession",
    "SessionAnswer",
    "Sessions",
    "TokenAnswer",
    "session_router",
    "setup",
]

_SCHEME_NAME = "bearer"


class _Presented(SecurityBase):
    """A token of the request, as OpenAPI knows it. Whoever asks gets the `JwtSession`.

    FastAPI's own schemes cannot be asked in a WebSocket endpoint.
    """

    def __init__(self, name: str, scheme: Mapping[str, Any]) -> None:
        self.model = SecurityModel.model_validate(scheme)
        self.scheme_name = name

    def __call__(self, connection: HTTPConnection) -> JwtSession:
        return session_of(connection.scope)


# How an access token is presented depends on the configuration, which is not known here.
# This is the default; `setup` has the document of an application tell what is configured.
_access = _Presented(_SCHEME_NAME, BEARER_SCHEME)


def _sessions(connection: HTTPConnection) -> JwtSession:
    return session_of(connection.scope)


def _current(sessions: Annotated[JwtSession, Depends(_access)]) -> Session:
    return sessions.require()


def _optional(sessions: Annotated[JwtSession, Depends(_access)]) -> Session | None:
    return sessions.current()


def _claims(sessions: Annotated[JwtSession, Depends(_access)]) -> Mapping[str, Any]:
    return sessions.require_claims()


def _bearer(connection: HTTPConnection) -> str:
    token = BearerSource().extract(ScopeView.of(connection.scope))
    if token is None:
        raise MissingToken
    return token


Sessions = Annotated[JwtSession, Depends(_sessions)]
"""The request's `JwtSession`: sign in, refresh, sign out, list, end. Never refuses."""

CurrentSession = Annotated[Session, Depends(_current)]
"""The session of the accepted access token; the request is refused without one.

With ``stateful_validation = false`` no session is read: depend on `Claims`.
"""

OptionalSession = Annotated[Session | None, Depends(_optional)]
"""The session, or None where nobody is signed in. A store outage is still refused (503):
None never means that it could not be told."""

Claims = Annotated[Mapping[str, Any], Depends(_claims)]
"""The claims of the accepted access token; the request is refused without one."""

Bearer = Annotated[str, Depends(_bearer)]
"""The credentials of ``Authorization: Bearer`` as sent, **not validated**; for tokens of
one's own (`jwtsession.payload`). The request is refused without one."""


class TokenAnswer(BaseModel):
    """What a sign-in and a refresh answer (RFC 6749 §5.1). Its ``repr`` shows no token.

    A token that a cookie delivers is left out.
    """

    access_token: str | None = Field(default=None, repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a kind
    expires_in: int = Field(ge=0, description="Seconds until the access token expires.")
    refresh_expires_in: int = Field(ge=0, description="Seconds until the session ends.")
    session_id: str

    @classmethod
    def of(cls, sessions: JwtSession, pair: TokenPair) -> Self:
        """Return what to answer for a pair that this request was given."""
        return cls.model_validate(sessions.token_answer(pair))

    # Without an annotation of what it returns, so that the schema stays that of the fields.
    @model_serializer(mode="wrap")
    def _without_absent(  # type: ignore[no-untyped-def]  # noqa: ANN202  # see above
        self, serialize: SerializerFunctionWrapHandler
    ):
        members: dict[str, Any] = serialize(self)
        return {name: value for name, value in members.items() if value is not None}


class SessionAnswer(BaseModel):
    """One session in the list of devices. No token, secret or hash is in it.

    The application's ``data`` is not either: it is for the server.
    """

    id: str
    current: bool = Field(description="Whether it is the session of this request.")
    created_at: int
    rotated_at: int
    last_active_at: int
    expires_at: int
    meta: Mapping[str, Any] = Field(description="From where the user signed in.")
    seen: Mapping[str, Any] = Field(description="From where it last refreshed.")

    @classmethod
    def of(cls, session: Session, *, current_id: str) -> Self:
        """Return the entry of a session."""
        return cls(
            id=session.id,
            current=session.id == current_id,
            created_at=session.created_at,
            rotated_at=session.rotated_at,
            last_active_at=session.last_active_at,
            expires_at=session.expires_at,
            meta=session.meta,
            seen=session.seen,
        )


class Ended(BaseModel):
    """How many sessions a request ended."""

    ended: int = Field(ge=0)


def setup(app: FastAPI, service: ConfiguredService, *, required: bool = False) -> None:
    """Give an application sessions: the layer, the answers to errors, the OpenAPI schemes.

    Errors are answered inside the application's other middleware, so that CORS headers,
    compression and the like apply to refusals too, in whatever order they were added.

    Args:
        app: The application, before it runs.
        service: The session service; whoever opened its store closes it.
        required: See `JwtLayer`.
    """
    app.add_middleware(JwtLayer, service=service, required=required)
    app.add_exception_handler(JwtSessionError, _answer)
    schemes = schemes_of(service.config.access_token_source, "access")
    if list(schemes) != [_SCHEME_NAME]:
        _describe(app, schemes)


async def _answer(connection: Request | WebSocket, error: Exception) -> Response:
    if not isinstance(error, JwtSessionError) or isinstance(connection, WebSocket):
        raise error  # the layer closes a WebSocket
    problem = answered(session_of(connection.scope), error)
    return Response(problem.body, problem.status, dict(problem.headers))


def _describe(app: FastAPI, schemes: Mapping[str, Any]) -> None:
    """Have the OpenAPI document tell the schemes that are configured, not the default."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        document = generate()
        if fresh:
            _replace_scheme(document, schemes)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's manual says


def _replace_scheme(document: dict[str, Any], schemes: Mapping[str, Any]) -> None:
    known = document.get("components", {}).get("securitySchemes", {})
    if known.pop(_SCHEME_NAME, None) is None:
        return
    known.update(schemes)
    for path in document["paths"].values():
        for operation in path.values():
            security = operation.get("security", [])
            if {_SCHEME_NAME: []} in security:
                security.remove({_SCHEME_NAME: []})
                security[:0] = [{name: []} for name in schemes]


def session_router(service: ConfiguredService) -> APIRouter:
    """Return the endpoints that follow a sign-in, to be included under any prefix.

    ``POST /refresh``, ``POST /logout``, ``GET /sessions``, ``DELETE /sessions`` with
    ``keep=current`` or ``none``, and ``DELETE /sessions/{session_id}``.

    Args:
        service: Whose configuration says how tokens are presented.
    """
    router = APIRouter(tags=["sessions"])
    source = service.config.refresh_token_source
    schemes = schemes_of(source, "refresh")
    refresh_token = [Depends(_Presented(name, each)) for name, each in schemes.items()]

    @router.post(
        "/refresh",
        summary="Exchange a refresh token for the next pair",
        dependencies=refresh_token,
        responses=problem_answers(400, 401, 403, 413, 500, 503),
        openapi_extra=refresh_body(source),
    )
    async def refresh(sessions: Sessions) -> TokenAnswer:
        return TokenAnswer.of(sessions, await sessions.rotate())

    @router.post(
        "/logout",
        status_code=204,
        summary="End the session of a token, expired or not",
        dependencies=[Depends(_access), *refresh_token],
        responses=problem_answers(400, 401, 403, 413, 500, 503),
        openapi_extra={**refresh_body(source, optional=True), "security": [{}]},
    )
    async def logout(sessions: Sessions) -> None:
        with suppress(AccessMissing):  # nobody is signed in, which is what was asked for
            await sessions.logout()

    @router.get(
        "/sessions",
        summary="List the live sessions of the user",
        responses=problem_answers(400, 401, 500, 503),
    )
    async def list_sessions(
        claims: Claims, sessions: Sessions, response: Response
    ) -> Sequence[SessionAnswer]:
        response.headers["Cache-Control"] = "no-store"
        found = await sessions.list(claims["sub"])
        return [SessionAnswer.of(each, current_id=claims["sid"]) for each in found]

    @router.delete(
        "/sessions",
        summary="Sign out everywhere else, or everywhere",
        responses=problem_answers(400, 401, 403, 404, 500, 503),
    )
    async def end_sessions(
        claims: Claims,
        sessions: Sessions,
        response: Response,
        keep: Literal["current", "none"] = "current",
    ) -> Ended:
        response.headers["Cache-Control"] = "no-store"
        if keep == "none":
            return Ended(ended=await sessions.revoke_all(claims["sub"]))
        ended = await sessions.revoke_all_except(claims["sub"], claims["sid"])
        return Ended(ended=ended)

    @router.delete(
        "/sessions/{session_id}",
        status_code=204,
        summary="End one session of the user",
        responses=problem_answers(400, 401, 403, 404, 500, 503),
    )
    async def end_session(claims: Claims, sessions: Sessions, session_id: str) -> None:
        await sessions.revoke(claims["sub"], session_id)

    return router
