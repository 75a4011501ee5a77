"""Compare and swap, one call after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jwtsession.models import INTEGER_END
from jwtsession_conformance.blame import BLAMES, FAILED_SWAP
from jwtsession_conformance.hostile import HASHES, near_hashes
from jwtsession_conformance.poststate import settled, shows
from jwtsession_conformance.records import equal
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import evict, given, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from jwtsession.models import Replacement, SessionRecord
    from jwtsession_conformance.lab import Lab

_LAST = INTEGER_END - 1


@store_check("STORE-SWAP-COMPARE", "hash-alone")
async def hash_alone(lab: Lab) -> None:
    """With the right hash it writes, whatever the generation and the times say."""
    for fields in (
        {"gen": 0},
        {"gen": 1},
        {"gen": _LAST},
        {"rotated_at": 0},
        {"rotated_at": lab.now + DAY},
    ):
        lab.scene()
        record = lab.record(gen=7)
        await given(lab, record)
        new = lab.replacement(record, **fields)
        await _swapped(lab, record, new)
        await settled(lab, after=f"a swap to {fields}", blame=BLAMES["swap"])
    lab.scene()
    record = lab.record()
    await given(lab, record)
    same = lab.replacement(record, refresh_hash=record.refresh_hash, gen=record.gen)
    await _swapped(lab, record, same)
    after = "a swap to the same hash and generation"
    await settled(lab, after=after, blame=BLAMES["swap"])


@store_check("STORE-SWAP-COMPARE", "near-hashes")
async def near(lab: Lab) -> None:
    """Nothing is written for a hash that differs by one bit, by case or after a zero byte."""
    for stored in (
        lab.hash(),
        b"aBcDeFgH" * 4,
        bytes(32),
        b"\x00" + lab.hash()[1:],
        b" " * 32,
    ):
        lab.scene()
        record = lab.record(refresh_hash=stored)
        await given(lab, record)
        for kind, expected in near_hashes(stored).items():
            if expected == stored:
                continue
            shown = await lab.store.swap(
                record.key,
                expected=expected,
                replacement=lab.replacement(record),
                now=lab.now,
            )
            lab.expect(
                shown is None or shown.refresh_hash == stored,
                f"A swap was accepted for a hash that differs in {kind}.",
            )
        await settled(lab, after="swaps with nearly the right hash", blame=FAILED_SWAP)


@store_check("STORE-SWAP-COMPARE", "any-bytes")
async def any_bytes(lab: Lab) -> None:
    """A hash of any bytes is found equal to itself, and can be swapped to any other."""
    record = lab.record(refresh_hash=HASHES[-1])
    await given(lab, record)
    for value in HASHES:
        new = lab.replacement(record, refresh_hash=value)
        record = await _swapped(lab, record, new)
        after = "a swap to a hash of unusual bytes"
        await settled(lab, after=after, blame=BLAMES["swap"])


@store_check("STORE-SWAP-FAILED", "no-trace")
async def no_trace(lab: Lab) -> None:
    """A swap with a hash that was never the session's leaves no trace, nor does a replay."""
    record = lab.record(last_active_at=lab.now - HOUR)
    await given(lab, record)
    await _refused(lab, record, lab.hash())
    await settled(lab, after="a swap with a wrong hash")

    lab.clock.advance(60)
    new = lab.replacement(record)
    await step(lab, "swap", record.key, expected=record.refresh_hash, replacement=new)
    lab.clock.advance(60)
    await _refused(lab, record, record.refresh_hash)
    await settled(lab, after="a swap with a hash that was used before")
    await _refused(lab, record, lab.hash(), expires_at=lab.now + 1)
    await settled(lab, after="a swap with a wrong hash")


@store_check("STORE-SWAP-ANSWER", "as-it-stands")
async def as_it_stands(lab: Lab) -> None:
    """The answer is the record after the call, written or not, and never one from before."""
    record = lab.record(last_active_at=lab.now - HOUR)
    await given(lab, record)
    new = lab.replacement(record)
    lab.clock.advance(60)
    await step(lab, "swap", record.key, expected=record.refresh_hash, replacement=new)
    await step(lab, "swap", record.key, expected=lab.hash(), replacement=new)
    lab.clock.advance(60)
    await step(lab, "touch", record.key)
    await step(lab, "replace_data", record.key, '{"n":2}')
    await step(lab, "swap", record.key, expected=record.refresh_hash, replacement=new)
    newer = lab.replacement(record, gen=record.gen + 2)
    await step(lab, "swap", record.key, expected=new.refresh_hash, replacement=newer)


@store_check("STORE-SWAP-FIELDS", "as-given")
async def as_given(lab: Lab) -> None:
    """Five fields are set as given, the end later or earlier, and the others left alone."""
    start = lab.record()
    for fields in (
        {},
        {"expires_at": start.expires_at + 90 * DAY},
        {"expires_at": start.expires_at - 29 * DAY},
        {"gen": 2**32, "rotated_at": 2**32, "expires_at": _LAST},
        {"gen": _LAST, "rotated_at": 0},
        {"seen": '{"now":"elsewhere"}'},
        {"seen": start.seen, "gen": start.gen, "expires_at": start.expires_at},
    ):
        lab.scene()
        record = replace(start, user_id=lab.user("alice"))
        await given(lab, record)
        await _swapped(lab, record, lab.replacement(record, **fields))
        await settled(lab, after="a swap", blame=BLAMES["swap"])


@store_check("STORE-SWAP-FIELDS", "new-end")
async def new_end(lab: Lab) -> None:
    """The session lives until the end that the swap gave it, and no second longer."""
    short = lab.record(expires_at=lab.now + HOUR)
    long = lab.record(expires_at=lab.now + 30 * DAY)
    await given(lab, short, long)
    await _swapped(lab, short, lab.replacement(short, expires_at=lab.now + DAY))
    await _swapped(lab, long, lab.replacement(long, expires_at=lab.now + DAY))
    for offset in (2 * HOUR, DAY - 1):
        await settled(
            lab,
            after="a swap to another end",
            now=lab.now + offset,
            users=[short.user_id],
            blame=BLAMES["swap"],
        )
    lab.clock.advance(DAY - 1)
    await step(lab, "touch", short.key)
    lab.clock.advance(1)
    await settled(lab, after="a swap to another end", blame=BLAMES["swap"])


@store_check("STORE-SWAP-ACTIVE", "never-back")
async def never_back(lab: Lab) -> None:
    """A swap moves last_active_at forward to its now, and never back."""
    for offset in (-60, -1, 0, 1, 60):
        lab.scene()
        record = lab.record(last_active_at=lab.now)
        await given(lab, record)
        await _swapped(lab, record, lab.replacement(record), now=lab.now + offset)
        after = f"a swap {offset:+d} s from the last activity"
        await settled(lab, after=after, blame=BLAMES["swap"])


@store_check("STORE-SWAP-EXPIRED", "at-its-end")
async def at_its_end(lab: Lab) -> None:
    """From its end on the right hash opens nothing; one second before it does."""
    for late in (0, 1, DAY):
        lab.scene()
        record = lab.record(expires_at=lab.now + HOUR)
        await given(lab, record)
        before = lab.clock.advance(HOUR - 1)
        lab.clock.advance(1 + late)
        answer = await lab.store.swap(
            record.key,
            expected=record.refresh_hash,
            replacement=lab.replacement(record),
            now=lab.now,
        )
        lab.same(None, answer, f"{late} s after the end of a session, swap")
        await settled(lab, after="a swap of an expired session")
        # It may have been deleted by now, but it cannot have been written.
        held = await lab.store.get(record.key, now=before)
        lab.expect(
            held is None or equal(record, held),
            "A swap of an expired session wrote to it: at an earlier now get shows it moved.",
        )
    lab.scene()
    record = lab.record(expires_at=lab.now + HOUR)
    await given(lab, record)
    lab.clock.advance(HOUR - 1)
    answer = await lab.store.swap(
        record.key,
        expected=record.refresh_hash,
        replacement=lab.replacement(record),
        now=lab.now,
    )
    lab.expect(
        answer is not None, "One second before the end of a session, swap answered None."
    )


@store_check("STORE-SWAP-ABSENT", "creates-nothing")
async def creates_nothing(lab: Lab) -> None:
    """Nothing comes of a swap where no session is: never there, removed, or evicted."""
    never, removed, evicted = lab.record(), lab.record(), lab.record(last_active_at=1)
    await given(lab, removed, evicted)
    await step(lab, "remove", removed.key)
    await evict(lab, evicted)
    for record, kind in (
        (never, "never inserted"),
        (removed, "removed"),
        (evicted, "evicted"),
    ):
        answer = await lab.store.swap(
            record.key,
            expected=record.refresh_hash,
            replacement=lab.replacement(record),
            now=lab.now,
        )
        lab.same(None, answer, f"For a session that was {kind}, swap")
        await shows(lab, record.key, after=f"a swap of a session that was {kind}")
    await settled(lab, after="swaps of sessions that are not there")


async def _swapped(
    lab: Lab, record: SessionRecord, new: Replacement, *, now: int | None = None
) -> SessionRecord:
    """Swap with the right hash, and expect that it wrote."""
    expected, answer = await lab.both(
        "swap",
        record.key,
        expected=record.refresh_hash,
        replacement=new,
        now=lab.now if now is None else now,
    )
    if answer is None or answer.refresh_hash != new.refresh_hash:
        held = await lab.store.get(record.key, now=lab.now)
        wrote = held is not None and held.refresh_hash == new.refresh_hash
        lab.fail(
            f"A swap with the right hash {'wrote, and' if wrote else 'did not write:'} it "
            f"answered {lab.journal.names.record(answer)}.",
            blame="STORE-SWAP-ANSWER" if wrote else "STORE-SWAP-COMPARE",
        )
    moved: SessionRecord = expected
    return moved


async def _refused(lab: Lab, record: SessionRecord, expected: bytes, **fields: int) -> None:
    """Swap with a wrong hash, and expect that nothing of it is answered."""
    new = lab.replacement(record, **fields)
    answer = await lab.store.swap(
        record.key, expected=expected, replacement=new, now=lab.now
    )
    lab.expect(
        answer is None or answer.refresh_hash != new.refresh_hash,
        "A swap with a wrong hash was accepted.",
        blame="STORE-SWAP-COMPARE",
    )
