"""What the checks are made with: races that meet, cancellation at a chosen await, turns."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from faulty_stores import PlainStore, in_memory
from jwtsession_conformance import StoreTarget, hostile
from jwtsession_conformance.clock import VirtualClock
from jwtsession_conformance.interruption import cancelled_at
from jwtsession_conformance.lab import Lab, Pace
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.processes.handle import Workers
from jwtsession_conformance.registry import checks
from jwtsession_conformance.run import Run
from jwtsession_conformance.steps import given
from jwtsession_conformance.threads import Turns
from jwtsession_conformance.values import Values
from jwtsession_conformance.violation import HarnessError, Violated
from own_loop import own_loop

from jwtsession.models import (
    DATA_MAX_BYTES,
    META_MAX_BYTES,
    REFRESH_HASH_BYTES,
    SEEN_MAX_BYTES,
    USER_ID_MAX_CODE_POINTS,
)

if TYPE_CHECKING:
    from jwtsession.models import Replacement, SessionKey, SessionRecord

CHECKS = {check.id: check for check in checks()}


def racy(before: int, between: int, after: int) -> type[PlainStore]:
    """Make a store whose swap reads after some awaits, and writes after some more."""

    class Racy(PlainStore):
        async def swap(
            self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
        ) -> SessionRecord | None:
            for _ in range(before):
                await asyncio.sleep(0)
            record = self.find(key, now)
            for _ in range(between):
                await asyncio.sleep(0)
            if record is None or record.refresh_hash != expected:
                return record
            record = self.moved(record, replacement, now)
            self.put(record)
            for _ in range(after):
                await asyncio.sleep(0)
            return record

    return Racy


def judged(kind: type[PlainStore], check: str, seed: int) -> str:
    """Return how one check of a store in memory goes."""
    run = Run(StoreTarget(in_memory(kind)), seed=seed)
    try:
        return run.check(CHECKS[check]).status.value
    finally:
        run.close()


@pytest.mark.parametrize("check", ["STORE-SWAP-ATOMIC/eight-at-once"])
@pytest.mark.parametrize("between", [1, 2, 5])
@pytest.mark.parametrize("before", [0, 1, 4, 11])
def test_a_gap_between_read_and_write_is_met(before: int, between: int, check: str) -> None:
    """One await between read and write is enough, wherever in the call it is."""
    for seed in range(5):
        assert judged(racy(before, between, 1), check, seed) == "failed"


@pytest.mark.parametrize("before", range(12))
def test_a_short_gap_is_met_from_another_method(before: int) -> None:
    """A remove of one step is delayed until it falls into a gap of one tick."""
    for seed in range(5):
        check = "STORE-REMOVE-FINAL/beside-swap"
        assert judged(racy(before, 1, 0), check, seed) == "failed"


def test_a_gap_in_real_threads_is_met() -> None:
    """Threads that read and then write without a lock are seen to overlap."""

    class Threaded(PlainStore):
        async def swap(
            self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
        ) -> SessionRecord | None:
            record = await asyncio.to_thread(self.find, key, now)
            if record is None or record.refresh_hash != expected:
                return record
            record = self.moved(record, replacement, now)
            await asyncio.to_thread(self.put, record)
            return record

    for seed in range(3):
        assert judged(Threaded, "STORE-SWAP-ATOMIC/eight-at-once", seed) == "failed"


@own_loop
async def test_a_call_is_cancelled_at_each_of_its_awaits() -> None:
    """The n-th await, of a plain yield or of a future, is where the call is cancelled."""
    steps: list[int] = []

    async def call() -> None:
        for step in range(4):
            steps.append(step)
            await (asyncio.sleep(0) if step % 2 else asyncio.sleep(0.001))

    for nth, reached in ((0, True), (1, True), (2, True), (3, True), (4, True), (5, False)):
        steps.clear()
        assert await cancelled_at(call(), nth) is reached
        assert len(steps) == min(nth, 4)


@own_loop
async def test_what_a_cancelled_call_raises_is_its_own_affair() -> None:
    """A call that answers all the same, or says that it was refused, ends quietly."""

    async def stubborn() -> None:
        for _ in range(3):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                return

    async def refusing() -> None:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            raise HarnessError("no") from None

    assert await cancelled_at(stubborn(), 2)
    assert await cancelled_at(refusing(), 1)


def test_what_was_seen_to_expire_may_be_gone_at_an_earlier_now() -> None:
    """A store may delete a session once it was told a now past its end, and only then."""

    async def look(*, told: bool) -> None:
        check = CHECKS["STORE-LIST-LIVE/boundary"]
        target, pace = StoreTarget(in_memory(Forgetful)), Pace()
        workers = Workers(target, pace.patience)
        async with Lab(check, target, seed=1, pace=pace, workers=workers) as lab:
            record = lab.record(expires_at=lab.now + 60)
            await given(lab, record)
            if told:
                await lab.store.get(record.key, now=lab.now + 60)
            else:
                await lab.store.store.get(record.key, now=lab.now + 60)
            await settled(lab, after="a look at a later now")

    class Forgetful(PlainStore):
        def find(self, key: SessionKey, now: int) -> SessionRecord | None:
            found = super().find(key, now)
            if found is None:
                self.held.pop(key, None)
            return found

    asyncio.run(look(told=True))
    with pytest.raises(Violated):
        asyncio.run(look(told=False))


def test_turns_are_taken_in_order_and_one_at_a_time() -> None:
    """No two hold the turn at once, and nobody who waits is passed over."""
    turns, inside, most, taken = Turns(), 0, 0, []

    def play(name: int) -> None:
        nonlocal inside, most
        for _ in range(200):
            turns.take()
            inside += 1
            most = max(most, inside)
            taken.append(name)
            inside -= 1
            turns.give()

    players = [threading.Thread(target=play, args=(n,)) for n in range(3)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    assert most == 1
    assert sorted(taken) == sorted([0, 1, 2] * 200)


def test_time_moves_forward_only() -> None:
    """The virtual clock starts at the real present and refuses to step back."""
    clock = VirtualClock()
    assert clock.advance(60) == clock.start + 60 == clock.now()
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(-1)


def test_the_same_seed_draws_the_same() -> None:
    """Everything drawn follows from the seed, so that a replay meets the same values."""

    def draw(seed: str) -> list[Any]:
        values = Values(seed, VirtualClock(10**9), "tag")
        record = values.record()
        return [record, values.aligned(3), values.replacement(record), values.hash()]

    assert draw("1/a") == draw("1/a")
    assert draw("1/a") != draw("2/a")
    assert draw("1/a") != draw("1/b")


def test_hostile_values_are_within_the_protocol() -> None:
    """Nothing is drawn that a store may refuse."""
    assert {len(one) for one in hostile.HASHES} == {REFRESH_HASH_BYTES}
    assert set(b"".join(hostile.HASHES)) == set(range(256))
    for texts in hostile.longest_texts():
        sizes = [len(text.encode()) for text in texts]
        assert sizes == [META_MAX_BYTES, DATA_MAX_BYTES, SEEN_MAX_BYTES]
    for kind, users in hostile.look_alikes("0a1b2c").items():
        assert len({*users}) == len(users) > 1, kind
        assert all(0 < len(one) <= USER_ID_MAX_CODE_POINTS for one in users)
        assert not any("\x00" in one for one in users)
        for one in users:
            one.encode()
    for stored in hostile.HASHES:
        near = hostile.near_hashes(stored)
        assert {len(one) for one in near.values()} == {REFRESH_HASH_BYTES}
