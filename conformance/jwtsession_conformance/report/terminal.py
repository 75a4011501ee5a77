"""The report for people: the verdict per area, then each failure as a short story."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jwtsession_conformance.catalogue import requirement
from jwtsession_conformance.report import NOT_SELECTED
from jwtsession_conformance.verdict import Overall, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from jwtsession_conformance.report import Report
    from jwtsession_conformance.verdict import CheckResult, RequirementVerdict
    from jwtsession_conformance.violation import Violation

__all__ = ["Style", "failure_lines", "report_lines", "short_lines", "style_for"]

_WIDTH = 88

_COLOURS = {
    Verdict.PASS: "32",
    Verdict.FAIL: "31;1",
    Verdict.HARNESS_ERROR: "35;1",
    Verdict.NOT_VERIFIED: "33",
    Verdict.NOT_APPLICABLE: "2",
    Overall.CONFORMANT: "32;1",
    Overall.NON_CONFORMANT: "31;1",
    Overall.INCOMPLETE: "33;1",
    Overall.HARNESS_ERROR: "35;1",
}


@dataclass(frozen=True, slots=True)
class Style:
    """What a terminal takes.

    Attributes:
        colour: Whether escape sequences are understood.
        arrow: What stands between a call and its answer.
        dot: What separates two facts on one line.
    """

    colour: bool = False
    arrow: str = "->"
    dot: str = "|"

    def paint(self, word: Verdict | Overall, text: str = "") -> str:
        """Write a verdict, in its colour where there is colour."""
        shown = text or word.value
        return f"\x1b[{_COLOURS[word]}m{shown}\x1b[0m" if self.colour else shown


def style_for(stream: TextIO, environ: Mapping[str, str] | None = None) -> Style:
    """Look at a stream and the environment: colour for terminals, Unicode where it fits.

    ``NO_COLOR`` (any value but the empty one) and ``TERM=dumb`` turn colour off.
    """
    env = os.environ if environ is None else environ
    terminal = stream.isatty() and env.get("TERM") != "dumb"
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    wide = encoding.startswith("utf")
    return Style(
        colour=terminal and not env.get("NO_COLOR"),
        arrow="→" if wide else "->",
        dot="·" if wide else "|",
    )


def report_lines(report: Report, style: Style) -> Iterator[str]:
    """Write the whole report, line by line."""
    dot = f" {style.dot} "
    yield (
        f"jwtsession-conformance {report.suite_version}{dot}specification "
        f"{report.spec_version}{dot}seed {report.seed}{dot}{report.python}"
    )
    declared = ", ".join(report.capabilities) or "nothing"
    yield f"store {report.target}{dot}declares {declared}"
    yield ""
    if not report.harness_errors:
        yield from _areas(report, style)
        yield ""
    yield from _stories(report, style)
    yield from _gaps(report, style)
    yield from _summary(report, style)


def short_lines(report: Report, style: Style) -> Iterator[str]:
    """Write the verdict alone, where the failures have been told already."""
    if not report.harness_errors:
        yield from _areas(report, style)
    yield from _gaps(report, style)
    yield from _summary(report, style)


def failure_lines(result: CheckResult, style: Style) -> Iterator[str]:
    """Write what one check found, each requirement it saw broken as a story."""
    for violation in result.violations:
        yield from _story(violation, [result], style)
    if result.reason:
        yield from _wrapped(result.reason, "")
        if not result.violations and result.replay:
            yield f"  Replay: {result.replay}"


def _areas(report: Report, style: Style) -> Iterator[str]:
    areas: dict[str, list[RequirementVerdict]] = {}
    for one in report.requirements:
        areas.setdefault(one.requirement.area, []).append(one)
    ran = {one.id for one in report.checks if one.status is not Status.DESELECTED}
    for area, members in areas.items():
        if len(ran) < len(report.checks) and not any(
            ran & {*one.checks} for one in members
        ):
            continue  # nothing of it was selected
        deciding = [one for one in members if one.decides]
        asked = [one for one in deciding if one.verdict is not Verdict.NOT_APPLICABLE]
        passed = [one for one in asked if one.verdict is Verdict.PASS]
        worst = next(
            (
                verdict
                for verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR, Verdict.NOT_VERIFIED)
                if any(one.verdict is verdict for one in asked)
            ),
            Verdict.PASS if asked else Verdict.NOT_APPLICABLE,
        )
        line = f"  {area:<13} {len(passed):>2} of {len(asked):<2}  "
        odd = [one.requirement.id for one in asked if one.verdict is worst]
        named = "" if worst is Verdict.PASS or not asked else f"  {', '.join(odd[:4])}"
        more = (
            f" and {len(odd) - 4} more"
            if worst is not Verdict.PASS and len(odd) > 4
            else ""
        )
        yield (line + style.paint(worst) + named + more).rstrip()


def _stories(report: Report, style: Style) -> Iterator[str]:
    seen: dict[str, list[tuple[Violation, CheckResult]]] = {}
    for result in report.checks:
        for violation in result.violations:
            seen.setdefault(violation.requirement, []).append((violation, result))
    order = [one.requirement.id for one in report.requirements]
    for name in sorted(seen, key=order.index):
        found = sorted(seen[name], key=lambda pair: len(pair[0].history))
        own = [pair for pair in found if pair[1].requirement == name] or found
        violation, result = own[0]
        others = [one for _, one in found if one is not result]
        yield from _story(violation, [result, *others], style)


def _story(
    violation: Violation, results: Sequence[CheckResult], style: Style
) -> Iterator[str]:
    entry = requirement(violation.requirement)
    yield f"{style.paint(Verdict.FAIL)} {entry.id} ({entry.level})"
    yield from _wrapped(entry.text, "  The specification says: ")
    yield from _wrapped(violation.what, "  What happened: ")
    if violation.history:
        yield "  History:"
        for line in violation.history:
            yield from _wrapped(line.replace(" -> ", f" {style.arrow} "), "    ")
    if results[0].replay:
        yield f"  Replay: {results[0].replay}"
    if len(results) > 1:
        also = ", ".join(dict.fromkeys(one.id for one in results[1:5]))
        yield f"  Seen by {len(results)} checks: {results[0].id}, {also}"
    yield ""


def _gaps(report: Report, style: Style) -> Iterator[str]:
    for word in (Verdict.HARNESS_ERROR, Verdict.NOT_VERIFIED):
        reasons: dict[str, list[str]] = {}
        for one in report.requirements:
            if one.decides and one.verdict is word and one.reason != NOT_SELECTED:
                reasons.setdefault(one.reason, []).append(one.requirement.id)
        if report.harness_errors or (word is Verdict.NOT_VERIFIED and len(reasons) > 12):
            continue
        for reason, ids in reasons.items():
            shown = ", ".join(ids[:3]) + (
                f" and {len(ids) - 3} more" if len(ids) > 3 else ""
            )
            yield from _wrapped(reason, f"{style.paint(word)} {shown}: ")
    excluded = [
        one.requirement.id for one in report.requirements if one.requirement.excluded
    ]
    if not report.harness_errors and excluded:
        yield (
            f"{style.paint(Verdict.NOT_VERIFIED)} by design, and not deciding: "
            f"{', '.join(excluded)}"
        )
        yield ""


def _summary(report: Report, style: Style) -> Iterator[str]:
    left_out = sum(one.status is Status.DESELECTED for one in report.checks)
    if left_out:
        yield f"{len(report.checks) - left_out} of {len(report.checks)} checks were selected."
    for error in report.harness_errors:
        yield from _wrapped(error, f"{style.paint(Verdict.HARNESS_ERROR)}: ")
    deciding = [one for one in report.requirements if one.decides]
    counts = {
        verdict: sum(one.verdict is verdict for one in deciding) for verdict in Verdict
    }
    said = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    advice = [
        one.requirement.id
        for one in report.requirements
        if one.requirement.level != "MUST" and one.verdict is Verdict.FAIL
    ]
    if advice:
        yield f"Not required, and not so: {', '.join(advice)}"
    yield (
        f"{style.paint(report.overall)}: {said} of {len(deciding)} requirements that decide, "
        f"in {report.seconds:.1f} s"
    )


def _wrapped(text: str, label: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=label,
        subsequent_indent=" " * (len(label) - len(label.lstrip()) + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
