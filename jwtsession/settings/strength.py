"""Tell a secret that was drawn from one that was thought up.

A token signed with a guessable secret is anybody's: an attacker who has one token tries
secrets offline. Length is what RFC 7518 §3.2 asks for; the rest catches what people type
to get past a length check. It proves nothing about a secret that passes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

__all__ = ["MAKE_SECRET", "SECRET_MAX_BYTES", "SECRET_MIN_BYTES", "weakness"]

MAKE_SECRET: Final = (  # a command, no secret
    'python -c "import secrets; print(secrets.token_urlsafe(32))"'  # noqa: S105
)
"""The command that makes a good secret."""

SECRET_MIN_BYTES: Final = 32
"""The length of the hash of HS256, in UTF-8 bytes."""

SECRET_MAX_BYTES: Final = 1024
"""More adds nothing, and is likely another file than the one that was meant."""

_DISTINCT_MIN: Final = 8
_PERIOD_MAX: Final = 16
_LEFT_MIN: Final = 12
_WORDS: Final = re.compile(
    "secret|change|password|passwd|default|example|sample|insecure|unsafe|private|public"
    "|development|production|staging|local|dummy|placeholder|replace|random|string|value"
    "|signing|session|token|super|please|must|this|with|your|test|demo|long|very|least"
    "|jwt|key|dev|prod|app|api|auth|hash|salt|some|here|fill|todo|admin|user|really"
    "|character|char|byte|bit|qwerty|asdf|letmein|abcdef|123456|share|never|now|not|the"
    r"|and|for|use|me|my|in|is|it|to|be|an|at|of|or|do|[\W_]|20[0-9][0-9]|256|512"
)


def weakness(secret: str) -> str | None:
    """Say what is wrong with a secret, or None where nothing obvious is.

    The sentence repeats nothing of the secret.
    """
    try:
        size = len(secret.encode())
    except UnicodeEncodeError:
        return "it holds lone surrogates and cannot be encoded"
    if size < SECRET_MIN_BYTES:
        return f"it is shorter than {SECRET_MIN_BYTES} bytes"
    if size > SECRET_MAX_BYTES:
        return f"it is longer than {SECRET_MAX_BYTES} bytes"
    if secret != secret.strip():
        return "white space around it is easily lost on the way to another server"
    if _looks_typed(secret):
        return "it is easily guessed"
    return None


def _looks_typed(secret: str) -> bool:
    few = len(set(secret)) < _DISTINCT_MIN
    repeated = any(secret[n:] == secret[:-n] for n in range(1, _PERIOD_MAX + 1))
    counted = sum(ord(b) - ord(a) in {-1, 0, 1} for a, b in pairwise(secret))
    left = _WORDS.sub("", secret.lower())
    return few or repeated or counted * 2 > len(secret) or len(left) < _LEFT_MIN
