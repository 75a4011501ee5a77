"""Hundreds of calls in any order: what single attacks do not meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab


@store_check("STORE-GET-FRESH", "long-walk")
async def long_walk(lab: Lab) -> None:
    """After every one of hundreds of calls, by few users with few keys, all is as it should be."""
    users = [lab.user(name) for name in ("alice", "bob", "carol")]
    ids = {user: [lab.session_id() for _ in range(4)] for user in users}
    for number in lab.rounds(200, 60):
        lab.clock.advance(lab.rng.choice((0, 0, 1, 60, 600, HOUR)))
        user = lab.rng.choice(users)
        method, subject, rest, named = _drawn(lab, user, ids[user], number)
        await step(lab, method, subject, *rest, **named)


def _drawn(
    lab: Lab, user: str, ids: list[str], number: int
) -> tuple[str, Any, tuple[Any, ...], Mapping[str, Any]]:
    """Draw a call: most often one on a session that is there."""
    rng = lab.rng
    live = lab.model.list(user, now=lab.now)
    free = [one for one in ids if one not in [record.id for record in live]]
    if free and (not live or rng.random() < 0.3):
        new = lab.record(
            user,
            id=rng.choice(free),
            last_active_at=lab.now - rng.randrange(HOUR),
            expires_at=lab.now + rng.choice((HOUR, 5 * HOUR, DAY, 30 * DAY)),
        )
        return "insert", new, (), {"limit": rng.choice((None, 1, 3, 4))}
    record = rng.choice(live) if live else lab.record(user, id=ids[0])
    kind = rng.choice(("swap", "swap", "replay", "touch", "data", "remove", "all"))
    if kind in ("swap", "replay"):
        expected = record.refresh_hash if kind == "swap" else lab.hash()
        to = lab.replacement(
            record,
            expires_at=lab.now + rng.choice((HOUR, DAY, 40 * DAY)),
            rotated_at=lab.now,
        )
        return "swap", record.key, (), {"expected": expected, "replacement": to}
    if kind == "data":
        return "replace_data", record.key, (f'{{"n":{number}}}',), {}
    if kind == "all" and rng.random() < 0.5:
        return "remove_all", user, (), {"keep": rng.choice((None, record.id, ids[-1]))}
    if kind == "remove":
        return "remove", _at_times_another(lab, record, ids).key, (), {}
    return "touch", _at_times_another(lab, record, ids).key, (), {}


def _at_times_another(lab: Lab, record: SessionRecord, ids: list[str]) -> SessionRecord:
    """Return the session, or, at times, one that may not be there."""
    return replace(record, id=lab.rng.choice(ids)) if lab.rng.random() < 0.2 else record
