"""Clients that hang up in the middle: every call is cancelled at every one of its awaits."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.interruption import cancelled_after, cancelled_at, timed
from jwtsession_conformance.model import Model
from jwtsession_conformance.records import changed_fields
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, sane
from jwtsession_conformance.values import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab

    State = Mapping[str, SessionRecord]

_DEEPEST = 64
"""More awaits than that in one call are not all tried."""

_SETTLE = 0.02
"""Seconds between two looks at a call that may still be taking effect."""


@dataclass
class _Attempt:
    """One call to be cancelled, and the states that may be found afterwards.

    Attributes:
        call: Makes the call.
        given: The sessions that are there before it.
        allowed: Each state that is whole.
        later: What is inserted afterwards; such that no late effect of the call ends it.
    """

    call: Callable[[], Coroutine[Any, Any, Any]]
    given: Sequence[SessionRecord]
    allowed: Sequence[State]
    later: SessionRecord


@store_check("STORE-CANCEL-SAFE", "insert")
async def insert(lab: Lab) -> None:
    """A sign-in that is cancelled adds its session and evicts for it, or does neither."""

    def prepare() -> _Attempt:
        *olds, new = lab.aligned(4)
        call = partial(lab.store.insert, new, limit=2, now=lab.now)
        return _attempt(lab, call, olds, [_state(*olds), _state(new, olds[-1])])

    await sane(lab, "insert")
    await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "swap")
async def swap(lab: Lab) -> None:
    """A refresh that is cancelled wrote every field, or none."""

    def prepare() -> _Attempt:
        record = lab.record(last_active_at=lab.now - HOUR)
        named: dict[str, Any] = {
            "expected": record.refresh_hash,
            "replacement": lab.replacement(record),
            "now": lab.now,
        }
        call = partial(lab.store.swap, record.key, **named)
        return _attempt(lab, call, [record], _both_ways(lab, record, "swap", **named))

    await sane(lab, "swap")
    await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "touch")
async def touch(lab: Lab) -> None:
    """A touch that is cancelled happened whole or not at all."""

    def prepare() -> _Attempt:
        record = lab.record(last_active_at=lab.now - HOUR)
        call = partial(lab.store.touch, record.key, now=lab.now)
        return _attempt(lab, call, [record], _both_ways(lab, record, "touch", now=lab.now))

    await sane(lab, "touch")
    await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "replace-data")
async def replace_data(lab: Lab) -> None:
    """A replace_data that is cancelled happened whole or not at all."""

    def prepare() -> _Attempt:
        record = lab.record()
        call = partial(lab.store.replace_data, record.key, '{"cut":"off"}', now=lab.now)
        after = replace(record, data='{"cut":"off"}')
        return _attempt(lab, call, [record], [_state(record), _state(after)])

    await sane(lab, "replace_data")
    await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "remove")
async def remove(lab: Lab) -> None:
    """A sign-out that is cancelled ended the session, or left it as it was."""

    def prepare() -> _Attempt:
        record = lab.record()
        call = partial(lab.store.remove, record.key, now=lab.now)
        return _attempt(lab, call, [record], [_state(record), {}])

    await sane(lab, "remove")
    await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "remove-all")
async def remove_all(lab: Lab) -> None:
    """A remove_all that is cancelled ended each session whole or left it as it was."""

    def prepare() -> _Attempt:
        records = [lab.record() for _ in range(3)]
        later = lab.record()
        call = partial(lab.store.remove_all, later.user_id, keep=later.id, now=lab.now)
        subsets = product((False, True), repeat=len(records))
        allowed = [
            _state(*(one for one, kept in zip(records, subset, strict=True) if kept))
            for subset in subsets
        ]
        return _Attempt(call, records, allowed, later)

    await sane(lab, "remove_all")
    await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "purge-and-reads")
async def purge_and_reads(lab: Lab) -> None:
    """A purge, a get or a list that is cancelled leaves every live session as it was."""
    await sane(lab, "remove")
    for method in ("purge", "get", "list"):

        def prepare(method: str = method) -> _Attempt:
            record = lab.record()
            call: Callable[[], Coroutine[Any, Any, Any]]
            if method == "purge":
                call = partial(lab.store.purge_expired, now=lab.now, limit=10)
            elif method == "get":
                call = partial(lab.store.get, record.key, now=lab.now)
            else:
                call = partial(lab.store.list, record.user_id, now=lab.now)
            return _attempt(lab, call, [record], [_state(record)])

        await _everywhere(lab, prepare)


@store_check("STORE-CANCEL-SAFE", "neighbours")
async def neighbours(lab: Lab) -> None:
    """A call that started in the same moment is not cancelled along, and keeps its effect."""
    await sane(lab, "touch")
    for nth in (1, 2, 3, 4, 5, 8):
        for same in (True, False):
            lab.scene()
            first = lab.record(last_active_at=lab.now - HOUR)
            second = lab.record(last_active_at=lab.now - HOUR)
            for record in (first, second):
                await lab.store.insert(record, limit=None, now=lab.now)
            beside = first if same else second
            cut = cancelled_at(lab.store.touch(first.key, now=lab.now), nth)
            _, touched, shown = await asyncio.gather(
                cut,
                lab.store.touch(beside.key, now=lab.now),
                lab.store.get(beside.key, now=lab.now),
            )
            lab.expect(touched, "A touch beside one that was cancelled answered false.")
            lab.expect(shown, "A get beside a touch that was cancelled found nothing.")
            got = await lab.store.get(beside.key, now=lab.now)
            lab.same(
                replace(beside, last_active_at=lab.now),
                got,
                "After a touch beside one that was cancelled, get",
            )


@store_check("STORE-CANCEL-SAFE", "many")
async def many(lab: Lab) -> None:
    """Forty calls cancelled at once use up nothing that the next calls need."""
    await sane(lab, "touch")
    record = lab.record(last_active_at=lab.now - HOUR)
    await given(lab, record)
    for nth in (1, 2, 3):
        calls: list[Callable[[], Any]] = [
            partial(lab.store.touch, record.key, now=lab.now),
            partial(lab.store.get, record.key, now=lab.now),
            partial(lab.store.list, record.user_id, now=lab.now),
            partial(lab.store.purge_expired, now=lab.now, limit=1),
        ]
        await asyncio.gather(*(cancelled_at(calls[n % 4](), nth) for n in range(40)))
        lab.journal.clear()
        lab.journal.note(f"40 calls were cancelled, each at its await number {nth}")
        touched = await lab.store.touch(record.key, now=lab.now + nth)
        lab.expect(touched, "After 40 calls were cancelled, touch answered false.")
        got = await lab.store.get(record.key, now=lab.now)
        after = replace(record, last_active_at=lab.now + nth)
        lab.same(after, got, "After 40 calls were cancelled, get")


async def _everywhere(lab: Lab, prepare: Callable[[], _Attempt]) -> None:
    """Cancel a call at each of its awaits, and, of a slow one, at parts of its time."""
    attempt = await _arranged(lab, prepare)
    typical = await timed(attempt.call())
    await _whole(lab, attempt, "a call that was not cancelled")
    for nth in lab.rounds(_DEEPEST, 12):
        attempt = await _arranged(lab, prepare)
        reached = await cancelled_at(attempt.call(), nth)
        where = (
            f"a call cancelled at its await number {nth}" if nth else "a call never begun"
        )
        await _whole(lab, attempt, where)
        if not reached:
            break
    if typical < 0.0005:
        return
    for part in (0.05, 0.2, 0.4, 0.6, 0.8, 0.95):
        attempt = await _arranged(lab, prepare)
        await cancelled_after(attempt.call(), typical * part)
        where = f"a call cancelled after {part:.0%} of its usual time"
        await _whole(lab, attempt, where)


async def _arranged(lab: Lab, prepare: Callable[[], _Attempt]) -> _Attempt:
    """Set a new scene: the sessions of the attempt, and a bystander."""
    lab.scene()
    attempt = prepare()
    bystander = lab.record(lab.user("bystander"))
    for record in (*attempt.given, bystander):
        await lab.store.insert(record, limit=None, now=lab.now)
    lab.model.insert(bystander, limit=None, now=lab.now)
    return attempt


async def _whole(lab: Lab, attempt: _Attempt, after: str) -> None:
    """Expect a whole state, and a store that goes on working for this user and others."""
    user = attempt.later.user_id
    found = await _looked(lab, attempt, user)
    if found not in attempt.allowed:
        lab.fail(f"After {after}, {_described(lab, attempt, found)}.")
    bystander = lab.model.keys[0]
    kept = lab.model.get(bystander, now=lab.now)
    lab.same(kept, await lab.store.get(bystander, now=lab.now), f"After {after}, get")
    lab.expect(
        await lab.store.touch(bystander, now=lab.now + 60),
        f"After {after}, touch answered false for the live session of another user.",
    )
    await lab.store.insert(attempt.later, limit=None, now=lab.now)
    lab.same(
        attempt.later,
        await lab.store.get(attempt.later.key, now=lab.now),
        f"After {after}, and another insert, get",
    )


async def _looked(lab: Lab, attempt: _Attempt, user: str) -> State:
    """Look at a user's sessions, again while they may still be changing.

    The effect of a cancelled call may come after it, and list is no snapshot, so a state
    that is not whole counts only when it stays.
    """
    until = time.monotonic() + min(1.0, lab.pace.patience)
    while True:
        found = _state(*await lab.store.list(user, now=lab.now))
        if found in attempt.allowed or time.monotonic() > until:
            return found
        await asyncio.sleep(_SETTLE)


def _attempt(
    lab: Lab,
    call: Callable[[], Coroutine[Any, Any, Any]],
    given: Sequence[SessionRecord],
    allowed: Sequence[State],
) -> _Attempt:
    """Make an attempt, after which a session is inserted that is the most active of all."""
    return _Attempt(call, given, allowed, lab.record(last_active_at=lab.now + HOUR))


def _state(*records: SessionRecord) -> State:
    return {record.id: record for record in records}


def _both_ways(
    lab: Lab, record: SessionRecord, method: str, **named: Any
) -> Sequence[State]:
    """Return the state without a call on this session, and the one with it."""
    model = Model()
    model.insert(record, limit=None, now=lab.now)
    getattr(model, method)(record.key, **named)
    after = model.get(record.key, now=lab.now)
    return [_state(record), {} if after is None else _state(after)]


def _described(lab: Lab, attempt: _Attempt, found: State) -> str:
    name = lab.journal.names.session
    for state in attempt.allowed:
        if state.keys() == found.keys():
            changed = {
                field: None
                for one in found.values()
                for field in changed_fields(state[one.id], one)
            }
            return f"the session is half written: against a whole state {', '.join(changed)} differ"
    shown = ", ".join(name(one) for one in found) or "nothing"
    return f"list shows {shown}, which is neither the state before it nor the one after it"
