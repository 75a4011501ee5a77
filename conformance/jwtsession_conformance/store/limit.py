"""Adding a session where the number of sessions is limited."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jwtsession.errors import SessionExists
from jwtsession_conformance.blame import EVICTION
from jwtsession_conformance.contest import Contest
from jwtsession_conformance.poststate import gone, listed_ids, settled, shows
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness


@store_check("STORE-INSERT-LIMIT", "one-by-one")
async def one_by_one(lab: Lab) -> None:
    """Sign-ins beyond the limit end one session each, and none ends while there is room."""
    for limit in (1, 3):
        lab.scene()
        await given(lab, lab.record(lab.user("carol")), look=False)
        records = lab.aligned(limit + 3)
        for n, record in enumerate(records, 1):
            await _insert(lab, record, limit=limit)
            after = f"insert number {n} with limit {limit}"
            await _counted(lab, records[:n], min(n, limit), after)
        await settled(lab, after=f"more inserts than the limit {limit}", blame=EVICTION)


@store_check("STORE-INSERT-LIMIT", "lowered")
async def lowered(lab: Lab) -> None:
    """A limit that is lower than at the last insert evicts down to it, a higher one nothing."""
    *records, third, huge, single = lab.aligned(9)
    for record in records:
        await _insert(lab, record, limit=6)
    await _counted(lab, records, 6, "6 inserts with limit 6")
    await _insert(lab, third, limit=3)
    await _counted(lab, [*records, third], 3, "an insert with limit 3 into 6 sessions")
    await _insert(lab, huge, limit=2**31)
    await _counted(
        lab, [*records, third, huge], 4, "an insert with a huge limit into 3 sessions"
    )
    await _insert(lab, single, limit=1)
    everyone = [*records, third, huge, single]
    await _counted(lab, everyone, 1, "an insert with limit 1 into 4 sessions")
    await settled(lab, after="inserts with limits that fell and rose", blame=EVICTION)


@store_check("STORE-INSERT-KEEPS-NEW", "oldest-of-all")
async def oldest_of_all(lab: Lab) -> None:
    """The session being inserted stays, though every other one was active after it."""
    for limit in (1, 3):
        lab.scene()
        others = lab.aligned(limit)
        await given(lab, *others)
        new = lab.record(
            id="0" * 26,
            gen=0,
            created_at=1,
            rotated_at=1,
            last_active_at=1,
            expires_at=lab.now + HOUR,
        )
        await _insert(lab, new, limit=limit)
        after = "the insert of a session with old times"
        await shows(lab, new.key, after=after)
        await settled(lab, after=after, blame=EVICTION)


@store_check("STORE-INSERT-ORDER", "least-active")
async def least_active(lab: Lab) -> None:
    """The least recently active go, not the oldest, the first inserted or the first to end."""
    now = lab.now
    activity = [50, 10, 40, 20, 60, 30]
    records = [
        lab.record(
            last_active_at=now - HOUR + seconds,
            created_at=now - DAY // 2 + 7 * seconds % 60,
            rotated_at=now - DAY // 3 + 11 * seconds % 60,
            expires_at=now + DAY + 13 * seconds % 60,
            gen=17 * seconds % 60,
        )
        for seconds in activity
    ]
    await given(lab, *records)
    await _insert(lab, lab.record(last_active_at=now), limit=4)
    await _evicted(lab, records, sorted(records, key=lambda one: one.last_active_at)[:3])
    await settled(lab, after="an insert that evicted three", blame=EVICTION)


@store_check("STORE-INSERT-ORDER", "digits")
async def digits(lab: Lab) -> None:
    """Times are compared as numbers: 999999999 is before 1000000000, and 9 before 10."""
    times = [10**9, 10**9 - 1, 10, 9, 100, 99]
    records = [lab.record(created_at=1, rotated_at=1, last_active_at=at) for at in times]
    await given(lab, *records)
    await _insert(lab, lab.record(), limit=4)
    await _evicted(lab, records, sorted(records, key=lambda one: one.last_active_at)[:3])
    await settled(lab, after="an insert among times of different length", blame=EVICTION)


@store_check("STORE-INSERT-ORDER", "ties")
async def ties(lab: Lab) -> None:
    """Among sessions that were active in the same second the smallest ids go first."""
    records = [lab.record(last_active_at=lab.now - HOUR) for _ in range(6)]
    await given(lab, *records)
    await _insert(lab, lab.record(last_active_at=lab.now), limit=4)
    await _evicted(lab, records, sorted(records, key=lambda one: one.id)[:3])
    await settled(lab, after="an insert among sessions of one second", blame=EVICTION)


@store_check("STORE-INSERT-ORDER", "after-activity")
async def after_activity(lab: Lab) -> None:
    """A touch and a swap count as activity at the next insert."""
    now = lab.now
    records = [lab.record(last_active_at=now - HOUR + n) for n in range(4)]
    await given(lab, *records)
    lab.clock.advance(60)
    await step(lab, "touch", records[0].key)
    new = lab.replacement(records[1])
    await step(
        lab, "swap", records[1].key, expected=records[1].refresh_hash, replacement=new
    )
    await _insert(lab, lab.record(last_active_at=lab.now), limit=3)
    await _evicted(lab, records, [records[2], records[3]])
    await settled(lab, after="an insert that evicted two", blame=EVICTION)


@store_check("STORE-INSERT-EXPIRED-FREE", "no-room")
async def no_room(lab: Lab) -> None:
    """Sessions that have ended take up no room, one that ends in a second does."""
    for late, evicted in ((0, 0), (1, 0), (-1, 1)):
        lab.scene()
        first, second, lasting, new = lab.aligned(4)
        dying = [replace(one, expires_at=lab.now + HOUR) for one in (first, second)]
        await given(lab, *dying, lasting)
        lab.clock.advance(HOUR + late)
        answer = await _insert(lab, new, limit=3)
        dead = {one.id for one in dying if one.expires_at <= lab.now}
        lab.expect(
            not dead & {*answer}, "A session that had expired was reported as evicted."
        )
        after = f"an insert with limit 3 beside one session and two that end {_when(late)}"
        lost = await gone(lab, [lasting, *(one for one in dying if one.id not in dead)])
        lab.expect(
            len(lost) == evicted,
            f"After {after}, {len(lost)} live sessions are gone instead of {evicted}.",
            blame="STORE-INSERT-LIMIT" if not dead else None,
        )
        await settled(lab, after=after, blame=EVICTION)


@store_check("STORE-INSERT-EXPIRED-FREE", "not-reported")
async def not_reported(lab: Lab) -> None:
    """Where room must be made, the living go by their order and the dead are not reported."""
    *records, new = lab.aligned(6)
    dead = [replace(one, expires_at=lab.now + HOUR) for one in records[:2]]
    alive = records[2:]
    await given(lab, *dead, *alive)
    lab.clock.advance(HOUR)
    answer = await _insert(lab, new, limit=3)
    lab.expect(
        not {one.id for one in dead} & {*answer},
        "A session that had expired was reported as evicted.",
    )
    lost = await gone(lab, alive)
    lab.expect(
        len(lost) == 1,
        f"Beside {len(dead)} expired sessions, an insert with limit 3 evicted {len(lost)} of "
        f"{len(alive)} live ones instead of 1.",
        blame=None if lost else "STORE-INSERT-LIMIT",
    )
    after = "an insert that evicted beside expired sessions"
    await settled(lab, after=after, blame=EVICTION)


@store_check("STORE-INSERT-UNLIMITED", "many")
async def many(lab: Lab) -> None:
    """A hundred and more sessions of one user are all kept where the limit is None."""
    records = [lab.record(last_active_at=lab.now - 9 * n) for n in range(110)]
    for record in records:
        await _insert(lab, record, limit=None)
    await settled(lab, after=f"{len(records)} inserts with limit None")


@store_check("STORE-INSERT-ANSWER", "exactly")
async def exactly(lab: Lab) -> None:
    """An insert answers the ids that are gone, each once, and nothing where none is."""
    *records, new = lab.aligned(6)
    for record in records:
        answer = await _insert(lab, record, limit=5)
        lab.expect(not answer, "An insert with room to spare reported an eviction.")
    answer = await _insert(lab, new, limit=2)
    lost = [one.id for one in await gone(lab, records)]
    lab.expect(
        sorted(answer) == sorted(lost),
        f"An insert after which {len(lost)} sessions are gone reported {len(answer)} ids, "
        f"{len({*answer} & {*lost})} of them right.",
    )


@store_check("STORE-LIMIT-RANGE", "below-one")
async def below_one(lab: Lab) -> None:
    """A limit below 1 is refused with ValueError, and nothing is written."""
    await given(lab, lab.record())
    for limit in (0, -1, -(2**31)):
        raised: Exception | None = None
        try:
            # Unwatched: the exception is the right answer here.
            await lab.store.store.insert(lab.record(), limit=limit, now=lab.now)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            raised = error
        lab.expect(
            isinstance(raised, ValueError),
            f"An insert with limit {limit} was "
            f"{'accepted' if raised is None else f'answered with {type(raised).__name__}'}.",
        )
        await settled(lab, after=f"an insert with limit {limit}")


@store_check("STORE-INSERT-ATOMIC", "at-the-limit")
async def at_the_limit(lab: Lab) -> None:
    """Of 32 simultaneous sign-ins at limit 5, exactly five sessions are left."""
    await sign_ins_at_once(lab, [lab.store])


@store_check("STORE-INSERT-ATOMIC", "in-one-step")
async def in_one_step(lab: Lab) -> None:
    """Whoever sees the new session no longer sees the one that had to go for it."""
    contest = Contest(lab, most=60, least=12, sane=["insert"])

    async def one_round() -> None:
        old, new = lab.aligned(2)
        await lab.store.insert(old, limit=None, now=lab.now)

        async def look() -> tuple[SessionRecord | None, SessionRecord | None]:
            shown = await lab.store.get(new.key, now=lab.now)
            return shown, await lab.store.get(old.key, now=lab.now)

        _, *looks = await contest.together(
            partial(lab.store.insert, new, limit=1, now=lab.now),
            *[look] * 3,
        )
        lab.expect(
            not any(shown is not None and gone is not None for shown, gone in looks),
            "While an insert with limit 1 ran, its session was seen, and after that the "
            "session that had to go for it.",
        )

    await contest.play(one_round)


async def sign_ins_at_once(
    lab: Lab, handles: Sequence[Witness], *, blame: str | None = None, most: int = 16
) -> None:
    """Insert 32 sessions of one user at once, limit 5, from an empty and a full user.

    Args:
        lab: The check's.
        handles: Through which handles, in turns.
        blame: The requirement that is broken; the one under check by default.
        most: How many rounds a fast store plays.
    """
    contest = Contest(lab, most=most, least=4, sane=["insert"], store=handles[0])
    limit = 5
    full = True

    async def one_round() -> None:
        nonlocal full
        full = not full
        now = lab.now
        before = [lab.record(last_active_at=now - HOUR - n) for n in range(limit * full)]
        for record in before:
            await handles[0].insert(record, limit=None, now=now)
        new = [lab.record(last_active_at=now) for _ in range(32)]
        answers = await contest.together(
            *(
                partial(handles[n % len(handles)].insert, record, limit=limit, now=now)
                for n, record in enumerate(new)
            )
        )
        reported = [
            one
            for answer in answers
            if not isinstance(answer, SessionExists)
            for one in answer
        ]
        listed = await listed_ids(lab, new, store=handles[0])
        lab.expect(
            len(listed) == limit,
            f"After {len(new)} simultaneous inserts with limit {limit} the user has "
            f"{len(listed)} sessions.",
            blame=blame,
        )
        lab.expect(
            len(reported) == len({*reported}),
            f"Of {len(new)} simultaneous inserts two reported the same session as evicted.",
            blame=blame,
        )
        everybody = {one.id for one in (*before, *new)}
        lab.expect(
            {*reported} == everybody - {*listed},
            f"{len(new)} simultaneous inserts reported {len(reported)} evictions, and "
            f"{len(everybody) - len(listed)} sessions are gone.",
            blame=blame,
        )

    await contest.play(one_round)


async def _insert(lab: Lab, record: SessionRecord, *, limit: int | None) -> Sequence[str]:
    _, answer = await lab.both("insert", record, limit=limit, now=lab.now)
    found: Sequence[str] = answer
    return found


async def _counted(
    lab: Lab, records: Sequence[SessionRecord], wanted: int, after: str
) -> None:
    left = len(records) - len(await gone(lab, records))
    lab.expect(
        left == wanted,
        f"After {after} the user has {left} sessions, not {wanted}.",
    )


async def _evicted(
    lab: Lab, before: Sequence[SessionRecord], wanted: Sequence[SessionRecord]
) -> None:
    lost = [one.id for one in await gone(lab, before)]
    name = lab.journal.names.session
    lab.expect(
        {*lost} == {one.id for one in wanted},
        f"After an insert that had to evict {len(wanted)}, what is gone is "
        f"{', '.join(map(name, lost)) or 'nothing'} instead of "
        f"{', '.join(name(one.id) for one in wanted)}.",
        blame=None if len(lost) == len(wanted) else "STORE-INSERT-LIMIT",
    )


def _when(late: int) -> str:
    return "now" if late == 0 else f"{abs(late)} s {'ago' if late > 0 else 'from now'}"
