"""JWT sessions with rotation that survives races, retries and theft.

The names most applications need; the rest lives in its module: `jwtsession.protocols` for
who implements a store, `jwtsession.errors` for who handles errors, `jwtsession.keys` for
key rings, `jwtsession.fastapi` for FastAPI, `jwtsession.testing` for an application's
tests. Importing this imports no web framework.
"""

from jwtsession.asgi import JwtLayer, JwtSession
from jwtsession.config import JwtSessionsConfig
from jwtsession.errors import JwtSessionError, StoreUnavailable
from jwtsession.keys import Key, KeyRing
from jwtsession.models import Session, SessionKey, SessionRecord, TokenPair
from jwtsession.payload import JwtDecoder, JwtEncoder
from jwtsession.service import JwtSessionService
from jwtsession.web.view import SessionMeta

__all__ = [
    "JwtDecoder",
    "JwtEncoder",
    "JwtLayer",
    "JwtSession",
    "JwtSessionError",
    "JwtSessionService",
    "JwtSessionsConfig",
    "Key",
    "KeyRing",
    "Session",
    "SessionKey",
    "SessionMeta",
    "SessionRecord",
    "StoreUnavailable",
    "TokenPair",
]
