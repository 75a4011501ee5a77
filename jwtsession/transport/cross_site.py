"""Refuse what another site made the browser send (HTTP-CROSS-SITE; OWASP ASVS 5.0 3.5.1).

A browser adds cookies by itself, also to a request that a page of somebody else caused.
``SameSite`` keeps most of those away, but it is defence in depth only (RFC 6265bis
§8.8.1): a site is more than an origin, and a subdomain that was taken over is "same site".
So whoever acts on a token that came by cookie asks here first:

1. ``Sec-Fetch-Site``, where there is one, decides: every current browser sends it to
   https and to localhost, and no script can set it. ``same-origin`` passes, and ``none``,
   which means that a person typed the address. ``same-site`` does not: a neighbouring
   subdomain is another origin.
2. Otherwise ``Origin`` decides: it passes where its host and port are those of ``Host``.
   The scheme is not compared, because behind a proxy that ends TLS nobody here knows it.
3. With neither the request passes: that is what programs that are no browsers send, and
   browsers too old for both send no cookie cross-site that is ``SameSite``.

An origin that is trusted by configuration passes in both; so does one behind a proxy that
rewrites ``Host``, once it is configured.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jwtsession.errors import CrossSiteRequest

if TYPE_CHECKING:
    from collections.abc import Collection

    from jwtsession.protocols import RequestView

__all__ = ["check_same_site", "normal_origin"]

_ORIGIN = re.compile(
    r"(https?)://([a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?"
)
_DEFAULT_PORT: Final = {"http": "80", "https": "443"}
_ORIGIN_MAX_CHARS = 300


def check_same_site(request: RequestView, *, trusted_origins: Collection[str] = ()) -> None:
    """Raise where another site may have caused the request; otherwise return nothing.

    For any request that acts on a token found in a cookie: refresh, sign-out, every unsafe
    method with an access cookie, and the handshake of a WebSocket, which browsers allow
    across origins. The method plays no part: whether a GET needs this, the caller knows.

    Args:
        request: What was sent.
        trusted_origins: Other origins that may; in the form of `normal_origin`.

    Raises:
        CrossSiteRequest: From another origin, or the headers that tell contradict each
            other or cannot be read. Nothing was changed.
    """
    sites = request.headers("sec-fetch-site")
    origins = request.headers("origin")
    if len(sites) > 1 or len(origins) > 1:
        raise CrossSiteRequest
    if sites and sites[0] in {"same-origin", "none"}:
        return
    origin = normal_origin(origins[0]) if origins else None
    if origin in trusted_origins:
        return
    if sites or (origins and not _is_own(origin, request.headers("host"))):
        raise CrossSiteRequest


def normal_origin(text: str) -> str | None:
    """Return an origin as browsers write it, or None where it is none (RFC 6454 §6.2).

    Lower case, without a default port: ``https://example.com``,
    ``http://localhost:3000``. ``null`` is no origin that anybody could be trusted under.
    """
    if len(text) > _ORIGIN_MAX_CHARS:
        return None
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or not text.isascii():
        return None
    scheme, host, port = match.groups()
    if port is None or port == _DEFAULT_PORT[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"


def _is_own(origin: str | None, hosts: Collection[str]) -> bool:
    if origin is None or len(hosts) != 1:
        return False
    scheme = origin.partition(":")[0]
    return normal_origin(f"{scheme}://{next(iter(hosts))}") == origin
