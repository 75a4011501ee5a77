"""What settings demand of each other, as a table.

A rule names the settings it looks at and is asked only where each of them is good by
itself, so that one slip is reported once. Risks are allowed, and warned about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from jwtsession.errors import ConfigInvalid
from jwtsession.keys import Key, KeyRing
from jwtsession.settings.checked import Mistake
from jwtsession.settings.cookies import CookieSettings, wrong_cookie
from jwtsession.settings.strength import MAKE_SECRET
from jwtsession.sources import CookieSource, QuerySource, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from jwtsession.protocols import TokenSource
    from jwtsession.settings.fields import Settings

__all__ = ["RiskySettingWarning", "broken_rules", "cookie_names", "made_ring", "risks"]


class RiskySettingWarning(UserWarning):
    """A setting that works as written and gives something up that is worth having."""


@dataclass(frozen=True, slots=True)
class _Rule:
    about: tuple[str, ...]
    broken: Callable[[Settings], bool]
    what: str


_RULES: Final[tuple[_Rule, ...]] = (
    _Rule(
        ("signing_secret", "keys"),
        lambda c: c.signing_secret is None and not c.keys,
        f"set it, or keys; make a good secret with: {MAKE_SECRET}",
    ),
    _Rule(
        ("signing_secret", "keys"),
        lambda c: c.signing_secret is not None and bool(c.keys),
        "give either this or keys, not both; a secret can be one of the keys",
    ),
    _Rule(
        ("access_audience",),
        lambda c: c.access_audience == "refresh",
        "refresh tokens have this audience; choose another",
    ),
    _Rule(
        ("access_ttl_secs", "refresh_ttl_secs"),
        lambda c: c.access_ttl_secs > c.refresh_ttl_secs,
        "an access token lives no longer than a session: at most refresh_ttl_secs",
    ),
    _Rule(
        ("reuse_grace_secs", "refresh_ttl_secs"),
        lambda c: 2 * c.reuse_grace_secs > c.refresh_ttl_secs,
        "at most half of refresh_ttl_secs",
    ),
    _Rule(
        ("absolute_ttl_secs", "access_ttl_secs"),
        lambda c: (
            c.absolute_ttl_secs is not None and c.absolute_ttl_secs < c.access_ttl_secs
        ),
        "at least access_ttl_secs",
    ),
    _Rule(
        ("bind_access_to_generation", "stateful_validation"),
        lambda c: c.bind_access_to_generation and not c.stateful_validation,
        "without stateful_validation nothing says which generation a session has",
    ),
    _Rule(
        ("access_cookie", "access_source"),
        lambda c: c.access_cookie is not None and not cookie_names(c.access_token_source),
        "access_source reads no cookie, so none is set",
    ),
    _Rule(
        ("refresh_cookie", "refresh_source"),
        lambda c: c.refresh_cookie is not None and not cookie_names(c.refresh_token_source),
        "refresh_source reads no cookie, so none is set",
    ),
    _Rule(
        ("refresh_source", "access_source"),
        lambda c: (
            not cookie_names(c.access_token_source).isdisjoint(
                cookie_names(c.refresh_token_source)
            )
        ),
        "reads a cookie that access_source reads too; give each its own",
    ),
)


def broken_rules(config: Settings, *, apart_from: Collection[str]) -> Iterator[Mistake]:
    """Yield what is wrong between settings that are good by themselves.

    Args:
        config: The settings.
        apart_from: Those that are not.
    """
    for rule in _RULES:
        if not set(rule.about) & set(apart_from) and rule.broken(config):
            yield _mistake(rule.about[0], rule.what)
    if config.keys:
        try:
            made_ring(config)
        except ConfigInvalid as error:
            yield _mistake("keys", str(error))
    for kind, source, settings in _cookies(config):
        if not {f"{kind}_source", f"{kind}_cookie"} & set(apart_from):
            for name in sorted(cookie_names(source)):
                for what in wrong_cookie(name, settings):
                    yield _mistake(f"{kind}_cookie", what)


def _mistake(setting: str, what: str) -> Mistake:
    return Mistake(setting, setting, what)


def risks(config: Settings) -> Iterator[str]:
    """Yield what the settings give up, a sentence each."""
    if config.reuse_grace_secs >= config.access_ttl_secs:
        yield (
            "reuse_grace_secs is not below access_ttl_secs: "
            "a stolen refresh token may be used without anybody noticing"
        )
    for kind, source, settings in _cookies(config):
        if any(isinstance(part, QuerySource) for part in parts(source)):
            yield (
                f"{kind}_source reads the query: addresses end in logs, histories and "
                "Referer headers, and the token with them"
            )
        if cookie_names(source) and not settings.secure:
            yield (
                f"{kind}_cookie is not secure: whoever is on the network reads the token; "
                "for development only"
            )


def cookie_names(source: TokenSource) -> frozenset[str]:
    """Return the names of the cookies that a source reads."""
    return frozenset(part.name for part in parts(source) if isinstance(part, CookieSource))


def made_ring(config: Settings) -> KeyRing:
    """Make the ring of keys.

    Raises:
        ConfigInvalid: The keys do not go together.
    """
    secret = config.signing_secret
    if isinstance(secret, SecretStr):
        return KeyRing([Key.hmac(secret.get_secret_value())])
    return KeyRing(
        entry if isinstance(entry, Key) else entry.key() for entry in config.keys
    )


def _cookies(
    config: Settings,
) -> Iterator[tuple[str, TokenSource, CookieSettings]]:
    plain = CookieSettings()
    yield "access", config.access_token_source, config.access_cookie or plain
    yield "refresh", config.refresh_token_source, config.refresh_cookie or plain
