"""The line in which calls wait for their journey to the database."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest
from jwtsession_stores.lane import BATCH_MAX, Lane
from own_loop import own_loop

from jwtsession.errors import SessionExists, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence


class Database:
    """Answers every item with itself, and remembers each batch.

    Attributes:
        batches: What came, in order.
        gate: A batch waits until it is set.
        fault: What the next batch raises.
    """

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: BaseException | None = None

    async def run(self, batch: Sequence[str]) -> Sequence[str | Exception]:
        """Wait for the gate, then answer or raise."""
        self.batches.append(list(batch))
        await self.gate.wait()
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        return [SessionExists(one) if one.startswith("!") else one for one in batch]


async def ticks(count: int = 5) -> None:
    """Let everything that can run, run."""
    for _ in range(count):
        await asyncio.sleep(0)


@own_loop
async def test_calls_of_one_tick_travel_together() -> None:
    """Calls that start at once make one batch, in order, and each gets its own answer."""
    database = Database()
    lane = Lane(database.run)
    answers = await asyncio.gather(*(lane.ask(one) for one in "abc"))
    assert answers == ["a", "b", "c"]
    assert database.batches == [["a", "b", "c"]]
    await lane.close()


@own_loop
async def test_calls_that_come_meanwhile_make_the_next_batch() -> None:
    """One batch is under way at a time."""
    database = Database()
    database.gate.clear()
    lane = Lane(database.run)
    calls = [asyncio.create_task(lane.ask("a"))]
    for one in "bcd":
        await ticks()
        calls.append(asyncio.create_task(lane.ask(one)))
    await ticks()
    assert database.batches == [["a"]]
    database.gate.set()
    assert await asyncio.gather(*calls) == ["a", "b", "c", "d"]
    assert database.batches == [["a"], ["b", "c", "d"]]
    await lane.close()


@own_loop
async def test_those_who_were_answered_join_the_next_batch() -> None:
    """Callers in step stay together, whoever came between."""
    database = Database()
    database.gate.clear()
    lane = Lane(database.run)

    async def caller(name: str) -> None:
        for turn in range(3):
            assert await lane.ask(f"{name}{turn}") == f"{name}{turn}"

    pair = [asyncio.create_task(caller(name)) for name in "ab"]
    await ticks()
    late = asyncio.create_task(lane.ask("late"))
    await ticks()
    database.gate.set()
    await asyncio.gather(*pair, late)
    assert database.batches == [["a0", "b0"], ["late", "a1", "b1"], ["a2", "b2"]]
    await lane.close()


@own_loop
async def test_one_key_travels_once_in_a_batch_and_in_order() -> None:
    """Items of one key wait for each other; others pass them."""
    database = Database()
    lane = Lane(database.run, key=lambda item: item[0])
    asked = ["a1", "a2", "b1", "a3", "b2", "c1"]
    assert await asyncio.gather(*(lane.ask(one) for one in asked)) == asked
    assert database.batches == [["a1", "b1", "c1"], ["a2", "b2"], ["a3"]]
    await lane.close()


@own_loop
async def test_a_batch_is_bounded() -> None:
    """What is too many for one batch travels in the next, one per key all the same."""
    database = Database()
    lane = Lane(database.run, key=lambda item: item)
    asked = [str(n) for n in range(BATCH_MAX + 3)] + [str(BATCH_MAX + 1)]
    assert await asyncio.gather(*(lane.ask(one) for one in asked)) == asked
    assert [len(batch) for batch in database.batches] == [BATCH_MAX, 3, 1]
    await lane.close()


@own_loop
async def test_an_item_fails_alone() -> None:
    """An error in place of an answer is raised by that call and by no other."""
    database = Database()
    lane = Lane(database.run)
    answers = await asyncio.gather(
        *(lane.ask(one) for one in ("a", "!b", "c")), return_exceptions=True
    )
    assert answers[::2] == ["a", "c"]
    assert isinstance(answers[1], SessionExists)
    await lane.close()


@pytest.mark.parametrize("wrapped", [False, True])
@own_loop
async def test_a_failed_batch_fails_every_call_with_an_error_of_its_own(
    *, wrapped: bool
) -> None:
    """Each call raises its own StoreUnavailable, for the one cause; nothing is repeated."""
    database = Database()
    lane = Lane(database.run)
    cause = OSError("the cable")
    database.fault = cause
    if wrapped:
        database.fault = StoreUnavailable("unplugged")
        database.fault.__cause__ = cause
    errors = await asyncio.gather(*(lane.ask(one) for one in "abc"), return_exceptions=True)
    assert all(type(one) is StoreUnavailable for one in errors)
    assert len({id(one) for one in errors}) == 3
    assert {one.__cause__ for one in errors if isinstance(one, Exception)} == {cause}
    assert [str(one) == "unplugged" for one in errors] == [wrapped] * 3
    assert database.batches == [["a", "b", "c"]]
    assert await lane.ask("d") == "d"
    await lane.close()


@own_loop
async def test_outcomes_that_do_not_match_the_batch_are_nobodys() -> None:
    """Where a run answers too few, no call takes an answer that may be another's."""

    async def one_short(batch: Sequence[str]) -> Sequence[str]:
        return batch[1:]

    lane: Lane[str, str] = Lane(one_short)
    errors = await asyncio.gather(lane.ask("a"), lane.ask("b"), return_exceptions=True)
    assert [type(one) for one in errors] == [StoreUnavailable, StoreUnavailable]
    await lane.close()


@own_loop
async def test_a_call_that_is_cancelled_in_line_never_happens() -> None:
    """It is taken out of the line; the others travel on."""
    database = Database()
    database.gate.clear()
    lane = Lane(database.run)
    first = asyncio.create_task(lane.ask("a"))
    await ticks()
    gone, last = (asyncio.create_task(lane.ask(one)) for one in "bc")
    await ticks()
    gone.cancel()
    database.gate.set()
    assert [await first, await last] == ["a", "c"]
    assert gone.cancelled()
    assert database.batches == [["a"], ["c"]]
    await lane.close()


@own_loop
async def test_a_call_that_is_cancelled_under_way_cancels_nobody_else() -> None:
    """Its batch arrives, and everybody else is answered: also who started the journey."""
    for victim in range(3):
        database = Database()
        database.gate.clear()
        lane = Lane(database.run)
        calls = [asyncio.create_task(lane.ask(one)) for one in "abc"]
        await ticks()
        calls[victim].cancel()
        await ticks()
        assert calls[victim].cancelled()
        database.gate.set()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in answers] == [
            n == victim for n in range(3)
        ]
        assert database.batches == [["a", "b", "c"]]
        await lane.close()


@own_loop
async def test_closing_answers_who_is_in_line_and_refuses_who_comes() -> None:
    """Close returns when everybody has been answered."""
    database = Database()
    database.gate.clear()
    lane = Lane(database.run)
    calls = [asyncio.create_task(lane.ask("a"))]
    await ticks()
    calls.append(asyncio.create_task(lane.ask("b")))
    closing = asyncio.create_task(lane.close())
    await ticks()
    with pytest.raises(StoreUnavailable, match="closed"):
        await lane.ask("c")
    assert not closing.done()
    database.gate.set()
    await closing
    assert [one.done() for one in calls] == [True, True]
    assert await asyncio.gather(*calls) == ["a", "b"]


@own_loop
async def test_a_loop_that_shuts_down_leaves_nobody_waiting() -> None:
    """Where the journey itself is cancelled, the effect is unknown to all it concerned."""
    database = Database()
    database.gate.clear()
    lane = Lane(database.run)
    calls = [asyncio.create_task(lane.ask("a"))]
    await ticks()
    calls.append(asyncio.create_task(lane.ask("b")))
    await ticks()
    own = {asyncio.current_task(), *calls}
    for journey in asyncio.all_tasks() - own:
        journey.cancel()
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in errors] == [StoreUnavailable, StoreUnavailable]
    database.gate.set()
    assert await lane.ask("c") == "c"
    await lane.close()


def test_a_lane_belongs_to_its_event_loop() -> None:
    """Another loop is refused with what to do, before anything is sent."""

    async def make() -> tuple[Database, Lane[str, str]]:
        database = Database()
        return database, Lane(database.run)

    database, lane = asyncio.run(make())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(lane.ask("a"))
    assert database.batches == []


@own_loop
async def test_a_journey_sees_nothing_of_the_request_that_started_it() -> None:
    """The context of one request does not leak into the calls of others."""
    mark: ContextVar[str] = ContextVar("mark", default="none")
    seen: list[str] = []

    async def run(batch: Sequence[str]) -> Sequence[str]:
        seen.append(mark.get())
        return batch

    lane: Lane[str, str] = Lane(run)
    mark.set("request 1")
    await lane.ask("a")
    assert seen == ["none"]
    await lane.close()
