"""Fill the generated parts of the chapters from the data beside them.

A chapter holds pairs of comments, ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->``;
what stands between them is written by this script and never by hand. ``--check`` writes
nothing, names the chapters that are out of date and ends with status 1 if there are any.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jwtsession_spec as spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FOLDER = Path(__file__).parents[1]
BLOCK = re.compile(
    r"(<!-- begin: (?P<name>[^>]+?) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL
)
STRAY = re.compile(r"<!-- *(begin|end)\b")


def render(name: str) -> str:
    """Return what belongs between the markers of this name.

    Raises:
        LookupError: Nothing is generated under this name.
    """
    kind, _, rest = name.partition(" ")
    if kind == "requirements":
        subject, _, area = rest.partition("/")
        return requirement_blocks(subject, area)
    return TABLES[name]()


def requirement_blocks(subject: str, area: str) -> str:
    """Return the requirements of one group, each with its anchor.

    Raises:
        LookupError: The group has none.
    """
    group = [r for r in spec.requirements() if (r.subject, r.area) == (subject, area)]
    if not group:
        raise LookupError(f"no requirements {subject}/{area}")
    return "\n".join(_block(entry) for entry in group)


def _block(entry: spec.Requirement) -> str:
    notes = [entry.why]
    if entry.capability:
        notes.append(f"Applies to a store that declares `{entry.capability}`.")
    if entry.source:
        notes.append(f"[{entry.source}]")
    if entry.excluded:
        notes.append(f"Not checked by itself: {entry.excluded}")
    tail = " ".join(note for note in notes if note)
    head = f'<a id="{entry.id}"></a>**{entry.id}** · {entry.level}  \n{entry.text}'
    return f"{head}  \n*{tail}*\n" if tail else f"{head}\n"


def law_table() -> str:
    """Return what was asked, crossed with how the record stands."""
    law = spec.lifecycle()
    cells = {(e.state, e.standing): f"{e.decision} ({e.rule})" for e in law.entries}
    states = [state.name for state in law.states]
    rows = [
        [standing.name, *(cells.get((state, standing.name), "·") for state in states)]
        for standing in law.standings
    ]
    return _table(["standing", *states], rows)


def law_standings() -> str:
    """Return the standings in the order in which they are tried."""
    return _numbered(f"**{s.name}**: {s.meaning}" for s in spec.lifecycle().standings)


def law_decisions() -> str:
    """Return the decisions with their events and codes."""
    rows = [
        [
            d.name,
            d.meaning,
            f"`{d.code}`" if d.code else "",
            f"`{d.event}`" if d.event else "",
        ]
        for d in spec.lifecycle().decisions
    ]
    return _table(["decision", "what follows", "code", "event"], rows)


def law_diagram() -> str:
    """Return the table as a state diagram; decisions that end a refresh are its ends."""
    law = spec.lifecycle()
    ends = {decision.name for decision in law.decisions if decision.ends}
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> begin"]
    lines += [f"    begin --> {s.state or s.decision}: {s.label}" for s in law.starts]
    arrows: dict[tuple[str, str], list[str]] = {}
    for entry in law.entries:
        arrows.setdefault((entry.state, entry.decision), []).append(entry.standing)
    for (state, decision), standings in arrows.items():
        target = TARGETS.get(decision, decision)
        lines.append(f"    {state} --> {target}: {' or '.join(standings)}")
    lines += [f"    {end} --> [*]" for end in sorted(ends)]
    return "\n".join([*lines, "```"]) + "\n"


def error_table() -> str:
    """Return every code with its answers."""
    rows: list[list[str]] = []
    for error in spec.errors():
        rows += [
            [f"`{error.code}`", _where(a, error), str(a.status), _challenge(a), a.client]
            for a in sorted(error.answers, key=lambda a: not a.operations)
        ]
    return _table(["code", "where", "status", "`WWW-Authenticate`", "the client"], rows)


def error_meanings() -> str:
    """Return every code with its meaning."""
    return _table(
        ["code", "meaning"], [[f"`{error.code}`", error.meaning] for error in spec.errors()]
    )


def event_table() -> str:
    """Return the event catalogue."""
    rows = [
        [
            f"`{event.name}`",
            event.severity,
            event.when,
            ", ".join(f"`{name}` ({m.type})" for name, m in event.detail.items()) or "none",
            event.operator,
        ]
        for event in spec.events()
    ]
    return _table(["event", "severity", "when", "detail", "what to do"], rows)


# Where the diagram goes on after a decision that does not end the refresh.
TARGETS = {"again": "begin", "start": "begin", "repair": "repaired"}

TABLES: dict[str, Callable[[], str]] = {
    "law table": law_table,
    "law standings": law_standings,
    "law decisions": law_decisions,
    "law diagram": law_diagram,
    "error table": error_table,
    "error meanings": error_meanings,
    "event table": event_table,
}


def _where(answer: spec.Answer, error: spec.ErrorCode) -> str:
    if answer.source == "body":
        return "refresh token looked for in the body"
    if answer.operations:
        return ", ".join(answer.operations)
    return "otherwise" if len(error.answers) > 1 else "anywhere"


def _challenge(answer: spec.Answer) -> str:
    if answer.challenge == "none":
        return (
            f"none; `Retry-After: {answer.retry_after}`" if answer.retry_after else "none"
        )
    if answer.challenge == "bare":
        return "`Bearer`"
    return f'`Bearer error="{answer.challenge}"`'


def _numbered(lines: Iterable[str]) -> str:
    return "".join(f"{number}. {line}\n" for number, line in enumerate(lines, 1))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def fill(chapter: str) -> str:
    """Return a chapter with its generated parts made anew.

    Raises:
        LookupError: A marker has no partner, or nothing is generated under its name.
    """
    if STRAY.search(BLOCK.sub("", chapter)):
        raise LookupError("a begin or end marker has no partner of the same name")
    return BLOCK.sub(lambda m: f"{m[1]}\n{render(m['name'])}\n{m[3]}", chapter)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, or check, every chapter; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, tell and fail")
    check: bool = parser.parse_args(arguments).check
    stale = 0
    for path in sorted(FOLDER.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = fill(before)
        if before == after:
            continue
        stale += 1
        if check:
            sys.stderr.write(
                f"{path.name} is out of date: run python spec/tools/chapters.py\n"
            )
        else:
            path.write_text(after, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    raise SystemExit(main())
