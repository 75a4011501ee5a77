"""The vectors of the specification, read by the sources of this library."""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from typing import Any

import pytest
from bare_request import BareRequest

from jwtsession.errors import JwtSessionError
from jwtsession.sources import source_from

FILES = ("bearer", "body", "cookie", "header", "order", "query")


def _cases() -> list[Any]:
    cases: list[Any] = []
    for name in FILES:
        text = (
            files("jwtsession_spec")
            .joinpath(f"vectors/source_{name}.json")
            .read_text("utf-8")
        )
        document = json.loads(text)
        found = [
            pytest.param(group["config"], test, id=f"{name}-{test['tcId']}")
            for group in document["testGroups"]
            for test in group["tests"]
        ]
        assert len(found) == document["numberOfTests"] > 0
        cases += found
    return cases


def _request(written: dict[str, Any]) -> BareRequest:
    body = written.get("body")
    octets = written.get("bodyBase64")
    return BareRequest(
        pairs=tuple((name, value) for name, value in written["headers"]),
        query=written["query"].encode("latin-1"),
        body=base64.b64decode(octets) if octets is not None else body and body.encode(),
        method=written["method"],
    )


@pytest.mark.parametrize(("config", "test"), _cases())
def test_a_source_answers_as_its_vector_says(config: Any, test: dict[str, Any]) -> None:
    """Every vector gets its token, its absence or its code, and no other exception."""
    source = source_from(config)
    request = _request(test["request"])

    if test["result"] == "valid":
        assert source.extract(request) == test["token"], test["comment"]
    else:
        with pytest.raises(JwtSessionError) as refusal:
            source.extract(request)
        assert refusal.value.code == test["code"], test["comment"]
