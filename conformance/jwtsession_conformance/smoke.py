"""Before any check: is there a store at all, and is it alive?

It tells *your harness is wrong* from *your store is wrong*. The factory must open a place
and give an object with the nine methods; then an inserted session must come back, and one
that was never inserted must not. What answers None to everything is a stub and no store.
What answers properly and keeps nothing is a store, and a wrong one.

It also looks whether places are apart and new ones empty, before any check deletes
anything: a factory that ignores its argument may point at somebody's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jwtsession.models import INTEGER_END, SessionKey
from jwtsession_conformance.places import new_place
from jwtsession_conformance.registry import Check
from jwtsession_conformance.violation import HarnessError, Violation

if TYPE_CHECKING:
    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab

__all__ = ["SMOKE", "smoke"]

_USUAL_NAMES = ("alice", "bob", "admin", "root", "user", "test", "1")


async def smoke(lab: Lab) -> None:
    """Prove that there is a store, and that it is alive."""
    await _no_stub(lab)
    record, stranger = lab.record(), lab.record()
    lab.scene()
    await lab.store.insert(record, limit=None, now=lab.now)
    lab.same(
        record,
        await lab.store.get(record.key, now=lab.now),
        "After an insert, get",
        blame="STORE-INSERT-ROUNDTRIP",
    )
    lab.same(
        None,
        await lab.store.get(stranger.key, now=lab.now),
        "For a session that was never inserted, get",
        blame="STORE-GET-ABSENT",
    )
    lab.same(
        None,
        await lab.store.get(SessionKey(lab.user("nobody"), record.id), now=lab.now),
        "For a user that never signed in, get",
        blame="STORE-USER-ISOLATION",
    )
    await _places(lab, record)


async def _places(lab: Lab, record: SessionRecord) -> None:
    """See that the place is its own, before any check deletes what has expired."""
    other = await lab.open(new_place(), called="another place")
    lab.same(
        None,
        await other.get(record.key, now=lab.now),
        "For a session that was inserted at another place, get",
        blame="STORE-PLACE-APART",
    )
    held = sum([len(await other.list(name, now=lab.now)) for name in _USUAL_NAMES])
    # Whoever else may be there: this deletes one session where there should be none.
    if not held and not await other.purge_expired(now=INTEGER_END - 1, limit=1):
        return
    what = "A place that was never opened before holds a session already."
    raise HarnessError(
        what,
        "Give every place data of its own: the factory may be ignoring its argument, or "
        "filling the store.",
        (Violation("STORE-PLACE-EMPTY", what, lab.journal.lines()),),
    )


async def _no_stub(lab: Lab) -> None:
    """Refuse what answers None to everything."""
    store: Any = lab.store.store
    record = lab.record(lab.user("stub"))
    try:
        answers = [
            await store.insert(record, limit=None, now=lab.now),
            await store.list(record.user_id, now=lab.now),
            await store.touch(record.key, now=lab.now),
            await store.get(record.key, now=lab.now),
        ]
    except Exception:  # noqa: BLE001 - whatever it is, the watched calls say it better
        return
    if all(answer is None for answer in answers):
        raise HarnessError(
            "Every method of the store answered None: this is a stub, not a store.",
            "Let the factory give the store that is to be judged.",
        )


SMOKE = Check(
    id="smoke",
    requirement="STORE-INSERT-ROUNDTRIP",
    needs=frozenset(),
    run=smoke,
    story="There is a store, and it is alive.",
)
