"""The contracts. This is the page to read before implementing anything.

Structural types without defaults: an inherited default would be an unsafe default. That a
class has these methods says nothing about what they do; the conformance suite does. Names
in capitals are requirements of the specification (``jwtsession-conformance explain ID``
and ``spec/`` say why each is there).

What holds for every method of a `SessionStore`:

*Time is an argument.* ``now`` is whole seconds since the epoch, and the only time a store
knows (STORE-TIME-ARGUMENT). It may stand still or step back between two calls, and two
callers may differ by seconds. A record is *live* while ``expires_at > now``, for no other
reason (STORE-GET-LIVE). A native time-to-live may sweep a record a day after
``expires_at`` at the earliest.

*Linearizable per session.* Each call takes effect at one instant between its start and
its end; every later call, through any handle, sees it (STORE-GET-FRESH). Calls that write
one field never undo what a call beside them wrote to another (STORE-FIELDS-DISJOINT).

*Partitioned by user.* Every method but ``purge_expired`` touches the records of one user
only, so a store may keep each user's sessions wherever it likes (STORE-USER-ISOLATION).

*Exact.* Keys are compared byte for byte (STORE-KEY-EXACT, STORE-KEY-WHOLE). Every field
comes back as it was given; the three texts are opaque and never parsed, re-encoded or
trimmed (STORE-INSERT-ROUNDTRIP, STORE-TEXT-OPAQUE). A returned record never changes
afterwards (STORE-RECORD-OWN).

*Cancellation.* A task may be cancelled at any await. The call then happened whole or not
at all, no lock stays behind, and the next call works (STORE-CANCEL-SAFE).

*Errors.* A driver's connection errors and time-outs, a lock that is not had in time, a
full disk, a read-only medium: all become ``StoreUnavailable`` with the driver's error as
its cause. It means **the effect is unknown** (STORE-ERROR-UNAVAILABLE). A store never
retries by itself a call whose effect is unknown (STORE-ERROR-NO-RETRY). The only other
error of this project that a store raises is ``SessionExists``.

*Arguments are good.* The callers have checked bounds and types (see `SessionRecord`); what
a store does with others is not specified, except that a ``limit`` below 1 should be
refused with ``ValueError`` before anything is written (STORE-LIMIT-RANGE).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from jwtsession.models import (
        Replacement,
        Session,
        SessionKey,
        SessionRecord,
        TokenPair,
        Validated,
    )

__all__ = [
    "AccessClaims",
    "Clock",
    "Event",
    "EventSink",
    "RequestView",
    "SessionService",
    "SessionStore",
    "StoreFactory",
    "TokenCodec",
    "TokenSource",
]


class SessionStore(Protocol):
    """Nine small methods, each one atomic step. The head of this module says the rest."""

    async def insert(
        self, record: SessionRecord, *, limit: int | None, now: int
    ) -> Sequence[str]:
        """Add a session and evict what the limit leaves no room for, in one atomic step.

        When it returns, ``record`` is stored exactly (STORE-INSERT-ROUNDTRIP) and the user
        has at most ``limit`` live sessions, under any concurrency (STORE-INSERT-LIMIT,
        STORE-INSERT-ATOMIC). Never one fewer than that: nothing is evicted while there is
        room. The new session is never evicted, however old its times are
        (STORE-INSERT-KEEPS-NEW). Evicted are the least recently active others, by
        ``last_active_at`` and then by id, both ascending (STORE-INSERT-ORDER); a touch or
        swap that overlaps this call may or may not count. Expired sessions never count and
        are never reported; they may be deleted (STORE-INSERT-EXPIRED-FREE).

        Args:
            record: The new session; ``record.expires_at > now``.
            limit: How many live sessions the user may have after this; 1 or more, or None
                for no limit (STORE-INSERT-UNLIMITED). A limit lowered since the last call
                evicts down to it.
            now: The present.

        Returns:
            The ids of exactly the sessions this call evicted, in no particular order
            (STORE-INSERT-ANSWER). Of concurrent calls, one reports an id.

        Raises:
            SessionExists: The key belongs to a live session; nothing was changed, nothing
                evicted (STORE-INSERT-EXISTS). An expired session of this key counts as
                absent and is replaced whole (STORE-INSERT-EXPIRED-KEY).
            StoreUnavailable: The effect is unknown.
        """
        ...

    async def get(self, key: SessionKey, *, now: int) -> SessionRecord | None:
        """Return the live session of this key, or None (STORE-GET-LIVE, STORE-GET-ABSENT).

        Sees every write acknowledged before it began (STORE-GET-FRESH): never answered by
        a replica that lags, or a fresh sign-in is refused.

        Raises:
            StoreUnavailable: No answer could be had.
        """
        ...

    async def swap(
        self, key: SessionKey, *, expected: bytes, replacement: Replacement, now: int
    ) -> SessionRecord | None:
        """Compare the refresh hash and, where it is ``expected``, write ``replacement``.

        One atomic step; of concurrent calls with one ``expected``, one writes
        (STORE-SWAP-ATOMIC). The refresh hash alone is compared, never the generation or a
        time (STORE-SWAP-COMPARE). A successful compare sets ``refresh_hash``, ``gen``,
        ``rotated_at``, ``expires_at`` and ``seen`` as given, and ``last_active_at`` to
        ``max(last_active_at, now)``; nothing else changes (STORE-SWAP-FIELDS,
        STORE-SWAP-ACTIVE). A failed compare writes nothing (STORE-SWAP-FAILED). A session
        that is absent or expired stays so, whatever its hash (STORE-SWAP-ABSENT,
        STORE-SWAP-EXPIRED).

        Returns:
            The record **as it stands after the compare**: after the write where it was
            written; as the winner left it where the compare failed (STORE-SWAP-ANSWER).
            A snapshot from before a concurrent winner's write is wrong: the caller would
            take an innocent double refresh for a stolen token. None where the session is
            absent or expired, before the call or by an earlier ``now``.

        Raises:
            StoreUnavailable: The effect is unknown.
        """
        ...

    async def touch(self, key: SessionKey, *, now: int) -> bool:
        """Set ``last_active_at`` to ``max(last_active_at, now)`` and nothing else.

        Never moves it back (STORE-TOUCH-MOVES), never changes another field
        (STORE-TOUCH-ONLY), never creates a session or brings one back
        (STORE-TOUCH-LIVE).

        Returns:
            True if and only if the session is live, also where nothing changed.

        Raises:
            StoreUnavailable: The effect is unknown.
        """
        ...

    async def replace_data(self, key: SessionKey, data: str, *, now: int) -> bool:
        """Set ``data`` and nothing else; the last writer wins.

        The text comes back exactly (STORE-DATA-ROUNDTRIP); no other field changes, not
        even ``last_active_at`` (STORE-DATA-ONLY); an absent or expired session stays so
        (STORE-DATA-LIVE).

        Returns:
            True if and only if the session is live.

        Raises:
            StoreUnavailable: The effect is unknown.
        """
        ...

    async def list(self, user_id: str, *, now: int) -> Sequence[SessionRecord]:
        """Return the user's live sessions, most recently active first, then by id.

        Exactly the live ones of this user (STORE-LIST-LIVE), by ``last_active_at``
        descending and then by id ascending (STORE-LIST-ORDER). Shows every write
        acknowledged before it began (STORE-LIST-FRESH); of writes that overlap it, each
        record shows one whole state, not all records the same instant.

        Raises:
            StoreUnavailable: No answer could be had.
        """
        ...

    async def remove(self, key: SessionKey, *, now: int) -> bool:
        """End one session (STORE-REMOVE-ENDS).

        Nothing brings it back, not a swap, touch or ``replace_data`` that overlaps
        (STORE-REMOVE-FINAL).

        Returns:
            True exactly once among concurrent callers, and only where the session was live
            (STORE-REMOVE-ONCE, STORE-REMOVE-LIVE). An expired one is False, and may be
            deleted silently.

        Raises:
            StoreUnavailable: The effect is unknown.
        """
        ...

    async def remove_all(self, user_id: str, *, keep: str | None = None, now: int) -> int:
        """End every session of a user, or every one but ``keep``.

        When it returns, every session that was live when it began is gone, except
        ``keep`` (STORE-REMOVE-ALL-ENDS, STORE-REMOVE-ALL-KEEP). Each removal is atomic;
        together they need not be. A ``keep`` that is not there keeps nothing
        (STORE-REMOVE-ALL-KEEP-MISSING).

        Returns:
            How many live sessions this call ended; a session is counted by one call only,
            ``remove`` and evictions included (STORE-REMOVE-ALL-COUNT). Expired ones do not
            count, and may be deleted silently.

        Raises:
            StoreUnavailable: The effect is unknown, for each session by itself.
        """
        ...

    async def purge_expired(self, *, now: int, limit: int) -> int:
        """Delete expired sessions, of any user, at most ``limit`` of them.

        Never a live one: the condition is checked again at the delete, so a session that
        is rotated meanwhile stays (STORE-PURGE-LIVE, STORE-PURGE-LIMIT). Callers pass a
        ``now`` some way in the past, and call again while the answer equals ``limit``.

        Args:
            now: Sessions with ``expires_at <= now`` are expired.
            limit: At most this many are deleted; 1 or more.

        Returns:
            How many were deleted (STORE-PURGE-COUNT). A store that sweeps by itself
            (capability ``sweeps``) may answer 0.

        Raises:
            StoreUnavailable: The effect is unknown.
        """
        ...


class StoreFactory(Protocol):
    """How a suite, a tool or an application gets a store: a callable, importable by name.

    The same ``place`` is the same data, as far as the author declares it
    (STORE-CAPABILITY-DECLARED): for a second handle in this process (capability ``shared``;
    STORE-SHARED-VISIBLE, STORE-SHARED-ATOMIC), in another process (``processes``;
    STORE-PROCESSES-VISIBLE, STORE-PROCESSES-ATOMIC), after everything was closed and opened
    again (``durable``; STORE-DURABLE). A new place is empty (STORE-PLACE-EMPTY), and two
    places never share a session (STORE-PLACE-APART).
    """

    def __call__(self, place: str, /) -> AbstractAsyncContextManager[SessionStore]:
        """Open the store of this place.

        Args:
            place: 1 to 63 of ``a-z``, ``0-9`` and ``_``, starting with a letter: good as
                a file name, a table name, a key prefix.
        """
        ...


class Clock(Protocol):
    """Where the service reads the present, once per operation."""

    def now(self) -> int:
        """Return whole seconds since the epoch; may step back."""
        ...


class RequestView(Protocol):
    """A request, reduced to what a token source may look at. Read-only.

    Attributes:
        method: The HTTP method in upper case; ``GET`` for a WebSocket handshake.
        query: The query string as sent, without the ``?``.
        body: The body, where the source asked for it and it was within bounds; None where
            nobody asked.
    """

    @property
    def method(self) -> str: ...

    @property
    def query(self) -> bytes: ...

    @property
    def body(self) -> bytes | None: ...

    def headers(self, name: str) -> Sequence[str]:
        """Return every value of a header, in order; the name in any case."""
        ...


class TokenSource(Protocol):
    """Finds a token in a request (SOURCE-…). Pure and synchronous.

    Attributes:
        needs_body: Whether ``extract`` looks at the body. The caller then reads it,
            within a bound, before it calls, and hands it on to the application untouched.
    """

    @property
    def needs_body(self) -> bool: ...

    def extract(self, request: RequestView) -> str | None:
        """Return the token, or None where this source finds none.

        Nothing is guessed: where there is something, and it cannot be a token, it raises.

        Raises:
            MalformedToken: An empty token, or one that is not ASCII.
            AmbiguousCredentials: Two tokens in the one place.
            MalformedBody: The body is not what its content type says.
        """
        ...


class TokenCodec(Protocol):
    """Signs and verifies tokens of both kinds. No clock: ``now`` is an argument.

    The claims of each kind are those of the specification, chapter *Tokens*.
    """

    def encode_access(self, claims: Mapping[str, Any]) -> str:
        """Sign access claims with the active key (TOKEN-TYP-ACCESS).

        Raises:
            SerializationFailed: The claims cannot be written as JSON.
            SigningFailed: The key did not sign.
        """
        ...

    def encode_refresh(self, claims: Mapping[str, Any]) -> str:
        """Sign refresh claims with the active key (TOKEN-TYP-REFRESH).

        Raises:
            SerializationFailed: The claims cannot be written as JSON.
            SigningFailed: The key did not sign.
        """
        ...

    def decode_access(
        self, token: str, *, now: int, verify_exp: bool = True
    ) -> Mapping[str, Any]:
        """Verify an access token and return its claims.

        Args:
            token: The compact form.
            now: The present.
            verify_exp: False accepts an authentic token that has expired, which is enough
                to sign out.

        Raises:
            TokenRefused: A leaf that names the cause; never anything else, whatever the
                token holds (TOKEN-NAMED-ERROR).
        """
        ...

    def decode_refresh(
        self, token: str, *, now: int, leeway_secs: int = 0, verify_exp: bool = True
    ) -> Mapping[str, Any]:
        """Verify a refresh token and return its claims.

        Args:
            token: The compact form.
            now: The present.
            leeway_secs: How long after ``exp`` it is still accepted, at least; the
                record decides then.
            verify_exp: False accepts an authentic token that has expired, which is enough
                to sign out.

        Raises:
            TokenRefused: A leaf that names the cause; never anything else.
            RefreshForged: It was signed, after the key was retired, with a key that is
                kept for refresh tokens only (TOKEN-KEY-RETIRED).
        """
        ...


class Event(Protocol):
    """Something that happened to a session. The catalogue is ``events.toml``.

    Attributes:
        name: One of the catalogue's names.
        at: When, in whole seconds.
        user_id: Whose session; None where nothing trustworthy says whose.
        session_id: Which one; None there, and where the event concerns all of a user's.
        detail: What else the catalogue promises; never a token, a secret or a hash.
    """

    @property
    def name(self) -> str: ...

    @property
    def at(self) -> int: ...

    @property
    def user_id(self) -> str | None: ...

    @property
    def session_id(self) -> str | None: ...

    @property
    def detail(self) -> Mapping[str, Any]: ...


class EventSink(Protocol):
    """Hears of every event. Synchronous; it is called in the request, so be quick.

    What it raises is logged and never reaches the request (SERVICE-EVENT-FAILURE).
    """

    def __call__(self, event: Event, /) -> None: ...


class AccessClaims(Protocol):
    """The application's own claims for an access token. Pure: a function of the session.

    It must neither wait nor fail nor grow without bound. It is asked after a refresh has
    moved the session: where it fails for longer than the grace, the client's token is
    superseded by then, and the session ends as if the token had been stolen.

    It cannot set a registered claim or one this project uses (SERVICE-CLAIMS-RESERVED).
    """

    def __call__(self, session: Session, /) -> Mapping[str, Any]: ...


class SessionService(Protocol):
    """What an application does with sessions (SERVICE-…); no framework is involved.

    Every method may raise ``StoreUnavailable``, which is answered as 503, and never
    anything that a client would take for the end of its session.
    """

    async def authenticate(
        self,
        user_id: str,
        meta: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
    ) -> TokenPair:
        """Sign a user in: start a session and answer its first pair. One round trip.

        Raises:
            InvalidUserId: Out of bounds; no store was asked.
            InvalidMetadata: ``meta`` or ``data`` is no JSON object or too large.
        """
        ...

    async def validate(self, access_token: str) -> Validated:
        """Check an access token and its session. One round trip, and a touch when due.

        No store is asked with ``stateful_validation = false``.

        Raises:
            TokenRefused: The token itself is no good.
            SessionNotFound: Its session has ended.
            AccessSuperseded: Only with ``bind_access_to_generation``.
        """
        ...

    async def rotate(
        self, refresh_token: str, seen: Mapping[str, Any] | None = None
    ) -> TokenPair:
        """Refresh: answer the next pair. One round trip on the happy path.

        Args:
            refresh_token: The compact form.
            seen: From where the refresh came; kept with the session.

        Raises:
            TokenRefused: The token itself is no good.
            SessionNotFound: Its session has ended.
            RefreshReused: It was used before: the session has been ended.
            RefreshForged: It was never issued: a signing key has leaked.
        """
        ...

    async def logout(self, token: str) -> bool:
        """End the session of this token, an access or a refresh token, expired or not.

        Returns:
            Whether a live session was ended; False where it had ended already.

        Raises:
            TokenRefused: The token is not authentic.
            RefreshForged: A refresh token that was never issued.
        """
        ...

    async def list(self, user_id: str) -> Sequence[Session]:
        """Return a user's live sessions, most recently active first."""
        ...

    async def revoke(self, user_id: str, session_id: str) -> None:
        """End one session of a user.

        Raises:
            SessionNotFound: The user has no such live session, also where it is someone
                else's.
        """
        ...

    async def revoke_all(self, user_id: str) -> int:
        """End all sessions of a user, and return how many."""
        ...

    async def revoke_all_except(self, user_id: str, keep_id: str) -> int:
        """End all sessions of a user but one, and return how many.

        Raises:
            SessionNotFound: ``keep_id`` is no live session of this user; nothing ended.
        """
        ...

    async def replace_data(
        self, user_id: str, session_id: str, data: Mapping[str, Any]
    ) -> None:
        """Replace what the application keeps with a session.

        Raises:
            SessionNotFound: The user has no such live session.
            InvalidMetadata: ``data`` is no JSON object or too large.
        """
        ...

    async def cleanup_expired(self) -> int:
        """Delete what has expired, and return how many. Call it now and then."""
        ...
