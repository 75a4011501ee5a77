"""Several tabs, retries and lost answers, over ASGI."""

import asyncio

import pytest
from web_bench import Bench, bearer

FORM = [("content-type", "application/x-www-form-urlencoded")]


async def refreshed(bench: Bench, token: str) -> tuple[str, str]:
    """Refresh, and return the access token and the refresh token."""
    told = await bench.ask(
        "POST", "/refresh", headers=FORM, chunks=[b"refresh_token=" + token.encode()]
    )
    assert told.status == 200, told.json
    access, refresh = told.body.decode().split()
    return access, refresh


@pytest.mark.parametrize("clients", [2, 8, 40])
def test_all_are_answered_with_the_same_next_token(clients: int) -> None:
    """One generation, one next refresh token, and an access token each that works."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        answers = await asyncio.gather(
            *(refreshed(bench, pair.refresh_token) for _ in range(clients))
        )
        assert len({refresh for _, refresh in answers}) == 1
        assert answers[0][1] != pair.refresh_token
        assert len({access for access, _ in answers}) == clients
        for access, _ in answers:
            assert (await bench.ask(headers=bearer(access))).body == b"ada"
        (session,) = await bench.service.list("ada")
        assert session.gen == 1
        # What was in flight meanwhile does not fail.
        assert (await bench.ask(headers=bearer(pair.access_token))).status == 200

    asyncio.run(scenario())


def test_a_token_from_before_the_grace_ends_the_session_and_no_other() -> None:
    """Afterwards neither the old token nor its successor refreshes; other devices do."""

    async def scenario() -> None:
        bench = Bench()
        stolen = await bench.service.authenticate("ada")
        other = await bench.service.authenticate("ada")
        _, current = await refreshed(bench, stolen.refresh_token)
        bench.clock.advance(31)
        body = [b"refresh_token=" + stolen.refresh_token.encode()]
        told = await bench.ask("POST", "/refresh", headers=FORM, chunks=body)
        assert (told.status, told.json["code"]) == (401, "auth:refresh_reused")
        for token in (stolen.refresh_token, current):
            body = [b"refresh_token=" + token.encode()]
            told = await bench.ask("POST", "/refresh", headers=FORM, chunks=body)
            assert (told.status, told.json["code"]) == (401, "auth:session_not_found")
        await refreshed(bench, other.refresh_token)
        assert bench.events.names.count("refresh_reused") == 1

    asyncio.run(scenario())


def test_a_cancelled_request_loses_nothing() -> None:
    """Whoever hangs up in the middle gets the next token by asking again."""

    async def scenario() -> None:
        bench = Bench()
        pair = await bench.service.authenticate("ada")
        for steps in range(12):
            request = asyncio.ensure_future(refreshed(bench, pair.refresh_token))
            for _ in range(steps):
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
        _, refresh = await refreshed(bench, pair.refresh_token)
        bench.clock.advance(60)
        await refreshed(bench, refresh)

    asyncio.run(scenario())
