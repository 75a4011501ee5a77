"""Drive an ASGI application message by message.

A test client hides what matters here: how a body is cut into messages, and how much of it
was ever asked for.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Headers = Iterable[tuple[str, str]]
Raw = list[tuple[bytes, bytes]]


@dataclass
class Exchange:
    """One request and what came of it.

    Attributes:
        chunks: The body, as the server hands it over; the client then stays connected.
        taken: How many of the chunks were asked for.
        sent: The messages of the application.
    """

    scope: dict[str, Any]
    chunks: list[bytes]
    hangs_up: bool = False
    taken: int = 0
    goodbyes: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        """Hand over the next chunk, or wait until there is something to tell."""
        if self.taken < len(self.chunks):
            self.taken += 1
            more = self.taken < len(self.chunks) or self.hangs_up
            body = self.chunks[self.taken - 1]
            return {"type": "http.request", "body": body, "more_body": more}
        if self.hangs_up or self.finished:
            self.goodbyes += 1
            assert self.goodbyes < 100, "asked again and again after the client went away"
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Mapping[str, Any]) -> None:
        """Keep what the application says."""
        self.sent.append(dict(message))

    @property
    def finished(self) -> bool:
        """Whether the answer is complete."""
        last = self.sent[-1] if self.sent else {}
        return last.get("type") == "http.response.body" and not last.get("more_body")

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return b"".join(each.get("body", b"") for each in self.sent[1:])

    @property
    def json(self) -> Any:
        """The body of the answer, read as JSON."""
        return json.loads(self.body)

    def headers(self, name: str) -> list[str]:
        """Return every value of a header of the answer."""
        raw: Raw = self.sent[0]["headers"]
        return [value.decode() for key, value in raw if key.lower() == name.encode()]

    def header(self, name: str) -> str | None:
        """Return a header that may be there once, or None."""
        values = self.headers(name)
        assert len(values) <= 1, values
        return values[0] if values else None


def http_scope(
    method: str = "GET",
    path: str = "/",
    *,
    headers: Headers = (),
    query: bytes = b"",
    client: tuple[str, int] | None = ("203.0.113.7", 50000),
) -> dict[str, Any]:
    """Return the scope of a request; header values may hold any octet (latin-1)."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [
            (name.lower().encode(), value.encode("latin-1")) for name, value in headers
        ],
        "client": client,
        "server": ("testserver", 443),
    }


async def exchange(
    app: Any,
    method: str = "GET",
    path: str = "/",
    *,
    headers: Headers = (),
    query: bytes = b"",
    chunks: Iterable[bytes] = (b"",),
    client: tuple[str, int] | None = ("203.0.113.7", 50000),
    hangs_up: bool = False,
) -> Exchange:
    """Send one request and return it with its answer."""
    scope = http_scope(method, path, headers=headers, query=query, client=client)
    told = Exchange(scope, list(chunks), hangs_up)
    await app(scope, told.receive, told.send)
    return told
