"""The example application in two worker processes on a free loopback port."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

READY_WITHIN_SECS = 30


@asynccontextmanager
async def two_workers(folder: Path, settings: dict[str, str]) -> AsyncGenerator[int]:
    """Run the application over a database in this folder; answer its port."""
    port = _free_port()
    log = folder / "server.log"
    command = [sys.executable, "-m", "uvicorn", "examples.app.main:app"]
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            *options,
            env={**os.environ, **settings},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            await _answers(port, process, log)
            yield port
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(READY_WITHIN_SECS * 10):
        if process.returncode is not None:
            break
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            await writer.wait_closed()
            return
    message = f"the example application did not start; its log says:\n{log.read_text()}"
    raise SystemExit(message)
