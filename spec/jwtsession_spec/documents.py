"""The parts of the specification that are handed on as they are."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jwtsession_spec import packaged

__all__ = ["UnknownVectors", "openapi", "vector_names", "vectors"]


class UnknownVectors(KeyError):  # noqa: N818 - named after the cause
    """There is no file of test vectors of this name. The message lists those there are."""

    def __init__(self, unknown: str) -> None:
        self.name = unknown
        super().__init__(unknown)

    def __str__(self) -> str:
        there = ", ".join(vector_names())
        return f"there are no vectors {self.name[:80]!a}; there are: {there}"


def openapi() -> str:
    """Return the OpenAPI 3.1 description of the token endpoints: YAML, as text."""
    return packaged.text("openapi.yaml")


@cache
def vector_names() -> tuple[str, ...]:
    """Return the names that `vectors` knows, sorted."""
    found = packaged.names("vectors", ".json")
    return tuple(name for name in found if not name.endswith(".schema"))


def vectors(name: str) -> dict[str, Any]:
    """Return one file of test vectors, parsed anew on each call.

    Args:
        name: One of `vector_names`.

    Raises:
        UnknownVectors: There is none of this name; the message lists them.
    """
    if name not in vector_names():
        raise UnknownVectors(name)
    content: dict[str, Any] = json.loads(packaged.text(f"vectors/{name}.json"))
    return content
