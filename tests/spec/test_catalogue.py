"""The specification's data and prose agree; and the judge of that can find fault."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import catalogue_lint as lint
import jwtsession_spec as spec
import pytest
from jwtsession_spec import packaged

import jwtsession.errors
from jwtsession.events import DETAIL

ROOT = Path(__file__).parents[2]
PROSE = ROOT / "spec"
ROWS: list[dict[str, Any]] = tomllib.loads(packaged.text("requirements.toml"))[
    "requirement"
]
KNOWN = [row["id"] for row in ROWS]
CHAPTERS = {path.name: path.read_text(encoding="utf-8") for path in PROSE.glob("*.md")}
CODES = [error.code for error in spec.errors()]
SOURCES = (
    "jwtsession",
    "reference_stores",
    "conformance",
    "spec",
    "tests",
    "docs",
    "examples",
    "benchmarks",
)
GOOD = {
    "id": "STORE-GET-LIVE",
    "level": "MUST",
    "subject": "store",
    "area": "get",
    "since": "1.0",
    "text": "A sentence.",
}
# In tests, ids with these words are made up: see the search for unknown ids.
MADE_UP = "-NO-SUCH"
STRANGE = "STORE-NO-SUCH-THING"


# ── The catalogue ──


def test_the_catalogue_is_well_formed() -> None:
    """Every row has an id of its own, a level, a subject, an area and a whole sentence."""
    assert lint.reused_ids(ROWS) == []
    assert lint.wrong_rows(ROWS) == []
    assert len(ROWS) > 140


def test_a_repeated_id_is_found() -> None:
    """Two rows of one id are a fault."""
    assert lint.reused_ids([GOOD, GOOD, {**GOOD, "id": "STORE-GET-FRESH"}]) == [
        "STORE-GET-LIVE: stands 2 times"
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"level": "must"}, "level 'must' is not one of"),
        ({"level": None}, "level is empty, no text"),
        ({"subject": "stores"}, "subject 'stores' is not one of"),
        ({"subject": "token"}, "does not begin with its subject"),
        ({"capability": "fast"}, "capability 'fast' is not one of"),
        (
            {"id": "TOKEN-NO-SUCH", "subject": "token", "capability": "shared"},
            "only a store",
        ),
        ({"id": "STORE-get"}, "not of the form"),
        ({"id": "STORE"}, "not of the form"),
        ({"id": "STORE-NO-SUCH-1"}, "not of the form"),
        ({"id": "STORE-NO-SUCH LIVE"}, "not of the form"),
        ({"text": ""}, "text is empty"),
        ({"text": " A sentence."}, "white space around it"),
        ({"text": "Half a sentence"}, "no whole sentence"),
        ({"why": ""}, "why is empty"),
        ({"excluded": "   "}, "excluded is empty"),
        ({"since": "1"}, "since '1' is no version"),
        ({"colour": "red"}, "unknown member colour"),
    ],
)
def test_a_wrong_row_is_found(change: dict[str, Any], fault: str) -> None:
    """Each kind of mistake in a row is named with the id it stands in."""
    assert lint.wrong_rows([GOOD]) == []
    lines = lint.wrong_rows([GOOD, {**GOOD, **change}])
    assert any(fault in line for line in lines), lines


@pytest.mark.parametrize("name", lint.REQUIRED)
def test_a_missing_member_is_found(name: str) -> None:
    """A row without one of its members is a fault."""
    row = {key: value for key, value in GOOD.items() if key != name}
    assert any(f"lacks {name}" in line for line in lint.wrong_rows([row]))


def test_every_excluded_requirement_says_why() -> None:
    """Only the few that nothing can decide are excluded, and none is a plain mistake."""
    excluded = {each.id for each in spec.requirements() if each.excluded}
    assert excluded == {
        "STORE-ERROR-UNAVAILABLE",
        "STORE-ERROR-NO-RETRY",
        "SERVICE-GRACE-PROVISO",
    }


# ── The prose ──


def test_each_requirement_is_in_one_chapter() -> None:
    """Every id is the anchor of exactly one place, and no anchor is of anything else."""
    assert lint.misanchored(CHAPTERS, KNOWN) == []


def test_a_missing_doubled_or_foreign_anchor_is_found() -> None:
    """An id without an anchor, with two, and an anchor without an id are faults."""
    chapters = {
        "1.md": '<a id="A"></a> <a id="B"></a>',
        "2.md": '<a id="B"></a> <a id="X"></a>',
    }
    assert lint.misanchored(chapters, ["A", "B", "C"]) == [
        "C: is in no chapter",
        "B: is anchored 2 times",
        "X: an anchor of nothing",
    ]


def test_every_link_leads_somewhere() -> None:
    """Links between chapters, to anchors, headings and files, all hold."""
    files = {
        str(path.relative_to(PROSE))
        for path in PROSE.rglob("*")
        if "cache" not in str(path)
    }
    assert lint.dangling_links(CHAPTERS, files) == []


def test_a_dangling_link_is_found() -> None:
    """A link to no file, no anchor and no heading is a fault; a good one is none."""
    chapters = {
        "1.md": '# One: two\n<a id="A"></a>[a](#A)[b](#one-two)[c](2.md)[d](x.js)'
        "[e](#B)[f](2.md#A)[g](3.md)[h](http://example.org/3.md)",
        "2.md": "",
    }
    assert lint.dangling_links(chapters, {"x.js"}) == [
        "1.md: #B leads to no anchor",
        "1.md: 2.md#A leads to no anchor",
        "1.md: 3.md leads to no file",
    ]


# ── Ids everywhere else ──


def test_no_text_of_the_project_names_a_requirement_that_is_not_there() -> None:
    """Code, docstrings, tests, data and documents name ids of the catalogue only."""
    texts = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in SOURCES
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".toml", ".json", ".yaml", ".js", ".sql", ".lua"}
    }
    texts |= {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")}
    lines = lint.unknown_ids(texts, KNOWN)
    assert [
        line for line in lines if not (line.startswith("tests/") and MADE_UP in line)
    ] == []
    assert len(texts) > 50


def test_an_unknown_id_is_found() -> None:
    """An id that the catalogue does not have is named with the text it stands in, once."""
    text = f"see {STRANGE} and STORE-GET-LIVE, {STRANGE}; SERVICE-… is no id"
    assert lint.unknown_ids({"a.py": text}, KNOWN) == [
        f"a.py: {STRANGE} is not in the catalogue"
    ]


def test_the_page_for_implementers_names_every_requirement_of_a_store() -> None:
    """Whoever reads the protocols meets each id that a store is judged by."""
    page = (ROOT / "jwtsession/protocols.py").read_text(encoding="utf-8")
    named = set(lint.ids_in(page))
    missing = [each.id for each in spec.requirements() if each.subject == "store"]
    assert [each for each in missing if each not in named] == []


# ── Vectors ──


def test_every_vector_has_a_requirement() -> None:
    """Every test of every file has an id of the catalogue, a number, a result and notes."""
    files = {name: spec.vectors(name) for name in spec.vector_names()}
    assert lint.unfounded_vectors(files, KNOWN, CODES) == []
    assert sum(file["numberOfTests"] for file in files.values()) >= 150


def test_an_unfounded_vector_is_found() -> None:
    """Each kind of mistake in a vector is named with its number."""
    good = {
        "tcId": 1,
        "requirement": "STORE-GET-LIVE",
        "flags": ["Known"],
        "result": "invalid",
        "code": "jwt:expired",
    }
    tests = [
        good,
        {**good, "requirement": STRANGE},
        {**good, "result": "perhaps"},
        {**good, "result": "valid"},
        {**good, "code": "jwt:late"},
        {**good, "flags": ["Unknown"]},
    ]
    tests = [{**test, "tcId": number} for number, test in enumerate(tests, 1)]
    tests[0]["tcId"] = 7
    file = {"notes": {"Known": {}}, "numberOfTests": 5, "testGroups": [{"tests": tests}]}
    lines = lint.unfounded_vectors({"f": file}, KNOWN, CODES)
    assert lines == [
        "f 2: no requirement of the catalogue",
        "f 3: the result is none of valid, acceptable, invalid",
        "f 4: a code where it may be refused, and only there",
        "f 5: the code is not in the catalogue",
        "f 6: the flag Unknown has no note",
        "f: tests are not numbered from 1 on",
        "f: numberOfTests is not the number of tests",
    ]


# ── Errors and events ──


def test_the_error_table_answers_every_question_once() -> None:
    """Each code has one answer for each operation and source, with a proper challenge."""
    content = tomllib.loads(packaged.text("errors.toml"))
    rows, operations, actions = content["error"], content["operations"], content["actions"]
    assert lint.wrong_answers(rows, operations, actions) == []
    used = {answer["client"] for row in rows for answer in row["answer"]}
    assert used == set(actions)


def test_a_wrong_answer_is_found() -> None:
    """A gap, two answers, a bare 401, a 503 without a time and unknown words are faults."""
    fine = {"status": 400, "challenge": "none", "client": "mend"}
    rows = [
        {"code": "a:gap", "answer": [{**fine, "operations": ["access"]}]},
        {"code": "a:twice", "answer": [fine, fine]},
        {"code": "a:401", "answer": [{**fine, "status": 401}]},
        {"code": "a:503", "answer": [{**fine, "status": 503}]},
        {"code": "a:words", "answer": [fine, {**fine, "operations": ["x"], "client": "y"}]},
    ]
    lines = lint.wrong_answers(rows, ["access", "list"], ["mend"])
    assert lines == [
        "a:gap: 0 answers for list, body",
        "a:gap: 0 answers for list, other",
        "a:twice: 2 answers for access, body",
        "a:twice: 2 answers for access, other",
        "a:twice: 2 answers for list, body",
        "a:twice: 2 answers for list, other",
        "a:401: a 401 without a challenge",
        "a:503: a 503 says when to try again, and nothing else does",
        "a:words: 'y' is no action",
        "a:words: there is no operation x",
    ]


def test_the_codes_are_those_of_the_library() -> None:
    """Every leaf of the error tree is in the table under its class, and nothing else is."""
    leaves = {
        kind.code: name
        for name, kind in vars(jwtsession.errors).items()
        if isinstance(kind, type)
        and issubclass(kind, jwtsession.errors.JwtSessionError)
        and "code" in vars(kind)
    }
    del leaves[jwtsession.errors.JwtSessionError.code]
    assert {error.code: error.name for error in spec.errors()} == leaves


def test_the_events_are_those_of_the_library() -> None:
    """Names and members of each event are the same in the catalogue and in the library."""
    catalogue = {event.name: tuple(event.detail) for event in spec.events()}
    assert catalogue == {str(name): members for name, members in DETAIL.items()}
    assert {event.severity for event in spec.events()} == {"info", "warning"}
    for event in spec.events():
        assert spec.requirement(event.requirement).subject == "service"


# ── The loader ──


def test_the_loader_gives_back_what_the_catalogue_says() -> None:
    """Each row becomes a frozen value with the same members, and is found by its id."""
    for row, entry in zip(ROWS, spec.requirements(), strict=True):
        members = {key: value for key, value in dataclasses.asdict(entry).items() if value}
        assert members == row
        assert spec.requirement(entry.id) is entry
    assert tomllib.loads(packaged.text("requirements.toml"))["spec"] == spec.SPEC_VERSION
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.requirements()[0].text = "another"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("STORE-GET-LIVE"[:-1], "STORE-GET-LIVE"),
        ("store-get-live", "STORE-GET-LIVE"),
        ("", None),
        ("\x00\ud800", None),
        ("zzz" * 100_000, None),
    ],
)
def test_an_unknown_requirement_names_the_nearest(asked: str, nearest: str | None) -> None:
    """A wrong id is a named error, short, that says what was probably meant."""
    with pytest.raises(spec.UnknownRequirement) as caught:
        spec.requirement(asked)
    assert caught.value.nearest == nearest
    assert isinstance(caught.value, KeyError)
    message = str(caught.value)
    assert len(message) < 200 or "\ud800" in asked
    assert (nearest or "requirements() lists them all") in message
    assert message.isascii()


@pytest.mark.parametrize(
    "asked", ["", "rotation.schema", "../requirements", "no\x00pe", "x" * 9999]
)
def test_unknown_vectors_name_those_there_are(asked: str) -> None:
    """A wrong name is a named error that lists the right ones, and reads no file."""
    with pytest.raises(spec.UnknownVectors) as caught:
        spec.vectors(asked)
    assert "rotation" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_answer_is_found_by_operation_and_source() -> None:
    """Where the status differs, the table tells by operation and by source."""
    errors = {error.code: error for error in spec.errors()}
    found = errors["auth:session_not_found"]
    assert (found.answer("access").status, found.answer("revoke").status) == (401, 404)
    missing = errors["auth:refresh_missing"]
    assert missing.answer("refresh", source="body").status == 400
    assert missing.answer("refresh").challenge == "bare"
    with pytest.raises(ValueError, match="no operation 'sign_off'; there are: access"):
        found.answer("sign_off")


def test_everything_public_is_listed() -> None:
    """The package lists what it offers, sorted, and each of it is there."""
    assert sorted(spec.__all__, key=_isort) == spec.__all__
    assert all(hasattr(spec, name) for name in spec.__all__)


def _isort(name: str) -> tuple[int, str]:
    """Order as the linter does: constants, classes, the rest."""
    kind = 0 if name.isupper() else 1 if re.match("[A-Z]", name) else 2
    return kind, name
