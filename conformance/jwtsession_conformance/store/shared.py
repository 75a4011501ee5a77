"""Several handles on one place, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_conformance.registry import NotApplicable, store_check
from jwtsession_conformance.steps import sane, sees_the_same, step
from jwtsession_conformance.store.data import writes_at_once
from jwtsession_conformance.store.limit import sign_ins_at_once
from jwtsession_conformance.store.remove import remove_beside_write, removes_at_once
from jwtsession_conformance.store.swap_races import swaps_at_once
from jwtsession_conformance.threads import Turns, keeps_to_its_loop, open_in_thread
from jwtsession_conformance.values import DAY, HOUR
from jwtsession_conformance.violation import HarnessError, Violated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["seen_by_each_other"]

_ATOMIC = "STORE-SHARED-ATOMIC"


@store_check("STORE-SHARED-VISIBLE", "each-write")
async def each_write(lab: Lab) -> None:
    """What one handle wrote the next call through another shows, in both directions."""
    await seen_by_each_other(lab, lab.store, await lab.open())


@store_check(_ATOMIC, "swaps")
async def swaps(lab: Lab) -> None:
    """Of eight simultaneous swaps through two handles, one writes and the losers see it."""
    await swaps_at_once(lab, await _two(lab), blame=_ATOMIC)


@store_check(_ATOMIC, "inserts")
async def inserts(lab: Lab) -> None:
    """32 simultaneous sign-ins through two handles keep the limit exactly."""
    await sign_ins_at_once(lab, await _two(lab), blame=_ATOMIC)


@store_check(_ATOMIC, "removes")
async def removes(lab: Lab) -> None:
    """Of eight simultaneous removes through two handles, one answers true."""
    await removes_at_once(lab, await _two(lab), blame=_ATOMIC)


@store_check(_ATOMIC, "remove-beside-write")
async def beside(lab: Lab) -> None:
    """A write through one handle does not bring back what another removes."""
    handles = await _two(lab)
    for which in range(3):
        await remove_beside_write(lab, handles, which, blame=_ATOMIC, most=30)


@store_check(_ATOMIC, "fields")
async def fields(lab: Lab) -> None:
    """Writes to different fields of one session, through two handles, all keep their effect."""
    await writes_at_once(lab, await _two(lab), blame=_ATOMIC)


@store_check(_ATOMIC, "threads")
async def threads(lab: Lab) -> None:
    """All of this holds for handles in two threads, each with an event loop of its own."""
    turns = Turns()
    try:
        handles: list[Witness] = []
        for n in (1, 2):
            store = await lab.stack.enter_async_context(
                open_in_thread(
                    lab.target.factory, lab.place, turns=turns, patience=lab.pace.patience
                )
            )
            handles.append(lab.watch(store, f"thread {n}"))
        await sees_the_same(lab, handles, "STORE-SHARED-VISIBLE")
        for contest in _contests(lab, handles):
            await contest()
    except (Violated, HarnessError) as error:
        if keeps_to_its_loop(error):
            raise NotApplicable(
                "The store keeps to the event loop it is first used in, which it may."
            ) from error
        raise


@store_check("STORE-CAPABILITY-DECLARED", "shared")
async def declared(lab: Lab) -> None:
    """Where a second handle shows what the first one wrote, shared is declared."""
    if "shared" in lab.target.capabilities:
        return  # held to by STORE-SHARED-VISIBLE
    record = lab.record()
    await step(lab, "insert", record, limit=None)
    try:
        second = await lab.open()
    except HarnessError:
        return  # one handle at a time, as undeclared
    lab.same(
        None,
        await second.get(record.key, now=lab.now),
        "Through a second handle, without shared being declared, get",
    )


async def _two(lab: Lab) -> list[Witness]:
    handles = [lab.store, await lab.open()]
    await sees_the_same(lab, handles, "STORE-SHARED-VISIBLE")
    return handles


async def seen_by_each_other(lab: Lab, first: Witness, second: Witness) -> None:
    """Write through one handle and look through the other, then the other way round.

    Each look is compared with what the writing handle shows: what a write does is the
    business of other checks.
    """
    await sane(lab, "insert", "remove", "remove_all")
    for writer, reader in ((first, second), (second, first)):
        lab.scene()
        record = lab.record(last_active_at=lab.now - HOUR)
        key = record.key
        newer = lab.record(last_active_at=lab.now + DAY)
        now = lab.now
        writes: Sequence[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("an insert", lambda: writer.insert(record, limit=None, now=now)),  # noqa: B023
            (
                "a swap",
                lambda: writer.swap(  # noqa: B023
                    key,  # noqa: B023
                    expected=record.refresh_hash,  # noqa: B023
                    replacement=lab.replacement(record),  # noqa: B023
                    now=now + 1,  # noqa: B023
                ),
            ),
            ("a touch", lambda: writer.touch(key, now=now + 60)),  # noqa: B023
            ("a replace_data", lambda: writer.replace_data(key, "{}", now=now)),  # noqa: B023
            ("an eviction", lambda: writer.insert(newer, limit=1, now=now)),  # noqa: B023
            ("a remove", lambda: writer.remove(newer.key, now=now)),  # noqa: B023
            ("an insert", lambda: writer.insert(record, limit=None, now=now)),  # noqa: B023
            ("a remove_all", lambda: writer.remove_all(record.user_id, now=now)),  # noqa: B023
        ]
        for what, write in writes:
            # The reader looks first, so that whatever it keeps for itself is out of date.
            await reader.get(key, now=now)
            await reader.list(record.user_id, now=now)
            await write()
            where = f"After {what} through one handle, another handle's"
            for one in (key, newer.key):
                shown = await reader.get(one, now=now)
                lab.same(await writer.get(one, now=now), shown, f"{where} get")
            listed = list(await reader.list(record.user_id, now=now))
            wanted = list(await writer.list(record.user_id, now=now))
            lab.expect(
                listed == wanted,
                f"{where} list shows {len(listed)} sessions, not the same {len(wanted)} as "
                "the handle that wrote.",
            )


def _contests(
    lab: Lab, handles: Sequence[Witness]
) -> Sequence[Callable[[], Awaitable[None]]]:
    return [
        lambda: swaps_at_once(lab, handles, blame=_ATOMIC, most=30),
        lambda: sign_ins_at_once(lab, handles, blame=_ATOMIC, most=8),
        lambda: removes_at_once(lab, handles, blame=_ATOMIC, most=30),
        lambda: writes_at_once(lab, handles, blame=_ATOMIC, most=30),
    ]
