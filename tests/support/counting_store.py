"""A store that keeps the name of every call that is made to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from forwarding_store import ForwardingStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jwtsession.protocols import SessionStore

__all__ = ["CountingStore"]

Answer = TypeVar("Answer")


class CountingStore(ForwardingStore):
    """Counts round trips: one call is one.

    Attributes:
        calls: The names, in the order of the calls.
    """

    def __init__(self, inner: SessionStore) -> None:
        super().__init__(inner)
        self.calls: list[str] = []

    async def around(self, name: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Note the name and make the call."""
        self.calls.append(name)
        return await call()

    def since(self) -> list[str]:
        """Return the calls since the last time this was asked."""
        calls, self.calls = self.calls, []
        return calls
