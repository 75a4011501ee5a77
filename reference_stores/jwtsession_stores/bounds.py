"""The two arguments that every store checks before it begins: a place and a limit."""

from __future__ import annotations

import re

from jwtsession.errors import ConfigInvalid

__all__ = ["check_limit", "check_place"]

_PLACE = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)


def check_place(place: object) -> str:
    """Return the place, which is then good as a file name, a table name, a key prefix.

    Raises:
        ConfigInvalid: It is anything but 1 to 63 of ``a-z``, ``0-9`` and ``_``, starting
            with a letter.
    """
    if not isinstance(place, str) or _PLACE.fullmatch(place) is None:
        raise ConfigInvalid(
            "a place is 1 to 63 of a-z, 0-9 and _, starting with a letter; name it so"
        )
    return place


def check_limit(limit: object) -> int:
    """Return the limit (STORE-LIMIT-RANGE).

    Raises:
        ValueError: It is anything but an integer of 1 or more. A limit of 0 would evict
            the session that is being inserted.
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise ValueError("a limit is an integer, 1 or more")
    return limit
