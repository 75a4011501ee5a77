"""What the library makes of one vector."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import jwtsession_spec

from jwtsession.codec import JwtCodec
from jwtsession.errors import JwtSessionError
from jwtsession.keys import Key, KeyRing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Case", "cases", "judge", "ring_of"]


class Case(NamedTuple):
    """A test, and the group it stands in."""

    name: str
    group: dict[str, Any]
    test: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name}-{self.test['tcId']}"


def cases(*kinds: str) -> Iterator[Case]:
    """Yield every test of groups of these types."""
    for name in jwtsession_spec.vector_names():
        for group in jwtsession_spec.vectors(name)["testGroups"]:
            if group["type"] in kinds:
                yield from (Case(name, group, test) for test in group["tests"])


def ring_of(entries: list[dict[str, Any]]) -> KeyRing:
    """Return the ring that a vector lists."""
    return _ring(json.dumps(entries))


@cache
def _ring(entries: str) -> KeyRing:
    """Make a ring once: checking an RSA key takes longer than using it."""
    return KeyRing([_key(entry) for entry in json.loads(entries)])


def _key(entry: dict[str, Any]) -> Key:
    kept = {"use": entry["use"], "retired_at": entry.get("retiredAt")}
    if "pem" in entry:
        return Key.pem(entry["pem"], alg=entry["alg"], kid=entry["kid"], **kept)
    return Key.jwk(entry["jwk"], **kept)


def judge(case: Case) -> object:
    """Return what comes out: a value, or the code of an error of the library."""
    try:
        return _JUDGES[case.group["type"]](case.group, case.test)
    except JwtSessionError as error:
        return error.code


def _verify(group: dict[str, Any], test: dict[str, Any]) -> object:
    config = group["config"]
    codec = JwtCodec(
        ring_of(config["keys"]),
        issuer=config["issuer"],
        access_audience=config["accessAudience"],
        leeway_secs=config["leewaySecs"],
    )
    asked = {"now": test["now"], "verify_exp": test.get("verifyExp", True)}
    if test["kind"] == "access":
        return codec.decode_access(test["token"], **asked)
    leeway = test.get("leewaySecs", 0)
    return codec.decode_refresh(test["token"], leeway_secs=leeway, **asked)


def _accept(_group: dict[str, Any], test: dict[str, Any]) -> object:
    return len(ring_of(test["keys"]))


def _publish(_group: dict[str, Any], test: dict[str, Any]) -> object:
    return ring_of(test["keys"]).jwks()


def _mint(group: dict[str, Any], test: dict[str, Any]) -> object:
    codec = JwtCodec(ring_of(group["keys"]))
    encode = codec.encode_access if test["kind"] == "access" else codec.encode_refresh
    return encode(test["claims"])


_JUDGES = {
    "TokenVerification": _verify,
    "KeyAcceptance": _accept,
    "KeyPublication": _publish,
    "TokenMinting": _mint,
}
