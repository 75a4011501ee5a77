"""What the application keeps with a session, and texts in general."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.blame import BLAMES
from jwtsession_conformance.contest import Contest
from jwtsession_conformance.hostile import TEXTS, longest_texts
from jwtsession_conformance.poststate import settled, shows
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, sane, step
from jwtsession_conformance.values import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["writes_at_once"]


@store_check("STORE-DATA-ROUNDTRIP", "last-wins")
async def last_wins(lab: Lab) -> None:
    """Each text comes back exactly, the longest too, and takes the place of the one before."""
    record = lab.record()
    await given(lab, record)
    short = [f'{{"n":{n}}}' for n in (1, 2, 1)]
    for text in (*short, *(data for _, data, _ in longest_texts()), "{}"):
        await lab.both("replace_data", record.key, text, now=lab.now)
        after = f"replace_data with {lab.journal.names.text(text)}"
        await settled(lab, after=after, blame=BLAMES["replace_data"])


@store_check("STORE-DATA-ONLY", "nothing-else")
async def nothing_else(lab: Lab) -> None:
    """No other field changes, not even last_active_at, and the session lives no longer."""
    record = lab.record(expires_at=lab.now + HOUR, last_active_at=lab.now - HOUR)
    await given(lab, record)
    for seconds, text in ((60, '{"a":1}'), (HOUR - 61, '{"a":2}')):
        lab.clock.advance(seconds)
        await lab.both("replace_data", record.key, text, now=lab.now)
        await settled(lab, after="replace_data", blame=BLAMES["replace_data"])
    lab.clock.advance(1)
    await settled(lab, after="a replace_data one second before the end of a session")


@store_check("STORE-DATA-LIVE", "exactly-live")
async def exactly_live(lab: Lab) -> None:
    """True for a live session, also for the same text again; false for any other."""
    record, removed = lab.record(), lab.record()
    never, ending = lab.record(), lab.record(expires_at=lab.now + HOUR)
    await given(lab, record, removed, ending)
    await step(lab, "remove", removed.key)
    for key, now, text, wanted, kind in (
        (record.key, lab.now, record.data, True, "live and has this very text"),
        (record.key, lab.now, '{"x":1}', True, "live"),
        (record.key, lab.now, '{"x":1}', True, "live and has this very text"),
        (removed.key, lab.now, '{"x":1}', False, "removed"),
        (never.key, lab.now, '{"x":1}', False, "not there"),
        (ending.key, ending.expires_at - 1, '{"x":1}', True, "one second before its end"),
    ):
        lab.model.replace_data(key, text, now=now)
        answer = await lab.store.replace_data(key, text, now=now)
        lab.expect(
            answer is wanted,
            f"For a session that is {kind}, replace_data answered {answer}.",
        )
    await settled(lab, after="several replace_data", blame=BLAMES["replace_data"])
    await shows(lab, never.key, after="replace_data for a session that was never inserted")


@store_check("STORE-DATA-LIVE", "expired")
async def expired(lab: Lab) -> None:
    """From its end on a session takes no data, and does not come back."""
    for late in (0, 1, DAY):
        lab.scene()
        record = lab.record(expires_at=lab.now + HOUR)
        await given(lab, record)
        lab.clock.advance(HOUR + late)
        answer = await lab.store.replace_data(record.key, '{"x":1}', now=lab.now)
        lab.expect(
            not answer, f"{late} s after the end of a session, replace_data answered true."
        )
        await settled(lab, after="replace_data for an expired session")


@store_check("STORE-TEXT-OPAQUE", "not-parsed")
async def not_parsed(lab: Lab) -> None:
    """White space, member order, duplicates, escapes and numbers survive in all three texts."""
    await sane(lab, "swap", "replace_data")
    for text in TEXTS:
        lab.scene()
        record = lab.record(meta=text, data=text, seen=text)
        await given(lab, record, look=False)
        await settled(lab, after="the insert of texts to be kept as they are")
        other = lab.record()
        await given(lab, other)
        new = lab.replacement(other, seen=text)
        named = {"expected": other.refresh_hash, "replacement": new, "now": lab.now}
        await lab.both("swap", other.key, **named)
        own = {"seen": "STORE-TEXT-OPAQUE", "data": "STORE-TEXT-OPAQUE"}
        blame = replace(BLAMES["swap"], fields={**BLAMES["swap"].fields, **own})
        await settled(lab, after="a swap with such a text as seen", blame=blame)
        await lab.both("replace_data", other.key, text, now=lab.now)
        blame = replace(BLAMES["replace_data"], fields=own)
        await settled(lab, after="replace_data with such a text", blame=blame)


@store_check("STORE-FIELDS-DISJOINT", "three-at-once")
async def three_at_once(lab: Lab) -> None:
    """A swap, a touch and a replace_data at the same moment all keep their effect."""
    await writes_at_once(lab, [lab.store])


async def writes_at_once(
    lab: Lab, handles: Sequence[Witness], *, blame: str | None = None, most: int = 100
) -> None:
    """Swap, touch and replace the data of one session at once.

    Args:
        lab: The check's.
        handles: Through which handles, in turns.
        blame: The requirement that is broken; the one under check by default.
        most: How many rounds a fast store plays.
    """
    contest = Contest(
        lab,
        most=most,
        least=16,
        sane=["swap", "touch", "replace_data"],
        store=handles[0],
    )

    async def one_round() -> None:
        record = lab.record(last_active_at=lab.now - HOUR)
        lab.model.insert(record, limit=None, now=lab.now)
        await handles[0].insert(record, limit=None, now=lab.now)
        text = '{"at":"once"}'
        named: dict[str, Any] = {
            "expected": record.refresh_hash,
            "replacement": lab.replacement(record),
            "now": lab.now,
        }
        turn = lab.rng.randrange(3)  # so that each of them comes first at times
        first, second, third = (handles[(turn + n) % len(handles)] for n in range(3))
        calls: list[Callable[[], Any]] = [
            partial(first.swap, record.key, **named),
            partial(second.touch, record.key, now=lab.now + 60),
            partial(third.replace_data, record.key, text, now=lab.now),
        ]
        answers = await contest.together(*calls[turn:], *calls[:turn])
        lab.model.swap(record.key, **named)
        lab.model.touch(record.key, now=lab.now + 60)
        lab.model.replace_data(record.key, text, now=lab.now)
        expected = lab.model.get(record.key, now=lab.now)
        got = await handles[-1].get(record.key, now=lab.now)
        where = "After a swap, a touch and a replace_data at once, get"
        lab.same(expected, got, where, blame=blame)
        lab.expect(
            all(answers),
            "Of a swap, a touch and a replace_data of one live session at once, one answered "
            "that it is not there.",
            blame=blame,
        )

    await contest.play(one_round)
