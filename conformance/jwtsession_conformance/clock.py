"""Virtual time: whole seconds that move only when a check says so."""

from __future__ import annotations

import time

__all__ = ["VirtualClock"]


class VirtualClock:
    """A clock that starts at the real present and moves only forward.

    It starts there because a store may sweep what is really past: a native time-to-live
    is relative to real time, with a day of slack. So no check lets a session that it
    still needs expire more than a few hours before the real present.

    Args:
        start: Where to start; the real present by default.
    """

    def __init__(self, start: int | None = None) -> None:
        self.start = int(time.time()) if start is None else start
        self._now = self.start

    def now(self) -> int:
        """Return the virtual present, in whole seconds since the epoch."""
        return self._now

    def advance(self, seconds: int) -> int:
        """Move forward by ``seconds``, at least 0, and return the new present."""
        if seconds < 0:
            raise ValueError("virtual time only moves forward: pass an earlier now instead")
        self._now += seconds
        return self._now
