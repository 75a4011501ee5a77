"""The door for programs."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from correct_stores import CORRECT
from faulty_stores import PlainStore, in_memory
from jwtsession_conformance import HarnessError, Report, StoreTarget, verify
from own_loop import own_loop

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

FEW = ("STORE-GET-LIVE/boundary", "STORE-TOUCH-MOVES/never-back")


@own_loop
async def test_it_answers_a_report_from_within_a_running_loop() -> None:
    """A caller's loop goes on while the checks run in one of their own."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    report = await verify(in_memory(PlainStore), checks=FEW)
    ticking.cancel()
    await asyncio.wait([ticking])
    assert isinstance(report, Report)
    assert ticks > 0
    assert report.verdict("STORE-TOUCH-MOVES") == "PASS"
    assert report.exit_code == 2
    assert not report.conformant


@own_loop
async def test_a_factory_that_binds_to_a_loop_works() -> None:
    """All checks run in one loop, so that a factory may keep a client for good."""
    loops: set[int] = set()
    kept: list[asyncio.Lock] = []

    @asynccontextmanager
    async def factory(place: str) -> AsyncGenerator[Any]:
        loops.add(id(asyncio.get_running_loop()))
        if not kept:
            kept.append(asyncio.Lock())
        async with kept[0]:
            pass
        async with in_memory(PlainStore)(place) as store:
            yield store

    report = await verify(factory, requirements=["STORE-SWAP-FIELDS"])
    assert report.verdict("STORE-SWAP-FIELDS") == "PASS"
    assert len(loops) == 1


@own_loop
async def test_a_target_and_a_path_are_taken_as_well() -> None:
    """A StoreTarget brings its capabilities, and a path is imported."""
    by_target = await verify(CORRECT["log"], checks=FEW)
    assert by_target.capabilities == ("durable", "shared")
    by_path = await verify(
        "jwtsession_stores.memory:factory", capabilities="shared", checks=FEW
    )
    assert by_path.target == "jwtsession_stores.memory:factory"
    assert by_path.capabilities == ("shared",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"capabilities": ["fast"]}, "'fast' is not a capability."),
        ({"checks": ["nothing"]}, "There is no check 'nothing'."),
        ({"requirements": ["STORE-NO-SUCH"]}, "No check is about 'STORE-NO-SUCH'."),
    ],
)
def test_a_wrong_argument_raises(arguments: dict[str, Any], said: str) -> None:
    """What cannot be meant is raised before anything runs."""
    with pytest.raises(HarnessError, match=said):
        asyncio.run(verify(in_memory(PlainStore), **arguments))


def test_a_target_that_nobody_can_import_is_not_judged_across_processes() -> None:
    """Processes is declared, another process cannot find the factory: a harness error."""
    target = StoreTarget(in_memory(PlainStore), frozenset({"shared", "processes"}))
    report = asyncio.run(verify(target, requirements=["STORE-PROCESSES-VISIBLE"]))
    assert report.verdict("STORE-PROCESSES-VISIBLE") == "HARNESS-ERROR"
    assert report.exit_code == 3


@own_loop
async def test_a_cancelled_run_stops() -> None:
    """Whoever is cancelled does not wait for the rest of the checks."""
    begun = threading.Event()

    @asynccontextmanager
    async def factory(place: str) -> AsyncGenerator[Any]:
        begun.set()
        async with in_memory(PlainStore)(place) as store:
            yield store

    running = asyncio.create_task(verify(factory))
    await asyncio.to_thread(begun.wait)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_an_unavailable_backend_in_the_middle_is_no_verdict() -> None:
    """A check whose store does not answer is HARNESS-ERROR, and never FAIL."""
    from jwtsession.errors import StoreUnavailable  # noqa: PLC0415 - beside its use

    class Flaky(PlainStore):
        async def list(self, user_id: str, *, now: int) -> Any:
            if user_id.startswith("alice-"):
                raise StoreUnavailable
            return await super().list(user_id, now=now)

    report = asyncio.run(
        verify(in_memory(Flaky), requirements=["STORE-LIST-ORDER"], patience=1)
    )
    assert report.verdict("STORE-LIST-ORDER") == "HARNESS-ERROR"
    assert report.overall.value == "harness-error"
