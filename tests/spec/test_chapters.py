"""The generated parts of the chapters are up to date, and the generator can tell."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwtsession_spec as spec
import pytest

if TYPE_CHECKING:
    from types import ModuleType

TOOL = Path(__file__).parents[2] / "spec/tools/chapters.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Load the script as a module, without running it."""
    found = importlib.util.spec_from_file_location("chapters", TOOL)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_chapters_are_up_to_date() -> None:
    """Generating them anew would change nothing."""
    done = subprocess.run(
        [sys.executable, TOOL, "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_chapter_is_found_and_mended(
    tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """A part that was changed by hand is told, left alone by a check, and then mended."""
    chapter = tmp_path / "04-rotation.md"
    shutil.copy(TOOL.parents[1] / chapter.name, chapter)
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    assert tool.main(["--check"]) == 0
    right = chapter.read_text(encoding="utf-8")
    wrong = right.replace("again (5)", "reused (8)")
    chapter.write_text(wrong, encoding="utf-8")
    assert tool.main(["--check"]) == 1
    assert "04-rotation.md is out of date" in capsys.readouterr().err
    assert chapter.read_text(encoding="utf-8") == wrong
    assert tool.main([]) == 0
    assert chapter.read_text(encoding="utf-8") == right


def test_the_diagram_draws_every_cell_of_the_table(tool: Any) -> None:
    """Each pair of state and standing is on an arrow, and each start too."""
    law, lines = spec.lifecycle(), tool.law_diagram().splitlines()
    for entry in law.entries:
        arrows = [line for line in lines if line.strip().startswith(f"{entry.state} -->")]
        assert any(entry.standing in line.split(": ")[1].split(" or ") for line in arrows)
    for start in law.starts:
        assert f"    begin --> {start.state or start.decision}: {start.label}" in lines


@pytest.mark.parametrize("name", ["requirements store/nothing", "requirements", "poem"])
def test_a_part_that_nothing_generates_is_refused(tool: Any, name: str) -> None:
    """A marker with a name that is not known is an error, not an empty part."""
    with pytest.raises(LookupError):
        tool.fill(f"<!-- begin: {name} -->\n<!-- end: {name} -->")


@pytest.mark.parametrize("spoilt", ["begun: law table", "begin: law tables", ""])
def test_a_marker_without_a_partner_is_refused(tool: Any, spoilt: str) -> None:
    """A slip in a marker is an error; otherwise what follows would never be renewed."""
    part = f"<!-- {spoilt} -->\n<!-- end: law table -->"
    with pytest.raises(LookupError, match="no partner"):
        tool.fill(part)


def test_every_requirement_is_generated_whole(tool: Any) -> None:
    """A requirement is shown with its level, text, reason, source and exclusion."""
    entry = spec.requirement("STORE-ERROR-UNAVAILABLE")
    shown = tool.requirement_blocks(entry.subject, entry.area)
    for part in (entry.id, entry.level, entry.text, entry.why, entry.excluded):
        assert part in shown
    capability = tool.requirement_blocks("store", "capabilities")
    assert "Applies to a store that declares `shared`." in capability
    assert "[OWASP ASVS 5.0 15.4.2]" in tool.requirement_blocks("store", "swap")
