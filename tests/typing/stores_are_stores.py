"""Every reference store is a `SessionStore`, as far as types can tell.

Never run: mypy and pyright read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession_stores import memory, open_store
from jwtsession_stores.memory import MemoryStore
from jwtsession_stores.sql import sqlite
from jwtsession_stores.sql.sqlite import SqliteStore

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from jwtsession.protocols import SessionStore, StoreFactory

stores: list[SessionStore] = [MemoryStore(), SqliteStore("sessions.db")]

opened: list[AbstractAsyncContextManager[SessionStore]] = [
    MemoryStore(),
    SqliteStore("sessions.db"),
    open_store("memory:"),
]

factories: list[StoreFactory] = [memory.factory, sqlite.factory]


async def entered() -> tuple[MemoryStore, SqliteStore]:
    """Entering a store answers the same type."""
    async with MemoryStore() as in_memory, SqliteStore("sessions.db") as in_a_file:
        return in_memory, in_a_file
