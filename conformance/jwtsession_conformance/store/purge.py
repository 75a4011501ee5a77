"""Deleting what has expired."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jwtsession.errors import SessionExists
from jwtsession_conformance.contest import Contest
from jwtsession_conformance.poststate import settled, shows, unchanged
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, step
from jwtsession_conformance.values import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab


@store_check("STORE-PURGE-LIVE", "boundary")
async def boundary(lab: Lab) -> None:
    """What ends in the next second stays as it is; what ends at now or before may go."""
    for offset in (1, 0, -1):
        lab.scene()
        ending = [lab.record(expires_at=lab.now + HOUR) for _ in range(3)]
        lasting = lab.record()
        await given(lab, *ending, lasting)
        lab.clock.advance(HOUR - offset)
        await _purge(lab, limit=100)
        await settled(lab, after=f"a purge {offset} s before the end of sessions")
        await _purge(lab, limit=1)
        await settled(lab, after="another purge")
        lab.clock.advance(60)


@store_check("STORE-PURGE-LIVE", "earlier-now")
async def earlier_now(lab: Lab) -> None:
    """A purge whose now lies in the past takes nothing that was live then."""
    record = lab.record(expires_at=lab.now + HOUR)
    await given(lab, record)
    lab.clock.advance(2 * HOUR)
    await _purge(lab, limit=100, now=lab.now - 2 * HOUR)
    await shows(
        lab,
        record.key,
        after="a purge with a now at which it was live",
        now=lab.now - 2 * HOUR,
    )


@store_check("STORE-PURGE-LIVE", "beside-swap")
async def beside_swap(lab: Lab) -> None:
    """A session that a swap extends while the purge runs stays, if the swap was answered."""
    contest = Contest(lab, most=100, least=16, sane=["swap"])

    async def one_round() -> None:
        record = lab.record(expires_at=lab.now + HOUR)
        other = lab.record(expires_at=lab.now + HOUR)
        for one in (record, other):
            await lab.store.insert(one, limit=None, now=lab.now)
        new = lab.replacement(record)
        calls: list[Callable[[], Any]] = [
            partial(lab.store.purge_expired, now=lab.now + HOUR, limit=100),
            partial(
                lab.store.swap,
                record.key,
                expected=record.refresh_hash,
                replacement=new,
                now=lab.now + HOUR - 1,
            ),
        ]
        _, shown = await contest.together(*calls)
        if shown is None:
            return  # the purge was first, at a later now, which is allowed
        got = await lab.store.get(record.key, now=lab.now + HOUR)
        lab.same(shown, got, "After a swap that had a purge beside it and succeeded, get")
        listed = await lab.store.list(record.user_id, now=lab.now + HOUR)
        lab.expect(
            [one.id for one in listed] == [record.id],
            "After a swap that had a purge beside it and succeeded, list does not show it.",
        )

    await contest.play(one_round)


@store_check("STORE-PURGE-LIVE", "beside-insert")
async def beside_insert(lab: Lab) -> None:
    """A session inserted under an expired key while the purge runs stays."""
    contest = Contest(lab, most=100, least=16, sane=[])
    dead = lab.record(expires_at=lab.now + HOUR)
    await step(lab, "insert", dead, limit=None)
    heir = lab.record(id=dead.id)
    try:
        await lab.both("insert", heir, limit=None, now=lab.now + HOUR)
    except SessionExists:
        lab.fail(
            "An insert under an expired key raised SessionExists.",
            blame="STORE-INSERT-EXPIRED-KEY",
        )
    await settled(
        lab,
        after="an insert under an expired key",
        now=lab.now + HOUR,
        blame="STORE-INSERT-EXPIRED-KEY",
    )

    async def one_round() -> None:
        dead = lab.record(expires_at=lab.now + HOUR)
        await lab.store.insert(dead, limit=None, now=lab.now)
        new = lab.record(id=dead.id)
        moment = lab.now + HOUR
        calls: list[Callable[[], Any]] = [
            partial(lab.store.purge_expired, now=moment, limit=100),
            partial(lab.store.insert, new, limit=None, now=moment),
        ]
        _, answer = await contest.together(*calls)
        lab.expect(
            not isinstance(answer, SessionExists),
            "An insert under an expired key raised SessionExists.",
            blame="STORE-INSERT-EXPIRED-KEY",
        )
        got = await lab.store.get(new.key, now=moment)
        lab.same(new, got, "After an insert that had a purge beside it, get")

    await contest.play(one_round)


@store_check("STORE-PURGE-LIMIT", "at-most")
async def at_most(lab: Lab) -> None:
    """No more than the limit is deleted, over all users together."""
    records = await _expired(lab, users=3, each=3)
    before = lab.clock.start
    for limit in (1, 4):
        gone = len(records) - await _left(lab, records, before)
        answer = await _purge(lab, limit=limit)
        lab.expect(answer <= limit, f"A purge with limit {limit} answered {answer}.")
        gone = len(records) - await _left(lab, records, before) - gone
        if "sweeps" not in lab.target.capabilities:
            lab.expect(
                gone <= limit, f"A purge with limit {limit} deleted {gone} sessions."
            )
    await settled(lab, after="a purge with a limit", blame="STORE-PURGE-LIVE")


@store_check("STORE-PURGE-COUNT", "everything")
async def everything(lab: Lab) -> None:
    """The answers add up, and repeated calls leave nothing that has expired."""
    sweeps = "sweeps" in lab.target.capabilities
    records = await _expired(lab, users=3, each=4)
    before = lab.clock.start
    total = 0
    for limit in (5, 5, 5, 5, 5):
        had = await _left(lab, records, before)
        answer = await _purge(lab, limit=limit)
        total += answer
        gone = had - await _left(lab, records, before)
        lab.expect(
            sweeps or gone <= limit,
            f"A purge with limit {limit} deleted {gone} sessions.",
            blame="STORE-PURGE-LIMIT",
        )
        lab.expect(
            sweeps or answer == gone,
            f"A purge with limit {limit} answered {answer}, and {gone} sessions are gone.",
        )
        lab.expect(answer <= had, f"A purge answered {answer}, and only {had} had expired.")
    lab.expect(
        sweeps or total == len(records),
        f"Repeated purges deleted {total} of {len(records)} expired sessions.",
    )
    await settled(lab, after="repeated purges", blame="STORE-PURGE-LIVE")


@store_check("STORE-PURGE-COUNT", "from-its-end-on")
async def from_its_end_on(lab: Lab) -> None:
    """A session counts as expired at its end already, and one second earlier it does not."""
    if "sweeps" in lab.target.capabilities:
        return
    record = lab.record(expires_at=lab.now + HOUR)
    await given(lab, record)
    for moment, wanted in ((-1, 0), (0, 1), (0, 0)):
        answer = await _purge(lab, limit=10, now=record.expires_at + moment)
        lab.expect(
            answer == wanted,
            f"A purge {moment:+d} s from the end of the one session that expires answered "
            f"{answer} instead of {wanted}.",
            blame="STORE-PURGE-LIVE" if answer > wanted and moment < 0 else None,
        )


async def _expired(lab: Lab, *, users: int, each: int) -> Sequence[SessionRecord]:
    """Insert sessions of several users that ended an hour ago, and one that lives."""
    records = [
        lab.record(lab.user(f"user{n}"), expires_at=lab.now + HOUR + n + m)
        for n in range(users)
        for m in range(each)
    ]
    await given(lab, *records, lab.record(lab.user("user0")), look=False)
    lab.clock.advance(2 * HOUR + users + each)
    return records


async def _left(lab: Lab, records: Sequence[SessionRecord], before: int) -> int:
    """Count what was not deleted: at an earlier now it is still there.

    A read may come from a cache, so a swap that changes nothing has to find it as well.
    """
    found = 0
    for one in records:
        if await lab.store.get(one.key, now=before) is not None:
            shown = await lab.store.swap(
                one.key, expected=one.refresh_hash, replacement=unchanged(one), now=before
            )
            found += shown is not None
    return found


async def _purge(lab: Lab, *, limit: int, now: int | None = None) -> int:
    answer = await lab.store.purge_expired(now=lab.now if now is None else now, limit=limit)
    lab.expect(answer >= 0, f"A purge answered {answer}.", blame="STORE-PURGE-COUNT")
    return answer
