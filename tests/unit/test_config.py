"""The settings: defaults, what may be written, every mistake at once, nothing leaked."""

from __future__ import annotations

import pickle
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from jwtsession.config import JwtSessionsConfig, RiskySettingWarning
from jwtsession.errors import ConfigInvalid
from jwtsession.settings.cookies import CookieSettings
from jwtsession.sources import (
    BearerSource,
    BodySource,
    CookieSource,
    FirstOf,
    HeaderSource,
    QuerySource,
)

if TYPE_CHECKING:
    from jwtsession.protocols import RequestView

SECRET = "q7Kd0sT-3vXcB9mZ_yLw2FhR8nJtUaEg5PoViQ1x"
LONGEST = 100 * 365 * 86400


def _config(**settings: Any) -> JwtSessionsConfig:
    return JwtSessionsConfig(**{"signing_secret": SECRET, **settings})


def _refused(**settings: Any) -> list[str]:
    """Return the lines of the refusal, which the settings must meet."""
    with pytest.raises(ConfigInvalid) as refusal:
        _config(**settings)
    head, *lines = str(refusal.value).split("\n")
    assert head == "the configuration cannot be used:"
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None
    return lines


def test_the_defaults_are_those_of_the_specification() -> None:
    """A secret alone gives the documented names and values."""
    config = _config()
    assert config.model_dump(
        exclude={"signing_secret", "access_source", "refresh_source"}
    ) == {
        "keys": (),
        "issuer": None,
        "access_audience": "access",
        "access_ttl_secs": 900,
        "refresh_ttl_secs": 2592000,
        "absolute_ttl_secs": 31536000,
        "reuse_grace_secs": 30,
        "leeway_secs": 0,
        "max_per_user": 20,
        "touch_interval_secs": 300,
        "stateful_validation": True,
        "bind_access_to_generation": False,
        "on_reuse": "end",
        "on_lost_write": "repair",
        "access_cookie": None,
        "refresh_cookie": None,
        "trusted_origins": (),
        "body_limit_bytes": 65536,
        "purge_margin_secs": 86400,
        "purge_batch": 1000,
    }
    assert config.access_token_source == BearerSource()
    assert config.refresh_token_source == BodySource("refresh_token")


@pytest.mark.parametrize(
    ("name", "low", "high", "none"),
    [
        ("access_ttl_secs", 1, None, False),
        ("refresh_ttl_secs", 1, LONGEST, False),
        ("absolute_ttl_secs", 1, LONGEST, True),
        ("reuse_grace_secs", 0, None, False),
        ("leeway_secs", 0, 600, False),
        ("max_per_user", 1, 1_000_000, True),
        ("touch_interval_secs", 0, LONGEST, False),
        ("body_limit_bytes", 1, 16 * 1024 * 1024, False),
        ("purge_margin_secs", 0, LONGEST, False),
        ("purge_batch", 1, 1_000_000, False),
    ],
)
def test_a_number_is_a_whole_number_within_bounds(
    name: str, low: int, high: int | None, *, none: bool
) -> None:
    """Both bounds are accepted, as text too; beyond them, and other types, are refused."""
    lowest = {"access_ttl_secs": 1, "reuse_grace_secs": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RiskySettingWarning)
        for good in (low, high):
            if good is not None:
                assert getattr(_config(**lowest | {name: good}), name) == good
                assert getattr(_config(**lowest | {name: str(good)}), name) == good
        for absent in (None, "none", "NULL") if none else ():
            assert getattr(_config(**{name: absent}), name) is None
    bad: list[Any] = [
        *(low - 1, -1, 2**53, 10**5000, True, False, 900.0, float("nan"), 1e300),
        *(
            "",
            " ",
            "9 00",
            " 900",
            "1_000",
            "9e2",
            "0x10",
            "٣",
            "9" * 5000,
            "\ud800",
            "\x00",
        ),
        *(b"900", [900], {900: 900}, object(), 900 + 0j),
        *(() if none else (None, "none")),
        *(() if high is None else (high + 1, str(high + 1))),
    ]
    for value in bad:
        (line,) = _refused(**{name: value})
        assert line.startswith(f"- {name}: ")
        assert len(line) < 150


@pytest.mark.parametrize("name", ["stateful_validation", "bind_access_to_generation"])
def test_a_switch_is_a_boolean_or_a_word_for_one(name: str) -> None:
    """True and false, in the words of YAML and of the environment; never a number."""
    for on in (True, "true", "YES", "on", "1"):
        assert getattr(_config(**{name: on}), name) is True
    for off in (False, "false", "No", "OFF", "0"):
        settings = {name: off, "bind_access_to_generation": False}
        assert getattr(_config(**settings), name) is False
    for value in (1, 0, 1.0, "", "maybe", "tru", None, [], b"true", "true\x00"):
        assert _refused(**{name: value}) == [f"- {name}: write true or false"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("on_reuse", ("end", "refuse")), ("on_lost_write", ("repair", "end"))],
)
def test_a_choice_is_one_of_its_words(name: str, words: tuple[str, ...]) -> None:
    """The refusal lists what can be written."""
    for word in words:
        assert getattr(_config(**{name: word}), name) == word
    for value in ("", "END", "end ", "x" * 10_000, None, 1, True, ["end"]):
        assert _refused(**{name: value}) == [f"- {name}: write one of {', '.join(words)}"]


@pytest.mark.parametrize("name", ["issuer", "access_audience"])
@pytest.mark.parametrize(
    "value",
    ["", "x" * 256, "a\nb", "a\x00", "\ud800", "\u202eabc", 5, True, b"a", ["a"], {}],
)
def test_a_text_is_printable_and_of_bounded_length(name: str, value: Any) -> None:
    """An issuer or an audience that cannot be written cleanly into a token is refused."""
    assert _refused(**{name: value}) == [f"- {name}: write 1 to 255 printable characters"]


def test_texts_are_kept_as_given() -> None:
    """An issuer is compared exactly, so nothing of it is trimmed or folded."""
    assert _config(issuer=" https://É.example/ ").issuer == " https://É.example/ "


def test_everything_wrong_is_said_at_once() -> None:
    """Mistakes of single settings, unknown names and contradictions come together."""
    lines = _refused(
        signing_secret="short",
        access_ttl_secs=True,
        on_reuse="panic",
        refresh_ttl_secs=40,
        reuse_grace_secs=30,
        stateful_validation=False,
        bind_access_to_generation=True,
        refresh_source={"cookie": "__Host-r"},
        refresh_cookie={"path": "/auth", "domain": "example.com"},
        keys=[{"secret": "x"}, 5],
        trusted_origins=["https://a.example/"],
        acess_source="bearer",
    )
    named = [line[2:].partition(":")[0] for line in lines]
    assert named == [
        *("signing_secret", "keys.0.secret", "keys.1", "access_ttl_secs", "on_reuse"),
        *("trusted_origins", "acess_source"),
        *(
            "reuse_grace_secs",
            "bind_access_to_generation",
            "refresh_cookie",
            "refresh_cookie",
        ),
    ]


def test_a_contradiction_with_a_setting_that_is_wrong_anyway_is_not_reported() -> None:
    """One slip is one line: no rule is asked about a setting that has no value."""
    (line,) = _refused(access_ttl_secs="x", refresh_ttl_secs=100)
    assert line.startswith("- access_ttl_secs: ")


@pytest.mark.parametrize(
    ("settings", "where", "what"),
    [
        ({"signing_secret": None}, "signing_secret", "token_urlsafe(32)"),
        ({"signing_secret": None, "keys": []}, "signing_secret", "or keys"),
        ({"keys": [{"secret": SECRET}]}, "signing_secret", "not both"),
        ({"access_audience": "refresh"}, "access_audience", "another"),
        ({"access_ttl_secs": 2592001}, "access_ttl_secs", "refresh_ttl_secs"),
        ({"reuse_grace_secs": 501, "refresh_ttl_secs": 1001}, "reuse_grace_secs", "half"),
        ({"absolute_ttl_secs": 899}, "absolute_ttl_secs", "access_ttl_secs"),
        (
            {"bind_access_to_generation": True, "stateful_validation": False},
            *("bind_access_to_generation", "stateful_validation"),
        ),
        ({"access_cookie": {}}, "access_cookie", "reads no cookie"),
        ({"refresh_cookie": {"path": "/x"}}, "refresh_cookie", "reads no cookie"),
        (
            {"access_source": "bearer,cookie:c", "refresh_source": "cookie:c"},
            *("refresh_source", "its own"),
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, Any], where: str, what: str
) -> None:
    """The line names the setting to change and the one it contradicts."""
    (line,) = _refused(**settings)
    assert line.startswith(f"- {where}: ")
    assert what in line


@pytest.mark.parametrize(
    "settings",
    [
        {"access_ttl_secs": 900, "refresh_ttl_secs": 900},
        {"reuse_grace_secs": 500, "refresh_ttl_secs": 1000},
        {"reuse_grace_secs": 0},
        {"absolute_ttl_secs": 900},
        {"access_source": "cookie:a", "refresh_source": "cookie:b"},
    ],
)
def test_settings_that_only_look_like_a_contradiction_are_accepted(
    settings: dict[str, Any],
) -> None:
    """The bounds themselves are allowed, and a session may end before it could go idle."""
    assert _config(**settings).model_dump(include=set(settings)) is not None


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"reuse_grace_secs": 900}, "reuse_grace_secs is not below access_ttl_secs"),
        ({"access_source": "bearer,query:token"}, "access_source reads the query"),
        ({"refresh_source": "query:token"}, "refresh_source reads the query"),
        (
            {"access_source": "cookie:a", "access_cookie": {"secure": False}},
            "access_cookie is not secure",
        ),
    ],
)
def test_what_is_allowed_and_risky_is_warned_about(
    settings: dict[str, Any], what: str
) -> None:
    """The warning has a class of its own and points at the caller."""
    with pytest.warns(RiskySettingWarning, match=what) as caught:
        _config(**settings)
    assert [record.filename for record in caught] == [__file__]


def test_no_warning_without_a_risk() -> None:
    """A grace one second below the life of an access token is quiet."""
    _config(reuse_grace_secs=899)


@pytest.mark.parametrize(
    "secret",
    [
        *("", "x", "short", "x" * 31, "é" * 15, "x" * 32, "ab" * 20, "abc1" * 10, "0" * 64),
        *(
            "akzakkzazkkazakzkazkkzaakzkazkaz",
            "secret" * 6,
            "changeme" * 5,
            "password" * 8,
            "s3cr3tP@ss!" * 4 + "s3c",
        ),
        *("abcdefghijklmnopqrstuvwxyz0123456789", "0123456789" * 4, "fedcba9876543210" * 2),
        *(
            "your-256-bit-secret-your-256-bit-secret",
            "change-me-in-production-please-now-ok",
        ),
        *(
            "this-is-a-very-long-secret-key-for-development",
            "MY SUPER SECRET JWT SIGNING KEY 2024",
        ),
        *(f" {SECRET}", f"{SECRET}\n", " " * 40, "\ud800" * 40, SECRET * 100),
    ],
)
def test_a_weak_secret_is_refused_with_the_command_that_makes_a_good_one(
    secret: str,
) -> None:
    """Short, repeated, counted, typed or damaged: refused, and not repeated."""
    for settings in ({"signing_secret": secret}, {"signing_secret": SecretStr(secret)}):
        (line,) = _refused(**settings)
        assert line.startswith("- signing_secret: this secret is weak")
        assert 'python -c "import secrets; print(secrets.token_urlsafe(32))"' in line
        assert len(secret.strip()) < 6 or secret.strip() not in line


@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        "9f86d081884c7d659a2feaa0c55ad015",
        "correct horse battery staple and a gnu",
        "ключ-который-никто-не-угадает-7391",
    ],
)
def test_a_drawn_secret_is_accepted(secret: str) -> None:
    """Nothing is refused for its alphabet, and a drawn secret is never taken for typed."""
    assert _config(signing_secret=secret).key_ring().active.alg == "HS256"


@pytest.mark.parametrize("secret", [5, True, b"x" * 40, ["x"], {}, object()])
def test_a_secret_that_is_no_text_is_refused(secret: Any) -> None:
    """Only text is a secret here; bytes have no one spelling in a file."""
    assert _refused(signing_secret=secret) == ["- signing_secret: write text"]


@pytest.mark.parametrize("name", ["access_source", "refresh_source"])
@pytest.mark.parametrize(
    "value", ["", "basic", {"jar": "x"}, [], None, 5, "cookie:", "\ud800"]
)
def test_a_source_that_cannot_be_made_is_named(name: str, value: Any) -> None:
    """What can be written for a source is said under the setting's name."""
    (line,) = _refused(**{name: value})
    assert line.startswith(f"- {name}: ")


def test_sources_are_written_in_every_way() -> None:
    """Text, mappings, lists and objects of one's own are all sources."""

    class Own:
        needs_body = False

        def extract(self, request: RequestView) -> str | None:
            return request.query.decode("ascii") or None

    own = Own()
    written = ["bearer", {"cookie": "__Host-a"}, "header:X-A", own]
    assert _config(access_source=written).access_token_source == FirstOf(
        [BearerSource(), CookieSource("__Host-a"), HeaderSource("X-A"), own]
    )
    with pytest.warns(RiskySettingWarning):
        config = _config(refresh_source=("query:q", "body:b"))
    assert config.refresh_token_source == FirstOf([QuerySource("q"), BodySource("b")])


@pytest.mark.parametrize(
    ("written", "origins"),
    [
        (
            ["https://App.Example:443", "http://localhost:3000"],
            ("https://app.example", "http://localhost:3000"),
        ),
        (
            "https://a.example, https://b.example:8443",
            ("https://a.example", "https://b.example:8443"),
        ),
        (("https://[::1]:8000", "https://[::1]:8000"), ("https://[::1]:8000",)),
        ("", ()),
    ],
)
def test_trusted_origins_are_kept_as_browsers_write_them(
    written: Any, origins: tuple[str, ...]
) -> None:
    """Lower case, without a default port, each once."""
    assert _config(trusted_origins=written).trusted_origins == origins


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "a.example",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "https://*.a.example",
        ),
        *(
            "null",
            "*",
            "ftp://a.example",
            "https://u@a.example",
            "https://a.example?x",
            "https://é.example",
        ),
        *(
            "https://a.example:",
            "https://a.example:999999",
            "https://a b",
            "\x00",
            "\ud800",
            5,
            None,
        ),
        "https://" + "a" * 100_000,
    ],
    ids=lambda origin: repr(origin)[:25],
)
def test_an_origin_that_no_browser_sends_is_refused(origin: Any) -> None:
    """A slash, a path or a wildcard would never match, so it is a mistake."""
    for written in ([origin], ["https://a.example", origin]):
        (line,) = _refused(trusted_origins=written)
        assert line.startswith(
            "- trusted_origins: write each as scheme, host and port alone"
        )


def test_origins_are_a_list() -> None:
    """Something that is no list is said to be none."""
    for value in (5, None, {"https://a.example"}, True):
        assert _refused(trusted_origins=value) == [
            "- trusted_origins: write a list of origins"
        ]


@pytest.mark.parametrize("name", ["access_cookie", "refresh_cookie"])
@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"path": "auth"}, "path"),
        ({"path": ""}, "path"),
        ({"path": "/a;b"}, "path"),
        ({"path": "/é"}, "path"),
        ({"path": "/" + "x" * 255}, "path"),
        ({"path": None}, "path"),
        ({"domain": ".example.com"}, "domain"),
        ({"domain": "example.com; Secure"}, "domain"),
        ({"domain": "Example.com"}, "domain"),
        ({"domain": "localhost"}, "domain"),
        ({"domain": "a" * 64 + ".com"}, "domain"),
        ({"domain": ""}, "domain"),
        ({"same_site": "Lax"}, "same_site"),
        ({"same_site": True}, "same_site"),
        ({"secure": "perhaps"}, "secure"),
        ({"also_in_body": 1}, "also_in_body"),
        ({"samesite": "lax"}, "samesite"),
        ({"name": "x"}, "name"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_cookies_attribute_that_browsers_would_ignore_is_refused(
    name: str, value: dict[str, Any], where: str
) -> None:
    """The line has the full name of the attribute."""
    (line,) = _refused(access_source="cookie:a", refresh_source="cookie:r", **{name: value})
    assert line.startswith(f"- {name}.{where}: ")
    with pytest.raises(ConfigInvalid, match=rf"\n- {where}: "):
        CookieSettings(**value)


@pytest.mark.parametrize("value", [5, [], True, "/path", "[", '"x"', b"{}"])
def test_a_cookies_attributes_are_a_mapping(value: Any) -> None:
    """In text they are JSON; anything else is said to be none."""
    (line,) = _refused(access_source="cookie:a", access_cookie=value)
    assert line in {
        "- access_cookie: write a mapping of its settings",
        "- access_cookie: write this as JSON",
    }


@pytest.mark.parametrize(
    ("cookie", "attributes", "what"),
    [
        ("__Host-a", {"path": "/x"}, "has the path /"),
        ("__Host-a", {"domain": "example.com"}, "has no domain"),
        ("__Host-a", {"secure": False}, "is secure"),
        ("__Secure-a", {"secure": False}, "is secure"),
        ("__host-a", {}, "as __Host-"),
        ("__SECURE-a", {}, "as __Secure-"),
        ("a", {"same_site": "none", "secure": False}, "choose lax or strict"),
    ],
)
def test_a_cookies_name_and_attributes_go_together(
    cookie: str, attributes: dict[str, Any], what: str
) -> None:
    """What a prefix promises is checked when it is configured, not by the browser."""
    (line,) = _refused(access_source=f"bearer,cookie:{cookie}", access_cookie=attributes)
    assert line.startswith("- access_cookie: ")
    assert what in line


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("acces_ttl_secs", "; did you mean access_ttl_secs?"),
        ("ACCESS_TTL_SECS", "; did you mean access_ttl_secs?"),
        ("signing-secret", "; did you mean signing_secret?"),
        ("colour", ""),
        ("x" * 10_000, ""),
    ],
)
def test_an_unknown_setting_is_refused_and_the_nearest_one_named(
    slip: str, meant: str
) -> None:
    """A misspelt setting is never ignored, and a huge name is not repeated."""
    (line,) = _refused(**{slip: 1})
    shown = slip if len(slip) < 64 else "(a name that cannot be shown)"
    assert line == f"- {shown}: there is no such setting{meant}"


def test_no_error_shows_what_was_put_in() -> None:
    """A secret in the wrong place is in no message, repr or traceback, nor behind it."""
    planted = "hunter2-0xDEADBEEF"
    places = [
        *(
            {"signing_secret": planted},
            {"keys": planted},
            {"keys": [planted]},
            {"issuer": [planted]},
        ),
        *({"keys": [{"secret": planted}]}, {"keys": [{"pem": planted, "alg": "RS256"}]}),
        *(
            {"keys": [{"jwk": {"kty": "oct", "k": planted, "alg": "HS256"}}]},
            {"on_reuse": planted},
        ),
        *({"keys": f'[{{"secret": "{planted}"}}]'}, {"keys": f'[{{"secret": "{planted}"'}),
        *({"access_source": planted}, {"access_source": {"cookie": f"{planted} "}}),
        *(
            {"access_ttl_secs": planted},
            {"stateful_validation": planted},
            {f"{planted} x": 1},
        ),
        *(
            {"access_source": "cookie:a", "access_cookie": {"path": planted}},
            {"trusted_origins": planted},
        ),
    ]
    for settings in places:
        with pytest.raises(ConfigInvalid) as refusal:
            _config(**settings)
        error = refusal.value
        text = "".join(traceback.format_exception(error, chain=True)) + repr(error)
        assert planted not in text
        assert error.__context__ is None


def test_a_config_shows_no_secret() -> None:
    """The repr, the text, the dump and the JSON of a configuration hold no key material."""
    config = JwtSessionsConfig(
        keys=[
            {"kid": "a", "secret": SECRET},
            {
                "kid": "b",
                "alg": "HS256",
                "jwk": {"kty": "oct", "k": "cTdLZDBzVC0zdlhjQjltWl95THcyRmhSOG5KdFVhRWc"},
            },
        ]
    )
    for shown in (
        repr(config),
        str(config),
        repr(config.model_dump()),
        repr(config.key_ring()),
    ):
        assert SECRET not in shown
        assert "cTdLZDBz" not in shown
    assert SECRET not in repr(_config())
    assert SECRET not in repr(_config().model_dump(mode="json", include={"signing_secret"}))


def test_a_config_is_frozen() -> None:
    """Nothing can be set or deleted, and the refusal does not show the value."""
    config = _config()
    with pytest.raises(ConfigInvalid, match="model_copy") as refusal:
        config.signing_secret = "hunter2"
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(ValidationError):
        del config.issuer
    assert config == _config()


def test_a_copy_with_changes_is_checked_like_any_other() -> None:
    """model_copy keeps what was set, applies the changes and refuses a contradiction."""
    config = _config(access_ttl_secs=60, refresh_source="cookie:r")
    copy = config.model_copy(update={"reuse_grace_secs": 20})
    assert (copy.access_ttl_secs, copy.reuse_grace_secs) == (60, 20)
    assert copy.refresh_token_source == CookieSource("r")
    assert copy.key_ring().active.sign(b"x") == config.key_ring().active.sign(b"x")
    assert config.model_copy() == config
    with pytest.raises(ConfigInvalid, match="- refresh_ttl_secs: "):
        config.model_copy(update={"refresh_ttl_secs": 0})


def test_a_config_crosses_a_process_boundary() -> None:
    """A configuration is a value: it survives pickling and equals its twin."""
    config = JwtSessionsConfig(keys=[{"kid": "a", "secret": SECRET}])
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301  # its own dump


def test_a_config_inside_another_model_is_checked_whole() -> None:
    """Rules hold on every way into the model, and pydantic's own error hides the input."""

    class Application(BaseModel):
        model_config = {"hide_input_in_errors": True}
        sessions: JwtSessionsConfig

    with pytest.raises(ValidationError, match="half of refresh_ttl_secs") as refusal:
        Application(
            sessions={
                "signing_secret": SECRET,
                "refresh_ttl_secs": 900,
                "reuse_grace_secs": 451,
            }
        )
    assert SECRET not in str(refusal.value)
    with pytest.raises(ValidationError, match="half of refresh_ttl_secs"):
        JwtSessionsConfig.model_validate(
            {"signing_secret": SECRET, "refresh_ttl_secs": 900, "reuse_grace_secs": 451}
        )


@pytest.mark.parametrize(
    "mapping", [None, 5, "x", [], [("issuer", "x")], {5: "x"}, {None: 1}]
)
def test_a_mapping_of_settings_is_a_mapping_of_text(mapping: Any) -> None:
    """What is no mapping, or has names that are no text, is refused by name."""
    with pytest.raises(ConfigInvalid):
        JwtSessionsConfig.from_mapping(mapping)


def test_a_mapping_makes_the_same_as_code() -> None:
    """from_mapping is the constructor for a section of somebody's settings."""
    settings = {"signing_secret": SECRET, "max_per_user": 3}
    assert JwtSessionsConfig.from_mapping(settings) == _config(max_per_user=3)
    with pytest.raises(ConfigInvalid, match="- self: there is no such setting"):
        JwtSessionsConfig.from_mapping({**settings, "self": 1})
