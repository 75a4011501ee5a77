"""The thread that owns the connection, and the transaction in which a batch runs.

SQLite's calls block: on the disk and, while another process writes, on its lock. They are
made in a thread of their own, so the event loop never waits. The connection is opened,
used and closed there; batches come through a queue, one after another.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from jwtsession.errors import StoreUnavailable
from jwtsession_stores.sql.sqlite.faults import belongs_to_the_call, unavailable
from jwtsession_stores.sql.sqlite.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jwtsession_stores.sql.sqlite.calls import Call

    Batch: TypeAlias = Sequence[Call[Any]]
    Outcomes: TypeAlias = Sequence[Any]

__all__ = ["Worker", "transact"]


def transact(connection: sqlite3.Connection, batch: Batch) -> Outcomes:
    """Run a batch in one transaction and return an outcome for each call.

    One commit, so one wait for the disk, serves every call in it. Nothing is answered
    before it: where it fails, so does every call of the batch, the reads too, for they
    may have seen what is now undone. A batch that only reads asks for no lock.

    Raises:
        sqlite3.Error: The database failed, and the transaction was rolled back. Where it
            was busy, nothing was done at all.
    """
    writes = any(call.writes for call in batch)
    connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    try:
        outcomes = [_attempt(connection, call) for call in batch]
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _attempt(connection: sqlite3.Connection, call: Call[Any]) -> Any:
    try:
        return call.run(connection)
    except Exception as error:
        if not belongs_to_the_call(error) or not connection.in_transaction:
            raise
        if not isinstance(error, sqlite3.Error):
            return error
        refused = ValueError("a value of this call cannot be stored")
        refused.__cause__ = error
        return refused


class Worker:
    """A thread with one connection, which serves the event loop that started it.

    Args:
        connect: Opens the connection, in the thread.
        busy_timeout_secs: How long a batch, or opening, waits while others write.
    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], *, busy_timeout_secs: float
    ) -> None:
        self._connect = connect
        self._patiently = partial(patiently, timeout_secs=busy_timeout_secs)
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[Callable[[sqlite3.Connection], None] | None] = SimpleQueue()
        self._closing = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        # A daemon, so that a store nobody closed does not keep the process from ending.
        self._thread = threading.Thread(target=self._main, name="jwtsession", daemon=True)

    async def open(self) -> None:
        """Start the thread and wait until it has its connection.

        Raises:
            Exception: What ``connect`` raised; the thread has ended then.
        """
        self._thread.start()
        try:
            await self._opened
        except asyncio.CancelledError:
            self._jobs.put(None)  # nobody will close it
            raise
        except BaseException:
            self._thread.join()  # it has nothing left to do
            raise

    async def run(self, batch: Batch) -> Outcomes:
        """Hand a batch over and wait for its outcomes. Cancelling does not stop the batch.

        Raises:
            StoreUnavailable: The batch failed as a whole, or came after ``close``.
        """
        if self._closing:
            raise StoreUnavailable("this store is closed; open it again")
        done: asyncio.Future[Outcomes] = self._loop.create_future()

        def job(connection: sqlite3.Connection) -> None:
            try:
                self._tell(done, self._patiently(partial(transact, connection, batch)))
            except sqlite3.Error as error:
                self._tell(done, unavailable(error))
            except BaseException as error:  # noqa: BLE001 - raised where it is awaited
                self._tell(done, error)

        self._jobs.put(job)
        return await done

    async def close(self) -> None:
        """Let the thread finish what it was given, close its connection and end."""
        self._closing = True
        self._jobs.put(None)
        await self._ended
        self._thread.join()  # it has nothing left to do

    def _main(self) -> None:
        try:
            connection = self._patiently(self._connect)
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            self._tell(self._opened, error)
            return
        self._tell(self._opened, None)
        try:
            while job := self._jobs.get():
                job(connection)
                del job  # or the records in it stay until the next one comes
        finally:
            connection.close()
            self._tell(self._ended, None)

    def _tell(self, future: asyncio.Future[Any], outcome: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed, so nobody listens
            self._loop.call_soon_threadsafe(_settle, future, outcome)


def _settle(future: asyncio.Future[Any], outcome: Any) -> None:
    if future.done():
        return  # cancelled meanwhile
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
