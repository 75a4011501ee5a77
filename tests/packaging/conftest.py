"""The four wheels, built once, and environments that hold nothing but them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "jwtsession-spec": ROOT / "spec",
    "jwtsession-core": ROOT,
    "jwtsession-stores": ROOT / "reference_stores",
    "jwtsession-conformance": ROOT / "conformance",
}


class Environment:
    """A virtual environment in a folder of its own, and an empty folder to run in."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.empty = folder / "empty"
        venv.create(folder, with_pip=True)
        self.empty.mkdir()

    def install(self, *wheels: Path) -> None:
        """Install wheels, and what they depend on, and nothing else."""
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet"]
        pins = ["--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
        subprocess.run([*pip, *pins, *wheels], check=True, cwd=self.empty)

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command in the empty folder; answer what it printed."""
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.empty,
            env=_bare(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


def _bare(environ: Mapping[str, str]) -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: environ[name] for name in kept if name in environ}


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build each sdist, then its wheel from the sdist alone; answer the folders."""
    folders = {}
    for name, source in FOLDERS.items():
        target = tmp_path_factory.mktemp(name)
        build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", target]
        done = subprocess.run([*build, source], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        folders[name] = target
    return folders


@pytest.fixture(scope="session")
def wheels(archives: dict[str, Path]) -> dict[str, Path]:
    """Answer the wheel of each distribution."""
    return {name: next(folder.glob("*.whl")) for name, folder in archives.items()}


@pytest.fixture(scope="session")
def production(
    tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]
) -> Environment:
    """An environment as a server has it: the library and the stores."""
    environment = Environment(tmp_path_factory.mktemp("production"))
    environment.install(wheels["jwtsession-core"], wheels["jwtsession-stores"])
    return environment


@pytest.fixture(scope="session")
def authoring(
    tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]
) -> Environment:
    """An environment as the author of a store has it: everything."""
    environment = Environment(tmp_path_factory.mktemp("authoring"))
    environment.install(*wheels.values())
    return environment
