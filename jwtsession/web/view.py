"""What a token source and the list of devices may know of a request, over an ASGI scope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from jwtsession.canonical import dumps
from jwtsession.errors import SerializationFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ASGIApp", "Message", "Receive", "Scope", "ScopeView", "Send", "SessionMeta"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_IP_ADDRESS_MAX_CHARS = 64
_USER_AGENT_MAX_CHARS = 256


@dataclass(frozen=True, slots=True)
class ScopeView:
    """A `RequestView` over an ASGI scope. Its ``repr`` shows no header and no query.

    Attributes:
        method: The HTTP method in upper case; ``GET`` for a WebSocket handshake.
        query: The query string as sent.
        fields: The header fields as sent, in order.
        body: The body where somebody asked for it.
    """

    method: str
    query: bytes = field(repr=False)
    fields: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, scope: Scope) -> ScopeView:
        """Return the view of an ``http`` or ``websocket`` scope, its body unread."""
        raw: Iterable[tuple[bytes, bytes]] = scope.get("headers") or ()
        return cls(
            method=str(scope.get("method") or "GET").upper(),
            query=bytes(scope.get("query_string") or b""),
            fields=tuple((bytes(name).lower(), bytes(value)) for name, value in raw),
        )

    def headers(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in order; the name in any case.

        Each octet becomes the character of that number (RFC 9110 §5.5), so that nothing
        is lost and a source can see what is not ASCII.
        """
        wanted = name.lower().encode("latin-1", "replace")
        return tuple(value.decode("latin-1") for key, value in self.fields if key == wanted)

    def with_body(self, body: bytes) -> ScopeView:
        """Return this view with a body in it."""
        return replace(self, body=body)

    def content_length(self) -> int | None:
        """Return the declared length of the body, or None where none can be told."""
        values = self.headers("content-length")
        # What int() takes beyond decimal digits (signs, spaces, underscores) is no length.
        if len(values) != 1 or not (values[0].isascii() and values[0].isdigit()):
            return None
        return int(values[0][:19])


@dataclass(frozen=True, slots=True)
class SessionMeta:
    """From where a request comes, for the list of devices. Informative: clients write it.

    Attributes:
        ip_address: The peer as the server tells it, at most 64 characters. Behind a proxy
            that is the proxy, unless the server is told to trust its headers.
        user_agent: The printable part of the User-Agent, at most 256 characters.
    """

    ip_address: str | None = None
    user_agent: str | None = None

    @classmethod
    def of(cls, scope: Scope, view: ScopeView) -> SessionMeta:
        """Return what a request says of itself, cut to the lengths above."""
        peer = scope.get("client")
        agents = view.headers("user-agent")
        return cls(
            ip_address=_printable(str(peer[0]), _IP_ADDRESS_MAX_CHARS) if peer else None,
            user_agent=_printable(agents[0], _USER_AGENT_MAX_CHARS) if agents else None,
        )

    def merged(self, more: object = None, *, max_bytes: int) -> Any:
        """Return this as a JSON object, the application's own members over it.

        Where both together do not fit, the request's part gives way: first the end of the
        user agent, then the rest. So nothing that a client sends fails a request, and
        what is wrong with ``more`` itself is left for the service to refuse.

        Args:
            more: The application's members, a mapping; they win.
            max_bytes: How large the object may be as canonical JSON, in UTF-8.
        """
        if more is not None and not isinstance(more, Mapping):
            return more
        own = dict(cast("Mapping[str, Any]", more or {}))
        user_agent = self.user_agent or ""
        while True:
            known = {"ip_address": self.ip_address, "user_agent": user_agent}
            whole = {key: value for key, value in known.items() if value} | own
            try:
                excess = len(dumps(whole).encode()) - max_bytes
            except SerializationFailed:
                return own
            if excess <= 0:
                return whole
            if not user_agent or "user_agent" in own:
                return own
            # A character takes at most two octets here, so this never cuts too much.
            user_agent = user_agent[: max(0, len(user_agent) - (excess + 1) // 2)]


def _printable(text: str, max_chars: int) -> str:
    return "".join(filter(str.isprintable, text))[:max_chars]
