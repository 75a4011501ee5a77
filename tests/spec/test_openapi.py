"""The description of the HTTP surface is valid, and says what the other tables say."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import jsonschema
import jwtsession_spec
import openapi_spec_validator
import pytest
import referencing
import referencing.jsonschema
import yaml
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT: dict[str, Any] = yaml.safe_load(jwtsession_spec.openapi())
EACH: list[dict[str, Any]] = [
    operation for path in DOCUMENT["paths"].values() for operation in path.values()
]
OPERATIONS = {
    "refresh": "refresh",
    "logout": "sign_out",
    "listSessions": "list",
    "endSessions": "revoke",
    "endSession": "revoke",
}
NOT_OVER_HTTP = {
    "store:session_exists",  # the service draws another id
    "input:session_id",  # over HTTP such a session is one that does not exist: 404
}


def resolved(node: Any) -> Any:
    """Return what a reference points to, or the node itself."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def problems(operation: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield every (status, code) that an operation declares."""
    for status, response in operation["responses"].items():
        content = resolved(response).get("content", {})
        if "application/problem+json" in content:
            schema = content["application/problem+json"]["schema"]
            for code in schema["allOf"][1]["properties"]["code"]["enum"]:
                yield int(status), code


def test_it_is_a_valid_openapi_document() -> None:
    """The document is what OpenAPI 3.1 asks for, and the judge can tell."""
    openapi_spec_validator.validate(DOCUMENT)
    broken = copy.deepcopy(DOCUMENT)
    del broken["paths"]["/refresh"]["post"]["responses"]["200"]["description"]
    with pytest.raises(OpenAPIValidationError):
        openapi_spec_validator.validate(broken)


def test_its_version_is_that_of_the_specification() -> None:
    """Document and data carry one version."""
    assert DOCUMENT["info"]["version"] == jwtsession_spec.SPEC_VERSION


@pytest.mark.parametrize("operation", EACH, ids=lambda each: each["operationId"])
def test_each_code_has_the_status_of_the_error_table(operation: dict[str, Any]) -> None:
    """A code is declared with the status and the headers that errors.toml gives it."""
    errors = {error.code: error for error in jwtsession_spec.errors()}
    name = OPERATIONS[operation["operationId"]]
    for status, code in problems(operation):
        answers = [
            errors[code].answer(asked, source=source)
            for asked in (name, "access")
            for source in ("body", "other")
        ]
        fitting = [answer for answer in answers if answer.status == status]
        assert fitting, f"{code} is not answered {status}"
        headers = resolved(operation["responses"][str(status)]).get("headers", {})
        assert ("Retry-After" in headers) == (fitting[0].retry_after > 0)
        assert fitting[0].challenge == "none" or "WWW-Authenticate" in headers


def test_no_code_is_forgotten() -> None:
    """Every code that can be seen over HTTP is declared by some operation."""
    declared = {code for operation in EACH for _, code in problems(operation)}
    known = {error.code for error in jwtsession_spec.errors()}
    assert declared == known - NOT_OVER_HTTP


@pytest.mark.parametrize("operation", EACH, ids=lambda each: each["operationId"])
def test_every_operation_can_meet_an_outage(operation: dict[str, Any]) -> None:
    """No operation lacks the answer that keeps clients from throwing tokens away."""
    assert (503, "store:unavailable") in set(problems(operation))


def test_every_example_is_of_its_schema() -> None:
    """Examples validate against the schema they stand beside, and a broken one does not."""
    resource = referencing.Resource.from_contents(
        DOCUMENT, default_specification=referencing.jsonschema.DRAFT202012
    )
    registry: Any = referencing.Registry().with_resource("urn:openapi", resource)

    def judge(schema: Any) -> jsonschema.Draft202012Validator:
        here = {"$id": "urn:openapi", **DOCUMENT, "allOf": [schema]}
        return jsonschema.Draft202012Validator(here, registry=registry)

    count = 0
    for operation in EACH:
        bodies = [resolved(each) for each in operation["responses"].values()]
        for body in [*bodies, operation.get("requestBody", {})]:
            for media in body.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    judge(media["schema"]).validate(resolved(example)["value"])
                    count += 1
                    assert not judge(media["schema"]).is_valid(5)
    assert count > 20
