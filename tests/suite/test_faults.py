"""One defect, one verdict: each faulty store goes red for what it breaks and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faulty_stores import Fault, load_faults
from jwtsession_conformance.catalogue import store_requirements
from jwtsession_conformance.lab import Pace
from jwtsession_conformance.run import Run

if TYPE_CHECKING:
    from pathlib import Path

FAULTS = load_faults()


@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name) for one in FAULTS])
def test_the_right_requirement_is_named(
    fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store with one defect fails the requirements it breaks, and no unexplained one."""
    monkeypatch.setenv("JWTSESSION_TEST_FILES", str(tmp_path))
    run = Run(fault.target, pace=Pace(patience=fault.patience, budget=0.0))
    report = run.all()
    run.close()
    red = {
        violation.requirement: f"{result.id}: {violation.what}"
        for result in report.checks
        for violation in result.violations
    }
    assert fault.must <= red.keys(), f"not noticed: {sorted(fault.must - red.keys())}"
    unexplained = {
        name: what
        for name, what in red.items()
        if name not in fault.must | fault.may.keys()
    }
    assert not unexplained
    assert report.overall.value == fault.ends


def test_every_requirement_has_a_fault() -> None:
    """Each requirement that is checked is one that some store here breaks."""
    broken = {name for fault in FAULTS for name in fault.must}
    asked = {one.id for one in store_requirements() if one.excluded is None}
    assert asked == broken


def test_every_permitted_red_has_a_reason() -> None:
    """What may go red beside the defect is explained, and one name stands for one fault."""
    assert all(why for fault in FAULTS for why in fault.may.values())
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
