"""One request at a server: its next step, what it does to the store, what it breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from exploration.invariants import Fact, broken
from exploration.kept import NOTHING, REFUSED
from exploration.state import (
    ANSWERED,
    ASKED,
    PRESENT,
    SENT,
    Call,
    Event,
    Past,
    Took,
    token_of,
)
from jwtsession.errors import StoreUnavailable
from jwtsession.steps import Ask, Asked, Mint, Repeat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exploration.kept import Kept, Pool
    from exploration.server import Server
    from exploration.world import World
    from jwtsession.models import SessionRecord
    from jwtsession.steps import Presented, Step

__all__ = ["By", "Desk", "Proceeded", "Scene"]


class Scene(NamedTuple):
    """What a server finds: the store, and what the invariants remember."""

    record: Kept[SessionRecord] | Kept[None]
    past: Kept[Past]


class By(NamedTuple):
    """Who asks: "user", "holder" or "forger", and under which name in the trace."""

    who: str
    name: int | str


class Proceeded(NamedTuple):
    """What a step of a request leads to.

    Attributes:
        scene: The store and the memory now.
        call: The request now; None after a 503, which the client takes as no answer.
        event: What happened.
        broken: What it breaks.
    """

    scene: Scene
    call: Call | None
    event: Event
    broken: tuple[tuple[str, str], ...]


class Desk:
    """Takes requests through the server, whoever sent them."""

    def __init__(self, world: World, pool: Pool, server: Server) -> None:
        self._world = world
        self._pool = pool
        self._server = server

    def proceed(self, scene: Scene, by: By, call: Call) -> Iterator[Proceeded]:
        """Answer each next step the request can take."""
        if call.stage == ASKED:
            yield self._ask(scene, by, call, call.what)
        elif call.stage == SENT:
            for ahead in self._world.clocks:
                yield self._arrive(scene, by, call, ahead)

    def _arrive(self, scene: Scene, by: By, call: Call, ahead: int) -> Proceeded:
        """Let a server read its clock and begin; it asks at once, unless that is split."""
        step = self._server.begin(call.token, ahead)
        token = call.token.value
        if not isinstance(step.value, Ask):
            fact = self.fact(
                scene, scene, by.who, token=token, now=PRESENT + ahead, step=step.value
            )
            event = Event(by.name, "served", token, None, step.value)
            return Proceeded(scene, self._answered(call, step), event, broken(fact))
        if not self._world.split:
            return self._ask(scene, by, call, step)
        event = Event(by.name, "{token} arrives", token)
        return Proceeded(scene, call._replace(stage=ASKED, what=step), event, ())

    def _ask(self, scene: Scene, by: By, call: Call, ask: Kept[Ask]) -> Proceeded:
        """Let the store take a step; where it is the last, the law judges the answer."""
        served = self._server.ask(ask, call.held, scene.record)
        after = self.after(scene, served.record, ask.value)
        half_way = served.step is ask
        step = None if half_way else served.step.value
        token, now = call.token.value, ask.value.attempt.now
        fact = self.fact(scene, after, by.who, token=token, now=now, step=step)
        if half_way:
            waits = call._replace(stage=ASKED, what=ask, held=served.held)
        else:
            waits = self._answered(call, served.step)
        event = Event(by.name, "served", token, ask.value, step)
        return Proceeded(after, waits, event, broken(fact))

    def _answered(self, call: Call, kept: Kept[Step]) -> Call | None:
        step = kept.value
        if isinstance(step, Ask):
            return call._replace(stage=ASKED, what=kept, held=NOTHING)
        what: Kept[Presented] | Kept[None] | Kept[str]
        if isinstance(step, Mint):
            secret = call.token.value.secret
            what = self._pool.keep(replace(token_of(step.record), secret=secret))
        elif isinstance(step, Repeat):
            what = NOTHING if self._world.quiet else call.token
        elif step.error is StoreUnavailable:
            return None
        else:
            what = REFUSED
        return call._replace(stage=ANSWERED, what=what, held=NOTHING)

    def fact(
        self,
        before: Scene,
        after: Scene,
        who: str,
        *,
        token: Presented | None,
        now: int,
        step: Step | None,
    ) -> Fact:
        """Return what the invariants are asked about."""
        return Fact(
            world=self._world,
            who=who,
            token=token,
            now=now,
            step=step,
            before=before.record.value,
            after=after.record.value,
            past=before.past.value,
            since=after.past.value,
        )

    def after(
        self, scene: Scene, record: Kept[SessionRecord] | Kept[None], ask: Ask | None
    ) -> Scene:
        """Return the scene after such a write, with the memory of it."""
        if record is scene.record:
            return scene
        repaired = ask is not None and ask.asked is Asked.REPAIRED
        past = self._moved_on(scene, record.value, repaired=repaired)
        return Scene(record, self._pool.keep(past))

    def _moved_on(
        self, scene: Scene, record: SessionRecord | None, *, repaired: bool
    ) -> Past:
        past, old = scene.past.value, scene.record.value
        if record is None:
            return past._replace(removed=True)
        if old is None or record.gen <= old.gen:
            return past  # whatever that was, it was no move
        spent = record.gen - 1
        top, head = max(past.top, record.gen), max(past.head, record.gen)
        if not self._world.follows:
            return past._replace(top=top, head=head)
        first = past.superseded(spent) if repaired else None
        # A repair supersedes nothing anew: what had been superseded stays so from then on.
        when = PRESENT if first is None else first.when
        claims = (record.rotated_at, record.expires_at) if self._world.exact else (0, 0)
        # Older ones are out of every rule's reach, also after a fail-over.
        reach = spent - self._world.lost_writes - ("SAME" in self._world.judged)
        moves = [move for move in past.moves if reach <= move.gen != spent]
        if first is not None or not repaired or spent >= past.top:
            moves.append(Took(spent, when, *claims))
        return past._replace(top=top, head=head, moves=tuple(sorted(moves)))
