"""An abstract store: one record, and what each call does to it, step by step.

A call may take several steps, with anything between them; ``held`` is what the store holds
half-way. The session's other fields (activity, texts) are no part of the law and left out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from jwtsession.steps import Get, Swap

if TYPE_CHECKING:
    from collections.abc import Hashable

    from jwtsession.models import SessionRecord
    from jwtsession.steps import Remove

__all__ = ["Acted", "Store", "SwapInTwoSteps", "live", "written"]


class Acted(NamedTuple):
    """The store after one step; where the call is not done, what it holds."""

    record: SessionRecord | None
    answer: SessionRecord | bool | None = None
    done: bool = True
    held: Hashable = None


def live(record: SessionRecord | None, now: int) -> SessionRecord | None:
    """Return the record if it is live, and None otherwise."""
    return record if record is not None and record.expires_at > now else None


def written(record: SessionRecord, question: Swap) -> SessionRecord:
    """Return the record with the replacement's fields in it."""
    new = question.replacement
    return replace(
        record,
        refresh_hash=new.refresh_hash,
        gen=new.gen,
        rotated_at=new.rotated_at,
        expires_at=new.expires_at,
    )


class Store:
    """A conformant store, where each call is one step."""

    def act(
        self,
        question: Get | Swap | Remove,
        held: Hashable,
        record: SessionRecord | None,
        now: int,
    ) -> Acted:
        """Take the next step of a call."""
        if isinstance(question, Get):
            return Acted(record, live(record, now))
        if isinstance(question, Swap):
            return self.swap(question, held, record, now)
        alive = live(record, now) is not None
        return Acted(None if alive else record, alive)

    def swap(
        self, question: Swap, held: Hashable, record: SessionRecord | None, now: int
    ) -> Acted:
        """Compare and swap."""
        del held
        found = live(record, now)
        if found is not None and found.refresh_hash == question.expected:
            record = found = written(found, question)
        return Acted(record, found)

    def touch(
        self, seen: SessionRecord, record: SessionRecord | None
    ) -> SessionRecord | None:
        """Return what is stored after a touch by somebody who had seen that record."""
        del seen  # the activity alone moves, and it is no part of this model
        return record

    def replace_data(
        self, seen: SessionRecord, record: SessionRecord | None
    ) -> SessionRecord | None:
        """Return what is stored after the application's data are replaced."""
        del seen  # that field alone is written
        return record


class SwapInTwoSteps(Store):
    """Conformant too: the compare-and-swap is one step, reading the answer another."""

    def swap(
        self, question: Swap, held: Hashable, record: SessionRecord | None, now: int
    ) -> Acted:
        """Compare and swap in the first step, read in the second."""
        if held == "compared":
            return Acted(record, live(record, now))
        return (
            super().swap(question, held, record, now)._replace(done=False, held="compared")
        )
