"""Processes that share one SQLite file. Run as a script: a role, the file, a name.

Each says when it is ready, and begins when it is told.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jwtsession_stores.sql.sqlite import SqliteStore, worker
from session_records import FAR, hashed, key, record, replacement

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from jwtsession_stores.sql.sqlite.calls import Call

AT_ONCE = 8


def say(*words: object) -> None:
    """Write a line that is out before anything else happens."""
    print(json.dumps(words), flush=True)  # noqa: T201 - the test reads it


def begin() -> None:
    """Wait for everybody."""
    say("ready")
    sys.stdin.readline()


async def sign_in(store: SqliteStore, name: int) -> None:
    """Sign one user in over and over, eight at once; say who was evicted and who lives."""

    async def device(number: int) -> None:
        for turn in range(10):
            one = record(10_000 * name + 100 * number + turn, expires=FAR)
            for evicted in await store.insert(one, limit=5, now=0):
                say("evicted", evicted)
            assert len(await store.list("alice", now=0)) <= 5

    await asyncio.gather(*(device(number) for number in range(AT_ONCE)))


async def rotate(store: SqliteStore, name: int) -> None:
    """Move one session on from wherever it is; say each move that was this process's."""

    async def tab(number: int) -> None:
        for turn in range(10):
            found = await store.get(key(), now=0)
            assert found is not None
            mine = replace(
                replacement(found.gen + 1, expires=FAR),
                gen=found.gen + 1,
                seen=f"{name} {number} {turn}",
            )
            stands = await store.swap(
                key(), expected=hashed(found.gen), replacement=mine, now=0
            )
            assert stands is not None
            assert stands.gen > found.gen
            if stands.seen == mine.seen:
                say("moved", found.gen)

    await asyncio.gather(*(tab(number) for number in range(AT_ONCE)))


async def end(store: SqliteStore, name: int) -> None:
    """Remove sessions that the others remove too; say each that was ended here."""
    del name
    outcomes = await asyncio.gather(
        *(store.remove(key(number), now=0) for number in range(100))
    )
    for number, ended in enumerate(outcomes):
        if ended:
            say("ended", number)


async def write(store: SqliteStore, name: int) -> None:
    """Insert for ever; say each session that was acknowledged."""

    async def client(number: int) -> None:
        turn = 0
        while True:
            one = record(10_000_000 * number + turn, f"killed {name}", expires=FAR)
            await store.insert(one, limit=None, now=0)
            say("acknowledged", one.id)
            turn += 1

    await asyncio.gather(*(client(number) for number in range(4 * AT_ONCE)))


async def write_early(store: SqliteStore, name: int) -> None:
    """Do the same over a store that answers before it commits."""

    def transact(connection: sqlite3.Connection, batch: Sequence[Call[Any]]) -> Any:
        if connection.in_transaction:
            connection.execute("COMMIT")  # of the batch that was answered already
        connection.execute("BEGIN IMMEDIATE")
        return [call.run(connection) for call in batch]

    worker.transact = transact
    await write(store, name)


async def main(role: str, path: str, name: str) -> None:
    """Open the file, wait for the others, play the role."""
    async with SqliteStore(path, busy_timeout_secs=60) as store:
        begin()
        await globals()[role](store, int(name))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
