"""One request body for two readers: the application, and a token source that looks at it.

The application may read before, after, in part or never; each gets the whole body, and
neither has to know of the other (HTTP-BODY-KEPT). What passes is kept up to a limit, and
from the limit on nothing is kept, so an upload that nobody asks for costs no memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession.errors import BodyTooLarge, MalformedBody

if TYPE_CHECKING:
    from jwtsession.web.view import Message, Receive

__all__ = ["ReplayedBody"]


class ReplayedBody:
    """Stands between the server and the application while one request is answered.

    Not for two tasks at once: a request's body has one reader at a time.

    Args:
        receive: The server's channel.
        limit: The largest body that `read` returns, in octets. No more than this, and one
            message of the server, is ever held.
        declared: What Content-Length says; None where it says nothing. A body declared
            longer than the limit is never kept, not even in part.
    """

    def __init__(self, receive: Receive, *, limit: int, declared: int | None) -> None:
        self._receive = receive
        self._limit = limit
        self._too_large = declared is not None and declared > limit
        self._kept = bytearray()  # from the first octet on, for `read`
        self._owed = bytearray()  # read by `read`, and not by the application yet
        self._owes = False  # an empty body, or the end of one, is owed as well
        self._ended = False
        self._client_gone = False

    async def receive(self) -> Message:
        """Return the application's next message; this is its ``receive``."""
        if self._owes:
            body = bytes(self._owed)
            self._owed.clear()
            self._owes = False
            return {"type": "http.request", "body": body, "more_body": not self._ended}
        if self._client_gone:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._note(message)
        return message

    async def read(self) -> bytes:
        """Return the whole body, whoever has read how much of it.

        What the application has not read is read now, and handed to it afterwards.

        Raises:
            BodyTooLarge: It is over the limit. The rest was not read; the application can
                still read all of it (HTTP-BODY-BOUNDED).
            MalformedBody: The client went away in the middle of it.
        """
        while not (self._ended or self._too_large):
            if self._client_gone:
                # Half a form is a form too: never look for a token in a part.
                raise MalformedBody
            message = await self._receive()
            self._note(message)
            if message["type"] == "http.request":
                self._owed += message.get("body", b"")
                self._owes = True
        if self._too_large:
            raise BodyTooLarge
        return bytes(self._kept)

    def _note(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self._client_gone = True
        elif message["type"] == "http.request" and not self._ended:
            self._ended = not message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            if len(self._kept) + len(chunk) > self._limit:
                self._too_large = True
            if self._too_large:
                self._kept.clear()
            else:
                self._kept += chunk
