"""Cookies that carry tokens: their names, their attributes, the header that sets them.

Always ``HttpOnly``; ``Secure`` unless switched off for development over plain http;
always with a ``SameSite`` (HTTP-COOKIE-ATTRIBUTES). What browsers would silently ignore is
refused here: a ``__Host-`` name with a path or a domain, a pair of more than 4096 octets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator

from jwtsession.errors import InvalidClaims, SerializationFailed
from jwtsession.settings.checked import Checked, choice, flag

__all__ = ["COOKIE_MAX_BYTES", "Cookie", "CookieSettings", "SameSite", "wrong_cookie"]

COOKIE_MAX_BYTES: Final = 4096
"""Name and value together (RFC 6265bis §5.6): browsers ignore what is larger."""

SameSite = Literal["strict", "lax", "none"]

_VALUE: Final = re.compile(r"[!#-+\--:<-\[\]-~]+")  # cookie-octet, RFC 6265 §4.1.1
_PATH: Final = re.compile(r"/[!-:<-~]{0,254}")  # visible ASCII but the semicolon
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+{_LABEL}")


def _check_path(value: object) -> object:
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise ValueError(
            "write a path that begins with / , of visible ASCII, without a semicolon"
        )
    return value


def _check_domain(value: object) -> object:
    if value is not None and not (isinstance(value, str) and _DOMAIN.fullmatch(value)):
        raise ValueError(
            "write a host name in lower case, as example.com, without a dot before"
        )
    return value


class CookieSettings(Checked):
    """How a token is delivered where its source reads a cookie, whose name it has.

    Attributes:
        path: For which paths browsers send it; ``/`` with a ``__Host-`` name. A path for
            the refresh cookie must cover both refreshing and signing out.
        domain: Sent to this host and all below it; None, the safe default, is this host
            alone. Not with a ``__Host-`` name.
        same_site: None is by purpose: ``lax`` for access, so that a link from elsewhere
            arrives signed in, and ``strict`` for refresh.
        secure: False only for development over plain http; warned about.
        also_in_body: Put the token in the answer's body too, for clients that keep no
            cookies. Any script of the page can then read it (OWASP ASVS 5.0 3.3.4).
    """

    path: Annotated[str, BeforeValidator(_check_path)] = "/"
    domain: Annotated[str | None, BeforeValidator(_check_domain)] = None
    same_site: Annotated[SameSite | None, choice("strict", "lax", "none", none=True)] = None
    secure: Annotated[bool, flag] = True
    also_in_body: Annotated[bool, flag] = False


def wrong_cookie(name: str, settings: CookieSettings) -> list[str]:
    """Say why browsers would ignore a cookie of this name (RFC 6265bis §4.1.3)."""
    wrong: list[str] = []
    prefix = next((p for p in ("__Host-", "__Secure-") if _begins(name, p)), "")
    if not name.startswith(prefix):
        wrong.append(f"write the prefix of the cookie's name as {prefix}")
    if prefix and not settings.secure:
        wrong.append(
            f"a cookie whose name begins with {prefix} is secure: choose another name"
        )
    if prefix == "__Host-" and settings.path != "/":
        wrong.append("a __Host- cookie has the path /; for another path call it __Secure-")
    if prefix == "__Host-" and settings.domain is not None:
        wrong.append("a __Host- cookie has no domain; for a domain call it __Secure-")
    if settings.same_site == "none" and not settings.secure:
        wrong.append("a cookie with same_site none is secure: choose lax or strict")
    return wrong


def _begins(name: str, prefix: str) -> bool:
    return name.lower().startswith(prefix.lower())  # browsers look at it in any case


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One cookie, ready to be set and cleared. Holds no value.

    Attributes:
        name: Its name.
        path: Its path.
        domain: Its domain, or None for this host alone.
        same_site: When it is sent along.
        secure: Whether it is sent over https only.
    """

    name: str
    path: str
    domain: str | None
    same_site: SameSite
    secure: bool

    def set(self, value: str, *, max_age: int) -> str:
        """Return the value of a ``Set-Cookie`` header.

        Args:
            value: The token.
            max_age: For how many seconds the browser keeps it; 1 or more.

        Raises:
            InvalidClaims: Name and value exceed 4096 octets together, so that browsers
                would ignore the cookie (HTTP-COOKIE-SIZE).
            SerializationFailed: The value holds what no cookie can hold.
        """
        if not _VALUE.fullmatch(value):
            raise SerializationFailed("this token holds what cannot stand in a cookie")
        if len(self.name) + len(value) > COOKIE_MAX_BYTES:
            raise InvalidClaims(
                f"the token and the name {self.name} exceed the {COOKIE_MAX_BYTES} octets "
                "of a cookie: put less into the claims, the user id or the issuer"
            )
        # Expired cookies are deleted, and only signing out may do that.
        return f"{self.name}={value}; Max-Age={max(1, max_age)}{self._attributes()}"

    def clear(self) -> str:
        """Return the value of a ``Set-Cookie`` header that deletes the cookie."""
        return f"{self.name}=; Max-Age=0{self._attributes()}"

    def _attributes(self) -> str:
        domain = "" if self.domain is None else f"; Domain={self.domain}"
        secure = "; Secure" if self.secure else ""
        site = self.same_site.capitalize()
        return f"; Path={self.path}{domain}; HttpOnly{secure}; SameSite={site}"
