"""Reading one session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jwtsession.models import SessionKey
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import evict, given, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from jwtsession_conformance.lab import Lab


@store_check("STORE-GET-LIVE", "boundary")
async def boundary(lab: Lab) -> None:
    """A session is there one second before its end, and gone at its end and after."""
    for offset, alive in ((-1, True), (0, False), (1, False), (DAY, False)):
        lab.scene()
        record = lab.record(expires_at=lab.now + HOUR)
        await given(lab, record)
        moment = record.expires_at + offset
        got = await lab.store.get(record.key, now=moment)
        where = f"{_when(offset)} its expires_at, get"
        lab.same(record if alive else None, got, where)


@store_check("STORE-GET-LIVE", "nothing-else")
async def nothing_else(lab: Lab) -> None:
    """Only expires_at decides whether a session is live, not how old or idle it is."""
    old = lab.record(
        created_at=1,
        rotated_at=2,
        last_active_at=3,
        gen=0,
        expires_at=lab.now + HOUR,
    )
    ahead = lab.record(
        created_at=lab.now + DAY,
        rotated_at=lab.now + DAY,
        last_active_at=lab.now + DAY,
        expires_at=lab.now + HOUR,
    )
    await given(lab, old, ahead, look=False)
    await settled(lab, after="inserting sessions with unusual times")


@store_check("STORE-GET-ABSENT", "never-there")
async def never_there(lab: Lab) -> None:
    """A key that was never inserted is answered with None, beside sessions that exist."""
    record = lab.record()
    strangers = [lab.record(), lab.record(lab.user("nobody"))]
    got = await lab.store.get(record.key, now=lab.now)
    lab.same(None, got, "At an empty place, get")
    await given(lab, record)
    near = replace(record, id=record.id[:-1] + ("0" if record.id[-1] != "0" else "1"))
    for stranger in (*strangers, near):
        got = await lab.store.get(stranger.key, now=lab.now)
        lab.same(None, got, "For a session that was never inserted, get")
    await settled(lab, after="looking for sessions that are not there")


@store_check("STORE-GET-FRESH", "each-write")
async def each_write(lab: Lab) -> None:
    """Each acknowledged write is shown by the next get, though the last one was cached."""
    record, again = lab.record(), lab.record()
    again = replace(again, id=record.id)
    key = record.key
    got = await lab.store.get(key, now=lab.now)
    lab.same(None, got, "Before the insert, get", blame="STORE-GET-ABSENT")
    await step(lab, "insert", record, limit=None)
    await _again(lab, key, "an insert")
    lab.clock.advance(60)
    new = lab.replacement(record)
    await step(lab, "swap", key, expected=record.refresh_hash, replacement=new)
    await _again(lab, key, "a swap")
    lab.clock.advance(60)
    await step(lab, "touch", key)
    await _again(lab, key, "a touch")
    await step(lab, "replace_data", key, '{"n":1}')
    await _again(lab, key, "a replace_data")
    await step(lab, "remove", key)
    await _again(lab, key, "a remove")
    await step(lab, "insert", again, limit=None)
    await _again(lab, key, "an insert under the key of a removed session")
    await evict(lab, again)
    await _again(lab, key, "an insert that evicted")
    await step(lab, "remove_all", key.user_id)
    await _again(lab, key, "a remove_all")


async def _again(lab: Lab, key: SessionKey, after: str) -> None:
    """Look once more: the first look may be what fills a cache."""
    await settled(lab, after=after, users=[key.user_id])


def _when(offset: int) -> str:
    if offset == 0:
        return "At"
    return f"{abs(offset)} s {'before' if offset < 0 else 'after'}"
