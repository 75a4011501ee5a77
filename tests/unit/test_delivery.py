"""Tokens as cookies: what is set, when, with which attributes, and what never is."""

from __future__ import annotations

import warnings
from http.cookies import SimpleCookie
from typing import Any

import pytest

from jwtsession.config import JwtSessionsConfig, RiskySettingWarning
from jwtsession.errors import InvalidClaims, SerializationFailed
from jwtsession.models import TokenPair
from jwtsession.settings.cookies import COOKIE_MAX_BYTES, Cookie
from jwtsession.web.delivery import clear_cookies, set_cookies, tokens_for_body

NOW = 1_700_000_000
BOTH = {
    "access_source": "cookie:__Host-access",
    "refresh_source": "cookie:__Secure-r",
}


def _config(**settings: Any) -> JwtSessionsConfig:
    secret = "q7Kd0sT-3vXcB9mZ_yLw2FhR8nJtUaEg5PoViQ1x"
    return JwtSessionsConfig(**{"signing_secret": secret, **settings})


def _pair(**changes: Any) -> TokenPair:
    return TokenPair(
        **{
            "access_token": "a.b.c",
            "refresh_token": "d.e.f",
            "access_expires_at": NOW + 900,
            "refresh_expires_at": NOW + 2_592_000,
            "session_id": "01HF7YAT00000000000000000A",
            **changes,
        }
    )


def test_both_tokens_are_set_as_their_sources_read_them() -> None:
    """Names from the sources, lives from the tokens, SameSite by purpose."""
    assert set_cookies(_config(**BOTH), _pair(), now=NOW) == [
        "__Host-access=a.b.c; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=Lax",
        "__Secure-r=d.e.f; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Strict",
    ]


def test_every_attribute_can_be_chosen() -> None:
    """Path, domain and SameSite stand in the header as configured."""
    config = _config(
        refresh_source=["body:r", "cookie:__Secure-r", "cookie:old"],
        refresh_cookie={"path": "/auth", "domain": "example.com", "same_site": "none"},
    )
    (header,) = set_cookies(config, _pair(), now=NOW)
    assert header == (
        "__Secure-r=d.e.f; Max-Age=2592000; Path=/auth; Domain=example.com; "
        "HttpOnly; Secure; SameSite=None"
    )


def test_of_several_cookies_the_first_is_set() -> None:
    """A cookie that is still read under its old name is not set again."""
    config = _config(
        access_source="cookie:new,cookie:old", refresh_source="cookie:r,cookie:s"
    )
    headers = set_cookies(config, _pair(), now=NOW)
    assert [header.partition("=")[0] for header in headers] == ["new", "r"]


def test_only_development_gives_up_secure() -> None:
    """Without secure the attribute is gone, and HttpOnly and SameSite stay."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RiskySettingWarning)
        config = _config(access_source="cookie:a", access_cookie={"secure": False})
    assert set_cookies(config, _pair(), now=NOW) == [
        "a=a.b.c; Max-Age=900; Path=/; HttpOnly; SameSite=Lax"
    ]


def test_a_repeated_refresh_token_sets_no_refresh_cookie() -> None:
    """HTTP-COOKIE-REPEATED: a slow answer must not overwrite a newer cookie."""
    (header,) = set_cookies(_config(**BOTH), _pair(refresh_repeated=True), now=NOW)
    assert header.startswith("__Host-access=")


def test_no_cookie_is_ever_set_to_have_expired() -> None:
    """A clock that is ahead of the token shortens the cookie and deletes nothing."""
    pair = _pair(access_expires_at=NOW, refresh_expires_at=NOW - 5)
    for header in set_cookies(_config(**BOTH), pair, now=NOW):
        assert "; Max-Age=1; " in header


def test_signing_out_clears_every_cookie_that_is_read() -> None:
    """Cleared under the name, path and domain it was set with, old names too."""
    config = _config(
        access_source="bearer,cookie:__Host-access",
        refresh_source="cookie:__Secure-r,cookie:old",
        refresh_cookie={"path": "/auth", "domain": "example.com"},
    )
    rest = "; Path=/auth; Domain=example.com; HttpOnly; Secure; SameSite=Strict"
    assert clear_cookies(config) == [
        "__Host-access=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
        f"__Secure-r=; Max-Age=0{rest}",
        f"old=; Max-Age=0{rest}",
    ]


def test_without_a_cookie_source_no_cookie_is_touched() -> None:
    """The defaults deliver both tokens in the body and set and clear nothing."""
    config = _config()
    assert set_cookies(config, _pair(), now=NOW) == []
    assert clear_cookies(config) == []
    assert tokens_for_body(config, _pair()) == {
        "access_token": "a.b.c",
        "refresh_token": "d.e.f",
    }


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (BOTH, []),
        ({"refresh_source": "cookie:r"}, ["access_token"]),
        ({"access_source": "bearer,cookie:a"}, ["refresh_token"]),
        ({**BOTH, "access_cookie": {"also_in_body": True}}, ["access_token"]),
        ({**BOTH, "refresh_cookie": {"also_in_body": True}}, ["refresh_token"]),
    ],
)
def test_a_token_in_a_cookie_is_in_no_body_unless_asked_for(
    settings: dict[str, Any], names: list[str]
) -> None:
    """A script of the page reads bodies, so a token is in one place only by default."""
    assert list(tokens_for_body(_config(**settings), _pair())) == names


def test_a_cookie_of_exactly_the_limit_is_set() -> None:
    """HTTP-COOKIE-SIZE counts name and value together, and nothing else."""
    room = COOKIE_MAX_BYTES - len("__Host-access")
    config = _config(access_source="cookie:__Host-access")
    (header,) = set_cookies(config, _pair(access_token="x" * room), now=NOW)
    assert len(header.partition(";")[0]) == COOKIE_MAX_BYTES + 1
    with pytest.raises(InvalidClaims, match="4096 octets") as refusal:
        set_cookies(config, _pair(access_token="x" * (room + 1)), now=NOW)
    assert "xxx" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize(
    "token",
    [
        *(
            "",
            "a b",
            "a;b",
            'a"b',
            "a,b",
            "a\\b",
            "a\r\nSet-Cookie: x=y",
            "a\x00",
            "é",
            "\ud800",
        ),
        "a\x7f",
    ],
)
def test_what_cannot_stand_in_a_cookie_is_not_put_there(kind: str, token: str) -> None:
    """A token of somebody's own codec adds no attribute and no header."""
    with pytest.raises(SerializationFailed) as refusal:
        set_cookies(_config(**BOTH), _pair(**{kind: token}), now=NOW)
    assert not token or token not in str(refusal.value)


def test_a_cookie_that_is_too_large_sets_none() -> None:
    """Either both cookies are answered or an error is: never half a pair."""
    with pytest.raises(InvalidClaims):
        set_cookies(_config(**BOTH), _pair(refresh_token="x" * 4096), now=NOW)


def test_what_is_set_reads_back() -> None:
    """The standard library's reader sees the attributes a browser would."""
    cookie = Cookie(name="n", path="/p", domain="e.example", same_site="lax", secure=True)
    read = SimpleCookie(cookie.set("v", max_age=7))["n"]
    assert (read.value, read["path"], read["domain"], read["max-age"]) == (
        "v",
        "/p",
        "e.example",
        "7",
    )
    assert (read["httponly"], read["secure"], read["samesite"]) == (True, True, "Lax")


def test_a_cookie_holds_no_value() -> None:
    """What describes a cookie can be shown."""
    cookie = Cookie(name="n", path="/", domain=None, same_site="lax", secure=True)
    cookie.set("s3cret", max_age=1)
    assert "s3cret" not in repr(cookie)
