"""The clock of the machine."""

from __future__ import annotations

import time

import pytest

from jwtsession.clock import SystemClock


@pytest.mark.parametrize(
    ("present", "seconds"), [(0.0, 0), (1.999, 1), (1.9e9 + 0.5, 1900000000)]
)
def test_the_clock_rounds_down(
    monkeypatch: pytest.MonkeyPatch, present: float, seconds: int
) -> None:
    """A second counts when it is over."""
    monkeypatch.setattr(time, "time", lambda: present)
    now = SystemClock().now()
    assert now == seconds
    assert type(now) is int
