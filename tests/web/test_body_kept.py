"""Looking for a refresh token takes the body away from no handler."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from asgi_driving import Exchange, exchange
from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from web_bench import Bench, reply

from jwtsession.asgi import session_of
from jwtsession.fastapi import Sessions, TokenAnswer, setup
from jwtsession.models import TokenPair

JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
LIMIT = 2048
Upload = Annotated[UploadFile, File()]


class Refresh(BaseModel):
    refresh_token: str
    device: str


def cut(body: bytes, size: int) -> list[bytes]:
    """Return a body in chunks of a size, an empty one among them and one at the end."""
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return [*chunks[:1], b"", *chunks[1:], b""]


def as_json(pair: TokenPair, **more: Any) -> bytes:
    """Return a JSON body that holds a refresh token and something for the handler."""
    return json.dumps(
        {"refresh_token": pair.refresh_token, "device": "phone", **more}
    ).encode()


def as_form(pair: TokenPair) -> bytes:
    """Return the same as a form."""
    return urlencode({"device": "phone", "refresh_token": pair.refresh_token}).encode()


def application(bench: Bench) -> FastAPI:  # noqa: C901 - eight handlers, one a case
    """Return an application whose handlers read the body and refresh, in every order."""
    app = FastAPI()
    setup(app, bench.service)

    @app.post("/typed")
    async def typed(form: Refresh, sessions: Sessions) -> dict[str, str]:
        pair = await sessions.rotate()
        return {"device": form.device, "session": pair.session_id}

    @app.post("/form")
    async def form(sessions: Sessions, device: Annotated[str, Form()]) -> dict[str, str]:
        pair = await sessions.rotate()
        return {"device": device, "session": pair.session_id}

    @app.post("/after")
    async def after(request: Request, sessions: Sessions) -> dict[str, Any]:
        pair = await sessions.rotate()
        body = await request.body()
        return {"length": len(body), "session": pair.session_id}

    @app.post("/never")
    async def never(sessions: Sessions) -> TokenAnswer:
        return TokenAnswer.of(sessions, await sessions.rotate())

    @app.post("/half")
    async def half(request: Request, sessions: Sessions) -> dict[str, Any]:
        length, session_id = 0, ""
        async for chunk in request.stream():
            length += len(chunk)
            if not session_id:
                session_id = (await sessions.rotate()).session_id
        return {"length": length, "session": session_id}

    @app.post("/stream")
    async def stream(request: Request, sessions: Sessions) -> StreamingResponse:
        pair = await sessions.rotate()

        async def echo() -> AsyncIterator[bytes]:
            yield pair.session_id.encode()
            async for chunk in request.stream():
                yield chunk

        return StreamingResponse(echo())

    @app.post("/upload")
    async def upload(sessions: Sessions, file: Upload) -> dict[str, Any]:
        assert sessions.current() is None
        return {"length": len(await file.read())}

    @app.post("/upload-and-refresh")
    async def both(sessions: Sessions, file: Upload) -> dict[str, Any]:
        length = len(await file.read())
        pair = await sessions.rotate()
        return {"length": length, "session": pair.session_id}

    return app


async def post(
    bench: Bench, path: str, body: bytes, *headers: tuple[str, str], size: int = 100
) -> Exchange:
    """Send a body in chunks."""
    return await exchange(
        application(bench), "POST", path, headers=headers, chunks=cut(body, size)
    )


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
@pytest.mark.parametrize("path", ["/typed", "/after", "/never", "/half", "/stream"])
def test_a_json_body_serves_the_handler_and_the_refresh(path: str, size: int) -> None:
    """In whatever order and pieces it is read, both get all of it."""

    async def scenario() -> None:
        bench = Bench(body_limit_bytes=LIMIT)
        pair = await bench.service.authenticate("ada")
        body = as_json(pair)
        told = await post(bench, path, body, JSON, size=size)
        assert told.status == 200
        assert bench.events.names[-1] == "rotated"
        if path == "/typed":
            assert told.json == {"device": "phone", "session": pair.session_id}
        elif path in {"/after", "/half"}:
            assert told.json == {"length": len(body), "session": pair.session_id}
        elif path == "/stream":
            assert told.body == pair.session_id.encode() + body
        else:
            assert told.json["session_id"] == pair.session_id

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/form", "/after", "/never", "/half"])
def test_a_form_serves_both(path: str) -> None:
    """A form is read by the handler's own parameters and by the refresh."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        told = await post(bench, path, as_form(pair), FORM)
        assert told.status == 200
        assert bench.events.names[-1] == "rotated"
        if path == "/form":
            assert told.json == {"device": "phone", "session": pair.session_id}

    asyncio.run(scenario())


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", ["/typed", "/after", "/never", "/half"])
def test_a_body_over_the_limit_is_refused_where_it_is_asked_for(
    path: str, *, declared: bool
) -> None:
    """413, the token is not used, and where nobody read on the rest stays unread."""

    async def scenario() -> None:
        bench = Bench(body_limit_bytes=LIMIT)
        pair = await bench.service.authenticate("ada")
        body = as_json(pair, padding="x" * 10_000)
        length = [("content-length", str(len(body)))] if declared else []
        told = await post(bench, path, body, JSON, *length)
        assert (told.status, told.json["code"]) == (413, "request:body_too_large")
        assert bench.store.calls == ["insert"]
        if path in {"/after", "/never"}:
            assert told.taken <= (0 if declared else LIMIT // 100 + 2)

    asyncio.run(scenario())


@pytest.mark.parametrize("declared", [True, False])
def test_an_upload_that_nobody_asks_for_is_not_touched(*, declared: bool) -> None:
    """A large upload elsewhere arrives whole, whatever the limit is."""

    async def scenario() -> None:
        bench = Bench(body_limit_bytes=1)
        content = b"x" * 200_000
        body, kind = multipart(content)
        length = [("content-length", str(len(body)))] if declared else []
        told = await post(bench, "/upload", body, kind, *length, size=10_000)
        assert (told.status, told.json) == (200, {"length": len(content)})

    asyncio.run(scenario())


def multipart(content: bytes) -> tuple[bytes, tuple[str, str]]:
    """Return a form with one file, and its content type."""
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    return head + content + b"\r\n--b--\r\n", (
        "content-type",
        "multipart/form-data; boundary=b",
    )


def test_an_upload_beside_a_refresh_by_cookie_is_not_touched() -> None:
    """The search stops at the cookie, so the body is not looked at, however large."""

    async def scenario() -> None:
        bench = Bench(refresh_source="cookie:r,body:refresh_token", body_limit_bytes=1)
        pair = await bench.service.authenticate("ada")
        body, kind = multipart(b"x" * 5000)
        cookie = ("cookie", f"r={pair.refresh_token}")
        told = await post(bench, "/upload-and-refresh", body, kind, cookie)
        assert told.json == {"length": 5000, "session": pair.session_id}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", b"", 400, "auth:refresh_missing"),
        ("application/json", b"{}", 400, "auth:refresh_missing"),
        ("application/json", b'{"refresh_token":null}', 400, "auth:refresh_missing"),
        ("application/json", b"{", 400, "request:malformed_body"),
        ("application/json", b"[]", 400, "request:malformed_body"),
        ("application/json", b'"a.b.c"', 400, "request:malformed_body"),
        ("application/json", b'{"refresh_token":7}', 400, "request:malformed_body"),
        ("application/json", b'{"refresh_token":["a"]}', 400, "request:malformed_body"),
        ("application/json", b"refresh_token=a.b.c", 400, "request:malformed_body"),
        ("application/json", b"\xff\xfe{}", 400, "request:malformed_body"),
        ("application/json", "{}".encode("utf-16"), 400, "request:malformed_body"),
        ("application/json", b"\x00", 400, "request:malformed_body"),
        ("application/json", b"[" * 2000, 400, "request:malformed_body"),
        (
            "application/json",
            b'{"a":' * 300 + b"1" + b"}" * 300,
            400,
            "request:malformed_body",
        ),
        ("application/json", b'{"refresh_token":NaN}', 400, "request:malformed_body"),
        (
            "application/json",
            b'{"refresh_token":"a.b.c","refresh_token":"d.e.f"}',
            400,
            "request:ambiguous_credentials",
        ),
        ("application/json", b'{"refresh_token":""}', 401, "jwt:malformed_token"),
        ("application/json", b'{"refresh_token":"a b"}', 401, "jwt:malformed_token"),
        ("application/json", b'{"refresh_token":"\\u0000"}', 401, "jwt:malformed_token"),
        ("application/json", b'{"refresh_token":"\\ud800"}', 401, "jwt:malformed_token"),
        ("application/json", '{"refresh_token":"é"}'.encode(), 401, "jwt:malformed_token"),
        ("application/json", b'{"refresh_token":"a.b.c"}', 401, "jwt:malformed_token"),
        (
            "application/json",
            b'{"refresh_token":"%s"}' % (b"x" * 9000),
            401,
            "jwt:malformed_token",
        ),
        ("application/x-www-form-urlencoded", b"", 400, "auth:refresh_missing"),
        ("application/x-www-form-urlencoded", b"a=1&b=2", 400, "auth:refresh_missing"),
        (
            "application/x-www-form-urlencoded",
            b"refresh_token=a&refresh_token=b",
            400,
            "request:ambiguous_credentials",
        ),
        (
            "application/x-www-form-urlencoded",
            b"refresh_token=",
            401,
            "jwt:malformed_token",
        ),
        (
            "application/x-www-form-urlencoded",
            b"refresh_token=%00",
            401,
            "jwt:malformed_token",
        ),
        (
            "application/x-www-form-urlencoded",
            b"refresh_token=%ff",
            401,
            "jwt:malformed_token",
        ),
        (
            "application/x-www-form-urlencoded",
            b"refresh_token=%",
            401,
            "jwt:malformed_token",
        ),
        ("text/plain", b'{"refresh_token":"a.b.c"}', 400, "auth:refresh_missing"),
        ("multipart/form-data; boundary=b", b"--b--", 400, "auth:refresh_missing"),
        ("\xe9", b'{"refresh_token":"a.b.c"}', 400, "auth:refresh_missing"),
        ("", b'{"refresh_token":"a.b.c"}', 400, "auth:refresh_missing"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_named(
    kind: str, body: bytes, status: int, code: str
) -> None:
    """Each is refused with its own code; none reaches the store, none is a crash."""

    async def scenario() -> None:
        bench = Bench()
        told = await post(bench, "/never", body, ("content-type", kind))
        assert (told.status, told.json["code"]) == (status, code)
        assert bench.store.calls == []

    asyncio.run(scenario())


def test_two_content_types_are_no_content_type() -> None:
    """Which of them holds is not guessed at."""

    async def scenario() -> None:
        told = await post(Bench(), "/never", b"{}", JSON, FORM)
        assert (told.status, told.json["code"]) == (400, "request:malformed_body")

    asyncio.run(scenario())


def test_a_validation_error_of_the_application_is_untouched() -> None:
    """What FastAPI refuses is answered by FastAPI, and no token is used."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        body = json.dumps({"refresh_token": pair.refresh_token}).encode()
        told = await post(bench, "/typed", body, JSON)
        assert told.status == 422
        assert told.header("content-type") == "application/json"
        broken = await post(bench, "/typed", b"{", JSON)
        assert broken.status == 422
        assert bench.store.calls == ["insert"]

    asyncio.run(scenario())


def test_a_client_that_hangs_up_refreshes_nothing() -> None:
    """Half a form holds half a token: it is not looked at."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        told = await exchange(
            application(bench),
            "POST",
            "/never",
            headers=[FORM],
            chunks=[as_form(pair)],
            hangs_up=True,
        )
        assert (told.status, told.json["code"]) == (400, "request:malformed_body")
        assert bench.store.calls == ["insert"]

    asyncio.run(scenario())


def test_an_access_token_in_the_body_is_looked_for_before_the_handler() -> None:
    """Also then the handler gets its body; over the limit nobody is signed in."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        session = session_of(scope).current()
        length, more = 0, True
        while more:
            message = await receive()
            length += len(message["body"])
            more = message["more_body"]
        await reply(send, 200, f"{session and session.user_id} {length}")

    async def scenario() -> None:
        bench = Bench(access_source="body:token", body_limit_bytes=LIMIT)
        pair = await bench.service.authenticate("ada")
        for padding, who in ((0, "ada"), (5000, "None")):
            body = json.dumps({"token": pair.access_token, "x": "y" * padding}).encode()
            told = await bench.ask("POST", app=app, headers=[JSON], chunks=cut(body, 99))
            assert told.body.decode() == f"{who} {len(body)}"
        told = await bench.ask("POST", headers=[JSON], chunks=cut(b"{" * 5000, 99))
        assert (told.status, told.json["code"]) == (413, "request:body_too_large")

    asyncio.run(scenario())


def test_no_body_is_wrapped_where_no_source_looks_into_one() -> None:
    """With cookies and headers alone the server's own channel reaches the handler."""
    seen: list[Callable[..., Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope
        seen.append(receive)
        await reply(send, 200)

    async def scenario() -> None:
        told = await Bench(refresh_source="cookie:r").ask("POST", app=app)
        assert seen == [told.receive]

    asyncio.run(scenario())


def test_a_source_of_one_s_own_may_look_into_any_body() -> None:
    """What needs the body gets it, whatever its content type."""

    class Lines:
        needs_body = True
        by_cookie = False

        def extract(self, request: Any) -> str | None:
            return dict(
                line.split(": ") for line in request.body.decode().splitlines() if line
            ).get("token")

    async def scenario() -> None:
        bench = Bench(refresh_source=Lines())
        pair = await bench.service.authenticate("ada")
        body = f"a: b\ntoken: {pair.refresh_token}\n".encode()
        for path in ("/after", "/never", "/half"):
            told = await post(bench, path, body, ("content-type", "text/plain"))
            assert told.status == 200
        missing = await post(bench, "/never", b"", ("content-type", "text/plain"))
        assert (missing.status, missing.json["code"]) == (400, "auth:refresh_missing")

    asyncio.run(scenario())
