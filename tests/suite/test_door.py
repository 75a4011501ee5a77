"""The pytest door: a few lines, and no way to skip one's way to conformant."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SUITE = """
from jwtsession_conformance import store_suite
from jwtsession_stores.memory import factory

test_my_store = store_suite(factory, capabilities={"shared"}, budget=0.0)
"""

SUPPORT = Path(__file__).parents[1] / "support"


@dataclass(frozen=True)
class Ended:
    """How a run of pytest ended, and what it printed."""

    status: int
    printed: str

    @property
    def verdict(self) -> str:
        """The last line of the section that the plug-in prints."""
        section = self.printed.partition("= conformance =")[2]
        lines = [
            line for line in section.splitlines() if "requirements that decide" in line
        ]
        return lines[-1].partition(":")[0] if lines else ""


@dataclass(frozen=True)
class Project:
    """A folder that has nothing to do with this repository."""

    folder: Path

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def pytest(self, *options: str, plugins: tuple[str, ...] | None = ()) -> Ended:
        """Run pytest with our plug-in and these, or with all that are installed."""
        path = os.pathsep.join(filter(None, [str(SUPPORT), os.environ.get("PYTHONPATH")]))
        environ = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"}
        loaded: list[str] = []
        if plugins is not None:
            environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            loaded = [f"-p{name}" for name in ("jwtsession_conformance.plugin", *plugins)]
        for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST"):
            environ.pop(name, None)
        found = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--strict-markers", "-W", "error"),
                *(*loaded, "-p", "no:cacheprovider", "-q", "-rs", *options),
            ],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(found.returncode, found.stdout + found.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a project with a suite in it."""
    made = Project(tmp_path)
    made.write("test_store.py", SUITE)
    return made


@pytest.mark.parametrize(
    ("options", "plugins"), [((), None), (("-n", "2"), ("xdist.plugin",))]
)
def test_a_good_store_is_conformant(
    project: Project, options: tuple[str, ...], plugins: tuple[str, ...] | None
) -> None:
    """One item for each check passes, and the run ends with 0, also in two processes."""
    ended = project.pytest(*options, plugins=plugins)
    assert ended.verdict == "conformant", ended.printed
    assert ended.status == 0


def test_the_requirement_is_in_the_name_of_the_item(project: Project) -> None:
    """An item is named after its requirement, and can be run by that name alone."""
    ended = project.pytest("--collect-only", "-k", "STORE-SWAP-ATOMIC")
    assert "test_store.py::test_my_store[STORE-SWAP-ATOMIC/eight-at-once]" in ended.printed
    assert ended.status == 0
    assert "nothing was verified" not in ended.printed


def test_a_wrong_store_fails_with_a_story(project: Project) -> None:
    """A broken requirement fails its item, with a sentence and a line that replays it."""
    project.write(
        "test_store.py",
        SUITE.replace(
            "from jwtsession_stores.memory import factory",
            "from faulty_stores import in_memory\n"
            "from faulty_stores_swap import ReadsThenWrites\n"
            "factory = in_memory(ReadsThenWrites)",
        ),
    )
    ended = project.pytest("-k", "STORE-SWAP-ATOMIC")
    assert ended.status == 1
    assert ended.verdict == "non-conformant"
    assert "FAIL STORE-SWAP-ATOMIC (MUST)" in ended.printed
    assert "The specification says:" in ended.printed
    replay = "test_store.py::test_my_store[STORE-SWAP-ATOMIC/eight-at-once]"
    assert f"Replay: pytest '{replay}'" in ended.printed
    assert "Traceback" not in ended.printed
    again = project.pytest(replay)
    assert again.status == 1
    assert "FAIL STORE-SWAP-ATOMIC (MUST)" in again.printed


def test_a_harness_that_is_wrong_is_said_once(project: Project) -> None:
    """A factory that gives no store fails the smoke item, and the others are not reached."""
    project.write(
        "test_store.py", SUITE.replace("store_suite(factory", "store_suite(print")
    )
    ended = project.pytest()
    assert ended.status == 1
    assert ended.verdict == "harness-error"
    assert "The factory returned None." in ended.printed
    assert "1 failed" in ended.printed


AROUND = """
import pytest

def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "STORE-SWAP-EXPIRED" not in item.nodeid]
    for item in items:
        if "STORE-GET-LIVE/boundary" in item.nodeid:
            item.add_marker(pytest.mark.skip(reason="slow"))
        if "STORE-GET-ABSENT/never-there" in item.nodeid:
            item.add_marker(pytest.mark.xfail(reason="known", strict=False))

@pytest.fixture(autouse=True)
def choosy(request):
    if "STORE-SWAP-FAILED/no-trace" in request.node.nodeid:
        pytest.skip("not today")
    if "STORE-SWAP-ACTIVE/never-back" in request.node.nodeid:
        pytest.xfail("not today")

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True if "STORE-SWAP-ABSENT/" in pyfuncitem.nodeid else None
"""

WAYS_AROUND = {
    "STORE-GET-LIVE": "it was skipped. Skipped: slow",
    "STORE-GET-ABSENT": "it is marked as expected to fail. known",
    "STORE-SWAP-FAILED": "it was skipped. Skipped: not today",
    "STORE-SWAP-ACTIVE": "it is marked as expected to fail. not today",
    "STORE-SWAP-ABSENT": "its test ended without running it.",
    "STORE-SWAP-EXPIRED": "was not run.",
}


def test_what_was_not_run_is_not_verified(project: Project) -> None:
    """Whatever the way around a check, its requirement is NOT-VERIFIED, with the reason."""
    project.write("conftest.py", AROUND)
    ended = project.pytest()
    printed = " ".join(ended.printed.split())
    for requirement, reason in WAYS_AROUND.items():
        told = printed.partition(f"NOT-VERIFIED {requirement}: ")[2]
        assert reason in told.partition("NOT-VERIFIED")[0], printed
    assert ended.verdict == "incomplete"
    assert ended.status == 1


def test_one_skip_is_enough(project: Project) -> None:
    """A run in which nothing failed and one check was skipped does not succeed."""
    project.write(
        "conftest.py",
        "import pytest\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        if 'STORE-PURGE-LIMIT' in item.nodeid:\n"
        "            item.add_marker(pytest.mark.skip)\n",
    )
    ended = project.pytest()
    assert "1 skipped" in ended.printed
    assert "failed" not in ended.printed
    assert ended.verdict == "incomplete"
    assert ended.status == 1


def test_a_failure_cannot_be_painted_over(project: Project) -> None:
    """What the check itself found counts, and not what a hook made of its report."""
    project.write(
        "test_store.py",
        SUITE.replace(
            "from jwtsession_stores.memory import factory",
            "from faulty_stores import in_memory\n"
            "from faulty_stores_reading import ShowsASessionAtItsEnd\n"
            "factory = in_memory(ShowsASessionAtItsEnd)",
        ),
    )
    project.write(
        "conftest.py",
        """
import pytest
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    report.outcome, report.longrepr = "passed", None
    return report
""",
    )
    ended = project.pytest()
    assert ended.verdict == "non-conformant", ended.printed
    assert ended.status == 1


@pytest.mark.parametrize(
    "options",
    [("-k", "not STORE-GET-LIVE"), ("--deselect", "test_store.py::test_my_store[smoke]")],
)
def test_a_part_is_incomplete(project: Project, options: tuple[str, ...]) -> None:
    """A run of some of the checks fails as incomplete only if a requirement lacks one."""
    ended = project.pytest(*options)
    whole = "smoke" in options[1]
    assert ended.verdict == ("conformant" if whole else "incomplete")
    assert ended.status == (0 if whole else 1)


@pytest.mark.parametrize(
    ("options", "plugins"), [((), ()), (("-n", "2"), ("xdist.plugin",))]
)
def test_a_run_that_leaves_the_suite_out_is_left_alone(
    project: Project, options: tuple[str, ...], plugins: tuple[str, ...]
) -> None:
    """Whoever runs another test is told that nothing was verified, and may succeed."""
    project.write("test_other.py", "def test_other():\n    pass\n")
    ended = project.pytest("-k", "test_other", *options, plugins=plugins)
    assert "test_store.py::test_my_store: nothing was verified" in ended.printed
    assert ended.status == 0


def test_a_suite_that_is_overwritten_is_missed(project: Project) -> None:
    """A second definition of its name loses the suite, and the run fails for it."""
    project.write("test_store.py", f"{SUITE}\ndef test_my_store():\n    pass\n")
    ended = project.pytest()
    assert "a store_suite was made there and lost" in ended.printed
    assert ended.status == 1


def test_stopping_early_is_incomplete(project: Project) -> None:
    """After -x, what did not run any more is NOT-VERIFIED."""
    project.write("test_a_first.py", "def test_first():\n    assert False\n")
    project.write(
        "conftest.py",
        "def pytest_collection_modifyitems(items):\n    items.insert(9, items.pop())\n",
    )
    ended = project.pytest("-x", "test_store.py", "test_a_first.py")
    assert "9 passed" in ended.printed
    assert ended.verdict == "incomplete"
    assert ended.status == 1


def test_a_run_without_a_suite_says_nothing(tmp_path: Path) -> None:
    """Where no suite is, the plug-in prints nothing and changes nothing."""
    project = Project(tmp_path)
    project.write("test_other.py", "def test_other():\n    pass\n")
    ended = project.pytest()
    assert ended.status == 0
    assert "conformance" not in ended.printed


def test_the_plug_in_imports_pytest_alone() -> None:
    """To be installed costs a run nothing but the import of one small module."""
    code = (
        "import pytest, sys; before = set(sys.modules)\n"
        "import jwtsession_conformance.plugin\n"
        "print(sorted(set(sys.modules) - before))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == (
        "['jwtsession_conformance', 'jwtsession_conformance.plugin']"
    )
