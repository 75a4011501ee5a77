"""SQL that lives in SQL files: read it, name it, number it.

Each database has a package with ``queries.sql``, in which a line ``-- name: swap`` starts
the statement of that name; ``schema.sql``, the tables as they are today; and
``migrations/``, whose files are numbered from ``0001`` and lead there, one after another.
"""

from __future__ import annotations

import re
import sqlite3
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["migrations", "queries", "schema", "split"]

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def queries(package: str) -> Mapping[str, str]:
    """Return the statements of the package's ``queries.sql`` by their names."""
    _, *parts = _NAME.split(_text(package, "queries.sql"))
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def schema(package: str) -> str:
    """Return the package's ``schema.sql``."""
    return _text(package, "schema.sql")


def migrations(package: str) -> Sequence[str]:
    """Return the scripts of the package's ``migrations/``; the first leads to version 1."""
    folder = files(package) / "migrations"
    return [
        file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    ]


def split(script: str) -> Sequence[str]:
    """Return a script's statements, for drivers that run one at a time."""
    statements: list[str] = []
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            statements.append(statement.strip())
            statement = ""
    return statements


def _text(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")
