"""Checks anybody's session store against the specification of JWT sessions.

Three doors, one catalogue of requirements, one verdict function:

* the command line, ``jwtsession-conformance store package.module:factory``;
* `verify`, for programs;
* `store_suite`, for pytest, in a few lines.

Importing this package imports nothing else: the pytest plug-in lives in it, and must not
slow down a test run that does not use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from jwtsession_conformance.api import verify
    from jwtsession_conformance.door import store_suite
    from jwtsession_conformance.report import Report
    from jwtsession_conformance.target import StoreTarget
    from jwtsession_conformance.violation import HarnessError

__all__ = ["HarnessError", "Report", "StoreTarget", "store_suite", "verify"]

_HOMES = {
    "HarnessError": "violation",
    "Report": "report",
    "StoreTarget": "target",
    "store_suite": "door",
    "verify": "api",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - lazily, see above

    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return __all__
