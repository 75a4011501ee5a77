"""Steps on the way to an attack: what fails in one of them is the business of others.

Each step calls one method, alone and with everything as it should be, and expects what
the requirements of that method say. So a check of races, of removal or of several
handles is only ever about those.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jwtsession.errors import SessionExists
from jwtsession.models import SessionKey, SessionRecord
from jwtsession_conformance.blame import BLAMES, EVICTION, FAILED_SWAP, Blame
from jwtsession_conformance.poststate import settled, shows
from jwtsession_conformance.values import HOUR

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["evict", "given", "sane", "sees_the_same", "step"]


async def given(
    lab: Lab, *records: SessionRecord, look: bool = True, store: Witness | None = None
) -> None:
    """Insert sessions, and once in a scene those of a bystander; see that they are there.

    Args:
        lab: The check's.
        records: To insert, in this order, without a limit.
        look: Whether to look at each of them.
        store: Through which handle; the first one by default.
    """
    handle = store or lab.store
    if lab.bystander is None:
        lab.bystander = lab.user("bystander")
        records = (lab.record(lab.bystander), lab.record(lab.bystander), *records)
    for record in records:
        lab.model.insert(record, limit=None, now=lab.now)
        await handle.insert(record, limit=None, now=lab.now)
    for record in records if look else ():
        await shows(
            lab, record.key, after="an insert", store=handle, blame=BLAMES["insert"]
        )


async def step(
    lab: Lab,
    method: str,
    subject: SessionRecord | SessionKey | str,
    *rest: Any,
    store: Witness | None = None,
    **named: Any,
) -> Any:
    """Call a method of the model and of the store, and expect the same of both.

    Args:
        lab: The check's.
        method: Which method; one that writes.
        subject: Its first argument: a record, a key or a user id.
        rest: Its other positional arguments.
        store: Through which handle; the first one by default.
        named: Its keyword arguments; ``now`` is the virtual present by default.

    Returns:
        What the store answered.
    """
    handle = store or lab.store
    now: int = named.setdefault("now", lab.now)
    user = subject if isinstance(subject, str) else subject.user_id
    dead = {one.id for one in lab.model.expired(user, now=now)}
    blame = _blame(lab, method, subject, named, dead)
    expected = getattr(lab.model, method)(subject, *rest, **named)
    try:
        answer = await getattr(handle, method)(subject, *rest, **named)
    except SessionExists:
        what = "An insert raised SessionExists for a key of no live session."
        lab.fail(what, blame=_refused(lab, subject, dead))
    if isinstance(subject, SessionRecord):
        own = Blame.all("STORE-INSERT-ROUNDTRIP")
        if subject.id in dead:
            own = Blame.all("STORE-INSERT-EXPIRED-KEY")
        if named["limit"] is not None:
            own = replace(own, missing="STORE-INSERT-KEEPS-NEW")
        await shows(lab, subject.key, after="an insert", now=now, store=handle, blame=own)
    await settled(
        lab, after=f"a {method}", now=now, store=handle, blame=blame, users=[user]
    )
    _answered(lab, method, expected, answer, dead)
    return answer


async def evict(lab: Lab, victim: SessionRecord, *, store: Witness | None = None) -> None:
    """Insert a session, with limit 1, that is later than this one in every respect."""
    new = replace(
        lab.record(victim.user_id),
        id="7" + lab.session_id()[1:],
        gen=victim.gen + 1,
        created_at=max(lab.now, victim.created_at) + HOUR,
        rotated_at=max(lab.now, victim.rotated_at) + HOUR,
        last_active_at=max(lab.now, victim.last_active_at) + HOUR,
        expires_at=victim.expires_at + HOUR,
    )
    await step(lab, "insert", new, limit=1, store=store)


async def sane(lab: Lab, *methods: str, store: Witness | None = None) -> None:
    """Call each of these methods once, with nothing beside it, in a scene of its own.

    Args:
        lab: The check's.
        methods: Names of methods that write.
        store: Through which handle; the first one by default.

    Raises:
        Violated: One did not do what its own requirements say.
    """
    handle = store or lab.store
    for method in methods:
        lab.scene()
        await _ALONE[method](lab, handle)
    lab.scene()


async def sees_the_same(lab: Lab, handles: Sequence[Witness], blame: str) -> None:
    """Expect that a handle shows what another has inserted.

    Raises:
        Violated: It does not, so there is nothing to race for.
    """
    lab.scene()
    record = lab.record()
    await step(lab, "insert", record, limit=None, store=handles[0])
    for handle in handles[1:]:
        shown = await handle.get(record.key, now=lab.now)
        where = "For what was inserted through one handle, another handle's get"
        lab.same(record, shown, where, blame=blame)


def _blame(
    lab: Lab, method: str, subject: Any, named: Mapping[str, Any], dead: set[str]
) -> Blame:
    """Return what a difference after this call breaks, before the model has made it."""
    blame = BLAMES[method]
    if method == "insert":
        blame = EVICTION if named.get("limit") is not None else blame
        if subject.id in dead:
            return replace(blame, missing="STORE-INSERT-EXPIRED-KEY")
        return replace(blame, missing="STORE-INSERT-EXPIRED-FREE") if dead else blame
    if method == "swap":
        held = lab.model.get(subject, now=named["now"])
        if held is None or held.refresh_hash != named["expected"]:
            return FAILED_SWAP
    if method == "remove_all" and named.get("keep") is not None:
        kept = lab.model.get(SessionKey(subject, named["keep"]), now=named["now"])
        if kept is None:
            return replace(blame, surplus="STORE-REMOVE-ALL-KEEP-MISSING")
    return blame


def _refused(lab: Lab, subject: Any, dead: Collection[str]) -> str:
    """Return what it breaks that an insert was refused."""
    if subject.id in dead:
        return "STORE-INSERT-EXPIRED-KEY"
    was_there = any(lab.model.past(subject.key)[1:])
    return "STORE-REMOVE-ENDS" if was_there else "STORE-INSERT-EXISTS"


def _answered(
    lab: Lab, method: str, expected: Any, answer: Any, dead: Collection[str]
) -> None:
    """Expect the answer of a call that did what it should."""
    if method == "swap":
        lab.same(
            expected, answer, "With nothing beside it, swap", blame="STORE-SWAP-ANSWER"
        )
        return
    if method == "insert":
        lab.expect(
            not {*answer} & {*dead},
            "An insert reported a session that had expired as evicted.",
            blame="STORE-INSERT-EXPIRED-FREE",
        )
        name = lab.journal.names.session
        lab.expect(
            sorted(expected) == sorted(answer),
            f"An insert that evicted {', '.join(map(name, expected)) or 'nothing'} answered "
            f"{', '.join(map(name, answer)) or 'nothing'}.",
            blame="STORE-INSERT-ANSWER",
        )
        return
    blame = {
        "touch": "STORE-TOUCH-LIVE",
        "replace_data": "STORE-DATA-LIVE",
        "remove": "STORE-REMOVE-ONCE" if expected else "STORE-REMOVE-LIVE",
        "remove_all": "STORE-REMOVE-ALL-COUNT",
    }[method]
    lab.expect(
        expected == answer,
        f"{method} answered {answer} instead of {expected}.",
        blame=blame,
    )


async def _inserted(
    lab: Lab, store: Witness, record: SessionRecord | None = None
) -> SessionRecord:
    new = record or lab.record(last_active_at=lab.now - HOUR)
    await step(lab, "insert", new, limit=None, store=store)
    return new


async def _insert(lab: Lab, store: Witness) -> None:
    old, new = lab.aligned(2)
    await _inserted(lab, store, old)
    await step(lab, "insert", new, limit=1, store=store)


async def _swap(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    key, new = record.key, lab.replacement(record)
    first = {"expected": record.refresh_hash, "replacement": new}
    await step(lab, "swap", key, **first, store=store)
    replay = {"expected": record.refresh_hash, "replacement": lab.replacement(record)}
    await step(lab, "swap", key, **replay, store=store)
    behind = {
        "expected": new.refresh_hash,
        "replacement": lab.replacement(record, gen=new.gen + 1),
    }
    await step(lab, "swap", key, **behind, now=lab.now - 60, store=store)


async def _touch(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    for now in (lab.now, lab.now - 60):
        await step(lab, "touch", record.key, now=now, store=store)


async def _replace_data(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    await step(lab, "replace_data", record.key, '{"n":1}', store=store)


async def _remove(lab: Lab, store: Witness) -> None:
    record = await _inserted(lab, store)
    for _ in range(2):
        await step(lab, "remove", record.key, store=store)


async def _remove_all(lab: Lab, store: Witness) -> None:
    first, second = await _inserted(lab, store), await _inserted(lab, store)
    await step(lab, "remove_all", first.user_id, keep=second.id, store=store)
    await step(lab, "remove_all", first.user_id, store=store)


_ALONE: Mapping[str, Callable[[Lab, Witness], Awaitable[None]]] = {
    "insert": _insert,
    "swap": _swap,
    "touch": _touch,
    "replace_data": _replace_data,
    "remove": _remove,
    "remove_all": _remove_all,
}
