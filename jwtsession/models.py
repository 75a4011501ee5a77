"""The values that cross the protocols: frozen, plain, without behaviour.

``SessionKey``, ``SessionRecord`` and ``Replacement`` are what a store sees; ``Session``
and ``TokenPair`` are what an application sees. Times are whole seconds since the Unix
epoch, 0 ≤ t < 2⁵³, everywhere. Text is ``str`` without lone surrogates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DATA_MAX_BYTES",
    "INTEGER_END",
    "META_MAX_BYTES",
    "REFRESH_HASH_BYTES",
    "SEEN_MAX_BYTES",
    "USER_ID_MAX_CODE_POINTS",
    "Replacement",
    "Session",
    "SessionKey",
    "SessionRecord",
    "TokenPair",
    "Validated",
]

REFRESH_HASH_BYTES = 32
"""Length of ``refresh_hash``: one SHA-256."""

INTEGER_END = 2**53
"""Times and generations are below this, so that every JSON reader keeps them exact."""

USER_ID_MAX_CODE_POINTS = 255
"""A user id has 1 to this many code points."""

META_MAX_BYTES = 2048
"""Limit of ``meta``, in UTF-8 bytes."""

DATA_MAX_BYTES = 8192
"""Limit of ``data``, in UTF-8 bytes."""

SEEN_MAX_BYTES = 512
"""Limit of ``seen``, in UTF-8 bytes."""


class SessionKey(NamedTuple):
    """Which session: whose, and which of theirs.

    Attributes:
        user_id: 1 to 255 code points, any but NUL and lone surrogates. Compared exactly,
            byte for byte: no case folding, no Unicode normalisation, no trimming.
        session_id: A canonical upper-case ULID, 26 characters. Two users may have
            sessions of one id; the whole key tells them apart.
    """

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One session, as a store keeps it.

    A store keeps every field exactly as given and never looks inside ``meta``, ``data``
    and ``seen``. Nothing in a record lets its reader make a token.

    Attributes:
        user_id: Whose session it is (see `SessionKey`).
        id: The session id, a canonical upper-case ULID.
        refresh_hash: SHA-256 of the session secret and the generation; exactly 32 bytes.
        gen: How often the session has been rotated; 0 ≤ gen < 2⁵³.
        created_at: When the user signed in.
        rotated_at: When ``gen`` last moved; ``created_at`` before that.
        last_active_at: When the session was last seen alive; never moves backwards.
        expires_at: The session is *live* while ``expires_at > now``, and for no other
            reason.
        meta: From where the user signed in; canonical JSON text, at most 2 KiB in UTF-8.
        data: The application's own; canonical JSON text, at most 8 KiB in UTF-8.
        seen: From where the session last refreshed; canonical JSON text, at most 512
            bytes in UTF-8.
    """

    user_id: str
    id: str
    refresh_hash: bytes = field(repr=False)
    gen: int
    created_at: int
    rotated_at: int
    last_active_at: int
    expires_at: int
    meta: str = field(repr=False)
    data: str = field(repr=False)
    seen: str = field(repr=False)

    @property
    def key(self) -> SessionKey:
        """The key under which a store keeps this record."""
        return SessionKey(self.user_id, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The fields that a successful ``swap`` writes, exactly as given.

    Attributes:
        refresh_hash: The hash of the generation the session moves to; 32 bytes.
        gen: The generation it moves to. A store keeps it and never compares it.
        rotated_at: When the session moved.
        expires_at: Until when the session lives now; may be earlier than before.
        seen: From where the refresh came; canonical JSON text, at most 512 bytes.
    """

    refresh_hash: bytes = field(repr=False)
    gen: int
    rotated_at: int
    expires_at: int
    seen: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session, as an application sees it: a record without its hash.

    Attributes:
        user_id: Whose session it is.
        id: The session id.
        gen: How often it has been rotated.
        created_at: When the user signed in.
        rotated_at: When it was last rotated.
        last_active_at: When it was last seen alive, to within ``touch_interval_secs``.
        expires_at: When it ends unless it is rotated before.
        meta: What the application, or the middleware, noted at sign-in.
        data: What the application keeps with the session.
        seen: From where it last refreshed; empty before the first refresh.
    """

    user_id: str
    id: str
    gen: int
    created_at: int
    rotated_at: int
    last_active_at: int
    expires_at: int
    meta: Mapping[str, Any] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    seen: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> SessionKey:
        """The key of this session."""
        return SessionKey(self.user_id, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """What a sign-in or a refresh answers. Its ``repr`` shows no token.

    Attributes:
        access_token: Short-lived; sent with every request.
        refresh_token: Long-lived; sent only to refresh or to sign out.
        access_expires_at: When the access token stops being accepted.
        refresh_expires_at: When the session ends unless it is refreshed before.
        session_id: The session both belong to.
        refresh_repeated: The refresh token is the presented one again, byte for byte, so
            a cookie that carries it must not be set again: a slow answer would overwrite
            a newer one.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: int
    refresh_expires_at: int
    session_id: str
    refresh_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What an accepted access token proves.

    Attributes:
        claims: The token's claims, the application's own included.
        session: The live session behind it; None with ``stateful_validation = false``,
            where no store is asked.
    """

    claims: Mapping[str, Any] = field(repr=False)
    session: Session | None
