"""Every setting: its name, its default, and what may be written for it.

Each is checked by itself here; `jwtsession.settings.rules` has what they demand of each
other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    PlainValidator,
    SecretStr,
    Tag,
)

from jwtsession.keys import Key
from jwtsession.protocols import TokenSource  # noqa: TC001  # pydantic reads it
from jwtsession.settings.checked import Checked, choice, flag, text, whole
from jwtsession.settings.cookies import CookieSettings  # noqa: TC001  # pydantic reads it
from jwtsession.settings.key_entry import KeyEntry, strong_secret
from jwtsession.sources import BearerSource, BodySource, SourceSpec, source_from
from jwtsession.transport.cross_site import normal_origin

__all__ = ["Settings"]

LONGEST_SECS = 100 * 365 * 86400
"""No time span is longer: a hundred years, so that sums of them stay exact in JSON."""

LEEWAY_MAX_SECS = 600
"""RFC 7519 §4.1.4: "no more than a few minutes"."""

BODY_LIMIT_MAX_BYTES = 16 * 1024 * 1024


def _from_json(value: object) -> object:
    """Read what the environment can only say as text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    raise ValueError("write this as JSON")


def _listed(value: object) -> object:
    value = _from_json(value)
    if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray):
        raise ValueError("write a list of keys, oldest to newest")  # noqa: TRY004  # pydantic collects ValueError
    return cast("Sequence[object]", value)


def _kind_of_key(value: object) -> str:
    return "<made>" if isinstance(value, Key) else "<written>"


def _origins(value: object) -> tuple[str, ...]:
    given: object = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(given, Sequence):
        raise ValueError("write a list of origins")  # noqa: TRY004  # pydantic collects ValueError
    origins = [
        normal_origin(origin) if isinstance(origin, str) else None
        for origin in cast("Sequence[object]", given)
    ]
    known = [origin for origin in origins if origin is not None]
    if len(known) < len(origins):
        raise ValueError(
            "write each as scheme, host and port alone, as https://app.example.com: "
            "no path, no slash at the end, no wildcard"
        )
    return tuple(dict.fromkeys(known))


def _seconds(low: int, high: int = LONGEST_SECS, *, none: bool = False) -> BeforeValidator:
    return whole(low, high, "in seconds", none=none)


_AnyKey = Annotated[
    Annotated[KeyEntry, Tag("<written>")] | Annotated[Key, Tag("<made>")],
    Discriminator(_kind_of_key),
]


class Settings(Checked):
    """The fields of `JwtSessionsConfig`, which is what to use.

    Attributes:
        signing_secret: The one key, for HS256: at least 32 bytes that were drawn, not
            thought up. Either this or ``keys``.
        keys: Several keys, or other algorithms: `KeyEntry` or its mapping, or a `Key`;
            oldest to newest, the newest that can sign signs. As text: a JSON array.
        issuer: The claim ``iss``, written and required; None does neither.
        access_audience: The claim ``aud`` of access tokens.
        access_ttl_secs: How long an access token lives.
        refresh_ttl_secs: How long a session lives without being refreshed.
        absolute_ttl_secs: How long it lives at most after sign-in; None for no limit.
        reuse_grace_secs: For how long after a refresh the token before it is taken for a
            retry, not for a theft. More than twice the life of a refresh attempt, less
            than ``access_ttl_secs`` (warned about), at most half of ``refresh_ttl_secs``.
        leeway_secs: How far clocks may differ when a token expires.
        max_per_user: How many sessions a user may have; None for no limit.
        touch_interval_secs: How exact ``last_active_at`` is.
        stateful_validation: Whether every request asks the store; without it a session
            that ended is good until its access token expires.
        bind_access_to_generation: Whether a refresh ends the access tokens before it.
        on_reuse: What certain reuse does: ``end`` the session, or only ``refuse``.
        on_lost_write: What a token ahead of its record does: ``repair`` the record, or
            ``end`` the session.
        access_source: Where access tokens are looked for, as `source_from` reads it; the
            source itself is ``access_token_source``.
        refresh_source: The same for refresh tokens, and ``refresh_token_source``.
        access_cookie: How the access cookie is set, where ``access_source`` reads one,
            whose name it has; None is `CookieSettings` as it comes.
        refresh_cookie: The same for the refresh token.
        trusted_origins: Other origins that may cause requests with cookies, as
            ``https://app.example.com``; the own one too where a proxy rewrites ``Host``.
            As text: with commas.
        body_limit_bytes: How much of a body is read where a source looks into it.
        purge_margin_secs: How long an expired session stays in the store at least.
        purge_batch: How many are deleted in one call to the store.
    """

    signing_secret: Annotated[SecretStr | str | None, PlainValidator(strong_secret)] = None
    keys: Annotated[
        Sequence[_AnyKey], BeforeValidator(_listed), AfterValidator(tuple[Any, ...])
    ] = ()
    issuer: Annotated[str | None, text(255, none=True)] = None
    access_audience: Annotated[str, text(255)] = "access"

    access_ttl_secs: Annotated[int, _seconds(1)] = 900
    refresh_ttl_secs: Annotated[int, _seconds(1)] = 2_592_000
    absolute_ttl_secs: Annotated[int | None, _seconds(1, none=True)] = 31_536_000
    reuse_grace_secs: Annotated[int, _seconds(0)] = 30
    leeway_secs: Annotated[int, _seconds(0, LEEWAY_MAX_SECS)] = 0

    max_per_user: Annotated[int | None, whole(1, 1_000_000, "sessions", none=True)] = 20
    touch_interval_secs: Annotated[int, _seconds(0)] = 300
    stateful_validation: Annotated[bool, flag] = True
    bind_access_to_generation: Annotated[bool, flag] = False
    on_reuse: Annotated[Literal["end", "refuse"], choice("end", "refuse")] = "end"
    on_lost_write: Annotated[Literal["repair", "end"], choice("repair", "end")] = "repair"

    access_source: Annotated[SourceSpec, PlainValidator(source_from)] = BearerSource()
    refresh_source: Annotated[SourceSpec, PlainValidator(source_from)] = BodySource(
        "refresh_token"
    )
    access_cookie: Annotated[CookieSettings | None, BeforeValidator(_from_json)] = None
    refresh_cookie: Annotated[CookieSettings | None, BeforeValidator(_from_json)] = None
    trusted_origins: Annotated[Sequence[str], PlainValidator(_origins)] = ()
    body_limit_bytes: Annotated[int, whole(1, BODY_LIMIT_MAX_BYTES, "bytes")] = 65_536

    purge_margin_secs: Annotated[int, _seconds(0)] = 86_400
    purge_batch: Annotated[int, whole(1, 1_000_000, "sessions")] = 1000

    @property
    def access_token_source(self) -> TokenSource:
        """Where access tokens are looked for."""
        return cast("TokenSource", self.access_source)

    @property
    def refresh_token_source(self) -> TokenSource:
        """Where refresh tokens are looked for."""
        return cast("TokenSource", self.refresh_source)
