"""The door for programs."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from jwtsession_conformance.lab import Pace
from jwtsession_conformance.run import DEFAULT_SEED, Run, select
from jwtsession_conformance.target import StoreTarget, load_target, read_capabilities

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from jwtsession.protocols import StoreFactory
    from jwtsession_conformance.report import Report

__all__ = ["verify"]


async def verify(
    factory: StoreFactory | StoreTarget | str,
    *,
    capabilities: Iterable[str] | str | None = None,
    checks: Collection[str] = (),
    requirements: Collection[str] = (),
    seed: int = DEFAULT_SEED,
    patience: float = 10.0,
    budget: float = 1.0,
) -> Report:
    """Judge a store, and return what was found.

    The checks run in an event loop of their own, in a thread of its own, so the caller's
    loop is neither used nor blocked.

    Args:
        factory: The factory, a `StoreTarget`, or ``package.module:factory``.
        capabilities: What the store declares: any of ``shared``, ``processes``,
            ``durable`` and ``sweeps``.
        checks: The ids of the checks to run; empty, with ``requirements``, runs all. What
            was not run is NOT-VERIFIED.
        requirements: The ids of requirements whose checks to run.
        seed: From which every value is drawn.
        patience: After how many seconds a call counts as hung.
        budget: How many seconds the rounds of one check may take on a slow store.

    Raises:
        HarnessError: The factory cannot be found, or a capability, a check or a
            requirement is unknown. A factory that gives no store is reported instead.
    """
    if isinstance(factory, str):
        target = load_target(factory, capabilities)
    elif isinstance(factory, StoreTarget):
        target = factory
        if capabilities is not None:
            target = StoreTarget(
                target.factory, read_capabilities(capabilities), target.path
            )
    else:
        target = StoreTarget(factory, read_capabilities(capabilities or ()))
    selected = select(checks, requirements)
    run = Run(target, seed=seed, pace=Pace(patience=patience, budget=budget))
    done: Future[Report] = Future()

    def work() -> None:
        done.set_running_or_notify_cancel()  # from here on there will be an answer
        try:
            done.set_result(run.all(selected))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever
            done.set_exception(error)
        finally:
            run.close()

    # A thread of one's own and not the loop's executor: whoever is cancelled while a store
    # hangs must not wait for it at exit.
    threading.Thread(target=work, name="jwtsession-verify", daemon=True).start()
    try:
        return await asyncio.wrap_future(done)
    except asyncio.CancelledError:
        run.stop()
        raise
