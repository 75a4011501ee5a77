"""SQLite, from the standard library: nothing to install, nothing to start."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jwtsession_stores.bounds import check_place
from jwtsession_stores.sql.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "factory"]


def factory(place: str) -> SqliteStore:
    """Open the store of this place (capabilities ``shared``, ``processes``, ``durable``).

    A place is the file ``<place>.db`` in the directory that the environment variable
    ``JWTSESSION_SQLITE_DIR`` names, or else in the system's directory for temporary files.
    Nobody deletes it but its owner.

    Raises:
        ConfigInvalid: This is no name for a place.
    """
    directory = os.environ.get("JWTSESSION_SQLITE_DIR") or tempfile.gettempdir()
    return SqliteStore(Path(directory) / f"{check_place(place)}.db")
