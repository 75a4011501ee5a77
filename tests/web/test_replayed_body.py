"""A request body that two readers share."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from asgi_driving import Exchange
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtsession.errors import BodyTooLarge, MalformedBody
from jwtsession.web.replay import ReplayedBody

LIMIT = 10


def bodies(
    chunks: Sequence[bytes], *, declared: int | None = None, hangs_up: bool = False
) -> tuple[Exchange, ReplayedBody]:
    """Return a client and the body it sends."""
    told = Exchange({}, list(chunks), hangs_up)
    return told, ReplayedBody(told.receive, limit=LIMIT, declared=declared)


async def drained(body: ReplayedBody) -> bytes:
    """Read as an application does, to the end of the body."""
    whole = b""
    while True:
        message = await body.receive()
        assert message["type"] == "http.request"
        whole += message["body"]
        if not message["more_body"]:
            return whole


async def partly(body: ReplayedBody, messages: int) -> tuple[bytes, bool]:
    """Read some messages, and say whether they ended the body."""
    whole, ended = b"", False
    for _ in range(messages):
        if ended:
            break
        message = await body.receive()
        whole += message["body"]
        ended = not message["more_body"]
    return whole, ended


@settings(deadline=None)
@given(
    chunks=st.lists(st.binary(max_size=4), min_size=1, max_size=6),
    turns=st.lists(st.sampled_from(["application", "source"]), max_size=8),
)
def test_both_readers_get_the_whole_body_in_any_order(
    chunks: list[bytes], turns: list[str]
) -> None:
    """However the two take turns, neither loses an octet and neither sees one twice."""

    async def take_turns() -> None:
        told, body = bodies(chunks)
        whole = b"".join(chunks)
        seen, ended = b"", False
        for turn in turns:
            if turn == "source":
                if len(whole) > LIMIT:
                    with pytest.raises(BodyTooLarge):
                        await body.read()
                else:
                    assert await body.read() == whole
            elif not ended:
                more, ended = await partly(body, 1)
                seen += more
        if not ended:
            seen += await drained(body)
        assert seen == whole
        assert told.taken == len(chunks)

    asyncio.run(take_turns())


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_source_reads_after_any_part_of_the_handler(before: int) -> None:
    """A handler that has read nothing, some or all of it keeps what is left."""

    async def scenario() -> None:
        _, body = bodies([b"abc", b"def", b"g"])
        seen, ended = await partly(body, before)
        assert await body.read() == b"abcdefg"
        assert await body.read() == b"abcdefg"
        if not ended:
            seen += await drained(body)
        assert seen == b"abcdefg"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("chunks", "taken"),
    [
        ([b"x" * 11], 1),
        ([b"x" * 10, b"y"], 2),
        ([b"x" * 6, b"y" * 6, b"z" * 6, b"!" * 6], 2),
    ],
)
def test_over_the_limit_the_rest_is_not_read(chunks: list[bytes], taken: int) -> None:
    """The source is refused where it crosses the limit; the handler still has it all."""

    async def scenario() -> None:
        told, body = bodies(chunks)
        for _ in range(2):
            with pytest.raises(BodyTooLarge):
                await body.read()
            assert told.taken == taken
        assert await drained(body) == b"".join(chunks)

    asyncio.run(scenario())


def test_exactly_the_limit_is_within_it() -> None:
    """A body as long as the limit is read, however it comes."""

    async def scenario() -> None:
        _, body = bodies([b"x" * 9, b"y"], declared=LIMIT)
        assert await body.read() == b"xxxxxxxxxy"

    asyncio.run(scenario())


def test_a_body_declared_too_long_is_not_begun() -> None:
    """Content-Length alone is enough to refuse; nothing is read."""

    async def scenario() -> None:
        told, body = bodies([b"x" * 11], declared=11)
        with pytest.raises(BodyTooLarge):
            await body.read()
        assert told.taken == 0
        assert await drained(body) == b"x" * 11

    asyncio.run(scenario())


@pytest.mark.parametrize("declared", [None, 10**9])
def test_an_upload_costs_no_memory(declared: int | None) -> None:
    """What passes beyond the limit is not kept, whether its length was declared or not."""

    async def scenario() -> None:
        _, body = bodies([b"x" * 8] * 1000, declared=declared)
        held = 0
        for _ in range(1000):
            await body.receive()
            held = max(held, len(body._kept) + len(body._owed))
        assert held <= (0 if declared else LIMIT)
        assert not body._kept
        with pytest.raises(BodyTooLarge):
            await body.read()

    asyncio.run(scenario())


@pytest.mark.parametrize("before", [0, 1])
def test_half_a_body_is_no_body(before: int) -> None:
    """A client that goes away is malformed to the source, a disconnect to the handler."""

    async def scenario() -> None:
        _, body = bodies([b"token=ab"], hangs_up=True)
        seen, _ = await partly(body, before)
        with pytest.raises(MalformedBody):
            await body.read()
        if not before:
            message = await body.receive()
            assert message["more_body"]
            seen += message["body"]
        assert seen == b"token=ab"
        for _ in range(2):
            assert await body.receive() == {"type": "http.disconnect"}

    asyncio.run(scenario())


def test_a_disconnect_after_the_body_reaches_the_handler() -> None:
    """Who waits for the client to go away learns of it, after the whole body."""

    async def scenario() -> None:
        told, body = bodies([b"abc"])
        assert await body.read() == b"abc"
        assert await drained(body) == b"abc"
        told.sent.append({"type": "http.response.body"})
        assert await body.receive() == {"type": "http.disconnect"}

    asyncio.run(scenario())


def test_messages_without_members_are_read_as_the_protocol_says() -> None:
    """A message without body and more_body is an empty, last one."""

    async def bare() -> dict[str, Any]:
        return {"type": "http.request"}

    async def scenario() -> None:
        body = ReplayedBody(bare, limit=LIMIT, declared=None)
        assert await body.read() == b""
        assert await drained(body) == b""

    asyncio.run(scenario())


def test_a_cancelled_reader_loses_nothing() -> None:
    """A read that is cancelled while it waits leaves the body to the next reader."""

    async def scenario() -> None:
        gate = asyncio.Event()

        async def slow() -> dict[str, Any]:
            await gate.wait()
            return {"type": "http.request", "body": b"abc", "more_body": False}

        body = ReplayedBody(slow, limit=LIMIT, declared=None)
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        reading.cancel()
        assert await asyncio.gather(reading, return_exceptions=True)
        gate.set()
        assert await body.read() == b"abc"
        assert await drained(body) == b"abc"

    asyncio.run(scenario())


def test_what_the_handler_got_of_a_cancelled_read_it_gets_once() -> None:
    """A read is cancelled half-way, the handler goes on, another read comes to the end."""

    async def scenario() -> None:
        chunks = [b"ab", b"cd", b"ef"]
        gate = asyncio.Event()

        async def slow() -> dict[str, Any]:
            if len(chunks) == 2:
                await gate.wait()
            return {
                "type": "http.request",
                "body": chunks.pop(0),
                "more_body": bool(chunks),
            }

        body = ReplayedBody(slow, limit=LIMIT, declared=None)
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        reading.cancel()
        assert await asyncio.gather(reading, return_exceptions=True)
        seen, _ = await partly(body, 1)
        assert seen == b"ab"
        gate.set()
        assert await body.read() == b"abcdef"
        assert await drained(body) == b"cdef"

    asyncio.run(scenario())


def test_a_disconnect_is_passed_on_though_the_server_tells_it_once() -> None:
    """What the source saw first, the handler still learns, as often as it asks."""

    async def scenario() -> None:
        messages: list[dict[str, Any]] = [{"type": "http.disconnect"}]

        async def once() -> dict[str, Any]:
            return messages.pop()

        body = ReplayedBody(once, limit=LIMIT, declared=None)
        with pytest.raises(MalformedBody):
            await body.read()
        for _ in range(2):
            assert await body.receive() == {"type": "http.disconnect"}

    asyncio.run(scenario())
