"""The pytest door: one test item for each check, in an author's own test module."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from jwtsession_conformance.lab import Pace
from jwtsession_conformance.registry import checks
from jwtsession_conformance.report.evidence import evidence
from jwtsession_conformance.report.terminal import Style, failure_lines
from jwtsession_conformance.run import DEFAULT_SEED, Run
from jwtsession_conformance.smoke import SMOKE
from jwtsession_conformance.target import StoreTarget, load_target, read_capabilities
from jwtsession_conformance.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jwtsession.protocols import StoreFactory
    from jwtsession_conformance.registry import Check

__all__ = ["SUITES", "Suite", "store_suite"]


@dataclass(frozen=True, slots=True)
class Suite:
    """What one call of `store_suite` made.

    Attributes:
        run: Runs its checks in this process.
        module: The name of the module that called.
        test: The test function that was handed out.
    """

    run: Run
    module: str
    test: Callable[..., None]


SUITES: list[Suite] = []
"""Every suite of this process; the plug-in sees from it which of them was lost."""


def store_suite(
    factory: StoreFactory | StoreTarget | str,
    *,
    capabilities: Iterable[str] | str = (),
    seed: int = DEFAULT_SEED,
    patience: float = 10.0,
    budget: float = 1.0,
) -> Callable[..., None]:
    """Return a test function that judges a store, one item for each check.

    Assign it to a name that pytest collects::

        test_my_store = store_suite(factory, capabilities={"shared", "durable"})

    The store is conformant only if every check ran and passed. What was skipped, expected
    to fail or deselected is NOT-VERIFIED, and then the run fails, though no test did.

    Args:
        factory: The factory, a `StoreTarget`, or ``package.module:factory``.
        capabilities: What the store declares: any of ``shared``, ``processes``,
            ``durable`` and ``sweeps``.
        seed: From which every value is drawn.
        patience: After how many seconds a call counts as hung.
        budget: How many seconds the rounds of one check may take on a slow store.

    Raises:
        HarnessError: The factory cannot be found, or a capability is unknown.
    """
    if isinstance(factory, str):
        target = load_target(factory, capabilities or None)
    elif isinstance(factory, StoreTarget):
        declared = read_capabilities(capabilities) or factory.capabilities
        target = StoreTarget(factory.factory, declared, factory.path)
    else:
        target = StoreTarget(factory, read_capabilities(capabilities))
    run = Run(target, seed=seed, pace=Pace(patience=patience, budget=budget))
    asked = [SMOKE, *(one for one in checks() if one.needs <= target.capabilities)]

    @pytest.mark.parametrize(
        "conformance_check", [pytest.param(check, id=check.id) for check in asked]
    )
    def suite(conformance_check: Check, request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        _judged(run, conformance_check, request)

    suite.jwtsession_target = target  # type: ignore[attr-defined]
    suite.jwtsession_seed = seed  # type: ignore[attr-defined]
    caller = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as namedtuple
    SUITES.append(Suite(run, caller.f_globals["__name__"], suite))
    return suite


def _judged(run: Run, check: Check, request: pytest.FixtureRequest) -> None:
    """Run one check and leave the evidence where the plug-in, and xdist, find it."""
    __tracebackhide__ = True
    node: Any = request.node
    run.replay_with = lambda _: f"pytest '{node.nodeid}'"
    result = run.smoke() if check is SMOKE else run.check(check)
    found = {
        one.id: one for one in (result, run.smoke()) if one.status is not Status.PASSED
    }
    found.setdefault(result.id, result)
    node.user_properties.append(
        ("jwtsession_evidence", json.dumps([evidence(one) for one in found.values()]))
    )
    told = "\n".join(failure_lines(result, Style()))
    if result.status in (Status.FAILED, Status.HARNESS_ERROR):
        pytest.fail(told, pytrace=False)
    if result.status is not Status.PASSED:
        pytest.skip(result.reason)
