"""Whose file it is, which version of the schema it has, and how it gets the present one.

The header of the file says both: ``application_id`` and ``user_version``. The migrations
that a file lacks run in one transaction when it is opened, in the order of their numbers.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from jwtsession.errors import ConfigInvalid
from jwtsession_stores.sql.statements import migrations, schema, split

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["APPLICATION_ID", "VERSION", "bring_up_to_date", "refuse_foreign"]

APPLICATION_ID = int.from_bytes(b"JWTS", "big")
"""Marks a file as ours, so that nobody else's is written to."""

_PACKAGE = "jwtsession_stores.sql.sqlite"
_MIGRATIONS = migrations(_PACKAGE)

VERSION = len(_MIGRATIONS)
"""The version that this code works with."""

_COLUMNS = """
SELECT name, type, "notnull", pk FROM pragma_table_info('sessions')
"""
_INDEXES = """
SELECT list."unique", list.origin, part.name, part.coll
FROM pragma_index_list('sessions') AS list
CROSS JOIN pragma_index_xinfo(list.name) AS part
ORDER BY list.name, part.seqno
"""
_TRIGGERS = """
SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'sessions'
"""


def refuse_foreign(connection: sqlite3.Connection) -> None:
    """Raise unless the file is ours, or empty and so nobody's. Reads in a transaction.

    Raises:
        ConfigInvalid: It is another application's, or was written by newer code.
    """
    owner = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    if owner != APPLICATION_ID and (owner, version, tables) != (0, 0, 0):
        raise ConfigInvalid(
            "the file is another application's database: name one for sessions alone"
        )
    if version > VERSION:
        raise ConfigInvalid(
            f"the session database has schema {version}, and this code knows {VERSION}: "
            "upgrade jwtsession-stores"
        )


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Run the migrations that the file lacks, then see that the table is as it should be.

    Raises:
        ConfigInvalid: Somebody altered the table.
    """
    if _number(connection, "PRAGMA user_version") < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        refuse_foreign(connection)  # another process may have been here first
        for script in _MIGRATIONS[_number(connection, "PRAGMA user_version") :]:
            for statement in split(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    if _shape(connection) != _present_shape():
        raise ConfigInvalid(
            "the table of the session database was altered: restore a copy of the file, "
            "or name a new one"
        )


def _present_shape() -> Sequence[tuple[Any, ...]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema(_PACKAGE))
        return _shape(connection)
    finally:
        connection.close()


def _shape(connection: sqlite3.Connection) -> Sequence[tuple[Any, ...]]:
    """Return what the table is made of; how its definition is written does not matter."""
    return [
        row
        for query in (_COLUMNS, _INDEXES, _TRIGGERS)
        for row in connection.execute(query)
    ]


def _number(connection: sqlite3.Connection, query: str) -> int:
    number: int = connection.execute(query).fetchone()[0]
    return number
