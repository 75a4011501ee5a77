"""While the store does not answer: 503 with Retry-After, never 401."""

import asyncio
import logging
from typing import Any

import pytest
from asgi_driving import Exchange
from web_bench import Bench, bearer

FORM = ("content-type", "application/x-www-form-urlencoded")


def assert_unavailable(told: Exchange) -> None:
    """Check the one answer that an outage has."""
    assert told.status == 503
    assert told.json["code"] == "store:unavailable"
    assert told.header("retry-after") == "1"
    assert told.header("www-authenticate") is None
    assert told.header("cache-control") == "no-store"
    assert told.headers("set-cookie") == []
    assert b"db1" not in told.body


@pytest.mark.parametrize(
    "path",
    [
        "/me",
        "/open",
        "/claims",
        "/in",
        "/refresh",
        "/out",
        "/list",
        "/revoke",
        "/revoke-all",
        "/revoke-others",
        "/data",
    ],
)
def test_every_operation_is_unavailable_and_nothing_is_lost(path: str) -> None:
    """Each answers 503, and the same tokens work when the store is back."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        request: dict[str, Any] = {
            "headers": [*bearer(pair.access_token), FORM],
            "chunks": [b"refresh_token=" + pair.refresh_token.encode()],
            "query": pair.session_id.encode(),
        }
        bench.store.down = True
        assert_unavailable(await bench.ask("POST", path, **request))
        bench.store.down = False
        assert (await bench.ask("POST", path, **request)).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize("down_after", ["get", "insert", "swap"])
def test_an_outage_in_the_middle_is_one_too(down_after: str) -> None:
    """The second call of an operation that fails is answered as the first would be."""

    async def scenario() -> None:
        bench = Bench(touch_interval_secs=0, max_per_user=None)
        pair = await bench.service.authenticate("ada")
        inner = bench.store._inner

        class Failing:
            def __getattr__(self, name: str) -> Any:
                if name == down_after:
                    bench.store.down = True
                return getattr(inner, name)

        bench.store._inner = Failing()  # type: ignore[assignment]
        told = await bench.ask("POST", "/revoke-others", headers=bearer(pair.access_token))
        if down_after == "get":
            assert_unavailable(told)
        else:
            assert told.status == 200

    asyncio.run(scenario())


def test_a_failed_touch_fails_no_request() -> None:
    """The note about activity is not worth a refusal."""

    async def scenario() -> None:
        bench = Bench(touch_interval_secs=0)
        pair = await bench.service.authenticate("ada")

        async def broken(*_: Any, **__: Any) -> bool:
            raise OSError

        bench.store.touch = broken  # type: ignore[attr-defined]
        told = await bench.ask(headers=bearer(pair.access_token))
        assert (told.status, told.body) == (200, b"ada")

    asyncio.run(scenario())


def test_the_operator_is_told_why(caplog: pytest.LogCaptureFixture) -> None:
    """The cause that the answer keeps to itself is in the log."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        bench.store.down = True
        await bench.ask(headers=bearer(pair.access_token))

    with caplog.at_level(logging.ERROR, "jwtsession"):
        asyncio.run(scenario())
    assert "answered 503: store:unavailable" in caplog.text
    assert "db1.internal refused" in caplog.text


def test_refusals_are_not_errors_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """What a client has to mend is not logged as a failure."""

    async def scenario() -> None:
        bench = Bench()
        for headers in ((), bearer("garbage")):
            assert (await bench.ask(headers=headers)).status == 401

    with caplog.at_level(logging.WARNING, "jwtsession"):
        asyncio.run(scenario())
    assert caplog.records == []
