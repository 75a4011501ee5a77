"""From records to tokens and back to what an application sees."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from service_world import START, claims_of, codec_of, config_of, secret_of

from jwtsession.codec import JwtCodec, refresh_jti
from jwtsession.errors import InvalidClaims
from jwtsession.keys import Key, KeyRing
from jwtsession.lifecycle import refresh_hash
from jwtsession.minting import (
    RESERVED_CLAIMS,
    Minter,
    object_from,
    presented_from,
    session_from,
)
from jwtsession.models import SessionKey, SessionRecord

SECRET = bytes(range(32))
RECORD = SessionRecord(
    user_id="ann",
    id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
    refresh_hash=refresh_hash(SECRET, 4),
    gen=4,
    created_at=START,
    rotated_at=START + 70,
    last_active_at=START + 80,
    expires_at=START + 9_000,
    meta='{"ip":"::1"}',
    data='{"roles":["admin"]}',
    seen='{"ip":"::2"}',
)


def minter_of(access_claims: Any = None, **settings: Any) -> Minter:
    """Return a minter with these settings."""
    config = config_of(**settings)
    return Minter(config, codec_of(config), access_claims)


def test_a_refresh_token_is_a_function_of_the_record_and_the_secret() -> None:
    """Two processes at different times mint the same bytes (SERVICE-ROTATE-SAME)."""
    here = minter_of().pair(RECORD, SECRET, now=START + 71)
    there = minter_of().pair(RECORD, SECRET, now=START + 99)
    assert here.refresh_token == there.refresh_token
    assert claims_of(here.refresh_token) == {
        "sub": "ann",
        "sid": RECORD.id,
        "aud": "refresh",
        "gen": 4,
        "jti": refresh_jti(SECRET, 4),
        "auth_time": START,
        "iat": START + 70,
        "exp": START + 9_000,
    }
    assert secret_of(here.refresh_token) == SECRET


def test_what_was_never_minted_changes_no_token() -> None:
    """Activity, metadata and data of a record are in no refresh token."""
    other = replace(RECORD, last_active_at=1, meta="{}", data="{}", seen="{}")
    assert (
        minter_of().pair(RECORD, SECRET, now=START).refresh_token
        == minter_of().pair(other, SECRET, now=START).refresh_token
    )


def test_each_access_token_is_its_own() -> None:
    """The access jti is random, and says nothing of the session's secret."""
    minter = minter_of()
    jtis = {
        claims_of(minter.pair(RECORD, SECRET, now=START).access_token)["jti"]
        for _ in range(50)
    }
    assert len(jtis) == 50
    assert not any(refresh_jti(SECRET, 4)[:43] in jti for jti in jtis)


@pytest.mark.parametrize(
    ("now", "exp"),
    [
        (START, START + 900),
        (START + 8_099, START + 8_999),
        (START + 8_100, START + 9_000),
        (START + 8_101, START + 9_000),
        (START + 8_999, START + 9_000),
    ],
)
def test_an_access_token_ends_with_its_session_at_the_latest(now: int, exp: int) -> None:
    """The cap is the record's expires_at, and the answer says what the token says."""
    minter = minter_of()
    pair = minter.pair(RECORD, SECRET, now=now)
    again = minter.repeated(RECORD, pair.refresh_token, now=now)
    for each in (pair, again):
        claims = claims_of(each.access_token)
        assert claims["exp"] == each.access_expires_at == exp
        assert claims["iat"] == now
        assert each.refresh_expires_at == RECORD.expires_at
        assert each.session_id == RECORD.id
    assert (pair.refresh_repeated, again.refresh_repeated) == (False, True)


def test_a_repeated_token_is_passed_through_untouched() -> None:
    """Whatever key signed it, the presented refresh token is answered byte for byte."""
    assert minter_of().repeated(RECORD, "as.presented", now=START).refresh_token == (
        "as.presented"
    )


def test_settings_name_issuer_and_audience() -> None:
    """Both tokens name the issuer, the access token its configured audience."""
    pair = minter_of(issuer="https://id", access_audience="api").pair(
        RECORD, SECRET, now=START
    )
    access, refresh = claims_of(pair.access_token), claims_of(pair.refresh_token)
    assert (access["iss"], refresh["iss"]) == ("https://id", "https://id")
    assert (access["aud"], refresh["aud"]) == ("api", "refresh")


def test_a_token_of_another_algorithm_makes_the_same_claims() -> None:
    """Where signatures are random the claims are the same, and that is what counts."""
    config = config_of()
    minter = Minter(config, JwtCodec(KeyRing([Key.generate("ES256", kid="e")])), None)
    tokens = [minter.pair(RECORD, SECRET, now=START).refresh_token for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert claims_of(tokens[0]) == claims_of(tokens[1])


def test_every_claim_that_is_minted_is_reserved() -> None:
    """No claim of either token can come from the hook (SERVICE-CLAIMS-RESERVED)."""
    pair = minter_of(issuer="https://id").pair(RECORD, SECRET, now=START)
    minted = {*claims_of(pair.access_token), *claims_of(pair.refresh_token)}
    assert minted <= RESERVED_CLAIMS
    assert minted | {"nbf"} == RESERVED_CLAIMS


def test_the_hooks_claims_stand_beside_the_reserved_ones() -> None:
    """Its claims are added as they are; several mistakes are named together."""
    pair = minter_of(lambda session: {"roles": session.data["roles"]}).pair(
        RECORD, SECRET, now=START
    )
    assert claims_of(pair.access_token)["roles"] == ["admin"]
    with pytest.raises(InvalidClaims, match="aud, exp, sub"):
        minter_of(lambda _s: {"sub": 1, "exp": 2, "aud": 3, "x": 4}).pair(
            RECORD, SECRET, now=START
        )


def test_the_hooks_mapping_is_not_changed() -> None:
    """A hook may answer the same mapping every time."""
    shared = {"role": "admin"}
    minter = minter_of(lambda _session: shared)
    minter.pair(RECORD, SECRET, now=START)
    assert shared == {"role": "admin"}


def test_the_hook_may_answer_any_mapping() -> None:
    """Its annotation says Mapping, so a mapping that is no dict serves as well."""

    class Roles(Mapping[str, Any]):
        def __getitem__(self, name: str) -> Any:
            return {"role": "admin"}[name]

        def __iter__(self) -> Iterator[str]:
            return iter(["role"])

        def __len__(self) -> int:
            return 1

    pair = minter_of(lambda _session: Roles()).pair(RECORD, SECRET, now=START)
    assert claims_of(pair.access_token)["role"] == "admin"


def test_presented_facts_are_those_of_the_claims() -> None:
    """What the law is told of a token is what the token says."""
    pair = minter_of().pair(RECORD, SECRET, now=START)
    presented = presented_from(claims_of(pair.refresh_token))
    assert presented.key == SessionKey("ann", RECORD.id)
    assert (presented.secret, presented.gen) == (SECRET, 4)
    assert (presented.iat, presented.exp) == (RECORD.rotated_at, RECORD.expires_at)
    assert presented.auth_time == RECORD.created_at


def test_an_application_sees_everything_but_the_hash() -> None:
    """A session is its record with the texts parsed and the hash left out."""
    session = session_from(RECORD)
    for name in SessionRecord.__slots__:
        if name in ("meta", "data", "seen"):
            continue
        assert hasattr(session, name) is (name != "refresh_hash")
        if name != "refresh_hash":
            assert getattr(session, name) == getattr(RECORD, name)
    assert (session.meta, session.data) == ({"ip": "::1"}, {"roles": ["admin"]})
    assert session.seen == {"ip": "::2"}
    assert session.key == RECORD.key
    assert session_from(RECORD, last_active_at=7).last_active_at == 7
    assert session_from(RECORD, last_active_at=0).last_active_at == 0


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", '"{}"', "7", "{", "{'a':1}", "\ud800", "[" * 100_000, "nan"],
    ids=[
        "empty",
        "null",
        "array",
        "text",
        "number",
        "cut",
        "quotes",
        "half",
        "deep",
        "nan",
    ],
)
def test_a_damaged_text_reads_as_empty_and_is_logged(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A note that somebody altered signs nobody out, and the log does not repeat it."""
    assert object_from(text) == {}
    assert caplog.messages == ["a stored session text is no JSON object and reads as empty"]
    caplog.clear()
    assert object_from('{"a":[1,{"b":"é"}]}') == {"a": [1, {"b": "é"}]}
    assert caplog.messages == []
