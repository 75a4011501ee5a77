"""Stores that read wrongly: too early, too late, or from a copy that is out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import SessionKey, SessionRecord


@fault(
    "GET-LIVE",
    may={"TIME-ARGUMENT": "it looks at the very end of a session too"},
)
class ShowsASessionAtItsEnd(PlainStore):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        return await super().get(key, now=now - 1)


@fault(
    "GET-LIVE",
    may={"TIME-ARGUMENT": "it looks just before the end of a session too"},
)
class HidesASessionBeforeItsEnd(PlainStore):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        return await super().get(key, now=now + 1)


@fault("GET-LIVE")
class EndsSessionsThatAreIdle(PlainStore):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        record = await super().get(key, now=now)
        idle = record is not None and now - record.last_active_at > 60 * 86400
        return None if idle else record


@fault(
    "GET-ABSENT",
)
class ShowsAnySessionOfTheUser(PlainStore):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        exact = await super().get(key, now=now)
        return exact or next(iter(self.of_user(key.user_id, now)), None)


class _Stale(PlainStore):
    """Answers reads from a copy that it takes now and then."""

    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        super().__init__(held)
        self.copies: dict[Any, Any] = {}


@fault("GET-FRESH")
class KeepsWhatGetFound(_Stale):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        if key not in self.copies:
            found = await super().get(key, now=now)
            if found is None:
                return None
            self.copies[key] = found
        kept = self.copies[key]
        return kept if self.is_live(kept, now) else None


@fault(
    "GET-FRESH",
)
class GetLagsBehindByOneWrite(_Stale):
    def put(self, record: SessionRecord) -> None:
        self.copies[record.key] = self.held.get(self.slot(record.key), record)
        super().put(record)

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        found = await super().get(key, now=now)
        behind = self.copies.pop(key, None)
        return behind if found is not None and behind is not None else found


@fault("GET-FRESH")
class RemembersThatNothingWasThere(_Stale):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        if key in self.copies:
            return None
        found = await super().get(key, now=now)
        if found is None:
            self.copies[key] = None
        return found


@fault(
    "LIST-FRESH",
)
class KeepsWhatListFound(_Stale):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        if user_id not in self.copies:
            found = await super().list(user_id, now=now)
            if not found:
                return found
            self.copies[user_id] = found
        return [one for one in self.copies[user_id] if self.is_live(one, now)]


@fault(
    "LIST-LIVE",
    may={"TIME-ARGUMENT": "it looks at the very end of a session too"},
)
class ListsASessionAtItsEnd(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        return await super().list(user_id, now=now - 1)


@fault(
    "LIST-LIVE",
)
class ListsTwentyAtMost(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        return (await super().list(user_id, now=now))[:20]


@fault("LIST-LIVE")
class ListsASessionTwice(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        found = await super().list(user_id, now=now)
        return [*found, *found[-1:]] if len(found) > 3 else found


@fault("LIST-ORDER")
class ListsTheOldestFirst(PlainStore):
    def listing_order(self, record: SessionRecord) -> Any:
        return record.last_active_at, record.id


@fault("LIST-ORDER")
class ListsByTimesAsText(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        live = sorted(self.of_user(user_id, now), key=lambda one: one.id)
        return sorted(live, key=lambda one: str(one.last_active_at), reverse=True)


@fault("LIST-ORDER")
class ListsBySignIn(PlainStore):
    def listing_order(self, record: SessionRecord) -> Any:
        return -record.created_at, record.id


@fault("LIST-ORDER")
class LeavesTiesAsTheyCome(PlainStore):
    def listing_order(self, record: SessionRecord) -> Any:
        return -record.last_active_at
