"""What signing in, refreshing and signing out add to the headers of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jwtsession.web.delivery import (
    access_cookies,
    clear_cookies,
    refresh_cookies,
    set_cookies,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jwtsession.config import JwtSessionsConfig
    from jwtsession.models import TokenPair

__all__ = ["AnswerHeaders"]

_NO_STORE = (b"cache-control", b"no-store")
_PRIVATE = (b"cache-control", b"private")


class AnswerHeaders:
    """Collects while a handler runs what its answer has to carry.

    Args:
        config: Which tokens are delivered as cookies.

    Attributes:
        begun: Whether the headers are on their way, so that nothing can be added.
    """

    def __init__(self, config: JwtSessionsConfig) -> None:
        self._config = config
        self._by_cookie = bool(access_cookies(config) or refresh_cookies(config))
        self._cookies: dict[str, bytes] = {}
        self._tokens_made = False
        self.begun: bool = False

    def check_open(self) -> None:
        """Refuse to make tokens that could not be delivered any more.

        Better before than after: a refresh whose successor is dropped spends the token.

        Raises:
            RuntimeError: Tokens go out as cookies, and the headers are gone.
        """
        if self.begun and self._by_cookie:
            raise RuntimeError(
                "the answer has begun and can set no cookie: sign in or refresh before it"
            )

    def deliver(self, pair: TokenPair, *, now: int) -> None:
        """Have the answer deliver a pair, as far as cookies deliver it.

        Raises:
            InvalidClaims: A token does not fit in a cookie (HTTP-COOKIE-SIZE).
        """
        self._tokens_made = True
        self._add(set_cookies(self._config, pair, now=now))

    def clear(self) -> None:
        """Have the answer clear every cookie that carries a token."""
        self._add(clear_cookies(self._config))

    def begin(
        self, headers: Iterable[tuple[bytes, bytes]], *, private: bool
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of the answer with what belongs there.

        Args:
            headers: As the application set them; its Cache-Control gives way where tokens
                were made (HTTP-NO-STORE).
            private: Whether the request carried its token in its address, so that no
                shared cache may keep the answer (RFC 6750 §2.3).
        """
        self.begun = True
        kept = [(bytes(name), bytes(value)) for name, value in headers]
        cached = [field for field in kept if field[0].lower() == b"cache-control"]
        if self._tokens_made:
            kept = [field for field in kept if field not in cached]
            kept.append(_NO_STORE)
        elif private and not cached:
            kept.append(_PRIVATE)
        kept += [(b"set-cookie", value) for value in self._cookies.values()]
        return kept

    def _add(self, values: list[str]) -> None:
        for value in values:
            self._cookies[value.partition("=")[0]] = value.encode()
