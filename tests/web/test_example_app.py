"""The example application, in this process: two copies of it over one directory."""

import asyncio
import importlib
import json
import os
import re
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from jwtsession.errors import ConfigInvalid

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "examples" / "app" / "page"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module of the application, as a server run in the checkout imports it."""
    monkeypatch.syspath_prepend(str(ROOT))
    for name in [name for name in sys.modules if name.split(".")[0] == "examples"]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("examples.app.main")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment for it."""
    return {
        "JWTSESSION_SIGNING_SECRET": secrets.token_urlsafe(48),
        "JWTSESSION_EXAMPLE_DIR": str(tmp_path / "made" / "here"),
    }


@asynccontextmanager
async def running(app: Any) -> AsyncGenerator[httpx2.AsyncClient]:
    """Start the application and return a client of it."""
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://example") as client,
    ):
        yield client


async def signed_in(client: httpx2.AsyncClient, user: str, device: str) -> dict[str, Any]:
    """Sign in and return the pair."""
    told = await client.post("/sign-in", json={"user": user, "device": device})
    assert told.status_code == 200
    pair: dict[str, Any] = told.json()
    return pair


def bearer(pair: dict[str, Any]) -> dict[str, str]:
    """Return the headers of a device."""
    return {"authorization": f"Bearer {pair['access_token']}"}


def test_the_whole_story(example: Any, environ: dict[str, str]) -> None:
    """Devices, simultaneous refreshes, a theft, and signing out, on two copies at once."""

    async def scenario() -> None:
        async with (
            running(example.create_app(environ)) as one,
            running(example.create_app(environ)) as other,
        ):
            phone, laptop, tablet = [
                await signed_in(one, "ada", name) for name in ("phone", "laptop", "tablet")
            ]
            me = await other.get("/me", headers=bearer(phone))
            assert me.json()["name"] == "Ada Lovelace"
            assert me.headers["x-worker"] == str(os.getpid())

            token = {"refresh_token": laptop["refresh_token"]}
            answers = await asyncio.gather(
                *(each.post("/auth/refresh", json=token) for each in (one, other) * 4)
            )
            assert [told.status_code for told in answers] == [200] * 8
            assert len({told.json()["refresh_token"] for told in answers}) == 1
            for told in answers:
                me = await one.get("/me", headers=bearer(told.json()))
                assert me.json()["generation"] == 1

            listed = await other.get("/auth/sessions", headers=bearer(phone))
            assert {entry["meta"]["device"] for entry in listed.json()} == {
                "phone",
                "laptop",
                "tablet",
            }
            told = await one.delete("/auth/sessions", headers=bearer(tablet))
            assert told.json() == {"ended": 2}
            assert (await other.get("/me", headers=bearer(phone))).status_code == 401
            assert (
                await other.post("/auth/logout", headers=bearer(tablet))
            ).status_code == 204
            assert (await one.get("/me", headers=bearer(tablet))).status_code == 401

            events = (await other.get("/events")).json()
            names = [event["name"] for event in events]
            assert names.count("signed_in") == 3
            assert names.count("rotated") + names.count("refresh_retried") == 8
            assert names[-2:] == ["revoked_all", "signed_out"]
            assert (await other.get("/events?limit=1")).json() == events[-1:]
            for pair in (phone, laptop, tablet, answers[0].json()):
                for part in pair["refresh_token"].split(".")[1:]:
                    assert part not in json.dumps(events)

    asyncio.run(scenario())


def test_a_stolen_token_ends_its_session_alone(
    example: Any, environ: dict[str, str]
) -> None:
    """The thief is refused, the victim signs in again, the other device stays."""
    environ["JWTSESSION_REUSE_GRACE_SECS"] = "0"

    async def scenario() -> None:
        async with running(example.create_app(environ)) as client:
            victim = await signed_in(client, "grace", "phone")
            other = await signed_in(client, "grace", "laptop")
            current = victim
            for _ in range(2):
                token = {"refresh_token": current["refresh_token"]}
                current = (await client.post("/auth/refresh", json=token)).json()
            token = {"refresh_token": victim["refresh_token"]}
            told = await client.post("/auth/refresh", json=token)
            assert (told.status_code, told.json()["code"]) == (401, "auth:refresh_reused")
            assert (await client.get("/me", headers=bearer(current))).status_code == 401
            assert (await client.get("/me", headers=bearer(other))).status_code == 200
            (alarm,) = [
                event
                for event in (await client.get("/events")).json()
                if event["name"] == "refresh_reused"
            ]
            assert alarm["session_id"] == victim["session_id"]

    asyncio.run(scenario())


def test_sessions_outlive_a_restart(example: Any, environ: dict[str, str]) -> None:
    """What the directory holds is there when the application starts again."""

    async def scenario() -> None:
        async with running(example.create_app(environ)) as client:
            pair = await signed_in(client, "alan", "phone")
        async with running(example.create_app(environ)) as client:
            assert (await client.get("/me", headers=bearer(pair))).status_code == 200
            assert len((await client.get("/events")).json()) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": "ada"}, 200),
        ({"user": "mallory"}, 403),
        ({"user": ""}, 403),
        ({"user": "a\x00"}, 403),
        ({"user": "ada", "device": "x" * 81}, 422),
        ({"user": 7}, 422),
        ({}, 422),
        ([], 422),
    ],
)
def test_signing_in_is_for_those_who_are_known(
    example: Any, environ: dict[str, str], body: Any, status: int
) -> None:
    """Others are refused, and no session begins."""

    async def scenario() -> None:
        async with running(example.create_app(environ)) as client:
            told = await client.post("/sign-in", json=body)
            assert told.status_code == status
            events = (await client.get("/events?limit=-5")).json()
            assert events == []
            events = (await client.get("/events?limit=99999999")).json()
            assert len(events) == (1 if status == 200 else 0)

    asyncio.run(scenario())


def test_the_page_is_whole_and_fetches_nothing_from_elsewhere(
    example: Any, environ: dict[str, str]
) -> None:
    """Everything it links to is served here, and it may load nothing else."""

    async def scenario() -> None:
        async with running(example.create_app(environ)) as client:
            page = await client.get("/")
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert "default-src 'none'" in page.headers["content-security-policy"]
            linked = re.findall(r'(?:href|src)="([^"]*)"', page.text)
            assert {"/page.css", "/page.js", "/client.js", "/openapi.json"} == set(linked)
            for path in linked:
                assert (await client.get(path)).status_code == 200
            script = await client.get("/page.js")
            assert script.headers["content-type"] == "text/javascript; charset=utf-8"
            for text in (page.text, script.text, (await client.get("/page.css")).text):
                assert "://" not in text

    asyncio.run(scenario())


def test_the_script_finds_what_it_looks_for() -> None:
    """Each id that the script asks for is in the page, once."""
    page = (PAGE / "index.html").read_text()
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    asked = re.findall(r'\bat\("([^"]*)"\)', (PAGE / "page.js").read_text())
    assert asked
    assert set(asked) <= set(ids)


def test_a_missing_secret_is_named(example: Any, environ: dict[str, str]) -> None:
    """Without a secret nothing starts, and the error says how to make one."""
    del environ["JWTSESSION_SIGNING_SECRET"]
    with pytest.raises(ConfigInvalid, match="signing_secret"):
        example.create_app(environ)


def test_a_server_can_ask_for_the_application_by_name(
    example: Any, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``examples.app.main:app`` is made of the environment when it is asked for."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert example.app.title == "jwtsession example"
    with pytest.raises(AttributeError):
        _ = example.nothing


def test_expired_sessions_are_cleaned_up_while_it_runs(
    example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again and again, and an outage of the store does not end that."""
    calls: list[str] = []

    class Service:
        async def cleanup_expired(self) -> int:
            calls.append("clean")
            if len(calls) == 1:
                raise example.StoreUnavailable
            if len(calls) == 3:
                enough.set()
            return 0

    enough = asyncio.Event()

    async def scenario() -> None:
        monkeypatch.setattr(example, "CLEANING_INTERVAL_SECS", 0)
        async with example.cleaning(Service()):
            await enough.wait()

    asyncio.run(scenario())
