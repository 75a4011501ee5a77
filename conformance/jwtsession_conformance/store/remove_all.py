"""Ending all sessions of a user."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.blame import BLAMES
from jwtsession_conformance.contest import Contest
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, sane, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from jwtsession_conformance.lab import Lab


@store_check("STORE-REMOVE-ALL-ENDS", "every-one")
async def every_one(lab: Lab) -> None:
    """Every session of the user is gone, many or none, and only theirs."""
    for number in (0, 1, 45):
        lab.scene()
        records = [lab.record(last_active_at=lab.now - n) for n in range(number)]
        await given(lab, *records, lab.record(lab.user("bob")), look=False)
        await lab.both("remove_all", lab.user("alice"), now=lab.now)
        await settled(
            lab, after=f"a remove_all of {number} sessions", users=[lab.user("alice")]
        )
        others = [user for user in lab.model.users if user != lab.user("alice")]
        await settled(
            lab,
            after="another user's remove_all",
            users=others,
            blame="STORE-USER-ISOLATION",
        )


@store_check("STORE-REMOVE-ALL-ENDS", "beside-writes")
async def beside_writes(lab: Lab) -> None:
    """A swap, a touch or a replace_data at the same moment keeps no session alive."""
    contest = Contest(lab, most=60, least=12, sane=["remove_all"])

    async def one_round() -> None:
        records = [lab.record() for _ in range(3)]
        for record in records:
            await lab.store.insert(record, limit=None, now=lab.now)
        first, second, third = records
        calls: list[Callable[[], Any]] = [
            partial(lab.store.remove_all, first.user_id, now=lab.now),
            partial(
                lab.store.swap,
                first.key,
                expected=first.refresh_hash,
                replacement=lab.replacement(first),
                now=lab.now,
            ),
            partial(lab.store.touch, second.key, now=lab.now + 60),
            partial(lab.store.replace_data, third.key, "{}", now=lab.now),
        ]
        await contest.together(*calls)
        listed = await lab.store.list(first.user_id, now=lab.now)
        lab.expect(
            not listed,
            f"After a remove_all that had writes beside it, {len(listed)} of 3 sessions live.",
        )

    await contest.play(one_round)


@store_check("STORE-REMOVE-ALL-KEEP", "the-kept-one")
async def the_kept_one(lab: Lab) -> None:
    """The kept session stays exactly as it is, wherever it stands, and the others go."""
    for position in (0, 2, 4):
        lab.scene()
        records = [lab.record(last_active_at=lab.now - n) for n in range(5)]
        await given(lab, *records)
        kept = records[position]
        await lab.both("remove_all", kept.user_id, keep=kept.id, now=lab.now + 60)
        after = "a remove_all that keeps one session"
        await settled(lab, after=after, blame=BLAMES["remove_all"])


@store_check("STORE-REMOVE-ALL-KEEP-MISSING", "ends-all")
async def ends_all(lab: Lab) -> None:
    """To keep what is not there, has ended or is another user's is to keep nothing."""
    await sane(lab, "remove_all", "remove")
    theirs = lab.session_id()
    for kind in ("never inserted", "expired", "removed", "another user's"):
        lab.scene()
        records = [lab.record() for _ in range(3)]
        special = lab.record(expires_at=lab.now + HOUR)
        await given(lab, *records, lab.record(lab.user("bob"), id=theirs))
        if kind in ("expired", "removed"):
            await lab.both("insert", special, limit=None, now=lab.now)
        if kind == "removed":
            await step(lab, "remove", special.key)
        lab.clock.advance(HOUR if kind == "expired" else 0)
        keep = theirs if kind == "another user's" else special.id
        await lab.both("remove_all", special.user_id, keep=keep, now=lab.now)
        await settled(lab, after=f"a remove_all that keeps a session that is {kind}")


@store_check("STORE-REMOVE-ALL-COUNT", "live-ones")
async def live_ones(lab: Lab) -> None:
    """The answer counts the live sessions that ended: no expired one, and not the kept."""
    for late, dying in ((-1, 1), (0, 0), (1, 0), (DAY, 0)):
        lab.scene()
        records = [lab.record() for _ in range(4)]
        ending = lab.record(expires_at=lab.now + HOUR)
        await given(lab, *records, ending)
        lab.clock.advance(HOUR + late)
        user = ending.user_id
        _, answer = await lab.both("remove_all", user, keep=records[0].id, now=lab.now)
        lab.expect(
            answer == 3 + dying,
            f"remove_all of 5 sessions, one kept and one {late:+d} s from its end, answered "
            f"{answer} instead of {3 + dying}.",
        )
        for wanted in (1, 0):
            _, answer = await lab.both("remove_all", user, now=lab.now)
            lab.expect(
                answer == wanted, f"remove_all of {wanted} sessions answered {answer}."
            )
        await settled(lab, after="a remove_all", blame=BLAMES["remove_all"])


@store_check("STORE-REMOVE-ALL-COUNT", "each-once")
async def each_once(lab: Lab) -> None:
    """Of removals, evictions and sign-outs that meet, each session is counted by one."""
    contest = Contest(lab, most=60, least=12, sane=["remove_all", "remove", "insert"])

    async def one_round() -> None:
        records = [lab.record(last_active_at=lab.now - n) for n in range(4)]
        for record in records:
            await lab.store.insert(record, limit=None, now=lab.now)
        user = records[0].user_id
        new = lab.record(last_active_at=lab.now)
        calls: list[Callable[[], Any]] = [
            partial(lab.store.remove_all, user, now=lab.now),
            partial(lab.store.remove_all, user, now=lab.now),
            *(partial(lab.store.remove, one.key, now=lab.now) for one in records),
            partial(lab.store.insert, new, limit=1, now=lab.now),
        ]
        first, second, *single, evicted = await contest.together(*calls)
        left = await lab.store.list(user, now=lab.now)
        counted = first + second + sum(single) + len(evicted)
        gone = len(records) + 1 - len(left)
        lab.expect(
            counted == gone,
            f"Two remove_all, four removes and an eviction that met counted {counted} ended "
            f"sessions, and {gone} are gone.",
        )

    await contest.play(one_round)
