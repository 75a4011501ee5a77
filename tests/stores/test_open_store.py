"""Stores by URL and by place: what is understood, and what is said to everything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jwtsession_stores
import pytest
from jwtsession_stores import memory, open_store
from jwtsession_stores.memory import MemoryStore
from jwtsession_stores.sql import sqlite
from jwtsession_stores.sql.sqlite import SqliteStore
from own_loop import own_loop
from session_records import key, record

from jwtsession.errors import ConfigInvalid

if TYPE_CHECKING:
    from jwtsession.protocols import StoreFactory

SECRET = "correct-horse"
BAD_URLS = {
    "empty": "",
    "no scheme": "sessions.db",
    "unknown scheme": "mongodb://host/db",
    "password": f"postgresql://alice:{SECRET}@host/db",
    "password before a host": f"sqlite://alice:{SECRET}@host/db",
    "two slashes": "sqlite://sessions.db",
    "no path": "sqlite:///",
    "scheme alone": "sqlite:",
    "options": f"sqlite:///sessions.db?key={SECRET}",
    "fragment": f"sqlite:///sessions.db#{SECRET}",
    "upper case": "MEMORY:",
    "blank before": " memory:",
    "NUL": "\0memory:",
    "huge": "sqlite:///" + SECRET * 10_000,
    "surrogate": "\ud800",
    "bytes": b"memory:",
    "None": None,
    "number": 3,
    "path": Path("sessions.db"),
    "nested": [["memory:"]],
}
BAD_PLACES = {
    "empty": "",
    "digit first": "1a",
    "upper case": "A",
    "not ASCII": "é",
    "line feed": "a\n",
    "blank": "a b",
    "NUL": "a\0",
    "up": "../a",
    "slash": "a/b",
    "too long": "a" * 64,
    "surrogate": "a\ud800",
    "other digits": "a\u0661",
    "bytes": b"a",
    "None": None,
    "number": 1,
}


def _names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


@pytest.mark.parametrize("url", BAD_URLS.values(), ids=BAD_URLS)
def test_a_url_that_names_no_store_is_told_which_do(url: str) -> None:
    """The error lists the forms there are, and shows nothing of what it was given."""
    with pytest.raises(ConfigInvalid, match=r"memory:(?s:.*)sqlite:///<path>") as caught:
        open_store(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("place", BAD_PLACES.values(), ids=BAD_PLACES)
@own_loop
async def test_a_bad_place_is_refused_by_name(
    factory: StoreFactory, place: str, tmp_path: Path
) -> None:
    """Nothing is opened, in memory or on the disk."""
    with pytest.raises(ConfigInvalid, match="1 to 63 of a-z"):
        async with factory(place):
            pass
    assert _names(tmp_path) == []


@own_loop
async def test_the_longest_place_is_a_place(factory: StoreFactory) -> None:
    """63 characters are enough and not too many."""
    async with factory("a" + "_9" * 31) as store:
        assert await store.get(key(), now=0) is None


@own_loop
async def test_memory_urls() -> None:
    """Without a place each store is its own; with one, everybody's."""
    async with open_store("memory:") as one, open_store("memory:") as other:
        assert isinstance(one, MemoryStore)
        await one.insert(record(), limit=None, now=0)
        assert await other.get(key(), now=0) is None
    async with open_store("memory:here") as one, memory.factory("here") as other:
        await one.insert(record(), limit=None, now=0)
        assert await other.get(key(), now=0) == record()
    with pytest.raises(ConfigInvalid, match="1 to 63 of a-z"):
        async with open_store(f"memory:{SECRET}!"):
            pass


@own_loop
async def test_sqlite_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes are relative to where one is now, four start at the root."""
    monkeypatch.chdir(tmp_path)
    relative = open_store("sqlite:///a%20b é.db")
    monkeypatch.chdir("/")
    async with relative as one, open_store(f"sqlite:///{tmp_path}/a%20b é.db") as other:
        assert isinstance(one, SqliteStore)
        await one.insert(record(), limit=None, now=0)
        assert await other.get(key(), now=0) == record()
    assert _names(tmp_path) == ["a%20b é.db"]


@own_loop
async def test_a_place_in_memory_lasts_while_a_handle_is_open() -> None:
    """The last handle that closes takes the sessions with it; a store in hand stays."""
    async with memory.factory("here") as outer:
        async with memory.factory("here") as inner:
            await inner.insert(record(), limit=None, now=0)
        assert await outer.get(key(), now=0) == record()
    async with memory.factory("here") as again:
        assert await again.get(key(), now=0) is None


@own_loop
async def test_a_place_of_sqlite_outlasts_its_handles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged is there when the place is opened again (STORE-DURABLE)."""
    monkeypatch.setenv("JWTSESSION_SQLITE_DIR", str(tmp_path))
    async with sqlite.factory("here") as store:
        await store.insert(record(), limit=None, now=0)
    assert _names(tmp_path) == ["here.db"]
    async with sqlite.factory("here") as store:
        assert await store.get(key(), now=0) == record()


def test_without_the_variable_places_are_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JWTSESSION_SQLITE_DIR, where it is set and not empty, is the directory of places."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    for value, where in (("", "tmp"), (str(tmp_path / "own"), "own")):
        monkeypatch.setenv("JWTSESSION_SQLITE_DIR", value)
        assert repr(sqlite.factory("a")) == f"SqliteStore('{tmp_path}/{where}/a.db')"


def test_importing_the_package_imports_no_driver() -> None:
    """A driver comes with the store that needs it, when that is opened."""
    code = (
        "import sys, jwtsession_stores as s\n"
        "assert not {'sqlite3', 'jwtsession_stores.memory'} & sys.modules.keys()\n"
        "s.open_store('memory:')\n"
        "assert 'sqlite3' not in sys.modules\n"
        "s.open_store('sqlite:///a.db')\n"
        "assert 'sqlite3' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_public_names_are_sorted_and_there() -> None:
    """Every name a module offers exists."""
    for module in (jwtsession_stores, memory, sqlite):
        assert list(module.__all__) == sorted(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)
