"""Every block of the specification's README runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "spec/README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_runs_and_says_something(
    block: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A block runs by itself, in a namespace of its own, and prints."""
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - it is ours
    assert capsys.readouterr().out.strip()


def test_there_are_blocks_and_a_typo_is_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The README shows several blocks, and the one about a wrong id names the right one."""
    assert len(BLOCKS) >= 7
    exec(compile(BLOCKS[1], "README.md", "exec"), {})  # noqa: S102 - it is ours
    assert "did you mean STORE-SWAP-ATOMIC?" in capsys.readouterr().out
