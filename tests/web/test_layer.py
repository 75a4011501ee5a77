"""The middleware over HTTP, without any framework."""

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from asgi_driving import exchange
from web_bench import START, Bench, bearer, reply

from jwtsession.asgi import session_of
from jwtsession.config import RiskySettingWarning
from jwtsession.errors import (
    AccessMissing,
    ConfigInvalid,
    SessionNotFound,
    StoreUnavailable,
)
from jwtsession.testing import sign_in


def test_a_handler_finds_the_session_of_its_request() -> None:
    """The layer validates the access token once and hands the session to the handler."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        bench.store.calls.clear()
        told = await bench.ask(headers=ada.headers.items())
        assert (told.status, told.body) == (200, b"ada")
        assert bench.store.calls == ["get"]

    asyncio.run(scenario())


def test_an_anonymous_request_reaches_the_handler() -> None:
    """The layer refuses nothing by itself, and asks no store about nobody."""

    async def scenario() -> None:
        bench = Bench()
        told = await bench.ask(path="/open")
        assert (told.status, told.body) == (200, b"nobody")
        assert bench.store.calls == []

    asyncio.run(scenario())


def test_a_refusal_is_raised_where_a_session_is_required() -> None:
    """Without credentials: 401, the bare challenge, problem details, no-store."""

    async def scenario() -> None:
        told = await Bench().ask()
        assert told.status == 401
        assert told.header("www-authenticate") == "Bearer"
        assert told.header("content-type") == "application/problem+json"
        assert told.header("cache-control") == "no-store"
        assert told.json == {
            "type": "urn:jwtsession:error:auth:access_missing",
            "title": "no access token was presented",
            "status": 401,
            "code": "auth:access_missing",
        }

    asyncio.run(scenario())


def test_a_refused_token_is_told_so() -> None:
    """An expired token and an ended session are invalid_token, each with its code."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        await bench.service.logout(ada.pair.access_token)
        ended = await bench.ask(headers=ada.headers.items())
        bench.clock.advance(901)
        expired = await bench.ask(headers=ada.headers.items())
        for told, code in ((ended, "auth:session_not_found"), (expired, "jwt:expired")):
            assert (told.status, told.json["code"]) == (401, code)
            assert told.header("www-authenticate") == 'Bearer error="invalid_token"'
        public = await bench.ask(path="/open", headers=ada.headers.items())
        assert (public.status, public.body) == (200, b"nobody")

    asyncio.run(scenario())


def test_required_refuses_before_the_application() -> None:
    """With ``required`` the application is called for nobody without a session."""
    called: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["path"])
        del receive
        await reply(send, 200)

    async def scenario() -> None:
        bench = Bench()
        guarded = bench.layer(app, required=True)
        assert (await exchange(guarded, path="/a")).status == 401
        ada = await sign_in(bench.service, "ada")
        told = await exchange(guarded, path="/b", headers=ada.headers.items())
        assert told.status == 200
        assert called == ["/b"]
        bench.store.down = True
        told = await exchange(guarded, path="/c", headers=ada.headers.items())
        assert told.status == 503

    asyncio.run(scenario())


def test_without_stateful_validation_claims_are_there_and_no_store_is_asked() -> None:
    """Claims without a session; requiring a session is a mistake that is named."""

    async def scenario() -> None:
        bench = Bench(stateful_validation=False)
        ada = await sign_in(bench.service, "ada")
        bench.store.calls.clear()
        told = await bench.ask(path="/claims", headers=ada.headers.items())
        assert (told.status, told.body) == (200, b"ada")
        told = await bench.ask(path="/open", headers=ada.headers.items())
        assert told.body == b"nobody"
        told = await bench.ask(path="/me", headers=ada.headers.items())
        assert (told.status, told.json["code"]) == (500, "config:invalid")
        assert bench.store.calls == []
        told = await bench.ask("POST", "/data", headers=ada.headers.items())
        assert told.status == 200
        assert (await bench.service.list("ada"))[0].data == {"theme": "dark"}

    asyncio.run(scenario())


def test_the_application_s_own_claims_are_there() -> None:
    """What the hook adds to a token, the handler of a later request reads."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        claims = session_of(scope).require_claims()
        await reply(send, 200, str(claims["role"]))

    async def scenario() -> None:
        bench = Bench(access_claims=lambda session: {"role": session.data["role"]})
        ada = await sign_in(bench.service, "ada", data={"role": "admin"})
        told = await bench.ask(app=app, headers=ada.headers.items())
        assert told.body == b"admin"

    asyncio.run(scenario())


def test_the_picture_of_the_request_stays() -> None:
    """Signing out and in again changes the sessions, not who sent this request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        sessions = session_of(scope)
        before = sessions.require()
        assert await sessions.logout()
        await sessions.authenticate("grace")
        assert sessions.require() is before
        assert sessions.refusal is None
        await reply(send, 200, before.user_id)

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        told = await bench.ask(app=app, headers=ada.headers.items())
        assert told.body == b"ada"
        assert await bench.service.list("ada") == ()
        assert len(await bench.service.list("grace")) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/me", 401, "auth:session_not_found"),
        ("/list", 401, "auth:session_not_found"),
        ("/revoke-others", 401, "auth:session_not_found"),
    ],
)
def test_the_access_check_in_front_is_an_access(path: str, status: int, code: str) -> None:
    """A session that ended is 401 also where a missing session would be 404."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        await bench.service.revoke_all("ada")
        told = await bench.ask(path=path, headers=ada.headers.items())
        assert (told.status, told.json["code"]) == (status, code)

    asyncio.run(scenario())


def test_another_user_s_session_is_not_found() -> None:
    """Ending a session that is not there, or somebody else's, is 404; nothing ends."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        eve = await sign_in(bench.service, "eve")
        for session_id in (
            eve.pair.session_id,
            "01J9Z3K8QTN6M4W2R5V7X1B3CD",
            "",
            "x" * 999,
        ):
            told = await bench.ask(
                "DELETE", "/revoke", headers=ada.headers.items(), query=session_id.encode()
            )
            assert (told.status, told.json["code"]) == (404, "auth:session_not_found")
            assert told.header("www-authenticate") is None
        assert len(await bench.service.list("eve")) == 1
        told = await bench.ask(
            "DELETE",
            "/revoke",
            headers=ada.headers.items(),
            query=ada.pair.session_id.encode(),
        )
        assert told.status == 200
        assert await bench.service.list("ada") == ()

    asyncio.run(scenario())


def test_every_operation_works_from_a_handler() -> None:
    """Sign in, list, end the others, refresh, sign out: over HTTP and nothing else."""

    async def scenario() -> None:
        bench = Bench(reuse_grace_secs=0)
        first = (await bench.ask("POST", "/in")).body.decode().split()
        second = (await bench.ask("POST", "/in")).body.decode().split()
        listed = await bench.ask(path="/list", headers=bearer(second[0]))
        assert len(listed.body.split()) == 2
        others = await bench.ask("POST", "/revoke-others", headers=bearer(second[0]))
        assert others.body == b"1"
        assert (await bench.ask(headers=bearer(first[0]))).status == 401
        told = await bench.ask(
            "POST",
            "/refresh",
            headers=[("content-type", "application/json")],
            chunks=[b'{"refresh_token":"%s"}' % second[1].encode()],
        )
        assert told.status == 200
        third = told.body.decode().split()
        assert third != second
        out = await bench.ask("POST", "/out", headers=bearer(third[0]))
        assert out.body == b"True"
        again = await bench.ask("POST", "/out", headers=bearer(third[0]))
        assert (again.status, again.body) == (200, b"False")
        assert bench.events.names == [
            "signed_in",
            "signed_in",
            "revoked_all",
            "rotated",
            "signed_out",
        ]

    asyncio.run(scenario())


def test_signing_out_works_with_an_expired_access_token() -> None:
    """Long after the access token expired it still ends its session."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        bench.clock.advance(86_400)
        told = await bench.ask("POST", "/out", headers=ada.headers.items())
        assert (told.status, told.body) == (200, b"True")
        assert await bench.service.list("ada") == ()

    asyncio.run(scenario())


def test_signing_out_takes_the_first_token_that_is_authentic() -> None:
    """A useless access token does not keep the refresh token from ending the session."""

    async def scenario() -> None:
        bench = Bench()
        ada, eve = await sign_in(bench.service, "ada"), await sign_in(bench.service, "eve")
        form = [("content-type", "application/x-www-form-urlencoded")]
        body = [b"refresh_token=" + ada.pair.refresh_token.encode()]
        both = await bench.ask(
            "POST", "/out", headers=[*eve.headers.items(), *form], chunks=body
        )
        assert both.body == b"True"
        assert await bench.service.list("eve") == ()
        assert len(await bench.service.list("ada")) == 1
        for useless in ("garbage", ""):
            told = await bench.ask("POST", "/out", headers=[*bearer(useless), *form])
            assert (told.status, told.json["code"]) == (401, "jwt:malformed_token")
        told = await bench.ask(
            "POST", "/out", headers=[*bearer("garbage"), *form], chunks=body
        )
        assert told.body == b"True"
        assert await bench.service.list("ada") == ()
        told = await bench.ask("POST", "/out")
        assert (told.status, told.json["code"]) == (401, "auth:access_missing")
        assert told.header("www-authenticate") == "Bearer"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("source", "status", "challenge"),
    [
        ("body:refresh_token", 400, None),
        ("cookie:r,body:refresh_token", 400, None),
        ("cookie:r", 401, "Bearer"),
        ("header:x-refresh", 401, "Bearer"),
    ],
)
def test_a_missing_refresh_token_depends_on_where_it_belongs(
    source: str, status: int, challenge: str | None
) -> None:
    """400 where the body is looked at, otherwise 401 with the bare challenge."""

    async def scenario() -> None:
        told = await Bench(refresh_source=source).ask("POST", "/refresh")
        assert (told.status, told.json["code"]) == (status, "auth:refresh_missing")
        assert told.header("www-authenticate") == challenge

    asyncio.run(scenario())


def test_an_answer_that_has_begun_is_left_to_the_server() -> None:
    """An error after the headers went out is raised on: nothing can be answered."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        session_of(scope).require()

    async def scenario() -> None:
        with pytest.raises(AccessMissing):
            await Bench().ask(app=app)

    asyncio.run(scenario())


def test_other_errors_are_not_the_layer_s() -> None:
    """What is not of this project's tree goes through untouched."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive, send
        raise ZeroDivisionError

    async def scenario() -> None:
        with pytest.raises(ZeroDivisionError):
            await Bench().ask(app=app)

    asyncio.run(scenario())


def test_an_error_of_a_service_called_by_hand_is_an_access() -> None:
    """Only the request's own `JwtSession` knows which operation a code came from."""
    bench = Bench()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive, send
        await bench.service.revoke("ada", "nonsense")

    async def scenario() -> None:
        told = await bench.ask(app=app)
        assert (told.status, told.json["code"]) == (401, "auth:session_not_found")

    asyncio.run(scenario())


def test_an_error_that_was_caught_says_nothing_of_the_next() -> None:
    """Each error is answered for the operation that raised it, and for no other."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        with pytest.raises(SessionNotFound):
            await session_of(scope).revoke("ada", "nonsense")
        raise SessionNotFound

    async def scenario() -> None:
        assert (await Bench().ask(app=app)).status == 401

    asyncio.run(scenario())


def test_of_two_useless_tokens_the_first_is_told() -> None:
    """Signing out with nothing authentic names what is wrong with the access token."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        body = b"refresh_token=" + pair.refresh_token[:-4].encode() + b"AAAA"
        form = ("content-type", "application/x-www-form-urlencoded")
        told = await bench.ask("POST", "/out", headers=[form], chunks=[body])
        assert told.json["code"] == "jwt:invalid_signature"
        told = await bench.ask(
            "POST", "/out", headers=[form, *bearer("garbage")], chunks=[body]
        )
        assert told.json["code"] == "jwt:malformed_token"
        assert len(await bench.service.list("ada")) == 1

    asyncio.run(scenario())


def test_other_scopes_pass_through() -> None:
    """A lifespan reaches the application as it is, without a session in it."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    async def channel(*_: Any) -> Any:
        raise AssertionError

    async def scenario() -> None:
        scope = {"type": "lifespan", "state": {}}
        await Bench().layer(app)(scope, channel, channel)
        assert seen == [({"type": "lifespan", "state": {}}, channel, channel)]

    asyncio.run(scenario())


@pytest.mark.parametrize("scope", [{}, {"state": {}}, {"state": {"jwtsession": object()}}])
def test_a_missing_layer_is_named(scope: dict[str, Any]) -> None:
    """Whoever forgets the middleware is told how to add it."""
    with pytest.raises(ConfigInvalid, match="add_middleware"):
        session_of(scope)


def test_the_state_of_the_server_is_kept() -> None:
    """What the lifespan put into the state is still there beside the session."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await reply(
            send, 200, f"{scope['state']['pool']} {type(scope['state']['jwtsession'])}"
        )

    async def scenario() -> None:
        bench = Bench()
        told = await exchange(_with_state(bench.layer(app)), path="/")
        assert told.body == b"pool <class 'jwtsession.web.request_session.JwtSession'>"

    asyncio.run(scenario())


def _with_state(app: Any) -> Any:
    async def server(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": {"pool": "pool"}}, receive, send)

    return server


def test_an_outage_is_never_nobody() -> None:
    """While the store is down, neither current nor claims say that nobody is signed in."""
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        sessions = session_of(scope)
        with pytest.raises(StoreUnavailable):
            sessions.current()
        with pytest.raises(StoreUnavailable):
            _ = sessions.claims
        assert isinstance(sessions.refusal, StoreUnavailable)
        seen.append(repr(sessions))
        await reply(send, 200)

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        bench.store.down = True
        assert (await bench.ask(app=app, headers=ada.headers.items())).status == 200
        assert seen == ["<JwtSession: store:unavailable>"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("source", "cached", "wanted"),
    [
        ("query:token", None, "private"),
        ("query:token", "max-age=60", "max-age=60"),
        ("bearer", None, None),
    ],
)
def test_an_answer_to_a_token_in_the_address_is_private(
    source: str, cached: str | None, wanted: str | None
) -> None:
    """No shared cache keeps what was asked for with a token in the query."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        session_of(scope).require()
        headers = [(b"cache-control", cached.encode())] if cached else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    async def scenario() -> None:
        with pytest.warns(RiskySettingWarning) if "query" in source else nullcontext():
            bench = Bench(access_source=source)
        pair = await bench.service.authenticate("ada")
        told = await bench.ask(
            app=app,
            query=b"token=" + pair.access_token.encode(),
            headers=bearer(pair.access_token),
        )
        assert (told.status, told.header("cache-control")) == (200, wanted)

    asyncio.run(scenario())


def test_an_answer_with_tokens_is_not_stored_whatever_the_handler_says() -> None:
    """The handler's own Cache-Control gives way where tokens were made."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await session_of(scope).authenticate("ada")
        headers = [(b"Cache-Control", b"public, max-age=600"), (b"x-a", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    async def scenario() -> None:
        told = await Bench().ask("POST", app=app)
        assert told.header("cache-control") == "no-store"
        assert told.header("x-a") == "1"

    asyncio.run(scenario())


def test_times_are_those_of_the_service_s_clock() -> None:
    """Nothing in the web layers looks at another clock."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        sessions = session_of(scope)
        pair = await sessions.authenticate("ada")
        answer = sessions.token_answer(pair)
        assert pair.access_expires_at == START + 900
        await reply(send, 200, f"{answer['expires_in']} {answer['refresh_expires_in']}")

    async def scenario() -> None:
        assert (await Bench().ask("POST", app=app)).body == b"900 2592000"

    asyncio.run(scenario())


def test_requiring_raises_the_kept_refusal() -> None:
    """The error that is raised is the one the validation met."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        sessions = session_of(scope)
        with pytest.raises(SessionNotFound) as caught:
            sessions.require_claims()
        assert caught.value is sessions.refusal
        raise caught.value

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        await bench.service.revoke_all("ada")
        told = await bench.ask(app=app, headers=ada.headers.items())
        assert told.status == 401

    asyncio.run(scenario())
