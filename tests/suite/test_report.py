"""The forms of a report say the same, are valid, and give nothing away."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from correct_stores import CORRECT
from faulty_stores import Fault, load_faults
from jwtsession_conformance.cli import main
from jwtsession_conformance.lab import Pace
from jwtsession_conformance.report.evidence import evidence, read_evidence
from jwtsession_conformance.report.json_form import as_json, as_text, schema
from jwtsession_conformance.report.terminal import Style, report_lines, style_for
from jwtsession_conformance.run import Run
from jwtsession_conformance.verdict import Overall, Verdict

from jwtsession.models import SessionRecord

if TYPE_CHECKING:
    from jwtsession_conformance.report import Report

SUPPORT = Path(__file__).parents[1] / "support"


def fault(name: str) -> Fault:
    """Return the faulty store of this name."""
    return next(one for one in load_faults() if one.name == name)


@cache
def report_of(kind: str) -> Report:
    """Judge a store of each kind once: conformant, non-conformant, incomplete, no store."""
    targets = {
        "conformant": CORRECT["plain"],
        "non-conformant": fault("ReadsThenWrites").target,
        "incomplete": CORRECT["plain"],
        "harness-error": replace(CORRECT["plain"], factory=print),
    }
    run = Run(targets[kind], pace=Pace(patience=2.0, budget=0.02))
    try:
        return run.all({"STORE-GET-LIVE/boundary"} if kind == "incomplete" else None)
    finally:
        run.close()


KINDS = [one.value for one in Overall]


@pytest.mark.parametrize("kind", KINDS)
def test_the_json_is_valid(kind: str) -> None:
    """The report of every verdict is valid under the published schema, and ASCII."""
    jsonschema.Draft202012Validator.check_schema(schema())
    text = as_text(report_of(kind))
    jsonschema.validate(json.loads(text), schema())
    assert text.isascii()


def test_the_schema_refuses_what_is_no_report() -> None:
    """A report with a verdict, a status or a member that is unknown is not valid."""
    good = as_json(report_of("non-conformant"))
    for change in (
        {"verdict": "fine"},
        {"exit_code": 5},
        {"extra": 1},
        {"checks": [{**good["checks"][0], "status": "ok"}]},
        {"requirements": [{**good["requirements"][0], "verdict": "SKIPPED"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**good, **change}, schema())


@pytest.mark.parametrize("kind", KINDS)
def test_every_form_has_the_same_verdict(kind: str) -> None:
    """The terminal, the JSON and the exit code agree with the one verdict function."""
    report = report_of(kind)
    told = list(report_lines(report, Style()))
    form = as_json(report)
    assert report.overall.value == kind
    assert form["verdict"] == kind
    assert told[-1].startswith(f"{kind}: ")
    assert form["exit_code"] == report.exit_code == KINDS.index(kind)
    assert report.conformant == (kind == "conformant")
    counted = {
        verdict.value: sum(
            one.verdict is verdict for one in report.requirements if one.decides
        )
        for verdict in Verdict
    }
    assert form["counts"] == counted


def test_a_failure_reads_like_a_sentence() -> None:
    """It has the requirement, what is asked, what happened, the history and the replay."""
    told = "\n".join(report_lines(report_of("non-conformant"), Style()))
    story = " ".join(told.partition("FAIL STORE-SWAP-ATOMIC (MUST)")[2].split())
    assert story.startswith(
        "The specification says: Of concurrent swaps with the same expected hash exactly one "
        "writes. What happened: Of 8 swaps that started together with one hash, 8 wrote. "
        "History: 1. insert('alice' session#1 with hash#1, "
    )
    assert "2. swap('alice' session#1, expected hash#1, replacement hash#2" in story
    assert "beside it: swap(" in story
    assert re.search(
        r"Replay: \S.*--check STORE-SWAP-ATOMIC/eight-at-once --seed 1", story
    ) or (
        'await verify(factory, checks=["STORE-SWAP-ATOMIC/eight-at-once"], seed=1)' in story
        or "await verify(factory, checks=['STORE-SWAP-ATOMIC/eight-at-once'], seed=1)"
        in story
    )


def test_a_report_holds_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hash that was drawn is in a report, in any spelling."""
    drawn: set[bytes] = set()
    made = SessionRecord.__init__

    def noted(self: SessionRecord, **fields: object) -> None:
        made(self, **fields)  # type: ignore[arg-type]
        drawn.add(self.refresh_hash)

    monkeypatch.setattr(SessionRecord, "__init__", noted)
    run = Run(fault("SwapsInTwoSteps").target, pace=Pace(patience=1.0, budget=0.0))
    report = run.all()
    run.close()
    text = as_text(report) + "\n".join(report_lines(report, Style()))
    secret = [one for one in drawn if one.startswith(b"\x7f")]
    assert len(secret) > 100
    for one in secret:
        assert one.hex() not in text
        assert repr(one)[2:-1] not in text


def test_colour_is_for_terminals_that_take_it() -> None:
    """There is colour on a terminal, and none in a file, on a dumb one or with NO_COLOR."""

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    terminal = Terminal(io.BytesIO(), encoding="utf-8")
    assert style_for(terminal, {}).colour
    assert not style_for(terminal, {"NO_COLOR": "1"}).colour
    assert style_for(terminal, {"NO_COLOR": ""}).colour
    assert not style_for(terminal, {"TERM": "dumb"}).colour
    assert not style_for(io.StringIO(), {}).colour
    told = "\n".join(report_lines(report_of("conformant"), Style(colour=True)))
    assert "\x1b[32m" in told
    assert "\x1b" not in "\n".join(report_lines(report_of("conformant"), Style()))


@pytest.mark.parametrize("kind", KINDS)
def test_ascii_is_enough(kind: str) -> None:
    """Where the stream takes no Unicode, none is written."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    told = "\n".join(report_lines(report_of(kind), style_for(stream, {})))
    assert told.isascii()


def test_evidence_survives_its_way() -> None:
    """What a worker of xdist found is the same after it went through JSON."""
    for result in report_of("non-conformant").checks:
        back = read_evidence(json.loads(json.dumps(evidence(result))))
        assert replace(back, seconds=0.0) == replace(result, seconds=0.0)


def test_the_replay_line_replays(tmp_path: Path) -> None:
    """The line that a failure prints fails again, for the same requirement."""
    (tmp_path / "racy.py").write_text(
        "from faulty_stores import in_memory\n"
        "from faulty_stores_swap import ReadsThenWrites\n"
        "factory = in_memory(ReadsThenWrites)\n"
    )
    path = os.pathsep.join(filter(None, [str(SUPPORT), os.environ.get("PYTHONPATH")]))
    environ = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", *words],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    first = run("jwtsession_conformance", "store", "racy:factory", "--seed", "7")
    assert first.returncode == 1, first.stderr
    assert first.stderr == ""
    lines = re.findall(
        r"^  Replay: jwtsession-conformance (.*)$", first.stdout, re.MULTILINE
    )
    [line] = [one for one in lines if "STORE-SWAP-ATOMIC/" in one]
    again = run("jwtsession_conformance", *shlex.split(line))
    assert again.returncode == 1
    assert "FAIL STORE-SWAP-ATOMIC (MUST)" in again.stdout


def test_explain_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Explain prints the requirement, its reason, its source and its checks."""
    assert main(["explain", "STORE-SWAP-ATOMIC"]) == 0
    told = capsys.readouterr().out
    assert "Of concurrent swaps with the same expected hash exactly one writes." in told
    assert "Why: Read and then update lets one refresh token be spent twice." in told
    assert "Source: OWASP ASVS" in told
    assert "Check STORE-SWAP-ATOMIC/eight-at-once: " in told


MISSPELT = "STORE-SWAP-ATOMIC".replace("C", "K")  # no id, and so never written as one


@pytest.mark.parametrize("asked", [MISSPELT, "", "\udcff", "x" * 10_000, "nul\x00"])
def test_explain_knows_what_it_does_not_know(
    asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id that is unknown ends with 3 and, where one is near, a suggestion."""
    assert main(["explain", asked]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("HARNESS-ERROR: There is no requirement")
    assert ("did you mean STORE-SWAP-ATOMIC?" in told.err) == (asked == MISSPELT)


def test_list_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    """--list prints each check with its story, under its requirement."""
    assert main(["store", "--list"]) == 0
    told = capsys.readouterr().out
    assert "STORE-SWAP-ATOMIC (MUST)\n  STORE-SWAP-ATOMIC/eight-at-once: Of eight" in told
    assert "not checked: The factory gives no way to break the backend." in told


def test_the_current_folder_is_searched_and_a_target_brings_its_capabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A StoreTarget in a module of the current folder is judged by what it declares."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "with_target.py").write_text(
        "from jwtsession_conformance import StoreTarget\n"
        "from jwtsession_stores.memory import factory\n"
        "target = StoreTarget(factory, {'shared'})\n"
    )
    options = ["--check", "STORE-SHARED-VISIBLE/each-write"]
    assert main(["store", "with_target:target", *options]) == 2
    assert "declares shared" in capsys.readouterr().out
    assert main(["store", "with_target:target", *options, "--capabilities", ""]) == 2
    assert "declares nothing" in capsys.readouterr().out
    sys.modules.pop("with_target")
