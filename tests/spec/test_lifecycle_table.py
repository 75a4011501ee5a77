"""The law as data, and the law as code, are one table."""

from __future__ import annotations

import jwtsession_spec
from jwtsession_spec import lifecycle

from jwtsession import lifecycle as law
from jwtsession.steps import Asked, Signal

LAW = lifecycle()
BY_NAME = {decision.name: decision for decision in LAW.decisions}


def test_every_cell_is_the_same() -> None:
    """Each pair of what was asked and how the record stands gives one decision in both."""
    table: dict[str, dict[str, str]] = {}
    for entry in LAW.entries:
        row = table.setdefault(entry.state, {})
        assert entry.standing not in row, f"{entry.state}/{entry.standing} stands twice"
        row[entry.standing] = entry.decision
    assert table == {
        str(asked): {str(standing): str(decision) for standing, decision in row.items()}
        for asked, row in law.LAW.items()
    }


def test_the_names_and_their_order_are_the_same() -> None:
    """States, decisions and standings are the library's; standings in the order tried."""
    assert {state.name for state in LAW.states} == set(Asked)
    assert [standing.name for standing in LAW.standings] == [*map(str, law.Standing)]
    assert set(BY_NAME) == set(law.Decision)


def test_the_budget_is_the_one_that_the_text_names() -> None:
    """The decisions that are bounded name the library's bound."""
    for name in ("again", "repair"):
        assert f"budget of {law.MORE_ROUNDS} rounds" in BY_NAME[name].meaning


def test_every_name_leads_somewhere() -> None:
    """Requirements, codes, events, states and decisions that are named exist."""
    codes = {error.code for error in jwtsession_spec.errors()}
    names = {event.name for event in jwtsession_spec.events()}
    for entry in (*LAW.entries, *LAW.starts):
        assert jwtsession_spec.requirement(entry.requirement).subject == "service"
        assert 1 <= entry.rule <= 9
        assert entry.decision is None or entry.decision in BY_NAME
    for decision in LAW.decisions:
        assert decision.code is None or decision.code in codes
        assert decision.event is None or decision.event in names


def test_every_signal_of_a_refresh_is_in_the_catalogue() -> None:
    """What the law announces is an event, and the tables name it for the same decision."""
    named = {decision.event for decision in LAW.decisions} - {None}
    assert named == {str(signal) for signal in Signal}
