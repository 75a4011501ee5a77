"""Stores with the faults that real ones have: outages, slow answers, lost writes."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeVar

from forwarding_store import ForwardingStore

from jwtsession.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jwtsession.models import Replacement, SessionKey, SessionRecord
    from jwtsession.protocols import SessionStore

__all__ = ["BlindStore", "FaultStore", "PausingStore", "lose_writes_since"]

Answer = TypeVar("Answer")


class FaultStore(ForwardingStore):
    """Fails the calls it was told to fail, once each.

    Attributes:
        failed: How many calls of each name have been failed.
    """

    def __init__(self, inner: SessionStore) -> None:
        super().__init__(inner)
        self.failed: Counter[str] = Counter()
        self._faults: dict[str, tuple[Literal["before", "after"], Exception]] = {}

    def fail_next(
        self,
        name: str,
        when: Literal["before", "after"] = "before",
        error: Exception | None = None,
    ) -> None:
        """Fail the next call of this name before or after it took effect.

        Args:
            name: The method.
            when: ``before`` leaves the store as it was; ``after`` loses the answer only.
            error: What the store raises; `StoreUnavailable` over a driver's error if None.
        """
        self._faults[name] = (when, error or _outage())

    async def around(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make the call, unless it was told to fail before it or after it."""
        when, error = self._faults.pop(name, ("never", None))
        if when == "before" and error is not None:
            self.failed[name] += 1
            raise error
        answer = await call()
        if error is not None:
            self.failed[name] += 1
            raise error
        return answer


def _outage() -> StoreUnavailable:
    error = StoreUnavailable()
    error.__cause__ = ConnectionResetError("the server went away")
    return error


class PausingStore(ForwardingStore):
    """Gives way to other tasks before and after each effect, as a network does."""

    async def around(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Pause, make the call, and pause again."""
        del name
        await asyncio.sleep(0)
        answer = await call()
        await asyncio.sleep(0)
        return answer


class BlindStore(ForwardingStore):
    """Writes nothing on a swap and answers the record as it is: a store that lost a race.

    Attributes:
        swaps_to_lose: How many swaps it still loses.
        swaps: How many swaps it was asked for.
    """

    def __init__(self, inner: SessionStore, swaps_to_lose: int) -> None:
        super().__init__(inner)
        self.swaps_to_lose = swaps_to_lose
        self.swaps = 0

    async def around(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Make the call: every one but a swap is as it should be."""
        del name
        return await call()

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Answer the record and write nothing, as often as it was told to."""
        self.swaps += 1
        if self.swaps > self.swaps_to_lose:
            return await super().swap(
                key, expected=expected, replacement=replacement, now=now
            )
        return await self.inner.get(key, now=now)


async def lose_writes_since(store: SessionStore, record: SessionRecord, now: int) -> None:
    """Put a session back to an earlier record, as a fail-over to a late replica does."""
    await store.remove(record.key, now=now)
    await store.insert(record, limit=None, now=now)
