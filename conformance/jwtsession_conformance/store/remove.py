"""Ending one session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jwtsession.errors import SessionExists
from jwtsession_conformance.contest import Contest
from jwtsession_conformance.poststate import settled, shows
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import evict, given, sane, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["remove_beside_write", "removes_at_once"]


@store_check("STORE-REMOVE-ENDS", "found-by-nothing")
async def found_by_nothing(lab: Lab) -> None:
    """A removed session is found by no operation, and its key is free again."""
    record, other = lab.record(), lab.record()
    await given(lab, record, other)
    _, answer = await lab.both("remove", record.key, now=lab.now)
    await settled(lab, after="a remove")
    lab.expect(
        answer, "remove answered false for a live session.", blame="STORE-REMOVE-ONCE"
    )
    now = lab.clock.advance(60)
    new = lab.replacement(record)
    shown = await lab.store.swap(
        record.key, expected=record.refresh_hash, replacement=new, now=now
    )
    lab.same(None, shown, "After a remove, swap")
    for what, late in (
        ("touch", await lab.store.touch(record.key, now=now)),
        ("replace_data", await lab.store.replace_data(record.key, "{}", now=now)),
        ("remove", await lab.store.remove(record.key, now=now)),
    ):
        lab.expect(not late, f"After a remove, {what} still found the session.")
    await settled(lab, after="looking for a removed session")
    again = lab.record(id=record.id)
    try:
        await lab.both("insert", again, limit=None, now=now)
    except SessionExists:
        lab.fail("After a remove, an insert under its key raised SessionExists.")
    await settled(lab, after="an insert under the key of a removed session")


@store_check("STORE-REMOVE-ONCE", "eight-at-once")
async def eight_at_once(lab: Lab) -> None:
    """Of eight simultaneous removes of one session, one answers true."""
    await removes_at_once(lab, [lab.store])


@store_check("STORE-REMOVE-LIVE", "absent")
async def absent(lab: Lab) -> None:
    """Remove answers false for a session that was never there, was removed or evicted."""
    never, removed, evicted = lab.record(), lab.record(), lab.record(last_active_at=1)
    await given(lab, removed, evicted)
    await step(lab, "remove", removed.key)
    await evict(lab, evicted)
    for record, kind in (
        (never, "never inserted"),
        (removed, "removed"),
        (evicted, "evicted"),
    ):
        answer = await lab.store.remove(record.key, now=lab.now)
        lab.expect(not answer, f"For a session that was {kind}, remove answered true.")
    await settled(lab, after="removes of sessions that are not there")


@store_check("STORE-REMOVE-LIVE", "expired")
async def expired(lab: Lab) -> None:
    """From its end on a session is not removed but gone; one second before, it is removed."""
    await sane(lab, "remove")
    for late, wanted in ((-1, True), (0, False), (1, False), (DAY, False)):
        lab.scene()
        record, other = lab.record(expires_at=lab.now + HOUR), lab.record()
        await given(lab, record, other)
        lab.clock.advance(HOUR + late)
        _, answer = await lab.both("remove", record.key, now=lab.now)
        lab.expect(answer is wanted, f"{late:+d} s from its end, remove answered {answer}.")
        await settled(lab, after="a remove near the end of a session")


@store_check("STORE-REMOVE-FINAL", "afterwards")
async def afterwards(lab: Lab) -> None:
    """Nothing that comes after a remove brings the session back, however it is ended."""
    for how in ("remove", "remove_all", "eviction"):
        lab.scene()
        record = lab.record(last_active_at=lab.now - HOUR)
        await given(lab, record)
        await step(lab, "touch", record.key)
        if how == "remove":
            await step(lab, "remove", record.key)
        elif how == "remove_all":
            await step(lab, "remove_all", record.user_id)
        else:
            await evict(lab, record)
        for write in _writes(lab, record, lab.store):
            await write()
            await shows(lab, record.key, after=f"a write that follows {how}")
        await settled(lab, after=f"writes that follow {how}")


@store_check("STORE-REMOVE-FINAL", "beside-swap")
async def beside_swap(lab: Lab) -> None:
    """A swap that runs at the same moment does not bring the session back."""
    await remove_beside_write(lab, [lab.store], 0)


@store_check("STORE-REMOVE-FINAL", "beside-touch")
async def beside_touch(lab: Lab) -> None:
    """A touch that runs at the same moment does not bring the session back."""
    await remove_beside_write(lab, [lab.store], 1)


@store_check("STORE-REMOVE-FINAL", "beside-data")
async def beside_data(lab: Lab) -> None:
    """A replace_data that runs at the same moment does not bring the session back."""
    await remove_beside_write(lab, [lab.store], 2)


async def remove_beside_write(
    lab: Lab,
    handles: Sequence[Witness],
    which: int,
    *,
    blame: str | None = None,
    most: int = 100,
) -> None:
    """Remove a session while two writes to it run.

    Args:
        lab: The check's.
        handles: The first one removes, the last one writes.
        which: 0 swaps, 1 touches, 2 replaces the data.
        blame: The requirement that is broken; the one under check by default.
        most: How many rounds a fast store plays.
    """
    contest = Contest(lab, most=most, least=16, sane=["remove"], store=handles[0])

    async def one_round() -> None:
        record = lab.record(last_active_at=lab.now - HOUR)
        await handles[0].insert(record, limit=None, now=lab.now)
        write = _writes(lab, record, handles[-1])[which]
        remove = partial(handles[0].remove, record.key, now=lab.now)
        removed, *_ = await contest.together(remove, write, write)
        after = "After a remove that had a write beside it"
        got = await handles[-1].get(record.key, now=lab.now)
        lab.same(None, got, f"{after}, get", blame=blame)
        listed = await handles[0].list(record.user_id, now=lab.now)
        lab.expect(not listed, f"{after}, list shows the session.", blame=blame)
        lab.expect(
            removed,
            "A remove of a live session, with a write beside it, answered false.",
            blame=blame or "STORE-REMOVE-ONCE",
        )

    await contest.play(one_round)


async def removes_at_once(
    lab: Lab, handles: Sequence[Witness], *, blame: str | None = None, most: int = 60
) -> None:
    """Remove one session eight times at once.

    Args:
        lab: The check's.
        handles: Through which handles, in turns.
        blame: The requirement that is broken; the one under check by default.
        most: How many rounds a fast store plays.
    """
    contest = Contest(lab, most=most, least=12, sane=["remove"], store=handles[0])

    async def one_round() -> None:
        record = lab.record()
        await handles[0].insert(record, limit=None, now=lab.now)
        answers = await contest.together(
            *(
                partial(handles[n % len(handles)].remove, record.key, now=lab.now)
                for n in range(8)
            )
        )
        true = sum(answer is True for answer in answers)
        lab.expect(
            true == 1,
            f"Of 8 simultaneous removes of one session {true or 'none'} answered true.",
            blame=blame,
        )
        got = await handles[-1].get(record.key, now=lab.now)
        lab.same(
            None, got, "After 8 removes at once, get", blame=blame or "STORE-REMOVE-ENDS"
        )

    await contest.play(one_round)


def _writes(lab: Lab, record: SessionRecord, store: Witness) -> Sequence[Callable[[], Any]]:
    """Return a swap, a touch and a replace_data of a session."""
    return [
        partial(
            store.swap,
            record.key,
            expected=record.refresh_hash,
            replacement=lab.replacement(record),
            now=lab.now,
        ),
        partial(store.touch, record.key, now=lab.now + 60),
        partial(store.replace_data, record.key, '{"late":1}', now=lab.now),
    ]
