"""Noting that a session was seen alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_conformance.blame import BLAMES
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from jwtsession_conformance.lab import Lab


@store_check("STORE-TOUCH-MOVES", "never-back")
async def never_back(lab: Lab) -> None:
    """last_active_at moves forward to now, and never back where a clock is behind."""
    for offset in (-HOUR, -1, 0, 1, HOUR):
        lab.scene()
        record = lab.record(last_active_at=lab.now)
        await given(lab, record)
        await lab.both("touch", record.key, now=lab.now + offset)
        after = f"a touch {offset:+d} s from the last activity"
        await settled(lab, after=after, blame=BLAMES["touch"])


@store_check("STORE-TOUCH-ONLY", "nothing-else")
async def nothing_else(lab: Lab) -> None:
    """A touch shortly before the end of a session changes no other field, the end least."""
    record = lab.record(expires_at=lab.now + HOUR)
    await given(lab, record)
    for seconds in (60, HOUR - 61):
        lab.clock.advance(seconds)
        await lab.both("touch", record.key, now=lab.now)
        await settled(lab, after="a touch", blame=BLAMES["touch"])
    lab.clock.advance(1)
    await settled(lab, after="a touch one second before the end of a session")


@store_check("STORE-TOUCH-LIVE", "exactly-live")
async def exactly_live(lab: Lab) -> None:
    """True for a live session, also where nothing changes; false for any other."""
    record, removed = lab.record(last_active_at=lab.now), lab.record()
    never, ending = lab.record(), lab.record(expires_at=lab.now + HOUR)
    await given(lab, record, removed, ending)
    await step(lab, "remove", removed.key)
    for key, now, wanted, kind in (
        (record.key, lab.now, True, "live and seen this very second"),
        (record.key, lab.now - 60, True, "live and seen after this moment"),
        (record.key, lab.now + 60, True, "live"),
        (removed.key, lab.now, False, "removed"),
        (never.key, lab.now, False, "not there"),
        (ending.key, ending.expires_at - 1, True, "one second before its end"),
    ):
        lab.model.touch(key, now=now)
        answer = await lab.store.touch(key, now=now)
        lab.expect(
            answer is wanted, f"For a session that is {kind}, touch answered {answer}."
        )
    await settled(lab, after="touches", blame=BLAMES["touch"])


@store_check("STORE-TOUCH-LIVE", "expired")
async def expired(lab: Lab) -> None:
    """From its end on a session cannot be touched, and does not come back."""
    for late in (0, 1, DAY):
        lab.scene()
        record = lab.record(expires_at=lab.now + HOUR)
        await given(lab, record)
        lab.clock.advance(HOUR + late)
        answer = await lab.store.touch(record.key, now=lab.now)
        lab.expect(not answer, f"{late} s after the end of a session, touch answered true.")
        await settled(lab, after="a touch of an expired session")
