"""How errors are answered over HTTP."""

import json

import jwtsession_spec
import pytest

from jwtsession import errors
from jwtsession.errors import JwtSessionError
from jwtsession.problems import Operation, answer_for, problem_for

CODES = [each.code for each in jwtsession_spec.errors()]
LEAVES = [
    getattr(errors, name)
    for name in errors.__all__
    if "code" in vars(getattr(errors, name)) and name != "JwtSessionError"
]


def test_operations_are_those_of_the_specification() -> None:
    """The library and the catalogue know the same operations."""
    assert [each.value for each in Operation] == list(jwtsession_spec.operations())


def test_every_error_of_the_tree_has_an_answer() -> None:
    """Each class with a code is in the catalogue, and the reverse."""
    assert sorted(leaf.code for leaf in LEAVES) == sorted(CODES)


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("in_body", [True, False], ids=["body", "other"])
@pytest.mark.parametrize("code", CODES)
def test_the_table_is_that_of_the_catalogue(
    code: str, operation: Operation, *, in_body: bool
) -> None:
    """Status, challenge and Retry-After are those of errors.toml, for every operation."""
    entry = next(each for each in jwtsession_spec.errors() if each.code == code)
    wanted = entry.answer(operation.value, source="body" if in_body else "other")
    found = answer_for(code, operation, refresh_in_body=in_body)
    assert (found.status, found.challenge, found.retry_after_secs) == (
        wanted.status,
        wanted.challenge,
        wanted.retry_after,
    )


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_problem_says_the_code_and_no_more(leaf: type[JwtSessionError]) -> None:
    """The text of an exception is not sent: only what the code says by itself."""
    problem = problem_for(leaf("the secret is hunter2"))
    assert json.loads(problem.body) == {
        "type": f"urn:jwtsession:error:{leaf.code}",
        "title": leaf.message,
        "status": problem.status,
        "code": leaf.code,
    }
    headers = dict(problem.headers)
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-length"] == str(len(problem.body))
    assert headers["cache-control"] == "no-store"
    assert "hunter2" not in repr(problem)


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("leaf", LEAVES)
def test_headers_follow_the_status(
    leaf: type[JwtSessionError], operation: Operation
) -> None:
    """Every 401 carries a challenge and every 503 says when to come back."""
    problem = problem_for(leaf(), operation)
    headers = dict(problem.headers)
    if problem.status == 401:
        assert headers["www-authenticate"].split()[0] == "Bearer"
    assert ("retry-after" in headers) == (problem.status == 503)


@pytest.mark.parametrize(
    ("error", "challenge"),
    [
        (errors.AccessMissing(), "Bearer"),
        (errors.MissingToken(), "Bearer"),
        (errors.TokenExpired(), 'Bearer error="invalid_token"'),
        (errors.AmbiguousCredentials(), 'Bearer error="invalid_request"'),
        (errors.CrossSiteRequest(), None),
    ],
)
def test_the_challenge_is_bare_where_nothing_was_presented(
    error: JwtSessionError, challenge: str | None
) -> None:
    """A request without credentials learns no error code (RFC 6750 §3.1)."""
    assert dict(problem_for(error).headers).get("www-authenticate") == challenge


def test_an_error_of_the_application_is_answered_as_the_nearest_known() -> None:
    """A subclass with a code of its own keeps the status of the class above it."""

    class DatabaseDown(errors.StoreUnavailable):
        code = "shop:database_down"
        message = "host db1 does not answer"

    class OddError(JwtSessionError):
        code = "shop:odd"

    known, unknown = problem_for(DatabaseDown()), problem_for(OddError())
    assert (known.code, known.status) == ("store:unavailable", 503)
    assert b"db1" not in known.body
    assert (unknown.code, unknown.status) == ("jwtsession:error", 500)


def test_an_unknown_code_has_no_answer() -> None:
    """Asking for a code that is nowhere in the catalogue is a mistake, not a status."""
    with pytest.raises(KeyError):
        answer_for("auth:nonsense", Operation.ACCESS)
