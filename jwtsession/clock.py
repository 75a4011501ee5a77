"""The clock of the machine. Tests bring their own."""

from __future__ import annotations

import time

__all__ = ["SystemClock"]


class SystemClock:
    """The present in whole seconds, rounded down; it may step back."""

    def now(self) -> int:
        """Return whole seconds since the epoch."""
        return int(time.time())
