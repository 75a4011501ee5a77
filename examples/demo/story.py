"""Three devices, eight refreshes at once, one stolen token, and three ways to sign out."""

from __future__ import annotations

import asyncio
import secrets
from itertools import count
from typing import TYPE_CHECKING, Any

from examples.demo.lines import Line, eight_lines, worker_of
from examples.demo.narration import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, NO_CONTENT, UNAUTHORIZED = 200, 204, 401
GRACE_SECS = 2
ACCESS_TTL_SECS = 10
SETTINGS = {
    "JWTSESSION_SIGNING_SECRET": secrets.token_urlsafe(48),
    "JWTSESSION_REUSE_GRACE_SECS": str(GRACE_SECS),
    "JWTSESSION_ACCESS_TTL_SECS": str(ACCESS_TTL_SECS),
}


async def tell(port: int) -> None:
    """Go through the story, each step on what the ones before it left."""
    numbers = count(1)
    async with eight_lines(port) as lines:
        devices = await sign_in(Step(next(numbers), "Ada signs in on three devices"), lines)
        laptop, phone, tablet = devices
        await protected(Step(next(numbers), "the laptop asks who it is"), lines, laptop)
        what = "the phone refreshes eight times at once, with the one token it has"
        stolen = dict(phone)
        await eight_refreshes(Step(next(numbers), what), lines, phone)
        await list_devices(
            Step(next(numbers), "the laptop lists the devices"), lines, laptop
        )
        await asyncio.sleep(GRACE_SECS + 1)
        what = f"a thief replays the phone's first token, after the grace of {GRACE_SECS} s"
        await replay(Step(next(numbers), what), lines, stolen, phone, (laptop, tablet))
        what = "the laptop signs out everywhere else"
        await sign_out_elsewhere(Step(next(numbers), what), lines, laptop, tablet)
        await asyncio.sleep(ACCESS_TTL_SECS)
        what = "the laptop signs out, with an access token that has expired meanwhile"
        await sign_out_expired(Step(next(numbers), what), lines, laptop)


async def sign_in(step: Step, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Three sign-ins, answered by both processes."""
    devices = ("laptop", "phone", "tablet")
    forms = [{"user": "ada", "device": device} for device in devices]
    answers = [
        await line.post("/sign-in", json=form)
        for line, form in zip(lines, forms, strict=False)
    ]
    step.see("three pairs of tokens", holds=all(one.status_code == OK for one in answers))
    workers = sorted({worker_of(one) for one in answers})
    step.see(f"answered by processes {' and '.join(workers)}", holds=len(workers) == 2)
    step.tell()
    return [one.json() for one in answers]


async def protected(step: Step, lines: Sequence[Line], laptop: dict[str, Any]) -> None:
    """One request with an access token, and one without."""
    answer = await lines[1].get("/me", access=laptop["access_token"])
    step.see(f"200, {answer.json().get('name')}", holds=answer.status_code == OK)
    answer = await lines[0].get("/me")
    refused = (answer.status_code, answer.json().get("code"))
    step.see(
        "401 auth:access_missing without a token",
        holds=refused == (UNAUTHORIZED, "auth:access_missing"),
    )
    step.tell()


async def eight_refreshes(step: Step, lines: Sequence[Line], phone: dict[str, Any]) -> None:
    """Eight clients with one refresh token: one generation, one next token."""
    body = {"refresh_token": phone["refresh_token"]}
    answers = await asyncio.gather(
        *[line.post("/auth/refresh", json=body) for line in lines]
    )
    step.see("eight times 200", holds=[one.status_code for one in answers] == [OK] * 8)
    pairs = [one.json() for one in answers]
    successors = {pair["refresh_token"] for pair in pairs}
    step.see("eight times the same next refresh token", holds=len(successors) == 1)
    who = await asyncio.gather(
        *[
            line.get("/me", access=pair["access_token"])
            for line, pair in zip(lines, pairs, strict=True)
        ]
    )
    works = all(one.status_code == OK for one in who)
    step.see("eight access tokens that work", holds=works)
    generations = {one.json()["generation"] for one in who}
    step.see("the session moved one generation", holds=generations == {1})
    workers = [worker_of(one) for one in answers]
    shares = sorted(workers.count(one) for one in set(workers))
    step.see(f"{shares[0]} answers from each process", holds=shares == [4, 4])
    phone.update(pairs[0])
    step.tell()


async def list_devices(step: Step, lines: Sequence[Line], laptop: dict[str, Any]) -> None:
    """The user's list, in which nothing is secret."""
    answer = await lines[0].get("/auth/sessions", access=laptop["access_token"])
    listed = answer.json()
    devices = [one["meta"]["device"] for one in listed]
    step.see(", ".join(devices), holds=sorted(devices) == ["laptop", "phone", "tablet"])
    current = [one["id"] for one in listed if one["current"]]
    step.see("this one marked", holds=current == [laptop["session_id"]])
    secret = any(laptop[name] in answer.text for name in ("access_token", "refresh_token"))
    step.see("no token in it", holds=not secret)
    step.tell()


async def replay(
    step: Step,
    lines: Sequence[Line],
    stolen: dict[str, Any],
    phone: dict[str, Any],
    others: tuple[dict[str, Any], ...],
) -> None:
    """A superseded token: its session ends, nobody else's does, and there is an event."""
    body = {"refresh_token": stolen["refresh_token"]}
    answer = await lines[0].post("/auth/refresh", json=body)
    refused = (answer.status_code, answer.json().get("code"))
    step.see(
        "401 auth:refresh_reused", holds=refused == (UNAUTHORIZED, "auth:refresh_reused")
    )
    answer = await lines[1].post(
        "/auth/refresh", json={"refresh_token": phone["refresh_token"]}
    )
    ended = answer.json().get("code") == "auth:session_not_found"
    step.see("the phone's newest token is refused too", holds=ended)
    lives = [await lines[1].get("/me", access=one["access_token"]) for one in others]
    step.see("laptop and tablet live on", holds=all(one.status_code == OK for one in lives))
    events = (await lines[1].get("/events")).json()
    alarms = [one for one in events if one["name"] == "refresh_reused"]
    told = [one["session_id"] for one in alarms] == [phone["session_id"]]
    shown = {"name": "refresh_reused", **alarms[0]["detail"]} if alarms else {}
    generations = f"presented {shown.get('presented_gen')}, session at {shown.get('gen')}"
    step.see(f"one event, refresh_reused: {generations}", holds=told)
    step.tell()


async def sign_out_elsewhere(
    step: Step, lines: Sequence[Line], laptop: dict[str, Any], tablet: dict[str, Any]
) -> None:
    """All sessions but this one."""
    answer = await lines[0].delete("/auth/sessions", access=laptop["access_token"])
    step.see(f"{answer.json().get('ended')} ended", holds=answer.json() == {"ended": 1})
    gone = await lines[1].get("/me", access=tablet["access_token"])
    step.see("the tablet is signed out", holds=gone.status_code == UNAUTHORIZED)
    lives = await lines[1].get("/me", access=laptop["access_token"])
    step.see("the laptop is not", holds=lives.status_code == OK)
    step.tell()


async def sign_out_expired(
    step: Step, lines: Sequence[Line], laptop: dict[str, Any]
) -> None:
    """An access token that opens no door any more still closes its own."""
    answer = await lines[0].get("/me", access=laptop["access_token"])
    expired = answer.json().get("code") == "jwt:expired"
    step.see("401 jwt:expired for a request with it", holds=expired)
    answer = await lines[1].post("/auth/logout", access=laptop["access_token"])
    step.see("204 for signing out with it", holds=answer.status_code == NO_CONTENT)
    body = {"refresh_token": laptop["refresh_token"]}
    answer = await lines[0].post("/auth/refresh", json=body)
    ended = answer.json().get("code") == "auth:session_not_found"
    step.see("the session has ended: its refresh token is refused", holds=ended)
    step.tell()
