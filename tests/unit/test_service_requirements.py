"""Each requirement on the service has a test that names it."""

import re
from pathlib import Path

import jwtsession_spec
import pytest

TESTS = Path(__file__).parents[1]
WHOLE_ID = re.compile(r"SERVICE(?:-[A-Z]+)+")
REQUIRED = [
    each.id
    for each in jwtsession_spec.requirements()
    if each.subject == "service" and each.excluded is None
]


def named() -> set[str]:
    """Return every id that a test of the service names."""
    files = [*TESTS.glob("unit/test_*.py"), *TESTS.glob("stores/test_service_*.py")]
    return {
        found
        for file in files
        if file.name != Path(__file__).name
        for found in WHOLE_ID.findall(file.read_text("utf-8"))
    }


@pytest.mark.parametrize("requirement", REQUIRED)
def test_a_requirement_is_named_by_a_test(requirement: str) -> None:
    """No requirement on the service is without a test."""
    assert requirement in named()


def test_no_test_names_a_requirement_that_does_not_exist() -> None:
    """A mistyped or withdrawn id is found."""
    known = {each.id for each in jwtsession_spec.requirements()}
    assert named() <= known
    assert len(REQUIRED) >= 30
