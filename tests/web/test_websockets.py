"""The middleware over WebSocket: refused before it is accepted, closed with a reason."""

import asyncio
import json
from typing import Any

import pytest
from web_bench import Bench

from jwtsession.asgi import session_of
from jwtsession.errors import AccessMissing
from jwtsession.testing import sign_in

DENIAL = {"websocket.http.response": {}}
CONNECT = {"type": "websocket.connect"}


async def connected(
    app: Any,
    *,
    headers: Any = (),
    query: bytes = b"",
    extensions: dict[str, Any] | None = None,
    messages: tuple[dict[str, Any], ...] = (CONNECT,),
) -> list[dict[str, Any]]:
    """Open a WebSocket, and return what the application says to it."""
    sent: list[dict[str, Any]] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        assert len(waiting) < len(messages), "answered before the handshake was taken"
        sent.append(dict(message))

    scope = {
        "type": "websocket",
        "path": "/",
        "query_string": query,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("203.0.113.7", 50000),
    }
    if extensions is not None:
        scope["extensions"] = extensions
    await app(scope, receive, send)
    return sent


async def greets(scope: Any, receive: Any, send: Any) -> None:
    """Require a session, accept, and say who it is."""
    session = session_of(scope).require()
    await receive()
    await send({"type": "websocket.accept", "headers": []})
    await send({"type": "websocket.send", "text": session.user_id})


async def accepts_first(scope: Any, receive: Any, send: Any) -> None:
    """Accept, and only then ask who it is."""
    await receive()
    await send({"type": "websocket.accept"})
    session_of(scope).require()


def test_a_socket_has_a_session() -> None:
    """The handshake is validated once, like a request."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        sent = await connected(bench.layer(greets), headers=ada.headers.items())
        assert [each["type"] for each in sent] == ["websocket.accept", "websocket.send"]
        assert sent[1]["text"] == "ada"
        assert bench.store.calls == ["insert", "get"]

    asyncio.run(scenario())


@pytest.mark.parametrize("required", [True, False])
def test_a_refused_socket_is_answered_like_a_request(*, required: bool) -> None:
    """Where the server can send an answer, the refusal is the problem of a request."""

    async def scenario() -> None:
        layer = Bench().layer(greets, required=required)
        start, body = await connected(layer, extensions=DENIAL)
        assert start["type"] == "websocket.http.response.start"
        assert start["status"] == 401
        assert (b"www-authenticate", b"Bearer") in start["headers"]
        assert body["type"] == "websocket.http.response.body"
        assert json.loads(body["body"])["code"] == "auth:access_missing"

    asyncio.run(scenario())


@pytest.mark.parametrize("extensions", [None, {}, {"tls": {}}])
@pytest.mark.parametrize("required", [True, False])
def test_a_refused_socket_is_closed_where_no_answer_can_be_sent(
    extensions: dict[str, Any] | None, *, required: bool
) -> None:
    """Without the extension the socket is closed with 4000 and the status, unaccepted."""

    async def scenario() -> None:
        layer = Bench().layer(greets, required=required)
        sent = await connected(layer, extensions=extensions)
        assert sent == [
            {"type": "websocket.close", "code": 4401, "reason": "auth:access_missing"}
        ]

    asyncio.run(scenario())


@pytest.mark.parametrize("extensions", [None, DENIAL])
def test_an_accepted_socket_is_closed_with_the_code(
    extensions: dict[str, Any] | None,
) -> None:
    """After the handshake an error closes the socket, and says which it was."""

    async def scenario() -> None:
        sent = await connected(Bench().layer(accepts_first), extensions=extensions)
        assert [each["type"] for each in sent] == ["websocket.accept", "websocket.close"]
        assert (sent[1]["code"], sent[1]["reason"]) == (4401, "auth:access_missing")

    asyncio.run(scenario())


def test_an_outage_closes_as_one() -> None:
    """While the store is down a socket is refused with 503, never with 401."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        bench.store.down = True
        headers = list(ada.headers.items())
        (closed,) = await connected(bench.layer(greets), headers=headers)
        assert (closed["code"], closed["reason"]) == (4503, "store:unavailable")
        start, _ = await connected(bench.layer(greets), headers=headers, extensions=DENIAL)
        assert start["status"] == 503
        assert (b"retry-after", b"1") in start["headers"]

    asyncio.run(scenario())


def test_a_client_that_has_gone_is_sent_nothing() -> None:
    """A refusal of a socket whose client went away is the server's to note."""

    async def scenario() -> None:
        layer = Bench().layer(required=True)
        gone = ({"type": "websocket.disconnect", "code": 1006},)
        with pytest.raises(AccessMissing):
            await connected(layer, messages=gone)

    asyncio.run(scenario())


def test_a_closed_socket_is_not_closed_again() -> None:
    """An error after the application closed the socket is raised on."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        session_of(scope).require()

    async def scenario() -> None:
        with pytest.raises(AccessMissing):
            await connected(Bench().layer(app))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("fetched_from", "status"),
    [
        ([("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], 403),
        ([("origin", "https://evil.example")], 403),
        ([("sec-fetch-site", "same-site")], 403),
        ([("sec-fetch-site", "same-origin")], 101),
        ([("origin", "https://app.example")], 101),
        ([], 101),
    ],
)
def test_another_site_cannot_open_a_socket_with_a_cookie(
    fetched_from: list[tuple[str, str]], status: int
) -> None:
    """Browsers let any site open a socket and add the cookies: the origin decides."""

    async def scenario() -> None:
        bench = Bench(access_source="cookie:__Host-access")
        ada = await sign_in(bench.service, "ada")
        headers = [*ada.headers.items(), ("host", "app.example"), *fetched_from]
        sent = await connected(bench.layer(greets), headers=headers, extensions=DENIAL)
        assert sent[0].get("status", 101) == status

    asyncio.run(scenario())


def test_another_site_can_open_a_socket_with_a_token_it_holds() -> None:
    """What no browser adds by itself proves who asks, wherever it is asked from."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        headers = [*ada.headers.items(), ("sec-fetch-site", "cross-site")]
        sent = await connected(bench.layer(greets), headers=headers)
        assert sent[0]["type"] == "websocket.accept"

    asyncio.run(scenario())


def test_a_body_source_finds_nothing_in_a_handshake() -> None:
    """A socket has no body, so there is nothing to wait for."""

    async def scenario() -> None:
        bench = Bench(access_source="body:token")
        (closed,) = await connected(bench.layer(greets))
        assert (closed["code"], closed["reason"]) == (4401, "auth:access_missing")

    asyncio.run(scenario())


def test_cookies_are_set_with_the_handshake_or_not_at_all() -> None:
    """Tokens made before it is accepted go out with it; afterwards none are made."""

    async def before(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await session_of(scope).authenticate("ada")
        await send({"type": "websocket.accept"})

    async def after(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await session_of(scope).authenticate("ada")

    async def scenario() -> None:
        bench = Bench(access_source="cookie:a", refresh_source="cookie:r")
        (accepted,) = await connected(bench.layer(before))
        set_now = [value for name, value in accepted["headers"] if name == b"set-cookie"]
        assert [value.partition(b"=")[0] for value in set_now] == [b"a", b"r"]
        bench.store.calls.clear()
        with pytest.raises(RuntimeError, match="can set no cookie"):
            await connected(bench.layer(after))
        assert bench.store.calls == []

    asyncio.run(scenario())
