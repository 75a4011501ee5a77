"""Opening the store of a place, with a named error for everything a factory gets wrong."""

from __future__ import annotations

import asyncio
import inspect
import secrets
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.target import a_kind, cause
from jwtsession_conformance.violation import HarnessError
from jwtsession_conformance.witness import METHODS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from jwtsession.protocols import SessionStore, StoreFactory

__all__ = ["new_place", "open_store"]

_DECORATE = "Decorate an async generator function with contextlib.asynccontextmanager."

_CALLS: Mapping[str, tuple[tuple[object, ...], Mapping[str, object]]] = {
    "insert": ((0,), {"limit": None, "now": 0}),
    "get": ((0,), {"now": 0}),
    "swap": ((0,), {"expected": b"", "replacement": 0, "now": 0}),
    "touch": ((0,), {"now": 0}),
    "replace_data": ((0, ""), {"now": 0}),
    "list": ((0,), {"now": 0}),
    "remove": ((0,), {"now": 0}),
    "remove_all": ((0,), {"keep": None, "now": 0}),
    "purge_expired": ((), {"now": 0, "limit": 1}),
}
"""How each method is called, to be bound against its signature."""


def new_place() -> str:
    """Return the name of a place that nobody has ever opened.

    It is drawn from the operating system and never from the seed of a run: a replay needs
    a new place too, or it finds what the run before left.
    """
    return f"t{secrets.token_hex(8)}"


@asynccontextmanager
async def open_store(
    factory: StoreFactory, place: str, *, patience: float
) -> AsyncGenerator[SessionStore]:
    """Open the store of a place, and close it at the end.

    Args:
        factory: The author's.
        place: Whose store.
        patience: How many seconds opening and closing may take, each.

    Raises:
        HarnessError: The factory does not give a store; the message says what to change.
    """
    opened = await _enter(factory, place, patience)
    store, stack = opened
    try:
        _inspect(store)
        yield store
    except BaseException:
        await _leave(stack, patience, quiet=True)
        raise
    await _leave(stack, patience, quiet=False)


async def _enter(
    factory: StoreFactory, place: str, patience: float
) -> tuple[Any, AsyncExitStack]:
    try:
        manager: Any = factory(place)
    except TypeError as error:
        raise HarnessError(
            f"The factory could not be called with a place: {cause(error)}.",
            "It takes one argument, the place, a str.",
        ) from error
    except (Exception, SystemExit) as error:
        raise HarnessError(f"The factory raised {cause(error)}.") from error
    if not hasattr(manager, "__aenter__") or not hasattr(manager, "__aexit__"):
        raise _no_manager(manager)
    stack = AsyncExitStack()
    limit = asyncio.timeout(patience)
    try:
        async with limit:
            return await stack.enter_async_context(manager), stack
    except asyncio.CancelledError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, TimeoutError) and limit.expired():
            raise HarnessError(
                f"Opening the store had not finished after {patience:g} seconds.",
                "Check that its backend is up; --patience gives it more time.",
            ) from error
        raise HarnessError(
            f"Opening the store raised {cause(error)}.",
            "Check that its backend is up and that a new place can be created.",
        ) from error


async def _leave(stack: AsyncExitStack, patience: float, *, quiet: bool) -> None:
    """Close; say nothing of a failure where something worse is on its way already."""
    limit = asyncio.timeout(patience)
    try:
        async with limit:
            await stack.aclose()
    except asyncio.CancelledError:
        raise
    except (Exception, SystemExit) as error:
        if quiet:
            return
        if isinstance(error, TimeoutError) and limit.expired():
            raise HarnessError(
                f"Closing the store had not finished after {patience:g} seconds.",
                "A store closes without waiting for calls that were given up.",
            ) from error
        raise HarnessError(f"Closing the store raised {cause(error)}.") from error


def _no_manager(answer: Any) -> HarnessError:
    """Say what a factory returned instead of an async context manager."""
    if answer is None:
        what, remedy = "None", f"Return an async context manager. {_DECORATE}"
    elif inspect.iscoroutine(answer):
        answer.close()
        what, remedy = "a coroutine", f"It is an `async def` without a yield. {_DECORATE}"
    elif inspect.isasyncgen(answer):
        what, remedy = "an async generator", _DECORATE
    elif all(hasattr(answer, method) for method in METHODS):
        what, remedy = "a store itself", f"Wrap it in an async context manager. {_DECORATE}"
    elif hasattr(answer, "__enter__"):
        what, remedy = "a context manager that is not asynchronous", _DECORATE
    else:
        what, remedy = a_kind(answer), _DECORATE
    return HarnessError(f"The factory returned {what}.", remedy)


def _inspect(store: Any) -> None:
    if store is None:
        raise HarnessError("The factory opened None.", "Yield the store.")
    missing = [name for name in METHODS if not callable(getattr(store, name, None))]
    if missing:
        raise HarnessError(
            f"The store, {a_kind(store)}, has no {', '.join(missing)}.",
            "jwtsession.protocols.SessionStore says what each of the nine methods does.",
        )
    for name, (positional, named) in _CALLS.items():
        try:
            inspect.signature(getattr(store, name)).bind(*positional, **named)
        except ValueError:  # some callables have no signature to look at
            continue
        except TypeError as error:
            wanted = ", ".join(
                [*("..." for _ in positional), *(f"{one}=..." for one in named)]
            )
            raise HarnessError(
                f"{name} cannot be called as the protocol calls it: {cause(error)}.",
                f"It is called as {name}({wanted}).",
            ) from error
