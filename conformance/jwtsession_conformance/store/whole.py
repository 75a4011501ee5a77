"""Time, answers that stay as they are, and places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jwtsession.errors import SessionExists
from jwtsession.models import INTEGER_END, SessionKey
from jwtsession_conformance.blame import Blame
from jwtsession_conformance.places import new_place
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.records import changed_fields, is_record, plain
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, sane
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab


_TIMED_TOUCH = replace(
    Blame.all("STORE-TIME-ARGUMENT"),
    changed="STORE-TOUCH-ONLY",
    fields={"last_active_at": "STORE-TIME-ARGUMENT"},
)


@store_check("STORE-TIME-ARGUMENT", "far-ahead")
async def far_ahead(lab: Lab) -> None:
    """A store that is told a later now than the wall says believes it."""
    await sane(lab, "insert", "touch")
    record, long = lab.record(expires_at=lab.now + HOUR), lab.record()
    await given(lab, record, long)
    lab.clock.advance(20 * DAY)
    await settled(lab, after="time went on by twenty days")
    late = lab.record(expires_at=lab.now + HOUR)
    await lab.both("insert", late, limit=None, now=lab.now)
    await lab.both("touch", long.key, now=lab.now)
    await settled(lab, after="an insert and a touch twenty days on", blame=_TIMED_TOUCH)
    lab.clock.advance(HOUR)
    await settled(lab, after="the end of a session twenty days on")


@store_check("STORE-TIME-ARGUMENT", "behind-the-wall")
async def behind_the_wall(lab: Lab) -> None:
    """A store that is told an earlier now than the wall says believes it."""
    await sane(lab, "touch", "swap")
    now = lab.now - 3 * HOUR
    record = lab.record(
        created_at=now, rotated_at=now, last_active_at=now, expires_at=now + HOUR
    )
    lab.model.insert(record, limit=None, now=now)
    await lab.store.insert(record, limit=None, now=now)
    await settled(lab, after="an insert three hours before the wall's present", now=now)
    for moment in (now + 60, now + HOUR - 1):
        await lab.both("touch", record.key, now=moment)
        after = "a touch before the wall's present"
        await settled(lab, after=after, now=moment, blame=_TIMED_TOUCH)
    _, answer = await lab.both(
        "swap",
        record.key,
        expected=record.refresh_hash,
        replacement=lab.replacement(record, rotated_at=now, expires_at=now + HOUR + 60),
        now=now + HOUR - 60,
    )
    lab.expect(answer, "A swap of a session that is live at its now answered None.")
    await settled(lab, after="a swap before the wall's present", now=now + HOUR + 59)
    await settled(lab, after="the end of a session", now=now + HOUR + 60)


@store_check("STORE-TIME-ARGUMENT", "stands-and-steps-back")
async def stands_and_steps_back(lab: Lab) -> None:
    """Time may stand still or step back: what another user was told counts for nobody else."""
    await sane(lab, "touch", "swap", "insert")
    record, other = lab.record(expires_at=lab.now + HOUR), lab.record(lab.user("bob"))
    await given(lab, record, other)
    later = lab.now + 2 * HOUR
    await lab.store.get(other.key, now=later)
    await lab.store.list(other.user_id, now=later)
    await lab.both("touch", other.key, now=later)
    await lab.both(
        "swap",
        other.key,
        expected=other.refresh_hash,
        replacement=lab.replacement(other),
        now=later,
    )
    await lab.both("insert", lab.record(lab.user("bob")), limit=None, now=later)
    await settled(lab, after="calls of another user at a later now", users=[record.user_id])
    for _ in range(3):
        _, answer = await lab.both("touch", record.key, now=lab.now)
        lab.expect(answer, "A touch with a now that stepped back answered false.")
    await lab.both("insert", lab.record(), limit=2, now=lab.now)
    await settled(lab, after="calls with a now that stepped back", users=[record.user_id])


@store_check("STORE-RECORD-OWN", "kept-answers")
async def kept_answers(lab: Lab) -> None:
    """What get, list and swap answered, and what was inserted, stays as it was."""
    record, second = lab.record(last_active_at=lab.now - HOUR), lab.record()
    await given(lab, record, second)
    # The store itself, not its witness: a copy would never change.
    store: Any = lab.store.store
    kept: dict[str, Any] = {
        "the record given to insert": record,
        "an answer of get": await store.get(record.key, now=lab.now),
        "an answer of list": await store.list(record.user_id, now=lab.now),
    }
    was = {name: _copied(answer) for name, answer in kept.items()}
    new = lab.replacement(record)

    async def look(after: str) -> None:
        await lab.store.list(record.user_id, now=lab.now)
        await lab.store.get(record.key, now=lab.now)
        for name, answer in kept.items():
            now = _copied(answer)
            if len(now) != len(was[name]):
                lab.fail(
                    f"After {after}, {name} has {len(now)} entries, not {len(was[name])}."
                )
            for before, one in zip(was[name], now, strict=True):
                changed = ", ".join(changed_fields(before, one))
                lab.expect(not changed, f"After {after}, {name} shows another {changed}.")

    await lab.store.touch(record.key, now=lab.clock.advance(60))
    await look("a touch")
    kept["an answer of swap"] = await store.swap(
        record.key, expected=record.refresh_hash, replacement=new, now=lab.now
    )
    was["an answer of swap"] = _copied(kept["an answer of swap"])
    await look("a swap")
    await lab.store.replace_data(record.key, '{"n":1}', now=lab.now)
    await look("a replace_data")
    await lab.store.swap(
        record.key,
        expected=new.refresh_hash,
        replacement=lab.replacement(record),
        now=lab.clock.advance(60),
    )
    await look("another swap")
    await lab.store.insert(lab.record(last_active_at=lab.now), limit=2, now=lab.now)
    await look("an insert that evicted")
    await lab.store.remove(record.key, now=lab.now)
    await lab.store.remove_all(record.user_id, now=lab.now)
    await look("a remove and a remove_all")


@store_check("STORE-PLACE-EMPTY", "never-opened")
async def never_opened(lab: Lab) -> None:
    """A place that nobody opened before shows nobody's sessions and has nothing to purge."""
    record = lab.record()
    await given(lab, record)
    names = [record.user_id, *("alice", "bob", "admin", "root", "user", "test", "1")]
    for place in (new_place(), f"z{new_place() * 4}"[:63], new_place()[:4]):
        other = await lab.open(place, called="a new place")
        for name in names:
            listed = await other.list(name, now=lab.now)
            lab.expect(
                not listed, f"At a new place user {name!a} has {len(listed)} sessions."
            )
        deleted = await other.purge_expired(now=INTEGER_END - 1, limit=1)
        lab.expect(not deleted, "At a new place there was an expired session to purge.")


@store_check("STORE-PLACE-APART", "near-names")
async def near_names(lab: Lab) -> None:
    """Places whose names begin alike, or differ in the last of 63 characters, are apart."""
    stem = new_place()
    long = f"{stem}{'x' * 63}"[:62]
    names = [stem, f"{stem}_", f"{stem}_1", f"{stem}1", stem[:-1], f"{long}a", f"{long}b"]
    record = lab.record()
    handles = [
        await lab.open(name, called=f"place {n + 1}") for n, name in enumerate(names)
    ]
    here = [lab.record(record.user_id, id=record.id) for _ in names]
    for n, (handle, own) in enumerate(zip(handles, here, strict=True)):
        if n:  # the others have it
            listed = await handle.list(own.user_id, now=lab.now)
            lab.expect(not listed, "A place shows what was inserted only at other places.")
        try:
            await handle.insert(own, limit=1, now=lab.now)
        except SessionExists:
            lab.fail(
                "SessionExists was raised for a key that was inserted at another place."
            )
    for handle, own in zip(handles, here, strict=True):
        lab.same(own, await handle.get(own.key, now=lab.now), "At its own place, get")
    await handles[0].remove_all(record.user_id, now=lab.now)
    await handles[0].purge_expired(now=INTEGER_END - 1, limit=10)
    for handle, own in zip(handles[1:], here[1:], strict=True):
        got = await handle.get(own.key, now=lab.now)
        lab.same(own, got, "After a remove_all and a purge at another place, get")
    lab.same(
        None,
        await lab.store.get(SessionKey(record.user_id, record.id), now=lab.now),
        "For a key that was inserted only at other places, get",
    )


def _copied(answer: Any) -> list[SessionRecord]:
    if is_record(answer):
        return [plain(answer)]
    return [] if answer is None else [plain(one) for one in answer]
