"""Tell the way to a state as numbered lines: when, who, what, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from jwtsession.steps import Asked, Get, Mint, Refuse, Remove, Repeat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exploration.machine import Machine
    from exploration.state import Move, State
    from jwtsession.steps import Ask, Step

__all__ = ["Trace"]


@dataclass(frozen=True, slots=True)
class Trace:
    """A run, as lines to read, and what it breaks."""

    lines: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        numbered = [f"{at:3}. {line}" for at, line in enumerate(self.lines, 1)]
        return "\n".join([*numbered, f"  => {self.reason}"])

    @classmethod
    def of(
        cls,
        machine: Machine,
        parents: Mapping[State, State | None],
        state: State,
        last: Move,
        reason: str,
    ) -> Trace:
        """Follow the parents back to the first state, and tell the way from there."""
        path = [state]
        while (parent := parents[path[-1]]) is not None:
            path.append(parent)
        path.reverse()
        teller = _Teller(len(state.tabs))
        for before, after in pairwise(path):
            move = next(
                move
                for move in machine.moves(before)
                if not move.broken and machine.canonical(move.state) == after
            )
            teller.tell(move)
        teller.tell(last)
        return cls(tuple(teller.lines), reason)


class _Teller:
    """Remembers what a walk forgets: the clock, which tab is which, old numbers."""

    def __init__(self, tabs: int) -> None:
        self.lines: list[str] = []
        self._names = [f"tab {'ABCDEF'[at]}" for at in range(tabs)]
        self._clock = 0
        self._dropped = 0

    def tell(self, move: Move) -> None:
        """Tell one move, and keep up with what it renames."""
        event = move.event
        if event.who == "time":
            self._clock += 1
        else:
            who = self._names[event.who] if isinstance(event.who, int) else event.who
            self.lines.append(f"t={self._clock}  {who}: {self._told(move)}")
        self._dropped += move.dropped
        order = sorted(range(len(move.state.tabs)), key=lambda at: move.state.tabs[at])
        self._names = [self._names[at] for at in order]

    def _told(self, move: Move) -> str:
        event, record = move.event, move.state.record.value
        token = "" if event.token is None else f"r{event.token.gen + self._dropped}"
        if event.ask is None and event.step is None:
            gen = 0 if record is None else record.gen + move.dropped + self._dropped
            return event.did.format(token=token, record=f"r{gen}")
        asked = "arrives" if event.ask is None else self._asked(event.ask)
        answer = "half-way" if event.step is None else self._answer(event.step)
        return f"{token} {asked}; {answer}"

    def _asked(self, ask: Ask) -> str:
        question = ask.question
        if isinstance(question, Get):
            return "is looked up"
        if isinstance(question, Remove):
            return "removes the session"
        to = question.replacement.gen + self._dropped
        verb = "writes back" if ask.asked is Asked.REPAIRED else "swaps to"
        return f"{verb} r{to}"

    def _answer(self, step: Step) -> str:
        if isinstance(step, Mint):
            return f"answered r{step.record.gen + self._dropped}, {step.signals[-1]}"
        if isinstance(step, Repeat):
            return f"answered the same again, {step.signals[-1]}"
        if isinstance(step, Refuse):
            return f"refused, {step.error.code}"
        if isinstance(step.question, Remove):
            return "reuse: the session is to be removed"
        return "a further round"
