"""What applications get for their own tests."""

import asyncio
import time
from typing import Any

import httpx2
import pytest
from jwtsession_stores.memory import MemoryStore
from starlette.testclient import TestClient
from web_bench import Bench, routes

from jwtsession.asgi import JwtLayer
from jwtsession.errors import ConfigInvalid
from jwtsession.service import JwtSessionService
from jwtsession.testing import EventRecorder, ManualClock, settings, sign_in


def test_a_clock_stands_still_until_it_is_moved() -> None:
    """Forward and back, by whole seconds, from the real present or any other."""
    clock = ManualClock(1000)
    assert [clock.now(), clock.now()] == [1000, 1000]
    clock.advance(60)
    assert clock.now() == 1060
    clock.advance(-61)
    assert clock.now() == 999
    before = int(time.time())
    assert before <= ManualClock().now() <= int(time.time())


def test_events_are_remembered_in_order() -> None:
    """The recorder keeps what happened until it is told to forget."""

    async def scenario() -> None:
        bench = Bench()
        ada = await sign_in(bench.service, "ada")
        await bench.service.logout(ada.pair.access_token)
        assert bench.events.names == ["signed_in", "signed_out"]
        assert bench.events.events[0].user_id == "ada"
        bench.events.clear()
        assert bench.events.names == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"access_source": "cookie:a", "refresh_source": "cookie:r"},
        {"access_source": "cookie:a"},
        {"access_source": "header:x-token"},
        {"access_source": "body:token,bearer"},
    ],
)
def test_headers_of_a_user_who_is_signed_in_go_with_any_client(changes: Any) -> None:
    """Whatever is configured, the headers sign a request in, over httpx and Starlette."""
    service = JwtSessionService(MemoryStore(), settings(**changes))
    app = JwtLayer(routes, service)

    async def scenario() -> dict[str, str]:
        ada = await sign_in(service, "ada", {"device": "phone"}, data={"a": 1})
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://x") as client:
            told = await client.get("/me", headers=ada.headers)
            assert (told.status_code, told.text) == (200, "ada")
        (session,) = await service.list("ada")
        assert (session.meta, session.data) == ({"device": "phone"}, {"a": 1})
        assert (ada.user_id, ada.pair.session_id) == ("ada", session.id)
        for token in (ada.pair.access_token, ada.pair.refresh_token):
            assert token not in repr(ada)
        return dict(ada.headers)

    headers = asyncio.run(scenario())
    told = TestClient(app, headers=headers).get("/me")
    assert (told.status_code, told.text) == (200, "ada")
    if changes.get("refresh_source"):
        assert TestClient(app, headers=headers).post("/refresh").status_code == 200


def test_a_token_that_no_header_carries_is_named() -> None:
    """Where the token belongs into a body, the test has to put it there."""

    async def scenario() -> None:
        service = JwtSessionService(MemoryStore(), settings(access_source="body:token"))
        with pytest.raises(ConfigInvalid, match=r"pair\.access_token"):
            await sign_in(service, "ada")

    asyncio.run(scenario())


def test_settings_draw_a_secret_of_their_own() -> None:
    """Two tests never share a key, and what is wrong is said as anywhere."""
    one, other = settings(), settings(access_ttl_secs=60)
    assert one.signing_secret != other.signing_secret
    assert (one.access_ttl_secs, other.access_ttl_secs) == (900, 60)
    with pytest.raises(ConfigInvalid):
        settings(access_ttl_secs=-1)


def test_the_recorder_is_a_sink_and_the_clock_a_clock() -> None:
    """Both go where the service expects them."""
    clock, events = ManualClock(5), EventRecorder()
    service = JwtSessionService(MemoryStore(), settings(), clock=clock, events=events)
    asyncio.run(sign_in(service, "ada"))
    assert events.events[0].at == 5
