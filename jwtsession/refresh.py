"""The shell around the law: drives a refresh over a store and tells what happened.

It carries questions and answers to and fro and decides nothing. The one thing it owns is
the removal that certain reuse calls for, which outlives a cancelled request.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from jwtsession.errors import RefreshForged
from jwtsession.events import EventName
from jwtsession.lifecycle import begin, judge_logout, resume
from jwtsession.minting import object_from
from jwtsession.steps import Ask, Get, Mint, Refuse, Remove, Repeat

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from jwtsession.events import Announcer
    from jwtsession.models import SessionKey, SessionRecord
    from jwtsession.protocols import SessionStore
    from jwtsession.steps import Attempt, Presented, Step

__all__ = ["RefreshShell"]

_log = logging.getLogger("jwtsession")


class RefreshShell:
    """Refreshes, and sign-outs by refresh token, over one store."""

    def __init__(self, store: SessionStore, announcer: Announcer) -> None:
        self._store = store
        self._announcer = announcer
        self._removals: set[asyncio.Task[Step]] = set()

    async def aclose(self) -> None:
        """Wait for the removals that cancelled requests have left running."""
        # Not gathered: to give up waiting must not cancel what is waited for.
        if self._removals:
            await asyncio.wait(self._removals)

    async def run(self, attempt: Attempt) -> Mint | Repeat:
        """Take an attempt to its outcome.

        Raises:
            JwtSessionError: The law's refusal.
            StoreUnavailable: The effect is unknown.
        """
        step = begin(attempt)
        while isinstance(step, Ask):
            step = await self._next(step)
        if isinstance(step, Refuse):
            raise step.error
        return step

    async def _next(self, ask: Ask) -> Step:
        question, now = ask.question, ask.attempt.now
        if isinstance(question, Remove):
            return await self._owned(self._remove(ask, question.key))
        if isinstance(question, Get):
            record = await self._store.get(question.key, now=now)
        else:
            record = await self._store.swap(
                question.key,
                expected=question.expected,
                replacement=question.replacement,
                now=now,
            )
        return self._told(ask, resume(ask, record))

    async def _remove(self, ask: Ask, key: SessionKey) -> Step:
        removed = await self._store.remove(key, now=ask.attempt.now)
        return self._told(ask, resume(ask, removed))

    async def _owned(self, removal: Coroutine[Any, Any, Step]) -> Step:
        """Run a removal that outlives its request (SERVICE-REMOVAL-OWNED).

        A thief who hangs up at the right moment must not keep the session alive.
        """
        task = asyncio.create_task(removal)
        self._removals.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Step]) -> None:
        self._removals.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.warning(
                "a session could not be ended after reuse", exc_info=task.exception()
            )

    async def may_end(self, presented: Presented, *, now: int) -> bool:
        """Tell whether a refresh token may end its session; False where it has ended.

        Raises:
            RefreshForged: It was never a token of this session.
            StoreUnavailable: No answer could be had.
        """
        record = await self._store.get(presented.key, now=now)
        refusal = judge_logout(presented, record)
        if refusal is RefreshForged:
            self._tell(EventName.REFRESH_FORGED, now, presented, record, "{}")
            raise refusal
        return refusal is None

    def _told(self, ask: Ask, step: Step) -> Step:
        # Each signal as soon as its effect is there: a repair is one also where what
        # comes after it fails or is cancelled.
        attempt = ask.attempt
        record = None if isinstance(step, Ask) else step.record
        for signal in step.signals[len(ask.signals) :]:
            name = EventName(signal.value)
            self._tell(name, attempt.now, attempt.presented, record, attempt.seen)
        return step

    def _tell(
        self,
        name: EventName,
        now: int,
        presented: Presented,
        record: SessionRecord | None,
        seen: str,
    ) -> None:
        self._announcer.tell(
            name,
            now,
            presented.key,
            reason="foreign_secret",
            gen=None if record is None else record.gen,
            presented_gen=presented.gen,
            seen=object_from(seen),
            seen_before={} if record is None else object_from(record.seen),
        )
