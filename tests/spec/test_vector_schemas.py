"""Every file of vectors has the shape that its published JSON Schema says."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import jwtsession_spec
import pytest
from jwtsession_spec import packaged

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = jwtsession_spec.vector_names()


def judge(schema: str) -> jsonschema.Draft202012Validator:
    """Return a validator for a schema of the specification, itself checked."""
    content = json.loads(packaged.text(f"vectors/{schema}"))
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_its_shape(name: str) -> None:
    """The schema that the file names accepts it."""
    vectors = jwtsession_spec.vectors(name)
    judge(vectors["schema"]).validate(vectors)


def test_every_schema_has_a_file() -> None:
    """No schema is published that nothing uses."""
    used = {jwtsession_spec.vectors(name)["schema"] for name in NAMES}
    there = {f"{name}.schema.json" for name in packaged.names("vectors", ".schema.json")}
    assert used == there


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file, _: file.pop("testGroups"),
        lambda file, _: file.update(schema="another.schema.json"),
        lambda file, _: file["testGroups"][0].update(tests=[]),
        lambda _, test: test.pop("requirement"),
        lambda _, test: test.update(requirement="lower-case"),
        lambda _, test: test.update(result="acceptable"),
        lambda _, test: test.update(colour="red"),
        lambda _, test: test.update(tcId="1"),
        lambda _, test: test.update(code="jwt:expired", result="valid"),
        lambda _, test: test.update(result="invalid"),
    ],
)
@pytest.mark.parametrize("name", ["rotation", "source_bearer"])
def test_a_spoilt_file_is_refused(
    name: str, spoil: Callable[[dict[str, Any], dict[str, Any]], object]
) -> None:
    """A member too few or too many, or of another form, does not pass."""
    vectors = copy.deepcopy(jwtsession_spec.vectors(name))
    first = vectors["testGroups"][0]["tests"][0]
    assert first["result"] == "valid"
    validator = judge(vectors["schema"])
    spoil(vectors, first)
    assert not validator.is_valid(vectors)
