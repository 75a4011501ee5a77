"""What is installed is what was promised, and works without the checkout."""

from __future__ import annotations

import json
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Environment

TEST_CODE = {"pytest", "hypothesis", "jwtsession-conformance", "jwtsession-spec"}
FRAMEWORKS = {"fastapi", "starlette", "uvicorn", "httpx", "httpx2", "pydantic-settings"}
DRIVERS = {"redis", "asyncpg", "psycopg", "sqlalchemy", "aiosqlite", "pymysql"}

INSTALLED = """
import json
from importlib.metadata import distributions, entry_points
print(json.dumps({
    "names": sorted(d.metadata["Name"].lower() for d in distributions()),
    "plugins": [e.name for e in entry_points(group="pytest11")],
}))
"""

STORE = """
from contextlib import asynccontextmanager
from jwtsession_stores.memory import factory
"""

SUITE = """
from jwtsession_conformance import store_suite

from my_store import factory

test_my_store = store_suite(factory, capabilities={"shared"})
"""


def test_a_production_install_carries_no_test_code(production: Environment) -> None:
    """The library and the stores bring no suite, framework, driver or pytest plug-in."""
    found = json.loads(production.run("python", "-c", INSTALLED))
    assert {"jwtsession-core", "jwtsession-stores"} <= set(found["names"])
    assert not set(found["names"]) & (TEST_CODE | FRAMEWORKS | DRIVERS)
    assert found["plugins"] == []


def test_a_production_install_works(production: Environment) -> None:
    """The wheels of the library and the stores sign a user in and refresh."""
    printed = production.run(
        "python",
        "-W",
        "error",
        "-c",
        """
import asyncio
import secrets
from jwtsession import JwtSessionService, JwtSessionsConfig
from jwtsession_stores import open_store

async def main():
    async with open_store("sqlite:///sessions.db") as store:
        config = JwtSessionsConfig(signing_secret=secrets.token_urlsafe(32))
        sessions = JwtSessionService(store, config)
        pair = await sessions.authenticate("ada")
        pair = await sessions.rotate(pair.refresh_token)
        print((await sessions.validate(pair.access_token)).session.gen)

asyncio.run(main())
""",
    )
    assert printed == "1\n"


def test_the_wheels_suite_runs_from_an_empty_folder(authoring: Environment) -> None:
    """The installed suite judges a store under strict markers, with warnings as errors."""
    (authoring.empty / "my_store.py").write_text(STORE)
    (authoring.empty / "test_my_store.py").write_text(SUITE)
    printed = authoring.run("pytest", "--strict-markers", "-W", "error", "-q")
    assert "conformant" in printed
    assert "non-conformant" not in printed
    plugins = json.loads(authoring.run("python", "-c", INSTALLED))["names"]
    assert not {"pytest-asyncio", "anyio"} & set(plugins)


def test_the_wheels_command_judges_a_store(authoring: Environment) -> None:
    """The installed command judges an importable factory in the current folder."""
    (authoring.empty / "my_store.py").write_text(STORE)
    command = ["jwtsession-conformance", "store", "my_store:factory"]
    printed = authoring.run(*command, "--capabilities", "shared")
    assert "\nconformant" in printed
    explained = authoring.run(command[0], "explain", "STORE-SWAP-ATOMIC")
    assert "STORE-SWAP-ATOMIC" in explained


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("jwtsession-core", "jwtsession"),
        ("jwtsession-spec", "jwtsession_spec"),
        ("jwtsession-stores", "jwtsession_stores"),
        ("jwtsession-conformance", "jwtsession_conformance"),
    ],
)
def test_archives_hold_their_package_and_no_other(
    archives: dict[str, Path], name: str, package: str
) -> None:
    """A wheel holds one package, typed, with its licence; an sdist not the repository."""
    wheel = next(archives[name].glob("*.whl"))
    files = zipfile.ZipFile(wheel).namelist()
    assert {file.split("/")[0] for file in files if ".dist-info/" not in file} == {package}
    assert f"{package}/py.typed" in files
    assert any(file.endswith("licenses/LICENSE") for file in files)
    with tarfile.open(next(archives[name].glob("*.tar.gz"))) as sdist:
        tops = {member.split("/")[1] for member in sdist.getnames() if "/" in member}
    allowed = {package, "pyproject.toml", "README.md", "LICENSE", "PKG-INFO", ".gitignore"}
    assert tops <= allowed
