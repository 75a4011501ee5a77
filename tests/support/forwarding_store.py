"""A store that hands every call to another one, and lets a subclass stand in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from jwtsession.models import Replacement, SessionKey, SessionRecord
    from jwtsession.protocols import SessionStore

__all__ = ["METHODS", "ForwardingStore"]

METHODS = (
    "insert",
    "get",
    "swap",
    "touch",
    "replace_data",
    "list",
    "remove",
    "remove_all",
    "purge_expired",
)

Answer = TypeVar("Answer")


class ForwardingStore:
    """Every method goes through ``around``, which a subclass writes.

    Args:
        inner: The store that does the work.
    """

    def __init__(self, inner: SessionStore) -> None:
        self.inner = inner

    async def around(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do whatever the subclass is there for, and the call itself if it likes."""
        raise NotImplementedError(name)

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        return await self.around(
            "insert", lambda: self.inner.insert(record, limit=limit, now=now)
        )

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        return await self.around("get", lambda: self.inner.get(key, now=now))

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        return await self.around(
            "swap",
            lambda: self.inner.swap(
                key, expected=expected, replacement=replacement, now=now
            ),
        )

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        return await self.around("touch", lambda: self.inner.touch(key, now=now))

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        return await self.around(
            "replace_data", lambda: self.inner.replace_data(key, data, now=now)
        )

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        return await self.around("list", lambda: self.inner.list(user_id, now=now))

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        return await self.around("remove", lambda: self.inner.remove(key, now=now))

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        return await self.around(
            "remove_all", lambda: self.inner.remove_all(user_id, keep=keep, now=now)
        )

    async def purge_expired(self, *, now: int, limit: int) -> int:
        return await self.around(
            "purge_expired", lambda: self.inner.purge_expired(now=now, limit=limit)
        )

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the store protocol has no {name!r}")
