"""Stores that add a session wrongly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, fault

from jwtsession.errors import SessionExists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import SessionRecord


@fault(
    "INSERT-ROUNDTRIP",
    may={"SWAP-FIELDS": "the same"},
)
class KeepsOnly32BitsOfTheGeneration(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, gen=record.gen & 0xFFFFFFFF)


@fault("INSERT-ROUNDTRIP")
class KeepsIntegersAsFloats(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, gen=float(record.gen))  # type: ignore[arg-type]


@fault("INSERT-ROUNDTRIP", "DATA-ROUNDTRIP")
class CutsLongData(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, data=record.data[:4096])


@fault(
    "INSERT-ROUNDTRIP",
    may={"SWAP-COMPARE": "a hash that was stripped is not equal to itself"},
)
class StripsZeroBytesOfTheHash(PlainStore):
    def kept(self, record: SessionRecord) -> SessionRecord:
        return replace(record, refresh_hash=record.refresh_hash.rstrip(b"\x00"))


@fault("INSERT-ROUNDTRIP")
class ForgetsMetaInList(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        return [replace(one, meta="{}") for one in await super().list(user_id, now=now)]


@fault("INSERT-ROUNDTRIP")
class InsertsNothing(PlainStore):
    def put(self, record: SessionRecord) -> None:
        if self.slot(record.key) in self.held:
            super().put(record)


@fault("INSERT-LIMIT")
class AllowsOneMoreThanTheLimit(PlainStore):
    def victims(
        self, others: Sequence[SessionRecord], record: SessionRecord, limit: int | None
    ) -> Sequence[SessionRecord]:
        return super().victims(others, record, None if limit is None else limit + 1)


@fault(
    "INSERT-LIMIT",
    may={"CANCEL-SAFE": "two have to go there, and one does"},
)
class EvictsAtMostOne(PlainStore):
    def victims(
        self, others: Sequence[SessionRecord], record: SessionRecord, limit: int | None
    ) -> Sequence[SessionRecord]:
        return super().victims(others, record, limit)[:1]


@fault(
    "INSERT-LIMIT",
    "USER-ISOLATION",
    may={
        "INSERT-ATOMIC": "the same",
        "KEY-EXACT": "the same",
        "KEY-WHOLE": "the same",
        "INSERT-ANSWER": "the same",
        "CANCEL-SAFE": "the same",
        "REMOVE-ALL-COUNT": "the same",
        "INSERT-EXPIRED-FREE": "the same",
    },
)
class CountsTheSessionsOfEverybody(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        if limit is None or limit < 1 or self.find(record.key, now) is not None:
            return await super().insert(record, limit=limit, now=now)
        others = [one for one in self.held.values() if self.is_live(one, now)]
        gone = self.victims(others, record, limit)
        for victim in gone:
            self.drop(victim)
        self.put(record)
        return [victim.id for victim in gone]


@fault(
    "INSERT-ATOMIC",
    "INSERT-EXISTS",
    may={
        "REMOVE-ALL-COUNT": "what it evicts is removed by others meanwhile",
    },
)
class LooksThenInserts(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        if self.find(record.key, now) is not None:
            raise SessionExists
        if limit is not None and limit < 1:
            raise ValueError
        gone = self.victims(self.of_user(record.user_id, now), record, limit)
        await asyncio.sleep(0)
        for victim in gone:
            self.drop(victim)
        self.put(record)
        return [victim.id for victim in gone]


@fault(
    "INSERT-ATOMIC",
    "CANCEL-SAFE",
)
class InsertsThenEvicts(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        if limit is not None and limit < 1:
            raise ValueError
        if self.find(record.key, now) is not None:
            raise SessionExists
        self.put(record)
        await asyncio.sleep(0)
        others = [one for one in self.of_user(record.user_id, now) if one.id != record.id]
        gone = self.victims(others, record, limit)
        for victim in gone:
            self.drop(victim)
        return [victim.id for victim in gone]


@fault(
    "INSERT-KEEPS-NEW",
)
class EvictsTheNewOneIfItIsOldest(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        if limit is None or limit < 1:
            return await super().insert(record, limit=limit, now=now)
        if self.find(record.key, now) is not None:
            raise SessionExists
        everyone = sorted(
            [*self.of_user(record.user_id, now), record], key=self.eviction_order
        )
        gone = everyone[: max(0, len(everyone) - limit)]
        self.put(record)
        for victim in gone:
            self.drop(victim)
        return [victim.id for victim in gone]


@fault("INSERT-ORDER")
class EvictsTheOldestSignIn(PlainStore):
    def eviction_order(self, record: SessionRecord) -> Any:
        return record.created_at, record.id


@fault("INSERT-ORDER")
class EvictsTheSmallestId(PlainStore):
    def eviction_order(self, record: SessionRecord) -> Any:
        return record.id


@fault("INSERT-ORDER")
class EvictsTheFirstToEnd(PlainStore):
    def eviction_order(self, record: SessionRecord) -> Any:
        return record.expires_at, record.id


@fault("INSERT-ORDER")
class EvictsByTimesAsText(PlainStore):
    def eviction_order(self, record: SessionRecord) -> Any:
        return str(record.last_active_at), record.id


@fault("INSERT-ORDER")
class EvictsTheLargestIdOfASecond(PlainStore):
    def eviction_order(self, record: SessionRecord) -> Any:
        return record.last_active_at, [-ord(letter) for letter in record.id]


@fault("INSERT-EXPIRED-FREE")
class CountsExpiredTowardsTheLimit(PlainStore):
    def victims(
        self, others: Sequence[SessionRecord], record: SessionRecord, limit: int | None
    ) -> Sequence[SessionRecord]:
        everyone = [
            one
            for one in self.held.values()
            if one.user_id == record.user_id and one.key != record.key
        ]
        surplus = 0 if limit is None else max(0, len(everyone) + 1 - limit)
        return sorted(others, key=self.eviction_order)[:surplus]


@fault("INSERT-EXPIRED-FREE")
class ReportsTheExpiredAsEvicted(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        dead = [
            one
            for one in self.held.values()
            if one.user_id == record.user_id and not self.is_live(one, now)
        ]
        gone = await super().insert(record, limit=limit, now=now)
        for one in dead:
            if one.id != record.id:
                self.drop(one)
        return [*gone, *(one.id for one in dead)]


@fault("INSERT-UNLIMITED")
class HasALimitOfItsOwn(PlainStore):
    def victims(
        self, others: Sequence[SessionRecord], record: SessionRecord, limit: int | None
    ) -> Sequence[SessionRecord]:
        return super().victims(others, record, 100 if limit is None else limit)


@fault("INSERT-ANSWER")
class NeverReportsEvictions(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        await super().insert(record, limit=limit, now=now)
        return []


@fault(
    "INSERT-ANSWER",
    may={"INSERT-EXPIRED-FREE": "the new session has the key of an expired one there"},
)
class ReportsTheNewOneToo(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        return [*await super().insert(record, limit=limit, now=now), record.id]


@fault("INSERT-EXISTS")
class OverwritesALiveSession(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        old = self.find(record.key, now)
        if old is not None:
            self.drop(old)
        return await super().insert(record, limit=limit, now=now)


@fault("INSERT-EXISTS")
class EvictsBeforeItRefuses(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        if limit is not None and limit < 1:
            raise ValueError
        others = [one for one in self.of_user(record.user_id, now) if one.id != record.id]
        gone = self.victims(others, record, limit)
        for victim in gone:
            self.drop(victim)
        if self.find(record.key, now) is not None:
            raise SessionExists
        self.put(record)
        return [victim.id for victim in gone]


@fault("INSERT-EXPIRED-KEY")
class RefusesAnExpiredKey(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        if self.slot(record.key) in self.held:
            raise SessionExists
        return await super().insert(record, limit=limit, now=now)


@fault("INSERT-EXPIRED-KEY")
class KeepsTheDataOfTheDead(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        dead = self.held.get(self.slot(record.key))
        if dead is not None and not self.is_live(dead, now):
            record = replace(record, data=dead.data)
        return await super().insert(record, limit=limit, now=now)


@fault("LIMIT-RANGE", ends="conformant")
class AcceptsALimitOfNothing(PlainStore):
    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        return await super().insert(
            record, limit=None if limit is None else max(1, limit), now=now
        )
