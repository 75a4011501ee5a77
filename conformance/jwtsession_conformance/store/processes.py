"""Handles in several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import sees_the_same
from jwtsession_conformance.store.data import writes_at_once
from jwtsession_conformance.store.limit import sign_ins_at_once
from jwtsession_conformance.store.remove import remove_beside_write, removes_at_once
from jwtsession_conformance.store.shared import seen_by_each_other
from jwtsession_conformance.store.swap_races import swaps_at_once

if TYPE_CHECKING:
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

_ATOMIC = "STORE-PROCESSES-ATOMIC"


@store_check("STORE-PROCESSES-VISIBLE", "each-write")
async def each_write(lab: Lab) -> None:
    """What one process wrote the next call in another shows, in both directions."""
    await seen_by_each_other(lab, lab.store, await lab.open_elsewhere(0))


@store_check(_ATOMIC, "swaps")
async def swaps(lab: Lab) -> None:
    """Of eight simultaneous swaps in two processes, one writes and the losers see it."""
    await swaps_at_once(lab, await _elsewhere(lab), blame=_ATOMIC, most=80)


@store_check(_ATOMIC, "inserts")
async def inserts(lab: Lab) -> None:
    """32 simultaneous sign-ins in two processes keep the limit exactly."""
    await sign_ins_at_once(lab, await _elsewhere(lab), blame=_ATOMIC)


@store_check(_ATOMIC, "removes")
async def removes(lab: Lab) -> None:
    """Of eight simultaneous removes in two processes, one answers true."""
    await removes_at_once(lab, await _elsewhere(lab), blame=_ATOMIC, most=80)


@store_check(_ATOMIC, "writes")
async def writes(lab: Lab) -> None:
    """Writes in two processes undo neither each other nor a removal."""
    handles = await _elsewhere(lab)
    await writes_at_once(lab, handles, blame=_ATOMIC, most=40)
    for which in range(3):
        await remove_beside_write(lab, handles, which, blame=_ATOMIC, most=40)


async def _elsewhere(lab: Lab) -> list[Witness]:
    handles = [await lab.open_elsewhere(0), await lab.open_elsewhere(1)]
    await sees_the_same(lab, handles, "STORE-PROCESSES-VISIBLE")
    return handles
