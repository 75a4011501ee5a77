"""Read the files of this distribution, wherever it is installed, a zip file included."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

__all__ = ["names", "table", "text"]


def text(name: str) -> str:
    """Return a file of this distribution as text.

    Raises:
        FileNotFoundError: There is no such file.
    """
    return files("jwtsession_spec").joinpath(name).read_text(encoding="utf-8")


def table(name: str) -> dict[str, Any]:
    """Return a TOML file of this distribution, parsed."""
    return tomllib.loads(text(name))


def names(folder: str, suffix: str) -> tuple[str, ...]:
    """Return what a folder holds with this suffix, without it, sorted."""
    entries = files("jwtsession_spec").joinpath(folder).iterdir()
    return tuple(
        sorted(
            entry.name.removesuffix(suffix)
            for entry in entries
            if entry.name.endswith(suffix)
        )
    )
