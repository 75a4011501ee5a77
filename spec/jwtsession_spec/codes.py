"""The error codes: how each is answered over HTTP, and what a client does next."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jwtsession_spec.packaged import table

__all__ = ["Answer", "ErrorCode", "actions", "errors", "operations"]

Challenge = Literal["none", "bare", "invalid_token", "invalid_request"]
Source = Literal["any", "body", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How an operation answers a code over HTTP.

    Attributes:
        status: The HTTP status.
        challenge: What ``WWW-Authenticate`` says: ``none`` is no such header, ``bare`` is
            ``Bearer`` alone, the others are the value of its ``error``.
        client: What a client does next; one of `actions`.
        retry_after: Seconds for ``Retry-After``; 0 is no such header.
        operations: For which operations; empty for every one that no other answer of the
            code names.
        source: Where the refresh token is looked for: ``body``, ``other``, or ``any``
            where that makes no difference.
    """

    status: int
    challenge: Challenge
    client: str
    retry_after: int = 0
    operations: tuple[str, ...] = ()
    source: Source = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode:
    """One cause.

    Attributes:
        code: Its stable name, ``area:cause``.
        name: The class of the error in the Python library.
        meaning: What has happened, in a sentence for the developer of a client.
        answers: How it is answered; ask `answer` for the one that applies.
    """

    code: str
    name: str
    meaning: str
    answers: tuple[Answer, ...]

    def answer(
        self, operation: str, *, source: Literal["body", "other"] = "other"
    ) -> Answer:
        """Return the one answer of an operation.

        Args:
            operation: One of `operations`.
            source: Where the server looks for refresh tokens.

        Raises:
            ValueError: There is no such operation.
        """
        if operation not in operations():
            there = ", ".join(operations())
            raise ValueError(f"no operation {str(operation)[:80]!a}; there are: {there}")
        fitting = [each for each in self.answers if each.source in {"any", source}]
        named = [each for each in fitting if operation in each.operations]
        return (named or [each for each in fitting if not each.operations])[0]


@cache
def errors() -> tuple[ErrorCode, ...]:
    """Return every error code, in the order of the catalogue."""
    return tuple(_error(row) for row in table("errors.toml")["error"])


@cache
def actions() -> tuple[str, ...]:
    """Return what a client can be asked to do next."""
    return tuple(table("errors.toml")["actions"])


@cache
def operations() -> tuple[str, ...]:
    """Return the operations that answer a code."""
    return tuple(table("errors.toml")["operations"])


def _error(row: dict[str, Any]) -> ErrorCode:
    answers = tuple(_answer(each) for each in row["answer"])
    return ErrorCode(
        code=row["code"], name=row["name"], meaning=row["meaning"], answers=answers
    )


def _answer(row: dict[str, Any]) -> Answer:
    values: dict[str, Any] = {**row, "operations": tuple(row.get("operations", ()))}
    return Answer(**values)
