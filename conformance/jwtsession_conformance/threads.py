"""A handle that was opened in another thread, in an event loop of that thread.

Two such loops take turns: one runs until it waits, then the other. So whatever a store
does between two awaits stays one step, as in a single loop, since nothing in the protocol
asks a store to be safe where asyncio itself is not; and everything that it keeps per
loop, a lock most of all, is found out.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from jwtsession_conformance.places import open_store
from jwtsession_conformance.violation import HarnessError
from jwtsession_conformance.witness import METHODS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from selectors import SelectorKey

    from jwtsession.protocols import SessionStore, StoreFactory

__all__ = ["Turns", "keeps_to_its_loop", "open_in_thread"]

_HEARTBEAT = 0.005
"""Seconds between two looks of an idle loop: what another thread scheduled must be seen."""


class Turns:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._serving = 0

    def take(self) -> None:
        """Wait for one's turn."""
        with self._changed:
            mine, self._next = self._next, self._next + 1
            self._changed.wait_for(lambda: self._serving == mine)

    def give(self) -> None:
        """Hand the turn on."""
        with self._changed:
            self._serving += 1
            self._changed.notify_all()


class _TurnSelector(selectors.DefaultSelector):
    """Gives up the turn whenever its loop waits."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns
        self._holds = False

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        self._yield()
        found = super().select(timeout)
        self._turns.take()
        self._holds = True
        return found

    def close(self) -> None:
        self._yield()
        super().close()

    def _yield(self) -> None:
        if self._holds:
            self._holds = False
            self._turns.give()


@asynccontextmanager
async def open_in_thread(
    factory: StoreFactory, place: str, *, turns: Turns, patience: float
) -> AsyncGenerator[SessionStore]:
    """Open the store of a place in a thread of its own, and close it there.

    Args:
        factory: The author's.
        place: Whose store.
        turns: Shared by the loops that take turns.
        patience: How many seconds opening and closing may take, each.

    Raises:
        HarnessError: The factory does not give a store in another loop.
    """
    opened: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, SessionStore]] = Future()
    ended: Future[None] = Future()

    async def live() -> None:
        stop = asyncio.Event()
        async with open_store(factory, place, patience=patience) as store:
            opened.set_result((asyncio.get_running_loop(), stop, store))
            while not stop.is_set():
                await asyncio.sleep(_HEARTBEAT)

    def serve() -> None:
        try:
            with asyncio.Runner(
                loop_factory=lambda: asyncio.SelectorEventLoop(_TurnSelector(turns))
            ) as runner:
                runner.run(live())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for it
            (ended if opened.done() else opened).set_exception(error)
        else:
            ended.set_result(None)

    threading.Thread(target=serve, name=f"store-{place}", daemon=True).start()
    loop, stop, store = await asyncio.wrap_future(opened)
    try:
        yield cast("SessionStore", _Across(store, loop))
    finally:
        loop.call_soon_threadsafe(stop.set)
        try:
            async with asyncio.timeout(patience + 1):
                await asyncio.wrap_future(ended)
        except TimeoutError:
            raise HarnessError(
                "A store that was opened in another thread could not be closed there."
            ) from None


def keeps_to_its_loop(error: BaseException) -> bool:
    """Return whether a store refused to work outside the loop it was first used in.

    asyncio's own locks, queues and futures do, and nothing in the protocol forbids a
    store to use them.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, RuntimeError) and "loop" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


class _Across:
    """The nine methods, each run in the loop of another thread."""

    def __init__(self, store: SessionStore, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in METHODS:
            raise AttributeError(name)
        method = getattr(self._store, name)

        async def call(*positional: Any, **named: Mapping[str, Any]) -> Any:
            async def there() -> Any:
                return await method(*positional, **named)

            return await asyncio.wrap_future(
                asyncio.run_coroutine_threadsafe(there(), self._loop)
            )

        return call
