"""For the tests of applications: a clock to move, a user who is signed in, the events.

    clock, events = ManualClock(), EventRecorder()
    service = JwtSessionService(MemoryStore(), settings(), clock=clock, events=events)
    app = create_app(service)

    async def test_a_session_ends_after_a_year() -> None:
        ada = await sign_in(service, "ada")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), ...) as client:
            assert (await client.get("/me", headers=ada.headers)).status_code == 200
            clock.advance(366 * 86400)
            assert (await client.get("/me", headers=ada.headers)).status_code == 401

Nothing here knows a framework, a test runner or a store. `SignedIn.headers` go with every
client there is: Starlette's ``TestClient``, ``httpx`` over ASGI, a real one over a socket.
In a test that is not asynchronous, ``asyncio.run(sign_in(...))`` does it, with a store
that lives in memory or in another process.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jwtsession.config import JwtSessionsConfig
from jwtsession.errors import ConfigInvalid
from jwtsession.sources import parts
from jwtsession.transport.places import BearerSource, CookieSource, HeaderSource
from jwtsession.web.delivery import access_cookies, refresh_cookies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.models import TokenPair
    from jwtsession.protocols import Event
    from jwtsession.web.identity import ConfiguredService

__all__ = ["EventRecorder", "ManualClock", "SignedIn", "settings", "sign_in"]


class ManualClock:
    """A clock that stands still until it is moved. Give it to the service.

    Args:
        start: Seconds since the epoch; the real present if None, so that cookies and
            servers that look at a clock of their own see nothing strange.
    """

    def __init__(self, start: int | None = None) -> None:
        self._now = int(time.time()) if start is None else start

    def now(self) -> int:
        """Return the present, in whole seconds since the epoch."""
        return self._now

    def advance(self, secs: int) -> None:
        """Move forward by ``secs`` seconds, or back by as many where it is negative."""
        self._now += secs


class EventRecorder:
    """An event sink that remembers. Give it to the service.

    Attributes:
        events: What happened, oldest first.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event, /) -> None:
        """Note one event."""
        self.events.append(event)

    @property
    def names(self) -> list[str]:
        """The names of what happened, oldest first."""
        return [str(event.name) for event in self.events]

    def clear(self) -> None:
        """Forget what happened so far."""
        self.events.clear()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user who is signed in. Its ``repr`` shows no token.

    Attributes:
        user_id: Who.
        pair: The tokens of the sign-in.
        headers: What to send with each request, to any client.
    """

    user_id: str
    pair: TokenPair
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"SignedIn({self.user_id!r}, session_id={self.pair.session_id!r})"


def settings(**changes: Any) -> JwtSessionsConfig:
    """Return a configuration with a fresh secret, and the defaults but for ``changes``.

    Raises:
        ConfigInvalid: The changes are wrong, all of them at once.
    """
    if "keys" not in changes:
        changes.setdefault("signing_secret", secrets.token_urlsafe(48))
    return JwtSessionsConfig(**changes)


async def sign_in(
    service: ConfiguredService,
    user_id: str,
    meta: Mapping[str, Any] | None = None,
    *,
    data: Mapping[str, Any] | None = None,
) -> SignedIn:
    """Sign a user in, past the application's own sign-in, and say what to send.

    The headers carry the access token as the configuration wants it, and where tokens
    are cookies the refresh token too, as a browser would.

    Args:
        service: The service that the application under test runs with.
        user_id: Who.
        meta: As for ``authenticate``.
        data: As for ``authenticate``.

    Raises:
        ConfigInvalid: The access token is looked for where no header can put it: send
            ``pair.access_token`` there yourself, after ``service.authenticate``.
    """
    config = service.config
    places = list(parts(config.access_token_source))
    pair = await service.authenticate(user_id, meta, data=data)
    if any(isinstance(place, CookieSource) for place in places):
        cookies = [(each.name, pair.access_token) for each in access_cookies(config)[:1]]
        cookies += [(each.name, pair.refresh_token) for each in refresh_cookies(config)[:1]]
        sent = "; ".join(f"{name}={value}" for name, value in cookies)
        return SignedIn(user_id, pair, {"Cookie": sent})
    for place in places:
        if isinstance(place, BearerSource):
            bearer = {"Authorization": f"Bearer {pair.access_token}"}
            return SignedIn(user_id, pair, bearer)
        if isinstance(place, HeaderSource):
            return SignedIn(user_id, pair, {place.name: pair.access_token})
    raise ConfigInvalid(
        "access_source reads no header: send pair.access_token where it looks, "
        "after service.authenticate"
    )
