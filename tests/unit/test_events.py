"""Events: the catalogue's names and members, who hears them, and what a deaf sink does."""

import logging
from typing import Any

import jwtsession_spec
import pytest
from fault_store import lose_writes_since
from own_loop import own_loop
from service_world import GRACE, START, Heard, World, world_of

from jwtsession.errors import JwtSessionError
from jwtsession.events import DETAIL, Announcer, EventName, SessionEvent, log_events
from jwtsession.models import SessionKey
from jwtsession.protocols import Event

CATALOGUE = {each.name: each for each in jwtsession_spec.events()}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "integer": (int,),
    "string": (str,),
    "null": (type(None),),
}


async def everything_that_is_told(world: World) -> None:
    """Make each event of the catalogue happen at least once."""
    service, clock = world.service, world.clock
    first = await service.authenticate("ann", {"ua": "x"})
    record = await world.record(first)
    second = await service.rotate(first.refresh_token, {"n": 1})
    clock.advance(1)
    await service.rotate(first.refresh_token, {"n": 2})
    await service.rotate(second.refresh_token, {"n": 3})
    await lose_writes_since(world.store, record, clock.at)
    await service.rotate(second.refresh_token, {"n": 4})
    await refused(service.rotate(world.forge_stranger(second.refresh_token, 1)))
    await refused(service.logout(world.forge_stranger(second.refresh_token, 0)))
    clock.advance(GRACE)
    await refused(service.rotate(first.refresh_token, {"n": 5}))
    for _ in range(3):  # one more than the limit
        clock.advance(1)
        pair = await service.authenticate("ann")
    await service.revoke_all_except("ann", pair.session_id)
    await service.revoke("ann", pair.session_id)
    await service.revoke_all("ann")
    last = await service.authenticate("ann")
    await service.logout(last.access_token)
    ending = world.another(clock=clock, events=world.events, on_lost_write="end")
    last = await service.authenticate("ann")
    record = await world.record(last)
    ahead = await service.rotate(last.refresh_token)
    await lose_writes_since(world.store, record, clock.at)
    await refused(ending.service.rotate(ahead.refresh_token))


async def refused(call: Any) -> None:
    """Await a call that may be refused."""
    try:
        await call
    except JwtSessionError:
        return


@own_loop
async def test_every_event_has_the_members_of_the_catalogue_and_no_others() -> None:
    """Names, members and their types are those of events.toml, for all twelve events."""
    world = world_of(max_per_user=2)
    await everything_that_is_told(world)
    assert {event.name for event in world.events} == set(CATALOGUE)
    for event in world.events:
        kind = CATALOGUE[event.name]
        assert set(event.detail) == set(kind.detail), event
        for member, value in event.detail.items():
            allowed = kind.detail[member].type.split(" or ")
            assert isinstance(value, tuple(t for name in allowed for t in TYPES[name]))
            assert not isinstance(value, bool)
        assert isinstance(event.at, int)
        assert event.at >= START
        assert event.user_id == "ann"
        assert (event.session_id is None) is (event.name == "revoked_all")


def test_the_library_and_the_catalogue_list_the_same_events() -> None:
    """EventName and DETAIL are events.toml, in its order."""
    assert [each.value for each in EventName] == list(CATALOGUE)
    assert {name: set(members) for name, members in DETAIL.items()} == {
        each.name: set(each.detail) for each in CATALOGUE.values()
    }


@pytest.mark.parametrize("name", list(EventName))
def test_the_log_has_the_severity_of_the_catalogue(
    name: EventName, caplog: pytest.LogCaptureFixture
) -> None:
    """A service without a sink writes each event to the log, as severe as it is."""
    caplog.set_level(logging.DEBUG, "jwtsession.events")
    event = SessionEvent(
        name=name, at=START, user_id="ann", session_id="S", detail={"n": 1}
    )
    log_events(event)
    [record] = caplog.records
    assert record.levelname.lower() == CATALOGUE[name].severity
    assert record.name == "jwtsession.events"
    assert record.getMessage() == f"{name} session=S"
    assert record.__dict__["jwtsession_event"] is event


@own_loop
async def test_a_service_without_a_sink_writes_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The default sink is the logger jwtsession.events."""
    caplog.set_level(logging.INFO, "jwtsession.events")
    world = world_of(events=log_events)
    pair = await world.service.authenticate("ann")
    assert caplog.messages == [f"signed_in session={pair.session_id}"]


@own_loop
async def test_a_sink_that_raises_reaches_no_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every operation answers as it would have, and the failure is logged."""
    # SERVICE-EVENT-FAILURE
    told: list[str] = []

    def broken(event: Event, /) -> None:
        told.append(event.name)
        raise RuntimeError("the sink is full")

    world = world_of(events=broken, max_per_user=2)
    # The only refusals are those that come without a broken sink, too.
    await everything_that_is_told(world)
    quiet = world_of(max_per_user=2)
    await everything_that_is_told(quiet)
    own = [name for name in quiet.events.names() if name != "lost_write_ended"]
    assert told == own
    assert [record.getMessage() for record in caplog.records] == [
        f"the event sink failed on {name}" for name in own
    ]
    assert all(record.exc_info is not None for record in caplog.records)


def test_the_announcer_takes_the_facts_of_the_event_and_no_more() -> None:
    """What an event is not meant to carry does not get into it."""
    heard = Heard()
    announcer = Announcer(heard)
    announcer.tell(
        EventName.ROTATED, 7, SessionKey("ann", "S"), gen=1, seen={}, secret="hunter2"
    )
    [event] = heard
    assert dict(event.detail) == {"gen": 1, "seen": {}}
    assert (event.at, event.user_id, event.session_id) == (7, "ann", "S")
    assert "hunter2" not in repr(event)


def test_an_event_shows_no_detail_in_its_repr() -> None:
    """Metadata of a user does not slip into a log by way of a repr."""
    event = SessionEvent(
        name=EventName.SIGNED_IN, at=1, user_id="ann", session_id="S", detail={"ip": "::1"}
    )
    assert "::1" not in repr(event)


@own_loop
async def test_an_event_keeps_what_was_noted_then() -> None:
    """What the caller changes in its mapping afterwards changes no event and no session."""
    world = world_of()
    meta, seen = {"tags": ["a"]}, {"tags": ["b"]}
    pair = await world.service.authenticate("ann", meta)
    await world.service.rotate(pair.refresh_token, seen)
    meta["tags"].append("later")
    seen["tags"].append("later")
    assert [
        event.detail.get("meta", event.detail.get("seen")) for event in world.events
    ] == [
        {"tags": ["a"]},
        {"tags": ["b"]},
    ]
    [session] = await world.sessions()
    assert (session.meta, session.seen) == ({"tags": ["a"]}, {"tags": ["b"]})
