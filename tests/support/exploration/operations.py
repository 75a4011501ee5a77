"""Whoever works at the session beside its refreshes: sign-out, eviction, writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exploration.desk import Scene
from exploration.invariants import broken
from exploration.kept import NOTHING
from exploration.state import PRESENT, Event, Move
from jwtsession import lifecycle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exploration.desk import Desk
    from exploration.kept import Kept, Pool
    from exploration.state import State
    from exploration.world import World
    from jwtsession.models import SessionRecord

__all__ = ["Operations"]

_SIGNING_OUT = "signing out"


class Operations:
    """What else is done to the session, one step of the store after the other."""

    def __init__(self, world: World, pool: Pool, desk: Desk) -> None:
        self._world = world
        self._pool = pool
        self._desk = desk

    def moves(self, state: State) -> Iterator[Move]:
        """Yield every step of every operation of this world."""
        for operation in self._world.operations:
            if operation in {"touch", "replace the data of"}:
                yield from self._work(state, operation)
            elif operation == "sign out":
                yield from self._sign_out(state)
            elif state.record is not NOTHING:
                yield self._writes(state, f"{operation}s the session", NOTHING)

    def _sign_out(self, state: State) -> Iterator[Move]:
        """Sign out by the cookie: first a look and the law, then the removal."""
        if state.operating is NOTHING and state.jar.value and state.record.value:
            if lifecycle.judge_logout(state.jar.value, state.record.value) is None:
                held = self._pool.keep(_SIGNING_OUT)
                yield Move(
                    Event("the user", "begins to sign out"), state._replace(operating=held)
                )
        elif state.operating.value == _SIGNING_OUT:
            done = state._replace(operating=NOTHING)
            yield self._writes(done, "has signed out: the session is removed", NOTHING)

    def _work(self, state: State, operation: str) -> Iterator[Move]:
        """Read the session in one step, then write a field of it in another."""
        if state.operating is NOTHING and state.record is not NOTHING:
            held = self._pool.keep((operation, state.record.value))
            event = Event("a request", f"reads the session, to {operation} it")
            yield Move(event, state._replace(operating=held))
        elif isinstance(state.operating.value, tuple):
            begun, seen = state.operating.value
            if begun == operation:
                store = self._world.store
                write = store.touch if operation == "touch" else store.replace_data
                after = self._pool.keep(write(seen, state.record.value))
                done = state._replace(operating=NOTHING)
                yield self._writes(done, f"has gone on to {operation} it", after)

    def _writes(
        self, state: State, did: str, record: Kept[SessionRecord] | Kept[None]
    ) -> Move:
        before = Scene(state.record, state.past)
        after = self._desk.after(before, record, None)
        if record is not NOTHING:
            # Whoever works at the store does not move the line: that is not remembered.
            after = Scene(record, state.past)
        fact = self._desk.fact(
            before, after, "operator", token=None, now=PRESENT, step=None
        )
        state = state._replace(record=record, past=after.past)
        return Move(Event("a request", did), state, broken(fact))
