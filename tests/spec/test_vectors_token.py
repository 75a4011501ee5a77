"""The library against every vector of tokens, keys and minting."""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter

import jwtsession_spec
import pytest
from vector_judging import Case, cases, judge, ring_of
from vector_making.catalogue import FOLDER, documents

from jwtsession.codec import JwtCodec
from jwtsession.errors import TokenRefused

VERIFICATION = list(cases("TokenVerification"))
BY_CODE = {code.code: code for code in jwtsession_spec.errors()}

WITHOUT_A_VECTOR = {
    # Every vector whose code is right has ended with a named error.
    "TOKEN-NAMED-ERROR",
    # Nothing that a token holds can show it: tests/unit/test_service_silence.py.
    "TOKEN-SECRET-APART",
}


@pytest.mark.parametrize("case", VERIFICATION, ids=str)
def test_a_token_is_judged_as_specified(case: Case) -> None:
    """Verification ends with exactly the claims, or with exactly the code."""
    valid = case.test["result"] == "valid"
    assert judge(case) == (case.test["claims"] if valid else case.test["code"])


@pytest.mark.parametrize("case", list(cases("KeyAcceptance")), ids=str)
def test_a_ring_is_accepted_or_refused(case: Case) -> None:
    """A ring that cannot be used is refused when it is configured."""
    valid = case.test["result"] == "valid"
    assert judge(case) == (len(case.test["keys"]) if valid else case.test["code"])


@pytest.mark.parametrize("case", list(cases("KeyPublication")), ids=str)
def test_a_key_set_is_published(case: Case) -> None:
    """The published set holds the public keys, in order, and no other member."""
    assert judge(case) == case.test["jwks"]


@pytest.mark.parametrize("case", list(cases("TokenMinting")), ids=str)
def test_a_token_is_minted_as_specified(case: Case) -> None:
    """The same claims are the same bytes, and the key's own ring verifies them."""
    token = judge(case)
    assert isinstance(token, str)
    message, _, signature = token.rpartition(".")
    assert message == case.test["message"]
    assert token == case.test.get("token", token)
    assert signature
    codec = JwtCodec(ring_of(case.group["keys"]))
    decode = codec.decode_access if case.test["kind"] == "access" else codec.decode_refresh
    assert decode(token, now=case.test["claims"]["iat"]) == case.test["claims"]


def test_the_files_can_be_made_again() -> None:
    """Every file is, byte for byte, what its script writes."""
    stale = [
        made.file
        for made in documents()
        if made.text() != (FOLDER / made.file).read_text(encoding="ascii")
    ]
    assert stale == []


def test_every_token_requirement_has_a_vector() -> None:
    """Each requirement about tokens is spoken to by a vector, or is excused here."""
    spoken = Counter(
        case.test["requirement"]
        for case in cases(
            "TokenVerification", "KeyAcceptance", "KeyPublication", "TokenMinting"
        )
    )
    wanted = {r.id for r in jwtsession_spec.requirements() if r.subject == "token"}
    assert wanted - spoken.keys() == WITHOUT_A_VECTOR


def test_every_refusal_of_a_token_has_a_vector() -> None:
    """Each leaf of TokenRefused that a codec can raise is expected somewhere."""
    expected = {case.test.get("code") for case in VERIFICATION}
    leaves = {leaf.code for leaf in TokenRefused.__subclasses__()}
    # Nothing presented at all is the caller's to say.
    assert leaves - expected == {"jwt:missing_token"}
    assert expected - {None} <= BY_CODE.keys()


def _careless(case: Case) -> bool:
    """Whether a verifier of ten lines, as many write one, accepts the token."""
    keys = {entry["jwk"].get("kid"): entry["jwk"] for entry in case.group["config"]["keys"]}
    try:
        head, payload, signature = case.test["token"].split(".")[:3]
        jwk = keys[json.loads(_lenient(head)).get("kid")]
        message = f"{head}.{payload}".encode()
        claims = json.loads(_lenient(payload))
        right = hmac.digest(_lenient(jwk.get("k", "")), message, "sha256")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return False
    return right == _lenient(signature) and isinstance(claims, dict)


def _lenient(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "===")


@pytest.mark.parametrize(
    "flag",
    [
        "AlgConfusion",
        "ClaimMissing",
        "ClaimRange",
        "ClaimType",
        "Critical",
        "DuplicateMember",
        "JsonStructure",
        "KeyRetired",
        "KindConfusion",
        "Malleable",
        "RefreshJti",
        "Surrogate",
        "Time",
        "Typ",
    ],
)
def test_the_vectors_bite(flag: str) -> None:
    """A verifier that only looks at the signature accepts some that are hostile so."""
    hostile = [
        case
        for case in VERIFICATION
        if flag in case.test["flags"] and case.test["result"] == "invalid"
    ]
    assert any(_careless(case) for case in hostile)
