"""SQLite's errors, told apart by what the caller does next.

`StoreUnavailable` is for what may pass: try again. `ConfigInvalid`, raised only while a
file is opened, is for what a person must change first.
"""

from __future__ import annotations

import errno
import sqlite3

from jwtsession.errors import ConfigInvalid, StoreUnavailable

__all__ = ["belongs_to_the_call", "cannot_open", "is_busy", "unavailable"]

_REASONS = {
    sqlite3.SQLITE_BUSY: "another process holds the lock of the session database",
    sqlite3.SQLITE_LOCKED: "another process holds the lock of the session database",
    sqlite3.SQLITE_FULL: "the disk of the session database is full",
    sqlite3.SQLITE_READONLY: "the session database cannot be written to",
    sqlite3.SQLITE_PERM: "the session database cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "the session database cannot be opened",
    sqlite3.SQLITE_IOERR: "the session database cannot be read or written",
    sqlite3.SQLITE_CORRUPT: "the session database is damaged",
}
_SYSTEM_REASONS = {
    errno.EACCES: "the session database cannot be written to",
    errno.EPERM: "the session database cannot be written to",
    errno.EROFS: "the session database cannot be written to",
    errno.ENOSPC: "the disk of the session database is full",
    errno.EDQUOT: "the disk of the session database is full",
}
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT}
_WRONG_PATH = {
    errno.ENOENT: "its directory does not exist: create it",
    errno.ENOTDIR: "a part of it is a file, not a directory",
    errno.ENAMETOOLONG: "it is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.EINVAL: "it is no file name",
}
_OF_THE_CALL = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
)


def unavailable(error: sqlite3.Error | OSError) -> StoreUnavailable:
    """Return a StoreUnavailable that says why, with the driver's error as its cause."""
    if isinstance(error, OSError):
        reason = _SYSTEM_REASONS.get(
            error.errno or 0, "the session database cannot be opened"
        )
    else:
        reason = _REASONS.get(_primary(error), "the session database did not answer")
    wrapped = StoreUnavailable(f"{reason}; keep the tokens and try again")
    wrapped.__cause__ = error
    return wrapped


def cannot_open(error: sqlite3.Error | OSError) -> StoreUnavailable | ConfigInvalid:
    """Return what opening raises: ConfigInvalid where trying again cannot help."""
    reason = None
    if isinstance(error, OSError):
        reason = _WRONG_PATH.get(error.errno or 0)
    elif _primary(error) in _DAMAGED:
        reason = "the file is no SQLite database, or damaged: name another"
    if reason is None:
        return unavailable(error)
    wrapped = ConfigInvalid(f"the path of the session database cannot be used: {reason}")
    wrapped.__cause__ = error
    return wrapped


def belongs_to_the_call(error: Exception) -> bool:
    """Tell a call that failed for its own values from a database that failed."""
    return isinstance(error, _OF_THE_CALL) or not isinstance(error, sqlite3.Error)


def is_busy(error: sqlite3.Error) -> bool:
    """Tell a lock that somebody else holds from everything else. Nothing was done then."""
    return _primary(error) == sqlite3.SQLITE_BUSY


def _primary(error: Exception) -> int:
    """Return SQLite's primary result code, or -1 where there is none."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF if code >= 0 else -1
