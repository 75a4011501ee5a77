"""No token, secret or hash in anything that may be written down (SERVICE-EVENT-SILENT)."""

import base64
import logging
import traceback
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fault_store import FaultStore, lose_writes_since
from jwtsession_stores.memory import MemoryStore
from own_loop import own_loop
from service_world import (
    GRACE,
    SIGNING_SECRET,
    Heard,
    World,
    claims_of,
    secret_of,
    world_of,
)

from jwtsession.events import log_events
from jwtsession.lifecycle import begin, refresh_hash, resume
from jwtsession.minting import presented_from
from jwtsession.models import TokenPair
from jwtsession.protocols import Event
from jwtsession.steps import Ask, Attempt


@dataclass
class Written:
    """Everything that was, or may be, written down; and what must not be in it."""

    texts: list[str] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    errors: int = 0

    def keep(self, *values: object) -> None:
        """Keep how values show."""
        for value in values:
            self.texts += [repr(value), str(value)]

    def guard_bytes(self, value: bytes) -> None:
        """Forbid octets in every form in which they may be written."""
        encoded = [base64.b64encode(value), base64.urlsafe_b64encode(value)]
        self.forbidden |= {value.hex(), value.hex().upper(), repr(value)[2:-1]}
        self.forbidden |= {text.decode().rstrip("=") for text in encoded}

    def guard(self, pair: TokenPair) -> None:
        """Forbid both tokens, their secret, its hashes and their ids."""
        secret = secret_of(pair.refresh_token)
        self.guard_bytes(secret)
        for gen in range(6):
            self.guard_bytes(refresh_hash(secret, gen))
        for token in (pair.access_token, pair.refresh_token):
            self.guard_token(token)
            self.forbidden.add(claims_of(token)["jti"])

    def guard_token(self, token: str) -> None:
        """Forbid a token and its long segments."""
        self.forbidden |= {token, *(part for part in token.split(".") if len(part) > 40)}

    async def attempt(self, call: Awaitable[Any]) -> Any:
        """Await a call and keep what it answers or raises, with causes and traceback."""
        try:
            answer = await call
        except Exception as error:  # noqa: BLE001 - of whatever kind, it may be logged
            self.errors += 1
            self.texts += traceback.format_exception(error)
            link: BaseException | None = error
            while link is not None:
                self.keep(link, link.args, vars(link))
                link = link.__cause__ or link.__context__
            return None
        self.keep(answer)
        if isinstance(answer, TokenPair):
            self.guard(answer)
        return answer


async def whole_life(world: World, faulty: FaultStore, written: Written) -> None:
    """Drive every operation through every way it can go, refusals and outages included."""
    service, clock = world.service, world.clock
    attempt = written.attempt
    first = await attempt(service.authenticate("ann", {"ip": "x"}, data={"d": 1}))
    record = await world.record(first)
    moved = await attempt(service.rotate(first.refresh_token, {"n": 1}))
    await attempt(service.rotate(first.refresh_token, {"n": 2}))
    await attempt(service.rotate(moved.refresh_token))
    await attempt(service.validate(moved.access_token))
    await attempt(service.list("ann"))
    await attempt(service.replace_data("ann", first.session_id, {"d": 2}))
    await lose_writes_since(faulty.inner, record, clock.at)
    await attempt(service.rotate(moved.refresh_token))
    for gen in (0, 1, 5):
        forged = world.forge_stranger(moved.refresh_token, gen)
        written.guard_token(forged)
        written.guard_bytes(secret_of(forged))
        await attempt(service.rotate(forged))
        await attempt(service.logout(forged))
    for call in ("get", "swap", "insert", "remove", "remove_all", "list", "touch"):
        for when in ("before", "after"):
            clock.advance(GRACE * 10)
            faulty.fail_next(call, when)  # type: ignore[arg-type]
            fresh = await attempt(service.authenticate("bob"))
            fresh = fresh or await attempt(service.authenticate("bob"))
            clock.advance(GRACE * 10)
            await attempt(service.validate(fresh.access_token))
            newer = await attempt(service.rotate(fresh.refresh_token))
            newer = newer or await attempt(service.rotate(fresh.refresh_token))
            await attempt(service.rotate(newer.refresh_token))
            clock.advance(GRACE)
            await attempt(service.rotate(fresh.refresh_token))  # reuse
            await attempt(service.logout(newer.refresh_token))
            await attempt(service.list("bob"))
            await attempt(service.revoke_all("bob"))
    for broken in tampered(moved):
        written.guard_token(broken)
        for operation in (service.validate, service.rotate, service.logout):
            await attempt(operation(broken))
    await attempt(service.rotate(moved.access_token))
    await attempt(service.validate(moved.refresh_token))
    clock.advance(10**8)
    await attempt(service.validate(moved.access_token))
    await attempt(service.rotate(moved.refresh_token))
    await attempt(service.revoke("ann", first.session_id))
    await attempt(service.cleanup_expired())
    await service.aclose()


def tampered(pair: TokenPair) -> list[str]:
    """Return tokens with each segment altered, cut short, or swapped for another's."""
    found = []
    for token in (pair.access_token, pair.refresh_token):
        head, payload, signature = token.split(".")
        found += [
            f"{head}.{payload}.{signature[:-4]}AAAA",
            f"{head}.{payload[:-4]}AAAA.{signature}",
            f"{head}.{payload}",
            f"{head[:-2]}.{payload}.{signature}",
            f"{token}.{signature}",
            f" {token}",
            f"{token}é",
        ]
    return found


@own_loop
async def test_nothing_secret_is_written_down(caplog: pytest.LogCaptureFixture) -> None:
    """Reprs, logs, events and errors of a whole life hold no token, secret, jti or hash."""
    # SERVICE-EVENT-SILENT
    caplog.set_level(logging.DEBUG)
    heard = Heard()

    def sink(event: Event, /) -> None:
        heard(event)
        log_events(event)
        if len(heard) % 3 == 0:
            raise RuntimeError("a sink that fails now and then")

    faulty = FaultStore(MemoryStore())
    world = world_of(faulty, events=sink)
    written = Written()
    await whole_life(world, faulty, written)
    written.forbidden.add(SIGNING_SECRET)
    for event in heard:
        written.keep(event, dict(event.detail))
    for record in caplog.records:
        written.keep(record.getMessage(), vars(record))
        if record.exc_info:
            written.texts += traceback.format_exception(*record.exc_info)
    written.keep(world.service, world.config, world.codec, vars(world.service))
    everything = "\n".join(written.texts)
    assert written.errors > 60
    assert len(heard) > 60
    assert len(caplog.records) > 60
    leaked = sorted(secret for secret in written.forbidden if secret in everything)
    assert leaked == []


@own_loop
async def test_the_search_would_find_what_it_looks_for() -> None:
    """Each form of a secret is found where it is written: the search above is no sham."""
    world = world_of()
    pair = await world.service.authenticate("ann")
    secret = secret_of(pair.refresh_token)
    for leak in (
        {"token": pair.refresh_token},
        pair.access_token.split(".")[1],
        secret,
        secret.hex(),
        (await world.record(pair)).refresh_hash,
        claims_of(pair.access_token)["jti"],
    ):
        written = Written()
        written.guard(pair)
        written.keep(leak)
        everything = "\n".join(written.texts)
        assert any(secret in everything for secret in written.forbidden)


@own_loop
async def test_no_step_of_the_law_shows_a_secret() -> None:
    """Questions, answers and outcomes hide secret and hash in their reprs."""
    # SERVICE-EVENT-SILENT
    world = world_of()
    written = Written()
    first = await world.service.authenticate("ann", {"ip": "hidden-meta"})
    second = await world.service.rotate(first.refresh_token, {"ip": "hidden-seen"})
    record = await world.record(first)
    for pair, later in [(first, 1), (first, GRACE), (second, 1), (second, GRACE)]:
        written.guard(pair)
        attempt = Attempt(
            presented=presented_from(claims_of(pair.refresh_token)),
            policy=world.service._policy,
            now=world.clock.at + later,
            seen='{"ip":"hidden-seen"}',
        )
        step = begin(attempt)
        assert isinstance(step, Ask)
        written.keep(attempt, attempt.presented, step, step.question, record)
        for answer in (record, None):
            written.keep(resume(step, answer))
    written.keep(await world.service.validate(second.access_token), await world.sessions())
    everything = "\n".join(written.texts)
    written.forbidden |= {"hidden-meta", "hidden-seen"}
    assert [secret for secret in written.forbidden if secret in everything] == []
