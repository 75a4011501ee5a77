"""Drawing users, sessions and replacements: plausible, different, and the same each time."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jwtsession.models import Replacement, SessionRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jwtsession_conformance.clock import VirtualClock

__all__ = ["DAY", "HOUR", "Values"]

HOUR = 3600
DAY = 86400

_ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Values:
    """A source of values for one check.

    Args:
        seed: From which everything is drawn; the same text, the same values.
        clock: From which times are.
        tag: What makes the user ids those of this check alone.

    Attributes:
        rng: The source of everything drawn.
        scene_number: Counts the scenes; each has users of its own.
    """

    def __init__(self, seed: str, clock: VirtualClock, tag: str) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - to be drawn again, not to be secret
        self.clock = clock
        self.scene_number = 0
        self._tag = tag

    @property
    def now(self) -> int:
        """The virtual present."""
        return self.clock.now()

    def user(self, name: str) -> str:
        """Return a user id that no other check and no other scene uses."""
        scene = f"-{self.scene_number}" if self.scene_number else ""
        return f"{name}-{self._tag}{scene}"

    def session_id(self) -> str:
        """Draw a canonical upper-case ULID."""
        number = (self.clock.start * 1000) << 80 | self.rng.getrandbits(80)
        return "".join(_ULID_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))

    def hash(self) -> bytes:
        """Draw a refresh hash that nobody pads or strips: those are drawn on purpose."""
        return b"\x7f" + self.rng.randbytes(30) + b"\x7f"

    def record(self, user_id: str | None = None, **fields: Any) -> SessionRecord:
        """Make the record of a session that began some hours ago and lives a month.

        Every field has a value of its own, so that two that are confused show.
        """
        gen = self.rng.randrange(2, 1000)
        mark = self.rng.randrange(10**6)
        values: dict[str, Any] = {
            "user_id": self.user("alice") if user_id is None else user_id,
            "id": self.session_id(),
            "refresh_hash": self.hash(),
            "gen": gen,
            "created_at": self.now - 3 * HOUR - mark % 999,
            "rotated_at": self.now - 2 * HOUR - mark % 997,
            "last_active_at": self.now - HOUR - mark % 991,
            "expires_at": self.now + 30 * DAY + mark % 983,
            "meta": f'{{"agent":"m{mark}"}}',
            "data": f'{{"cart":"d{mark}"}}',
            "seen": f'{{"ip":"s{mark}"}}',
        }
        return SessionRecord(**(values | fields))

    def aligned(self, number: int, user_id: str | None = None) -> Sequence[SessionRecord]:
        """Make sessions of which each is later than the one before in every respect.

        Whatever an eviction goes by, it takes them in this order.
        """
        ids = sorted(self.session_id() for _ in range(number))
        return [
            self.record(
                user_id,
                id=session_id,
                gen=n,
                created_at=self.now - 3 * HOUR + n,
                rotated_at=self.now - 2 * HOUR + n,
                last_active_at=self.now - HOUR + n,
                expires_at=self.now + 30 * DAY + n,
            )
            for n, session_id in enumerate(ids)
        ]

    def replacement(self, record: SessionRecord, **fields: Any) -> Replacement:
        """Make what a rotation of this session, now, would write."""
        mark = self.rng.randrange(10**6)
        fresh = Replacement(
            refresh_hash=self.hash(),
            gen=record.gen + 1,
            rotated_at=self.now - 1,
            expires_at=self.now + 40 * DAY + mark % 983,
            seen=f'{{"ip":"r{mark}"}}',
        )
        return replace(fresh, **fields)
