"""``make demo``: sessions at work, then two stores judged. Nothing to press."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from examples.demo.narration import NotAsSpecifiedError, heading
from examples.demo.server import two_workers
from examples.demo.story import SETTINGS, tell
from examples.demo.verdicts import judge_the_racy_store, judge_the_sqlite_store

REPORT = Path.cwd() / "build" / "report.json"


async def demo() -> None:
    """Run the three parts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        heading("1. An application in two processes, three devices, one stolen token")
        settings = {**SETTINGS, "JWTSESSION_EXAMPLE_DIR": name}
        async with two_workers(folder, settings) as port:
            await tell(port)
        await judge_the_sqlite_store(folder, REPORT)
        await judge_the_racy_store(folder)


def main() -> int:
    """Run the demo; a step that went otherwise than specified is exit status 1."""
    began = time.monotonic()
    try:
        asyncio.run(demo())
    except NotAsSpecifiedError as error:
        print(f"\nNot as specified: {error}", file=sys.stderr)
        return 1
    heading(f"As specified, in {time.monotonic() - began:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
