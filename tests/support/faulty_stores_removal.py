"""Stores that end sessions, or delete expired ones, wrongly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import SessionKey, SessionRecord


@fault("REMOVE-ENDS")
class RemovesNothing(PlainStore):
    async def remove(self, key: SessionKey, *, now: int) -> bool:
        return self.find(key, now) is not None


class _Hidden(PlainStore):
    """Marks what was removed, and hides it from some operations only."""

    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        super().__init__(held)
        self.hidden: set[Any] = set()

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        live = self.find(key, now) is not None and key not in self.hidden
        self.hidden.add(key)
        return live

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        return None if key in self.hidden else await super().get(key, now=now)


@fault(
    "REMOVE-ENDS",
)
class RemovesFromGetAlone(_Hidden):
    pass


@fault(
    "REMOVE-ENDS",
    may={
        "TOUCH-LIVE": "a removed session can be touched",
        "DATA-LIVE": "a removed session takes data",
        "SWAP-ABSENT": "a removed session can be swapped",
        "INSERT-EXISTS": "the key of a removed session is refused",
    },
)
class SwapsWhatWasRemoved(_Hidden):
    def of_user(self, user_id: str, now: int) -> list[SessionRecord]:
        return [one for one in super().of_user(user_id, now) if one.key not in self.hidden]


@fault(
    "REMOVE-ONCE",
    may={
        "REMOVE-ALL-COUNT": "the same session is counted twice",
    },
)
class LooksThenRemoves(PlainStore):
    async def remove(self, key: SessionKey, *, now: int) -> bool:
        record = self.find(key, now)
        await asyncio.sleep(0)
        if record is not None:
            self.drop(record)
        return record is not None


@fault(
    "REMOVE-LIVE",
    may={
        "REMOVE-ENDS": "a second remove answers true there",
        "USER-ISOLATION": "a foreign key is absent",
    },
)
class RemoveAlwaysAnswersTrue(PlainStore):
    async def remove(self, key: SessionKey, *, now: int) -> bool:
        await super().remove(key, now=now)
        return True


@fault("REMOVE-LIVE")
class CountsTheExpiredAsRemoved(PlainStore):
    async def remove(self, key: SessionKey, *, now: int) -> bool:
        del now
        return self.held.pop(self.slot(key), None) is not None


@fault(
    "REMOVE-FINAL",
    may={
        "REMOVE-ENDS": "it looks for a removed session with touch",
        "REMOVE-ALL-ENDS": "a touch comes after it",
        "TOUCH-LIVE": "it touches a removed session",
    },
)
class TouchBringsBack(PlainStore):
    removed: dict[Any, SessionRecord] = {}

    def drop(self, record: SessionRecord) -> None:
        self.removed[record.key] = record
        super().drop(record)

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        if self.find(key, now) is None and key in self.removed:
            self.put(self.removed.pop(key))
        return await super().touch(key, now=now)


@fault("REMOVE-ALL-ENDS")
class RemovesTwentyAtMost(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        ended = [one for one in self.of_user(user_id, now) if one.id != keep][:20]
        for record in ended:
            self.drop(record)
        return len(ended)


@fault(
    "REMOVE-ALL-ENDS",
    may={"REMOVE-ALL-COUNT": "it counts what is left there"},
)
class LeavesTheMostRecentOne(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        live = await self.list(user_id, now=now)
        ended = [one for one in live if one.id != keep][1:]
        for record in ended:
            self.drop(record)
        return len(ended)


@fault("REMOVE-ALL-KEEP", may={"REMOVE-ALL-COUNT": "one is kept there"})
class KeepsNobody(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        del keep
        return await super().remove_all(user_id, now=now)


@fault("REMOVE-ALL-KEEP")
class TouchesTheKeptOne(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        for one in self.of_user(user_id, now):
            if one.id == keep:
                self.put(self.touched(one, now))
        return await super().remove_all(user_id, keep=keep, now=now)


@fault("REMOVE-ALL-KEEP-MISSING")
class EndsNobodyWhereTheKeptOneIsMissing(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        if keep is not None and keep not in [one.id for one in self.of_user(user_id, now)]:
            return 0
        return await super().remove_all(user_id, keep=keep, now=now)


@fault("REMOVE-ALL-COUNT")
class CountsTheExpiredToo(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        dead = [
            one
            for one in self.held.values()
            if one.user_id == user_id and one.id != keep and not self.is_live(one, now)
        ]
        for record in dead:
            self.drop(record)
        return len(dead) + await super().remove_all(user_id, keep=keep, now=now)


@fault("REMOVE-ALL-COUNT")
class CountsWhatAnotherRemoved(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        ended = [one for one in self.of_user(user_id, now) if one.id != keep]
        await asyncio.sleep(0)
        for record in ended:
            self.drop(record)
        return len(ended)


@fault("PURGE-LIVE")
class PurgesOneSecondEarly(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        return await super().purge_expired(now=now + 1, limit=limit)


@fault("PURGE-LIVE")
class LooksThenPurges(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        dead = [one for one in self.held.values() if not self.is_live(one, now)][:limit]
        await asyncio.sleep(0)
        for record in dead:
            self.drop(record)
        return len(dead)


@fault("PURGE-LIMIT")
class PurgesWithoutALimit(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        return min(limit, await super().purge_expired(now=now, limit=10**6))


@fault("PURGE-LIMIT", declares="sweeps")
class AnswersMoreThanItMayPurge(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        return await super().purge_expired(now=now, limit=limit + 1)


@fault("PURGE-LIMIT")
class PurgesTheLimitOfEachUser(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        deleted = 0
        for user in {one.user_id for one in self.held.values()}:
            dead = [
                one
                for one in self.held.values()
                if one.user_id == user and not self.is_live(one, now)
            ]
            for record in dead[:limit]:
                self.drop(record)
            deleted += len(dead[:limit])
        return deleted


@fault("PURGE-COUNT")
class PurgesNothing(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        del now, limit
        return 0


@fault("PURGE-COUNT")
class SaysItPurgedButDoesNot(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        return len(
            [one for one in self.held.values() if not self.is_live(one, now)][:limit]
        )


@fault("PURGE-COUNT")
class LeavesWhatEndsThisSecond(PlainStore):
    async def purge_expired(self, *, now: int, limit: int) -> int:
        return await super().purge_expired(now=now - 1, limit=limit)


@fault("LIST-LIVE")
class ListsInPages(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        found: list[SessionRecord] = []
        while True:
            page = (await super().list(user_id, now=now))[len(found) : len(found) + 2]
            if not page:
                return found
            found += page
            await asyncio.sleep(0)
