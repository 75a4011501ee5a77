"""The vectors of rotation, driven through the law itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import jwtsession_spec
import pytest
import rotation_vectors

from jwtsession.lifecycle import begin, resume
from jwtsession.models import SessionKey, SessionRecord
from jwtsession.steps import (
    Ask,
    Attempt,
    Get,
    Mint,
    Policy,
    Presented,
    Refuse,
    Remove,
    Repeat,
    Signal,
    Step,
    Swap,
)

VECTORS = jwtsession_spec.vectors("rotation")
CASES = [
    pytest.param(group["policy"], test, id=f"{test['tcId']}-{group['comment']}")
    for group in VECTORS["testGroups"]
    for test in group["tests"]
]


class OneRecord:
    """A store of one record at most, or one that reads its answers from a script."""

    def __init__(self, record: SessionRecord | None, script: list[Any] | None) -> None:
        self.record = record
        self.script = script
        self.calls: list[str] = []

    def ask(self, question: Get | Swap | Remove, now: int) -> SessionRecord | bool | None:
        """Return what a store would answer."""
        self.calls.append(type(question).__name__.lower())
        if self.script is not None:
            return self.script.pop(0)
        found = self.record
        if found is None or found.key != question.key or found.expires_at <= now:
            return False if isinstance(question, Remove) else None
        if isinstance(question, Remove):
            self.record = None
            return True
        if isinstance(question, Swap) and found.refresh_hash == question.expected:
            changed = {
                name: getattr(question.replacement, name)
                for name in ("refresh_hash", "gen", "rotated_at", "expires_at", "seen")
            }
            active = max(found.last_active_at, now)
            self.record = replace(found, **changed, last_active_at=active)
        return self.record


def record_of(content: Any) -> Any:
    """Return the record that the JSON says; booleans and null as they are."""
    if not isinstance(content, dict):
        return content
    digest = bytes.fromhex(content["refresh_hash"])
    return SessionRecord(**{**content, "refresh_hash": digest})


def presented_of(content: dict[str, Any]) -> Presented:
    """Return the facts of the token that the JSON says."""
    facts = {name: content[name] for name in ("gen", "iat", "exp", "auth_time")}
    key = SessionKey(content["user_id"], content["session_id"])
    return Presented(key=key, secret=bytes.fromhex(content["secret"]), **facts)


def outcome_of(step: Step, presented: Presented) -> dict[str, Any]:
    """Return an outcome in the words of the vectors."""
    if isinstance(step, Refuse):
        return {"result": "invalid", "code": step.error.code}
    if isinstance(step, Repeat):
        claims = {name: getattr(presented, name) for name in ("gen", "iat", "exp")}
        return {"result": "valid", "decision": "repeated", "refresh": claims}
    assert isinstance(step, Mint)
    refresh = {
        "gen": step.record.gen,
        "iat": step.record.rotated_at,
        "exp": step.record.expires_at,
    }
    decision = "rotated" if Signal.ROTATED in step.signals else "retried"
    return {"result": "valid", "decision": decision, "refresh": refresh}


@pytest.mark.parametrize(("policy", "test"), CASES)
def test_the_law_decides_as_the_vector_says(
    policy: dict[str, Any], test: dict[str, Any]
) -> None:
    """Outcome, store calls, events and the record afterwards are those of the vector."""
    presented = presented_of(test["presented"])
    script = [record_of(each) for each in test["answers"]] if "answers" in test else None
    store = OneRecord(record_of(test["record"]), script)
    attempt = Attempt(
        presented=presented, policy=Policy(**policy), now=test["now"], seen=test["seen"]
    )
    step = begin(attempt)
    while isinstance(step, Ask):
        step = resume(step, store.ask(step.question, test["now"]))
    got = outcome_of(step, presented)
    assert got == {name: test[name] for name in got}
    assert store.calls == test["calls"]
    assert [str(signal) for signal in step.signals] == test["events"]
    left = store.record and {
        **asdict(store.record),
        "refresh_hash": store.record.refresh_hash.hex(),
    }
    assert left == test["after"]


def test_the_file_is_what_the_tables_say() -> None:
    """The file is the one that its tables give."""
    assert (
        rotation_vectors.FILE.read_text(encoding="ascii")
        == rotation_vectors.document().text()
    )


def test_every_decision_of_the_law_is_met() -> None:
    """No decision of the table is without a vector that ends with it or goes through it."""
    met = {test["decision"] for _, test in (case.values for case in CASES)}
    repaired = any("lost_write_repaired" in case.values[1]["events"] for case in CASES)
    assert met | ({"start"} if repaired else set()) == {
        decision.name for decision in jwtsession_spec.lifecycle().decisions
    }


def test_there_are_enough_of_them_and_they_are_numbered() -> None:
    """Forty vectors at least, each with a number of its own."""
    numbers = [case.values[1]["tcId"] for case in CASES]
    assert len(numbers) >= 40
    assert numbers == list(range(1, VECTORS["numberOfTests"] + 1))
