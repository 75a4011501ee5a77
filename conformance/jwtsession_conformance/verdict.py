"""The one function that turns results into verdicts. Every report is made from its answer.

A requirement passes only where every one of its checks ran to its end and none found it
broken. A skip is never a pass. What a requirement is not asked for (a capability that
was not declared) is NOT-APPLICABLE; what it was asked for and did not get to show (a check
that was skipped, expected to fail, deselected, or stopped by another defect on its way)
is NOT-VERIFIED.

A requirement that the catalogue excludes, since nothing that is given to this suite can
decide it, is shown as NOT-VERIFIED with its reason, and does not keep a store from being
conformant: otherwise no store could be. Only MUST decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from jwtsession_conformance.catalogue import Requirement
    from jwtsession_conformance.registry import Check
    from jwtsession_conformance.violation import Violation

__all__ = [
    "CheckResult",
    "Judgement",
    "Overall",
    "RequirementVerdict",
    "Status",
    "Verdict",
    "judge",
]


class Status(StrEnum):
    """How one check went."""

    PASSED = "passed"
    FAILED = "failed"
    HARNESS_ERROR = "harness-error"
    NOT_REACHED = "not-reached"
    NOT_APPLICABLE = "not-applicable"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    DESELECTED = "deselected"


class Verdict(StrEnum):
    """What is known about one requirement."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    HARNESS_ERROR = "HARNESS-ERROR"
    NOT_APPLICABLE = "NOT-APPLICABLE"
    NOT_VERIFIED = "NOT-VERIFIED"


class Overall(StrEnum):
    """What is known about the store, with an exit code for each."""

    CONFORMANT = "conformant"
    NON_CONFORMANT = "non-conformant"
    INCOMPLETE = "incomplete"
    HARNESS_ERROR = "harness-error"

    @property
    def exit_code(self) -> int:
        """The exit status of a command that ends with this: 0, 1, 2 or 3."""
        return list(Overall).index(self)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went, and what it saw.

    Attributes:
        id: The check.
        requirement: The requirement it is about.
        status: How it went.
        seconds: How long it took.
        violations: What it found broken, of whatever requirement.
        reason: Why it did not pass, where no violation says so.
        note: What is worth knowing though it passed.
        replay: The line that runs this check again.
    """

    id: str
    requirement: str
    status: Status
    seconds: float = 0.0
    violations: tuple[Violation, ...] = ()
    reason: str = ""
    note: str = ""
    replay: str = ""


@dataclass(frozen=True, slots=True)
class RequirementVerdict:
    """What is known about one requirement, and why no more.

    Attributes:
        requirement: The catalogue's entry.
        verdict: What is known.
        reason: Why it is not PASS.
        checks: The ids of its checks.
        decides: Whether the overall verdict depends on it.
    """

    requirement: Requirement
    verdict: Verdict
    reason: str = ""
    checks: tuple[str, ...] = ()
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that is known about one store.

    Attributes:
        overall: The verdict.
        requirements: Each requirement's, in the catalogue's order.
    """

    overall: Overall
    requirements: tuple[RequirementVerdict, ...] = field(default=())

    def count(self, verdict: Verdict, *, deciding: bool = True) -> int:
        """Return how many of the requirements that decide have this verdict."""
        return sum(
            one.verdict is verdict
            for one in self.requirements
            if one.decides or not deciding
        )


def judge(
    requirements: Iterable[Requirement],
    checks: Iterable[Check],
    results: Iterable[CheckResult],
    *,
    capabilities: Collection[str],
    harness_errors: Sequence[str] = (),
) -> Judgement:
    """Return the verdict on every requirement, and the overall one.

    Args:
        requirements: What is asked.
        checks: Every check there is; one without a result was not run.
        results: How they went; where a check has several, each counts.
        capabilities: What the store declares.
        harness_errors: Reasons why the store could not be judged at all.
    """
    by_check: dict[str, list[CheckResult]] = {}
    broken: dict[str, list[str]] = {}
    for result in results:
        by_check.setdefault(result.id, []).append(result)
        for violation in result.violations:
            broken.setdefault(violation.requirement, []).append(violation.what)
    of: dict[str, list[Check]] = {}
    for check in checks:
        of.setdefault(check.requirement, []).append(check)
    verdicts = tuple(
        _one(
            requirement,
            [
                check
                for check in of.get(requirement.id, [])
                if check.needs <= {*capabilities}
            ],
            by_check,
            broken.get(requirement.id, []),
            capabilities,
        )
        for requirement in requirements
    )
    return Judgement(_overall(verdicts, harness_errors), verdicts)


def _one(
    requirement: Requirement,
    checks: Sequence[Check],
    results: dict[str, list[CheckResult]],
    broken: Sequence[str],
    capabilities: Collection[str],
) -> RequirementVerdict:
    decides = requirement.level == "MUST" and requirement.excluded is None
    ids = tuple(check.id for check in checks)

    def verdict(found: Verdict, reason: str = "") -> RequirementVerdict:
        return RequirementVerdict(requirement, found, reason, ids, decides)

    if broken:
        return verdict(Verdict.FAIL, broken[0])
    if requirement.capability is not None and requirement.capability not in capabilities:
        return verdict(Verdict.NOT_APPLICABLE, f"{requirement.capability} is not declared.")
    if requirement.excluded is not None:
        return verdict(Verdict.NOT_VERIFIED, requirement.excluded)
    seen = [result for name in ids for result in results.get(name, [])]
    for result in seen:
        if result.status is Status.HARNESS_ERROR:
            return verdict(Verdict.HARNESS_ERROR, result.reason)
    for name in ids:
        if name not in results:
            return verdict(Verdict.NOT_VERIFIED, f"{name} was not run.")
    for result in seen:
        if result.status not in (Status.PASSED, Status.NOT_APPLICABLE):
            reason = result.reason or f"{result.id}: {result.status}."
            return verdict(Verdict.NOT_VERIFIED, reason)
    if not any(result.status is Status.PASSED for result in seen):
        return verdict(Verdict.NOT_VERIFIED, "No check of it ran to its end.")
    return verdict(Verdict.PASS)


def _overall(
    verdicts: Sequence[RequirementVerdict], harness_errors: Sequence[str]
) -> Overall:
    found = {one.verdict for one in verdicts if one.decides}
    if harness_errors:
        return Overall.HARNESS_ERROR
    if Verdict.FAIL in found:
        return Overall.NON_CONFORMANT
    if Verdict.HARNESS_ERROR in found:
        return Overall.HARNESS_ERROR
    if Verdict.NOT_VERIFIED in found or Verdict.PASS not in found:
        return Overall.INCOMPLETE
    return Overall.CONFORMANT
