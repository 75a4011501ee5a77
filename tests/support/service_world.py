"""A service in a world of its own: a store, a clock set by hand, and everything heard.

``now`` is `START` until a test moves the clock; nothing sleeps.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from jwtsession_stores.memory import MemoryStore

from jwtsession.codec import JwtCodec, parse_refresh_jti, refresh_jti
from jwtsession.config import JwtSessionsConfig
from jwtsession.models import SessionKey
from jwtsession.service import JwtSessionService

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jwtsession.models import Session, SessionRecord, TokenPair
    from jwtsession.protocols import Event, SessionStore

__all__ = [
    "GRACE",
    "SIGNING_SECRET",
    "START",
    "HandClock",
    "Heard",
    "World",
    "claims_of",
    "config_of",
    "secret_of",
    "world_of",
]

START = 1_700_000_000
"""When every world begins."""

GRACE = 30
"""The default of ``reuse_grace_secs``."""

SIGNING_SECRET = "d3b07384d113edec49eaa6238ad5ff00" * 2


class HandClock:
    """A clock that stands still until it is moved.

    Attributes:
        at: The present.
        reads: How often it was read.
    """

    def __init__(self, at: int = START) -> None:
        self.at = at
        self.reads = 0

    def now(self) -> int:
        """Return the present, and count that it was asked for."""
        self.reads += 1
        return self.at

    def advance(self, secs: int) -> int:
        """Move by this many seconds, back if negative, and return the present."""
        self.at += secs
        return self.at


class Heard(list["Event"]):
    """An event sink that keeps what it hears."""

    def __call__(self, event: Event, /) -> None:
        """Keep an event."""
        self.append(event)

    def names(self) -> list[str]:
        """Return the names heard, and forget the events."""
        names = [str(event.name) for event in self]
        self.clear()
        return names


@dataclass
class World:
    """A service and what stands around it."""

    store: SessionStore
    config: JwtSessionsConfig
    service: JwtSessionService
    clock: HandClock
    events: Heard = field(default_factory=Heard)

    @property
    def codec(self) -> JwtCodec:
        """What somebody signs with who holds the signing key."""
        return codec_of(self.config)

    async def record(self, pair: TokenPair, user_id: str = "ann") -> SessionRecord:
        """Return the record behind a pair, which must live."""
        record = await self.stored(pair, user_id)
        assert record is not None
        return record

    async def stored(self, pair: TokenPair, user_id: str = "ann") -> SessionRecord | None:
        """Return the record behind a pair, None where its session has ended."""
        return await self.store.get(SessionKey(user_id, pair.session_id), now=self.clock.at)

    async def listed(self, user_id: str = "ann") -> Sequence[str]:
        """Return the ids of a user's sessions, as the service lists them."""
        return [session.id for session in await self.sessions(user_id)]

    async def sessions(self, user_id: str = "ann") -> Sequence[Session]:
        """Return a user's sessions, as the service lists them."""
        return await self.service.list(user_id)

    def another(self, **parts: Any) -> World:
        """Return a second server on the same store, with parts of its own."""
        return world_of(parts.pop("store", self.store), **parts)

    def forge_refresh(self, token: str, **changes: Any) -> str:
        """Sign a refresh token like this one but for some claims: the key has leaked."""
        return self.codec.encode_refresh({**claims_of(token), **changes})

    def forge_generation(self, token: str, gen: int, **changes: Any) -> str:
        """Sign another generation of a token: the key and the token have leaked."""
        jti = refresh_jti(secret_of(token), gen)
        return self.forge_refresh(token, gen=gen, jti=jti, **changes)

    def forge_stranger(self, token: str, gen: int) -> str:
        """Sign a token of this session without its secret: only the key has leaked."""
        jti = refresh_jti(token_bytes(32), gen)
        return self.forge_refresh(token, gen=gen, jti=jti)


def world_of(
    store: SessionStore | None = None,
    *,
    clock: HandClock | None = None,
    events: Any = None,
    access_claims: Any = None,
    codec: Any = None,
    **settings: Any,
) -> World:
    """Build a world over a store, a memory store if None, with these settings."""
    clock = clock or HandClock()
    heard = Heard()
    store = MemoryStore() if store is None else store
    config = config_of(**settings)
    service = JwtSessionService(
        store,
        config,
        clock=clock,
        events=heard if events is None else events,
        access_claims=access_claims,
        codec=codec,
    )
    return World(store, config, service, clock, heard)


def config_of(**settings: Any) -> JwtSessionsConfig:
    """Return a configuration with a signing secret and the defaults, but for these."""
    return JwtSessionsConfig(signing_secret=SIGNING_SECRET, **settings)


def codec_of(config: JwtSessionsConfig) -> JwtCodec:
    """Return the codec that a service with this configuration makes for itself."""
    return JwtCodec(
        config.key_ring(), issuer=config.issuer, access_audience=config.access_audience
    )


def claims_of(token: str) -> Mapping[str, Any]:
    """Return the claims of a token without verifying anything."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def secret_of(refresh_token: str) -> bytes:
    """Return the session secret that a refresh token carries."""
    secret, _ = parse_refresh_jti(claims_of(refresh_token)["jti"])
    return secret
