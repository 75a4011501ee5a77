"""Opening the file: a path that can be one, a file only its owner reads, FULL and WAL."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from stat import S_ISREG

from jwtsession.errors import ConfigInvalid
from jwtsession_stores.sql.sqlite.versions import bring_up_to_date, refuse_foreign

__all__ = ["check_path", "check_timeout", "connect"]

_BUSY_TIMEOUT_MAX_SECS = 3600
_PATH_MAX = 4096
_UPSERT_SINCE = (3, 24, 0)
_FULL = 2
_creating = threading.Lock()


def check_path(path: object) -> str:
    """Return the absolute path: the file stays where it was meant, wherever one goes.

    Raises:
        ConfigInvalid: No file can have it.
    """
    mistake = None
    if not isinstance(path, (str, Path)):
        mistake = "it is neither text nor a pathlib.Path"
    elif str(path) in {"", "."} or "\0" in str(path):
        mistake = "it is empty or holds NUL"
    elif len(str(path)) > _PATH_MAX:
        mistake = "it is too long"
    elif str(path) == ":memory:":
        mistake = "nothing in memory lasts: take MemoryStore for that"
    elif str(path).startswith("file:"):
        mistake = "it is a URI: name the file alone"
    else:
        try:
            os.fsencode(path)
        except UnicodeEncodeError:
            mistake = "it cannot be written as the name of a file"
        else:
            return str(Path(path).absolute())
    raise ConfigInvalid(f"the path of the session database cannot be used: {mistake}")


def check_timeout(busy_timeout_secs: object) -> float:
    """Return the time-out in seconds.

    Raises:
        ConfigInvalid: It is no number, or not from 0 to an hour.
    """
    if (
        not isinstance(busy_timeout_secs, (int, float))
        or isinstance(busy_timeout_secs, bool)
        or not 0 <= busy_timeout_secs <= _BUSY_TIMEOUT_MAX_SECS
    ):
        raise ConfigInvalid(
            f"busy_timeout_secs is a number of seconds from 0 to {_BUSY_TIMEOUT_MAX_SECS}"
        )
    return float(busy_timeout_secs)


def connect(path: str) -> sqlite3.Connection:
    """Open the file, create it where there is none, bring its schema up to date.

    Transactions are begun and ended by hand, nothing waits for a lock (see `patience`),
    and text comes back as bytes.

    Raises:
        ConfigInvalid: The file is not ours, or newer than this code, or was altered.
        OSError: The file cannot be created.
        sqlite3.Error: SQLite could not open it.
    """
    if sqlite3.sqlite_version_info < _UPSERT_SINCE:
        raise ConfigInvalid(
            f"SQLite {sqlite3.sqlite_version} is too old: take 3.24 or newer"
        )
    file = os.path.realpath(path)  # behind a link too, the file is created here
    _create(file)
    connection = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN")  # to see one moment: somebody may be creating it
        refuse_foreign(connection)
        connection.execute("COMMIT")
        _write_ahead(connection)
        bring_up_to_date(connection)
    except BaseException:
        connection.close()
        raise
    connection.text_factory = bytes
    return connection


def _create(file: str) -> None:
    """Create the file, readable by its owner alone. SQLite gives its companions the same.

    Closing a descriptor of a file drops every lock this process holds on it, SQLite's
    too. So a file that exists is not opened here, and two threads create in turn.
    """
    with _creating:
        try:
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if not S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 - a path as text
                raise ConfigInvalid(
                    "the path of the session database is a directory or a device: "
                    "name a file"
                ) from None


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work beside each other; let a commit wait for the disk."""
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise ConfigInvalid(
            "the session database's file system cannot share memory between processes: "
            "put it on a disk of this machine"
        )
    connection.execute("PRAGMA synchronous = FULL")  # of this connection alone
    if connection.execute("PRAGMA synchronous").fetchone() != (_FULL,):
        raise ConfigInvalid("this build of SQLite does not wait for the disk")
