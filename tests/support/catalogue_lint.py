"""What is wrong with the specification's data and prose: each function answers in lines.

An empty answer is a clean one. The functions take what they judge as arguments, so that a
test can show for each of them that it is able to complain.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "REQUIRED",
    "anchors",
    "dangling_links",
    "ids_in",
    "misanchored",
    "reused_ids",
    "tests_of",
    "unfounded_vectors",
    "unknown_ids",
    "wrong_answers",
    "wrong_rows",
]

REQUIRED = ("id", "level", "subject", "area", "since", "text")
RESULTS = ("valid", "acceptable", "invalid")
OPTIONAL = ("why", "source", "capability", "excluded")

_ALLOWED = {
    "subject": ("store", "token", "source", "service", "http"),
    "level": ("MUST", "SHOULD", "MAY"),
    "capability": ("shared", "processes", "durable", "sweeps"),
}
_ID = re.compile(r"(STORE|TOKEN|SOURCE|SERVICE|HTTP)(-[A-Z][A-Z0-9]*)+")
_ID_IN_TEXT = re.compile(r"\b(?:STORE|TOKEN|SOURCE|SERVICE|HTTP)(?:-[A-Z0-9]+)+(?![-\w])")
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_VERSION = re.compile(r"[0-9]+\.[0-9]+")


def reused_ids(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line for each id that stands more than once."""
    counts = Counter(row.get("id") for row in rows)
    return [f"{each}: stands {count} times" for each, count in counts.items() if count > 1]


def wrong_rows(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line for each thing that is wrong inside a row of the catalogue."""
    return [f"{row.get('id')}: {fault}" for row in rows for fault in _faults(row)]


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"lacks {name}" for name in REQUIRED if name not in row)
    for name, value in row.items():
        if name not in REQUIRED + OPTIONAL:
            yield f"has an unknown member {name}"
        elif not isinstance(value, str) or not value.strip() or value != value.strip():
            yield f"{name} is empty, no text, or has white space around it"
    yield from _wrong_words({name: row[name] for name in row if isinstance(row[name], str)})


def _wrong_words(row: Mapping[str, str]) -> Iterator[str]:
    subject = row.get("subject", "")
    if not _ID.fullmatch(row.get("id", "")):
        yield "the id is not of the form SUBJECT-WORD-WORD"
    elif not row["id"].startswith(f"{subject.upper()}-"):
        yield f"the id does not begin with its subject, {subject}"
    for name, allowed in _ALLOWED.items():
        if name in row and row[name] not in allowed:
            yield f"{name} {row[name]!a} is not one of {', '.join(allowed)}"
    if "capability" in row and subject != "store":
        yield "only a store has capabilities"
    if "since" in row and not _VERSION.fullmatch(row["since"]):
        yield f"since {row['since']!a} is no version"
    for name in ("text", "why", "excluded"):
        if name in row and not row[name].endswith("."):
            yield f"{name} is no whole sentence"


def ids_in(text: str) -> list[str]:
    """Return whatever looks like the id of a requirement, in order."""
    return _ID_IN_TEXT.findall(text)


def unknown_ids(texts: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Return a line for each id in a text that the catalogue does not have."""
    return [
        f"{name}: {each} is not in the catalogue"
        for name, text in texts.items()
        for each in dict.fromkeys(ids_in(text))
        if each not in known
    ]


def anchors(text: str) -> list[str]:
    """Return the explicit anchors of a chapter, in order."""
    return _ANCHOR.findall(text)


def misanchored(chapters: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """Return a line for each requirement that is not anchored in exactly one place."""
    counts = Counter(each for text in chapters.values() for each in anchors(text))
    lines = [f"{each}: is in no chapter" for each in known if not counts[each]]
    lines += [f"{each}: is anchored {n} times" for each, n in counts.items() if n > 1]
    return lines + [f"{each}: an anchor of nothing" for each in counts if each not in known]


def dangling_links(chapters: Mapping[str, str], files: Collection[str]) -> list[str]:
    """Return a line for each link that leads nowhere, within the folder of the chapters.

    Args:
        chapters: Text by file name.
        files: What else there is to link to, relative to the folder.
    """
    lines: list[str] = []
    for name, text in chapters.items():
        for target in _LINK.findall(text):
            if "://" in target:
                continue
            path, _, fragment = target.partition("#")
            chapter = chapters.get(path or name)
            if chapter is None and path not in files:
                lines.append(f"{name}: {target} leads to no file")
            elif fragment and fragment not in _targets(chapter or ""):
                lines.append(f"{name}: {target} leads to no anchor")
    return lines


def _targets(text: str) -> set[str]:
    slugs = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(text)
    }
    return slugs | set(anchors(text))


def tests_of(vectors: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tests of a file of vectors."""
    for group in vectors["testGroups"]:
        yield from group["tests"]


def unfounded_vectors(
    files: Mapping[str, Mapping[str, Any]], known: Collection[str], codes: Collection[str]
) -> list[str]:
    """Return a line for each vector without a requirement, a number or a proper result."""
    lines: list[str] = []
    for name, vectors in files.items():
        tests = list(tests_of(vectors))
        for test in tests:
            where = f"{name} {test.get('tcId')}"
            if test.get("requirement") not in known:
                lines.append(f"{where}: no requirement of the catalogue")
            if test.get("result") not in RESULTS:
                lines.append(f"{where}: the result is none of {', '.join(RESULTS)}")
            if (test.get("result") == "valid") == ("code" in test):
                lines.append(f"{where}: a code where it may be refused, and only there")
            if "code" in test and test["code"] not in codes:
                lines.append(f"{where}: the code is not in the catalogue")
            lines += [
                f"{where}: the flag {flag} has no note"
                for flag in test.get("flags", ())
                if flag not in vectors["notes"]
            ]
        # Groups may be filled in turns, so the order is not that of the numbers.
        if {test.get("tcId") for test in tests} != set(range(1, len(tests) + 1)):
            lines.append(f"{name}: tests are not numbered from 1 on")
        if vectors["numberOfTests"] != len(tests):
            lines.append(f"{name}: numberOfTests is not the number of tests")
    return lines


def wrong_answers(
    rows: Iterable[Mapping[str, Any]], operations: Sequence[str], actions: Collection[str]
) -> list[str]:
    """Return a line for each fault in the rows of the error table.

    Each code has exactly one answer for each pair of operation and source, so that nobody
    who looks one up has to choose.
    """
    lines: list[str] = []
    for row in rows:
        code, answers = row["code"], row["answer"]
        for operation in operations:
            for source in ("body", "other"):
                fitting = [a for a in answers if a.get("source", "any") in {"any", source}]
                named = [a for a in fitting if operation in a.get("operations", ())]
                chosen = named or [a for a in fitting if "operations" not in a]
                if len(chosen) != 1:
                    count = len(chosen)
                    lines.append(f"{code}: {count} answers for {operation}, {source}")
        for each in answers:
            if each["client"] not in actions:
                lines.append(f"{code}: {each['client']!a} is no action")
            if each["status"] == 401 and each["challenge"] not in {"bare", "invalid_token"}:
                lines.append(f"{code}: a 401 without a challenge")
            if (each["status"] == 503) != ("retry_after" in each):
                lines.append(f"{code}: a 503 says when to try again, and nothing else does")
            lines += [
                f"{code}: there is no operation {name}"
                for name in each.get("operations", ())
                if name not in operations
            ]
    return lines
