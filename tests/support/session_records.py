"""Records to put into stores, and the user ids that stores get wrong."""

from __future__ import annotations

from jwtsession.models import Replacement, SessionKey, SessionRecord

__all__ = [
    "FAR",
    "HOSTILE_USER_IDS",
    "hashed",
    "key",
    "record",
    "replacement",
    "session_id",
]

FAR = 2**53 - 1
"""The largest time; later than any present."""

HOSTILE_USER_IDS = (
    "alice",
    "Alice",
    "alice ",
    " alice",
    "alice\t",
    "alic",
    "alicea",
    "al%",
    "al_ce",
    "*",
    "[a]",
    "{alice}",
    "alice}",
    "a:b",
    "a/b",
    "../alice",
    "a\x1fb",
    "'; DROP TABLE sessions; --",
    '"',
    "\\",
    "1",
    "01",
    "1.0",
    "null",
    "é",
    "e\u0301",
    "Å",
    "\u212b",
    "ﬁ",
    "fi",
    "ß",
    "ss",
    "\u0131",
    "i",
    "I",
    "\u200b",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\U0010ffff",
    "\U0001f512",
    "\x01",
    "\x7f",
    "\n",
    "x" * 255,
    "x" * 254,
    "\U0010ffff" * 255,
)
"""Each is a user of its own, however alike some look."""


def session_id(number: int) -> str:
    """Return the ULID of this number; ids are in the order of their numbers."""
    digits = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + digits
    return digits


def hashed(number: int) -> bytes:
    """Return 32 bytes that differ for every number below 2¹⁶ and hold every byte value."""
    return number.to_bytes(2, "big") + bytes((number + at) % 256 for at in range(30))


def key(number: int = 1, user_id: str = "alice") -> SessionKey:
    """Return the key of ``record(number, user_id)``."""
    return SessionKey(user_id, session_id(number))


def record(
    number: int = 1,
    user_id: str = "alice",
    *,
    active: int = 10,
    expires: int = 1000,
    data: str = "{}",
) -> SessionRecord:
    """Return a session, live from 0 until ``expires``, whose fields all differ."""
    return SessionRecord(
        user_id=user_id,
        id=session_id(number),
        refresh_hash=hashed(0),
        gen=3,
        created_at=7,
        rotated_at=8,
        last_active_at=active,
        expires_at=expires,
        meta='{"meta":1}',
        data=data,
        seen='{"seen":1}',
    )


def replacement(number: int = 1, *, expires: int = 2000) -> Replacement:
    """Return what a swap to ``hashed(number)`` writes."""
    return Replacement(
        refresh_hash=hashed(number),
        gen=3 + number,
        rotated_at=20 + number,
        expires_at=expires,
        seen=f'{{"seen":{number}}}',
    )
