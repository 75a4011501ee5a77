"""FastAPI: dependencies, the ready router, the OpenAPI document."""

import asyncio
import copy
import json
from collections.abc import Iterator
from typing import Any

import jwtsession_spec
import openapi_spec_validator
import pytest
import yaml
from fastapi import APIRouter, FastAPI, HTTPException, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from jsonschema import Draft202012Validator
from pydantic import BaseModel
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from web_bench import Bench

from jwtsession.config import RiskySettingWarning
from jwtsession.fastapi import (
    Bearer,
    Claims,
    CurrentSession,
    OptionalSession,
    Sessions,
    TokenAnswer,
    session_router,
    setup,
)

NOT_ULID = "01J9Z3K8QTN6M4W2R5V7X1B3CD"


class Credentials(BaseModel):
    user_id: str


def routes() -> APIRouter:
    """Return an application's own routes, one for each dependency."""
    router = APIRouter()

    @router.post("/sign-in")
    async def sign_in(form: Credentials, sessions: Sessions) -> TokenAnswer:
        return TokenAnswer.of(sessions, await sessions.authenticate(form.user_id))

    @router.get("/me")
    async def me(session: CurrentSession) -> dict[str, str]:
        return {"user": session.user_id}

    @router.get("/maybe")
    async def maybe(session: OptionalSession) -> dict[str, str | None]:
        return {"user": session and session.user_id}

    @router.get("/claims")
    def claims(claims: Claims) -> dict[str, Any]:
        return dict(claims)

    @router.get("/bearer")
    def bearer(token: Bearer) -> dict[str, str]:
        return {"token": token}

    @router.get("/teapot")
    async def teapot(session: OptionalSession) -> None:
        del session
        raise HTTPException(418, headers={"x-tea": "green"})

    @router.websocket("/greet")
    async def greet(socket: WebSocket, session: CurrentSession) -> None:
        await socket.accept()
        await socket.send_text(session.user_id)
        await socket.close()

    return router


def application(bench: Bench) -> FastAPI:
    """Return an application of a few lines."""
    app = FastAPI()
    setup(app, bench.service)
    app.include_router(session_router(bench.service), prefix="/auth")
    app.include_router(routes())
    return app


@pytest.fixture
def bench() -> Bench:
    """Return a service with the defaults."""
    return Bench()


@pytest.fixture
def client(bench: Bench) -> Iterator[TestClient]:
    """Return a client of the application over it."""
    with TestClient(application(bench)) as client:
        yield client


def signed_in(client: TestClient, user_id: str = "ada") -> dict[str, Any]:
    """Sign in and send the access token from then on; return the answer."""
    told = client.post("/sign-in", json={"user_id": user_id})
    assert told.status_code == 200
    pair: dict[str, Any] = told.json()
    client.headers["authorization"] = f"Bearer {pair['access_token']}"
    return pair


def code(told: Any) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    assert told.headers["content-type"] == "application/problem+json"
    return told.status_code, told.json()["code"]


def test_a_sign_in_answers_the_pair(client: TestClient) -> None:
    """The members of RFC 6749 §5.1, relative times, and no-store."""
    told = client.post("/sign-in", json={"user_id": "ada"})
    pair = told.json()
    assert sorted(pair) == [
        "access_token",
        "expires_in",
        "refresh_expires_in",
        "refresh_token",
        "session_id",
        "token_type",
    ]
    assert (pair["expires_in"], pair["refresh_expires_in"]) == (900, 2_592_000)
    assert pair["token_type"] == "Bearer"
    assert told.headers["cache-control"] == "no-store"


def test_tokens_that_cookies_deliver_are_not_in_the_body() -> None:
    """With cookies no script can read a token, unless the configuration says so."""
    bench = Bench(
        access_source="cookie:a",
        refresh_source="cookie:r",
        refresh_cookie={"also_in_body": True},
    )
    with TestClient(application(bench), base_url="https://testserver") as client:
        told = client.post("/sign-in", json={"user_id": "ada"})
        assert "access_token" not in told.json()
        assert told.json()["refresh_token"] == client.cookies["r"]
        assert client.get("/me").json() == {"user": "ada"}
        assert client.post("/auth/refresh").status_code == 200
        assert client.post("/auth/logout").status_code == 204
        assert dict(client.cookies) == {}
        assert code(client.get("/me")) == (401, "auth:access_missing")


def test_the_answer_of_a_sign_in_shows_no_token(bench: Bench) -> None:
    """The repr of the model masks what it holds."""
    told = TokenAnswer(
        access_token="aaa.bbb.ccc",
        refresh_token="ddd.eee.fff",
        expires_in=1,
        refresh_expires_in=1,
        session_id=NOT_ULID,
    )
    del bench
    assert "aaa" not in repr(told) + str(told)
    assert "ddd" not in repr(told) + str(told)


def test_each_dependency_gives_what_it_says(client: TestClient) -> None:
    """Session, optional session, claims and the bare bearer token."""
    pair = signed_in(client)
    assert client.get("/me").json() == {"user": "ada"}
    assert client.get("/maybe").json() == {"user": "ada"}
    assert client.get("/claims").json()["sid"] == pair["session_id"]
    assert client.get("/bearer").json() == {"token": pair["access_token"]}


def test_each_dependency_refuses_as_it_says(client: TestClient) -> None:
    """Nobody is None to one and a refusal to the others."""
    assert code(client.get("/me")) == (401, "auth:access_missing")
    assert client.get("/maybe").json() == {"user": None}
    assert code(client.get("/claims")) == (401, "auth:access_missing")
    told = client.get("/bearer")
    assert code(told) == (401, "jwt:missing_token")
    assert told.headers["www-authenticate"] == "Bearer"
    client.headers["authorization"] = "Bearer not.a.token"
    assert client.get("/bearer").json() == {"token": "not.a.token"}
    assert client.get("/maybe").json() == {"user": None}
    assert client.get("/me").status_code == 401


def test_an_outage_is_an_outage_to_each(client: TestClient, bench: Bench) -> None:
    """Also where a session is optional: None never means that it could not be told."""
    signed_in(client)
    bench.store.down = True
    for path in ("/me", "/maybe", "/claims", "/auth/sessions"):
        told = client.get(path)
        assert code(told) == (503, "store:unavailable")
        assert told.headers["retry-after"] == "1"
    assert code(client.post("/auth/logout")) == (503, "store:unavailable")


def test_errors_of_the_application_are_its_own(client: TestClient) -> None:
    """HTTPException, validation and unknown paths are answered as ever."""
    told = client.get("/teapot")
    assert (told.status_code, told.json(), told.headers["x-tea"]) == (
        418,
        {"detail": "I'm a Teapot"},
        "green",
    )
    assert client.post("/sign-in", json={}).status_code == 422
    assert client.get("/nowhere").json() == {"detail": "Not Found"}


@pytest.mark.parametrize("user_id", ["", "x" * 256, "a\x00b", "\ud800"])
def test_a_user_id_out_of_bounds_is_named(client: TestClient, user_id: str) -> None:
    """What an application passes on unchecked is refused before any store is asked."""
    told = client.post(
        "/sign-in",
        content=json.dumps({"user_id": user_id}),
        headers={"content-type": "application/json"},
    )
    assert code(told) == (400, "input:user_id")


def test_refreshing_and_signing_out(client: TestClient, bench: Bench) -> None:
    """The router's endpoints take a token wherever it is configured to be."""
    pair = signed_in(client)
    told = client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    next_pair = told.json()
    assert next_pair["session_id"] == pair["session_id"]
    bench.clock.advance(86_400)
    assert code(client.get("/me")) == (401, "jwt:expired")
    for _ in range(2):  # signing out twice is no error, nor is an expired token
        told = client.post("/auth/logout")
        assert (told.status_code, told.content) == (204, b"")
    told = client.post("/auth/refresh", json={"refresh_token": next_pair["refresh_token"]})
    assert code(told) == (401, "auth:session_not_found")


def test_signing_out_without_a_token_is_no_error(client: TestClient) -> None:
    """Nobody is signed in afterwards, which is what was asked for."""
    for body in ({}, {"json": {}}, {"data": {"a": "b"}}, {"content": b"x"}):
        assert client.post("/auth/logout", **body).status_code == 204


def test_signing_out_with_a_token_that_is_none_is_told(client: TestClient) -> None:
    """A client that sends rubbish learns that it forgot nothing of ours."""
    client.headers["authorization"] = "Bearer a.b.c"
    assert code(client.post("/auth/logout")) == (401, "jwt:malformed_token")
    del client.headers["authorization"]
    told = client.post(
        "/auth/logout", content=b"{", headers={"content-type": "application/json"}
    )
    assert code(told) == (400, "request:malformed_body")


def test_the_list_marks_this_session_and_holds_no_secret(client: TestClient) -> None:
    """Devices, most recently active first, and nothing that could be used."""
    first = signed_in(client)
    second = signed_in(client)
    told = client.get("/auth/sessions")
    assert told.headers["cache-control"] == "no-store"
    listed = told.json()
    assert {entry["id"]: entry["current"] for entry in listed} == {
        first["session_id"]: False,
        second["session_id"]: True,
    }
    assert sorted(listed[0]) == [
        "created_at",
        "current",
        "expires_at",
        "id",
        "last_active_at",
        "meta",
        "rotated_at",
        "seen",
    ]
    assert listed[0]["meta"] == {"ip_address": "testclient", "user_agent": "testclient"}
    for pair in (first, second):
        for token in (pair["access_token"], pair["refresh_token"]):
            assert token not in told.text
            assert token.split(".")[2] not in told.text


def test_the_application_s_data_is_not_listed() -> None:
    """What an application keeps with a session is for the server."""
    bench = Bench()
    with TestClient(application(bench)) as client:
        signed_in(client)
        (session,) = asyncio.run(bench.service.list("ada"))
        asyncio.run(bench.service.replace_data("ada", session.id, {"csrf": "hunter2"}))
        assert "hunter2" not in client.get("/auth/sessions").text


def test_ending_one_session(client: TestClient) -> None:
    """One's own are ended; another's, or none at all, are not found."""
    eve = signed_in(client, "eve")
    first = signed_in(client)
    second = signed_in(client)
    assert client.delete(f"/auth/sessions/{first['session_id']}").status_code == 204
    for absent in (
        first["session_id"],
        eve["session_id"],
        NOT_ULID,
        second["session_id"].lower(),
        "x" * 2000,
        "%00",
        "%F0%9F%92%A5",
        "'; drop table sessions; --",
    ):
        told = client.delete(f"/auth/sessions/{absent}")
        assert code(told) == (404, "auth:session_not_found")
    assert len(client.get("/auth/sessions").json()) == 1
    assert client.delete(f"/auth/sessions/{second['session_id']}").status_code == 204
    assert code(client.get("/auth/sessions")) == (401, "auth:session_not_found")


def test_signing_out_everywhere_else_and_everywhere(client: TestClient) -> None:
    """``keep=current`` is what nothing says; ``keep=none`` ends this session too."""
    for _ in range(3):
        signed_in(client)
    assert client.delete("/auth/sessions").json() == {"ended": 2}
    assert client.delete("/auth/sessions?keep=current").json() == {"ended": 0}
    assert client.get("/me").status_code == 200
    for wrong in ("", "all", "CURRENT"):
        assert client.delete(f"/auth/sessions?keep={wrong}").status_code == 422
    assert client.get("/me").status_code == 200
    told = client.delete("/auth/sessions?keep=none")
    assert told.json() == {"ended": 1}
    assert told.headers["cache-control"] == "no-store"
    assert code(client.get("/me")) == (401, "auth:session_not_found")


def test_sessions_cannot_be_listed_or_ended_by_nobody(client: TestClient) -> None:
    """Each of these endpoints requires an access token."""
    signed_in(client)
    del client.headers["authorization"]
    for method, path in (
        ("GET", "/auth/sessions"),
        ("DELETE", "/auth/sessions"),
        ("DELETE", f"/auth/sessions/{NOT_ULID}"),
    ):
        told = client.request(method, path)
        assert code(told) == (401, "auth:access_missing")
        assert told.headers["www-authenticate"] == "Bearer"


def test_the_router_works_without_a_record_behind_the_request() -> None:
    """With stateless validation the list still marks this session, if it lives."""
    bench = Bench(stateful_validation=False)
    with TestClient(application(bench)) as client:
        pair = signed_in(client)
        (entry,) = client.get("/auth/sessions").json()
        assert (entry["id"], entry["current"]) == (pair["session_id"], True)
        assert client.delete("/auth/sessions?keep=none").json() == {"ended": 1}
        # Good until it expires, and no session is left to keep.
        assert client.get("/claims").status_code == 200
        assert code(client.delete("/auth/sessions")) == (404, "auth:session_not_found")


def test_a_socket_endpoint_has_the_dependencies(client: TestClient, bench: Bench) -> None:
    """A session where there is one; otherwise the refusal, before it is accepted."""
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/greet"),
    ):
        raise AssertionError
    assert refused.value.status_code == 401
    assert refused.value.json()["code"] == "auth:access_missing"
    signed_in(client)
    with client.websocket_connect("/greet") as socket:
        assert socket.receive_text() == "ada"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()
    bench.store.down = True
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/greet"),
    ):
        raise AssertionError
    assert refused.value.status_code == 503


@pytest.mark.parametrize("outside", [True, False])
def test_refusals_pass_through_the_other_middleware(bench: Bench, *, outside: bool) -> None:
    """A page on another origin can read why it was refused, whatever was added first."""
    app = FastAPI()
    cors: dict[str, Any] = {"allow_origins": ["https://www.example"]}
    if not outside:
        app.add_middleware(CORSMiddleware, **cors)
    setup(app, bench.service)
    if outside:
        app.add_middleware(CORSMiddleware, **cors)
    app.include_router(routes())
    with TestClient(app) as client:
        told = client.get("/me", headers={"origin": "https://www.example"})
        assert code(told) == (401, "auth:access_missing")
        assert told.headers["access-control-allow-origin"] == "https://www.example"


def test_an_application_that_forgot_the_layer_is_told() -> None:
    """The error says which line is missing."""
    app = FastAPI()
    app.include_router(routes())
    with (
        TestClient(app) as client,
        pytest.raises(Exception, match="add_middleware"),
    ):
        client.get("/me")


def test_the_document_tells_the_schemes_and_the_refusals(client: TestClient) -> None:
    """Each protected operation has the security scheme, each refusal its media type."""
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "at+jwt",
            "description": "The access token.",
        }
    }
    paths = document["paths"]
    assert paths["/me"]["get"]["security"] == [{"bearer": []}]
    assert "security" not in paths["/sign-in"]["post"]
    refresh = paths["/auth/refresh"]["post"]
    assert "security" not in refresh
    assert refresh["requestBody"]["required"] is True
    assert set(refresh["requestBody"]["content"]) == {
        "application/json",
        "application/x-www-form-urlencoded",
    }
    schema = refresh["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["refresh_token"]
    assert set(refresh["responses"]) == {"200", "400", "401", "403", "413", "500", "503"}
    for status, response in refresh["responses"].items():
        wanted = "application/json" if status == "200" else "application/problem+json"
        assert list(response["content"]) == [wanted]
    assert "WWW-Authenticate" in refresh["responses"]["401"]["headers"]
    assert "Retry-After" in refresh["responses"]["503"]["headers"]
    logout = paths["/auth/logout"]["post"]
    assert logout["requestBody"]["required"] is False
    assert logout["security"] == [{"bearer": []}, {}]
    answer = document["components"]["schemas"]["TokenAnswer"]
    assert set(answer["properties"]) >= {"access_token", "refresh_token", "expires_in"}


def test_the_router_answers_as_the_specification_s_document_says(
    client: TestClient,
) -> None:
    """The same paths, the same methods, and the same statuses for each."""
    theirs = yaml.safe_load(jwtsession_spec.openapi())["paths"]
    ours = client.get("/openapi.json").json()["paths"]
    for path, operations in theirs.items():
        for method, operation in operations.items():
            mine = ours["/auth" + path][method]
            # What a parameter of the wrong form is answered is the framework's business.
            wanted = set(operation["responses"]) - {"422"}
            assert set(mine["responses"]) - {"422"} == wanted


def test_the_document_is_valid(client: TestClient) -> None:
    """Any tool that reads OpenAPI 3.1 can read it."""
    openapi_spec_validator.validate(client.get("/openapi.json").json())


def test_the_router_s_answers_have_the_form_that_the_specification_gives(
    client: TestClient,
) -> None:
    """Pairs, sessions, counts and problems are valid against its schemas."""
    document = yaml.safe_load(jwtsession_spec.openapi())
    registry = Registry().with_resource(
        "urn:spec", Resource(contents=document, specification=DRAFT202012)
    )

    def assert_is(name: str, value: Any) -> None:
        schema = {"$ref": f"urn:spec#/components/schemas/{name}"}
        Draft202012Validator(schema, registry=registry).validate(value)

    pair = signed_in(client)
    assert_is("TokenPair", pair)
    told = client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert_is("TokenPair", told.json())
    sessions = client.get("/auth/sessions").json()
    assert sessions
    for session in sessions:
        assert_is("Session", session)
    assert_is("Ended", client.delete("/auth/sessions").json())
    assert_is("Problem", client.delete(f"/auth/sessions/{NOT_ULID}").json())


def test_the_document_tells_what_is_configured() -> None:
    """Cookies, headers and several alternatives replace the default scheme."""
    with pytest.warns(RiskySettingWarning):
        bench = Bench(
            access_source="cookie:a,header:x-token,query:t,bearer",
            refresh_source="cookie:r,body:token",
        )
    app = application(bench)
    document = copy.deepcopy(app.openapi())
    assert app.openapi() == document
    schemes = document["components"]["securitySchemes"]
    assert {
        name: (each["type"], each.get("in"), each.get("name"))
        for name, each in schemes.items()
    } == {
        "accessCookie": ("apiKey", "cookie", "a"),
        "accessHeader": ("apiKey", "header", "x-token"),
        "accessQuery": ("apiKey", "query", "t"),
        "bearer": ("http", None, None),
        "refreshCookie": ("apiKey", "cookie", "r"),
    }
    every = [
        {"accessCookie": []},
        {"accessHeader": []},
        {"accessQuery": []},
        {"bearer": []},
    ]
    paths = document["paths"]
    assert paths["/me"]["get"]["security"] == every
    assert paths["/auth/refresh"]["post"]["security"] == [{"refreshCookie": []}]
    assert paths["/auth/logout"]["post"]["security"] == [*every, {"refreshCookie": []}, {}]
    assert paths["/auth/refresh"]["post"]["requestBody"]["required"] is False


def test_an_application_without_protected_routes_has_no_scheme() -> None:
    """Nothing is added to a document that tells of no session."""
    app = FastAPI()
    setup(app, Bench(access_source="cookie:a").service)
    assert "components" not in app.openapi()
