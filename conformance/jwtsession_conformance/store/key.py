"""Whose session it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession.errors import SessionExists
from jwtsession.models import SessionKey
from jwtsession_conformance.hostile import look_alikes
from jwtsession_conformance.poststate import settled
from jwtsession_conformance.registry import store_check
from jwtsession_conformance.steps import given, step
from jwtsession_conformance.values import HOUR

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from jwtsession.models import SessionRecord
    from jwtsession_conformance.lab import Lab


@store_check("STORE-KEY-EXACT", "case")
async def case(lab: Lab) -> None:
    """Upper and lower case, and letters that one becomes when it is folded, are users apart."""
    await _told_apart(lab, "case")


@store_check("STORE-KEY-EXACT", "normalisation")
async def normalisation(lab: Lab) -> None:
    """Composed, decomposed and compatible forms of a letter are users apart."""
    await _told_apart(lab, "normalisation")


@store_check("STORE-KEY-EXACT", "blanks")
async def blanks(lab: Lab) -> None:
    """Blanks before, after and within, visible or not, are part of a user id."""
    await _told_apart(lab, "blanks")


@store_check("STORE-KEY-EXACT", "patterns")
async def patterns(lab: Lab) -> None:
    """What means *any* to LIKE, GLOB, SCAN or a regular expression means itself."""
    await _told_apart(lab, "patterns")


@store_check("STORE-KEY-EXACT", "separators")
async def separators(lab: Lab) -> None:
    """Whatever a key might be glued together with may also be in a user id."""
    await _told_apart(lab, "separators")


@store_check("STORE-KEY-EXACT", "prefixes")
async def prefixes(lab: Lab) -> None:
    """A user id that begins with another is another."""
    await _told_apart(lab, "prefixes")


@store_check("STORE-KEY-EXACT", "quoting")
async def quoting(lab: Lab) -> None:
    """Quotes, statements and place-holders in a user id are text."""
    await _told_apart(lab, "quoting")


@store_check("STORE-KEY-EXACT", "words")
async def words(lab: Lab) -> None:
    """null, true, 1, 01 and 1.0 are texts, and different ones."""
    await _told_apart(lab, "words")


@store_check("STORE-KEY-EXACT", "emoji")
async def emoji(lab: Lab) -> None:
    """Characters outside the basic plane, and what joins and colours them, count."""
    await _told_apart(lab, "emoji")


@store_check("STORE-KEY-EXACT", "length")
async def length(lab: Lab) -> None:
    """Of 255 code points every one counts, the last too, whatever it takes in bytes."""
    await _told_apart(lab, "length")


@store_check("STORE-KEY-WHOLE", "one-id-two-users")
async def one_id_two_users(lab: Lab) -> None:
    """One session id under two users is two sessions, for every operation."""
    mine = lab.record(lab.user("alice"))
    theirs = lab.record(lab.user("bob"), id=mine.id)
    await given(lab, mine, look=False)
    try:
        await lab.both("insert", theirs, limit=None, now=lab.now)
    except SessionExists:
        lab.fail("SessionExists was raised for the session id of another user.")
    after = "inserting one session id under two users"
    await settled(lab, after=after, users=[mine.user_id, theirs.user_id])
    lab.clock.advance(60)
    new = lab.replacement(mine)
    await lab.store.swap(mine.key, expected=mine.refresh_hash, replacement=new, now=lab.now)
    await lab.store.touch(mine.key, now=lab.now)
    await lab.store.replace_data(mine.key, '{"mine":1}', now=lab.now)
    await _untouched(lab, theirs, "operations on a session of the same id")
    await step(lab, "remove", mine.key)
    await _untouched(lab, theirs, "the removal of a session of the same id")
    await lab.store.insert(lab.record(mine.user_id, id=mine.id), limit=1, now=lab.now)
    await lab.store.remove_all(mine.user_id, now=lab.now)
    await _untouched(lab, theirs, "the removal of a user with a session of the same id")


@store_check("STORE-KEY-WHOLE", "glued")
async def glued(lab: Lab) -> None:
    """However user id and session id are glued together, another pair does not give it."""
    first, second = lab.session_id(), lab.session_id()
    stem = lab.user("alice")
    for glue in ("", ":", "/", "|", "\x1f", "\\", ".", "-", " "):
        lab.scene()
        pairs = [
            (stem, first),
            (f"{stem}{glue}{first}", second),
            (f"{stem}{glue}{first[:13]}", first),
            (f"{stem}{glue}{second}", first),
            (f"{first}{glue}{stem}", second),
        ]
        stem = f"{stem}x"
        records = [lab.record(user, id=session) for user, session in pairs]
        for record in records:
            lab.model.insert(record, limit=None, now=lab.now)
            try:
                await lab.store.insert(record, limit=None, now=lab.now)
            except SessionExists:
                lab.fail("SessionExists was raised for a key that was never inserted.")
        await settled(lab, after=f"inserting keys that are alike when glued with {glue!a}")
        await lab.store.remove_all(records[0].user_id, now=lab.now)
        others = [record.user_id for record in records[1:]]
        await settled(lab, after="removing the sessions of one such user", users=others)


@store_check("STORE-USER-ISOLATION", "own-business")
async def own_business(lab: Lab) -> None:
    """Everything a user does, evictions and removals too, leaves the others as they were."""
    names = [lab.user("bob"), lab.user("carol")]
    for name in names:
        for n in range(3):
            record = lab.record(name, last_active_at=lab.now - n)
            lab.model.insert(record, limit=None, now=lab.now)
            await lab.store.insert(record, limit=None, now=lab.now)
    mine = [lab.record(last_active_at=lab.now - HOUR - n) for n in range(3)]
    store = lab.store
    now = lab.now
    for record in mine:
        await store.insert(record, limit=2, now=now)
    alive = mine[-1]
    steps: Sequence[tuple[str, Callable[[], Awaitable[object]]]] = [
        ("an insert with limit 1", lambda: store.insert(lab.record(), limit=1, now=now)),
        (
            "a swap",
            lambda: store.swap(
                alive.key,
                expected=alive.refresh_hash,
                replacement=lab.replacement(alive),
                now=now + 60,
            ),
        ),
        ("a touch", lambda: store.touch(alive.key, now=now + 60)),
        ("a replace_data", lambda: store.replace_data(alive.key, "{}", now=now + 60)),
        ("a list", lambda: store.list(alive.user_id, now=now + 60)),
        ("a remove", lambda: store.remove(alive.key, now=now + 60)),
        ("a remove_all", lambda: store.remove_all(alive.user_id, now=now + 60)),
    ]
    for what, call in steps:
        await call()
        await settled(lab, after=f"{what} of another user", users=names)


@store_check("STORE-USER-ISOLATION", "foreign-id")
async def foreign_id(lab: Lab) -> None:
    """A user who knows the id of somebody else's session gets nothing and changes nothing."""
    victim = lab.record(lab.user("victim"))
    own = lab.record(lab.user("thief"))
    await given(lab, victim, own)
    key = SessionKey(own.user_id, victim.id)
    stolen = {"expected": victim.refresh_hash, "replacement": lab.replacement(victim)}
    for method, positional, named in (
        ("get", (key,), {}),
        ("swap", (key,), stolen),
        ("touch", (key,), {}),
        ("replace_data", (key, '{"stolen":1}'), {}),
        ("remove", (key,), {}),
    ):
        answer = await getattr(lab.store, method)(*positional, **named, now=lab.now)
        lab.expect(
            answer is None or answer is False,
            f"{method} answered something for a session id of another user.",
        )
        await settled(lab, after=f"a {method} with the session id of another user")
    await lab.store.remove_all(own.user_id, keep=victim.id, now=lab.now)
    await settled(
        lab, after="a remove_all that keeps another user's id", users=[victim.user_id]
    )


async def _told_apart(lab: Lab, kind: str) -> None:
    """Give each of a group of users a session, and see that each has its own and no other."""
    users = list(dict.fromkeys(look_alikes(lab.place[-6:])[kind]))
    records = [lab.record(user) for user in users]
    for record in records:
        try:
            await lab.store.insert(record, limit=1, now=lab.now)
        except SessionExists:
            lab.fail(
                f"SessionExists was raised for {_named(lab, record)}, who had no session."
            )
    for n, record in enumerate(records):
        await _own_only(lab, record, records[n - 1], records)
    # One of them signs out everywhere: nobody else may notice.
    for n, record in enumerate(records):
        if n % 2:
            await lab.store.remove_all(record.user_id, now=lab.now)
    for n, record in enumerate(records):
        if n % 2:
            continue
        if await lab.store.get(record.key, now=lab.now) is None:
            involved = {record.user_id, *(one.user_id for one in records[1::2])}
            lab.fail(
                f"{_named(lab, record)} was signed out by a remove_all of others.",
                users=involved,
            )


async def _own_only(
    lab: Lab,
    record: SessionRecord,
    other: SessionRecord,
    everybody: Sequence[SessionRecord],
) -> None:
    listed = await lab.store.list(record.user_id, now=lab.now)
    got = await lab.store.get(record.key, now=lab.now)
    crossed = await lab.store.get(SessionKey(record.user_id, other.id), now=lab.now)
    ids = [one.id for one in listed]
    if ids == [record.id] and got is not None and crossed is None:
        if got.user_id == record.user_id and listed[0].user_id == record.user_id:
            return
        what = f"comes back as that of {lab.journal.names.user(got.user_id)}"
    elif got is None:
        what = "is gone after the sign-ins of others"
    elif crossed is not None:
        what = f"is shown beside that of {_named(lab, other)}"
    else:
        what = f"is one of {len(ids)} that list shows"
    inserted = {one.user_id for one in everybody if one.id in ids}
    lab.fail(
        f"The session of {_named(lab, record)} {what}.",
        users={record.user_id, other.user_id, *inserted},
    )


async def _untouched(lab: Lab, record: SessionRecord, after: str) -> None:
    await settled(lab, after=after, users=[record.user_id])


def _named(lab: Lab, record: SessionRecord) -> str:
    return f"user {lab.journal.names.user(record.user_id)}"
