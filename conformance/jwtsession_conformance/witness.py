"""A store as a check sees it: every call is noted, bounded in time, and its answer read.

The witness adds nothing to what a store does. It turns what no caller could use (a wrong
type, a foreign exception, no answer at all) into a violation or a harness error, so that
a check reads as a story about sessions.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from jwtsession.errors import SessionExists, StoreUnavailable
from jwtsession_conformance.records import is_record, plain
from jwtsession_conformance.target import a_kind, cause
from jwtsession_conformance.violation import HarnessError, Violated, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jwtsession.models import Replacement, SessionKey, SessionRecord
    from jwtsession.protocols import SessionStore
    from jwtsession_conformance.history import Journal

__all__ = ["METHODS", "Unavailable", "Witness"]

METHODS: Mapping[str, str] = {
    "insert": "STORE-INSERT-ROUNDTRIP",
    "get": "STORE-GET-LIVE",
    "swap": "STORE-SWAP-FIELDS",
    "touch": "STORE-TOUCH-LIVE",
    "replace_data": "STORE-DATA-LIVE",
    "list": "STORE-LIST-LIVE",
    "remove": "STORE-REMOVE-ENDS",
    "remove_all": "STORE-REMOVE-ALL-ENDS",
    "purge_expired": "STORE-PURGE-COUNT",
}
"""The nine methods, and what each breaks when it cannot be used at all."""

_ANSWERS: Mapping[str, str] = {**METHODS, "insert": "STORE-INSERT-ANSWER"}

_POSITIONAL = frozenset({"record", "key", "user_id", "data"})

_T = TypeVar("_T")


class Unavailable(HarnessError):
    """The store raised StoreUnavailable: its backend is at fault, and nothing is known."""


class Witness:
    """One handle on a store, watched. It has the nine methods.

    Args:
        store: What is watched.
        journal: Where calls are noted.
        handle: What reports call this handle.
        patience: After how many seconds a call counts as hung.
        blame: Which requirement an exception out of a method breaks; None keeps that of
            the method.
    """

    def __init__(
        self,
        store: SessionStore,
        *,
        journal: Journal,
        handle: str,
        patience: float,
        blame: Callable[[str], str],
    ) -> None:
        self.store = store
        self._journal = journal
        self._handle = handle
        self._patience = patience
        self._blame = blame

    async def insert(
        self, record: SessionRecord, *, limit: int | None = None, now: int
    ) -> Sequence[str]:
        """Insert, and answer the evicted ids as a list."""
        said = {"record": record, "limit": limit, "now": now}
        return await self._watch("insert", said, _ids)

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        """Get, and answer a plain copy."""
        return await self._watch("get", {"key": key, "now": now}, _record)

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Swap, and answer a plain copy."""
        said = {"key": key, "expected": expected, "replacement": replacement, "now": now}
        return await self._watch("swap", said, _record)

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        """Touch."""
        return await self._watch("touch", {"key": key, "now": now}, _truth)

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        """Replace the application's text."""
        return await self._watch(
            "replace_data", {"key": key, "data": data, "now": now}, _truth
        )

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        """List, and answer plain copies."""
        return await self._watch("list", {"user_id": user_id, "now": now}, _records)

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        """Remove one."""
        return await self._watch("remove", {"key": key, "now": now}, _truth)

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        """Remove all but one."""
        said: dict[str, Any] = {"user_id": user_id, "now": now}
        if keep is not None:
            said["keep"] = keep
        return await self._watch("remove_all", said, _count)

    async def purge_expired(self, *, now: int, limit: int) -> int:
        """Purge."""
        return await self._watch("purge_expired", {"now": now, "limit": limit}, _count)

    async def _watch(
        self, method: str, said: Mapping[str, Any], read: Callable[[Any], _T]
    ) -> _T:
        noted = self._journal.begin(method, self._handle, said)
        positional = [said[name] for name in said if name in _POSITIONAL]
        named = {name: said[name] for name in said if name not in _POSITIONAL}
        answer: Any = None
        limit = asyncio.timeout(self._patience)
        try:
            async with limit:
                call = getattr(self.store, method)(*positional, **named)
                if not inspect.isawaitable(call):
                    raise HarnessError(
                        f"{method} is not asynchronous: it returned {a_kind(call)} at once.",
                        f"Write `async def {method}`.",
                    )
                answer = await call
            noted.answer = understood = read(answer)
        except SessionExists:
            noted.error = "SessionExists"
            raise
        except StoreUnavailable as error:
            noted.error = "StoreUnavailable"
            because = f", because of {cause(error.__cause__)}" if error.__cause__ else ""
            raise Unavailable(
                f"The store raised StoreUnavailable from {method}{because}.",
                "Nothing can be said about a store whose backend does not answer.",
            ) from error
        except HarnessError:
            raise
        except _Unreadable as error:
            noted.error = f"{a_kind(answer)}, as its answer"
            raise self._violated(
                _ANSWERS[method],
                f"{method} answered {error}, which is none of its answers.",
            ) from None
        except asyncio.CancelledError:
            noted.error = "CancelledError"
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._violated(
                self._blame(method),
                f"{method} raised CancelledError, and nobody cancelled it.",
            ) from None
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                noted.error = "nothing, and answered nothing"
                what = f"{method} had not answered after {self._patience:g} seconds."
            else:
                noted.error = type(error).__name__
                what = f"{method} raised {cause(error)}."
            raise self._violated(self._blame(method), what) from error
        finally:
            self._journal.end()
        return understood

    def _violated(self, requirement: str, what: str) -> Violated:
        return Violated(Violation(requirement, what, self._journal.lines()))


class _Unreadable(Exception):
    """An answer of a type that means nothing."""


def _record(answer: Any) -> SessionRecord | None:
    if answer is None:
        return None
    if not is_record(answer):
        raise _Unreadable(a_kind(answer))
    return plain(answer)


def _records(answer: Any) -> Sequence[SessionRecord]:
    if answer is None or isinstance(answer, str | bytes) or not hasattr(answer, "__iter__"):
        raise _Unreadable(a_kind(answer))
    found = [_record(one) for one in answer]
    if None in found:
        raise _Unreadable("a list with None in it")
    return [one for one in found if one is not None]


def _ids(answer: Any) -> Sequence[str]:
    if answer is None or isinstance(answer, str | bytes) or not hasattr(answer, "__iter__"):
        raise _Unreadable(a_kind(answer))
    found = list(answer)
    if not all(isinstance(one, str) for one in found):
        raise _Unreadable("a list of something else than session ids")
    return found


def _truth(answer: Any) -> bool:
    if isinstance(answer, int) and answer in (0, 1):
        return bool(answer)
    raise _Unreadable(a_kind(answer))


def _count(answer: Any) -> int:
    if isinstance(answer, int) and not isinstance(answer, bool):
        return int(answer)
    raise _Unreadable(a_kind(answer))
