"""What happens to sessions, told to whoever listens (``events.toml`` is the catalogue).

Events are for operators and for security logs: which session, when, what. They never
carry a token, a secret or a hash (SERVICE-EVENT-SILENT).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jwtsession.models import SessionKey
    from jwtsession.protocols import Event, EventSink

__all__ = ["DETAIL", "Announcer", "EventName", "SessionEvent", "log_events"]

_log = logging.getLogger("jwtsession.events")


class EventName(StrEnum):
    """The names of the catalogue."""

    SIGNED_IN = "signed_in"
    ROTATED = "rotated"
    REFRESH_RETRIED = "refresh_retried"
    REFRESH_REPEATED = "refresh_repeated"
    REFRESH_REUSED = "refresh_reused"
    REFRESH_FORGED = "refresh_forged"
    LOST_WRITE_REPAIRED = "lost_write_repaired"
    LOST_WRITE_ENDED = "lost_write_ended"
    EVICTED = "evicted"
    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    REVOKED_ALL = "revoked_all"


DETAIL: Final[Mapping[EventName, tuple[str, ...]]] = MappingProxyType(
    {
        EventName.SIGNED_IN: ("meta",),
        EventName.ROTATED: ("gen", "seen"),
        EventName.REFRESH_RETRIED: ("gen", "seen", "seen_before"),
        EventName.REFRESH_REPEATED: ("gen", "seen", "seen_before"),
        EventName.REFRESH_REUSED: ("gen", "presented_gen", "seen", "seen_before"),
        EventName.REFRESH_FORGED: ("reason", "gen", "presented_gen", "seen"),
        EventName.LOST_WRITE_REPAIRED: ("presented_gen", "seen"),
        EventName.LOST_WRITE_ENDED: ("gen", "presented_gen", "seen"),
        EventName.EVICTED: ("by",),
        EventName.SIGNED_OUT: (),
        EventName.REVOKED: (),
        EventName.REVOKED_ALL: ("count", "kept"),
    }
)
"""The members of each event's ``detail``: always there, and no others."""

_ALARMS: Final = frozenset(
    {
        EventName.REFRESH_REUSED,
        EventName.REFRESH_FORGED,
        EventName.LOST_WRITE_REPAIRED,
        EventName.LOST_WRITE_ENDED,
    }
)
"""The events whose severity is warning; every other one is for information."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """One event. See `jwtsession.protocols.Event` for the attributes."""

    name: EventName
    at: int
    user_id: str | None
    session_id: str | None
    detail: Mapping[str, Any] = field(repr=False)


class Announcer:
    """Tells a sink what happened; what the sink raises goes no further.

    Args:
        sink: Who listens.
    """

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink

    def tell(
        self,
        name: EventName,
        at: int,
        key: SessionKey | tuple[str | None, None],
        **facts: Any,  # of which the event takes the members that are its own
    ) -> None:
        """Announce one event about a session, a user, or nobody that can be named."""
        user_id, session_id = key
        event = SessionEvent(
            name=name,
            at=at,
            user_id=user_id,
            session_id=session_id,
            detail={member: facts[member] for member in DETAIL[name]},
        )
        try:
            self._sink(event)
        except Exception:  # noqa: BLE001 - whatever a sink raises, the request is right
            _log.exception("the event sink failed on %s", name.value)


def log_events(event: Event, /) -> None:
    """Write each event to the logger ``jwtsession.events``: alarms as warnings.

    The names and ids are logged, the detail is attached as ``extra`` for a structured
    handler to pick up. This is the sink of a service that was given none.
    """
    alarm = event.name in _ALARMS
    _log.log(
        logging.WARNING if alarm else logging.INFO,
        "%s session=%s",
        event.name,
        event.session_id,
        extra={"jwtsession_event": event},
    )
