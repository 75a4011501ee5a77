"""Adding a session: what goes in comes back, exactly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jwtsession.errors import SessionExists
from jwtsession.models import INTEGER_END
from jwtsession_conformance.blame import FAILED_SWAP
from jwtsession_conformance.contest import Contest
from jwtsession_conformance.hostile import HASHES, longest_texts
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab

_LAST = INTEGER_END - 1


@store_check("STORE-INSERT-ROUNDTRIP", "three-ways")
async def three_ways(lab: Lab) -> None:
    """Every field comes back from get, list and swap, each with a value of its own."""
    record = lab.record()
    await given(lab, record)
    await _everywhere(lab, record)


@store_check("STORE-INSERT-ROUNDTRIP", "integers")
async def integers(lab: Lab) -> None:
    """Every integer field keeps 0, 1, both sides of 2^31 and 2^32, and 2^53 - 1."""
    for value in (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, _LAST - 1, _LAST):
        lab.scene()
        record = lab.record(
            gen=value,
            created_at=value,
            rotated_at=value,
            last_active_at=value,
            expires_at=max(value, lab.now + HOUR),
        )
        await given(lab, record, look=False)
        await _everywhere(lab, record)


@store_check("STORE-INSERT-ROUNDTRIP", "texts")
async def texts(lab: Lab) -> None:
    """The longest texts the limits allow come back whole, in one byte and in four a character."""
    for meta, data, seen in longest_texts():
        lab.scene()
        record = lab.record(meta=meta, data=data, seen=seen)
        await given(lab, record, look=False)
        await _everywhere(lab, record)


@store_check("STORE-INSERT-ROUNDTRIP", "hashes")
async def hashes(lab: Lab) -> None:
    """Every byte value of a hash comes back: zeros, text, numbers and all."""
    for value in HASHES:
        lab.scene()
        record = lab.record(refresh_hash=value)
        await given(lab, record, look=False)
        await _everywhere(lab, record)


@store_check("STORE-INSERT-EXISTS", "live-key")
async def live_key(lab: Lab) -> None:
    """A second insert under a live key raises, changes nothing and evicts nothing."""
    others = [lab.record(last_active_at=lab.now - n * HOUR) for n in range(1, 4)]
    victim = lab.record(expires_at=lab.now + HOUR)
    await given(lab, *others, victim)
    for limit in (None, 2, 1):
        intruder = lab.record(id=victim.id, last_active_at=lab.now)
        await _refused(lab, intruder, limit=limit, now=lab.now)
        await settled(lab, after=f"an insert under a live key with limit {limit}")
    await _refused(lab, victim, limit=None, now=lab.now)
    await _refused(lab, lab.record(id=victim.id), limit=None, now=victim.expires_at - 1)
    await settled(lab, after="an insert under a key with one second to live")


@store_check("STORE-INSERT-EXISTS", "one-wins")
async def one_wins(lab: Lab) -> None:
    """Of simultaneous inserts under one key one takes effect and the others raise."""
    contest = Contest(lab, most=24, least=6, sane=[])

    async def one_round() -> None:
        first = lab.record()
        rivals = [first, *(lab.record(id=first.id) for _ in range(5))]
        answers = await contest.together(
            *(partial(lab.store.insert, one, limit=None, now=lab.now) for one in rivals)
        )
        pairs = zip(rivals, answers, strict=True)
        winners = [one for one, answer in pairs if not isinstance(answer, SessionExists)]
        lab.expect(
            len(winners) == 1,
            f"Of {len(rivals)} simultaneous inserts under one key {len(winners)} were accepted.",
        )
        lab.model.insert(winners[0], limit=None, now=lab.now)
        await settled(lab, after="simultaneous inserts under one key")

    await contest.play(one_round)


@store_check("STORE-INSERT-EXPIRED-KEY", "replaced-whole")
async def replaced_whole(lab: Lab) -> None:
    """An insert under an expired key succeeds, and nothing of the dead session is left."""
    for late in (0, 1, DAY):
        lab.scene()
        dead = lab.record(expires_at=lab.now + HOUR)
        await given(lab, dead)
        lab.clock.advance(HOUR + late)
        heir = lab.record(id=dead.id, gen=0)
        try:
            evicted = await lab.store.insert(heir, limit=2, now=lab.now)
        except SessionExists:
            lab.fail(f"SessionExists was raised for a session that ended {late} s before.")
        lab.model.insert(heir, limit=2, now=lab.now)
        lab.expect(
            not evicted,
            "The insert under an expired key reported that key as evicted.",
            blame="STORE-INSERT-EXPIRED-FREE",
        )
        await settled(lab, after="an insert under the key of an expired session")


async def _everywhere(lab: Lab, record: SessionRecord) -> None:
    """Expect a record from get, list, a swap that fails and one that succeeds."""
    await settled(lab, after="an insert", users=[record.user_id])
    shown = await lab.store.swap(
        record.key, expected=lab.hash(), replacement=lab.replacement(record), now=lab.now
    )
    # A swap that wrote, or shows nothing, is wrong in another way.
    await settled(lab, after="a swap of another hash", blame=FAILED_SWAP)
    if shown is None:
        lab.fail(
            "Asked to swap another hash, swap answered None.", blame="STORE-SWAP-ANSWER"
        )
    lab.same(record, shown, "Asked to swap another hash, swap")


async def _refused(lab: Lab, record: SessionRecord, *, limit: int | None, now: int) -> None:
    try:
        await lab.store.insert(record, limit=limit, now=now)
    except SessionExists:
        return
    lab.fail("An insert under the key of a live session was accepted.")
