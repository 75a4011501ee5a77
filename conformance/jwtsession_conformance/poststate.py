"""After an attack: read everything back and compare it with the model, field by field.

Whatever differs is laid at the door of the requirement that it breaks. A session of a
bystander that changed breaks STORE-USER-ISOLATION. Where get and list disagree, list is
at fault. Where reads show an earlier state, a swap that cannot succeed is asked what the
store really holds: if that is the new state the reads are stale, otherwise the operation
under attack did not do what it said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_conformance.records import equal
from jwtsession_conformance.violation import Violated, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jwtsession.models import SessionKey, SessionRecord
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["settled"]


async def settled(
    lab: Lab,
    *,
    after: str,
    now: int | None = None,
    store: Witness | None = None,
    blame: str | None = None,
    users: Iterable[str] | None = None,
) -> None:
    """Expect every session to be as the model has it.

    Args:
        lab: The check's.
        after: What has just been done, to begin the sentence: "a swap that failed".
        now: When to look; the virtual present by default.
        store: Through which handle; the first one by default.
        blame: The requirement that a difference breaks; the one under check by default.
        users: Whose sessions to look at; everybody's by default.
    """
    moment = lab.now if now is None else now
    handle = store or lab.store
    found: list[Violation] = []
    for user_id in lab.model.users if users is None else users:
        reading = _Reading(lab, handle, moment, after, blame or lab.check.requirement)
        found += await reading.of(user_id)
    if found:
        raise Violated(*found)


class _Reading:
    """One look at the sessions of one user."""

    def __init__(self, lab: Lab, store: Witness, now: int, after: str, blame: str) -> None:
        self.lab = lab
        self.store = store
        self.now = now
        self.after = after
        self.blame = blame

    async def of(self, user_id: str) -> list[Violation]:
        """Return what is wrong with a user's sessions."""
        lab = self.lab
        if user_id == lab.bystander:
            self.blame = "STORE-USER-ISOLATION"
            self.after = f"{self.after} that was another user's"
        found: list[Violation] = []
        keys = [key for key in lab.model.keys if key.user_id == user_id]
        got = {key: await self.store.get(key, now=self.now) for key in keys}
        wanted = {key: lab.model.get(key, now=self.now) for key in keys}
        missing = sum(one is not None and got[key] is None for key, one in wanted.items())
        surplus = sum(one is None and got[key] is not None for key, one in wanted.items())
        if self.blame == "STORE-INSERT-LIMIT" and missing == surplus:
            self.blame = "STORE-INSERT-ORDER"  # as many as should be, and not the right ones
        listed = await self.store.list(user_id, now=self.now)
        in_list = {record.key: record for record in listed}
        for key in keys:
            found += await self._one(key, got[key], in_list.get(key))
        if not found:
            found += self._list(user_id, listed)
        return found

    async def _one(
        self, key: SessionKey, got: SessionRecord | None, listed: SessionRecord | None
    ) -> list[Violation]:
        expected = self.lab.model.get(key, now=self.now)
        if equal(expected, got) and equal(expected, listed):
            return []
        wrong = self._say("get", expected, got)
        if equal(expected, got):
            stale = self._was(key, listed)
            if expected is None or listed is None:
                blame = "STORE-LIST-FRESH" if stale else "STORE-LIST-LIVE"
            else:
                blame = "STORE-LIST-FRESH" if stale else "STORE-INSERT-ROUNDTRIP"
            return [self._violation(blame, self._say("list", expected, listed))]
        if not self._was(key, got) or not equal(expected, await self._truth(key)):
            return [self._violation(self.blame, wrong)]
        reads = [self._violation("STORE-GET-FRESH", wrong)]
        if not equal(expected, listed):
            said = self._say("list", expected, listed)
            reads.append(self._violation("STORE-LIST-FRESH", said))
        return reads

    def _list(self, user_id: str, listed: Sequence[SessionRecord]) -> list[Violation]:
        expected = self.lab.model.list(user_id, now=self.now)
        ids = [record.id for record in listed]
        wanted = [record.id for record in expected]
        if ids == wanted:
            return []
        if sorted(ids) != sorted(wanted):
            what = (
                f"After {self.after}, list answered {len(ids)} sessions, {len(set(ids))} "
                f"different ones, instead of {len(wanted)}."
            )
            return [self._violation("STORE-LIST-LIVE", what)]
        name = self.lab.journal.names.session
        what = (
            f"After {self.after}, list answered {', '.join(map(name, ids))} instead of "
            f"{', '.join(map(name, wanted))}."
        )
        return [self._violation("STORE-LIST-ORDER", what)]

    async def _truth(self, key: SessionKey) -> SessionRecord | None:
        """Ask the store what it holds, in a way that no cache of reads can answer."""
        record = self.lab.record(key.user_id)
        return await self.store.swap(
            key,
            expected=self.lab.hash(),
            replacement=self.lab.replacement(record),
            now=self.now,
        )

    def _was(self, key: SessionKey, seen: SessionRecord | None) -> bool:
        return self.lab.model.was_ever(key, seen)

    def _say(
        self, method: str, expected: SessionRecord | None, seen: SessionRecord | None
    ) -> str:
        return f"After {self.after}, {method} {self.lab.difference(expected, seen)}"

    def _violation(self, blame: str, what: str) -> Violation:
        return Violation(blame, what, self.lab.journal.lines())
