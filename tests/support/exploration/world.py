"""The parameters of a bounded world: who is in it, and what can go wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from exploration.store import Store
from jwtsession.steps import Policy

__all__ = ["World"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A world. Times are ticks.

    Attributes:
        name: How the table calls it.
        story: What happens there, in one sentence.
        judged: The invariants that are judged there.
        grace: ``reuse_grace_secs``.
        life: The longest life of one attempt to refresh: first byte to last byte, retries
            and requests given up on included.
        skew: By how much the clock of one of two processes is ahead.
        refresh_ttl: ``refresh_ttl_secs``; large where no lifetime matters.
        absolute_ttl: ``absolute_ttl_secs``.
        on_reuse: As configured.
        on_lost_write: As configured.
        tabs: How many tabs the innocent user has, on one cookie jar.
        calls: How many requests of one tab can be under way, those given up on included.
        traffic: How many of them can be under way in all tabs together.
        thief: Somebody can copy the cookie, once.
        clients: How many clients hold private copies of the first token.
        forger: Who can sign claims at will: nobody, one with the key alone, or one who
            has an old token of the session as well.
        failovers: How often the store can lose its last writes.
        lost_writes: How many writes one fail-over can lose.
        operations: What an operator, or the user elsewhere, does to the session.
        split: The clock is read in one step and the store asked in a later one.
        store: The store.
        quiet: An answer that repeats the presented token sets no cookie.
        leeway: By how much a refresh token may be past its exp; None is the grace.
        removal_owned: A removal that reuse calls for outlives its request.
    """

    name: str
    story: str
    judged: tuple[str, ...]
    grace: int = 3
    life: int = 1
    skew: int = 0
    refresh_ttl: int = 500
    absolute_ttl: int | None = None
    on_reuse: Literal["end", "refuse"] = "end"
    on_lost_write: Literal["repair", "end"] = "repair"
    tabs: int = 0
    calls: int = 2
    traffic: int | None = None
    thief: bool = False
    clients: int = 0
    forger: Literal["key", "key and token"] | None = None
    failovers: int = 0
    lost_writes: int = 0
    operations: tuple[str, ...] = ()
    split: bool = False
    store: Store = field(default_factory=Store)
    quiet: bool = True
    leeway: int | None = None
    removal_owned: bool = True

    @property
    def policy(self) -> Policy:
        """The part of the configuration that the law depends on."""
        return Policy(
            refresh_ttl_secs=self.refresh_ttl,
            absolute_ttl_secs=self.absolute_ttl,
            reuse_grace_secs=self.grace,
            on_reuse=self.on_reuse,
            on_lost_write=self.on_lost_write,
        )

    @property
    def careful(self) -> bool:
        """The provisos are kept: I2 is judged, and it has no meaning without them."""
        return "I2" in self.judged

    @property
    def clocks(self) -> tuple[int, ...]:
        """By how much the clocks of the processes are ahead."""
        return (0, self.skew) if self.skew else (0,)

    @property
    def mortal(self) -> bool:
        """Lifetimes matter here, so ages are kept whole."""
        return self.refresh_ttl < 100

    @property
    def oldest(self) -> int:
        """The age beyond which the law cannot tell two ages apart.

        A question may have been begun a whole life of an attempt ago.
        """
        if self.mortal:
            return 4 * (self.refresh_ttl + (self.absolute_ttl or 0))
        return max(self.grace, 1) + self.life

    @property
    def follows(self) -> bool:
        """The moves of the line are remembered, because an invariant asks for them."""
        return self.exact or not {"I2", "I5", "I6"}.isdisjoint(self.judged)

    @property
    def exact(self) -> bool:
        """What was minted for each move is remembered, because it is judged."""
        return not {"I1", "SAME"}.isdisjoint(self.judged)
