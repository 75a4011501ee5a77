"""What a check works with: a store at a place of its own, time, values, and a model."""

from __future__ import annotations

import random
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from jwtsession.models import Replacement, SessionKey, SessionRecord
from jwtsession_conformance.catalogue import requirement
from jwtsession_conformance.clock import VirtualClock
from jwtsession_conformance.history import Journal, Names
from jwtsession_conformance.model import Model
from jwtsession_conformance.places import new_place, open_store
from jwtsession_conformance.records import changed_fields, equal
from jwtsession_conformance.violation import Violated, Violation
from jwtsession_conformance.witness import METHODS, Witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from jwtsession.protocols import SessionStore
    from jwtsession_conformance.processes.handle import Workers
    from jwtsession_conformance.registry import Check
    from jwtsession_conformance.target import StoreTarget

__all__ = ["DAY", "HOUR", "Lab", "Pace"]

HOUR = 3600
DAY = 86400

_ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_OWN_METHODS = {
    "insert": {"insert"},
    "get": {"get"},
    "swap": {"swap"},
    "touch": {"touch"},
    "data": {"replace_data"},
    "list": {"list"},
    "remove": {"remove", "remove_all"},
    "purge": {"purge_expired"},
}
"""Whose exceptions break the requirement under check, by area; elsewhere all do."""


class Pace:
    """How long a run may try.

    Args:
        patience: After how many seconds a call counts as hung.
        budget: How many seconds the rounds of one check may take; a slow store gets fewer
            rounds, never fewer than each check's minimum.
    """

    def __init__(self, *, patience: float = 10.0, budget: float = 1.0) -> None:
        self.patience = patience
        self.budget = budget


class Lab:
    """Everything one check needs, closed when it ends.

    Args:
        check: Which check it serves.
        target: What is judged.
        seed: From which every drawn value comes; the same seed, the same values.
        pace: How long things may take.
        workers: The other processes of the run.

    Attributes:
        store: The first handle on this check's place.
        model: What the place should hold.
        clock: Virtual time.
        rng: The source of everything drawn.
        note: What a report should say though the check passed.
    """

    store: Witness

    def __init__(
        self,
        check: Check,
        target: StoreTarget,
        *,
        seed: int,
        pace: Pace,
        workers: Workers,
    ) -> None:
        self.check = check
        self.target = target
        self.pace = pace
        self.clock = VirtualClock()
        self.rng = random.Random(f"{seed}/{check.id}")  # noqa: S311 - reproducible on purpose
        self.model = Model()
        self.journal = Journal(Names(self.clock.start))
        self.place = new_place()
        self.note = ""
        self.bystander: str | None = None
        self._stack = AsyncExitStack()
        self._workers = workers
        self._handles = 0
        self._scene = 0

    async def __aenter__(self) -> Self:
        self.store = await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def now(self) -> int:
        """The virtual present."""
        return self.clock.now()

    # ── handles ──

    async def open(self, place: str | None = None, *, called: str = "") -> Witness:
        """Open a handle on this check's place, or on another, until the check ends."""
        store = await self._stack.enter_async_context(
            open_store(
                self.target.factory, place or self.place, patience=self.pace.patience
            )
        )
        return self.watch(store, called)

    async def open_elsewhere(self, number: int) -> Witness:
        """Open a handle on this check's place in another process, counted from 0."""
        process = await self._workers.get(number)
        store = await self._stack.enter_async_context(process.open(self.place))
        return self.watch(store, f"process {number + 1}")

    def watch(self, store: SessionStore, called: str = "") -> Witness:
        """Watch a store that was opened in another way."""
        self._handles += 1
        return Witness(
            store,
            journal=self.journal,
            handle=called or f"handle {self._handles}",
            patience=self.pace.patience,
            blame=self.blamed_for,
        )

    async def close(self) -> None:
        """Close every handle."""
        await self._stack.aclose()
        self.journal.note("every handle was closed")

    async def reopen(self) -> None:
        """Close every handle and open the place again."""
        await self.close()
        self.store = await self.open(called="the place opened again")

    @property
    def stack(self) -> AsyncExitStack:
        """Where anything else can be entered that must end with the check."""
        return self._stack

    # ── values ──

    def user(self, name: str) -> str:
        """Return a user id that no other check and no other scene uses."""
        scene = f"-{self._scene}" if self._scene else ""
        return f"{name}-{self.place[-6:]}{scene}"

    def session_id(self) -> str:
        """Draw a canonical upper-case ULID."""
        number = (self.clock.start * 1000) << 80 | self.rng.getrandbits(80)
        return "".join(_ULID_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))

    def hash(self) -> bytes:
        """Draw a refresh hash that nobody pads or strips: those are drawn on purpose."""
        return b"\x7f" + self.rng.randbytes(30) + b"\x7f"

    def record(self, user_id: str | None = None, **fields: Any) -> SessionRecord:
        """Make the record of a session that begins now and lives a month.

        Every field has a value of its own, so that two that are confused show.
        """
        gen = self.rng.randrange(2, 1000)
        mark = self.rng.randrange(10**6)
        fresh = SessionRecord(
            user_id=self.user("alice") if user_id is None else user_id,
            id=self.session_id(),
            refresh_hash=self.hash(),
            gen=gen,
            created_at=self.now - 3 * HOUR - mark % 999,
            rotated_at=self.now - 2 * HOUR - mark % 997,
            last_active_at=self.now - HOUR - mark % 991,
            expires_at=self.now + 30 * DAY + mark % 983,
            meta=f'{{"agent":"m{mark}"}}',
            data=f'{{"cart":"d{mark}"}}',
            seen=f'{{"ip":"s{mark}"}}',
        )
        return replace(fresh, **fields)

    def aligned(self, number: int, user_id: str | None = None) -> Sequence[SessionRecord]:
        """Make sessions of which each is later than the one before in every respect.

        Whatever an eviction goes by, it takes them in this order.
        """
        ids = sorted(self.session_id() for _ in range(number))
        return [
            self.record(
                user_id,
                id=session_id,
                gen=n,
                created_at=self.now - 3 * HOUR + n,
                rotated_at=self.now - 2 * HOUR + n,
                last_active_at=self.now - HOUR + n,
                expires_at=self.now + 30 * DAY + n,
            )
            for n, session_id in enumerate(ids)
        ]

    def replacement(self, record: SessionRecord, **fields: Any) -> Replacement:
        """Make what a rotation of this session, now, would write."""
        mark = self.rng.randrange(10**6)
        fresh = Replacement(
            refresh_hash=self.hash(),
            gen=record.gen + 1,
            rotated_at=self.now - 1,
            expires_at=self.now + 40 * DAY + mark % 983,
            seen=f'{{"ip":"r{mark}"}}',
        )
        return replace(fresh, **fields)

    def rounds(self, most: int, least: int) -> Iterator[int]:
        """Count rounds: ``most`` of them, fewer on a slow store, at least ``least``."""
        end = time.monotonic() + self.pace.budget
        for number in range(most):
            if number >= least and time.monotonic() > end:
                return
            yield number

    def scene(self) -> None:
        """Begin anew, with other users: what was before does not explain what follows."""
        self._scene += 1
        self.journal.clear()
        self.model.forget()
        self.bystander = None

    # ── steps ──

    async def given(self, *records: SessionRecord, look: bool = True) -> None:
        """Insert sessions, and a bystander's; see that the first insert took.

        Args:
            records: To insert, in this order, without a limit.
            look: Whether to get each of them, as a sanity step.
        """
        if self.bystander is None:
            self.bystander = self.user("bystander")
            others = [self.record(self.bystander) for _ in range(2)]
            records = (*others, *records)
        for record in records:
            self.model.insert(record, limit=None, now=self.now)
            await self.store.insert(record, limit=None, now=self.now)
        for record in records if look else ():
            self.same(
                record,
                await self.store.get(record.key, now=self.now),
                "After an insert, get",
                blame="STORE-INSERT-ROUNDTRIP",
            )

    async def evict(self, victim: SessionRecord) -> None:
        """Insert a session, with limit 1, that is later than this one in every respect.

        Raises:
            Violated: The victim is still there, or the new session is not.
        """
        new = replace(
            self.record(victim.user_id),
            id="7" + self.session_id()[1:],
            created_at=victim.created_at + HOUR,
            rotated_at=victim.rotated_at + HOUR,
            last_active_at=max(self.now, victim.last_active_at) + HOUR,
            expires_at=victim.expires_at + HOUR,
        )
        await self.both("insert", new, limit=1, now=self.now)
        gone = await self.store.get(victim.key, now=self.now)
        self.same(None, gone, "After an eviction, get", blame="STORE-INSERT-LIMIT")
        there = await self.store.get(new.key, now=self.now)
        self.same(new, there, "After an insert, get", blame="STORE-INSERT-ROUNDTRIP")

    async def both(self, method: str, *positional: Any, **named: Any) -> tuple[Any, Any]:
        """Call a method of the model and of the store; return both answers."""
        expected = getattr(self.model, method)(*positional, **named)
        return expected, await getattr(self.store, method)(*positional, **named)

    def blamed_for(self, method: str) -> str:
        """Return the requirement that an exception out of a method breaks."""
        area = requirement(self.check.requirement).area
        own = _OWN_METHODS.get(area)
        return self.check.requirement if own is None or method in own else METHODS[method]

    def fail(
        self, what: str, *, blame: str | None = None, users: Iterable[str] | None = None
    ) -> NoReturn:
        """End the check, since the store broke something.

        Args:
            what: What happened, in a sentence.
            blame: The requirement that is broken; by default the one under check.
            users: Whose calls explain it; all by default.
        """
        history = self.journal.lines(users)
        raise Violated(Violation(blame or self.check.requirement, what, history))

    def expect(self, holds: object, what: str, *, blame: str | None = None) -> None:
        """Go on where something holds, and fail otherwise."""
        if not holds:
            self.fail(what, blame=blame)

    def same(
        self,
        expected: SessionRecord | None,
        seen: SessionRecord | None,
        where: str,
        *,
        blame: str | None = None,
    ) -> None:
        """Expect an answer field by field.

        Args:
            expected: What should have been answered.
            seen: What was.
            where: The beginning of the sentence, up to the verb: "After a touch, get".
            blame: The requirement that is broken otherwise.
        """
        if not equal(expected, seen):
            self.fail(f"{where} {self.difference(expected, seen)}", blame=blame)

    def difference(self, expected: SessionRecord | None, seen: SessionRecord | None) -> str:
        """Say how an answer differs from what was expected."""
        names = self.journal.names
        if seen is None:
            return "answered None instead of the session."
        if expected is None:
            return f"answered {names.record(seen)} instead of None."
        parts = [
            f"{name} as {names.field(name, getattr(seen, name))} instead of "
            f"{names.field(name, getattr(expected, name))}"
            for name in changed_fields(expected, seen)
        ]
        return f"answered {', '.join(parts)}."

    def keys(self, records: Iterable[SessionRecord]) -> Sequence[SessionKey]:
        """Return the keys of records."""
        return [record.key for record in records]
