"""A service over a store in memory that can be taken down, and its plain ASGI front."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgi_driving import Exchange, Headers, exchange
from jwtsession_stores.memory import MemoryStore

from jwtsession.asgi import JwtLayer, JwtSession, session_of
from jwtsession.errors import StoreUnavailable
from jwtsession.service import JwtSessionService
from jwtsession.testing import EventRecorder, ManualClock, settings

START = 1_800_000_000


class SwitchedStore:
    """A store in memory that notes its calls, and answers none while it is down."""

    def __init__(self) -> None:
        self._inner = MemoryStore()
        self.down = False
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._inner, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            if self.down:
                raise StoreUnavailable from ConnectionError("db1.internal refused")
            return await method(*args, **kwargs)

        return call


class Bench:
    """Everything that a test of the web layers stands on."""

    def __init__(self, access_claims: Any = None, **changes: Any) -> None:
        self.store = SwitchedStore()
        self.clock = ManualClock(START)
        self.events = EventRecorder()
        self.config = settings(**changes)
        self.service = JwtSessionService(
            self.store,  # type: ignore[arg-type]
            self.config,
            clock=self.clock,
            events=self.events,
            access_claims=access_claims,
        )

    def layer(self, app: Any = None, **options: Any) -> JwtLayer:
        """Return the layer around an application, `routes` by default."""
        return JwtLayer(routes if app is None else app, self.service, **options)

    async def ask(
        self, method: str = "GET", path: str = "/me", *, app: Any = None, **request: Any
    ) -> Exchange:
        """Send one request to `routes` or another application in the layer."""
        return await exchange(self.layer(app), method, path, **request)


def bearer(token: str) -> Headers:
    """Return the header that presents an access token."""
    return [("authorization", f"Bearer {token}")]


async def reply(send: Any, status: int, text: str = "") -> None:
    """Answer in plain ASGI."""
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})


async def routes(scope: Any, receive: Any, send: Any) -> None:
    """Serve each operation under a path of its own, in plain ASGI, without a framework."""
    sessions: JwtSession = session_of(scope)
    answers = {
        "/me": lambda: _me(sessions),
        "/open": lambda: _open(sessions),
        "/claims": lambda: _claims(sessions),
        "/in": lambda: _in(sessions),
        "/refresh": lambda: _refresh(sessions),
        "/out": lambda: _out(sessions),
        "/list": lambda: _list(sessions),
        "/revoke": lambda: _revoke(sessions, scope["query_string"].decode()),
        "/revoke-all": lambda: _revoke_all(sessions),
        "/revoke-others": lambda: _revoke_others(sessions),
        "/data": lambda: _data(sessions),
    }
    text = await answers[scope["path"]]()
    del receive
    await reply(send, 200, text)


async def _me(sessions: JwtSession) -> str:
    return sessions.require().user_id


async def _open(sessions: JwtSession) -> str:
    session = sessions.current()
    return "nobody" if session is None else session.user_id


async def _claims(sessions: JwtSession) -> str:
    return str(sessions.require_claims()["sub"])


async def _in(sessions: JwtSession) -> str:
    pair = await sessions.authenticate("ada")
    return f"{pair.access_token} {pair.refresh_token}"


async def _refresh(sessions: JwtSession) -> str:
    pair = await sessions.rotate()
    return f"{pair.access_token} {pair.refresh_token}"


async def _out(sessions: JwtSession) -> str:
    return str(await sessions.logout())


async def _list(sessions: JwtSession) -> str:
    return " ".join(session.id for session in await sessions.list())


async def _revoke(sessions: JwtSession, session_id: str) -> str:
    await sessions.revoke(sessions.require().user_id, session_id)
    return "ended"


async def _revoke_all(sessions: JwtSession) -> str:
    return str(await sessions.revoke_all(sessions.require().user_id))


async def _revoke_others(sessions: JwtSession) -> str:
    session = sessions.require()
    return str(await sessions.revoke_all_except(session.user_id, session.id))


async def _data(sessions: JwtSession) -> str:
    await sessions.replace_data({"theme": "dark"})
    return "kept"
