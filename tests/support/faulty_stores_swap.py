"""Stores that swap wrongly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from faulty_stores import PlainStore, fault

from jwtsession.models import SessionRecord

if TYPE_CHECKING:
    from jwtsession.models import Replacement, SessionKey


@fault("SWAP-COMPARE")
class ComparesTheGenerationToo(PlainStore):
    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        return super().matches(record, expected, new) and new.gen > record.gen


@fault(
    "SWAP-COMPARE",
    "SWAP-FAILED",
)
class ComparesTheGenerationAlone(PlainStore):
    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        return new.gen == record.gen + 1


@fault("SWAP-COMPARE")
class ComparesHalfTheHash(PlainStore):
    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        return record.refresh_hash[:16] == expected[:16]


@fault("SWAP-COMPARE")
class ComparesHashesAsTextWithoutCase(PlainStore):
    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        return record.refresh_hash.lower() == expected.lower()


@fault("SWAP-COMPARE")
class ComparesUpToAZeroByte(PlainStore):
    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        return record.refresh_hash.split(b"\x00")[0] == expected.split(b"\x00")[0]


@fault("SWAP-COMPARE")
class ComparesTheTimeToo(PlainStore):
    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        later = new.rotated_at >= record.rotated_at
        return super().matches(record, expected, new) and later


@fault("SWAP-FAILED")
class NotesAFailedSwapAsActivity(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = self.find(key, now)
        if record is not None and record.refresh_hash != expected:
            self.put(self.touched(record, now))
        return await super().swap(key, expected=expected, replacement=replacement, now=now)


@fault(
    "SWAP-FAILED",
)
class WritesSeenWhateverTheHash(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = self.find(key, now)
        if record is not None:
            self.put(replace(record, seen=replacement.seen))
        return await super().swap(key, expected=expected, replacement=replacement, now=now)


@fault(
    "SWAP-ATOMIC",
    "FIELDS-DISJOINT",
    "REMOVE-FINAL",
    may={"REMOVE-ALL-ENDS": "it writes after the removal"},
)
class ReadsThenWrites(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = self.find(key, now)
        await asyncio.sleep(0)
        if record is None or record.refresh_hash != expected:
            return record
        record = self.moved(record, replacement, now)
        self.put(record)
        return record


@fault(
    "SWAP-ATOMIC",
)
class ReadsWaitsLongThenWrites(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = self.find(key, now)
        matched = record is not None and self.matches(record, expected, replacement)
        await asyncio.sleep(0.001)
        record = self.find(key, now)
        if record is None:
            return None
        if matched:
            record = self.moved(record, replacement, now)
            self.put(record)
        return record


@fault(
    "SWAP-ANSWER",
)
class ShowsLosersTheOldRecord(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        before = self.find(key, now)
        await asyncio.sleep(0)
        after = await super().swap(key, expected=expected, replacement=replacement, now=now)
        wrote = after is not None and after.refresh_hash == replacement.refresh_hash
        return after if wrote or after is None else before


@fault("SWAP-ANSWER")
class AnswersTheRecordFromBefore(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        before = self.find(key, now)
        await super().swap(key, expected=expected, replacement=replacement, now=now)
        return before


@fault("SWAP-ANSWER")
class AnswersNoneWhereTheCompareFailed(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        after = await super().swap(key, expected=expected, replacement=replacement, now=now)
        wrote = after is not None and after.refresh_hash == replacement.refresh_hash
        return after if wrote else None


@fault("SWAP-FIELDS")
class LeavesTheEndWhereItWas(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return replace(super().moved(record, new, now), expires_at=record.expires_at)


@fault("SWAP-FIELDS")
class OnlyExtends(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        later = max(record.expires_at, new.expires_at)
        return replace(super().moved(record, new, now), expires_at=later)


@fault("SWAP-FIELDS")
class ForgetsSeen(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return replace(super().moved(record, new, now), seen=record.seen)


@fault("SWAP-FIELDS")
class ClearsDataAtASwap(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return replace(super().moved(record, new, now), data="{}")


@fault("SWAP-FIELDS")
class CountsGenerationsItself(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return replace(super().moved(record, new, now), gen=record.gen + 1)


@fault("SWAP-FIELDS")
class TakesNowForTheRotation(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return replace(super().moved(record, new, now), rotated_at=now)


@fault(
    "SWAP-FIELDS",
    "CANCEL-SAFE",
    may={
        "SWAP-ANSWER": "two swaps meet half way there",
    },
)
class SwapsInTwoSteps(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = self.find(key, now)
        if record is None or record.refresh_hash != expected:
            return record
        self.put(
            replace(record, refresh_hash=replacement.refresh_hash, gen=replacement.gen)
        )
        await asyncio.sleep(0)
        held = self.find(key, now)
        if held is not None:
            held = self.moved(held, replacement, now)
            self.put(held)
        return held


@fault("SWAP-ACTIVE")
class DoesNotCountASwapAsActivity(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        moved = super().moved(record, new, now)
        return replace(moved, last_active_at=record.last_active_at)


@fault("SWAP-ACTIVE")
class LetsASwapMoveActivityBack(PlainStore):
    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        return replace(super().moved(record, new, now), last_active_at=now)


@fault("SWAP-EXPIRED")
class SwapsTheExpired(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        record = self.held.get(self.slot(key))
        if record is not None and record.refresh_hash == expected:
            record = self.moved(record, replacement, now)
            self.put(record)
        return record if record is not None and self.is_live(record, now) else None


@fault("SWAP-EXPIRED")
class RefusesOneSecondTooEarly(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        if self.find(key, now + 1) is None:
            return None
        return await super().swap(key, expected=expected, replacement=replacement, now=now)


@fault(
    "SWAP-ABSENT",
    "REMOVE-FINAL",
    may={
        "REMOVE-ENDS": "it swaps a removed session",
        "USER-ISOLATION": "a foreign key is absent",
        "REMOVE-ALL-ENDS": "a swap comes after it",
    },
)
class CreatesWhatIsAbsent(PlainStore):
    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        if self.slot(key) not in self.held:
            self.put(
                SessionRecord(
                    user_id=key.user_id,
                    id=key.session_id,
                    refresh_hash=replacement.refresh_hash,
                    gen=replacement.gen,
                    created_at=now,
                    rotated_at=replacement.rotated_at,
                    last_active_at=now,
                    expires_at=replacement.expires_at,
                    meta="{}",
                    data="{}",
                    seen=replacement.seen,
                )
            )
        return await super().swap(key, expected=expected, replacement=replacement, now=now)
