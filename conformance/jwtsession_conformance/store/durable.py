"""After everything was closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given
from jwtsession_conformance.values import HOUR

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness


@store_check("STORE-DURABLE", "each-write")
async def each_write(lab: Lab) -> None:
    """Each kind of write, the last before the end, is there when the place is opened again."""
    record, newer = lab.record(last_active_at=lab.now - HOUR), lab.record()
    second = lab.record(last_active_at=lab.now - HOUR)
    now = lab.now
    # The store is looked up at each call: it is another one after each opening.
    writes: Sequence[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("an insert", lambda: lab.store.insert(record, limit=None, now=now)),
        (
            "a swap",
            lambda: lab.store.swap(
                record.key,
                expected=record.refresh_hash,
                replacement=lab.replacement(record),
                now=now + 1,
            ),
        ),
        ("a touch", lambda: lab.store.touch(record.key, now=now + 60)),
        ("a replace_data", lambda: lab.store.replace_data(record.key, "{}", now=now)),
        ("another insert", lambda: lab.store.insert(second, limit=None, now=now)),
        ("a remove", lambda: lab.store.remove(record.key, now=now)),
        ("an eviction", lambda: lab.store.insert(newer, limit=1, now=now)),
        ("a remove_all", lambda: lab.store.remove_all(record.user_id, now=now)),
    ]
    for what, write in writes:
        await write()
        before = await _held(lab, lab.store, record)
        await lab.reopen()
        _kept(lab, before, await _held(lab, lab.store, record), what)


@store_check("STORE-DURABLE", "in-another-process", needs=("processes",))
async def in_another_process(lab: Lab) -> None:
    """Another process that opens the place after everything was closed finds it all."""
    records = [lab.record(last_active_at=lab.now - n) for n in range(4)]
    await given(lab, *records)
    await lab.store.remove(records[0].key, now=lab.now)
    await lab.store.touch(records[3].key, now=lab.now + 60)
    before = await _held(lab, lab.store, records[0])
    await lab.close()
    after = await _held(lab, await lab.open_elsewhere(0), records[0])
    _kept(lab, before, after, "several writes")


async def _held(lab: Lab, store: Witness, record: SessionRecord) -> Sequence[SessionRecord]:
    return list(await store.list(record.user_id, now=lab.now))


def _kept(
    lab: Lab, before: Sequence[SessionRecord], after: Sequence[SessionRecord], what: str
) -> None:
    where = f"After {what}, and the place was closed and opened again, list"
    lab.expect(
        {one.id for one in before} == {one.id for one in after},
        f"{where} shows {len(after)} sessions instead of the {len(before)} before.",
    )
    found = {one.id: one for one in after}
    for one in before:
        lab.same(one, found[one.id], where)
