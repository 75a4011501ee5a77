"""The values that the law of a session deals in: questions, answers, outcomes.

`lifecycle` decides; a service shell carries these to and fro. All are frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from jwtsession.errors import JwtSessionError
    from jwtsession.models import Replacement, SessionKey, SessionRecord

__all__ = [
    "Ask",
    "Asked",
    "Attempt",
    "Get",
    "Mint",
    "Policy",
    "Presented",
    "Refuse",
    "Remove",
    "Repeat",
    "Signal",
    "Step",
    "Swap",
]


class Asked(StrEnum):
    """What the store was asked: the state of a refresh that waits for a record."""

    LOOKED = "looked"  # get: the token is young, and a line moves once per grace
    SWAPPED = "swapped"  # swap: move the line from the presented generation to the next
    REPAIRED = "repaired"  # swap: write back the record that the store has lost


class Signal(StrEnum):
    """What the shell announces of a refresh, beside its answer."""

    ROTATED = "rotated"
    RETRIED = "refresh_retried"
    REPEATED = "refresh_repeated"
    REUSED = "refresh_reused"
    FORGED = "refresh_forged"
    REPAIRED = "lost_write_repaired"
    LOST_ENDED = "lost_write_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The part of the configuration that the law depends on. Seconds throughout.

    Attributes:
        refresh_ttl_secs: A session ends this long after its last rotation.
        absolute_ttl_secs: It ends this long after sign-in in any case; None for never.
        reuse_grace_secs: How long a superseded token is taken for a retry; 0 for never.
        on_reuse: Whether certain reuse ends the session.
        on_lost_write: Whether a token ahead of its record repairs or ends the session.
        bind_access_to_generation: Whether a rotation supersedes access tokens.
    """

    refresh_ttl_secs: int
    absolute_ttl_secs: int | None
    reuse_grace_secs: int
    on_reuse: Literal["end", "refuse"] = "end"
    on_lost_write: Literal["repair", "end"] = "repair"
    bind_access_to_generation: bool = False

    def expires_at(self, now: int, signed_in_at: int) -> int:
        """Return until when a session lives that is rotated now."""
        idle_end = now + self.refresh_ttl_secs
        if self.absolute_ttl_secs is None:
            return idle_end
        return min(idle_end, signed_in_at + self.absolute_ttl_secs)

    def is_over(self, now: int, signed_in_at: int) -> bool:
        """Tell whether the absolute lifetime has passed."""
        return (
            self.absolute_ttl_secs is not None
            and now >= signed_in_at + self.absolute_ttl_secs
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The facts of an authentic refresh token.

    Attributes:
        key: The session it names.
        secret: The session secret it carries; 32 bytes.
        gen: The generation it names.
        iat: When its generation began.
        exp: Until when its session lived then.
        auth_time: When the user signed in.
    """

    key: SessionKey
    secret: bytes = field(repr=False)
    gen: int
    iat: int
    exp: int
    auth_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One refresh: what was presented, when, from where, under which policy."""

    presented: Presented
    policy: Policy
    now: int
    seen: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Get:
    """Ask the store to ``get``; the answer is a record or None."""

    key: SessionKey


@dataclass(frozen=True, slots=True)
class Swap:
    """Ask the store to ``swap``; the answer is a record or None."""

    key: SessionKey
    expected: bytes = field(repr=False)
    replacement: Replacement


@dataclass(frozen=True, slots=True)
class Remove:
    """Ask the store to ``remove``; the answer is a bool.

    The shell must not let a cancelled request cancel this one, and answers only after it.
    """

    key: SessionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Mint:
    """Answer the pair that the record stands for."""

    record: SessionRecord
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Answer the presented refresh token, byte for byte, and a fresh access token."""

    record: SessionRecord
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Raise this error. ``record`` is there where the law had one at hand."""

    error: type[JwtSessionError]
    signals: tuple[Signal, ...]
    record: SessionRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Put this question to the store, then ``resume``."""

    question: Get | Swap | Remove
    attempt: Attempt
    asked: Asked | Refuse  # what a record is judged as; what to refuse with after a removal
    rounds_left: int
    signals: tuple[Signal, ...] = ()


Step: TypeAlias = Ask | Mint | Repeat | Refuse
