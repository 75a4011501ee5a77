"""Stores with a clock, a lock, a place or a memory that is wrong."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, fault

from jwtsession.models import SessionRecord

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from jwtsession.models import Replacement, SessionKey


@fault(
    "TIME-ARGUMENT",
    "GET-LIVE",
    "LIST-LIVE",
    may=dict.fromkeys(
        (
            "INSERT-EXPIRED-FREE",
            "INSERT-EXPIRED-KEY",
            "SWAP-EXPIRED",
            "TOUCH-LIVE",
            "DATA-LIVE",
            "REMOVE-LIVE",
            "REMOVE-ALL-COUNT",
            "PURGE-LIVE",
            "PURGE-COUNT",
        ),
        "the end of a session lies in the future there",
    ),
)
class LooksAtTheWall(PlainStore):
    def is_live(self, record: SessionRecord, now: int) -> bool:
        del now
        return record.expires_at > time.time()


@fault(
    "TIME-ARGUMENT",
    may=dict.fromkeys(
        (
            "INSERT-ROUNDTRIP",
            "PURGE-LIMIT",
        ),
        "a look at a later now comes before it",
    ),
)
class NeverForgetsALaterNow(PlainStore):
    latest: defaultdict[int, int] = defaultdict(int)

    def is_live(self, record: SessionRecord, now: int) -> bool:
        place = id(self.held)
        self.latest[place] = max(self.latest[place], min(now, 2**40))
        return record.expires_at > self.latest[place]


@fault("TIME-ARGUMENT")
class SweepsByTheWall(PlainStore):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        record = await super().get(key, now=now)
        swept = record is not None and record.expires_at < time.time() - 60
        return None if swept else record


@dataclass
class _Mutable:
    """A record that can be written to."""

    user_id: str
    id: str
    refresh_hash: bytes
    gen: int
    created_at: int
    rotated_at: int
    last_active_at: int
    expires_at: int
    meta: str
    data: str
    seen: str

    @property
    def key(self) -> SessionKey:
        return SessionRecord.key.fget(self)  # type: ignore[attr-defined,no-any-return]


@fault("RECORD-OWN")
class AnswersItsOwnMemory(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        held: Any = self.held.get(self.slot(record.key))
        values = {one.name: getattr(record, one.name) for one in fields(SessionRecord)}
        if held is None:
            return _Mutable(**values)  # type: ignore[return-value]
        for name, value in values.items():
            setattr(held, name, value)
        return held  # type: ignore[no-any-return]

    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return super().moved(_frozen(record), new, now)

    def touched(self, record: SessionRecord, now: int) -> SessionRecord:
        return super().touched(_frozen(record), now)


def _frozen(record: Any) -> SessionRecord:
    return SessionRecord(
        **{one.name: getattr(record, one.name) for one in fields(SessionRecord)}
    )


@fault("RECORD-OWN")
class AnswersItsOwnList(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        found = list(await super().list(user_id, now=now))
        self.answered = getattr(self, "answered", [])
        self.answered[:] = found
        return self.answered


@fault("CANCEL-SAFE", patience=1.0)
class KeepsItsLockWhenCancelled(PlainStore):
    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        super().__init__(held)
        self.free = asyncio.Event()
        self.free.set()

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        await self.free.wait()
        self.free.clear()
        await asyncio.sleep(0)
        found = await super().touch(key, now=now)
        self.free.set()
        return found


@fault("CANCEL-SAFE")
class CancelsItsNeighbours(PlainStore):
    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        super().__init__(held)
        self.batch: asyncio.Task[None] | None = None

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        if self.batch is None:
            self.batch = asyncio.create_task(asyncio.sleep(0.001))
        batch = self.batch
        try:
            await batch
        finally:
            self.batch = None
        return await super().touch(key, now=now)


@fault(
    "CANCEL-SAFE",
    may={
        "SWAP-FIELDS": "a look meets it half way",
        "FIELDS-DISJOINT": "a touch meets it half way",
        "SWAP-ANSWER": "a loser meets the winner half way",
    },
)
class WritesSeenAfterAnAwait(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        found = self.find(key, now)
        if found is None or not self.matches(found, expected, replacement):
            return found
        moved = self.moved(found, replacement, now)
        self.put(replace(moved, seen=found.seen))
        await asyncio.sleep(0)
        if self.find(key, now) == replace(moved, seen=found.seen):
            self.put(moved)
        return moved


@asynccontextmanager
async def _filled(place: str) -> AsyncGenerator[Any]:
    del place
    held: dict[Any, SessionRecord] = {}
    store = PlainStore(held)
    left = SessionRecord(
        user_id="somebody",
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        refresh_hash=bytes(32),
        gen=0,
        created_at=1,
        rotated_at=1,
        last_active_at=1,
        expires_at=2**40,
        meta="{}",
        data="{}",
        seen="{}",
    )
    await store.insert(left, limit=None, now=1)
    yield store


fault("PLACE-EMPTY", ends="harness-error")(_filled)

_ONE_FOR_ALL: dict[Any, SessionRecord] = {}


@asynccontextmanager
async def _one_place(place: str) -> AsyncGenerator[Any]:
    del place
    yield PlainStore(_ONE_FOR_ALL)


fault("PLACE-APART", declares="shared")(_one_place)

_SHORT: defaultdict[str, dict[Any, SessionRecord]] = defaultdict(dict)


@asynccontextmanager
async def _short_names(place: str) -> AsyncGenerator[Any]:
    yield PlainStore(_SHORT[place[:32]])


fault("PLACE-APART", declares="shared")(_short_names)


@asynccontextmanager
async def _without_underscores(place: str) -> AsyncGenerator[Any]:
    yield PlainStore(_SHORT[place.replace("_", "")])


fault("PLACE-APART", declares="shared")(_without_underscores)
