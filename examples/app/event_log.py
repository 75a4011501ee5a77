"""Events in a file of JSON lines that several processes write to and read from."""

import json
import os
from pathlib import Path
from typing import Any

from jwtsession.protocols import Event

TAIL_BYTES = 256 * 1024
RECENT_MAX = 500


class EventLog:
    """An event sink: a line an event. One write a line, so that lines never mix.

    Args:
        path: The file; created, readable by its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch(mode=0o600)

    def __call__(self, event: Event, /) -> None:
        """Note one event."""
        entry = {
            "at": event.at,
            "name": str(event.name),
            "user_id": event.user_id,
            "session_id": event.session_id,
            "detail": dict(event.detail),
            "worker": os.getpid(),
        }
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(entry).encode() + b"\n")

    def recent(self, limit: int) -> list[dict[str, Any]]:
        """Return the last events, oldest first; at most ``limit``."""
        with self._path.open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES)
            file.seek(start)
            lines = file.read().splitlines()[1 if start else 0 :]  # the first may be cut
        wanted = max(0, min(limit, RECENT_MAX))
        return [json.loads(line) for line in lines[len(lines) - wanted :]]
