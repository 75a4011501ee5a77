"""What a check works with: a store at a place of its own, time, values, and a model."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NoReturn

from jwtsession_conformance.catalogue import requirement
from jwtsession_conformance.clock import VirtualClock
from jwtsession_conformance.history import Journal, Names
from jwtsession_conformance.model import Model
from jwtsession_conformance.places import new_place, open_store
from jwtsession_conformance.records import changed_fields, equal
from jwtsession_conformance.values import Values
from jwtsession_conformance.violation import Violated, Violation
from jwtsession_conformance.witness import METHODS, Witness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from jwtsession.models import SessionRecord
    from jwtsession.protocols import SessionStore
    from jwtsession_conformance.processes.handle import Workers
    from jwtsession_conformance.registry import Check
    from jwtsession_conformance.target import StoreTarget

__all__ = ["Lab", "Pace"]

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


class Lab(Values):
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
        self.place = new_place()
        super().__init__(f"{seed}/{check.id}", VirtualClock(), self.place[-6:])
        self.check = check
        self.target = target
        self.pace = pace
        self.model = Model()
        self.journal = Journal(Names(self.clock.start, self.place[-6:]))
        self.note = ""
        self.bystander: str | None = None
        self._stack = AsyncExitStack()
        self._workers = workers
        self._handles = 0

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

    def rounds(self, most: int, least: int) -> Iterator[int]:
        """Count rounds: ``most`` of them, fewer on a slow store, at least ``least``."""
        end = time.monotonic() + self.pace.budget
        for number in range(most):
            if number >= least and time.monotonic() > end:
                return
            yield number

    def scene(self) -> None:
        """Begin anew, with other users: what was before does not explain what follows."""
        self.scene_number += 1
        self.journal.clear()
        self.model.forget()
        self.bystander = None

    # ── steps ──

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
