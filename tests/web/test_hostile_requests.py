"""What nobody should send, in the places where tokens are looked for."""

import asyncio
import logging
import re
from typing import Any

import pytest
from asgi_driving import exchange
from web_bench import Bench, bearer

from jwtsession.config import RiskySettingWarning
from jwtsession.testing import sign_in

HOSTILE = [
    ("", 401, "jwt:malformed_token"),
    ("a", 401, "jwt:malformed_token"),
    ("a.b.c", 401, "jwt:malformed_token"),
    ("." * 5000, 401, "jwt:malformed_token"),
    ("x" * 100_000, 401, "jwt:malformed_token"),
    ("x" * 9000 + ".y.z", 401, "jwt:malformed_token"),
    ("\x00", 401, "jwt:malformed_token"),
    ("a\x00b.c.d", 401, "jwt:malformed_token"),
    ("\xe9.\xe9.\xe9", 401, "jwt:malformed_token"),
    ("a b", 401, "jwt:malformed_token"),
    ("e30.e30.e30", 401, "jwt:invalid_header"),
    ("bnVsbA.e30.e30", 401, "jwt:invalid_header"),
    ("eyJhbGciOiJub25lIn0.e30.", 401, None),
    ("W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb.e30.e30", 401, "jwt:invalid_header"),
]


@pytest.mark.parametrize(("token", "status", "code"), HOSTILE)
@pytest.mark.parametrize("source", ["bearer", "header:x-token"])
def test_a_hostile_token_in_a_header_is_named(
    token: str, status: int, code: str | None, source: str
) -> None:
    """Every one is a refusal with a code; none is a crash, none reaches the store."""

    async def scenario() -> None:
        bench = Bench(access_source=source)
        headers = bearer(token) if source == "bearer" else [("x-token", token)]
        for path in ("/me", "/out"):
            told = await bench.ask("POST", path, headers=headers)
            assert told.status == status
            assert told.json["code"].startswith("jwt:")
            assert code is None or told.json["code"] == code
            assert told.header("www-authenticate") == 'Bearer error="invalid_token"'
        assert bench.store.calls == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ([("authorization", "Basic YTpi")], 401, "auth:access_missing"),
        ([("authorization", "")], 401, "auth:access_missing"),
        ([("authorization", "Bearer")], 401, "jwt:malformed_token"),
        ([("authorization", "bearer ")], 401, "jwt:malformed_token"),
        ([("authorization", "Bearer a, Bearer b")], 401, "jwt:malformed_token"),
        ([("authorization", "\xff\x00")], 401, "auth:access_missing"),
        (
            [("authorization", "Bearer a"), ("authorization", "Bearer b")],
            400,
            "request:ambiguous_credentials",
        ),
        (
            [("authorization", "Basic a"), ("authorization", "Bearer b")],
            400,
            "request:ambiguous_credentials",
        ),
    ],
)
def test_an_authorization_header_is_not_guessed_at(
    headers: Any, status: int, code: str
) -> None:
    """Other schemes are no token; two headers are no choice."""

    async def scenario() -> None:
        bench = Bench()
        told = await bench.ask(headers=headers)
        assert (told.status, told.json["code"]) == (status, code)
        if code == "request:ambiguous_credentials":
            assert told.header("www-authenticate") == 'Bearer error="invalid_request"'
        assert bench.store.calls == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (b"", 401, "auth:access_missing"),
        (b"other=1", 401, "auth:access_missing"),
        (b"token", 401, "jwt:malformed_token"),
        (b"token=", 401, "jwt:malformed_token"),
        (b"token=%00", 401, "jwt:malformed_token"),
        (b"token=%ff%fe", 401, "jwt:malformed_token"),
        (b"token=%", 401, "jwt:malformed_token"),
        (b"token=\xe9", 401, "jwt:malformed_token"),
        (b"token=a+b", 401, "jwt:malformed_token"),
        (b"token=a&token=b", 400, "request:ambiguous_credentials"),
        (b"t%6Fken=a&token=b", 400, "request:ambiguous_credentials"),
        (b"token=" + b"%41" * 50_000, 401, "jwt:malformed_token"),
        (b"&" * 100_000, 401, "auth:access_missing"),
    ],
)
def test_a_hostile_query_is_named(query: bytes, status: int, code: str) -> None:
    """The query is decoded once, strictly, and two tokens are no choice."""

    async def scenario() -> None:
        with pytest.warns(RiskySettingWarning):
            bench = Bench(access_source="query:token")
        told = await bench.ask(query=query)
        assert (told.status, told.json["code"]) == (status, code)
        assert bench.store.calls == []

    asyncio.run(scenario())


def test_a_token_of_the_other_kind_is_named() -> None:
    """A refresh token opens no door, and an access token refreshes nothing."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        told = await bench.ask(headers=bearer(pair.refresh_token))
        assert (told.status, told.json["code"]) == (401, "auth:aud_mismatch")
        form = [("content-type", "application/x-www-form-urlencoded")]
        body = [b"refresh_token=" + pair.access_token.encode()]
        told = await bench.ask("POST", "/refresh", headers=form, chunks=body)
        assert (told.status, told.json["code"]) == (401, "auth:aud_mismatch")
        assert len(await bench.service.list("ada")) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "length", ["", "x", "-1", "1e3", "\xb2", "\xd9\xa3", "1_0", " 5", "5, 5", "9" * 5000]
)
def test_a_length_that_is_none_is_counted_instead(length: str) -> None:
    """Whatever Content-Length claims, what arrives is counted."""

    async def scenario() -> None:
        bench = Bench(body_limit_bytes=1000)
        pair = await bench.service.authenticate("ada")
        body = b"refresh_token=" + pair.refresh_token.encode()
        headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", length),
        ]
        told = await bench.ask("POST", "/refresh", headers=headers, chunks=[body])
        assert told.status == (413 if length == "9" * 5000 else 200)
        told = await bench.ask("POST", "/refresh", headers=headers, chunks=[b"x" * 1001])
        assert told.status == 413

    asyncio.run(scenario())


@pytest.mark.parametrize("scope", [{}, {"headers": None, "query_string": None}])
def test_a_sparse_scope_is_read_as_an_empty_request(scope: dict[str, Any]) -> None:
    """What a server leaves out is absent, and nothing more."""

    async def scenario() -> None:
        bench = Bench()
        full = {"type": "http", "path": "/open", "method": "GET"}
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        await bench.layer()({**full, **scope}, receive, send)
        assert sent[1]["body"] == b"nobody"

    asyncio.run(scenario())


def test_no_token_is_where_it_does_not_belong(caplog: pytest.LogCaptureFixture) -> None:
    """Neither a log line, an event, a refusal nor a repr shows a token or a secret."""
    told_of: list[str] = []

    async def scenario() -> None:
        bench = Bench()
        secret = bench.config.signing_secret.get_secret_value()  # type: ignore[union-attr]
        ada = await sign_in(bench.service, "ada")
        form = ("content-type", "application/x-www-form-urlencoded")
        body = [b"refresh_token=" + ada.pair.refresh_token.encode()]
        tampered = ada.pair.access_token[:-4] + "AAAA"
        shown: list[str] = []
        requests: list[tuple[str, Any, Any]] = [
            ("/me", ada.headers.items(), [b""]),
            ("/me", bearer(tampered), [b""]),
            ("/list", ada.headers.items(), [b""]),
            ("/refresh", [form], [body[0] + b"x"]),
            ("/refresh", [form, *bearer(tampered)], body),
            ("/data", ada.headers.items(), [b""]),
        ]
        fresh: list[str] = []
        for down in (False, True):
            bench.store.down = down
            for path, headers, chunks in requests:
                told = await bench.ask("POST", path, headers=headers, chunks=chunks)
                if path == "/refresh" and told.status == 200:
                    fresh += told.body.decode().split()
                else:
                    shown.append(told.body.decode() + str(told.sent[0]))
                shown.append(repr(told.scope["state"]["jwtsession"]))
        bench.store.down = False
        bench.clock.advance(60)
        told = await bench.ask("POST", "/refresh", headers=[form], chunks=body)
        assert told.json["code"] == "auth:refresh_reused"
        shown += [repr(ada), repr(ada.pair), str(bench.events.events), repr(bench.config)]
        shown += [str(dict(event.detail)) for event in bench.events.events]
        secrets = [secret, tampered, *fresh]
        for token in (ada.pair.access_token, ada.pair.refresh_token, *fresh):
            secrets += [token, *token.split(".")[1:]]
        told_of.extend(secrets)
        for text in (*shown, caplog.text):
            for value in secrets:
                assert value not in text

    with caplog.at_level(logging.DEBUG):
        asyncio.run(scenario())
    # The search would have seen something: these are the needles, and the log is no desert.
    assert len(told_of) > 10
    assert "answered 503" in caplog.text
    assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", caplog.text)


def test_a_user_agent_of_any_kind_fails_no_request() -> None:
    """What a client says of itself is cut to fit, and never fails anything."""

    async def scenario() -> None:
        bench = Bench(reuse_grace_secs=0)
        form = ("content-type", "application/x-www-form-urlencoded")
        for agent in (
            "x" * 100_000,
            "\x00\x1b[31m",
            '"' * 5000,
            "\xe9" * 5000,
            "\\" * 999,
            "",
        ):
            told = await exchange(
                bench.layer(), "POST", "/in", headers=[("user-agent", agent)]
            )
            assert told.status == 200
            token = told.body.split()[1]
            told = await exchange(
                bench.layer(),
                "POST",
                "/refresh",
                headers=[("user-agent", agent), form],
                chunks=[b"refresh_token=" + token],
            )
            assert told.status == 200

    asyncio.run(scenario())
