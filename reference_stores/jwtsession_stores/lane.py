"""Many calls at once, one journey to the database.

Calls that arrive in one tick of the event loop, and while the database is busy with the
ones before, travel together as a batch. A store supplies `run`, which takes a batch there
and brings an outcome for each item back; nothing of this shows in its methods.

What a lane promises, whatever ``run`` does:

- One batch is under way at a time, so ``run`` has a connection to itself.
- A batch is a task of its own. A caller that is cancelled while it waits in line never
  happened; one that is cancelled later happened, and nobody else notices.
- Two items with one key never share a batch and run in the order they came, for
  databases whose one statement cannot treat a row twice.
- An item fails alone when ``run`` returns an error in its place. When ``run`` raises, the
  effect of the whole batch is unknown, and every item gets a ``StoreUnavailable`` of its
  own: an exception raised in two tasks at once collects the traces of both.
- Nothing is tried twice (STORE-ERROR-NO-RETRY).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from jwtsession.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

__all__ = ["BATCH_MAX", "Lane"]

BATCH_MAX = 512
"""A batch has at most this many items, so that the first of them need not wait long."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter(Generic[Item, Answer]):
    item: Item
    answer: asyncio.Future[Answer]


class Lane(Generic[Item, Answer]):
    """The line in which calls wait, for one event loop: the one that is running now.

    Args:
        run: Takes a batch to the database. Returns one outcome per item, in order: its
            answer, or an exception that belongs to this item alone.
        key: What an item is about. None where ``run`` treats the items of a batch one
            after another, so that any of them may travel together.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        *,
        key: Callable[[Item], Hashable] | None = None,
    ) -> None:
        self._run = run
        self._key = key
        self._loop = asyncio.get_running_loop()
        self._line: deque[_Waiter[Item, Answer]] = deque()
        self._journey: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, item: Item) -> Answer:
        """Wait in line, travel, and return the answer to this item.

        Raises:
            StoreUnavailable: The lane is closed, or the batch failed.
            RuntimeError: The call comes from another event loop than the lane's.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                "this store was opened in another event loop; open one in each loop"
            )
        if self._closed:
            raise StoreUnavailable("this store is closed; open it again")
        waiter = _Waiter(item, self._loop.create_future())
        self._line.append(waiter)
        if self._journey is None:
            # An empty context: the lane outlives the request that happens to start it.
            self._journey = self._loop.create_task(self._travel(), context=Context())
        answer: Answer = await waiter.answer
        return answer

    async def close(self) -> None:
        """Refuse new calls, and return when those in line have been answered."""
        self._closed = True
        if self._journey is not None:
            await asyncio.wait([self._journey])

    async def _travel(self) -> None:
        batch: Sequence[_Waiter[Item, Answer]] = ()
        try:
            while batch := self._board():
                await self._deliver(batch)
                # Those who were answered go first: their next calls join the next batch.
                await asyncio.sleep(0)
        finally:
            self._journey = None
            left, self._line = self._line, deque()
            for waiter in (*batch, *left):  # some only where this task was cancelled
                if not waiter.answer.done():
                    waiter.answer.set_exception(StoreUnavailable())

    def _board(self) -> Sequence[_Waiter[Item, Answer]]:
        """Take the next batch out of the line."""
        batch: list[_Waiter[Item, Answer]] = []
        later: deque[_Waiter[Item, Answer]] = deque()
        keys: set[Hashable] = set()
        for waiter in self._line:
            if waiter.answer.done():
                continue  # cancelled in line
            key = None if self._key is None else self._key(waiter.item)
            if len(batch) == BATCH_MAX or (self._key is not None and key in keys):
                later.append(waiter)
            else:
                batch.append(waiter)
                keys.add(key)
        self._line = later
        return batch

    async def _deliver(self, batch: Sequence[_Waiter[Item, Answer]]) -> None:
        """Run a batch and hand every waiter its outcome."""
        outcomes: Sequence[tuple[_Waiter[Item, Answer], Answer | Exception]]
        try:
            answers = await self._run([waiter.item for waiter in batch])
            outcomes = list(zip(batch, answers, strict=True))
        except Exception as error:  # noqa: BLE001 - whatever it was, each waiter hears of it
            outcomes = [(waiter, _effect_unknown(error)) for waiter in batch]
        for waiter, outcome in outcomes:
            if waiter.answer.done():
                continue  # cancelled under way
            if isinstance(outcome, Exception):
                waiter.answer.set_exception(outcome)
            else:
                waiter.answer.set_result(outcome)


def _effect_unknown(error: Exception) -> StoreUnavailable:
    """Return an error of one's own that says what the shared one says."""
    if isinstance(error, StoreUnavailable):
        own, cause = StoreUnavailable(*error.args), error.__cause__
    else:
        own, cause = StoreUnavailable(), error
    own.__cause__ = cause
    return own
