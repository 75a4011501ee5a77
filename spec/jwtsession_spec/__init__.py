"""The specification of JWT sessions as data, with the types to read it.

Everything here is a value: frozen, loaded once, the same in a checkout, a wheel and a zip
file. Nothing but the standard library is needed. The prose is in the chapters beside this
package; the two are held together by the tests of the project.
"""

from __future__ import annotations

from jwtsession_spec.catalogue import (
    SPEC_VERSION,
    Requirement,
    UnknownRequirement,
    requirement,
    requirements,
)
from jwtsession_spec.codes import Answer, ErrorCode, actions, errors, operations
from jwtsession_spec.documents import UnknownVectors, openapi, vector_names, vectors

__all__ = [
    "SPEC_VERSION",
    "Answer",
    "ErrorCode",
    "Requirement",
    "UnknownRequirement",
    "UnknownVectors",
    "actions",
    "errors",
    "openapi",
    "operations",
    "requirement",
    "requirements",
    "vector_names",
    "vectors",
]
