"""Stores with one wrong step each, to show that the exploration can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exploration.store import Acted, Store, live, written

if TYPE_CHECKING:
    from collections.abc import Hashable

    from jwtsession.models import SessionRecord
    from jwtsession.steps import Swap

__all__ = [
    "ReadThenWrite",
    "RearmingSwap",
    "ResurrectingSwap",
    "StaleAnswer",
    "UpsertingTouch",
    "WholeRecordWrite",
]


class ReadThenWrite(Store):
    """Compares in one step and writes in another, without comparing again."""

    upserts = False

    def swap(
        self, question: Swap, held: Hashable, record: SessionRecord | None, now: int
    ) -> Acted:
        """Read and compare first, then write whatever is there by now."""
        found = live(record, now)
        if held is None:
            if found is None or found.refresh_hash != question.expected:
                return Acted(record, found)
            return Acted(record, done=False, held=found)
        if found is None and not self.upserts:
            return Acted(record, None)
        target: SessionRecord = held if found is None else found
        new = written(target, question)
        return Acted(new, new)


class ResurrectingSwap(ReadThenWrite):
    """Writes back what it had read, though the session is gone by now."""

    upserts = True


class StaleAnswer(Store):
    """Waits for a rival's write, and then answers the snapshot from before the wait."""

    def swap(
        self, question: Swap, held: Hashable, record: SessionRecord | None, now: int
    ) -> Acted:
        """Take the snapshot first; then compare, and on failure answer the snapshot."""
        if held is None:
            return Acted(record, done=False, held=("snapshot", live(record, now)))
        acted = super().swap(question, None, record, now)
        if acted.record is not record:
            return acted
        assert isinstance(held, tuple)
        return acted._replace(answer=held[1])


class RearmingSwap(Store):
    """Lets a retry start the grace again."""

    def swap(
        self, question: Swap, held: Hashable, record: SessionRecord | None, now: int
    ) -> Acted:
        """Write rotated_at though the compare failed."""
        acted = super().swap(question, held, record, now)
        found = live(record, now)
        if found is None or acted.record is not record:
            return acted
        touched = replace(found, rotated_at=now)
        return Acted(touched, touched)


class UpsertingTouch(Store):
    """Creates the session again that a touch does not find."""

    def touch(
        self, seen: SessionRecord, record: SessionRecord | None
    ) -> SessionRecord | None:
        """Write what had been read, where there is nothing."""
        return seen if record is None else record


class WholeRecordWrite(Store):
    """Writes the whole record back to change one field of it."""

    def replace_data(
        self, seen: SessionRecord, record: SessionRecord | None
    ) -> SessionRecord | None:
        """Write what had been read, over whatever has happened since."""
        return None if record is None else seen
