"""Settings from the environment, YAML and TOML: one meaning, one precedence, no leaks."""

from __future__ import annotations

import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from jwtsession.config import JwtSessionsConfig
from jwtsession.errors import ConfigInvalid
from jwtsession.settings.cookies import CookieSettings
from jwtsession.sources import BearerSource, BodySource, CookieSource, FirstOf

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "q7Kd0sT-3vXcB9mZ_yLw2FhR8nJtUaEg5PoViQ1x"
NONE: dict[str, str] = {}

YAML = f"""
signing_secret: {SECRET}
access_ttl_secs: 60
absolute_ttl_secs: null
stateful_validation: no
access_source: [bearer, {{cookie: __Host-access}}]
refresh_source: {{body: token}}
trusted_origins: [https://app.example]
"""
TOML = f"""
signing_secret = "{SECRET}"
access_ttl_secs = 60
absolute_ttl_secs = "none"
stateful_validation = false
access_source = ["bearer", {{cookie = "__Host-access"}}]
refresh_source = {{body = "token"}}
trusted_origins = ["https://app.example"]
"""
ENVIRON = {
    "JWTSESSION_SIGNING_SECRET": SECRET,
    "JWTSESSION_ACCESS_TTL_SECS": "60",
    "JWTSESSION_ABSOLUTE_TTL_SECS": "none",
    "JWTSESSION_STATEFUL_VALIDATION": "false",
    "JWTSESSION_ACCESS_SOURCE": "bearer,cookie:__Host-access",
    "JWTSESSION_REFRESH_SOURCE": "body:token",
    "JWTSESSION_TRUSTED_ORIGINS": "https://app.example",
}


def _write(folder: Path, form: str, content: str | bytes) -> Path:
    file = folder / f"sessions.{form}"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def _read(form: str, file: Any, **how: Any) -> JwtSessionsConfig:
    make = {"yaml": JwtSessionsConfig.from_yaml, "toml": JwtSessionsConfig.from_toml}[form]
    return make(file, **{"environ": NONE, **how})


def test_every_place_says_the_same(tmp_path: Path) -> None:
    """Code, the environment, YAML and TOML make equal configurations."""
    from_code = JwtSessionsConfig(
        signing_secret=SECRET,
        access_ttl_secs=60,
        absolute_ttl_secs=None,
        stateful_validation=False,
        access_source=FirstOf([BearerSource(), CookieSource("__Host-access")]),
        refresh_source=BodySource("token"),
        trusted_origins=("https://app.example",),
    )
    assert JwtSessionsConfig.from_env(ENVIRON) == from_code
    assert _read("yaml", _write(tmp_path, "yaml", YAML)) == from_code
    assert _read("toml", str(_write(tmp_path, "toml", TOML))) == from_code


@pytest.mark.parametrize(("form", "content"), [("yaml", YAML), ("toml", TOML)])
def test_the_environment_wins_over_the_file(
    tmp_path: Path, form: str, content: str
) -> None:
    """A variable replaces what the file says, and nothing beside it."""
    config = _read(
        form, _write(tmp_path, form, content), environ={"jwtsession_access_ttl_secs": "61"}
    )
    assert (config.access_ttl_secs, config.absolute_ttl_secs) == (61, None)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("yaml", f"web: {{port: 80}}\nauth:\n  sessions: {{signing_secret: {SECRET}}}\n"),
        ("toml", f'[web]\nport = 80\n[auth.sessions]\nsigning_secret = "{SECRET}"\n'),
    ],
)
def test_a_section_of_a_file_is_read_alone(tmp_path: Path, form: str, content: str) -> None:
    """What else is in the file is not looked at; a missing section is said to be."""
    file = _write(tmp_path, form, content)
    assert _read(form, file, section="auth.sessions") == JwtSessionsConfig(
        signing_secret=SECRET
    )
    for section in ("auth.missing", "missing"):
        with pytest.raises(ConfigInvalid, match="has no such section"):
            _read(form, file, section=section)
    with pytest.raises(ConfigInvalid, match="with a mapping in it"):
        _read(form, file, section="web.port")


def test_cookies_and_keys_are_json_in_the_environment() -> None:
    """What has members of its own is one variable."""
    config = JwtSessionsConfig.from_env(
        {
            "JWTSESSION_KEYS": f'[{{"kid": "a", "secret": "{SECRET}"}}]',
            "JWTSESSION_REFRESH_SOURCE": "cookie:__Secure-refresh",
            "JWTSESSION_REFRESH_COOKIE": '{"path": "/auth", "same_site": "lax"}',
        }
    )
    assert config.key_ring().active.kid == "a"
    assert config.refresh_cookie == CookieSettings(path="/auth", same_site="lax")


def test_the_environment_of_the_process_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a mapping the variables of the process are read, with any prefix."""
    monkeypatch.setenv("SHOP_SIGNING_SECRET", SECRET)
    monkeypatch.setenv("SHOP_MAX_PER_USER", "3")
    assert JwtSessionsConfig.from_env(prefix="SHOP_").max_per_user == 3


def test_everything_wrong_with_the_environment_is_said_at_once() -> None:
    """Bad values, a near miss and a missing secret come together; strangers stay out."""
    with pytest.raises(ConfigInvalid) as refusal:
        JwtSessionsConfig.from_env(
            {
                "JWTSESSION_ACCESS_TTL_SECS": "fifteen minutes",
                "JWTSESSION_REFRESH_TTL_SEC": "60",
                "JWTSESSION_MAX_PER_USER": "",
                "JWTSESSION_POSTGRES_URL": "postgres://",
                "PATH": "/bin",
            }
        )
    named = [line.partition(":")[0] for line in str(refusal.value).split("\n- ")[1:]]
    assert named == ["access_ttl_secs", "max_per_user", "refresh_ttl_sec", "signing_secret"]
    assert "did you mean refresh_ttl_secs?" in str(refusal.value)
    assert refusal.value.__context__ is None


@pytest.mark.parametrize("prefix", ["", " ", "é_", "A-", "1A_", "JWT\x00", "\ud800"])
def test_a_prefix_is_a_name(prefix: str) -> None:
    """No prefix at all would take any variable of the process for a setting."""
    with pytest.raises(ConfigInvalid, match="prefix"):
        JwtSessionsConfig.from_env(ENVIRON, prefix=prefix)


@pytest.mark.parametrize("form", ["yaml", "toml"])
@pytest.mark.parametrize(
    "path",
    [
        "",
        "nowhere.file",
        ".",
        "\x00",
        "\ud800",
        "x" * 10_000,
        None,
        5,
        b"\x00",
        ["x"],
        YAML,
    ],
)
def test_a_path_that_is_no_file_is_refused_without_repeating_it(
    form: str, path: Any
) -> None:
    """A path may be the content by mistake, so it is not shown."""
    with pytest.raises(ConfigInvalid) as refusal:
        _read(form, path)
    assert str(refusal.value).startswith(f"the {form.upper()} file ")
    assert len(str(refusal.value)) < 120
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("form", "content", "what"),
    [
        ("yaml", "a: [1", "line 1, column "),
        ("yaml", "planted: hunter2\n\tb: 1", "line 2, column 1"),
        ("yaml", "- hunter2", "with a mapping"),
        ("yaml", "hunter2", "with a mapping"),
        ("yaml", "!!python/object/apply:os.getcwd []", "line 1, column 1"),
        ("yaml", "? [hunter2]\n: 1", "YAML"),
        ("yaml", "{" * 5000, "YAML"),
        ("yaml", b"\xff\xfehunter2", "UTF-8"),
        ("yaml", b"a: hunter2\x00", "YAML"),
        ("yaml", "1: hunter2", "with a mapping"),
        ("yaml", "max_per_user: 1\nissuer: a\nmax_per_user: 2", "written twice"),
        ("yaml", "access_cookie: {path: /a, path: /b}", "written twice"),
        ("toml", "a = [\n=", "line 2, column "),
        ("toml", "hunter2\n", "line 1, column "),
        ("toml", 'a = "hunter2\n"', "line 1, column "),
        ("toml", "a = 1\na = 2\n", "line 2, column "),
        ("toml", "a = " + "[" * 5000, "TOML"),
        ("toml", b'a = "\xffhunter2"', "UTF-8"),
        ("toml", "a = 1\x00", "line 1, column "),
    ],
    ids=lambda value: repr(value)[:25],
)
def test_a_file_that_cannot_be_read_is_refused_by_line_and_column(
    tmp_path: Path, form: str, content: str | bytes, what: str
) -> None:
    """The place of the mistake is said, and nothing of what the file holds."""
    with pytest.raises(ConfigInvalid) as refusal:
        _read(form, _write(tmp_path, form, content))
    assert what in str(refusal.value)
    shown = "".join(traceback.format_exception(refusal.value))
    assert "hunter2" not in shown
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    ("form", "content"), [("yaml", "issuer: É"), ("toml", 'issuer = "É"')]
)
def test_a_file_is_utf8(tmp_path: Path, form: str, content: str) -> None:
    """Letters beyond ASCII come out of a file as they were written."""
    assert _read(form, _write(tmp_path, form, content), environ=ENVIRON).issuer == "É"


@pytest.mark.parametrize("form", ["yaml", "toml"])
def test_an_empty_file_leaves_all_to_the_environment(tmp_path: Path, form: str) -> None:
    """A file that says nothing is no mistake by itself."""
    file = _write(tmp_path, form, "")
    assert _read(form, file, environ=ENVIRON) == JwtSessionsConfig.from_env(ENVIRON)


@pytest.mark.parametrize(
    ("form", "content"), [("yaml", "colour: red"), ("toml", "colour = 1")]
)
def test_an_unknown_setting_in_a_file_is_refused(
    tmp_path: Path, form: str, content: str
) -> None:
    """A file is this library's own, so that nothing in it is left alone."""
    with pytest.raises(ConfigInvalid, match="- colour: there is no such setting"):
        _read(form, _write(tmp_path, form, content), environ=ENVIRON)


@pytest.mark.parametrize("missing", ["pydantic_settings", "yaml"])
def test_without_the_extra_the_error_says_what_to_install(
    tmp_path: Path, missing: str
) -> None:
    """Code needs no settings library, and what needs one names the right distribution."""
    file = _write(tmp_path, "yaml", YAML)
    script = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from jwtsession.config import JwtSessionsConfig\n"
        f"JwtSessionsConfig(signing_secret={SECRET!r})\n"
        "try:\n"
        f"    JwtSessionsConfig.from_yaml({str(file)!r}, environ={{}})\n"
        "except ValueError as error:\n"
        "    assert error.__context__ is None\n"
        "    print(error)\n"
    )
    done = subprocess.run(  # our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert 'pip install "jwtsession-core[settings]"' in done.stdout


def test_code_imports_no_settings_library() -> None:
    """Importing the configuration imports neither the settings library nor YAML."""
    script = (
        "import sys, jwtsession.config\n"
        "print([name for name in ('pydantic_settings', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run(  # our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
