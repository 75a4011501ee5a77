"""False alarms are as bad as misses: a store that is right in another way is conformant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from correct_stores import CORRECT
from jwtsession_conformance.lab import Pace
from jwtsession_conformance.run import Run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "seed"),
    [*((name, 1) for name in CORRECT), ("plain", 2), ("sweeping", 3), ("own records", 4)],
)
def test_a_correct_store_is_conformant(
    name: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No requirement that applies is anything but PASS, whatever is drawn."""
    monkeypatch.setenv("JWTSESSION_TEST_FILES", str(tmp_path))
    budget = 0.0 if name in ("slow", "files", "documents") else 0.05
    run = Run(CORRECT[name], seed=seed, pace=Pace(budget=budget))
    report = run.all()
    run.close()
    found = {
        violation.requirement: violation.what
        for result in report.checks
        for violation in result.violations
    }
    assert found == {}
    assert report.overall.value == "conformant", [
        (one.id, one.reason) for one in report.checks if one.reason
    ]
