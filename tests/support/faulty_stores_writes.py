"""Stores that touch, or replace data, wrongly."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from faulty_stores import PlainStore, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import SessionKey, SessionRecord


@fault("TOUCH-MOVES")
class MovesActivityBack(PlainStore):
    def touched(self, record: SessionRecord, now: int) -> SessionRecord:
        return replace(record, last_active_at=now)


@fault(
    "TOUCH-MOVES",
)
class NeverMovesActivity(PlainStore):
    def touched(self, record: SessionRecord, now: int) -> SessionRecord:
        del now
        return record


@fault("TOUCH-ONLY")
class ExtendsAtATouch(PlainStore):
    def touched(self, record: SessionRecord, now: int) -> SessionRecord:
        later = max(record.expires_at, now + 1800)
        return replace(super().touched(record, now), expires_at=later)


@fault("TOUCH-ONLY")
class CountsATouchAsARotation(PlainStore):
    def touched(self, record: SessionRecord, now: int) -> SessionRecord:
        return replace(super().touched(record, now), rotated_at=now)


@fault("TOUCH-LIVE")
class AnswersWhetherSomethingChanged(PlainStore):
    async def touch(self, key: SessionKey, *, now: int) -> bool:
        record = self.find(key, now)
        return await super().touch(key, now=now) and record != self.find(key, now)


@fault(
    "TOUCH-LIVE",
    may={
        "REMOVE-ENDS": "it touches a removed session",
        "USER-ISOLATION": "it touches a foreign key",
    },
)
class TouchAlwaysAnswersTrue(PlainStore):
    async def touch(self, key: SessionKey, *, now: int) -> bool:
        await super().touch(key, now=now)
        return True


@fault("TOUCH-LIVE")
class TouchesTheExpired(PlainStore):
    async def touch(self, key: SessionKey, *, now: int) -> bool:
        record = self.held.get(self.slot(key))
        if record is not None and not self.is_live(record, now):
            self.put(replace(record, expires_at=now + 60))
        return await super().touch(key, now=now)


@fault(
    "REMOVE-FINAL",
    "FIELDS-DISJOINT",
    may={
        "REMOVE-ALL-ENDS": "it writes after the removal",
    },
)
class TouchWritesTheWholeRecordBack(PlainStore):
    async def touch(self, key: SessionKey, *, now: int) -> bool:
        record = self.find(key, now)
        await asyncio.sleep(0)
        if record is not None:
            self.put(self.touched(record, now))
        return record is not None


@fault(
    "REMOVE-FINAL",
    "FIELDS-DISJOINT",
    may={
        "REMOVE-ALL-ENDS": "it writes after the removal",
    },
)
class DataWritesTheWholeRecordBack(PlainStore):
    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        record = self.find(key, now)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if record is not None:
            self.put(replace(record, data=data))
        return record is not None


@fault("DATA-ROUNDTRIP")
class KeepsTheFirstData(PlainStore):
    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        record = self.find(key, now)
        if record is not None and len(data) < len(record.data):
            data = record.data
        return await super().replace_data(key, data, now=now)


@fault("DATA-ROUNDTRIP", "INSERT-ROUNDTRIP", "TEXT-OPAQUE")
class KeepsAsciiOnly(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, data=record.data.encode("ascii", "replace").decode())


@fault("DATA-ONLY")
class CountsDataAsActivity(PlainStore):
    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        await self.touch(key, now=now)
        return await super().replace_data(key, data, now=now)


@fault("DATA-ONLY")
class ExtendsWithTheData(PlainStore):
    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        record = self.find(key, now)
        if record is not None:
            self.put(replace(record, expires_at=max(record.expires_at, now + 1800)))
        return await super().replace_data(key, data, now=now)


@fault("DATA-LIVE")
class TakesDataForTheExpired(PlainStore):
    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        record = self.held.get(self.slot(key))
        if record is not None:
            self.put(replace(record, data=data))
        return record is not None


@fault("DATA-LIVE")
class AnswersFalseForTheSameData(PlainStore):
    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        record = self.find(key, now)
        await super().replace_data(key, data, now=now)
        return record is not None and record.data != data


@fault("TEXT-OPAQUE")
class ParsesMeta(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        text = json.dumps(
            json.loads(record.meta), separators=(",", ":"), ensure_ascii=False
        )
        return replace(record, meta=text)


@fault("TEXT-OPAQUE")
class TrimsSeen(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, seen=record.seen.strip())


@fault("TEXT-OPAQUE")
class TurnsLineBreaksAround(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        return await super().list(user_id, now=now)

    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, data=record.data.replace("\r\n", "\n"))
