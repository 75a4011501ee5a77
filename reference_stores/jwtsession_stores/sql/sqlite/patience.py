"""Waiting for the lock that another connection holds, for a while and fairly."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from jwtsession_stores.sql.sqlite.faults import is_busy

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["patiently"]

_PAUSE_SECS = 0.0005

T = TypeVar("T")


def patiently(attempt: Callable[[], T], *, timeout_secs: float) -> T:
    """Try until the lock is had or the time is up. Blocks: not for an event loop.

    Busy means that SQLite did nothing, so trying again repeats nothing. SQLite's own
    handler pauses longer and longer, and meanwhile a busy process takes the lock again
    and again: with two of them, one was seen to wait a second for what takes a
    millisecond. Short pauses of one length give everybody the same chance.

    Raises:
        sqlite3.OperationalError: Somebody else still had the lock when the time was up.
    """
    deadline = time.monotonic() + timeout_secs
    while True:
        try:
            return attempt()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE_SECS)
