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
from jwtsession_spec.law import (
    Decision,
    Entry,
    EventKind,
    Lifecycle,
    Member,
    Standing,
    Start,
    State,
    events,
    lifecycle,
)

__all__ = [
    "SPEC_VERSION",
    "Answer",
    "Decision",
    "Entry",
    "ErrorCode",
    "EventKind",
    "Lifecycle",
    "Member",
    "Requirement",
    "Standing",
    "Start",
    "State",
    "UnknownRequirement",
    "UnknownVectors",
    "actions",
    "errors",
    "events",
    "lifecycle",
    "openapi",
    "operations",
    "requirement",
    "requirements",
    "vector_names",
    "vectors",
]
