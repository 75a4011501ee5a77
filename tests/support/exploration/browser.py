"""The innocent user: tabs on one cookie jar.

A tab opens an attempt, sends the cookie, and may send again while it waits. Requests and
answers travel at any speed and pass each other; one that never arrives is one that is lost.
An attempt is not left without an answer for longer than its life, and whatever is left of
its requests is gone by then: that is the proviso under which nobody is signed out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exploration.desk import By
from exploration.kept import NOTHING, REFUSED
from exploration.state import ANSWERED, IDLE, SENT, Call, Change, Event, Tab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exploration.desk import Desk, Scene
    from exploration.kept import Kept, Pool
    from exploration.state import Past
    from exploration.world import World
    from jwtsession.steps import Presented

__all__ = ["Browser"]


class Browser:
    """What one tab can do next, given the jar and the store."""

    def __init__(self, world: World, pool: Pool, desk: Desk) -> None:
        self._world = world
        self._pool = pool
        self._desk = desk

    def changes(
        self,
        index: int,
        tab: Tab,
        jar: Kept[Presented] | Kept[None],
        scene: Scene,
        *,
        busy: bool,
    ) -> Iterator[Change]:
        """Yield everything this tab can do; requests in the same state are one."""
        if jar is not NOTHING and not busy and len(tab.calls) < self._world.calls:
            yield self._sends(index, tab, jar, scene)
        for at, call in enumerate(tab.calls):
            if at and call == tab.calls[at - 1]:
                continue
            rest = tab.calls[:at] + tab.calls[at + 1 :]
            if call.stage == ANSWERED:
                yield self._receives(index, tab, call, rest, jar=jar, scene=scene)
                continue
            for done in self._desk.proceed(scene, By("user", index), call):
                calls = rest if done.call is None else (*rest, done.call)
                owner = self._tab(tab.left, calls)
                yield Change(done.event, owner, jar, *done.scene, done.broken)

    def _tab(self, left: int, calls: tuple[Call, ...]) -> Kept[Tab]:
        return self._pool.keep(Tab(left, tuple(sorted(calls))))

    def _sends(self, index: int, tab: Tab, jar: Kept[Presented], scene: Scene) -> Change:
        again = tab.left != IDLE
        left = tab.left if again else self._world.life
        call = Call(SENT, jar, NOTHING, NOTHING, left, mine=True)
        event = Event(index, "sends {token} again" if again else "sends {token}", jar.value)
        return Change(event, self._tab(left, (*tab.calls, call)), jar, *scene)

    def _receives(
        self,
        index: int,
        tab: Tab,
        call: Call,
        rest: tuple[Call, ...],
        *,
        jar: Kept[Presented] | Kept[None],
        scene: Scene,
    ) -> Change:
        left = tab.left
        if call.mine:  # the attempt is over; what else it sent has been given up on
            left, rest = IDLE, tuple(one._replace(mine=False) for one in rest)
        owner = self._tab(left, rest)
        if call.what is REFUSED:
            event = Event(index, "is told of the refusal, and drops its cookie")
            return Change(event, owner, NOTHING, *scene)
        if call.what is NOTHING:
            event = Event(index, "is answered without a cookie")
            return Change(event, owner, jar, *scene)
        new: Kept[Presented] = call.what
        event = Event(index, "receives {token}", new.value)
        past = self._received(scene.past, new.value.gen)
        return Change(event, owner, new, scene.record, past)

    def _received(self, past: Kept[Past], gen: int) -> Kept[Past]:
        if gen <= past.value.received:
            return past
        return self._pool.keep(past.value._replace(received=gen))
