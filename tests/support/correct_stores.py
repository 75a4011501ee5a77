"""Correct stores that are written in other ways than the reference stores.

A suite that is stricter than the protocol fails good stores, and that is as bad as passing
a wrong one. Each of these takes a liberty that the protocol leaves.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, in_memory
from faulty_stores_handles import files
from jwtsession_conformance import StoreTarget

from jwtsession.models import SessionKey, SessionRecord

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from jwtsession.models import Replacement

__all__ = ["CORRECT", "JsonDocuments", "slow"]

_FIELDS = [one.name for one in fields(SessionRecord)]


class _Documents:
    """A database of texts with a version each, and nothing but a compare-and-set."""

    def __init__(self) -> None:
        self.texts: dict[str, tuple[int, str]] = {}

    async def read(self, name: str) -> tuple[int, str]:
        await asyncio.sleep(0)
        return self.texts.get(name, (0, "{}"))

    async def write(self, name: str, version: int, text: str) -> bool:
        await asyncio.sleep(0)
        if self.texts.get(name, (0, "{}"))[0] != version:
            return False
        self.texts[name] = (version + 1, text)
        return True


class JsonDocuments:
    """One JSON document for each user, replaced whole, and again where somebody was faster."""

    def __init__(self, documents: _Documents) -> None:
        self.documents = documents

    async def _change(self, user_id: str, change: Callable[[PlainStore], Any]) -> Any:
        """Run a synchronous operation on the user's sessions, until it is written."""
        while True:
            version, text = await self.documents.read(user_id)
            store = PlainStore(
                {
                    SessionKey(user_id, name): SessionRecord(
                        **{**values, "refresh_hash": bytes.fromhex(values["refresh_hash"])}
                    )
                    for name, values in json.loads(text).items()
                }
            )
            before = dict(store.held)
            try:
                change(store).send(None)
            except StopIteration as end:
                answer = end.value
            if store.held == before:
                return answer
            told = {
                key.session_id: {
                    name: value.hex() if isinstance(value, bytes) else value
                    for name, value in ((one, getattr(record, one)) for one in _FIELDS)
                }
                for key, record in store.held.items()
            }
            if await self.documents.write(user_id, version, json.dumps(told)):
                return answer

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        answer: Sequence[str] = await self._change(
            record.user_id, lambda store: store.insert(record, limit=limit, now=now)
        )
        return tuple(answer)

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        answer: SessionRecord | None = await self._change(
            key.user_id, lambda store: store.get(key, now=now)
        )
        return answer

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        answer: SessionRecord | None = await self._change(
            key.user_id,
            lambda store: store.swap(
                key, expected=expected, replacement=replacement, now=now
            ),
        )
        return answer

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        return bool(
            await self._change(key.user_id, lambda store: store.touch(key, now=now))
        )

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        return bool(
            await self._change(
                key.user_id, lambda store: store.replace_data(key, data, now=now)
            )
        )

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        answer: Sequence[SessionRecord] = await self._change(
            user_id, lambda store: store.list(user_id, now=now)
        )
        return tuple(answer)

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        return bool(
            await self._change(key.user_id, lambda store: store.remove(key, now=now))
        )

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        return int(
            await self._change(
                user_id, lambda store: store.remove_all(user_id, keep=keep, now=now)
            )
        )

    async def purge_expired(self, *, now: int, limit: int) -> int:
        deleted = 0
        for user_id in list(self.documents.texts):
            deleted += await self._change(
                user_id,
                lambda store: store.purge_expired(now=now, limit=limit - deleted),  # noqa: B023
            )
            if deleted == limit:
                break
        return deleted


class EventLog(PlainStore):
    """Every write is an event at the end of a log, and what is held is the sum of them."""

    def __init__(self, log: list[tuple[Any, SessionRecord | None]]) -> None:
        self.log = log
        super().__init__({})

    @property
    def held(self) -> dict[Any, SessionRecord]:  # type: ignore[override]
        summed: dict[Any, SessionRecord] = {}
        for key, record in self.log:
            if record is None:
                summed.pop(key, None)
            else:
                summed[key] = record
        return summed

    @held.setter
    def held(self, value: object) -> None:
        """The log is what is held."""

    def put(self, record: SessionRecord) -> None:
        self.log.append((record.key, record))

    def drop(self, record: SessionRecord) -> None:
        self.log.append((record.key, None))


class Slow(PlainStore):
    """Waits before and after everything, under one lock, and writes in one step."""

    def __init__(self, held: dict[Any, SessionRecord], lock: asyncio.Lock) -> None:
        super().__init__(held)
        self.lock = lock
        self.calls = 0

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _METHODS:
            return found

        async def call(*positional: Any, **named: Any) -> Any:
            async with self.lock:
                for _ in range(3):
                    await asyncio.sleep(0)
                self.calls += 1
                await asyncio.sleep(0 if self.calls % 10 else 0.001)
                answer = await found(*positional, **named)
                for _ in range(3):
                    await asyncio.sleep(0)
                return answer

        return call


_METHODS = {
    "insert",
    "get",
    "swap",
    "touch",
    "replace_data",
    "list",
    "remove",
    "remove_all",
    "purge_expired",
}

_SLOW: defaultdict[str, tuple[dict[Any, SessionRecord], asyncio.Lock]] = defaultdict(
    lambda: ({}, asyncio.Lock())
)


@asynccontextmanager
async def slow(place: str) -> AsyncGenerator[Any]:
    """Open a store that takes its time."""
    held, lock = _SLOW[place]
    yield Slow(held, lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own(SessionRecord):
    """A record with more in it, and therefore equal to no plain one."""

    shard: int = 7


class OwnRecords(PlainStore):
    """Answers a subclass of the record."""

    def shown(self, record: SessionRecord) -> SessionRecord:
        return _Own(**{name: getattr(record, name) for name in _FIELDS})

    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(self.shown(record))


class Sweeping(PlainStore):
    """Deletes what has expired whenever it meets it, and leaves nothing to purge."""

    def find(self, key: SessionKey, now: int) -> SessionRecord | None:
        for one in list(self.held.values()):
            if one.user_id == key.user_id and not self.is_live(one, now):
                self.drop(one)
        return super().find(key, now)

    async def purge_expired(self, *, now: int, limit: int) -> int:
        await super().purge_expired(now=now, limit=limit)
        return 0


@asynccontextmanager
async def one_handle(place: str) -> AsyncGenerator[Any]:
    """Open a store of which there is one handle at a time."""
    if place in _OPEN:
        raise RuntimeError("this place is open already")
    _OPEN.add(place)
    try:
        yield PlainStore(_HELD[place])
    finally:
        _OPEN.discard(place)


_OPEN: set[str] = set()
_HELD: defaultdict[str, dict[Any, SessionRecord]] = defaultdict(dict)
_DOCUMENTS: defaultdict[str, _Documents] = defaultdict(_Documents)
_LOGS: defaultdict[str, list[tuple[Any, SessionRecord | None]]] = defaultdict(list)


@asynccontextmanager
async def documents(place: str) -> AsyncGenerator[Any]:
    """Open a store of JSON documents."""
    yield JsonDocuments(_DOCUMENTS[place])


@asynccontextmanager
async def log(place: str) -> AsyncGenerator[Any]:
    """Open a store that is a log."""
    yield EventLog(_LOGS[place])


CORRECT = {
    "plain": StoreTarget(in_memory(PlainStore), frozenset({"shared"})),
    "documents": StoreTarget(documents, frozenset({"shared", "durable"})),
    "log": StoreTarget(log, frozenset({"shared", "durable"})),
    "slow": StoreTarget(slow, frozenset({"shared", "durable"})),
    "own records": StoreTarget(in_memory(OwnRecords), frozenset({"shared"})),
    "sweeping": StoreTarget(in_memory(Sweeping), frozenset({"shared", "sweeps"})),
    "one handle": StoreTarget(one_handle, frozenset({"durable"})),
    "files": StoreTarget(
        files, frozenset({"shared", "processes", "durable"}), "faulty_stores_handles:files"
    ),
}
"""Each store, and what it declares."""
