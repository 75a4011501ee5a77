"""Each third party has one home, and each import its direction."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "jwtsession": ROOT / "jwtsession",
    "jwtsession_spec": ROOT / "spec" / "jwtsession_spec",
    "jwtsession_stores": ROOT / "reference_stores" / "jwtsession_stores",
    "jwtsession_conformance": ROOT / "conformance" / "jwtsession_conformance",
}
HOMES = {
    "jwt": "jwtsession/key",
    "cryptography": "jwtsession/key",
    "ulid": "jwtsession/ids.py",
    "fastapi": "jwtsession/fastapi.py",
    "pydantic_settings": "jwtsession/settings/files.py",
    "sqlite3": "jwtsession_stores/sql/",
}
"""Where each library lives: the only files, or the only folder, that imports it."""
MAY_IMPORT = {
    "jwtsession": set(),
    "jwtsession_spec": set(),
    "jwtsession_stores": {"jwtsession.errors", "jwtsession.models", "jwtsession.protocols"},
    "jwtsession_conformance": {
        "jwtsession.errors",
        "jwtsession.models",
        "jwtsession.protocols",
        "jwtsession_spec",
    },
}


def imports(path: Path) -> set[str]:
    """Answer every module that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("third_party", HOMES)
def test_a_third_party_has_one_home(third_party: str) -> None:
    """Only its home imports a library, so replacing it is a local change."""
    found = [
        path.relative_to(folder.parent).as_posix()
        for folder in PACKAGES.values()
        for path in folder.rglob("*.py")
        if any(name.split(".")[0] == third_party for name in imports(path))
    ]
    assert found
    assert [path for path in found if not path.startswith(HOMES[third_party])] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    """Of the project's own, a package imports what the architecture allows it."""
    for path in PACKAGES[package].rglob("*.py"):
        for name in imports(path):
            top = name.split(".")[0]
            if top in PACKAGES and top != package:
                allowed = MAY_IMPORT[package]
                assert any(name == one or name.startswith(one + ".") for one in allowed), (
                    f"{path.relative_to(ROOT)} imports {name}"
                )


@pytest.mark.parametrize(
    ("module", "foreign"),
    [
        ("jwtsession", {"fastapi", "starlette", "pydantic_settings", "pytest", "yaml"}),
        ("jwtsession_stores", {"sqlite3", "redis", "asyncpg", "sqlalchemy"}),
        ("jwtsession_conformance.plugin", {"hypothesis", "jwtsession", "jwtsession_spec"}),
    ],
)
def test_importing_a_package_is_cheap(module: str, foreign: set[str]) -> None:
    """Importing a package brings no framework, no driver and no suite with it."""
    code = f"import sys, {module}; print(*sorted(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not foreign & set(done.stdout.split())
