"""One result as JSON and back, for reports that are put together in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jwtsession_conformance.report.json_form import check_json
from jwtsession_conformance.verdict import CheckResult, Status
from jwtsession_conformance.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["evidence", "read_evidence"]


def evidence(result: CheckResult) -> dict[str, Any]:
    """Return a result as JSON values."""
    return check_json(result)


def read_evidence(found: Mapping[str, Any]) -> CheckResult:
    """Return the result that was written as JSON values."""
    return CheckResult(
        id=found["id"],
        requirement=found["requirement"],
        status=Status(found["status"]),
        seconds=found["seconds"],
        violations=tuple(
            Violation(one["requirement"], one["what"], tuple(one["history"]))
            for one in found["violations"]
        ),
        reason=found["reason"],
        note=found["note"],
        replay=found["replay"],
    )
