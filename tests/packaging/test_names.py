"""The bare name belongs to a stranger: nothing may make pip fetch it."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
BARE_NAME = r"[^\n]*[\s\"']jwtsession(?![-\w./])"
INSTALLS_BARE_NAME = re.compile(rf"(?:pip3? install|uv add|uv pip install){BARE_NAME}")


def tracked(*endings: str) -> list[Path]:
    """Answer the files of the repository that end so."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in endings and path.exists()]


def test_the_pattern_sees_the_bare_name() -> None:
    """The search finds an install of the stranger's package and lets ours pass."""
    assert INSTALLS_BARE_NAME.search("pip install jwtsession")
    assert INSTALLS_BARE_NAME.search('pip install "jwtsession[fastapi]"')
    assert not INSTALLS_BARE_NAME.search('pip install "jwtsession-core[fastapi]"')


def test_nothing_installs_the_bare_name() -> None:
    """No text of the repository tells anybody to install the stranger's package."""
    texts = tracked(".md", ".py", ".toml", ".txt", ".yml", ".yaml", ".js", ".html")
    here = Path(__file__)
    found = [
        path.relative_to(ROOT)
        for path in texts
        if path != here and INSTALLS_BARE_NAME.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_siblings_depend_on_each_other_in_lockstep() -> None:
    """Every distribution has one version, and asks for exactly that of its siblings."""
    projects = [
        tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]
        for folder in (".", "spec", "reference_stores", "conformance")
    ]
    (version,) = {project["version"] for project in projects}
    siblings = [
        need
        for project in projects
        for need in project["dependencies"]
        if need.startswith("jwtsession")
    ]
    assert len(siblings) == 3
    assert all(re.fullmatch(rf"jwtsession-\w+=={version}", need) for need in siblings)
