"""The shape of a vector file: Project Wycheproof's, with a requirement on every test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Document", "Group"]

SOURCE = {"name": "jwtsession-spec", "version": "1.0"}


@dataclass
class Group:
    """Tests that share a configuration."""

    document: Document
    body: dict[str, Any]

    def add(
        self,
        comment: str,
        requirement: str,
        /,
        *flags: str,
        code: str | None = None,
        **fields: Any,
    ) -> None:
        """Add a test: invalid where it names a code, valid otherwise."""
        for flag in flags:
            if flag not in self.document.notes:
                raise KeyError(flag)
        self.document.count += 1
        test: dict[str, Any] = {
            "tcId": self.document.count,
            "comment": comment,
            "requirement": requirement,
            "flags": list(flags),
            **fields,
            "result": "valid" if code is None else "invalid",
        }
        if code is not None:
            test["code"] = code
        self.body["tests"].append(test)


@dataclass
class Document:
    """One file of vectors."""

    file: str
    schema: str
    algorithm: str
    header: list[str]
    notes: dict[str, dict[str, str]]
    count: int = 0
    groups: list[dict[str, Any]] = field(default_factory=list)

    def group(self, kind: str, comment: str, **config: Any) -> Group:
        """Open a group; its tests follow."""
        body = {"type": kind, "source": SOURCE, "comment": comment, **config, "tests": []}
        self.groups.append(body)
        return Group(self, body)

    def text(self) -> str:
        """Return the file, only ASCII, so that what is hostile can be seen."""
        used = {flag for g in self.groups for test in g["tests"] for flag in test["flags"]}
        return (
            json.dumps(
                {
                    "algorithm": self.algorithm,
                    "schema": self.schema,
                    "numberOfTests": self.count,
                    "header": self.header,
                    "notes": {k: v for k, v in self.notes.items() if k in used},
                    "testGroups": self.groups,
                },
                indent=1,
            )
            + "\n"
        )
