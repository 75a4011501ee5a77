"""Several processes on one file, and processes that are killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from jwtsession_stores.sql.sqlite import SqliteStore
from session_records import FAR, hashed, record

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from jwtsession.models import SessionRecord

    Processes = Callable[..., list[subprocess.Popen[str]]]

SCRIPT = Path(__file__).parent.parent / "support" / "sqlite_processes.py"
PROCESSES = 3
KILLS = 5
ENOUGH_KILLS = 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the shared file is."""
    return tmp_path / "sessions.db"


@pytest.fixture
def start(path: Path) -> Iterator[Processes]:
    """Return what starts processes of a role, all at one moment."""
    started: list[subprocess.Popen[str]] = []

    def start(role: str, *names: int) -> list[subprocess.Popen[str]]:
        ours = [
            subprocess.Popen(
                [sys.executable, "-W", "error", SCRIPT, role, path, str(name)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in names
        ]
        started.extend(ours)
        for one in ours:
            assert _pipe(one.stdout).readline() == '["ready"]\n'
        for one in ours:
            _pipe(one.stdin).write("go\n")
            _pipe(one.stdin).flush()
        return ours

    yield start
    for one in started:
        one.kill()
        one.communicate()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _said(processes: Sequence[subprocess.Popen[str]], word: str) -> list[object]:
    """Wait for the processes to end well, and return what they said."""
    lines = [line for one in processes for line in one.communicate()[0].splitlines()]
    assert [one.returncode for one in processes] == [0] * len(processes)
    words = [json.loads(line) for line in lines]
    assert {one[0] for one in words} <= {word}
    return [one[1] for one in words]


def _with_store(
    path: Path, use: Callable[[SqliteStore], Coroutine[None, None, None]]
) -> None:
    async def run() -> None:
        async with SqliteStore(path) as store:
            await use(store)

    asyncio.run(run())


def _listed(path: Path, user_id: str) -> Sequence[SessionRecord]:
    listed: list[SessionRecord] = []

    async def look(store: SqliteStore) -> None:
        listed.extend(await store.list(user_id, now=0))

    _with_store(path, look)
    return listed


def test_sign_ins_in_several_processes_never_overshoot(
    path: Path, start: Processes
) -> None:
    """Whoever signs in where, limit are left, and each other one was evicted once."""
    evicted = _said(start("sign_in", *range(PROCESSES)), "evicted")
    left = [one.id for one in _listed(path, "alice")]
    assert len(left) == 5
    assert Counter([*evicted, *left]).most_common(1)[0][1] == 1
    assert len(evicted) + 5 == PROCESSES * 8 * 10


def test_one_token_is_spent_in_one_process(path: Path, start: Processes) -> None:
    """Every generation is left by one swap, wherever it came from."""

    async def sign_in(store: SqliteStore) -> None:
        await store.insert(
            replace(record(expires=FAR), gen=0, refresh_hash=hashed(0)), limit=1, now=0
        )

    _with_store(path, sign_in)
    moved = _said(start("rotate", *range(PROCESSES)), "moved")
    (left,) = _listed(path, "alice")
    assert sorted(moved, key=str) == sorted(range(left.gen), key=str)
    assert left.refresh_hash == hashed(left.gen)
    assert 10 <= left.gen <= PROCESSES * 8 * 10


def test_a_session_is_ended_by_one_process(path: Path, start: Processes) -> None:
    """Of the removals of one session everywhere, one answers true."""

    async def sign_in(store: SqliteStore) -> None:
        await asyncio.gather(
            *(store.insert(record(n, expires=FAR), limit=None, now=0) for n in range(100))
        )

    _with_store(path, sign_in)
    ended = _said(start("end", *range(PROCESSES)), "ended")
    assert sorted(ended, key=str) == sorted(range(100), key=str)
    assert _listed(path, "alice") == []


def _lost(path: Path, start: Processes, role: str, name: int) -> int:
    """Kill a process that writes, and return how many acknowledged sessions are gone."""
    (one,) = start(role, name)
    lines = [_pipe(one.stdout).readline() for _ in range(50 + 37 * name)]
    one.kill()
    rest, _ = one.communicate()
    lines += rest.splitlines(keepends=True)
    acknowledged = {json.loads(line)[1] for line in lines if line.endswith("\n")}
    assert len(acknowledged) >= 50
    return len(acknowledged - {found.id for found in _listed(path, f"killed {name}")})


def test_a_killed_process_loses_nothing_it_acknowledged(
    path: Path, start: Processes
) -> None:
    """Kill -9 in the middle of a batch: every answer had been committed."""
    assert [_lost(path, start, "write", name) for name in range(KILLS)] == [0] * KILLS


def test_a_store_that_answers_early_is_seen_to_lose(path: Path, start: Processes) -> None:
    """The control: were the answer given before the commit, the same kill would show it."""
    assert any(_lost(path, start, "write_early", name) for name in range(ENOUGH_KILLS))
