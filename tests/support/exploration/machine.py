"""A world that runs: its first state, what can happen next, which states are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exploration.ageing import Ageing
from exploration.browser import Browser
from exploration.desk import Desk, Scene
from exploration.holders import Holders
from exploration.kept import NOTHING, Pool
from exploration.nature import Nature
from exploration.numbering import Numbering
from exploration.operations import Operations
from exploration.server import Server
from exploration.state import (
    IDLE,
    PRESENT,
    Event,
    Holder,
    Move,
    Past,
    State,
    Tab,
    record_of,
    token_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exploration.kept import Kept
    from exploration.state import Change
    from exploration.world import World
    from jwtsession.models import SessionRecord

__all__ = ["Machine"]


class Machine:
    """Everybody in a world, around one pool of values."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pool = Pool(Ageing(world))
        self.server = Server(world, self.pool)
        desk = Desk(world, self.pool, self.server)
        self._browser = Browser(world, self.pool, desk)
        self._holders = Holders(world, self.pool, desk)
        self._nature = Nature(world, self.pool)
        self._numbering = Numbering(world, self.pool)
        self._operations = Operations(world, self.pool, desk)
        # What one actor can do depends on few things, and comes back again and again.
        self._known: dict[object, tuple[Change, ...]] = {}

    def first(self) -> State:
        """Return the moment after a sign-in."""
        world, keep = self.world, self.pool.keep
        record = record_of(
            0,
            created_at=PRESENT,
            rotated_at=PRESENT,
            expires_at=world.policy.expires_at(PRESENT, PRESENT),
        )
        token = keep(token_of(record))
        holders = [keep(Holder((token,), ()))] * world.clients
        if world.forger is not None:
            holders = [keep(Holder((), ()))]
        return State(
            record=keep(record),
            before=(),
            jar=token if world.tabs else NOTHING,
            tabs=(keep(Tab(IDLE, ())),) * world.tabs,
            holders=tuple(holders),
            past=keep(
                Past(top=0, head=0, moves=(), removed=False, restored=-1, received=0)
            ),
            failovers=world.failovers,
            thefts=int(world.thief),
            operating=NOTHING,
        )

    def moves(self, state: State) -> Iterator[Move]:
        """Yield everything that can happen next; nothing once the session is over."""
        if state.record is NOTHING and not self.world.operations:
            return
        if state.thefts and state.jar.value is not None:
            thief = self.pool.keep(Holder((state.jar,), ()))
            event = Event("thief", "copies {token}", state.jar.value)
            yield Move(event, state._replace(thefts=0, holders=(thief,)))
        yield from self._of_tabs(state)
        yield from self._of_holders(state)
        yield from self._nature.moves(state)
        if self.world.operations:
            yield from self._operations.moves(state)

    def _written(
        self, event: Event, state: State, broken: tuple[tuple[str, str], ...]
    ) -> Move:
        drop = self._numbering.excess(state)
        if drop:
            state = self._numbering.lowered(state, drop)
        return Move(event, state, broken, drop)

    def _of_tabs(self, state: State) -> Iterator[Move]:
        most = self.world.traffic
        busy = most is not None and sum(len(tab.value.calls) for tab in state.tabs) >= most
        record, before, jar, tabs, holders, past, failovers, thefts, operating = state
        for index, tab in enumerate(tabs):
            if index and tab is tabs[index - 1]:
                continue
            known = (index, tab, jar, record, past, busy)
            changes = self._known.get(known)
            if changes is None:
                scene = Scene(record, past)
                found = self._browser.changes(index, tab.value, jar, scene, busy=busy)
                changes = self._known[known] = tuple(found)
            for event, owner, new_jar, new, remembered, broken in changes:
                after = State(
                    new,
                    before if new is record else self._before(state),
                    new_jar,
                    (*tabs[:index], owner, *tabs[index + 1 :]),
                    holders,
                    remembered,
                    failovers,
                    thefts,
                    operating,
                )
                if new is record:
                    yield Move(event, after, broken)
                else:
                    yield self._written(event, after, broken)

    def _of_holders(self, state: State) -> Iterator[Move]:
        for index, holder in enumerate(state.holders):
            if index and holder is state.holders[index - 1]:
                continue
            known = (index, holder, state.record, state.past)
            changes = self._known.get(known)
            if changes is None:
                scene = Scene(state.record, state.past)
                found = self._holders.changes(index, holder.value, NOTHING, scene)
                changes = self._known[known] = tuple(found)
            for event, owner, _, new, remembered, broken in changes:
                rest = state.holders
                after = state._replace(
                    record=new,
                    before=state.before if new is state.record else self._before(state),
                    holders=(*rest[:index], owner, *rest[index + 1 :]),
                    past=remembered,
                )
                yield self._written(event, after, broken)

    def _before(self, state: State) -> tuple[Kept[SessionRecord], ...]:
        """Return what a fail-over can bring back after a write to this state."""
        if not state.failovers or state.record is NOTHING:
            return state.before
        return (state.record, *state.before)[: self.world.lost_writes]

    @staticmethod
    def canonical(state: State) -> State:
        """Return the state that stands for all that differ by the order of equals."""
        tabs, holders = state.tabs, state.holders
        if len(tabs) > 1:
            tabs = tuple(sorted(tabs))
        if len(holders) > 1:
            holders = tuple(sorted(holders))
        if tabs == state.tabs and holders == state.holders:
            return state
        return state._replace(tabs=tabs, holders=holders)
