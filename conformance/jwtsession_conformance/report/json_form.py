"""The report for machines. Its schema is ``report.schema.json`` beside this module."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jwtsession_conformance.verdict import Verdict

if TYPE_CHECKING:
    from jwtsession_conformance.report import Report
    from jwtsession_conformance.verdict import CheckResult, RequirementVerdict

__all__ = ["as_json", "as_text", "check_json", "schema"]

FORMAT = 1
"""Raised when a reader of the old form would misread the new one."""


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    counts = dict.fromkeys((verdict.value for verdict in Verdict), 0)
    for one in report.requirements:
        if one.decides:
            counts[one.verdict.value] += 1
    return {
        "format": FORMAT,
        "verdict": report.overall.value,
        "exit_code": report.exit_code,
        "counts": counts,
        "subject": "store",
        "target": report.target,
        "capabilities": list(report.capabilities),
        "seed": report.seed,
        "seconds": round(report.seconds, 3),
        "spec_version": report.spec_version,
        "suite_version": report.suite_version,
        "python": report.python,
        "system": report.system,
        "harness_errors": list(report.harness_errors),
        "requirements": [_requirement(one) for one in report.requirements],
        "checks": [check_json(one) for one in report.checks],
    }


def as_text(report: Report) -> str:
    """Return the report as JSON text, in ASCII, with a line break at its end."""
    return json.dumps(as_json(report), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the report."""
    text = (
        files("jwtsession_conformance.report")
        .joinpath("report.schema.json")
        .read_text("utf-8")
    )
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _requirement(one: RequirementVerdict) -> dict[str, Any]:
    return {
        "id": one.requirement.id,
        "level": one.requirement.level,
        "area": one.requirement.area,
        "text": one.requirement.text,
        "verdict": one.verdict.value,
        "decides": one.decides,
        "reason": one.reason,
        "checks": list(one.checks),
    }


def check_json(one: CheckResult) -> dict[str, Any]:
    """Return one result as JSON values."""
    return {
        "id": one.id,
        "requirement": one.requirement,
        "status": one.status.value,
        "seconds": round(one.seconds, 4),
        "reason": one.reason,
        "note": one.note,
        "replay": one.replay,
        "violations": [
            {
                "requirement": violation.requirement,
                "what": violation.what,
                "history": list(violation.history),
            }
            for violation in one.violations
        ],
    }
