"""The list of checks: complete, unique, and nothing in it that says nothing."""

from __future__ import annotations

import ast
import inspect

import pytest
from jwtsession_conformance.catalogue import requirement, store_requirements
from jwtsession_conformance.registry import checks, store_check

EVERY = {check.id: check for check in checks()}


def test_every_requirement_has_a_check() -> None:
    """Each requirement of a store that is not excluded is checked, and no excluded one is."""
    checked = {check.requirement for check in checks()}
    assert checked == {one.id for one in store_requirements() if one.excluded is None}


def test_a_check_has_a_name_of_its_own() -> None:
    """A second check of one name would silently replace the first, so it is refused."""
    assert len(EVERY) == len(checks())
    with pytest.raises(ValueError, match="cannot be registered"):
        store_check("STORE-GET-LIVE", "boundary")(next(iter(EVERY.values())).run)


@pytest.mark.parametrize("wrong", ["STORE-NO-SUCH", "TOKEN-COMPACT", ""])
def test_a_check_is_of_a_requirement_of_stores(wrong: str) -> None:
    """A check of an unknown requirement, or of another subject's, is refused."""
    with pytest.raises(ValueError, match="cannot be registered"):
        store_check(wrong, "attack")(next(iter(EVERY.values())).run)


def test_a_check_needs_known_capabilities() -> None:
    """A capability that does not exist would never be declared, and the check never run."""
    with pytest.raises(ValueError, match="cannot be registered"):
        store_check("STORE-GET-LIVE", "other", needs=("fast",))(
            next(iter(EVERY.values())).run
        )


@pytest.mark.parametrize("name", EVERY)
def test_a_check_tells_a_story_and_asks_something(name: str) -> None:
    """Its docstring is a sentence, and its code ends in an expectation of some kind."""
    check = EVERY[name]
    assert check.story.endswith(".")
    own = requirement(check.requirement).capability
    assert own is None or own in check.needs
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(ast.parse(inspect.getsource(check.run)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    asking = {"expect", "same", "fail", "settled", "shows", "step"}
    handed_on = {one for one in called if one.startswith("_") or one in HANDED_ON}
    assert called & asking or handed_on


HANDED_ON = {
    "remove_beside_write",
    "removes_at_once",
    "seen_by_each_other",
    "sign_ins_at_once",
    "swaps_at_once",
    "writes_at_once",
}
"""Attacks that several checks make, through other handles."""
