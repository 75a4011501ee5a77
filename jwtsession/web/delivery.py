"""Deliver a pair of tokens where the sources will look for it again.

A token whose source reads a cookie is set as that cookie; any other token belongs in the
body of the answer. Pure functions over values: whoever answers puts the headers in.

    headers = [("set-cookie", value) for value in set_cookies(config, pair, now=now)]
    body = tokens_for_body(config, pair)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jwtsession.settings.cookies import Cookie, CookieSettings
from jwtsession.sources import CookieSource, parts
from jwtsession.transport.cross_site import check_same_site

if TYPE_CHECKING:
    from jwtsession.config import JwtSessionsConfig
    from jwtsession.models import TokenPair
    from jwtsession.protocols import TokenSource
    from jwtsession.settings.cookies import SameSite

__all__ = [
    "access_cookies",
    "check_same_site",
    "clear_cookies",
    "refresh_cookies",
    "set_cookies",
    "tokens_for_body",
]

_PLAIN: Final = CookieSettings()


def set_cookies(config: JwtSessionsConfig, pair: TokenPair, *, now: int) -> list[str]:
    """Return the values of the ``Set-Cookie`` headers that deliver a pair.

    None for a token that is not delivered by cookie, and none for a refresh token that is
    the presented one again (HTTP-COOKIE-REPEATED). A cookie lives as long as its token.
    Where several cookies are read, the first is set.

    Args:
        config: Which cookies, and how.
        pair: The tokens.
        now: The present, in seconds.

    Raises:
        InvalidClaims: A token does not fit in a cookie (HTTP-COOKIE-SIZE).
        SerializationFailed: A token holds what cannot stand in a cookie.
    """
    set_now: list[str] = []
    for cookie in access_cookies(config)[:1]:
        max_age = pair.access_expires_at - now
        set_now.append(cookie.set(pair.access_token, max_age=max_age))
    for cookie in [] if pair.refresh_repeated else refresh_cookies(config)[:1]:
        max_age = pair.refresh_expires_at - now
        set_now.append(cookie.set(pair.refresh_token, max_age=max_age))
    return set_now


def clear_cookies(config: JwtSessionsConfig) -> list[str]:
    """Return the values of the ``Set-Cookie`` headers that delete all that are read.

    For signing out, and for nothing else: no refusal clears a cookie, or the loser of a
    race would wipe the winner's (HTTP-COOKIE-CLEARED-BY-SIGN-OUT).
    """
    return [
        cookie.clear() for cookie in (*access_cookies(config), *refresh_cookies(config))
    ]


def tokens_for_body(config: JwtSessionsConfig, pair: TokenPair) -> dict[str, str]:
    """Return the tokens that belong in the answer's body, by their names in RFC 6749 §5.1.

    Those that no cookie delivers, and those that are to be there as well.
    """
    tokens: dict[str, str] = {}
    if not access_cookies(config) or _settings(config.access_cookie).also_in_body:
        tokens["access_token"] = pair.access_token
    if not refresh_cookies(config) or _settings(config.refresh_cookie).also_in_body:
        tokens["refresh_token"] = pair.refresh_token
    return tokens


def access_cookies(config: JwtSessionsConfig) -> list[Cookie]:
    """Return the cookies that ``access_source`` reads; the first is the one to set."""
    return _cookies(config.access_token_source, _settings(config.access_cookie), "lax")


def refresh_cookies(config: JwtSessionsConfig) -> list[Cookie]:
    """Return the cookies that ``refresh_source`` reads; the first is the one to set."""
    return _cookies(config.refresh_token_source, _settings(config.refresh_cookie), "strict")


def _settings(given: CookieSettings | None) -> CookieSettings:
    return _PLAIN if given is None else given


def _cookies(
    source: TokenSource, settings: CookieSettings, by_purpose: SameSite
) -> list[Cookie]:
    return [
        Cookie(
            name=part.name,
            path=settings.path,
            domain=settings.domain,
            same_site=settings.same_site or by_purpose,
            secure=settings.secure,
        )
        for part in parts(source)
        if isinstance(part, CookieSource)
    ]
