"""Opening a file: whose it is, which version it has, who may read it."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from jwtsession_stores.sql.sqlite import SqliteStore, opening, versions
from jwtsession_stores.sql.sqlite.calls import Call
from jwtsession_stores.sql.sqlite.patience import patiently
from jwtsession_stores.sql.statements import migrations, queries, schema, split
from own_loop import own_loop
from session_records import key, record

from jwtsession.errors import ConfigInvalid, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKAGE = "jwtsession_stores.sql.sqlite"
NO_PATHS = {
    "empty": ("", "empty or holds NUL"),
    "here": (".", "empty or holds NUL"),
    "NUL": ("a\0b", "empty or holds NUL"),
    "memory": (":memory:", "MemoryStore"),
    "URI": ("file:sessions.db?mode=ro", "a URI"),
    "surrogate": ("\ud800", "cannot be written"),
    "huge": ("x/" * 100_000, "too long"),
    "bytes": (b"sessions.db", "neither text nor"),
    "None": (None, "neither text nor"),
    "number": (1, "neither text nor"),
    "list": (["sessions.db"], "neither text nor"),
}
NO_TIMEOUTS = (-1, 3601, float("nan"), float("inf"), "5", None, True, [5])


@pytest.mark.parametrize(("path", "why"), NO_PATHS.values(), ids=NO_PATHS)
def test_a_path_that_no_file_can_have_is_refused(path: str, why: str) -> None:
    """The error comes when the store is made, before anything is opened."""
    with pytest.raises(ConfigInvalid, match=why):
        SqliteStore(path)


@pytest.mark.parametrize("timeout", NO_TIMEOUTS)
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    """A time-out is a number of seconds."""
    with pytest.raises(ConfigInvalid, match="from 0 to 3600"):
        SqliteStore("sessions.db", busy_timeout_secs=timeout)


def _names(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


def _modes(directory: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}


def _directory(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _text(path: Path) -> None:
    path.write_text("Dear diary, this is not a database at all.\n" * 100)


def _circle(path: Path) -> None:
    path.symlink_to(path)


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE sessions (user_id, id)")


def _other_owner(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA application_id = 252006673")


def _other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 1")


def _after(*statements: str) -> Callable[[Path], None]:
    def alter(path: Path) -> None:
        opening.connect(str(path)).close()
        with closing(sqlite3.connect(path)) as ours:
            for statement in statements:
                ours.execute(statement)

    return alter


UNUSABLE = {
    "a directory": (_directory, "a directory or a device: name a file"),
    "a pipe": (_pipe, "a directory or a device: name a file"),
    "text": (_text, "no SQLite database"),
    "a link to itself": (_circle, "lead in a circle"),
    "another database": (_other_database, "another application's"),
    "another owner": (_other_owner, "another application's"),
    "another version": (_other_version, "another application's"),
    "newer": (_after("PRAGMA user_version = 2"), "upgrade jwtsession-stores"),
    "no table": (_after("DROP TABLE sessions"), "altered"),
    "no index": (_after("DROP INDEX sessions_expires_at"), "altered"),
    "a column more": (_after("ALTER TABLE sessions ADD COLUMN note"), "altered"),
    "a column renamed": (
        _after("ALTER TABLE sessions RENAME COLUMN seen TO known"),
        "altered",
    ),
    "a trigger": (
        _after("CREATE TRIGGER t AFTER UPDATE ON sessions BEGIN DELETE FROM sessions; END"),
        "altered",
    ),
    "user ids without case": (
        _after(
            "DROP TABLE sessions",
            split(schema(PACKAGE))[0].replace("BLOB", "BLOB COLLATE NOCASE", 1),
            "CREATE INDEX sessions_expires_at ON sessions (expires_at)",
        ),
        "altered",
    ),
}


@pytest.mark.parametrize(("make", "why"), UNUSABLE.values(), ids=UNUSABLE)
@own_loop
async def test_a_file_that_is_not_ours_is_named_and_left_alone(
    make: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    """ConfigInvalid says what to change, no byte is written, and nothing stays open."""
    path = tmp_path / "sessions.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    store = SqliteStore(path)
    for _ in ("first", "again"):
        with pytest.raises(ConfigInvalid, match=why):
            await store.__aenter__()
        with pytest.raises(StoreUnavailable, match="not open"):
            await store.get(key(), now=0)
    assert before == (path.read_bytes() if path.is_file() else None)


def test_a_refused_file_is_closed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection does not wait for the garbage collector."""
    path = tmp_path / "sessions.db"
    _other_database(path)
    made: list[sqlite3.Connection] = []
    whole = sqlite3.connect

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        made.append(whole(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(ConfigInvalid):
        opening.connect(str(path))
    (connection,) = made
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing/sessions.db", "its directory does not exist"),
        ("file/sessions.db", "a part of it is a file"),
        ("x" * 300, "it is too long"),
    ],
)
@own_loop
async def test_a_path_that_leads_nowhere_is_refused(
    path: str, why: str, tmp_path: Path
) -> None:
    """The error says which part of it, and has the system's as its cause."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigInvalid, match=why) as caught:
        async with SqliteStore(tmp_path / path):
            pass
    assert isinstance(caught.value.__cause__, OSError)
    assert _names(tmp_path) == ["file"]


@own_loop
async def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    """The file and its two companions are created 0600, whatever the umask."""
    old = os.umask(0)
    try:
        async with SqliteStore(tmp_path / "sessions.db") as store:
            await store.insert(record(), limit=None, now=0)
            modes = _modes(tmp_path)
    finally:
        os.umask(old)
    assert modes == {
        "sessions.db": 0o600,
        "sessions.db-wal": 0o600,
        "sessions.db-shm": 0o600,
    }


@own_loop
async def test_a_link_to_nothing_yet_creates_what_it_names(tmp_path: Path) -> None:
    """The file behind a link is created as carefully as any other."""
    (tmp_path / "link.db").symlink_to(tmp_path / "sessions.db")
    async with SqliteStore(tmp_path / "link.db") as store:
        await store.insert(record(), limit=None, now=0)
    assert stat.S_IMODE((tmp_path / "sessions.db").stat().st_mode) == 0o600


@own_loop
async def test_an_empty_file_is_taken(tmp_path: Path) -> None:
    """A file that somebody created beforehand, with nothing in it, is nobody's."""
    path = tmp_path / "sessions.db"
    path.touch()
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)


@own_loop
async def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """Synchronous is FULL (2) on the store's own connection, and the journal is WAL."""
    async with SqliteStore(tmp_path / "sessions.db") as store:
        pragmas = [
            await store._ask(
                Call(lambda c, name=name: c.execute(f"PRAGMA {name}").fetchone())
            )
            for name in ("synchronous", "journal_mode", "application_id", "user_version")
        ]
    assert pragmas == [(2,), (b"wal",), (0x4A575453,), (versions.VERSION,)]


def test_the_schema_is_what_the_migrations_make() -> None:
    """schema.sql and the migrations, one after another, give the same tables."""
    made: list[object] = []
    for scripts in ([schema(PACKAGE)], migrations(PACKAGE)):
        with closing(sqlite3.connect(":memory:")) as connection:
            for script in scripts:
                for statement in split(script):
                    connection.execute(statement)
            rows = connection.execute("SELECT type, name, tbl_name FROM sqlite_master")
            made.append((sorted(rows), versions._shape(connection)))
    assert made[0] == made[1]
    assert len(migrations(PACKAGE)) == versions.VERSION >= 1


@own_loop
async def test_an_older_file_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing migrations run when the file is opened; the sessions in it stay."""
    path = tmp_path / "sessions.db"
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
    second = "CREATE TABLE notes (text TEXT);\nINSERT INTO notes VALUES ('a;\nb');\n"
    monkeypatch.setattr(versions, "_MIGRATIONS", [*migrations(PACKAGE), second])
    monkeypatch.setattr(versions, "VERSION", versions.VERSION + 1)
    for _ in ("upgraded", "and only once"):
        async with SqliteStore(path) as store:
            assert await store.get(key(), now=0) == record()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT text FROM notes").fetchall() == [("a;\nb",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (versions.VERSION,)


@own_loop
async def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that a file lacks is done in one transaction, or nothing."""
    path = tmp_path / "sessions.db"
    async with SqliteStore(path) as store:
        await store.insert(record(), limit=None, now=0)
    broken = "CREATE TABLE notes (text TEXT);\nINSERT INTO nowhere VALUES (1);\n"
    with monkeypatch.context() as patch:
        patch.setattr(versions, "_MIGRATIONS", [*migrations(PACKAGE), broken])
        patch.setattr(versions, "VERSION", versions.VERSION + 1)
        with pytest.raises(StoreUnavailable) as caught:
            await SqliteStore(path).__aenter__()
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    async with SqliteStore(path) as store:
        assert await store.get(key(), now=0) == record()


def test_many_threads_may_create_one_file(tmp_path: Path) -> None:
    """Whoever comes first creates it, and the others find it whole."""
    failed: list[Exception] = []
    start = threading.Barrier(8)

    def connect(path: str) -> None:
        start.wait()
        try:
            patiently(partial(opening.connect, path), timeout_secs=60).close()
        except Exception as error:  # noqa: BLE001 - any is a failure of the test
            failed.append(error)

    for turn in range(10):
        threads = [
            threading.Thread(target=connect, args=(str(tmp_path / f"{turn}.db"),))
            for _ in range(8)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert failed == []


def test_an_old_sqlite_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that lacks what the statements use is refused at the start."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 23, 1))
    with pytest.raises(ConfigInvalid, match=r"take 3\.24 or newer"):
        opening.connect(str(tmp_path / "sessions.db"))
    assert list(tmp_path.iterdir()) == []


def test_every_statement_has_its_name() -> None:
    """queries.sql is cut where a name stands, and nothing is lost between."""
    named = queries(PACKAGE)
    assert {"insert", "get", "swap", "touch", "list", "purge_expired"} <= named.keys()
    assert all(
        text.startswith(("--", "SELECT", "INSERT", "UPDATE", "DELETE"))
        for text in named.values()
    )
