"""Each reference store, as a factory; and nothing of it left behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from jwtsession_stores import memory
from jwtsession_stores.sql import sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jwtsession.protocols import StoreFactory

FACTORIES: dict[str, StoreFactory] = {"memory": memory.factory, "sqlite": sqlite.factory}


@pytest.fixture(params=FACTORIES)
def factory(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StoreFactory:
    """Return the factory of each store in turn; its places are empty."""
    monkeypatch.setenv("JWTSESSION_SQLITE_DIR", str(tmp_path))
    return FACTORIES[request.param]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert [one.name for one in threading.enumerate() if one.name == "jwtsession"] == []
    assert not memory._places
