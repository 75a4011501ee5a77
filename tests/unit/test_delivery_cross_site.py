"""Requests that another site made the browser send, and those that only look like it."""

from __future__ import annotations

import pytest
from bare_request import with_headers
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtsession.errors import CrossSiteRequest
from jwtsession.transport.cross_site import normal_origin
from jwtsession.web.delivery import check_same_site

HOST = ("Host", "api.example")
OWN = ("Origin", "https://api.example")
APP = ("Origin", "https://app.example")
EVIL = ("Origin", "https://evil.example")
TRUSTED = ("https://app.example",)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [HOST],
        [("Sec-Fetch-Site", "same-origin")],
        [("Sec-Fetch-Site", "none")],
        [("sec-fetch-site", "same-origin"), EVIL, HOST],
        [OWN, HOST],
        [("origin", "HTTPS://API.example"), ("host", "api.EXAMPLE")],
        [OWN, ("Host", "api.example:443")],
        [("Origin", "https://api.example:443"), HOST],
        [("Origin", "http://localhost:8000"), ("Host", "localhost:8000")],
        [("Origin", "http://[::1]:8000"), ("Host", "[::1]:8000")],
        [APP, HOST],
        [APP],
        [("Sec-Fetch-Site", "same-site"), APP, HOST],
        [("Sec-Fetch-Site", "cross-site"), APP, HOST],
    ],
    ids=str,
)
def test_the_own_site_trusted_origins_and_programs_pass(
    headers: list[tuple[str, str]],
) -> None:
    """Own pages, typed addresses, trusted origins and clients that are no browsers."""
    check_same_site(with_headers(*headers), trusted_origins=TRUSTED)


@pytest.mark.parametrize(
    "headers",
    [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Sec-Fetch-Site", "same-site"), ("Origin", "https://other.api.example"), HOST],
        [("Sec-Fetch-Site", "cross-site"), OWN, HOST],
        [("Sec-Fetch-Site", "cross-site"), EVIL, HOST],
        [("Sec-Fetch-Site", "")],
        [("Sec-Fetch-Site", "Same-Origin")],
        [("Sec-Fetch-Site", "same-origin, cross-site")],
        [("Sec-Fetch-Site", "x" * 100_000)],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "same-origin")],
        [EVIL, HOST],
        [EVIL],
        [OWN],
        [OWN, HOST, HOST],
        [OWN, EVIL, HOST],
        [OWN, OWN, HOST],
        [OWN, ("Host", "")],
        [("Origin", "null"), HOST],
        [("Origin", "null"), ("Host", "null")],
        [("Origin", ""), ("Host", "")],
        [("Origin", "https://"), ("Host", "")],
        [("Origin", "api.example"), HOST],
        [("Origin", "https://api.example/"), HOST],
        [("Origin", "https://api.example."), HOST],
        [("Origin", "https://api.example@evil.example"), HOST],
        [("Origin", "https://evil.example/https://api.example"), HOST],
        [("Origin", "https://api.example.evil.example"), HOST],
        [("Origin", "https://xapi.example"), HOST],
        [("Origin", "https://api.example:8443"), HOST],
        [OWN, ("Host", "api.example:8443")],
        [("Origin", "http://api.example"), ("Host", "api.example:443")],
        [("Origin", "https://app.example:8443"), HOST],
        [("Origin", "http://app.example"), HOST],
        [("Origin", "file://"), HOST],
        [("Origin", "chrome-extension://abc"), HOST],
        [("Origin", "https://api.example, https://evil.example"), HOST],
        [("Origin", "https://a\u0131pi.example"), HOST],
        [("Origin", "https://\u212a.example"), ("Host", "k.example")],
        [("Origin", "https://api.example\x00"), HOST],
        [("Origin", "\ud800"), ("Host", "\ud800")],
        [("Origin", "https://" + "a" * 100_000), ("Host", "a" * 100_000)],
    ],
    ids=lambda value: str(value)[:60],
)
def test_another_origin_is_refused(headers: list[tuple[str, str]]) -> None:
    """Other sites, neighbours, contradictions and what cannot be read end as one error."""
    with pytest.raises(CrossSiteRequest):
        check_same_site(with_headers(*headers), trusted_origins=TRUSTED)


def test_nobody_is_trusted_by_default() -> None:
    """Without configuration another origin does not pass."""
    with pytest.raises(CrossSiteRequest):
        check_same_site(with_headers(APP, HOST))


def test_a_proxy_that_rewrites_the_host_needs_the_own_origin_trusted() -> None:
    """Behind it only Origin still tells the public name, unless the browser says more."""
    inside = ("Host", "10.0.0.7:8000")
    with pytest.raises(CrossSiteRequest):
        check_same_site(with_headers(OWN, inside))
    check_same_site(with_headers(OWN, inside), trusted_origins=("https://api.example",))
    check_same_site(with_headers(OWN, inside, ("Sec-Fetch-Site", "same-origin")))


_NAMES = st.sampled_from(["sec-fetch-site", "origin", "host"])
_TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["cross-site", "same-site", "null", "https://api.example", "api.example"]
    ),
)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(_NAMES, _TEXTS), max_size=4))
def test_whatever_is_sent_another_site_never_passes(headers: list[tuple[str, str]]) -> None:
    """Next to what a browser says about another site, nothing makes the request pass."""
    told = [pair for pair in headers if pair[0] != "sec-fetch-site"]
    with pytest.raises(CrossSiteRequest):
        check_same_site(
            with_headers(*told, ("Sec-Fetch-Site", "cross-site")), trusted_origins=TRUSTED
        )
    hosts = [pair for pair in headers if pair[0] == "host"]
    with pytest.raises(CrossSiteRequest):
        check_same_site(with_headers(*hosts, EVIL), trusted_origins=TRUSTED)


@given(st.text(max_size=60))
@settings(deadline=None, derandomize=True)
def test_a_normal_origin_is_normal(text: str) -> None:
    """Any text gives an origin that is its own normal form, or none, and no exception."""
    for tried in (text, f"https://{text}"):
        origin = normal_origin(tried)
        assert origin is None or normal_origin(origin) == origin
