"""Compare and swap, many at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jwtsession_conformance.contest import Contest
from jwtsession_conformance.records import changed_fields, equal
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.values import HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession_conformance.lab import Lab
    from jwtsession_conformance.witness import Witness

__all__ = ["swaps_at_once"]


@store_check("STORE-SWAP-ATOMIC", "eight-at-once")
async def eight_at_once(lab: Lab) -> None:
    """Of eight simultaneous swaps with one hash, one writes."""
    await swaps_at_once(lab, [lab.store])


@store_check("STORE-SWAP-ANSWER", "losers")
async def losers(lab: Lab) -> None:
    """Whoever loses a race is shown the record as the winner left it."""
    await swaps_at_once(lab, [lab.store], rivals=4)


@store_check("STORE-SWAP-FIELDS", "in-one-step")
async def in_one_step(lab: Lab) -> None:
    """Whoever looks while a swap runs sees the session before it or after it."""
    contest = Contest(lab, most=60, least=12, sane=["swap"])

    async def one_round() -> None:
        record = lab.record(last_active_at=lab.now - HOUR)
        await lab.store.insert(record, limit=None, now=lab.now)
        new = lab.replacement(record)
        swap = partial(
            lab.store.swap,
            record.key,
            expected=record.refresh_hash,
            replacement=new,
            now=lab.now,
        )
        lab.model.insert(record, limit=None, now=lab.now)
        after = lab.model.swap(
            record.key, expected=record.refresh_hash, replacement=new, now=lab.now
        )
        get = partial(lab.store.get, record.key, now=lab.now)

        async def by_list() -> object:
            listed = await lab.store.list(record.user_id, now=lab.now)
            return next((one for one in listed if one.id == record.id), None)

        _, *seen = await contest.together(swap, get, get, by_list)
        for one in seen:
            if one is None:
                lab.fail("While a swap ran, a look at its session found nothing.")
            half = not equal(record, one) and not equal(after, one)
            if half:
                old = changed_fields(record, one)
                lab.fail(
                    "While a swap ran, its session was seen half written: of its fields "
                    f"{', '.join(old)} had changed and the others had not."
                )

    await contest.play(one_round)


async def swaps_at_once(
    lab: Lab,
    handles: Sequence[Witness],
    *,
    rivals: int = 8,
    blame: str | None = None,
    most: int = 60,
) -> None:
    """Swap one session many times at once, each to a hash of its own.

    Args:
        lab: The check's.
        handles: Through which handles, in turns.
        rivals: How many calls meet.
        blame: The one requirement that is broken; by default the one that says it.
        most: How many rounds a fast store plays.
    """
    contest = Contest(lab, most=most, least=12, sane=["swap"], store=handles[0])

    async def one_round() -> None:
        record = lab.record(last_active_at=lab.now - HOUR)
        await handles[0].insert(record, limit=None, now=lab.now)
        news = [lab.replacement(record) for _ in range(rivals)]
        answers = await contest.together(
            *(
                partial(
                    handles[n % len(handles)].swap,
                    record.key,
                    expected=record.refresh_hash,
                    replacement=new,
                    now=lab.now,
                )
                for n, new in enumerate(news)
            )
        )
        shown = [None if isinstance(one, Exception) else one for one in answers]
        winners = [
            new
            for new, one in zip(news, shown, strict=True)
            if one is not None and one.refresh_hash == new.refresh_hash
        ]
        lab.expect(
            len(winners) == 1,
            f"Of {rivals} swaps that started together with one hash, "
            f"{len(winners) or 'none'} wrote.",
            blame=blame or "STORE-SWAP-ATOMIC",
        )
        lab.model.insert(record, limit=None, now=lab.now)
        final = lab.model.swap(
            record.key, expected=record.refresh_hash, replacement=winners[0], now=lab.now
        )
        held = await handles[-1].get(record.key, now=lab.now)
        lab.expect(
            held is not None and held.refresh_hash == winners[0].refresh_hash,
            f"Of {rivals} simultaneous swaps one was answered as written, and then get "
            f"shows {lab.journal.names.record(held)}.",
            blame=blame or "STORE-SWAP-ATOMIC",
        )
        for one in shown:
            if one is not None and one.refresh_hash == record.refresh_hash:
                lab.fail(
                    "A swap that lost a race was answered with the record from before it.",
                    blame=blame or "STORE-SWAP-ANSWER",
                )
            lab.same(final, one, "In a race, swap", blame=blame or "STORE-SWAP-ANSWER")

    await contest.play(one_round)
