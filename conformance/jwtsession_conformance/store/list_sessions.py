"""Listing a user's sessions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jwtsession_conformance.contest import Contest
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import evict, given, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from jwtsession_conformance.lab import Lab


@store_check("STORE-LIST-LIVE", "boundary")
async def boundary(lab: Lab) -> None:
    """A session is listed one second before its end, and no longer at its end or after."""
    for offset, alive in ((-1, True), (0, False), (1, False), (DAY, False)):
        lab.scene()
        ending, lasting = lab.record(expires_at=lab.now + HOUR), lab.record()
        await given(lab, ending, lasting)
        listed = await lab.store.list(ending.user_id, now=ending.expires_at + offset)
        shown = ending.id in [one.id for one in listed]
        lab.expect(
            shown is alive,
            f"A session is {'' if shown else 'not '}listed {offset:+d} s from its end.",
        )
        lab.expect(
            lasting.id in [one.id for one in listed], "A live session is not listed."
        )


@store_check("STORE-LIST-LIVE", "each-once")
async def each_once(lab: Lab) -> None:
    """Every session is listed once and whole, however many there are, and nobody else's."""
    nobody = lab.user("nobody")
    listed = await lab.store.list(nobody, now=lab.now)
    lab.expect(not listed, "For a user without sessions, list is not empty.")
    records = [lab.record(last_active_at=lab.now - n // 3) for n in range(45)]
    await given(lab, *records, look=False)
    listed = await lab.store.list(records[0].user_id, now=lab.now)
    ids = [one.id for one in listed]
    lab.expect(
        sorted(ids) == sorted(one.id for one in records),
        f"Of {len(records)} live sessions list shows {len({*ids})}, in {len(ids)} entries.",
    )
    lab.expect(
        not await lab.store.list(nobody, now=lab.now),
        "For a user without sessions, list shows somebody's.",
        blame="STORE-USER-ISOLATION",
    )
    for record in records[:3]:
        await lab.both("touch", record.key, now=lab.now)
        new = lab.replacement(record)
        await lab.store.swap(
            record.key, expected=record.refresh_hash, replacement=new, now=lab.now
        )
    listed = await lab.store.list(records[0].user_id, now=lab.now)
    ids = [one.id for one in listed]
    lab.expect(
        sorted(ids) == sorted(one.id for one in records),
        f"After touches and swaps list shows {len({*ids})} of {len(records)} sessions, in "
        f"{len(ids)} entries.",
    )


@store_check("STORE-LIST-LIVE", "beside-touches")
async def beside_touches(lab: Lab) -> None:
    """A session whose place in the order changes while list runs is still listed once."""
    contest = Contest(lab, most=40, least=8, sane=["touch"])

    async def one_round() -> None:
        records = [lab.record(last_active_at=lab.now - HOUR - n) for n in range(6)]
        for record in records:
            await lab.store.insert(record, limit=None, now=lab.now)
        listing = partial(lab.store.list, records[0].user_id, now=lab.now)
        touches = [partial(lab.store.touch, one.key, now=lab.now) for one in records]
        listed, *_ = await contest.together(listing, *touches)
        ids = [one.id for one in listed]
        lab.expect(
            sorted(ids) == sorted(one.id for one in records),
            f"While its {len(records)} sessions were touched, list showed {len({*ids})} of "
            f"them in {len(ids)} entries.",
        )

    await contest.play(one_round)


@store_check("STORE-LIST-ORDER", "activity-then-id")
async def activity_then_id(lab: Lab) -> None:
    """The most recently active come first, in one second the smaller id, times as numbers."""
    now = lab.now
    times = [now, now - 1, now, 10**9, 10**9 - 1, 10, 9, now - 1, now, 100]
    records = [
        lab.record(last_active_at=at, created_at=n, rotated_at=len(times) - n)
        for n, at in enumerate(times)
    ]
    await given(lab, *records)
    await _ordered(lab, "inserts")
    lab.clock.advance(60)
    for record in (records[6], records[3]):
        await step(lab, "touch", record.key)
    await _ordered(lab, "two touches in one second")
    lab.clock.advance(60)
    new = lab.replacement(records[9])
    await step(
        lab, "swap", records[9].key, expected=records[9].refresh_hash, replacement=new
    )
    await _ordered(lab, "a swap")


@store_check("STORE-LIST-FRESH", "each-write")
async def each_write(lab: Lab) -> None:
    """Each acknowledged write is shown by the next list, though the last one was cached."""
    record = lab.record()
    user, key = record.user_id, record.key
    await lab.store.list(user, now=lab.now)
    await step(lab, "insert", record, limit=None)
    await _again(lab, user, "an insert")
    lab.clock.advance(60)
    await step(lab, "touch", key)
    await _again(lab, user, "a touch")
    new = lab.replacement(record)
    await step(lab, "swap", key, expected=record.refresh_hash, replacement=new)
    await _again(lab, user, "a swap")
    await step(lab, "replace_data", key, '{"n":1}')
    await _again(lab, user, "a replace_data")
    await evict(lab, record)
    await _again(lab, user, "an insert that evicted")
    await step(lab, "remove_all", user)
    await _again(lab, user, "a remove_all")
    await step(lab, "insert", record, limit=None)
    await _again(lab, user, "an insert under a key that was used before")
    await step(lab, "remove", key)
    await _again(lab, user, "a remove")


async def _again(lab: Lab, user: str, after: str) -> None:
    """Look once more: the first look may be what fills a cache."""
    await settled(lab, after=after, users=[user])


async def _ordered(lab: Lab, after: str) -> None:
    """Expect the order of what is listed, by what the list itself says of it."""
    listed = await lab.store.list(lab.user("alice"), now=lab.now)
    wanted = sorted(listed, key=lambda one: (-one.last_active_at, one.id))
    name = lab.journal.names.session
    lab.expect(
        [one.id for one in listed] == [one.id for one in wanted],
        f"After {after}, list answered {', '.join(name(one.id) for one in listed)} instead "
        f"of {', '.join(name(one.id) for one in wanted)}.",
    )
    await settled(lab, after=after, users=[lab.user("alice")])
