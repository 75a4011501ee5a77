"""A request view made by hand, for tests of what looks at requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BareRequest:
    """A `jwtsession.protocols.RequestView` of literal values."""

    pairs: tuple[tuple[str, str], ...] = ()
    query: bytes = b""
    body: bytes | None = None
    method: str = "POST"

    def headers(self, name: str) -> list[str]:
        """Return every value of a header, in order; the name in any case."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]


def with_headers(*pairs: tuple[str, str], method: str = "POST") -> BareRequest:
    """Make a request of headers alone."""
    return BareRequest(pairs, method=method)
