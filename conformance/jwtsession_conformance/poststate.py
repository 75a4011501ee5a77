"""After an attack: read everything back and compare it with the model, field by field.

Where reads show something else than they should, a swap that cannot succeed is asked what
the store really holds: no cache of reads can answer that. If it is what the model has, the
read is at fault: out of date, or wrong about who is live. Otherwise the call under attack
did not do what it should, and `Blame` says which requirement that breaks. A bystander's
session that changed always breaks STORE-USER-ISOLATION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession.models import INTEGER_END, Replacement
from jwtsession_conformance.blame import Blame
from jwtsession_conformance.catalogue import requirement
from jwtsession_conformance.records import changed_fields, equal
from jwtsession_conformance.violation import Violated, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jwtsession.models import SessionKey, SessionRecord
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

    Found = Mapping[SessionKey, SessionRecord | None]

__all__ = ["gone", "listed_ids", "settled", "shows", "unchanged"]


async def settled(
    lab: Lab,
    *,
    after: str,
    now: int | None = None,
    store: Witness | None = None,
    blame: Blame | str | None = None,
    users: Iterable[str] | None = None,
) -> None:
    """Expect every session to be as the model has it, by get and by list.

    Args:
        lab: The check's.
        after: What has just been done, to begin the sentence: "a swap that failed".
        now: When to look; the virtual present by default.
        store: Through which handle; the first one by default.
        blame: What a difference breaks; the requirement under check by default.
        users: Whose sessions to look at; everybody's by default.

    Raises:
        Violated: Something differs.
    """
    found: list[Violation] = []
    for user_id in lab.model.users if users is None else users:
        look = _Look(lab, store, now, after, blame, user_id)
        found += await look.user()
    if found:
        raise Violated(*found)


async def shows(
    lab: Lab,
    key: SessionKey,
    *,
    after: str,
    now: int | None = None,
    store: Witness | None = None,
    blame: Blame | str | None = None,
) -> None:
    """Expect one session to be as the model has it, by get alone.

    Raises:
        Violated: It differs.
    """
    look = _Look(lab, store, now, after, blame, key.user_id)
    got = await look.store.get(key, now=look.now)
    found = await look.explained("get", key, got, look.blame)
    if found:
        raise Violated(*found)


async def listed_ids(
    lab: Lab,
    records: Sequence[SessionRecord],
    *,
    now: int | None = None,
    store: Witness | None = None,
) -> set[str]:
    """Return which of these sessions of one user are live, as list and get agree.

    Raises:
        Violated: list shows a session twice, or not what get shows.
    """
    handle = store or lab.store
    moment = lab.now if now is None else now
    listed = await handle.list(records[0].user_id, now=moment)
    ids = [one.id for one in listed]
    if len(ids) != len({*ids}):
        lab.fail(
            f"list shows {len({*ids})} sessions in {len(ids)} entries.",
            blame="STORE-LIST-LIVE",
        )
    return {*ids}


async def gone(lab: Lab, records: Sequence[SessionRecord]) -> list[SessionRecord]:
    """Return which of these sessions of one user are not there, whatever was answered.

    Where get and list disagree, one of them is wrong in a way that other checks look at;
    a swap that cannot succeed then says what the store really holds.
    """
    listed = {one.id for one in await lab.store.list(records[0].user_id, now=lab.now)}
    lost: list[SessionRecord] = []
    for one in records:
        there = await lab.store.get(one.key, now=lab.now) is not None
        if there != (one.id in listed):
            there = await _truth(lab, lab.store, one.key, lab.now) is not None
        if not there:
            lost.append(one)
    return lost


async def _truth(
    lab: Lab, store: Witness, key: SessionKey, now: int
) -> SessionRecord | None:
    """Ask the store what it holds, in a way that no cache of reads can answer.

    The generation is one that no session has: a store that looks at it does not swap.
    """
    new = lab.replacement(lab.record(key.user_id), gen=INTEGER_END - 1)
    return await store.swap(key, expected=lab.hash(), replacement=new, now=now)


def unchanged(record: SessionRecord) -> Replacement:
    """Return the replacement that leaves a session as it is."""
    return Replacement(
        refresh_hash=record.refresh_hash,
        gen=record.gen,
        rotated_at=record.rotated_at,
        expires_at=record.expires_at,
        seen=record.seen,
    )


class _Look:
    """One look at the sessions of one user."""

    def __init__(
        self,
        lab: Lab,
        store: Witness | None,
        now: int | None,
        after: str,
        blame: Blame | str | None,
        user_id: str,
    ) -> None:
        self.lab = lab
        self.store = store or lab.store
        self.now = lab.now if now is None else now
        self.after = after
        self.user_id = user_id
        own = blame or lab.check.requirement
        self.blame = Blame.all(own) if isinstance(own, str) else own
        if user_id == lab.bystander:
            self.blame = Blame.all("STORE-USER-ISOLATION")
            self.after = f"{after} that was another user's"

    async def user(self) -> list[Violation]:
        """Return what is wrong with the user's sessions."""
        keys = [key for key in self.lab.model.keys if key.user_id == self.user_id]
        got: Found = {key: await self.store.get(key, now=self.now) for key in keys}
        listed = await self.store.list(self.user_id, now=self.now)
        in_list: Found = {record.key: record for record in listed}
        blame = self._exchanged(got)
        found: list[Violation] = []
        for key in keys:
            wrong = await self.explained("get", key, got[key], blame)
            if not wrong or wrong[0].requirement == "STORE-GET-FRESH":
                wrong += await self.explained("list", key, in_list.get(key), blame)
            found += wrong
        return found or self._order(listed)

    async def explained(
        self, method: str, key: SessionKey, seen: SessionRecord | None, blame: Blame
    ) -> list[Violation]:
        """Return which requirements it breaks that a session is seen like this."""
        expected = self.lab.model.get(key, now=self.now)
        if equal(expected, seen) or (expected and not seen and self._swept(expected)):
            return []
        said = f"After {self.after}, {method} {self.lab.difference(expected, seen)}"
        name = method.upper()
        timed = self.lab.check.requirement == "STORE-TIME-ARGUMENT"
        live = "STORE-TIME-ARGUMENT" if timed else f"STORE-{name}-LIVE"
        held = self.lab.model.held(key)
        if expected is None and held is not None and equal(held, seen):
            return [self._violation(live, said)]  # expired, and shown
        if not equal(expected, await _truth(self.lab, self.store, key, self.now)):
            return [self._violation(one, said) for one in _broken(blame, expected, seen)]
        if expected is not None and seen is None:
            stale = self._copied_before(key) and expected.expires_at > self.now + 1
            return [self._violation(f"STORE-{name}-FRESH" if stale else live, said)]
        if self.lab.model.was_ever(key, seen):
            return [self._violation(f"STORE-{name}-FRESH", said)]
        if expected is None:
            return [self._violation(blame.surplus, said)]
        return [self._violation("STORE-INSERT-ROUNDTRIP", said)]

    def _swept(self, record: SessionRecord) -> bool:
        """Return whether a call of its user, or a purge, has seen the end of this session.

        The store may have deleted it then, and need not find it at an earlier now.
        """
        return self.lab.journal.latest(record.user_id) >= record.expires_at

    def _copied_before(self, key: SessionKey) -> bool:
        """Return whether a copy of an earlier read would show no live session here."""
        past = self.lab.model.past(key)
        expired = any(one is not None and one.expires_at <= self.now for one in past)
        return expired or self.lab.journal.missed(key)

    def _exchanged(self, got: Found) -> Blame:
        """See whether as many sessions are there as should be, but not the right ones."""
        wanted = {key: self.lab.model.get(key, now=self.now) for key in got}
        missing = sum(one is not None and got[key] is None for key, one in wanted.items())
        surplus = sum(one is None and got[key] is not None for key, one in wanted.items())
        if missing and missing == surplus and self.blame.exchanged is not None:
            return Blame.all(self.blame.exchanged)
        return self.blame

    def _order(self, listed: Sequence[SessionRecord]) -> list[Violation]:
        """Return what is wrong with a list whose sessions are each as they should be."""
        ids = [one.id for one in listed]
        wanted = [
            one.id
            for one in self.lab.model.list(self.user_id, now=self.now)
            if one.id in ids or not self._swept(one)
        ]
        if ids == wanted:
            return []
        if sorted(ids) == sorted(wanted):
            name = self.lab.journal.names.session
            what = (
                f"After {self.after}, list answered {', '.join(map(name, ids))} instead of "
                f"{', '.join(map(name, wanted))}."
            )
            return [self._violation("STORE-LIST-ORDER", what)]
        what = (
            f"After {self.after}, list answered {len(ids)} sessions, {len({*ids})} different "
            f"ones, instead of {len(wanted)}."
        )
        foreign = any(one.user_id != self.user_id for one in listed)
        if not foreign:
            return [self._violation("STORE-LIST-LIVE", what)]
        area = requirement(self.lab.check.requirement).area
        own = self.lab.check.requirement if area == "key" else "STORE-USER-ISOLATION"
        return [self._violation(own, what)]

    def _violation(self, blame: str, what: str) -> Violation:
        return Violation(blame, what, self.lab.journal.lines([self.user_id]))


def _broken(
    blame: Blame, expected: SessionRecord | None, seen: SessionRecord | None
) -> list[str]:
    """Return the requirements that a difference breaks, each once."""
    if expected is None:
        return [blame.surplus]
    if seen is None:
        return [blame.missing]
    names = changed_fields(expected, seen)
    return list(dict.fromkeys(blame.fields.get(name, blame.changed) for name in names))
