"""What is noted of a request: where it came from, cut to fit."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from asgi_driving import exchange, http_scope
from hypothesis import given, settings
from hypothesis import strategies as st
from web_bench import Bench, bearer, reply

from jwtsession.asgi import session_of
from jwtsession.canonical import dumps
from jwtsession.models import META_MAX_BYTES, SEEN_MAX_BYTES
from jwtsession.web.view import ScopeView, SessionMeta

AGENT = "Mozilla/5.0 (X11; Linux x86_64)"


def meta_of(agent: str | None = AGENT, client: Any = ("203.0.113.7", 1)) -> SessionMeta:
    """Return what is noted of a request."""
    headers = [] if agent is None else [("user-agent", agent)]
    scope = http_scope(headers=headers, client=client)
    return SessionMeta.of(scope, ScopeView.of(scope))


@pytest.mark.parametrize(
    ("agent", "client", "wanted"),
    [
        (AGENT, ("203.0.113.7", 1), {"ip_address": "203.0.113.7", "user_agent": AGENT}),
        (None, ("::1", 1), {"ip_address": "::1"}),
        (AGENT, None, {"user_agent": AGENT}),
        (None, None, {}),
        ("", ("", 0), {}),
        ("a\x00\x1b[31mb\x7f\x85", None, {"user_agent": "a[31mb"}),
        ("x" * 999, ("y" * 999, 1), {"ip_address": "y" * 64, "user_agent": "x" * 256}),
    ],
)
def test_what_is_noted(agent: str | None, client: Any, wanted: Mapping[str, str]) -> None:
    """The peer and the user agent, without what is not printable, each cut."""
    assert meta_of(agent, client).merged(max_bytes=SEEN_MAX_BYTES) == wanted


def test_the_application_s_members_win() -> None:
    """What the application says of a device stands over what the request says."""
    more = {"device": "phone", "user_agent": "ours"}
    assert meta_of().merged(more, max_bytes=META_MAX_BYTES) == {
        "ip_address": "203.0.113.7",
        "user_agent": "ours",
        "device": "phone",
    }
    assert more == {"device": "phone", "user_agent": "ours"}


@settings(deadline=None)
@given(
    agent=st.text(st.characters(max_codepoint=255)),
    more=st.dictionaries(st.text(max_size=5), st.text(max_size=60), max_size=4),
    limit=st.integers(40, 600),
)
def test_nothing_a_client_sends_makes_it_too_long(
    agent: str, more: dict[str, str], limit: int
) -> None:
    """Whatever fits without the request's part fits with it, and is kept whole."""
    more = {key.encode(errors="ignore").decode(): "x" for key in more} | {"a": "b"}
    merged = meta_of(agent).merged(more, max_bytes=limit)
    assert merged.items() >= more.items()
    if len(dumps(more).encode()) <= limit:
        assert len(dumps(merged).encode()) <= limit


@pytest.mark.parametrize("limit", range(40, 110))
def test_it_gives_way_at_the_end_first(limit: int) -> None:
    """The user agent is cut before the address goes, and the application's part never."""
    merged = meta_of('"' * 50).merged({"a": "b"}, max_bytes=limit)
    size = len(json.dumps(merged, separators=(",", ":")))
    assert size <= limit
    assert merged["a"] == "b"
    if limit >= 60:
        assert merged["ip_address"] == "203.0.113.7"
    if limit >= 70:
        assert merged["user_agent"]
        assert size > limit - 10


@pytest.mark.parametrize(
    ("meta", "code"),
    [
        ({"x": "y" * 2100}, "input:metadata"),
        ({"x": float("nan")}, "input:metadata"),
        ({"x": "\ud800"}, "input:metadata"),
        ({"x": object()}, "input:metadata"),
        ({1: 2}, "input:metadata"),
        ("text", "input:metadata"),
        ([("a", "b")], "input:metadata"),
        ({"x": {"y": "z" * 2100}}, "input:metadata"),
    ],
)
def test_metadata_that_cannot_be_kept_is_named(meta: Any, code: str) -> None:
    """What the application passes is refused by the service, before any store is asked."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await session_of(scope).authenticate("ada", meta)
        await reply(send, 200)

    async def scenario() -> None:
        bench = Bench()
        told = await bench.ask("POST", app=app)
        assert (told.status, told.json["code"]) == (400, code)
        assert bench.store.calls == []

    asyncio.run(scenario())


def test_what_is_noted_is_kept_with_the_session() -> None:
    """Sign-in writes ``meta``, a refresh writes ``seen``, and events tell both."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        pair = await session_of(scope).authenticate(
            "ada", {"device": "phone"}, data={"theme": "dark"}
        )
        await reply(send, 200, f"{pair.access_token} {pair.refresh_token}")

    async def scenario() -> None:
        bench = Bench()
        agent = ("user-agent", AGENT)
        told = await bench.ask("POST", app=app, headers=[agent])
        access, refresh = told.body.decode().split()
        form = ("content-type", "application/x-www-form-urlencoded")
        await exchange(
            bench.layer(),
            "POST",
            "/refresh",
            headers=[("user-agent", "other"), form],
            chunks=[b"refresh_token=" + refresh.encode()],
            client=("198.51.100.1", 1),
        )
        (session,) = await bench.service.list("ada")
        assert session.meta == {
            "device": "phone",
            "ip_address": "203.0.113.7",
            "user_agent": AGENT,
        }
        assert session.data == {"theme": "dark"}
        assert session.seen == {"ip_address": "198.51.100.1", "user_agent": "other"}
        assert bench.events.events[0].detail["meta"] == session.meta
        assert bench.events.events[1].detail["seen"] == session.seen
        assert (await bench.ask(headers=bearer(access))).body == b"ada"

    asyncio.run(scenario())


def test_a_view_shows_nothing_of_a_request() -> None:
    """Its repr tells the method; headers, query and body may hold tokens."""
    scope = http_scope(headers=[("cookie", "a=hunter2")], query=b"token=hunter2")
    view = ScopeView.of(scope).with_body(b"hunter2")
    assert "hunter2" not in repr(view)
    assert view.headers("Cookie") == ("a=hunter2",)
    assert view.headers("cook") == ()
    assert view.headers("ookie") == ()
    assert view.headers("cook\xefe") == ()
    assert view.headers("\u2028") == ()
