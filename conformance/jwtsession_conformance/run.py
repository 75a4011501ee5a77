"""One run over one store: the smoke stage, the checks, the verdict."""

from __future__ import annotations

import shlex
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from jwtsession.errors import SessionExists
from jwtsession_conformance.catalogue import store_requirements
from jwtsession_conformance.lab import Lab, Pace
from jwtsession_conformance.loops import LoopBlocked, OwnLoop
from jwtsession_conformance.processes.handle import Workers
from jwtsession_conformance.registry import NotApplicable, checks
from jwtsession_conformance.report import NOT_SELECTED, Report, describe
from jwtsession_conformance.smoke import SMOKE
from jwtsession_conformance.target import cause
from jwtsession_conformance.verdict import CheckResult, Status, judge
from jwtsession_conformance.violation import HarnessError, Violated, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from jwtsession_conformance.registry import Check
    from jwtsession_conformance.target import StoreTarget

__all__ = ["DEFAULT_SEED", "Run", "judged", "select"]

DEFAULT_SEED = 1
"""The same for everybody, so that a CI run draws the same values every time."""


class Run:
    """A target, a seed and a loop; runs checks one by one and keeps what came out.

    Args:
        target: What is judged.
        seed: From which everything drawn comes.
        pace: How long things may take.
    """

    def __init__(
        self, target: StoreTarget, *, seed: int = DEFAULT_SEED, pace: Pace | None = None
    ) -> None:
        self.target = target
        self.seed = seed
        self.pace = pace or Pace()
        self._loop = OwnLoop()
        self._workers = Workers(target, self.pace.patience)
        self._smoke: CheckResult | None = None
        self.interrupted = False
        self.replay_with: Callable[[Check], str] | None = None

    def stop(self) -> None:
        """Run no further check; what was not run is NOT-VERIFIED."""
        self.interrupted = True

    def close(self) -> None:
        """End the other processes and the loop."""
        with suppress(LoopBlocked, HarnessError):
            self._loop.run(self._workers.close, patience=self.pace.patience + 5)
        self._loop.close()

    def smoke(self) -> CheckResult:
        """Run the smoke stage, once; later calls return the first answer."""
        if self._smoke is None:
            self._smoke = self._run(SMOKE)
        return self._smoke

    def check(self, check: Check) -> CheckResult:
        """Run one check, after the smoke stage."""
        if not check.needs <= self.target.capabilities:
            missing = ", ".join(sorted(check.needs - self.target.capabilities))
            return CheckResult(
                check.id,
                check.requirement,
                Status.NOT_APPLICABLE,
                reason=f"{missing} is not declared.",
            )
        smoke = self.smoke()
        if smoke.status is not Status.PASSED:
            return CheckResult(
                check.id,
                check.requirement,
                Status.NOT_REACHED,
                reason="The smoke stage ended the run.",
            )
        return self._run(check)

    def all(
        self,
        selected: Collection[str] | None = None,
        *,
        progress: Callable[[CheckResult], None] | None = None,
    ) -> Report:
        """Run the smoke stage and the selected checks, and judge.

        Args:
            selected: The ids of the checks to run; None runs all.
            progress: Is told each result.
        """
        begun = time.monotonic()
        results: list[CheckResult] = []
        for check in (SMOKE, *checks()):
            if self.interrupted:
                results.append(_left_out(check, "The run was interrupted."))
            elif selected is not None and check.id not in selected and check is not SMOKE:
                results.append(_left_out(check, NOT_SELECTED))
            else:
                try:
                    results.append(self.smoke() if check is SMOKE else self.check(check))
                except KeyboardInterrupt:
                    self.interrupted = True
                    results.append(_left_out(check, "The run was interrupted."))
            if progress is not None and check is not SMOKE:
                progress(results[-1])
        return judged(
            self.target.name,
            self.target.capabilities,
            results,
            seed=self.seed,
            seconds=time.monotonic() - begun,
        )

    def replay(self, check: Check) -> str:
        """Return the line that runs one check again."""
        if self.replay_with is not None:
            return self.replay_with(check)
        if self.target.path is None:
            return f"await verify(factory, checks={[check.id]!a}, seed={self.seed})"
        words = ["jwtsession-conformance", "store", self.target.name]
        if self.target.capabilities:
            words += ["--capabilities", ",".join(sorted(self.target.capabilities))]
        if check is not SMOKE:
            words += ["--check", check.id]
        return shlex.join([*words, "--seed", str(self.seed)])

    def _run(self, check: Check) -> CheckResult:
        begun = time.monotonic()
        lab: list[Lab] = []

        async def attack() -> None:
            async with Lab(
                check,
                self.target,
                seed=self.seed,
                pace=self.pace,
                workers=self._workers,
            ) as opened:
                lab.append(opened)
                await check.run(opened)

        violations: Sequence[Violation] = ()
        reason = ""
        try:
            self._loop.run(attack, patience=self.pace.patience + 5)
            status = Status.PASSED
        except Violated as found:
            status, violations = Status.FAILED, found.violations
        except HarnessError as error:
            status, reason = Status.HARNESS_ERROR, str(error)
            violations = error.violations
        except SessionExists:
            status = Status.FAILED
            what = "An insert raised SessionExists for a key that no live session has."
            history = lab[0].journal.lines() if lab else ()
            violations = [Violation("STORE-INSERT-EXISTS", what, history)]
        except NotApplicable as found:
            status, reason = Status.NOT_APPLICABLE, str(found)
        except LoopBlocked:
            status, violations, reason = self._blocked(check, lab)
            # They belong to the loop that was given up, and end with it.
            self._workers = Workers(self.target, self.pace.patience)
        except Exception as error:  # noqa: BLE001 - a defect of this suite must not look like a verdict
            status = Status.HARNESS_ERROR
            reason = (
                f"The check {check.id} itself failed: {cause(error)}. Please report it."
            )
        return CheckResult(
            id=check.id,
            requirement=check.requirement,
            status=status,
            seconds=time.monotonic() - begun,
            violations=tuple(violations),
            reason=reason,
            note=lab[0].note if lab else "",
            replay=self.replay(check),
        )

    def _blocked(
        self, check: Check, lab: Sequence[Lab]
    ) -> tuple[Status, Sequence[Violation], str]:
        seconds = f"{self.pace.patience + 5:g}"
        if not lab or not lab[0].journal.calls:
            return (
                Status.HARNESS_ERROR,
                (),
                f"Opening the store blocked the event loop for {seconds} seconds. "
                "Nothing in a factory may wait without an await.",
            )
        call = lab[0].journal.calls[-1]
        what = f"{call.method} blocked the event loop for {seconds} seconds."
        blame = lab[0].blamed_for(call.method) if call.method else check.requirement
        return Status.FAILED, [Violation(blame, what, lab[0].journal.lines())], ""


def judged(
    target: str,
    capabilities: Collection[str],
    results: Sequence[CheckResult],
    *,
    seed: int,
    seconds: float,
) -> Report:
    """Put results together: the verdict on a store, and the report of it.

    Args:
        target: What the store is called.
        capabilities: What it declares.
        results: How its checks went; a check without a result was not run.
        seed: From which they drew.
        seconds: How long they took.
    """
    unjudged = tuple(
        one.reason
        for one in results
        if one.id == SMOKE.id and one.status is Status.HARNESS_ERROR
    )
    judgement = judge(
        store_requirements(),
        checks(),
        results,
        capabilities=capabilities,
        harness_errors=unjudged,
    )
    return describe(
        target,
        capabilities,
        judgement,
        results,
        seed=seed,
        seconds=seconds,
        harness_errors=unjudged,
    )


def _left_out(check: Check, reason: str) -> CheckResult:
    return CheckResult(check.id, check.requirement, Status.DESELECTED, reason=reason)


def select(check_ids: Collection[str], requirement_ids: Collection[str]) -> set[str] | None:
    """Return the ids of the checks that are named, or None where nothing is.

    Raises:
        HarnessError: A name is unknown.
    """
    if not check_ids and not requirement_ids:
        return None
    known = {check.id: check for check in checks()}
    chosen: set[str] = set()
    for name in check_ids:
        if name not in known:
            raise HarnessError(
                f"There is no check {name!a}.", "--list shows the checks there are."
            )
        chosen.add(name)
    for name in requirement_ids:
        ids = {check.id for check in checks() if check.requirement == name}
        if not ids:
            raise HarnessError(
                f"No check is about {name!a}.",
                "--list shows the checks and their requirements.",
            )
        chosen |= ids
    return chosen
