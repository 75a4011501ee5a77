"""A server in a process of its own: refreshes what it is told to, all at once.

Run as a script with a place. Each line of its input is a JSON array of calls, each the
name of a service's method and its arguments, and the present; it makes them at the same
moment and answers with a line: an array of what came of each.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from typing import Any

from jwtsession_stores.sql.sqlite import factory
from service_world import World, world_of

from jwtsession.errors import JwtSessionError
from jwtsession.models import TokenPair, Validated


async def outcome_of(world: World, name: str, arguments: list[Any]) -> Any:
    """Make one call; answer what JSON can say of its outcome."""
    try:
        answer = await getattr(world.service, name)(*arguments)
    except JwtSessionError as error:
        return {"code": error.code}
    if isinstance(answer, TokenPair):
        return asdict(answer)
    return {"answer": dict(answer.claims) if isinstance(answer, Validated) else answer}


async def serve(place: str) -> None:
    """Answer tasks until there are no more."""
    async with factory(place) as store:
        world = world_of(store)
        print("ready", flush=True)  # noqa: T201 - the other process waits for it
        for line in iter(sys.stdin.readline, ""):
            task = json.loads(line)
            world.clock.at = task["now"]
            calls = [outcome_of(world, *call) for call in task["calls"]]
            outcomes = await asyncio.gather(*calls)
            answer = {"outcomes": outcomes, "events": world.events.names()}
            print(json.dumps(answer), flush=True)  # noqa: T201 - the same
        await world.service.aclose()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
