"""Whoever holds tokens of their own: clients with private copies, a thief, a forger.

They present any token they hold at any time, as often as they like, and their network is
perfect: a request is served at once, unless the store or a second round takes several
steps. What they are answered they keep.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exploration.desk import By
from exploration.invariants import broken
from exploration.kept import NOTHING, Kept
from exploration.state import (
    ANSWERED,
    FORGED_SECRET,
    PRESENT,
    SECRET,
    SENT,
    Call,
    Change,
    Event,
    Holder,
    token_of,
)
from jwtsession import lifecycle
from jwtsession.steps import Presented

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exploration.desk import Desk, Scene
    from exploration.kept import Pool
    from exploration.world import World
    from jwtsession.models import SessionRecord

__all__ = ["Holders"]

_KEEPS = 3  # the oldest and the two newest


class Holders:
    """What one holder can do next, given the store."""

    def __init__(self, world: World, pool: Pool, desk: Desk) -> None:
        self._world = world
        self._pool = pool
        self._desk = desk

    def changes(
        self, index: int, holder: Holder, jar: Kept[Presented] | Kept[None], scene: Scene
    ) -> Iterator[Change]:
        """Yield everything this holder can do."""
        alone = self._world.forger == "key"
        by = By("forger" if alone else "holder", self._name(index))
        calls = holder.calls or tuple(
            Call(SENT, token, NOTHING, NOTHING, self._world.life, mine=True)
            for token in self._tokens(holder, scene)
        )
        for call in calls:
            for done in self._desk.proceed(scene, by, call):
                owner = self._pool.keep(self._holder(holder, done.call))
                yield Change(done.event, owner, jar, *done.scene, done.broken)
        if alone and scene.record is not NOTHING:
            yield from self._signs_out(holder, jar, scene)

    def _holder(self, holder: Holder, call: Call | None) -> Holder:
        if call is None:
            return Holder(holder.tokens, ())
        if call.stage != ANSWERED:
            return Holder(holder.tokens, (call,))
        if self._world.forger is None and isinstance(call.what.value, Presented):
            return Holder(_kept((*holder.tokens, call.what)), ())
        return Holder(holder.tokens, ())

    def _tokens(self, holder: Holder, scene: Scene) -> tuple[Kept[Presented], ...]:
        if self._world.forger is None:
            return holder.tokens
        if scene.record.value is None:
            return ()
        return tuple(self._pool.keep(token) for token in self._forge(scene.record.value))

    def _forge(self, record: SessionRecord) -> Iterator[Presented]:
        """Yield claims of every kind that a rule could tell apart."""
        true = token_of(record)
        alone = self._world.forger == "key"
        secret, far = (FORGED_SECRET, 2) if alone else (SECRET, 1)
        long_ago = PRESENT - self._world.oldest
        ends = {true.exp, PRESENT + 1} if alone or self._world.mortal else {true.exp}
        for gen in range(max(0, record.gen - far), record.gen + far + 1):
            for iat in (long_ago, PRESENT, PRESENT + 50):
                for exp in sorted(ends):
                    for auth_time in (true.auth_time, PRESENT + 50):
                        yield replace(
                            true,
                            secret=secret,
                            gen=gen,
                            iat=iat,
                            exp=exp,
                            auth_time=auth_time,
                        )

    def _signs_out(
        self, holder: Holder, jar: Kept[Presented] | Kept[None], scene: Scene
    ) -> Iterator[Change]:
        """Sign out by a forged refresh token, where the law lets it."""
        owner = self._pool.keep(holder)
        for token in self._tokens(holder, scene):
            if lifecycle.judge_logout(token.value, scene.record.value) is None:
                after = self._desk.after(scene, NOTHING, None)
                fact = self._desk.fact(
                    scene, after, "forger", token=token.value, now=PRESENT, step=None
                )
                event = Event(
                    "forger", "signs the user out by a forged {token}", token.value
                )
                yield Change(event, owner, jar, *after, broken(fact))

    def _name(self, index: int) -> str:
        if self._world.forger:
            return "forger"
        return "thief" if self._world.thief else f"client {index + 1}"


def _kept(tokens: tuple[Kept[Presented], ...]) -> tuple[Kept[Presented], ...]:
    ordered = sorted(
        set(tokens), key=lambda kept: (kept.value.gen, kept.value.iat, kept.number)
    )
    if len(ordered) <= _KEEPS:
        return tuple(ordered)
    return (ordered[0], *ordered[1 - _KEEPS :])
