"""Session stores for jwtsession: memory and SQLite. Importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession.errors import ConfigInvalid

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from jwtsession.protocols import SessionStore

__all__ = ["open_store"]

_FORMS = """the store URL is not understood; these are:
  memory:             sessions of this one store
  memory:<place>      the same for everyone in this process who names this place,
                      1 to 63 of a-z, 0-9 and _, starting with a letter
  sqlite:///<path>    a file, relative to the working directory
  sqlite:////<path>   a file, from the root; without ? and #"""

_URL_MAX = 4096


def open_store(url: str) -> AbstractAsyncContextManager[SessionStore]:
    """Return the store that a URL names, to be entered with ``async with``.

    Understood are ``memory:``, ``memory:<place>``, ``sqlite:///relative/path`` and
    ``sqlite:////absolute/path``. A path is taken as it stands, nothing in it is decoded.
    The store's module is imported only now, and its driver with it.

    Raises:
        ConfigInvalid: The URL is none of these, or its path or place cannot be used. The
            message never shows the URL, since it may hold a password.
    """
    kind, rest = _parts(url)
    if kind == "memory:":
        from jwtsession_stores.memory import MemoryStore, factory  # noqa: PLC0415 - lazy

        return factory(rest) if rest else MemoryStore()
    from jwtsession_stores.sql.sqlite import SqliteStore  # noqa: PLC0415 - lazy

    return SqliteStore(rest)


def _parts(url: object) -> tuple[str, str]:
    if isinstance(url, str) and len(url) <= _URL_MAX:
        if url.startswith("memory:"):
            return "memory:", url.removeprefix("memory:")
        path = url.removeprefix("sqlite:///")
        if path not in {url, ""} and not set("?#") & set(path):
            return "sqlite:///", path
    raise ConfigInvalid(_FORMS)
