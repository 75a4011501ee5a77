"""Every block of every README is executed: what it shows is what happens."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
READMES = sorted(
    path
    for path in [ROOT / "README.md", *ROOT.glob("*/README.md")]
    if "node_modules" not in path.parts
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
SERVED_PORT = "8000"


@dataclass(frozen=True)
class Block:
    """One fenced block: its language and its text."""

    language: str
    text: str


def blocks(readme: Path) -> list[Block]:
    """Answer the fenced blocks of a README, in order."""
    return [Block(*found) for found in FENCE.findall(readme.read_text(encoding="utf-8"))]


class Folder:
    """An empty folder in which a reader pastes one block after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environ = {**os.environ, "PYTHONWARNINGS": "error", "NO_COLOR": "1"}
        commands = Path(sys.executable).parent
        self.environ["PATH"] = f"{commands}{os.pathsep}{os.environ['PATH']}"
        self.environ.pop("PYTEST_ADDOPTS", None)
        self.environ.pop("PYTEST_XDIST_WORKER", None)
        self.port = str(_free_port())
        self.servers: list[subprocess.Popen[bytes]] = []

    def paste(self, block: Block) -> None:
        """Do with a block what a reader does."""
        if block.language == "python":
            self._python(block.text)
        elif block.language == "console":
            self._console(block.text)
        else:
            pytest.fail(f"nobody runs a block of language {block.language!r}")

    def close(self) -> None:
        """Stop what was started."""
        for server in self.servers:
            server.send_signal(signal.SIGINT)
            server.wait()

    def _python(self, text: str) -> None:
        named = re.match(r"# (\w+\.py)", text)
        name = named.group(1) if named else "pasted.py"
        (self.path / name).write_text(text, encoding="utf-8")
        if not named or name == "script.py":
            self._run([sys.executable, name])

    def _console(self, text: str) -> None:
        for command, expected in _commands(text):
            if command.startswith("make "):
                _is_target(command.split()[1])
            elif command.startswith("pip install "):
                _are_ours(command)
            elif command.startswith("export "):
                name, value = command.removeprefix("export ").split("=", 1)
                script = f"printf %s {value}"
                self.environ[name] = self._run(["bash", "-c", script])
            elif command.endswith(" &"):
                self._serve(command.removesuffix(" &").split())
            else:
                shown = self._run(["bash", "-c", command.replace(SERVED_PORT, self.port)])
                assert _matches(shown, expected), f"{command}\n{shown}"

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _serve(self, command: list[str]) -> None:
        server = subprocess.Popen(
            [*command, "--port", self.port, "--log-level", "warning"],
            cwd=self.path,
            env=self.environ | {"PYTHONWARNINGS": "default"},
        )
        self.servers.append(server)
        for _ in range(100):
            assert server.poll() is None, "the server ended at once"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(self.port))) == 0:
                    return
            time.sleep(0.1)
        pytest.fail("the server did not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output that is shown for it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _matches(shown: str, expected: str) -> bool:
    """Compare with the shown output, in which ``...`` stands for anything."""
    pattern = re.escape(expected.strip()).replace(r"\.\.\.", r"(?:.|\n)*")
    return re.fullmatch(pattern, shown.strip()) is not None


def _is_target(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{name}:", makefile, re.MULTILINE), f"no such target: {name}"


def _are_ours(command: str) -> None:
    """What a README installs of this project exists, with the extras it names."""
    projects = {}
    for pyproject in [ROOT / "pyproject.toml", *ROOT.glob("*/pyproject.toml")]:
        project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
        projects[project["name"]] = set(project.get("optional-dependencies", {}))
    for name, extras in re.findall(r"(jwtsession[\w-]*)(?:\[([\w,]+)\])?", command):
        assert name in projects, f"no such distribution: {name}"
        assert set(filter(None, extras.split(","))) <= projects[name]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_runs(readme: Path, tmp_path: Path) -> None:
    """The blocks of a README, pasted one after the other into an empty folder, work."""
    folder = Folder(tmp_path)
    try:
        for block in blocks(readme):
            folder.paste(block)
    finally:
        folder.close()


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(readme: Path) -> None:
    """A relative link of a README names a file that is there."""
    missing = [
        target
        for target in LINK.findall(readme.read_text(encoding="utf-8"))
        if not (readme.parent / target).exists()
    ]
    assert missing == []


def test_the_main_readme_keeps_its_promise_of_brevity() -> None:
    """Sessions in FastAPI take at most 20 lines, judging a store in pytest at most 8."""
    by_name = {
        block.text.splitlines()[0]: [line for line in block.text.splitlines()[1:] if line]
        for block in blocks(ROOT / "README.md")
        if block.language == "python"
    }
    assert len(by_name["# main.py"]) <= 20
    assert len(by_name["# test_my_store.py"]) <= 8


def test_the_shown_output_is_compared() -> None:
    """A console block whose output differs from what is shown is noticed."""
    assert _matches('{"a":"xyz"}\n', '{"a":"..."}')
    assert not _matches("non-conformant: 1", "conformant: ...")
