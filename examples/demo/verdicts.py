"""Two stores before the suite: one that ships, and one that reads before it writes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from examples.demo.narration import NotAsSpecifiedError, heading

CONFORMANT, NON_CONFORMANT = 0, 1
BROKEN = "STORE-SWAP-ATOMIC"


async def judge_the_sqlite_store(folder: Path, report: Path) -> None:
    """Judge the store the application above was running on, and keep the report."""
    heading("2. Is the store it runs on any good? Ask the conformance suite")
    report.parent.mkdir(exist_ok=True)
    target = "jwtsession_stores.sql.sqlite:factory"
    options = ["--capabilities", "shared,processes,durable", "--json", str(report)]
    code, _ = await _judge(target, *options, folder=folder)
    verdict = json.loads(report.read_text(encoding="utf-8"))["verdict"]
    if (code, verdict) != (CONFORMANT, "conformant"):
        message = f"the SQLite store is {verdict}, exit code {code}"
        raise NotAsSpecifiedError(message)
    print(f"\n  the whole report: {report.relative_to(Path.cwd())}")


async def judge_the_racy_store(folder: Path) -> None:
    """Judge a store that every test of one call at a time would pass."""
    heading("3. Would it notice? The same suite, and a store that reads, then writes")
    options = ["--capabilities", "shared"]
    code, printed = await _judge(
        "examples.demo.racy_store:factory", *options, folder=folder
    )
    if code != NON_CONFORMANT or BROKEN not in printed:
        message = f"the race was not found: exit code {code}"
        raise NotAsSpecifiedError(message)


async def _judge(target: str, *options: str, folder: Path) -> tuple[int, str]:
    """Run the command that anybody would run; show what it shows."""
    print(f"  $ jwtsession-conformance store {target} {' '.join(options)}\n", flush=True)
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "jwtsession_conformance", "store", target],
        *options,
        env={**os.environ, "JWTSESSION_SQLITE_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    printed = output.decode()
    print("".join(f"  {line}\n" for line in printed.splitlines()), flush=True)
    return process.returncode or 0, printed
