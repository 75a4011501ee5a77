"""The sanity step before an attack: called alone, each method does what it should.

What fails here is the business of other requirements, and is laid at their door; so that
a check of races, of cancellation or of several handles is only ever about those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_conformance.lab import HOUR
from jwtsession_conformance.poststate import settled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["sane", "sees_the_same"]


async def sane(lab: Lab, *methods: str, store: Witness | None = None) -> None:
    """Call each of these methods once, with nothing beside it, in a scene of its own.

    Args:
        lab: The check's.
        methods: Names of methods that write.
        store: Through which handle; the first one by default.

    Raises:
        Violated: One did not do what its own requirement says.
    """
    handle = store or lab.store
    for method in methods:
        lab.scene()
        await _STEPS[method](lab, handle)
    lab.scene()


async def sees_the_same(lab: Lab, handles: list[Witness], blame: str) -> None:
    """Expect that a handle shows what another has inserted.

    Raises:
        Violated: It does not, so there is nothing to race for.
    """
    lab.scene()
    record = lab.record()
    await handles[0].insert(record, limit=None, now=lab.now)
    for handle in handles[1:]:
        shown = await handle.get(record.key, now=lab.now)
        where = "For what was inserted through one handle, another handle's get"
        lab.same(record, shown, where, blame=blame)


async def _inserted(
    lab: Lab, store: Witness, record: SessionRecord | None = None
) -> SessionRecord:
    """Insert a session, and see that it is there whole."""
    new = record or lab.record(last_active_at=lab.now - HOUR)
    await store.insert(new, limit=None, now=lab.now)
    lab.model.insert(new, limit=None, now=lab.now)
    await settled(lab, after="an insert", store=store, blame="STORE-INSERT-ROUNDTRIP")
    return new


async def _insert(lab: Lab, store: Witness) -> None:
    old, new = lab.aligned(2)
    await _inserted(lab, store, old)
    lab.model.insert(new, limit=1, now=lab.now)
    evicted = await store.insert(new, limit=1, now=lab.now)
    await settled(
        lab, after="an insert with limit 1", store=store, blame="STORE-INSERT-LIMIT"
    )
    lab.expect(
        list(evicted) == [old.id],
        "An insert that evicted one session did not answer its id.",
        blame="STORE-INSERT-ANSWER",
    )


async def _swap(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    new = lab.replacement(record)
    wanted = lab.model.swap(
        record.key, expected=record.refresh_hash, replacement=new, now=lab.now
    )
    shown = await store.swap(
        record.key, expected=record.refresh_hash, replacement=new, now=lab.now
    )
    held = await store.get(record.key, now=lab.now)
    if held is not None and wanted is not None:
        lab.expect(
            held.last_active_at == wanted.last_active_at,
            "A swap did not set last_active_at to its now.",
            blame="STORE-SWAP-ACTIVE",
        )
    await settled(lab, after="a swap", store=store, blame="STORE-SWAP-FIELDS")
    lab.same(wanted, shown, "With nothing beside it, swap", blame="STORE-SWAP-ANSWER")


async def _touch(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    lab.model.touch(record.key, now=lab.now)
    answer = await store.touch(record.key, now=lab.now)
    held = await store.get(record.key, now=lab.now)
    lab.expect(
        held is None or held.last_active_at == lab.now,
        "A touch did not set last_active_at to its now.",
        blame="STORE-TOUCH-MOVES",
    )
    await settled(lab, after="a touch", store=store, blame="STORE-TOUCH-ONLY")
    lab.expect(
        answer, "touch answered false for a live session.", blame="STORE-TOUCH-LIVE"
    )


async def _replace_data(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    lab.model.replace_data(record.key, '{"n":1}', now=lab.now)
    answer = await store.replace_data(record.key, '{"n":1}', now=lab.now)
    held = await store.get(record.key, now=lab.now)
    lab.expect(
        held is None or held.data == '{"n":1}',
        "replace_data did not write its text.",
        blame="STORE-DATA-ROUNDTRIP",
    )
    await settled(lab, after="replace_data", store=store, blame="STORE-DATA-ONLY")
    lab.expect(
        answer, "replace_data answered false for a live session.", blame="STORE-DATA-LIVE"
    )


async def _remove(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    lab.model.remove(record.key, now=lab.now)
    answer = await store.remove(record.key, now=lab.now)
    await settled(lab, after="a remove", store=store, blame="STORE-REMOVE-ENDS")
    lab.expect(
        answer, "remove answered false for a live session.", blame="STORE-REMOVE-ONCE"
    )
    again = await store.remove(record.key, now=lab.now)
    lab.expect(
        not again, "remove answered true for a removed session.", blame="STORE-REMOVE-LIVE"
    )


async def _remove_all(lab: Lab, store: Witness) -> None:
    for _ in range(2):
        await _inserted(lab, store)
    wanted = lab.model.remove_all(lab.user("alice"), now=lab.now)
    answer = await store.remove_all(lab.user("alice"), now=lab.now)
    await settled(lab, after="a remove_all", store=store, blame="STORE-REMOVE-ALL-ENDS")
    lab.expect(
        answer == wanted,
        f"remove_all of {wanted} sessions answered {answer}.",
        blame="STORE-REMOVE-ALL-COUNT",
    )


_STEPS: Mapping[str, Callable[[Lab, Witness], Awaitable[None]]] = {
    "insert": _insert,
    "swap": _swap,
    "touch": _touch,
    "replace_data": _replace_data,
    "remove": _remove,
    "remove_all": _remove_all,
}
