"""Sessions without a web framework: sign in, validate, refresh, sign out, list, revoke.

A thin shell around the law in `lifecycle`. Each operation reads the clock once, draws what
has to be random, asks the store and announces what happened; it decides nothing about a
line of refresh tokens itself. On the happy path each takes one store call
(SERVICE-ROUND-TRIPS).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from jwtsession.canonical import object_text
from jwtsession.clock import SystemClock
from jwtsession.codec import JwtCodec
from jwtsession.errors import AudienceMismatch, RefreshForged, SessionNotFound
from jwtsession.events import Announcer, EventName, log_events
from jwtsession.ids import check_user_id, is_session_id, new_secret, new_session_id
from jwtsession.lifecycle import judge_access, refresh_hash
from jwtsession.minting import Minter, object_from, presented_from, session_from
from jwtsession.models import (
    DATA_MAX_BYTES,
    META_MAX_BYTES,
    SEEN_MAX_BYTES,
    Session,
    SessionKey,
    SessionRecord,
    TokenPair,
    Validated,
)
from jwtsession.refresh import RefreshShell
from jwtsession.steps import Attempt, Policy, Repeat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jwtsession.config import JwtSessionsConfig
    from jwtsession.protocols import (
        AccessClaims,
        Clock,
        EventSink,
        SessionStore,
        TokenCodec,
    )

__all__ = ["JwtSessionService"]

_log = logging.getLogger("jwtsession")


class JwtSessionService:
    """The session service over a store. See `jwtsession.protocols.SessionService`.

    One per application and event loop; safe for any number of concurrent requests.

    Args:
        store: Any conformant session store; whoever opened it closes it.
        config: Validated settings.
        clock: Where the present comes from; the system's clock if None.
        events: Who hears of what happens; the logger ``jwtsession.events`` if None.
        access_claims: The application's own claims for access tokens.
        codec: Another codec than the one the configuration describes.
    """

    def __init__(
        self,
        store: SessionStore,
        config: JwtSessionsConfig,
        *,
        clock: Clock | None = None,
        events: EventSink | None = None,
        access_claims: AccessClaims | None = None,
        codec: TokenCodec | None = None,
    ) -> None:
        self.config = config
        self._store = store
        self._clock = SystemClock() if clock is None else clock
        self._codec = codec or JwtCodec(
            config.key_ring(),
            issuer=config.issuer,
            access_audience=config.access_audience,
            leeway_secs=config.leeway_secs,
        )
        self._mint = Minter(config, self._codec, access_claims)
        self._announcer = Announcer(log_events if events is None else events)
        self._refresh = RefreshShell(store, self._announcer)
        self._policy = Policy(
            refresh_ttl_secs=config.refresh_ttl_secs,
            absolute_ttl_secs=config.absolute_ttl_secs,
            reuse_grace_secs=config.reuse_grace_secs,
            on_reuse=config.on_reuse,
            on_lost_write=config.on_lost_write,
            bind_access_to_generation=config.bind_access_to_generation,
        )

    @property
    def clock(self) -> Clock:
        """Where the present comes from."""
        return self._clock

    async def aclose(self) -> None:
        """Wait for the removals that cancelled requests have left running."""
        await self._refresh.aclose()

    async def authenticate(
        self,
        user_id: str,
        meta: Mapping[str, Any] | None = None,
        *,
        data: Mapping[str, Any] | None = None,
    ) -> TokenPair:
        """Sign a user in: start a session and answer its first pair.

        One store call. A user with more than ``max_per_user`` sessions loses the least
        recently active one (SERVICE-SIGN-IN-LIMIT).

        Args:
            user_id: 1 to 255 code points, without NUL or lone surrogates.
            meta: From where; at most 2 KiB as JSON, kept as it is for the list of devices.
            data: The application's own; at most 8 KiB as JSON, see ``replace_data``.

        Raises:
            InvalidUserId: Out of bounds; no store was asked.
            InvalidMetadata: ``meta`` or ``data`` is no JSON object or too large.
            StoreUnavailable: Whether the session exists is unknown; sign in again.
        """
        check_user_id(user_id)
        now = self._clock.now()
        secret = new_secret()
        record = SessionRecord(
            user_id=user_id,
            id=new_session_id(now),
            refresh_hash=refresh_hash(secret, 0),
            gen=0,
            created_at=now,
            rotated_at=now,
            last_active_at=now,
            expires_at=self._policy.expires_at(now, now),
            meta=_text_of(meta, META_MAX_BYTES, "meta"),
            data=_text_of(data, DATA_MAX_BYTES, "data"),
            seen="{}",
        )
        # Minted first: a hook that fails leaves no session behind that nobody can use.
        pair = self._mint.pair(record, secret, now=now)
        evicted = await self._store.insert(record, limit=self.config.max_per_user, now=now)
        noted = object_from(record.meta)
        self._announcer.tell(EventName.SIGNED_IN, now, record.key, meta=noted)
        for session_id in evicted:
            key = SessionKey(user_id, session_id)
            self._announcer.tell(EventName.EVICTED, now, key, by=record.id)
        return pair

    async def validate(self, access_token: str) -> Validated:
        """Check an access token and its session.

        One store call, and a touch where ``last_active_at`` is at least
        ``touch_interval_secs`` old; none with ``stateful_validation = false``.

        Raises:
            TokenRefused: The token itself is no good; a leaf names the cause.
            SessionNotFound: Its session has ended.
            AccessSuperseded: Only with ``bind_access_to_generation``.
            StoreUnavailable: No answer could be had; keep the token and try again.
        """
        now = self._clock.now()
        claims = self._codec.decode_access(access_token, now=now)
        if not self.config.stateful_validation:
            return Validated(claims=claims, session=None)
        key = SessionKey(claims["sub"], claims["sid"])
        record = await self._store.get(key, now=now)
        refusal = judge_access(claims["gen"], record, now=now, policy=self._policy)
        if record is None or refusal is not None:
            raise refusal or SessionNotFound
        touched_at = await self._touch_when_due(record, now)
        return Validated(
            claims=claims, session=session_from(record, last_active_at=touched_at)
        )

    async def _touch_when_due(self, record: SessionRecord, now: int) -> int | None:
        if now - record.last_active_at < self.config.touch_interval_secs:
            return None
        try:
            touched = await self._store.touch(record.key, now=now)
        except Exception:  # noqa: BLE001 - any failure of a store, named or not
            # The session was live a moment ago; a note about it is not worth a refusal
            # (SERVICE-TOUCH).
            _log.warning("a session could not be touched", exc_info=True)
            return None
        return now if touched else None

    async def rotate(
        self, refresh_token: str, seen: Mapping[str, Any] | None = None
    ) -> TokenPair:
        """Refresh: answer the next pair, or the same one to a retry.

        One store call on the happy path. See `lifecycle` for the law.

        Args:
            refresh_token: The compact form.
            seen: From where the refresh came; at most 512 bytes as JSON.

        Raises:
            TokenRefused: The token itself is no good; a leaf names the cause.
            SessionNotFound: Its session has ended.
            RefreshReused: It was used before: the session has been ended.
            RefreshForged: It was never issued: a signing key has leaked.
            WriteLost: Only with ``on_lost_write = "end"``.
            InvalidMetadata: ``seen`` is no JSON object or too large.
            StoreUnavailable: The effect is unknown; keep the token and try again.
        """
        now = self._clock.now()
        text = _text_of(seen, SEEN_MAX_BYTES, "seen")
        presented = presented_from(self._decode_refresh(refresh_token, now, seen=text))
        attempt = Attempt(presented=presented, policy=self._policy, now=now, seen=text)
        outcome = await self._refresh.run(attempt)
        if isinstance(outcome, Repeat):
            return self._mint.repeated(outcome.record, refresh_token, now=now)
        return self._mint.pair(outcome.record, presented.secret, now=now)

    def _decode_refresh(
        self, token: str, now: int, *, seen: str, verify_exp: bool = True
    ) -> Mapping[str, Any]:
        grace = self.config.reuse_grace_secs
        try:
            return self._codec.decode_refresh(
                token, now=now, leeway_secs=grace, verify_exp=verify_exp
            )
        except RefreshForged:
            # Whatever such a token says of a user was written by whoever holds the key.
            self._announcer.tell(
                EventName.REFRESH_FORGED,
                now,
                (None, None),
                reason="retired_key",
                gen=None,
                presented_gen=None,
                seen=object_from(seen),
            )
            raise

    async def logout(self, token: str) -> bool:
        """End the session of this token: an access or a refresh token, expired or not.

        One store call with an access token, two with a refresh token. The effect is the
        same when it is called again.

        Returns:
            Whether a live session was ended; False where it had ended already.

        Raises:
            TokenRefused: The token is not authentic; a leaf names the cause.
            RefreshForged: A refresh token that was never one of its session.
            StoreUnavailable: The effect is unknown; try again.
        """
        now = self._clock.now()
        try:
            # Read as a refresh token first: a key that is kept for those alone after a
            # leak would not know the token otherwise, and its owner could not sign out.
            claims = self._decode_refresh(token, now, seen="{}", verify_exp=False)
        except AudienceMismatch:
            claims = self._codec.decode_access(token, now=now, verify_exp=False)
            key = SessionKey(claims["sub"], claims["sid"])
        else:
            presented = presented_from(claims)
            if not await self._refresh.may_end(presented, now=now):
                return False
            key = presented.key
        removed = await self._store.remove(key, now=now)
        if removed:
            self._announcer.tell(EventName.SIGNED_OUT, now, key)
        return removed

    async def list(self, user_id: str) -> Sequence[Session]:
        """Return a user's live sessions, most recently active first. One store call.

        Raises:
            InvalidUserId: Out of bounds; no store was asked.
            StoreUnavailable: No answer could be had.
        """
        check_user_id(user_id)
        now = self._clock.now()
        records = await self._store.list(user_id, now=now)
        return tuple(
            session_from(record)
            for record in records
            if not self._policy.is_over(now, record.created_at)
        )

    async def revoke(self, user_id: str, session_id: str) -> None:
        """End one session of a user. One store call.

        Raises:
            SessionNotFound: The user has no such live session, also where it is someone
                else's, and where the id is no session id at all.
            InvalidUserId: Out of bounds; no store was asked.
            StoreUnavailable: The effect is unknown; try again.
        """
        key = self._key(user_id, session_id)
        now = self._clock.now()
        if not await self._store.remove(key, now=now):
            raise SessionNotFound
        self._announcer.tell(EventName.REVOKED, now, key)

    async def revoke_all(self, user_id: str) -> int:
        """End all sessions of a user, and return how many. One store call.

        Raises:
            InvalidUserId: Out of bounds; no store was asked.
            StoreUnavailable: The effect is unknown; try again.
        """
        check_user_id(user_id)
        now = self._clock.now()
        ended = await self._store.remove_all(user_id, now=now)
        who = (user_id, None)
        self._announcer.tell(EventName.REVOKED_ALL, now, who, count=ended, kept=None)
        return ended

    async def revoke_all_except(self, user_id: str, keep_id: str) -> int:
        """End all sessions of a user but one, and return how many. Two store calls.

        Raises:
            SessionNotFound: ``keep_id`` is no live session of this user; nothing ended.
            InvalidUserId: Out of bounds; no store was asked.
            StoreUnavailable: The effect is unknown; try again.
        """
        keep = self._key(user_id, keep_id)
        now = self._clock.now()
        record = await self._store.get(keep, now=now)
        if record is None or self._policy.is_over(now, record.created_at):
            raise SessionNotFound
        ended = await self._store.remove_all(user_id, keep=keep_id, now=now)
        who = (user_id, None)
        self._announcer.tell(EventName.REVOKED_ALL, now, who, count=ended, kept=keep_id)
        return ended

    async def replace_data(
        self, user_id: str, session_id: str, data: Mapping[str, Any]
    ) -> None:
        """Replace what the application keeps with a session. One store call.

        The last writer wins; keep what must be changed under a condition elsewhere.

        Raises:
            SessionNotFound: The user has no such live session.
            InvalidMetadata: ``data`` is no JSON object, or over 8 KiB.
            InvalidUserId: Out of bounds; no store was asked.
            StoreUnavailable: The effect is unknown; try again.
        """
        key = self._key(user_id, session_id)
        text = object_text(data, max_bytes=DATA_MAX_BYTES, what="data")
        if not await self._store.replace_data(key, text, now=self._clock.now()):
            raise SessionNotFound

    async def cleanup_expired(self) -> int:
        """Delete what has expired, and return how many. Call it now and then.

        Deletes in batches of ``purge_batch``, and only what expired ``purge_margin_secs``
        ago, so that a server whose clock is ahead takes nothing from one that is behind.

        Raises:
            StoreUnavailable: What was deleted before stays deleted; call again.
        """
        before = max(0, self._clock.now() - self.config.purge_margin_secs)
        batch = self.config.purge_batch
        total = deleted = await self._store.purge_expired(now=before, limit=batch)
        while deleted == batch:
            deleted = await self._store.purge_expired(now=before, limit=batch)
            total += deleted
        return total

    @staticmethod
    def _key(user_id: str, session_id: str) -> SessionKey:
        check_user_id(user_id)
        if not is_session_id(session_id):
            raise SessionNotFound
        return SessionKey(user_id, session_id)


def _text_of(value: Mapping[str, Any] | None, max_bytes: int, what: str) -> str:
    # Only None stands for nothing: an empty list is as wrong as a full one.
    return object_text({} if value is None else value, max_bytes=max_bytes, what=what)
