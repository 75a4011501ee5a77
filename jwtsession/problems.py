"""How an error is answered over HTTP: problem details (RFC 9457) and challenges (RFC 6750).

The table below is the one of ``errors.toml``, and a test holds the two equal. An answer
says the code and nothing beyond it: the text of an exception, which may name what is
wrong for a developer, stays in the process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from jwtsession.errors import JwtSessionError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "PROBLEM_MEDIA_TYPE",
    "PROBLEM_TYPE_PREFIX",
    "Answer",
    "Challenge",
    "Operation",
    "Problem",
    "answer_for",
    "problem_for",
]

PROBLEM_MEDIA_TYPE = "application/problem+json"
"""The content type of every refusal (RFC 9457 §3)."""

PROBLEM_TYPE_PREFIX = "urn:jwtsession:error:"
"""``type`` of a problem is this, followed by the code: stable, and no place to fetch."""

Challenge: TypeAlias = Literal["none", "bare", "invalid_token", "invalid_request"]
"""What ``WWW-Authenticate`` says: no such header, ``Bearer`` alone, or an ``error``."""


class Operation(StrEnum):
    """What was being done; a code can mean another status in another operation."""

    ACCESS = "access"  # a protected request, and the check in front of list and revoke
    REFRESH = "refresh"
    SIGN_OUT = "sign_out"
    LIST = "list"
    REVOKE = "revoke"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Answer:
    """How one operation answers one code.

    Attributes:
        status: The HTTP status.
        challenge: What ``WWW-Authenticate`` says.
        retry_after_secs: What ``Retry-After`` says; 0 for no such header.
    """

    status: int
    challenge: Challenge = "none"
    retry_after_secs: int = 0


_REFUSED = Answer(401, "invalid_token")
_NO_CREDENTIALS = Answer(401, "bare")
_MEND_THE_REQUEST = Answer(400)
_OPERATOR = Answer(500)

_ANSWERS: Mapping[str, Answer] = {
    "jwt:missing_token": _NO_CREDENTIALS,
    "jwt:invalid_header": _REFUSED,
    "jwt:malformed_token": _REFUSED,
    "jwt:deserialization_failed": _REFUSED,
    "jwt:invalid_signature": _REFUSED,
    "jwt:algorithm_mismatch": _REFUSED,
    "jwt:expired": _REFUSED,
    "jwt:not_yet_valid": _REFUSED,
    "jwt:invalid_issuer": _REFUSED,
    "jwt:invalid_audience": _REFUSED,
    "auth:aud_mismatch": _REFUSED,
    "auth:access_missing": _NO_CREDENTIALS,
    "auth:refresh_missing": _NO_CREDENTIALS,
    "auth:session_not_found": _REFUSED,
    "auth:access_superseded": _REFUSED,
    "auth:refresh_reused": _REFUSED,
    "auth:refresh_forged": _REFUSED,
    "auth:write_lost": _REFUSED,
    "request:malformed_body": _MEND_THE_REQUEST,
    "request:body_too_large": Answer(413),
    "request:ambiguous_credentials": Answer(400, "invalid_request"),
    "request:cross_site": Answer(403),
    "input:user_id": _MEND_THE_REQUEST,
    "input:session_id": _MEND_THE_REQUEST,
    "input:metadata": _MEND_THE_REQUEST,
    "input:claims": _OPERATOR,
    "jwt:signing_failed": _OPERATOR,
    "jwt:serialization_failed": _OPERATOR,
    "config:invalid": _OPERATOR,
    "store:unavailable": Answer(503, "none", 1),
    "store:session_exists": _OPERATOR,
}

# Where an operation differs from the table above. The session that a request asks about
# by its id is a resource, so its absence is no matter of credentials.
_EXCEPTIONS: Mapping[tuple[str, Operation], Answer] = {
    ("auth:session_not_found", Operation.LIST): Answer(404),
    ("auth:session_not_found", Operation.REVOKE): Answer(404),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal, ready to be sent by any framework.

    Attributes:
        code: The stable name of the cause.
        status: The HTTP status.
        headers: Names in lower case and values, in the order to be sent.
        body: The problem details, JSON in UTF-8.
    """

    code: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer_for(code: str, operation: Operation, *, refresh_in_body: bool = False) -> Answer:
    """Return how an operation answers a code (HTTP-STATUS).

    Args:
        code: The stable name of the cause.
        operation: What was being done.
        refresh_in_body: Whether the body is one of the places where a refresh token is
            looked for: one that is missing there is a request to mend, not a challenge.

    Raises:
        KeyError: There is no such code.
    """
    if code == "auth:refresh_missing" and refresh_in_body:
        return _MEND_THE_REQUEST
    return _EXCEPTIONS.get((code, operation), _ANSWERS[code])


def problem_for(
    error: JwtSessionError,
    operation: Operation = Operation.ACCESS,
    *,
    refresh_in_body: bool = False,
) -> Problem:
    """Return the problem details of an error (HTTP-PROBLEM, HTTP-CHALLENGE).

    A subclass of an application with a code of its own is answered as the nearest class
    above it whose code is known, and a bare `JwtSessionError` as 500.

    Args:
        error: What was raised; its text is not sent.
        operation: What was being done.
        refresh_in_body: As for `answer_for`.
    """
    known = next((kind for kind in type(error).__mro__ if _known(kind)), JwtSessionError)
    code = str(vars(known)["code"])
    answer = _OPERATOR
    if code in _ANSWERS:
        answer = answer_for(code, operation, refresh_in_body=refresh_in_body)
    details = {
        "type": PROBLEM_TYPE_PREFIX + code,
        "title": vars(known)["message"],
        "status": answer.status,
        "code": code,
    }
    body = json.dumps(details, separators=(",", ":")).encode()
    return Problem(code, answer.status, _headers(answer, len(body)), body)


def _known(kind: type) -> bool:
    return vars(kind).get("code") in _ANSWERS


def _headers(answer: Answer, length: int) -> tuple[tuple[str, str], ...]:
    headers = [
        ("content-type", PROBLEM_MEDIA_TYPE),
        ("content-length", str(length)),
        ("cache-control", "no-store"),
    ]
    if answer.challenge == "bare":
        headers.append(("www-authenticate", "Bearer"))
    elif answer.challenge != "none":
        headers.append(("www-authenticate", f'Bearer error="{answer.challenge}"'))
    if answer.retry_after_secs:
        headers.append(("retry-after", str(answer.retry_after_secs)))
    return tuple(headers)
