"""What one run found out, as a value. Every form of it is made from this one."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from jwtsession_spec import SPEC_VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jwtsession_conformance.verdict import (
        CheckResult,
        Judgement,
        Overall,
        RequirementVerdict,
    )

__all__ = ["NOT_SELECTED", "Report", "describe"]

NOT_SELECTED = "It was not selected."
"""Why a check was not run that the user left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run over one store.

    Attributes:
        target: What was judged: the importable name of its factory.
        capabilities: What it declares, sorted.
        overall: The verdict.
        requirements: The verdict on each requirement, in the catalogue's order.
        checks: How each check went, the smoke stage first.
        harness_errors: Why the store could not be judged, where that is so.
        seed: From which everything was drawn.
        seconds: How long it took.
        spec_version: The specification's.
        suite_version: This suite's.
        python: The interpreter's version.
        system: The operating system.
    """

    target: str
    capabilities: tuple[str, ...]
    overall: Overall
    requirements: tuple[RequirementVerdict, ...]
    checks: tuple[CheckResult, ...]
    harness_errors: tuple[str, ...]
    seed: int
    seconds: float
    spec_version: str
    suite_version: str
    python: str
    system: str

    @property
    def exit_code(self) -> int:
        """0 conformant, 1 non-conformant, 2 incomplete, 3 harness error."""
        return self.overall.exit_code

    @property
    def conformant(self) -> bool:
        """Whether every requirement that decides was shown to hold."""
        return self.overall.exit_code == 0

    def verdict(self, requirement_id: str) -> str:
        """Return the verdict on one requirement, as a word.

        Raises:
            KeyError: The report has no such requirement.
        """
        found = {one.requirement.id: one.verdict.value for one in self.requirements}
        return found[requirement_id]


def describe(
    target: str,
    capabilities: Collection[str],
    judgement: Judgement,
    results: Sequence[CheckResult],
    *,
    seed: int,
    seconds: float,
    harness_errors: Sequence[str] = (),
) -> Report:
    """Put a judgement and where it came from into one value."""
    return Report(
        target=target,
        capabilities=tuple(sorted(capabilities)),
        overall=judgement.overall,
        requirements=judgement.requirements,
        checks=tuple(results),
        harness_errors=tuple(harness_errors),
        seed=seed,
        seconds=seconds,
        spec_version=SPEC_VERSION,
        suite_version=version("jwtsession-conformance"),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release()} {platform.machine()}".strip()
        or sys.platform,
    )
