"""Identifiers and secrets: how they are made, and what they must look like.

The only module that draws random numbers for sessions. Session ids are ULIDs, so that
ids sort by the time of sign-in; nothing relies on it, and nobody may take one for a secret.
"""

from __future__ import annotations

import base64
import re
import secrets

from ulid import ULID

from jwtsession.errors import InvalidSessionId, InvalidUserId
from jwtsession.models import USER_ID_MAX_CODE_POINTS

__all__ = [
    "SECRET_BYTES",
    "check_session_id",
    "check_user_id",
    "is_session_id",
    "is_user_id",
    "new_secret",
    "new_session_id",
    "new_token_id",
]

SECRET_BYTES = 32
"""Length of a session secret: 256 bits."""

_TIMESTAMP_END = 2**48
"""A ULID has room for this many milliseconds, which ends in the year 10889."""

_CANONICAL_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_session_id(now: int) -> str:
    """Draw a session id: a canonical upper-case ULID, 26 characters.

    Args:
        now: The present, in whole seconds; it becomes the id's time.
    """
    millis = min(now * 1000, _TIMESTAMP_END - 1)
    return str(ULID.from_bytes(millis.to_bytes(6, "big") + secrets.token_bytes(10)))


def is_session_id(text: object) -> bool:
    """Whether this is a canonical upper-case ULID (TOKEN-SID)."""
    return isinstance(text, str) and _CANONICAL_ULID.fullmatch(text) is not None


def check_session_id(text: object) -> str:
    """Return the session id, or say what one is.

    Raises:
        InvalidSessionId: It is no canonical upper-case ULID.
    """
    if isinstance(text, str) and is_session_id(text):
        return text
    raise InvalidSessionId


def is_user_id(text: object) -> bool:
    """Whether this is a user id: 1 to 255 code points, no NUL, no lone surrogate."""
    if not isinstance(text, str) or not 0 < len(text) <= USER_ID_MAX_CODE_POINTS:
        return False
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def check_user_id(text: object) -> str:
    """Return the user id, or say what one is (TOKEN-SUB).

    Raises:
        InvalidUserId: It is no text, empty, too long, or holds NUL or a lone surrogate.
    """
    if isinstance(text, str) and is_user_id(text):
        return text
    raise InvalidUserId


def new_secret() -> bytes:
    """Draw a session secret: 32 random bytes."""
    return secrets.token_bytes(SECRET_BYTES)


def new_token_id() -> str:
    """Draw the ``jti`` of an access token: 128 random bits in base64url (TOKEN-ACCESS-JTI).

    It is drawn by itself and tells nothing about the session or its secret.
    """
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode("ascii")
