"""The command line: ``jwtsession-conformance store`` and ``explain``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jwtsession_conformance.catalogue import (
    CAPABILITIES,
    UnknownRequirement,
    requirement,
    store_requirements,
)
from jwtsession_conformance.lab import Pace
from jwtsession_conformance.registry import checks
from jwtsession_conformance.report.json_form import as_text
from jwtsession_conformance.report.terminal import report_lines, style_for
from jwtsession_conformance.run import DEFAULT_SEED, Run, select
from jwtsession_conformance.target import cause, load_target
from jwtsession_conformance.verdict import Overall
from jwtsession_conformance.violation import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jwtsession_conformance.verdict import CheckResult

__all__ = ["main"]

_CODES = "exit status: 0 conformant, 1 non-conformant, 2 incomplete, 3 could not be judged"

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    if "" not in sys.path:
        sys.path.insert(0, "")  # the current folder, as with pytest and uvicorn
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except HarnessError as error:
        print(f"HARNESS-ERROR: {error}", file=sys.stderr)  # noqa: T201 - a command line
        return Overall.HARNESS_ERROR.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the report had seen enough
        sys.stdout = None
        return Overall.HARNESS_ERROR.exit_code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Exit with 3: argparse's own 2 would read as *incomplete*."""
        self.print_usage(sys.stderr)
        self.exit(Overall.HARNESS_ERROR.exit_code, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jwtsession-conformance",
        description="Judge an implementation by the specification of JWT sessions.",
        epilog=_CODES,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    store = commands.add_parser(
        "store",
        help="judge a session store",
        description="Judge the session store that a factory opens.",
        epilog=_CODES,
    )
    store.add_argument(
        "factory",
        nargs="?",
        metavar="MODULE:FACTORY",
        help="the factory, such as my_package.sessions:factory; the current folder is searched",
    )
    store.add_argument(
        "--capabilities",
        metavar="WORDS",
        help=f"what the store declares, with commas between: {', '.join(CAPABILITIES)}",
    )
    store.add_argument(
        "--json", type=Path, metavar="PATH", help="write the whole report here"
    )
    store.add_argument(
        "--check", action="append", default=[], metavar="ID", help="run only this check"
    )
    store.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="ID",
        help="run only the checks of this requirement",
    )
    store.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="from which every value is drawn"
    )
    store.add_argument(
        "--patience",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="after how long a call counts as hung (10)",
    )
    store.add_argument("--list", action="store_true", help="list the checks and stop")
    store.set_defaults(command=_store)
    explain = commands.add_parser("explain", help="say what a requirement asks, and why")
    explain.add_argument("requirement", metavar="REQ-ID")
    explain.set_defaults(command=_explain)
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 10**6:
        raise argparse.ArgumentTypeError("it must be a number of seconds above 0")
    return value


def _store(options: argparse.Namespace) -> int:
    if options.list:
        _print_checks()
        return 0
    if options.factory is None:
        raise HarnessError(
            "No factory was named.",
            "Write: jwtsession-conformance store package.module:factory",
        )
    target = load_target(options.factory, options.capabilities)
    selected = select(options.check, options.requirement)
    if options.json is not None:
        _writable(options.json)
    run = Run(target, seed=options.seed, pace=Pace(patience=options.patience))
    try:
        report = run.all(selected, progress=_progress())
    finally:
        run.close()
    print("\n".join(report_lines(report, style_for(sys.stdout))))  # noqa: T201
    if options.json is not None:
        options.json.write_text(as_text(report), encoding="utf-8")
    return INTERRUPTED if run.interrupted else report.exit_code


def _explain(options: argparse.Namespace) -> int:
    try:
        entry = requirement(options.requirement)
    except UnknownRequirement as error:
        raise HarnessError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    rows = [
        f"{entry.id} ({entry.level}, {entry.subject}, {entry.area}, since {entry.since})",
        f"  {entry.text}",
    ]
    if entry.why:
        rows.append(f"  Why: {entry.why}")
    if entry.source:
        rows.append(f"  Source: {entry.source}")
    if entry.capability:
        rows.append(f"  Asked of stores that declare: {entry.capability}")
    if entry.excluded:
        rows.append(f"  Not checked: {entry.excluded}")
    rows += [
        f"  Check {check.id}: {check.story}"
        for check in checks()
        if check.requirement == entry.id
    ]
    print("\n".join(rows))  # noqa: T201
    return 0


def _print_checks() -> None:
    for entry in store_requirements():
        print(f"{entry.id} ({entry.level})")  # noqa: T201
        if entry.excluded:
            print(f"  not checked: {entry.excluded}")  # noqa: T201
        for check in checks():
            if check.requirement == entry.id:
                needs = f"  [{', '.join(sorted(check.needs))}]" if check.needs else ""
                print(f"  {check.id}{needs}: {check.story}")  # noqa: T201


def _writable(path: Path) -> None:
    """Find out before the run, and not after it, that a report cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise HarnessError(
            f"The report {path} cannot be written: {cause(error)}.", "Give another --json."
        ) from error


def _progress() -> Callable[[CheckResult], None] | None:
    """Count on a terminal; say nothing where output is kept."""
    if not sys.stderr.isatty():
        return None
    total = len(checks())
    done = 0

    def tell(result: CheckResult) -> None:
        nonlocal done
        done += 1
        end = "\r" if done < total else "\r\x1b[K"
        print(f"\x1b[K{done}/{total} {result.id}", end=end, file=sys.stderr, flush=True)  # noqa: T201

    return tell
