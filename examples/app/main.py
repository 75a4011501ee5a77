"""A FastAPI application with sessions: sign in, devices, refresh, sign out everywhere else.

    make serve

Settings come from the environment (``JWTSESSION_SIGNING_SECRET`` and so on). Sessions and
events are kept in the directory that ``JWTSESSION_EXAMPLE_DIR`` names, so any number of
worker processes share them; each answer names the process it came from.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from jwtsession_stores.sql.sqlite import SqliteStore
from pydantic import BaseModel, Field

from examples.app.event_log import EventLog
from examples.app.worker import NamedWorker
from jwtsession import JwtSessionsConfig, JwtSessionService, StoreUnavailable
from jwtsession.fastapi import (
    CurrentSession,
    Sessions,
    TokenAnswer,
    session_router,
    setup,
)

PAGE = Path(__file__).parent / "page"
CLIENT = Path(__file__).parents[2] / "spec" / "client" / "session-client.js"
CLEANING_INTERVAL_SECS = 600
USERS = {"ada": "Ada Lovelace", "grace": "Grace Hopper", "alan": "Alan Turing"}
SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class SignIn(BaseModel):
    """Who signs in, and on what. Checking a password is left out: that part is yours."""

    user: str
    device: str = Field(default="a browser", max_length=80)


class Me(BaseModel):
    """What a protected request sees of its session."""

    user: str
    name: str
    session_id: str
    generation: int
    signed_in_at: int
    expires_at: int


def create_app(environ: Mapping[str, str] | None = None) -> FastAPI:
    """Put the application together.

    Args:
        environ: Instead of the environment of the process.

    Raises:
        ConfigInvalid: Something in the environment is missing or wrong; it says what.
    """
    environ = os.environ if environ is None else environ
    folder = Path(environ.get("JWTSESSION_EXAMPLE_DIR") or "build/example")
    folder.mkdir(parents=True, exist_ok=True)
    events = EventLog(folder / "events.jsonl")
    store = SqliteStore(folder / "sessions.db")
    config = JwtSessionsConfig.from_env(environ)
    service = JwtSessionService(store, config, events=events)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with store, cleaning(service):
            yield
            await service.aclose()

    # The pages of the documentation would fetch scripts from elsewhere.
    app = FastAPI(
        title="jwtsession example", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    setup(app, service)
    app.add_middleware(NamedWorker)
    app.include_router(session_router(service), prefix="/auth")

    @app.post("/sign-in", tags=["example"])
    async def sign_in(form: SignIn, sessions: Sessions) -> TokenAnswer:
        if form.user not in USERS:
            raise HTTPException(403, f"there are only {', '.join(USERS)}")
        pair = await sessions.authenticate(form.user, {"device": form.device})
        return TokenAnswer.of(sessions, pair)

    @app.get("/me", tags=["example"])
    async def me(session: CurrentSession) -> Me:
        return Me(
            user=session.user_id,
            name=USERS[session.user_id],
            session_id=session.id,
            generation=session.gen,
            signed_in_at=session.created_at,
            expires_at=session.expires_at,
        )

    @app.get("/events", tags=["example"])
    def recent_events(limit: int = 50) -> list[dict[str, Any]]:
        """Show what happened. Yours would go to a log that only operators read."""
        return events.recent(limit)

    for path, file, kind in (
        ("/", PAGE / "index.html", "text/html"),
        ("/page.css", PAGE / "page.css", "text/css"),
        ("/page.js", PAGE / "page.js", "text/javascript"),
        ("/client.js", CLIENT, "text/javascript"),
    ):
        app.add_api_route(path, static(file, kind), include_in_schema=False)
    return app


def static(file: Path, kind: str) -> Any:
    """Return a handler that answers a file."""

    def answer() -> Response:
        return Response(file.read_bytes(), media_type=kind, headers=SAFE)

    return answer


@asynccontextmanager
async def cleaning(service: JwtSessionService) -> AsyncGenerator[None]:
    """Delete expired sessions now and then, as long as this is entered."""

    async def clean() -> None:
        while True:
            await asyncio.sleep(CLEANING_INTERVAL_SECS)
            with suppress(StoreUnavailable):  # next time, then
                await service.cleanup_expired()

    task = asyncio.create_task(clean())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def __getattr__(name: str) -> FastAPI:
    """Make ``app`` when a server asks for it, and not when somebody imports this."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
