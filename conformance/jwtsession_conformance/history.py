"""The calls a check made and the answers it got, written so that a person can follow.

A hash, a session id and a moment are named where they first appear (``hash#1``,
``session#1``, ``t+60``), so that a history is short, and never holds what a database
keeps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jwtsession.models import Replacement, SessionKey, SessionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Call", "Journal", "Names"]

LONGEST_HISTORY = 40
"""Lines of a history that are shown; the first calls and the last ones say most."""

UNANSWERED = object()


class Names:
    """Gives short names to what is long or secret.

    Args:
        start: The moment that is called ``t``.
        tag: What is at the end of the user ids that this suite draws; it is left out.
    """

    def __init__(self, start: int, tag: str) -> None:
        self._start = start
        self._tag = re.compile(rf"-{re.escape(tag)}(-\d+)?\Z")
        self._hashes: dict[bytes, str] = {}
        self._sessions: dict[str, str] = {}

    def hash(self, value: object) -> str:
        """Name a refresh hash."""
        if not isinstance(value, bytes):
            return f"a {type(value).__name__} for a hash"
        return self._hashes.setdefault(value, f"hash#{len(self._hashes) + 1}")

    def session(self, session_id: object) -> str:
        """Name a session id."""
        if not isinstance(session_id, str):
            return repr(session_id)[:40]
        return self._sessions.setdefault(session_id, f"session#{len(self._sessions) + 1}")

    def user(self, user_id: object) -> str:
        """Write a user id in ASCII, a long one shortened."""
        if not isinstance(user_id, str):
            return repr(user_id)[:40]
        user_id = self._tag.sub("", user_id)
        if len(user_id) <= 60:
            return ascii(user_id)
        return f"{user_id[:20]!a}...{user_id[-12:]!a} ({len(user_id)} code points)"

    def time(self, value: object) -> str:
        """Write a moment relative to the start, a far one as it is."""
        if not isinstance(value, int) or isinstance(value, bool):
            return repr(value)[:40]
        distance = value - self._start
        if abs(distance) > 400 * 86400:
            return str(value)
        return "t" if distance == 0 else f"t{distance:+d}"

    def text(self, value: object) -> str:
        """Write a text, a long one shortened."""
        written = ascii(value)
        return (
            written if len(written) <= 48 else f"{written[:40]}...' ({len(written)} long)"
        )

    def record(self, record: SessionRecord | None) -> str:
        """Write what distinguishes a record; its texts are left out."""
        if record is None:
            return "None"
        return (
            f"{self.session(record.id)} with {self.hash(record.refresh_hash)}, "
            f"gen {record.gen}, active {self.time(record.last_active_at)}, "
            f"expires {self.time(record.expires_at)}"
        )

    def key(self, key: SessionKey) -> str:
        """Write a key."""
        return f"{self.user(key.user_id)} {self.session(key.session_id)}"

    def field(self, name: str, value: object) -> str:
        """Write one field of a record."""
        if name == "refresh_hash":
            return self.hash(value)
        if name == "id":
            return self.session(value)
        if name == "user_id":
            return self.user(value)
        return self.time(value) if name.endswith("_at") else self.text(value)


@dataclass(slots=True)
class Call:
    """One call, from its start to its answer.

    Attributes:
        method: Which of the nine.
        arguments: By name.
        handle: Through which handle, where there is more than one.
        answer: What came back; ``UNANSWERED`` until then.
        error: What was raised instead.
        overlaps: Whether another call was still open when this one began.
    """

    method: str
    arguments: Mapping[str, Any]
    handle: str
    overlaps: bool
    answer: Any = UNANSWERED
    error: str | None = None

    @property
    def user_id(self) -> str | None:
        """Whose sessions the call is about; None for ``purge_expired``."""
        arguments = self.arguments
        if "record" in arguments:
            return str(arguments["record"].user_id)
        if "key" in arguments:
            return str(arguments["key"].user_id)
        return arguments.get("user_id")


@dataclass(slots=True)
class Journal:
    """The calls of the present scene, in the order in which they began."""

    names: Names
    calls: list[Call] = field(default_factory=list[Call])
    open_calls: int = 0

    def begin(self, method: str, handle: str, arguments: Mapping[str, Any]) -> Call:
        """Note that a call begins."""
        call = Call(method, arguments, handle, overlaps=self.open_calls > 0)
        self.open_calls += 1
        self.calls.append(call)
        return call

    def end(self) -> None:
        """Note that a call ended, however it did."""
        self.open_calls -= 1

    def missed(self, key: SessionKey) -> bool:
        """Return whether an earlier read in this scene did not find a session.

        The last read does not count: it is the one that is to be explained.
        """
        gets = [
            call.answer is None
            for call in self.calls
            if call.method == "get" and call.arguments["key"] == key
        ]
        lists = [
            key.session_id not in [one.id for one in call.answer]
            for call in self.calls
            if call.method == "list" and call.user_id == key.user_id and call.error is None
        ]
        return any(gets[:-1]) or any(lists[:-1])

    def latest(self, user_id: str) -> int:
        """Return the latest now that a call of a user, or a purge, was made with."""
        return max(
            (
                call.arguments["now"]
                for call in self.calls
                if call.method and call.user_id in (user_id, None)
            ),
            default=0,
        )

    def note(self, event: str) -> None:
        """Note something that is no call, such as closing every handle."""
        call = Call("", {}, "", overlaps=False, answer=event)
        self.calls.append(call)

    def clear(self) -> None:
        """Begin a new scene: what was before does not explain what follows."""
        self.calls.clear()

    def lines(self, users: Iterable[str] | None = None) -> tuple[str, ...]:
        """Write the history, one numbered line for each call.

        Args:
            users: Whose calls are shown; None shows all.
        """
        wanted = None if users is None else {*users, None}
        shown = [call for call in self.calls if wanted is None or call.user_id in wanted]
        many = len({call.handle for call in shown if call.method}) > 1
        written = [f"{n}. {self._line(call, many)}" for n, call in enumerate(shown, 1)]
        if len(written) <= LONGEST_HISTORY:
            return tuple(written)
        left_out = len(written) - LONGEST_HISTORY
        return (
            *written[:8],
            f"   ({left_out} more calls)",
            *written[8 - LONGEST_HISTORY :],
        )

    def _line(self, call: Call, many: bool) -> str:  # noqa: FBT001 - private
        if not call.method:
            return str(call.answer)
        beside = "beside it: " if call.overlaps else ""
        through = f" [{call.handle}]" if many else ""
        said = f"{beside}{call.method}({self._arguments(call)}){through}"
        if call.error is not None:
            return f"{said} raised {call.error}"
        if call.answer is UNANSWERED:
            return f"{said} -> no answer"
        return f"{said} -> {self._answer(call)}"

    def _arguments(self, call: Call) -> str:
        write: dict[str, Callable[[Any], str]] = {
            "record": lambda one: (
                f"{self.names.user(one.user_id)} {self.names.record(one)}"
            ),
            "key": self.names.key,
            "user_id": self.names.user,
            "expected": lambda one: f"expected {self.names.hash(one)}",
            "replacement": self._replacement,
            "data": lambda one: f"data {self.names.text(one)}",
            "keep": lambda one: f"keep {self.names.session(one)}",
            "limit": lambda one: f"limit {one}",
            "now": lambda one: f"now {self.names.time(one)}",
        }
        return ", ".join(write[name](value) for name, value in call.arguments.items())

    def _replacement(self, new: Replacement) -> str:
        return (
            f"replacement {self.names.hash(new.refresh_hash)}, gen {new.gen}, "
            f"expires {self.names.time(new.expires_at)}"
        )

    def _answer(self, call: Call) -> str:
        answer = call.answer
        if call.method == "insert":
            return f"[{', '.join(self.names.session(one) for one in answer)}]"
        if call.method == "list":
            return f"[{'; '.join(self.names.record(one) for one in answer)}]"
        if isinstance(answer, SessionRecord) or answer is None:
            return self.names.record(answer)
        return repr(answer)[:80]
