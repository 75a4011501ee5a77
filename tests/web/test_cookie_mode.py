"""Tokens as cookies, from sign-in to sign-out, as a browser sees it."""

import asyncio
from http.cookies import SimpleCookie
from typing import Any

import pytest
from asgi_driving import Exchange
from web_bench import Bench

from jwtsession.asgi import session_of

COOKIES: dict[str, Any] = {
    "access_source": "cookie:__Host-access",
    "refresh_source": "cookie:__Secure-refresh",
    "refresh_cookie": {"path": "/auth"},
}
OWN = [("sec-fetch-site", "same-origin")]
OTHER = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]


class Jar:
    """The cookies of one browser; it forgets none by time."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.last: dict[str, dict[str, str]] = {}

    def take(self, told: Exchange) -> list[str]:
        """Keep what an answer sets, drop what it clears, and return the names."""
        names: list[str] = []
        for header in told.headers("set-cookie"):
            (morsel,) = SimpleCookie(header).values()
            names.append(morsel.key)
            self.last[morsel.key] = dict(morsel)
            if morsel["max-age"] == "0":
                self.held.pop(morsel.key, None)
            else:
                self.held[morsel.key] = morsel.value
        return names

    def headers(self, *more: tuple[str, str]) -> list[tuple[str, str]]:
        """Return what the browser sends."""
        sent = "; ".join(f"{name}={value}" for name, value in self.held.items())
        return [("host", "app.example"), *([("cookie", sent)] if sent else []), *more]


async def signed_in(bench: Bench) -> Jar:
    """Return the jar of a browser in which somebody has signed in."""
    jar = Jar()
    told = await bench.ask("POST", "/in", headers=jar.headers(*OWN))
    assert jar.take(told) == ["__Host-access", "__Secure-refresh"]
    assert told.header("cache-control") == "no-store"
    return jar


def test_a_browser_is_signed_in_refreshed_and_signed_out_by_cookies() -> None:
    """The jar alone carries a session through its life."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        assert (await bench.ask(headers=jar.headers(*OWN))).body == b"ada"
        before = dict(jar.held)
        told = await bench.ask("POST", "/refresh", headers=jar.headers(*OWN))
        assert jar.take(told) == ["__Host-access", "__Secure-refresh"]
        assert jar.held["__Secure-refresh"] != before["__Secure-refresh"]
        assert (await bench.ask(headers=jar.headers(*OWN))).body == b"ada"
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        assert told.body == b"True"
        assert jar.take(told) == ["__Host-access", "__Secure-refresh"]
        assert jar.held == {}
        assert await bench.service.list("ada") == ()

    asyncio.run(scenario())


def test_cookies_have_the_attributes_that_protect_them() -> None:
    """HttpOnly, Secure, SameSite; the path and the life of each token."""

    async def scenario() -> None:
        jar = await signed_in(Bench(**COOKIES))
        access, refresh = jar.last["__Host-access"], jar.last["__Secure-refresh"]
        for cookie in (access, refresh):
            assert cookie["httponly"] is True
            assert cookie["secure"] is True
            assert cookie["domain"] == ""
        assert (access["path"], access["samesite"], access["max-age"]) == (
            "/",
            "Lax",
            "900",
        )
        assert (refresh["path"], refresh["samesite"]) == ("/auth", "Strict")
        assert refresh["max-age"] == "2592000"

    asyncio.run(scenario())


def test_a_repeated_refresh_token_is_not_set_again() -> None:
    """The second tab's answer sets an access cookie and leaves the refresh cookie be."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        jar.take(await bench.ask("POST", "/refresh", headers=jar.headers(*OWN)))
        bench.clock.advance(3)
        told = await bench.ask("POST", "/refresh", headers=jar.headers(*OWN))
        assert told.status == 200
        assert jar.take(told) == ["__Host-access"]
        assert bench.events.names[-1] == "refresh_repeated"
        bench.clock.advance(60)
        told = await bench.ask("POST", "/refresh", headers=jar.headers(*OWN))
        assert jar.take(told) == ["__Host-access", "__Secure-refresh"]

    asyncio.run(scenario())


@pytest.mark.parametrize("ruin", ["reused", "ended", "expired", "garbage", "down"])
def test_no_refusal_of_a_refresh_clears_a_cookie(ruin: str) -> None:
    """The loser of a race, and a store outage, leave the jar as it is."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        if ruin == "reused":
            old = dict(jar.held)
            for _ in range(2):
                bench.clock.advance(60)
                jar.take(await bench.ask("POST", "/refresh", headers=jar.headers(*OWN)))
            jar.held = old
        elif ruin == "ended":
            await bench.service.revoke_all("ada")
        elif ruin == "expired":
            bench.clock.advance(3_000_000)
        elif ruin == "garbage":
            jar.held["__Secure-refresh"] = "garbage"
        else:
            bench.store.down = True
        told = await bench.ask("POST", "/refresh", headers=jar.headers(*OWN))
        assert told.status == (503 if ruin == "down" else 401)
        assert told.headers("set-cookie") == []
        assert ("auth:refresh_reused" in told.json["code"]) == (ruin == "reused")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "site",
    [
        OTHER,
        [("sec-fetch-site", "same-site")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("origin", "https://app.example"), ("origin", "https://app.example")],
        [("origin", "\xe9")],
        [("sec-fetch-site", "")],
    ],
)
@pytest.mark.parametrize(
    "path", ["/refresh", "/out", "/data", "/revoke-all", "/revoke-others"]
)
def test_another_site_changes_nothing(path: str, site: list[tuple[str, str]]) -> None:
    """A request that acts by cookie is refused, no store is asked, no cookie touched."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        bench.store.calls.clear()
        told = await bench.ask("POST", path, headers=jar.headers(*site))
        assert (told.status, told.json["code"]) == (403, "request:cross_site")
        assert told.headers("set-cookie") == []
        assert bench.store.calls == []
        assert bench.events.names == ["signed_in"]

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "get"])
def test_a_link_from_elsewhere_arrives_signed_in(method: str) -> None:
    """What changes nothing may come from anywhere."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        told = await bench.ask(method, "/me", headers=jar.headers(*OTHER))
        assert (told.status, told.body) == (200, b"ada")

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_another_site_acts_as_nobody(method: str) -> None:
    """With a method that changes things, a cross-site request's cookie is no session."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        told = await bench.ask(method, "/open", headers=jar.headers(*OTHER))
        assert (told.status, told.body) == (200, b"nobody")
        told = await bench.ask(method, "/me", headers=jar.headers(*OTHER))
        assert (told.status, told.json["code"]) == (403, "request:cross_site")

    asyncio.run(scenario())


@pytest.mark.parametrize("way", ["no token", "garbage", "own token in a form"])
def test_another_site_cannot_clear_the_cookies(way: str) -> None:
    """A form elsewhere that signs out, with its own token or none, takes none away."""

    async def scenario() -> None:
        bench = Bench(**{**COOKIES, "refresh_source": "cookie:__Secure-refresh,body:token"})
        await signed_in(bench)
        eve = await bench.service.authenticate("eve")
        form = {
            "no token": b"",
            "garbage": b"token=garbage",
            "own token in a form": b"token=" + eve.refresh_token.encode(),
        }[way]
        told = await bench.ask(
            "POST",
            "/out",
            # Strict and Lax cookies are not sent along: that is how the request looks.
            headers=[*OTHER, ("content-type", "application/x-www-form-urlencoded")],
            chunks=[form],
        )
        assert told.status == (200 if way == "own token in a form" else 401)
        assert told.headers("set-cookie") == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("held", "status"),
    [
        ({}, 401),
        ({"__Host-access": "garbage"}, 401),
        ({"__Host-access": "garbage", "__Secure-refresh": "garbage"}, 401),
    ],
)
def test_signing_out_clears_cookies_that_are_no_good(
    held: dict[str, str], status: int
) -> None:
    """Whoever signs out wants them gone, and no script can reach them."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = Jar()
        jar.held = dict(held)
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        assert told.status == status
        assert jar.take(told) == ["__Host-access", "__Secure-refresh"]
        assert jar.held == {}

    asyncio.run(scenario())


def test_signing_out_in_an_outage_keeps_the_cookies() -> None:
    """The session may live on, so the tokens stay for another try."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        bench.store.down = True
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        assert told.status == 503
        assert told.headers("set-cookie") == []
        bench.store.down = False
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        jar.take(told)
        assert (told.body, jar.held) == (b"True", {})

    asyncio.run(scenario())


def test_the_refresh_cookie_signs_out_when_the_access_cookie_is_gone() -> None:
    """A browser drops the access cookie when it expires; signing out works all the same."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        del jar.held["__Host-access"]
        bench.clock.advance(86_400)
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        assert told.body == b"True"
        assert await bench.service.list("ada") == ()

    asyncio.run(scenario())


def test_trusted_origins_may_act() -> None:
    """An origin that is configured passes; its neighbour does not."""

    async def scenario() -> None:
        bench = Bench(**COOKIES, trusted_origins=["https://www.example"])
        jar = await signed_in(bench)
        for origin, status in (("https://www.example", 200), ("https://ww.example", 403)):
            site = [("sec-fetch-site", "cross-site"), ("origin", origin)]
            told = await bench.ask("POST", "/refresh", headers=jar.headers(*site))
            assert told.status == status

    asyncio.run(scenario())


def test_a_bearer_token_needs_no_site() -> None:
    """No browser adds it by itself, so it acts from anywhere."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        headers = [("authorization", f"Bearer {pair.access_token}"), *OTHER]
        assert (await bench.ask("POST", "/data", headers=headers)).status == 200
        assert (await bench.ask("POST", "/out", headers=headers)).status == 200

    asyncio.run(scenario())


def test_a_token_too_large_for_a_cookie_is_an_error_of_the_server() -> None:
    """A cookie that browsers would ignore is never sent."""

    async def scenario() -> None:
        bench = Bench(**COOKIES, access_claims=lambda _: {"groups": "x" * 4000})
        told = await bench.ask("POST", "/in", headers=OWN)
        assert (told.status, told.json["code"]) == (500, "input:claims")
        assert told.headers("set-cookie") == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("cookie", "status", "code"),
    [
        ("__Host-access=a; __Host-access=b", 400, "request:ambiguous_credentials"),
        ("__Host-access=", 401, "jwt:malformed_token"),
        ('__Host-access="a.b.c"', 401, "jwt:malformed_token"),
        ("__Host-access=a b", 401, "jwt:malformed_token"),
        ("__Host-access=\xe9", 401, "jwt:malformed_token"),
        ("__Host-access=\x00", 401, "jwt:malformed_token"),
        ("__Host-access=" + "a" * 100_000, 401, "jwt:malformed_token"),
        ("__host-access=a.b.c", 401, "auth:access_missing"),
        ("__Host-access", 401, "auth:access_missing"),
        ("=__Host-access", 401, "auth:access_missing"),
        (";;;", 401, "auth:access_missing"),
        ("", 401, "auth:access_missing"),
        ("\xff\xfe", 401, "auth:access_missing"),
    ],
)
def test_cookies_that_cannot_be_tokens_are_named(
    cookie: str, status: int, code: str
) -> None:
    """Each is refused with its own code, and none reaches the store."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        told = await bench.ask(headers=[("cookie", cookie)])
        assert (told.status, told.json["code"]) == (status, code)
        assert bench.store.calls == []

    asyncio.run(scenario())


@pytest.mark.parametrize("operation", ["authenticate", "rotate"])
def test_no_token_is_made_that_no_cookie_could_deliver(operation: str) -> None:
    """Once the answer has begun, refreshing spends no token and nobody is signed in."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        sessions = session_of(scope)
        await (sessions.rotate() if operation == "rotate" else sessions.authenticate("eve"))

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        with pytest.raises(RuntimeError, match="can set no cookie"):
            await bench.ask("POST", app=app, headers=jar.headers(*OWN))
        assert bench.events.names == ["signed_in"]

    asyncio.run(scenario())


def test_without_cookies_tokens_can_be_made_at_any_time() -> None:
    """A stream may refresh in the middle where its own body delivers the tokens."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        pair = await session_of(scope).authenticate("eve")
        await send({"type": "http.response.body", "body": pair.access_token.encode()})

    async def scenario() -> None:
        bench = Bench()
        told = await bench.ask("POST", app=app)
        assert (await bench.service.validate(told.body.decode())).claims["sub"] == "eve"

    asyncio.run(scenario())


def test_signing_out_with_a_forged_refresh_token_clears_the_cookies() -> None:
    """The session lives on, for it was not its owner's token; the browser forgets it."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        claims = dict(
            bench.service._codec.decode_refresh(
                jar.held["__Secure-refresh"], now=bench.clock.now()
            )
        )
        claims["jti"] = "A" * 43 + claims["jti"][43:]
        jar.held = {"__Secure-refresh": bench.service._codec.encode_refresh(claims)}
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        assert (told.status, told.json["code"]) == (401, "auth:refresh_forged")
        assert jar.take(told) == ["__Host-access", "__Secure-refresh"]
        assert len(await bench.service.list("ada")) == 1
        assert bench.events.names[-1] == "refresh_forged"

    asyncio.run(scenario())


def test_another_site_cannot_sign_a_browser_in_with_a_token_of_its_own() -> None:
    """A form that holds somebody else's refresh token sets no cookie here."""

    async def scenario() -> None:
        bench = Bench(access_source="cookie:__Host-access")  # refresh from the body
        mallory = await bench.service.authenticate("mallory")
        form = f"refresh_token={mallory.refresh_token}".encode()
        kind = ("content-type", "application/x-www-form-urlencoded")
        host = ("host", "app.example")
        told = await bench.ask(
            "POST", "/refresh", headers=[host, kind, *OTHER], chunks=[form]
        )
        assert told.status == 403
        assert told.headers("set-cookie") == []
        (session,) = await bench.service.list("mallory")
        assert session.gen == 0
        told = await bench.ask(
            "POST", "/refresh", headers=[host, kind, *OWN], chunks=[form]
        )
        assert told.status == 200

    asyncio.run(scenario())


def test_signing_out_looks_past_a_session_that_has_ended() -> None:
    """An old access cookie does not keep the session of the refresh cookie alive."""

    async def scenario() -> None:
        bench = Bench(**COOKIES)
        jar = await signed_in(bench)
        old = jar.held["__Host-access"]
        await bench.service.logout(old)
        jar = await signed_in(bench)
        jar.held["__Host-access"] = old
        told = await bench.ask("POST", "/out", headers=jar.headers(*OWN))
        assert told.body == b"True"
        assert await bench.service.list("ada") == ()

    asyncio.run(scenario())
