"""Key rings in the settings: material from text, files and JWKs, and their mistakes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from jwtsession.config import JwtSessionsConfig
from jwtsession.errors import ConfigInvalid
from jwtsession.keys import Key
from jwtsession.settings.key_entry import KeyEntry

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "q7Kd0sT-3vXcB9mZ_yLw2FhR8nJtUaEg5PoViQ1x"
JWK = {"kty": "oct", "k": "cTdLZDBzVC0zdlhjQjltWl95THcyRmhSOG5KdFVhRWc"}


def _pem(*, password: bytes | None = None) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    encryption = (
        serialization.NoEncryption()
        if password is None
        else serialization.BestAvailableEncryption(password)
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def _refused(*keys: Any) -> str:
    with pytest.raises(ConfigInvalid) as refusal:
        JwtSessionsConfig(keys=keys)
    assert refusal.value.__context__ is None
    head, line = str(refusal.value).split("\n")
    assert head == "the configuration cannot be used:"
    return line


def test_a_secret_alone_is_a_ring_of_one_key() -> None:
    """signing_secret is HS256 without a kid."""
    ring = JwtSessionsConfig(signing_secret=SecretStr(SECRET)).key_ring()
    assert [(key.alg, key.kid) for key in ring] == [("HS256", None)]


def test_keys_are_listed_oldest_to_newest_and_the_newest_signs(tmp_path: Path) -> None:
    """Every form of material makes a key, in the order written; a Key is one already."""
    file = tmp_path / "signing.pem"
    file.write_text(_pem())
    config = JwtSessionsConfig(
        keys=[
            {"kid": "1", "secret": SECRET, "use": "refresh", "retired_at": 1_700_000_000},
            {"kid": "2", "jwk": JWK, "alg": "HS256"},
            KeyEntry(kid="3", pem=_pem(password=b"open"), password="open", alg="ES256"),
            {"kid": "4", "pem_file": str(file), "alg": "ES256"},
            Key.generate("EdDSA", kid="5"),
        ]
    )
    file.unlink()
    ring = config.key_ring()
    assert [(key.kid, key.alg, key.use) for key in ring] == [
        *(("1", "HS256", "refresh"), ("2", "HS256", "all"), ("3", "ES256", "all")),
        *(("4", "ES256", "all"), ("5", "EdDSA", "all")),
    ]
    assert ring.active.kid == "5"
    assert next(iter(ring)).retired_at == 1_700_000_000
    assert [key.kid for key in config.key_ring()] == ["1", "2", "3", "4", "5"]


def test_a_ring_can_be_one_text() -> None:
    """A JSON array, as an environment variable holds it, is the same as the list."""
    keys = [{"kid": "a", "secret": SECRET}, {"kid": "b", "jwk": JWK, "alg": "HS256"}]
    assert JwtSessionsConfig(keys=json.dumps(keys)) == JwtSessionsConfig(keys=keys)


@pytest.mark.parametrize(
    ("entry", "where", "what"),
    [
        ({}, "", "exactly one of secret, pem, pem_file and jwk"),
        ({"secret": SECRET, "jwk": JWK}, "", "exactly one"),
        ({"secret": SECRET, "password": "x"}, "", "a password goes with pem"),
        ({"pem": "x"}, "", "name the algorithm"),
        ({"pem": "x", "alg": "ES256"}, "", "PEM"),
        ({"pem": "x" * 1_000_000, "alg": "ES256"}, "", "PEM"),
        ({"pem": 5, "alg": "ES256"}, ".pem", "write text"),
        ({"pem_file": "/nowhere/at/all", "alg": "ES256"}, "", "pem_file cannot be read"),
        ({"pem_file": "\x00", "alg": "ES256"}, "", "pem_file cannot be read"),
        ({"pem_file": "\ud800", "alg": "ES256"}, "", "pem_file cannot be read"),
        ({"pem_file": "/", "alg": "ES256"}, "", "pem_file cannot be read"),
        ({"pem_file": 5, "alg": "ES256"}, ".pem_file", "path of a PEM file"),
        ({"jwk": "x", "alg": "HS256"}, ".jwk", "as a mapping"),
        ({"jwk": {}, "alg": "HS256"}, "", "JWK"),
        ({"jwk": {"kty": "oct", "k": "AAAA"}, "alg": "HS256"}, "", "32"),
        ({"jwk": JWK}, "", "alg"),
        ({"secret": "x" * 40}, ".secret", "this secret is weak"),
        ({"secret": SECRET, "alg": "HS512"}, "", "64"),
        ({"secret": SECRET, "alg": "RS256"}, "", "RS256"),
        ({"secret": SECRET, "alg": "none"}, ".alg", "write one of HS256"),
        ({"secret": SECRET, "alg": 5}, ".alg", "write one of HS256"),
        ({"secret": SECRET, "kid": ""}, ".kid", "printable"),
        ({"secret": SECRET, "kid": "\ud800"}, ".kid", "printable"),
        ({"secret": SECRET, "kid": "x" * 256}, ".kid", "printable"),
        ({"secret": SECRET, "use": "sig"}, ".use", "write one of all, refresh"),
        ({"secret": SECRET, "use": "refresh"}, "", "retired_at"),
        ({"secret": SECRET, "retired_at": 5}, "", "refresh"),
        ({"secret": SECRET, "retired_at": True}, ".retired_at", "whole number"),
        ({"secret": SECRET, "retired_at": 2**53}, ".retired_at", "whole number"),
        ({"secret": SECRET, "algo": "x"}, ".algo", "no such setting"),
        (5, "", "mapping"),
        (None, "", "mapping"),
        ("x", "", "mapping"),
        ([], "", "mapping"),
        (Key, "", "mapping"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_entry_that_makes_no_key_is_named_by_its_place(
    entry: Any, where: str, what: str
) -> None:
    """The line says which key, which of its settings, and what to write."""
    line = _refused(Key.generate(kid="good"), entry)
    assert line.startswith(f"- keys.1{where}: ")
    assert what in line
    assert len(line) < 400
    assert SECRET not in line


def test_a_huge_pem_file_is_not_read(tmp_path: Path) -> None:
    """A path to something else than a key is noticed before all of it is in memory."""
    file = tmp_path / "core"
    file.write_bytes(b"x" * 70_000)
    assert "larger than 65536 bytes" in _refused({"pem_file": file, "alg": "ES256"})


def test_an_entry_made_alone_reports_like_one_in_a_list() -> None:
    """KeyEntry raises config:invalid with all its mistakes, and shows no material."""
    with pytest.raises(ConfigInvalid) as refusal:
        KeyEntry(secret="hunter2", alg="HS257", kid=5)
    assert [line.partition(":")[0] for line in str(refusal.value).split("\n")[1:]] == [
        *("- secret", "- alg", "- kid")
    ]
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__context__ is None

    shown = repr(KeyEntry(jwk=JWK, alg="HS256")) + repr(KeyEntry(secret=SECRET))
    assert SECRET not in shown
    assert JWK["k"] not in shown


@pytest.mark.parametrize(
    "keys", ["", "x", "{}", "5", '"x"', "[", "[" * 100_000, 5, {}, b"[]", None]
)
def test_keys_are_a_list(keys: Any) -> None:
    """What is no list of keys is one line, however it is nested."""
    with pytest.raises(ConfigInvalid) as refusal:
        JwtSessionsConfig(keys=keys, signing_secret=SECRET)
    assert str(refusal.value).split("\n- ")[1:] in (
        ["keys: write a list of keys, oldest to newest"],
        ["keys: write this as JSON"],
    )


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ([{"secret": SECRET, "kid": "a"}, {"jwk": JWK, "alg": "HS256", "kid": "a"}], "kid"),
        ([{"secret": SECRET, "use": "refresh", "retired_at": 5}], "sign"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: list[Any], what: str) -> None:
    """What is wrong with the ring as a whole is said under keys."""
    line = _refused(*keys)
    assert line.startswith("- keys: ")
    assert what in line
