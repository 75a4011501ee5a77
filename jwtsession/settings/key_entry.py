"""One key of a ring, as a configuration writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import PlainValidator, PrivateAttr, Secret, SecretStr, model_validator

from jwtsession.errors import ConfigInvalid
from jwtsession.keys import ALGORITHMS, Key, KeyUse
from jwtsession.models import INTEGER_END
from jwtsession.settings.checked import Checked, choice, text, whole
from jwtsession.settings.strength import MAKE_SECRET, weakness

__all__ = ["KeyEntry", "hidden_text", "strong_secret"]

PEM_MAX_BYTES = 65536


def hidden_text(value: object) -> SecretStr | None:
    """Accept text that no ``repr`` may show."""
    if value is None or isinstance(value, SecretStr):
        return value
    if not isinstance(value, str):
        raise ValueError("write text")  # noqa: TRY004  # pydantic collects ValueError
    return SecretStr(value)


def strong_secret(value: object) -> SecretStr | None:
    """Accept a secret that is not obviously weak (TOKEN-KEY-STRENGTH)."""
    hidden = hidden_text(value)
    weak = None if hidden is None else weakness(hidden.get_secret_value())
    if weak is not None:
        raise ValueError(
            f"this secret is weak, {weak}; make a good one with: {MAKE_SECRET}"
        )
    return hidden


def _hidden_members(value: object) -> object:
    if value is None or isinstance(value, Secret):
        return cast("object", value)
    if not isinstance(value, Mapping):
        raise ValueError("write the members of a JSON Web Key as a mapping")  # noqa: TRY004  # pydantic collects ValueError
    return Secret[dict[str, Any]](dict(cast("Mapping[str, Any]", value)))


def _path(value: object) -> object:
    if value is not None and not isinstance(value, str | Path):
        raise ValueError("write the path of a PEM file")
    return None if value is None else Path(value)


class KeyEntry(Checked):
    """A key and where its material is: exactly one of the first four.

    Attributes:
        secret: Shared; for HS256, HS384 and HS512.
        pem: A private key, which signs, or a public one, which only verifies.
        pem_file: The path of the same, read once, when the configuration is made.
        jwk: The members of a JSON Web Key.
        alg: The algorithm; HS256 for a secret; a JWK may name it itself.
        kid: The name that tokens carry; needed where a ring has several keys.
        password: Of an encrypted PEM.
        use: ``all``, or ``refresh`` for a key that leaked and is kept so that nobody is
            signed out.
        retired_at: With ``use: refresh``: when it was withdrawn, in seconds.
    """

    secret: Annotated[SecretStr | str | None, PlainValidator(strong_secret)] = None
    pem: Annotated[SecretStr | str | None, PlainValidator(hidden_text)] = None
    pem_file: Annotated[Path | str | None, PlainValidator(_path)] = None
    jwk: Annotated[
        Secret[dict[str, Any]] | dict[str, Any] | None, PlainValidator(_hidden_members)
    ] = None
    alg: Annotated[str | None, choice(*ALGORITHMS, none=True)] = None
    kid: Annotated[str | None, text(255, none=True)] = None
    password: Annotated[SecretStr | str | None, PlainValidator(hidden_text)] = None
    use: Annotated[KeyUse, choice("all", "refresh")] = "all"
    retired_at: Annotated[
        int | None, whole(0, INTEGER_END - 1, "in seconds since the epoch", none=True)
    ] = None
    _file: bytes | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.pem_file is not None:
            self._file = _read(Path(self.pem_file))
        self.key()
        return self

    def key(self) -> Key:
        """Make the key.

        Raises:
            ConfigInvalid: Only while the entry is made: it does not make a key.
        """
        return _made(self, self._file)


def _made(entry: KeyEntry, file: bytes | None) -> Key:
    given = [
        name
        for name in ("secret", "pem", "pem_file", "jwk")
        if getattr(entry, name) is not None
    ]
    if len(given) != 1:
        raise ConfigInvalid("give exactly one of secret, pem, pem_file and jwk")
    if entry.password is not None and not given[0].startswith("pem"):
        raise ConfigInvalid("a password goes with pem or pem_file only")
    named: Mapping[str, Any] = {
        "kid": entry.kid,
        "use": entry.use,
        "retired_at": entry.retired_at,
    }
    if given == ["jwk"]:
        return Key.jwk(_open(entry.jwk), alg=entry.alg, **named)
    if given == ["secret"]:
        return Key.hmac(_open(entry.secret), alg=entry.alg or "HS256", **named)
    if entry.alg is None:
        raise ConfigInvalid("name the algorithm of the PEM: alg")
    pem = _open(entry.pem) if file is None else file
    return Key.pem(pem, alg=entry.alg, password=_open(entry.password), **named)


def _open(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(PEM_MAX_BYTES + 1)
    except (OSError, ValueError):
        found = None
    if found is None:
        raise ConfigInvalid(
            "the pem_file cannot be read: check its path and its permissions"
        )
    if len(found) > PEM_MAX_BYTES:
        raise ConfigInvalid(f"the pem_file is larger than {PEM_MAX_BYTES} bytes")
    return found
