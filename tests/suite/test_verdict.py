"""The one verdict function: a skip is never a pass."""

from __future__ import annotations

import pytest
from jwtsession_conformance.catalogue import Requirement
from jwtsession_conformance.registry import Check
from jwtsession_conformance.verdict import (
    CheckResult,
    Judgement,
    Overall,
    Status,
    Verdict,
    judge,
)
from jwtsession_conformance.violation import Violation

NEVER_A_PASS = [status for status in Status if status is not Status.PASSED]


def requirement(name: str = "STORE-NO-SUCH-A", **fields: str | None) -> Requirement:
    """Make a requirement."""
    values = {
        "level": "MUST",
        "subject": "store",
        "area": "get",
        "text": "It is so.",
        "since": "1.0",
    }
    return Requirement(id=name, **(values | fields))  # type: ignore[arg-type]


def check(name: str = "STORE-NO-SUCH-A/one", *needs: str) -> Check:
    """Make a check that is never run."""
    return Check(name, name.split("/", maxsplit=1)[0], frozenset(needs), None, "")  # type: ignore[arg-type]


def result(status: Status, name: str = "STORE-NO-SUCH-A/one", *broken: str) -> CheckResult:
    """Make a result that found these requirements broken."""
    violations = tuple(Violation(one, "It was not so.") for one in broken)
    return CheckResult(name, name.split("/", maxsplit=1)[0], status, violations=violations)


def verdict_of(judgement: Judgement, name: str = "STORE-NO-SUCH-A") -> Verdict:
    """Return the verdict on one requirement."""
    return {one.requirement.id: one.verdict for one in judgement.requirements}[name]


def test_what_ran_and_held_is_a_pass() -> None:
    """A requirement whose every check passed is PASS, and the store conformant."""
    checks = [check("STORE-NO-SUCH-A/one"), check("STORE-NO-SUCH-A/two")]
    results = [result(Status.PASSED, one.id) for one in checks]
    found = judge([requirement()], checks, results, capabilities=())
    assert verdict_of(found) is Verdict.PASS
    assert found.overall is Overall.CONFORMANT


@pytest.mark.parametrize("status", NEVER_A_PASS)
def test_anything_but_passed_is_never_a_pass(status: Status) -> None:
    """No other way for a check to go makes its requirement PASS or the store conformant."""
    found = judge([requirement()], [check()], [result(status)], capabilities=())
    assert verdict_of(found) is not Verdict.PASS
    assert found.overall is not Overall.CONFORMANT


@pytest.mark.parametrize(
    "status", [one for one in NEVER_A_PASS if one is not Status.NOT_APPLICABLE]
)
def test_one_pass_does_not_outweigh_a_skip(status: Status) -> None:
    """A requirement with one check passed and one that did not is not PASS."""
    checks = [check("STORE-NO-SUCH-A/one"), check("STORE-NO-SUCH-A/two")]
    results = [
        result(Status.PASSED, "STORE-NO-SUCH-A/one"),
        result(status, "STORE-NO-SUCH-A/two"),
    ]
    found = judge([requirement()], checks, results, capabilities=())
    assert verdict_of(found) is not Verdict.PASS
    assert found.overall is not Overall.CONFORMANT


@pytest.mark.parametrize("status", NEVER_A_PASS)
def test_a_second_run_does_not_wash_the_first_away(status: Status) -> None:
    """A check that was run twice, and passed once, has not passed."""
    results = [result(status), result(Status.PASSED)]
    found = judge([requirement()], [check()], results, capabilities=())
    assert (verdict_of(found) is Verdict.PASS) == (status is Status.NOT_APPLICABLE)


def test_a_check_without_a_result_was_not_run() -> None:
    """A check that nobody ran leaves its requirement NOT-VERIFIED, and names itself."""
    checks = [check("STORE-NO-SUCH-A/one"), check("STORE-NO-SUCH-A/two")]
    results = [result(Status.PASSED, "STORE-NO-SUCH-A/one")]
    found = judge([requirement()], checks, results, capabilities=())
    assert verdict_of(found) is Verdict.NOT_VERIFIED
    assert found.requirements[0].reason == "STORE-NO-SUCH-A/two was not run."
    assert found.overall is Overall.INCOMPLETE


def test_a_requirement_without_a_check_is_not_verified() -> None:
    """Nothing passes for want of a check."""
    found = judge([requirement()], [], [], capabilities=())
    assert verdict_of(found) is Verdict.NOT_VERIFIED
    assert found.overall is Overall.INCOMPLETE


def test_a_violation_fails_the_requirement_that_it_names() -> None:
    """A check of one requirement that finds another broken fails the other alone."""
    requirements = [requirement("STORE-NO-SUCH-A"), requirement("STORE-NO-SUCH-B")]
    checks = [check("STORE-NO-SUCH-A/one"), check("STORE-NO-SUCH-B/one")]
    results = [
        result(Status.FAILED, "STORE-NO-SUCH-A/one", "STORE-NO-SUCH-B"),
        result(Status.PASSED, "STORE-NO-SUCH-B/one"),
    ]
    found = judge(requirements, checks, results, capabilities=())
    assert verdict_of(found, "STORE-NO-SUCH-A") is Verdict.NOT_VERIFIED
    assert verdict_of(found, "STORE-NO-SUCH-B") is Verdict.FAIL
    assert found.overall is Overall.NON_CONFORMANT


def test_a_capability_that_is_not_declared_is_not_asked_for() -> None:
    """A requirement of a capability is NOT-APPLICABLE without it, and asked for with it."""
    asked = [requirement(), requirement("STORE-NO-SUCH-B", capability="shared")]
    checks = [check(), check("STORE-NO-SUCH-B/one", "shared")]
    results = [result(Status.PASSED)]
    without = judge(asked, checks, results, capabilities=())
    assert verdict_of(without, "STORE-NO-SUCH-B") is Verdict.NOT_APPLICABLE
    assert without.overall is Overall.CONFORMANT
    declared = judge(asked, checks, results, capabilities={"shared"})
    assert verdict_of(declared, "STORE-NO-SUCH-B") is Verdict.NOT_VERIFIED
    assert declared.overall is Overall.INCOMPLETE


def test_a_store_that_declares_all_it_can_and_shows_nothing_is_not_conformant() -> None:
    """Where nothing applies, nothing was shown."""
    found = judge([requirement(capability="shared")], [], [], capabilities=())
    assert found.overall is Overall.INCOMPLETE


def test_an_excluded_requirement_is_visible_and_decides_nothing() -> None:
    """What nothing here can decide is NOT-VERIFIED with its reason, and blocks nobody."""
    asked = [requirement(), requirement("STORE-NO-SUCH-B", excluded="Nobody can tell.")]
    found = judge(asked, [check()], [result(Status.PASSED)], capabilities=())
    assert verdict_of(found, "STORE-NO-SUCH-B") is Verdict.NOT_VERIFIED
    assert found.requirements[1].reason == "Nobody can tell."
    assert not found.requirements[1].decides
    assert found.overall is Overall.CONFORMANT


def test_a_should_is_reported_and_decides_nothing() -> None:
    """A SHOULD that is broken is FAIL, and the store may be conformant."""
    asked = [requirement(), requirement("STORE-NO-SUCH-B", level="SHOULD")]
    checks = [check(), check("STORE-NO-SUCH-B/one")]
    results = [
        result(Status.PASSED),
        result(Status.FAILED, "STORE-NO-SUCH-B/one", "STORE-NO-SUCH-B"),
    ]
    found = judge(asked, checks, results, capabilities=())
    assert verdict_of(found, "STORE-NO-SUCH-B") is Verdict.FAIL
    assert found.overall is Overall.CONFORMANT


@pytest.mark.parametrize(
    ("verdicts", "errors", "overall"),
    [
        ([Status.PASSED], (), Overall.CONFORMANT),
        ([Status.PASSED, Status.FAILED], (), Overall.NON_CONFORMANT),
        ([Status.PASSED, Status.SKIPPED], (), Overall.INCOMPLETE),
        ([Status.PASSED, Status.HARNESS_ERROR], (), Overall.HARNESS_ERROR),
        ([Status.SKIPPED, Status.HARNESS_ERROR], (), Overall.HARNESS_ERROR),
        ([Status.SKIPPED, Status.FAILED], (), Overall.NON_CONFORMANT),
        ([Status.HARNESS_ERROR, Status.FAILED], (), Overall.NON_CONFORMANT),
        ([Status.PASSED], ("no store",), Overall.HARNESS_ERROR),
        ([Status.FAILED], ("no store",), Overall.HARNESS_ERROR),
    ],
)
def test_the_worst_that_is_known_decides(
    verdicts: list[Status], errors: tuple[str, ...], overall: Overall
) -> None:
    """Broken outweighs unjudged, unjudged outweighs unverified; no store outweighs all."""
    names = [f"STORE-{letter}" for letter in "ABC"[: len(verdicts)]]
    found = judge(
        [requirement(name) for name in names],
        [check(f"{name}/one") for name in names],
        [
            result(status, f"{name}/one", *([name] if status is Status.FAILED else []))
            for name, status in zip(names, verdicts, strict=True)
        ],
        capabilities=(),
        harness_errors=errors,
    )
    assert found.overall is overall


def test_each_verdict_has_an_exit_code_of_its_own() -> None:
    """0 conformant, 1 non-conformant, 2 incomplete, 3 harness error."""
    assert [one.exit_code for one in Overall] == [0, 1, 2, 3]
    assert [one.value for one in Overall] == [
        "conformant",
        "non-conformant",
        "incomplete",
        "harness-error",
    ]
