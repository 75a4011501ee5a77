"""The vectors of rotation: a token, a record, a policy and a time, and what must follow.

What must follow is written down here by hand, from the chapter *Rotation*; nothing is
computed with the library. ``python tests/support/rotation_vectors.py`` writes the file.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vector_making.document import Document

if TYPE_CHECKING:
    from vector_making.document import Group

__all__ = ["FILE", "document"]

FILE = Path(__file__).parents[2] / "spec/jwtsession_spec/vectors/rotation.json"

SECRET = bytes(range(32)).hex()
STRANGE = bytes(reversed(range(32))).hex()
ONE_BIT = (bytes(range(31)) + b"\x1e").hex()
USER, SID = "ann", "01J9Z3K8QTN6M4W2R5V7X1B3CD"
T0 = 1_800_000_000
TTL, ABSOLUTE, GRACE = 2_592_000, 31_536_000, 30
LATER = T0 + 5_000
SEEN, SEEN_NOW = '{"ip":"192.0.2.1"}', '{"ip":"198.51.100.7"}'
LAST_GEN = 2**53 - 2

NOTES = {
    "Boundary": (
        "BASIC",
        "The last second on one side of a limit, or the first on the other.",
    ),
    "Forged": (
        "AUTH_BYPASS",
        "Signed with a key of the ring, by someone without the secret.",
    ),
    "Innocent": ("FUNCTIONALITY", "A retry, a second tab or a lost answer: no thief."),
    "Lifetime": ("MISSING_CHECK", "The end of a session."),
    "LostWrite": ("FUNCTIONALITY", "The store has lost a write that it had acknowledged."),
    "Normal": ("BASIC", "What happens every quarter of an hour."),
    "Race": ("FUNCTIONALITY", "The store answers out of turn; answers says how."),
    "Reuse": ("AUTH_BYPASS", "A token that must have been copied."),
    "Skew": ("FUNCTIONALITY", "The clocks of two servers differ."),
}


def token(gen: int, iat: int, **other: Any) -> dict[str, Any]:
    """Return the facts of an authentic refresh token."""
    facts = {
        "user_id": USER,
        "session_id": SID,
        "secret": SECRET,
        "gen": gen,
        "iat": iat,
        "exp": iat + TTL,
        "auth_time": T0,
    }
    return facts | other


def record(
    gen: int, rotated_at: int, *, secret: str = SECRET, **other: Any
) -> dict[str, Any]:
    """Return what the store holds."""
    digest = sha256(bytes.fromhex(secret) + gen.to_bytes(8, "big")).hexdigest()
    fields = {
        "user_id": USER,
        "id": SID,
        "refresh_hash": digest,
        "gen": gen,
        "created_at": T0,
        "rotated_at": rotated_at,
        "last_active_at": rotated_at,
        "expires_at": rotated_at + TTL,
        "meta": '{"device":"phone"}',
        "data": "{}",
        "seen": SEEN,
    }
    return fields | other


def moved(now: int, before: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return the record after a rotation by this client."""
    fresh = record(before["gen"] + 1, now)
    kept = {name: before[name] for name in ("meta", "data", "created_at")}
    active = max(before["last_active_at"], now)
    return fresh | kept | {"last_active_at": active, "seen": SEEN_NOW} | other


class Case:
    """One presentation of one token, to which outcomes are then attached."""

    def __init__(
        self, group: Group, comment: str, requirement: str, *flags: str, **given: Any
    ) -> None:
        self.group, self.comment, self.requirement = group, comment, requirement
        self.flags, self.given = flags, given

    def answered(
        self,
        decision: str,
        calls: list[str],
        *,
        gen: int,
        iat: int,
        exp: int | None = None,
        after: dict[str, Any] | None = None,
        events: list[str] | None = None,
    ) -> None:
        """Expect a pair whose refresh token has these claims; ``after`` None: unchanged."""
        event = {"rotated": "rotated"}.get(decision, f"refresh_{decision}")
        self._add(
            decision=decision,
            refresh={"gen": gen, "iat": iat, "exp": iat + TTL if exp is None else exp},
            calls=calls,
            events=[event] if events is None else events,
            after=self.given["record"] if after is None else after,
        )

    def refused(
        self,
        code: str,
        decision: str,
        calls: list[str],
        *,
        events: tuple[str, ...] = (),
        removed: bool = False,
    ) -> None:
        """Expect a refusal that leaves the record as it was, or removes it."""
        self._add(
            decision=decision,
            calls=calls,
            events=list(events),
            after=None if removed else self.given["record"],
            code=code,
        )

    def _add(self, **expected: Any) -> None:
        fields = {"seen": SEEN_NOW, **self.given, **expected}
        self.group.add(self.comment, self.requirement, *self.flags, **fields)


def document() -> Document:
    """Return the vectors, made anew."""
    made = Document(
        file="rotation.json",
        schema="rotation.schema.json",
        algorithm="rotation",
        header=[
            "An authentic refresh token (presented), the one record in the store before",
            "(record, null where there is none), the present (now), from where the",
            "request comes (seen) and a policy give: the last decision of the law, the",
            "claims of the refresh token in the answer or the code of the refusal, the",
            "store calls and the events in order, and the record in the store afterwards",
            "(null where it is gone). Where answers is there, the store calls are answered",
            "with these, in order, whatever the store holds. Secrets and hashes are in",
            "hexadecimal.",
        ],
        notes={
            name: {"bugType": kind, "description": text}
            for name, (kind, text) in sorted(NOTES.items())
        },
    )
    for fill in (_line, _retries, _reuse, _ended, _forged, _lost, _races, _lifetimes):
        fill(made)
    _no_grace(made)
    _refuse_only(made)
    _end_on_loss(made)
    return made


def _group(made: Document, comment: str, **policy: Any) -> Group:
    default = {
        "refresh_ttl_secs": TTL,
        "absolute_ttl_secs": ABSOLUTE,
        "reuse_grace_secs": GRACE,
        "on_reuse": "end",
        "on_lost_write": "repair",
    }
    return made.group("Rotation", comment, policy=default | policy)


def _line(made: Document) -> None:
    group = _group(made, "the current token")
    start, one = record(0, T0), record(1, LATER)
    for name, now in (
        ("generation 0 moves at once, in the second of the sign-in", T0),
        ("generation 0 moves at once, one second later", T0 + 1),
        ("generation 0 long after the grace", LATER),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-EXTENDS", "Normal",
            presented=token(0, T0), record=start, now=now,
        )  # fmt: skip
        case.answered("rotated", ["swap"], gen=1, iat=now, after=moved(now, start))
    for name, flag, age in (
        ("generation 1 in the second it was minted", "Innocent", 0),
        ("generation 1 in the last second of its grace", "Boundary", GRACE - 1),
        ("generation 1, and this clock is 5 seconds behind", "Skew", -5),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-ONCE", flag,
            presented=token(1, LATER), record=one, now=LATER + age,
        )  # fmt: skip
        case.answered("repeated", ["get"], gen=1, iat=LATER)
    for name, age in (
        ("generation 1 in the first second after its grace", GRACE),
        ("generation 1 one second later", GRACE + 1),
    ):
        now = LATER + age
        case = Case(
            group, name, "SERVICE-ROTATE-ONCE", "Boundary",
            presented=token(1, LATER), record=one, now=now,
        )  # fmt: skip
        case.answered("rotated", ["swap"], gen=2, iat=now, after=moved(now, one))
    now = LATER + 900
    busy = record(7, LATER, last_active_at=now + 4, data='{"a": 1, "a": 2}')
    case = Case(
        group, "last_active_at is ahead of this clock and stays", "SERVICE-ROTATE-EXTENDS",
        "Skew", presented=token(7, LATER), record=busy, now=now,
    )  # fmt: skip
    case.answered("rotated", ["swap"], gen=8, iat=now, after=moved(now, busy))


def _retries(made: Document) -> None:
    group = _group(made, "one behind, within the grace")
    for name, flag, age in (
        ("one second after the move", "Innocent", 1),
        ("in the last second of the grace", "Boundary", GRACE - 1),
        ("this clock is 3 seconds behind", "Skew", -3),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-SAME", flag,
            presented=token(0, T0), record=record(1, LATER), now=LATER + age,
        )  # fmt: skip
        case.answered("retried", ["swap"], gen=1, iat=LATER)
    case = Case(
        group, "a twin in the same second, from elsewhere", "SERVICE-ROTATE-SAME",
        "Innocent", presented=token(0, T0), record=record(1, LATER), now=LATER,
    )  # fmt: skip
    case.answered("rotated", ["swap"], gen=1, iat=LATER)
    case = Case(
        group, "the retry itself does not move the time of the move",
        "SERVICE-ROTATE-GRACE-FIXED", "Boundary", presented=token(4, T0 + 900),
        record=record(5, LATER, last_active_at=LATER + 20), now=LATER + GRACE - 1,
    )  # fmt: skip
    case.answered("retried", ["swap"], gen=5, iat=LATER)
    case = Case(
        group, "a young token whose successor is already in use", "SERVICE-ROTATE-SAME",
        "Innocent", presented=token(1, LATER - 10), record=record(2, LATER), now=LATER + 5,
    )  # fmt: skip
    case.answered("retried", ["get"], gen=2, iat=LATER)
    shorter = record(1, LATER, expires_at=LATER + 600)
    case = Case(
        group, "the pair of the record is answered, with the record's own end",
        "SERVICE-ROTATE-SAME", "Innocent", presented=token(0, T0), record=shorter,
        now=LATER + 2,
    )  # fmt: skip
    case.answered("retried", ["swap"], gen=1, iat=LATER, exp=LATER + 600)


def _reuse(made: Document) -> None:
    group = _group(made, "certain reuse")
    for name, flag, gen, at, age in (
        ("one behind in the first second after the grace", "Boundary", 0, 1, GRACE),
        ("one behind one second later", "Boundary", 0, 1, GRACE + 1),
        ("one behind a month later", "Reuse", 3, 4, TTL - 1),
        ("two behind in the second of the move", "Reuse", 0, 2, 0),
        ("two behind in the last second of the grace", "Boundary", 1, 3, GRACE - 1),
        ("two behind, and this clock is behind", "Skew", 1, 3, -5),
        ("generation 0 against generation 1000", "Reuse", 0, 1000, 1),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-REUSE", flag,
            presented=token(gen, T0), record=record(at, LATER), now=LATER + age,
        )  # fmt: skip
        case.refused(
            "auth:refresh_reused", "reused", ["swap", "remove"],
            events=("refresh_reused",), removed=True,
        )  # fmt: skip
    case = Case(
        group, "a young token, two behind: found out without a swap",
        "SERVICE-ROTATE-REUSE", "Reuse", presented=token(1, LATER),
        record=record(3, LATER + 5), now=LATER + 10,
    )  # fmt: skip
    case.refused(
        "auth:refresh_reused", "reused", ["get", "remove"],
        events=("refresh_reused",), removed=True,
    )  # fmt: skip
    case = Case(
        group, "somebody else has ended the session meanwhile: no second alarm",
        "SERVICE-ROTATE-REUSE", "Race", presented=token(0, T0), record=None,
        now=LATER + GRACE, answers=[record(1, LATER), False],
    )  # fmt: skip
    case.refused("auth:refresh_reused", "reused", ["swap", "remove"])


def _ended(made: Document) -> None:
    group = _group(made, "the session has ended")
    for name, gen, call in (
        ("no record, generation 0", 0, "swap"),
        ("no record, a young token", 3, "get"),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-GONE", "Normal",
            presented=token(gen, LATER), record=None, now=LATER + 1,
        )  # fmt: skip
        case.refused("auth:session_not_found", "gone", [call])
    ended = record(1, T0, expires_at=LATER)
    for name, presented in (
        ("the record expires in this second", token(1, T0)),
        ("the record has expired, the token is two behind: no reuse", token(0, T0)),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-GONE", "Boundary",
            presented=presented, record=ended, now=LATER,
        )  # fmt: skip
        case.refused("auth:session_not_found", "gone", ["swap"])
    case = Case(
        group, "the record expires in the next second", "SERVICE-ROTATE-EXTENDS",
        "Boundary", presented=token(1, T0), record=ended, now=LATER - 1,
    )  # fmt: skip
    case.answered("rotated", ["swap"], gen=2, iat=LATER - 1, after=moved(LATER - 1, ended))
    for name, key in (
        ("the same session id under another user", {"user_id": "ANN"}),
        ("another session of the same user", {"id": "01J9Z3K8QTN6M4W2R5V7X1B3CE"}),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-GONE", "Forged",
            presented=token(0, T0), record=record(0, T0, **key), now=LATER,
        )  # fmt: skip
        case.refused("auth:session_not_found", "gone", ["swap"])


def _forged(made: Document) -> None:
    group = _group(made, "a signing key has leaked, the secret has not")
    for name, gen, iat, at, call in (
        ("of the current generation", 5, T0, 5, "swap"),
        ("of the current generation, young", 5, LATER, 5, "get"),
        ("of generation 0", 0, LATER, 0, "swap"),
        ("one behind, within the grace: no retry", 4, T0, 5, "swap"),
        ("two behind: the session is not ended", 3, T0, 5, "swap"),
        ("ahead: nothing is repaired", 6, T0, 5, "swap"),
        ("far ahead, with an iat in the future", LAST_GEN, LATER + 10**6, 5, "get"),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-FORGED", "Forged",
            presented=token(gen, iat, secret=STRANGE), record=record(at, LATER),
            now=LATER + 1,
        )  # fmt: skip
        events = ("refresh_forged",)
        case.refused("auth:refresh_forged", "forged", [call], events=events)
    case = Case(
        group, "the last bit of the secret differs", "SERVICE-ROTATE-FORGED", "Forged",
        presented=token(0, T0, secret=ONE_BIT), record=record(0, T0), now=LATER,
    )  # fmt: skip
    case.refused("auth:refresh_forged", "forged", ["swap"], events=("refresh_forged",))
    case = Case(
        group, "the secret of this session under the id of another",
        "SERVICE-ROTATE-FORGED", "Forged", presented=token(0, T0),
        record=record(0, T0, secret=STRANGE), now=LATER,
    )  # fmt: skip
    case.refused("auth:refresh_forged", "forged", ["swap"], events=("refresh_forged",))


def _lost(made: Document) -> None:
    group = _group(made, "the token is ahead of the record")
    back = record(1, T0 + 900)
    repaired = ["lost_write_repaired", "rotated"]
    for name, gen in (("by one", 2), ("by three", 4)):
        now = LATER + 900
        case = Case(
            group, f"{name}, after its grace: written back, then moved",
            "SERVICE-ROTATE-LOST-WRITE", "LostWrite", presented=token(gen, LATER),
            record=back, now=now,
        )  # fmt: skip
        case.answered(
            "rotated", ["swap", "swap", "swap"], gen=gen + 1, iat=now, events=repaired,
            after=record(gen + 1, now, seen=SEEN_NOW),
        )  # fmt: skip
    again = ["lost_write_repaired", "refresh_repeated"]
    for name, iat, rotated_at in (
        ("by one, within its grace: written back, then repeated", LATER, LATER),
        ("with an iat in the future: now is written", LATER + 1000, LATER + 7),
    ):
        now = LATER + 7
        presented = token(2, iat, exp=LATER + TTL)
        case = Case(
            group, name, "SERVICE-ROTATE-LOST-WRITE", "LostWrite",
            presented=presented, record=back, now=now,
        )  # fmt: skip
        written = record(2, rotated_at, last_active_at=now, expires_at=LATER + TTL)
        case.answered(
            "repeated", ["get", "swap", "get"], gen=2, iat=iat, exp=LATER + TTL,
            events=again, after=written | {"seen": SEEN_NOW},
        )  # fmt: skip
    now = LATER + 7
    case = Case(
        group, "with an exp beyond every limit: the limit is written",
        "SERVICE-ROTATE-LOST-WRITE", "LostWrite",
        presented=token(2, LATER, exp=LATER + 10**9), record=back, now=now,
    )  # fmt: skip
    written = record(2, LATER, last_active_at=now, expires_at=now + TTL, seen=SEEN_NOW)
    case.answered(
        "repeated", ["get", "swap", "get"], gen=2, iat=LATER, exp=LATER + 10**9,
        events=again, after=written,
    )  # fmt: skip
    case = Case(
        group, "with an exp that has come: nothing is written", "SERVICE-ROTATE-EXPIRED",
        "Boundary", presented=token(2, LATER, exp=LATER + 7), record=back, now=LATER + 7,
    )  # fmt: skip
    case.refused("jwt:expired", "repair", ["get"])
    case = Case(
        group, "the largest generation that a token may name", "SERVICE-ROTATE-LOST-WRITE",
        "Boundary", presented=token(LAST_GEN, T0), record=back, now=LATER,
    )  # fmt: skip
    case.answered(
        "rotated", ["swap", "swap", "swap"], gen=LAST_GEN + 1, iat=LATER, events=repaired,
        after=record(LAST_GEN + 1, LATER, seen=SEEN_NOW),
    )  # fmt: skip


def _races(made: Document) -> None:
    group = _group(made, "answers out of turn")
    still, now = record(3, T0), LATER
    won = moved(now, still)
    presented = token(3, T0)

    def case(name: str, requirement: str, *answers: Any, **given: Any) -> Case:
        facts = {"presented": presented, "record": None, "now": now} | given
        return Case(group, name, requirement, "Race", answers=list(answers), **facts)

    race, lost = "SERVICE-ROTATE-RACE", "SERVICE-ROTATE-LOST-WRITE"
    case("the presented hash is still there once", race, still, won).answered(
        "rotated", ["swap"] * 2, gen=4, iat=now
    )
    case("the presented hash is still there three times", race, *[still] * 3, won).answered(
        "rotated", ["swap"] * 4, gen=4, iat=now
    )
    earlier = moved(now - 2, still)
    case("still there, then moved by another", race, still, earlier).answered(
        "retried", ["swap"] * 2, gen=4, iat=now - 2
    )
    case("the presented hash is there four times: no reuse", race, *[still] * 4).refused(
        "store:unavailable", "again", ["swap"] * 4
    )
    case("still there, then gone", race, still, None).refused(
        "auth:session_not_found", "gone", ["swap"] * 2
    )
    back = record(1, T0)
    twin = [back, won, won]
    case("a twin wrote back and moved on meanwhile", lost, *twin).answered(
        "rotated", ["swap"] * 3, gen=4, iat=now, events=["rotated"]
    )
    case("a repair is not judged by generation", lost, back, record(9, now), won).answered(
        "rotated", ["swap"] * 3, gen=4, iat=now, events=["rotated"]
    )
    case("the session ends before the repair", lost, back, None).refused(
        "auth:session_not_found", "gone", ["swap"] * 2
    )
    case(
        "the repair meets another line", lost, back, record(3, T0, secret=STRANGE)
    ).refused("auth:refresh_forged", "forged", ["swap"] * 2, events=("refresh_forged",))
    case("a repair is one round of the budget", lost, back, *[still] * 4).refused(
        "store:unavailable", "again", ["swap"] * 5, events=("lost_write_repaired",)
    )
    case("repairs alone exhaust the budget", lost, *[back] * 7).refused(
        "store:unavailable", "repair", ["swap"] * 7
    )


def _lifetimes(made: Document) -> None:
    group = _group(made, "the absolute lifetime")
    end = T0 + ABSOLUTE
    case = Case(
        group, "one second before the end: moved, and ends with it",
        "SERVICE-ROTATE-EXTENDS", "Boundary", presented=token(3, end - 900),
        record=record(3, end - 900), now=end - 1,
    )  # fmt: skip
    after = moved(end - 1, record(3, end - 900), expires_at=end)
    case.answered("rotated", ["swap"], gen=4, iat=end - 1, exp=end, after=after)
    capped = record(4, end - 9, expires_at=end)
    case = Case(
        group, "one second after the move, with the same end: a retry, not a move",
        "SERVICE-ROTATE-SAME", "Innocent", presented=token(3, end - 900), record=capped,
        now=end - 8,
    )  # fmt: skip
    case.answered("retried", ["swap"], gen=4, iat=end - 9, exp=end)
    case = Case(
        group, "at the end: nothing is asked of the store", "SERVICE-ROTATE-EXPIRED",
        "Boundary", presented=token(3, end - 900), record=record(3, end - 900), now=end,
    )  # fmt: skip
    case.refused("jwt:expired", "expired", [])
    case = Case(
        group, "a young token at the end, of a record that claims to live longer",
        "SERVICE-ABSOLUTE", "Lifetime", presented=token(3, end - 10),
        record=record(3, end - 10), now=end,
    )  # fmt: skip
    case.refused("jwt:expired", "expired", ["get"])
    case = Case(
        group, "a young forged token at the end: forged all the same",
        "SERVICE-ROTATE-FORGED", "Forged", presented=token(3, end - 10, secret=STRANGE),
        record=record(3, end - 10), now=end,
    )  # fmt: skip
    case.refused("auth:refresh_forged", "forged", ["get"], events=("refresh_forged",))
    for name, policy in (
        ("no absolute lifetime", {"absolute_ttl_secs": None}),
        ("a shorter inactivity than before", {"refresh_ttl_secs": 3600}),
    ):
        group = _group(made, name, **policy)
        now = LATER if "refresh_ttl_secs" in policy else T0 + 10 * ABSOLUTE
        before = record(3, now - 900)
        idle = policy.get("refresh_ttl_secs") or TTL
        case = Case(
            group, "expires_at is now and the inactivity, earlier or later than before",
            "SERVICE-ROTATE-EXTENDS", "Lifetime", presented=token(3, now - 900),
            record=before, now=now,
        )  # fmt: skip
        after = moved(now, before, expires_at=now + idle)
        case.answered("rotated", ["swap"], gen=4, iat=now, exp=now + idle, after=after)


def _no_grace(made: Document) -> None:
    group = _group(made, "no grace", reuse_grace_secs=0)
    one = record(1, LATER)
    case = Case(
        group, "the current token moves at once", "SERVICE-ROTATE-ONCE", "Boundary",
        presented=token(1, LATER), record=one, now=LATER,
    )  # fmt: skip
    case.answered("rotated", ["swap"], gen=2, iat=LATER, after=moved(LATER, one))
    case = Case(
        group, "a twin in the same second is no thief", "SERVICE-ROTATE-SAME", "Boundary",
        presented=token(0, T0), record=one, now=LATER,
    )  # fmt: skip
    case.answered("rotated", ["swap"], gen=1, iat=LATER)
    for name, age in (("one second after the move", 1), ("a clock that is behind", -1)):
        case = Case(
            group, f"one behind is reuse, {name}", "SERVICE-ROTATE-REUSE", "Boundary",
            presented=token(0, T0), record=one, now=LATER + age,
        )  # fmt: skip
        case.refused(
            "auth:refresh_reused", "reused", ["swap", "remove"],
            events=("refresh_reused",), removed=True,
        )  # fmt: skip


def _refuse_only(made: Document) -> None:
    group = _group(made, "reuse is refused and the session lives", on_reuse="refuse")
    for name, gen, age in (
        ("one behind in the last second of the grace", 2, GRACE - 1),
        ("one behind in the first second after the grace", 2, GRACE),
        ("two behind", 1, 5),
    ):
        case = Case(
            group, name, "SERVICE-ROTATE-REUSE", "Reuse",
            presented=token(gen, T0), record=record(3, LATER), now=LATER + age,
        )  # fmt: skip
        if gen == 2 and age < GRACE:
            case.answered("retried", ["swap"], gen=3, iat=LATER)
        else:
            events = ("refresh_reused",)
            case.refused("auth:refresh_reused", "reused", ["swap"], events=events)


def _end_on_loss(made: Document) -> None:
    group = _group(made, "a lost write ends the session", on_lost_write="end")
    for name, iat, calls in (
        ("by one", T0, ["swap", "remove"]),
        ("by one, young", LATER, ["get", "remove"]),
    ):
        case = Case(
            group, f"ahead {name}", "SERVICE-ROTATE-LOST-WRITE", "LostWrite",
            presented=token(2, iat), record=record(1, T0 + 900), now=LATER + 1,
        )  # fmt: skip
        case.refused(
            "auth:write_lost", "repair", calls, events=("lost_write_ended",), removed=True
        )
    case = Case(
        group, "ahead and forged: nothing ends", "SERVICE-ROTATE-FORGED", "Forged",
        presented=token(2, T0, secret=STRANGE), record=record(1, T0 + 900), now=LATER,
    )  # fmt: skip
    case.refused("auth:refresh_forged", "forged", ["swap"], events=("refresh_forged",))


if __name__ == "__main__":
    FILE.write_text(document().text(), encoding="ascii")
