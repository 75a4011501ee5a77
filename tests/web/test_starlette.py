"""The middleware under plain Starlette; FastAPI is not even imported."""

import subprocess
import sys
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket
from web_bench import Bench

from jwtsession.asgi import JwtLayer


async def sign_in(request: Request) -> Response:
    """Sign in whoever the path says."""
    sessions = request.state.jwtsession
    pair = await sessions.authenticate(request.path_params["user"])
    return JSONResponse(sessions.token_answer(pair))


async def me(request: Request) -> Response:
    """Say who it is."""
    return JSONResponse({"user": request.state.jwtsession.require().user_id})


async def refresh(request: Request) -> Response:
    """Refresh, and read the body before and after."""
    sessions = request.state.jwtsession
    before = await request.json()
    pair = await sessions.rotate()
    assert await request.json() == before
    return JSONResponse(sessions.token_answer(pair))


async def missing(request: Request) -> Response:
    """Raise what Starlette answers."""
    raise HTTPException(404, request.state.jwtsession.current() and "yours")


async def greet(socket: WebSocket) -> None:
    """Greet who is signed in."""
    session = socket.state.jwtsession.require()
    await socket.accept()
    await socket.send_text(session.user_id)
    await socket.close()


class Passing(BaseHTTPMiddleware):
    """The middleware that most applications have one of."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        """Read the body, as logging middleware does, and pass the request on."""
        await request.body()
        response: Response = await call_next(request)
        response.headers["x-passed"] = "yes"
        return response


def application(bench: Bench, *, inner: bool = False) -> Starlette:
    """Return an application, with another middleware inside the layer or without."""
    routes = [
        Route("/in/{user}", sign_in, methods=["POST"]),
        Route("/me", me),
        Route("/refresh", refresh, methods=["POST"]),
        Route("/missing", missing),
        WebSocketRoute("/greet", greet),
    ]
    middleware = [Middleware(JwtLayer, service=bench.service)]
    if inner:
        middleware.append(Middleware(Passing))
    return Starlette(routes=[Mount("/api", routes=routes)], middleware=middleware)


@pytest.mark.parametrize("inner", [True, False])
def test_sessions_work_under_starlette(*, inner: bool) -> None:
    """Sign in, ask, refresh, be refused: with and without another middleware inside."""
    bench = Bench(reuse_grace_secs=0)
    with TestClient(application(bench, inner=inner)) as client:
        told = client.get("/api/me")
        assert (told.status_code, told.json()["code"]) == (401, "auth:access_missing")
        pair = client.post("/api/in/ada").json()
        client.headers["authorization"] = f"Bearer {pair['access_token']}"
        assert client.get("/api/me").json() == {"user": "ada"}
        body = {"refresh_token": pair["refresh_token"], "more": "x" * 500}
        told = client.post("/api/refresh", json=body)
        assert told.json()["session_id"] == pair["session_id"]
        assert told.headers["cache-control"] == "no-store"
        bench.clock.advance(1)
        again = client.post("/api/refresh", json=body)
        assert (again.status_code, again.json()["code"]) == (401, "auth:refresh_reused")
        told = client.get("/api/missing")
        assert (told.status_code, told.text) == (404, "Not Found")


def test_sockets_work_under_starlette() -> None:
    """A session, or the refusal of a request before the socket is accepted."""
    bench = Bench()
    with TestClient(application(bench)) as client:
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            client.websocket_connect("/api/greet"),
        ):
            raise AssertionError
        assert refused.value.headers["www-authenticate"] == "Bearer"
        pair = client.post("/api/in/ada").json()
        headers = {"authorization": f"Bearer {pair['access_token']}"}
        with client.websocket_connect("/api/greet", headers=headers) as socket:
            assert socket.receive_text() == "ada"


def test_the_middleware_imports_no_framework() -> None:
    """Neither the layer nor the helpers for tests need Starlette or FastAPI."""
    program = (
        "import sys, jwtsession.asgi, jwtsession.testing, jwtsession.web.openapi\n"
        "print([m for m in ('starlette', 'fastapi', 'httpx') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"
