"""A correct store in small pieces, and the list of stores in which one piece is wrong.

`PlainStore` is written for this alone: every decision it takes is a method of its own, so
that a faulty store overrides one and is otherwise the same. The faults stand in
``faulty_stores_*.py``, by area.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jwtsession_conformance import StoreTarget

from jwtsession.errors import SessionExists
from jwtsession.models import SessionKey, SessionRecord

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from jwtsession.models import Replacement

__all__ = ["FAULTS", "Fault", "PlainStore", "fault", "in_memory", "load_faults"]


class PlainStore:
    """Sessions in a dict; no method waits for anything, so each is one step."""

    def __init__(self, held: dict[Any, SessionRecord]) -> None:
        self.held = held

    # ── decisions ──

    def slot(self, key: SessionKey) -> Any:
        """Say under what a session is kept."""
        return key

    def owns(self, user_id: str, record: SessionRecord) -> bool:
        """Say whether a session is this user's."""
        return record.user_id == user_id

    def is_live(self, record: SessionRecord, now: int) -> bool:
        """Say whether a session is live."""
        return record.expires_at > now

    def kept(self, record: SessionRecord) -> SessionRecord:
        """Say what is kept of a session."""
        return record

    def shown(self, record: SessionRecord) -> SessionRecord:
        """Say what is answered of a session."""
        return record

    def find(self, key: SessionKey, now: int) -> SessionRecord | None:
        """Find a live session for an operation that writes."""
        record = self.held.get(self.slot(key))
        return record if record is not None and self.is_live(record, now) else None

    def of_user(self, user_id: str, now: int) -> list[SessionRecord]:
        """Find the live sessions of a user."""
        return [
            one
            for one in list(self.held.values())
            if self.owns(user_id, one) and self.is_live(one, now)
        ]

    def put(self, record: SessionRecord) -> None:
        """Write a session."""
        self.held[self.slot(record.key)] = self.kept(record)

    def drop(self, record: SessionRecord) -> None:
        """Delete a session."""
        self.held.pop(self.slot(record.key), None)

    def eviction_order(self, record: SessionRecord) -> Any:
        """Say who goes first."""
        return record.last_active_at, record.id

    def victims(
        self, others: Sequence[SessionRecord], record: SessionRecord, limit: int | None
    ) -> Sequence[SessionRecord]:
        """Say who has to go for a new session."""
        surplus = 0 if limit is None else max(0, len(others) + 1 - limit)
        return sorted(others, key=self.eviction_order)[:surplus]

    def matches(self, record: SessionRecord, expected: bytes, new: Replacement) -> bool:
        """Say whether a swap writes."""
        del new
        return record.refresh_hash == expected

    def moved(self, record: SessionRecord, new: Replacement, now: int) -> SessionRecord:
        """Say what a swap writes."""
        return replace(
            record,
            refresh_hash=new.refresh_hash,
            gen=new.gen,
            rotated_at=new.rotated_at,
            expires_at=new.expires_at,
            seen=new.seen,
            last_active_at=max(record.last_active_at, now),
        )

    def touched(self, record: SessionRecord, now: int) -> SessionRecord:
        """Say what a touch writes."""
        return replace(record, last_active_at=max(record.last_active_at, now))

    def listing_order(self, record: SessionRecord) -> Any:
        """Say who is listed first."""
        return -record.last_active_at, record.id

    # ── the nine methods ──

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        """Add a session."""
        if limit is not None and limit < 1:
            raise ValueError("a limit is 1 or more")
        if self.find(record.key, now) is not None:
            raise SessionExists
        gone = self.victims(self.of_user(record.user_id, now), record, limit)
        for victim in gone:
            self.drop(victim)
        self.put(record)
        return [victim.id for victim in gone]

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        """Find one."""
        record = self.find(key, now)
        return None if record is None else self.shown(record)

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Compare and swap."""
        record = self.find(key, now)
        if record is None:
            return None
        if self.matches(record, expected, replacement):
            record = self.moved(record, replacement, now)
            self.put(record)
        return self.shown(record)

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        """Note activity."""
        record = self.find(key, now)
        if record is not None:
            self.put(self.touched(record, now))
        return record is not None

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        """Replace the application's text."""
        record = self.find(key, now)
        if record is not None:
            self.put(replace(record, data=data))
        return record is not None

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        """List a user's."""
        live = sorted(self.of_user(user_id, now), key=self.listing_order)
        return [self.shown(record) for record in live]

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        """End one."""
        record = self.find(key, now)
        if record is not None:
            self.drop(record)
        return record is not None

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        """End all."""
        ended = [one for one in self.of_user(user_id, now) if one.id != keep]
        for record in ended:
            self.drop(record)
        return len(ended)

    async def purge_expired(self, *, now: int, limit: int) -> int:
        """Delete what has expired."""
        dead = [one for one in self.held.values() if not self.is_live(one, now)][:limit]
        for record in dead:
            self.drop(record)
        return len(dead)


def in_memory(
    kind: Callable[[dict[Any, SessionRecord]], Any], *, shared: bool = True
) -> Callable[[str], Any]:
    """Return a factory of stores in memory.

    Args:
        kind: Makes the store of a dict.
        shared: Whether all handles of a place are one dict, each a store of its own.
    """
    places: defaultdict[str, dict[Any, SessionRecord]] = defaultdict(dict)

    @asynccontextmanager
    async def factory(place: str) -> AsyncGenerator[Any]:
        yield kind(places[place] if shared else {})

    return factory


@dataclass(frozen=True)
class Fault:
    """A store with one defect.

    Attributes:
        name: What is wrong, in a few words.
        target: The store and what it declares.
        must: The requirements that have to go red.
        may: Those that may, and why.
        ends: How the run ends, where not as non-conformant.
        patience: After how many seconds a call of it counts as hung; long, since tests run
            on busy machines, but where the defect is that it hangs.
    """

    name: str
    target: StoreTarget
    must: frozenset[str]
    may: Mapping[str, str] = field(default_factory=dict)
    ends: str = "non-conformant"
    patience: float = 8.0


FAULTS: list[Fault] = []


def fault(
    *must: str,
    may: Mapping[str, str] | None = None,
    declares: str = "",
    path: str | None = None,
    ends: str = "non-conformant",
    patience: float = 8.0,
) -> Callable[[Any], Any]:
    """Register a store class, or a factory, as faulty. Its docstring says how.

    Args:
        must: Requirements without ``STORE-``, which have to go red.
        may: The same that may, with the reason.
        declares: Capabilities; most faults need none of them to show.
        path: Under which name another process finds the factory.
        ends: How the run ends.
        patience: After how many seconds a call of it counts as hung.
    """

    def register(thing: Any) -> Any:
        opened = thing
        if isinstance(thing, type):
            opened = in_memory(thing, shared="shared" in declares)
        FAULTS.append(
            Fault(
                name=thing.__name__,
                target=StoreTarget(opened, frozenset(declares.split()), path),
                must=frozenset(f"STORE-{one}" for one in must),
                may={f"STORE-{one}": why for one, why in (may or {}).items()},
                ends=ends,
                patience=patience,
            )
        )
        return thing

    return register


def load_faults() -> Sequence[Fault]:
    """Import every module of faults, once, and return all of them."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("faulty_stores_"):
            importlib.import_module(module.name)
    return FAULTS
