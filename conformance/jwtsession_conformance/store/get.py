"""Reading one session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jwtsession.models import SessionKey
from jwtsession_conformance.lab import DAY, HOUR
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check

if TYPE_CHECKING:
    from jwtsession_conformance.lab import Lab


@store_check("STORE-GET-LIVE", "boundary")
async def boundary(lab: Lab) -> None:
    """A session is there one second before its end, and gone at its end and after."""
    for offset, alive in ((-1, True), (0, False), (1, False), (DAY, False)):
        lab.scene()
        record = lab.record(expires_at=lab.now + HOUR)
        await lab.given(record)
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
    await lab.given(old, ahead, look=False)
    for record in (old, ahead):
        got = await lab.store.get(record.key, now=lab.now)
        lab.same(record, got, "For a live session with unusual times, get")
    await settled(lab, after="inserting sessions with unusual times")


@store_check("STORE-GET-ABSENT", "never-there")
async def never_there(lab: Lab) -> None:
    """A key that was never inserted is answered with None, beside sessions that exist."""
    record = lab.record()
    strangers = [lab.record(), lab.record(lab.user("nobody"))]
    got = await lab.store.get(record.key, now=lab.now)
    lab.same(None, got, "At an empty place, get")
    await lab.given(record)
    near = replace(record, id=record.id[:-1] + ("0" if record.id[-1] != "0" else "1"))
    for stranger in (*strangers, near):
        got = await lab.store.get(stranger.key, now=lab.now)
        lab.same(None, got, "For a session that was never inserted, get")
    await settled(lab, after="looking for sessions that are not there")


@store_check("STORE-GET-FRESH", "each-write")
async def each_write(lab: Lab) -> None:
    """Each acknowledged write is shown by the next get, though the last one was cached."""
    record = lab.record()
    key = record.key
    got = await lab.store.get(key, now=lab.now)
    lab.same(None, got, "Before the insert, get", blame="STORE-GET-ABSENT")
    await lab.given(record, look=False)
    await _shown(lab, key, "an insert", "STORE-INSERT-ROUNDTRIP")

    new = lab.replacement(record)
    now = lab.clock.advance(60)
    await lab.both("swap", key, expected=record.refresh_hash, replacement=new, now=now)
    await _shown(lab, key, "a swap", "STORE-SWAP-FIELDS")
    now = lab.clock.advance(60)
    await lab.both("touch", key, now=now)
    await _shown(lab, key, "a touch", "STORE-TOUCH-MOVES")
    await lab.both("replace_data", key, '{"n":1}', now=now)
    await _shown(lab, key, "a replace_data", "STORE-DATA-ROUNDTRIP")
    await lab.both("remove", key, now=now)
    await _shown(lab, key, "a remove", "STORE-REMOVE-ENDS")

    again = lab.record(id=record.id)
    await lab.both("insert", again, limit=None, now=now)
    await _shown(lab, key, "an insert under the key of a removed session", "STORE-REMOVE-ENDS")
    newer = lab.record(last_active_at=now + 1)
    await lab.both("insert", newer, limit=1, now=now)
    await _shown(lab, key, "an insert that evicted", "STORE-INSERT-LIMIT")
    await lab.both("remove_all", newer.user_id, now=now)
    await _shown(lab, key, "a remove_all", "STORE-REMOVE-ALL-ENDS")


async def _shown(lab: Lab, key: SessionKey, after: str, blame: str) -> None:
    """Look twice: the first look may be what fills a cache."""
    for _ in range(2):
        await settled(lab, after=after, users=[key.user_id], blame=blame)


def _when(offset: int) -> str:
    if offset == 0:
        return "At"
    return f"{abs(offset)} s {'before' if offset < 0 else 'after'}"
