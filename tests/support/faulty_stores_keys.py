"""Stores that take one user, or one session, for another."""

from __future__ import annotations

import fnmatch
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from faulty_stores import PlainStore, fault

from jwtsession.models import SessionKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import SessionRecord


class _Folded(PlainStore):
    """Compares user ids after changing them."""

    def folded(self, user_id: str) -> str:
        """Say what is compared."""
        raise NotImplementedError

    def slot(self, key: SessionKey) -> Any:
        return self.folded(key.user_id), key.session_id

    def owns(self, user_id: str, record: SessionRecord) -> bool:
        return self.folded(record.user_id) == self.folded(user_id)


@fault("KEY-EXACT")
class FoldsCase(_Folded):
    def folded(self, user_id: str) -> str:
        return user_id.casefold()


@fault("KEY-EXACT")
class LowersAsciiOnly(_Folded):
    def folded(self, user_id: str) -> str:
        return user_id.encode().lower().decode()


@fault("KEY-EXACT")
class ComposesUserIds(_Folded):
    def folded(self, user_id: str) -> str:
        return unicodedata.normalize("NFC", user_id)


@fault("KEY-EXACT")
class TakesCompatibleLettersForOne(_Folded):
    def folded(self, user_id: str) -> str:
        return unicodedata.normalize("NFKC", user_id)


@fault("KEY-EXACT")
class IgnoresBlanksAtTheEnd(_Folded):
    def folded(self, user_id: str) -> str:
        return user_id.rstrip(" ")


@fault("KEY-EXACT")
class CutsLongUserIds(_Folded):
    def folded(self, user_id: str) -> str:
        return user_id[:254]


@fault("KEY-EXACT")
class CutsUserIdsAt255Bytes(_Folded):
    def folded(self, user_id: str) -> str:
        return user_id.encode()[:255].decode(errors="replace")


@fault("KEY-EXACT")
class LosesWhatIsNotInTheBasicPlane(_Folded):
    def folded(self, user_id: str) -> str:
        return "".join(letter if ord(letter) < 0x10000 else "?" for letter in user_id)


@fault("KEY-EXACT")
class ReadsDigitsAsANumber(_Folded):
    def folded(self, user_id: str) -> str:
        return str(int(user_id)) if user_id.isdecimal() and user_id.isascii() else user_id


@fault("KEY-EXACT")
class RemovesByPattern(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        pattern = user_id.replace("%", "*").replace("_", "?")
        ended = 0
        for name in {one.user_id for one in self.held.values()}:
            if name == user_id or ("[" not in name and fnmatch.fnmatchcase(name, pattern)):
                ended += await super().remove_all(name, keep=keep, now=now)
        return ended


@fault(
    "KEY-EXACT",
    "KEY-WHOLE",
)
class ListsByPrefix(PlainStore):
    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        live = [
            one
            for one in self.held.values()
            if one.user_id.startswith(user_id) and self.is_live(one, now)
        ]
        return sorted(live, key=self.listing_order)


@fault(
    "KEY-WHOLE",
)
class KeepsSessionsByTheirIdAlone(PlainStore):
    def slot(self, key: SessionKey) -> Any:
        return key.session_id

    def find(self, key: SessionKey, now: int) -> SessionRecord | None:
        record = super().find(key, now)
        return record if record is not None and record.user_id == key.user_id else None


@fault("KEY-WHOLE", "KEY-EXACT")
class GluesUserAndSession(PlainStore):
    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        ended = [
            one
            for one in self.held.values()
            if f"{one.user_id}:{one.id}".startswith(f"{user_id}:")
            and one.id != keep
            and self.is_live(one, now)
        ]
        for record in ended:
            self.drop(record)
        return len(ended)


@fault(
    "USER-ISOLATION",
)
class ShowsForeignSessions(PlainStore):
    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        for one in self.held.values():
            if one.id == key.session_id and self.is_live(one, now):
                return one
        return None


@fault("USER-ISOLATION")
class RemovesForeignSessions(PlainStore):
    async def remove(self, key: SessionKey, *, now: int) -> bool:
        for one in list(self.held.values()):
            if one.id == key.session_id and self.is_live(one, now):
                self.drop(one)
                return True
        return False


@fault("USER-ISOLATION", may={"KEY-WHOLE": "one id under two users"})
class TouchesForeignSessions(PlainStore):
    async def touch(self, key: SessionKey, *, now: int) -> bool:
        touched = False
        for one in list(self.held.values()):
            if one.id == key.session_id and self.is_live(one, now):
                self.put(replace(one, last_active_at=max(one.last_active_at, now)))
                touched = True
        return touched
