"""Everything that can be set, checked once and whole when it is made.

From code, a mapping, the environment, YAML or TOML, under the same names. Whatever is
wrong is said at once, in one `ConfigInvalid` that names each setting and what to write
instead, and repeats no value.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from jwtsession.errors import ConfigInvalid
from jwtsession.settings.checked import mistakes_in, refuse
from jwtsession.settings.fields import Settings
from jwtsession.settings.rules import RiskySettingWarning, broken_rules, made_ring, risks

if TYPE_CHECKING:
    from os import PathLike

    from jwtsession.keys import KeyRing

__all__ = ["JwtSessionsConfig", "RiskySettingWarning"]


class JwtSessionsConfig(Settings):
    """The settings of one deployment: frozen, checked whole, its ``repr`` without secrets.

    `jwtsession.settings.fields.Settings` lists them with their defaults and bounds. Every
    number may be text too, so that all of them can come from the environment.

        JwtSessionsConfig(
            signing_secret=os.environ["SESSION_SECRET"],
            access_source=["bearer", {"cookie": "__Host-access"}],
        )

    Raises:
        ConfigInvalid: Everything that is wrong, one a line.

    Warns:
        RiskySettingWarning: What is allowed and gives something up.
    """

    if not TYPE_CHECKING:  # as in Checked, whose signature this would hide

        def __init__(self, /, **values: Any) -> None:
            mistakes = mistakes_in(self, values)
            wrong = {mistake.setting for mistake in mistakes}
            if wrong:  # the others are looked at all the same, so that nothing comes later
                mistakes_in(self, {k: v for k, v in values.items() if k not in wrong})
            refuse([*mistakes, *broken_rules(self, apart_from=wrong)])
            for risk in risks(self):
                warnings.warn(risk, RiskySettingWarning, stacklevel=2)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Self:
        """Make it of a mapping, as one section of an application's own settings.

        Raises:
            ConfigInvalid: Everything that is wrong, one a line.
        """
        written = cast("object", settings)
        if not isinstance(written, Mapping):
            raise ConfigInvalid("the configuration is a mapping of names to values")
        if not all(
            isinstance(name, str) for name in cast("Mapping[object, object]", written)
        ):
            raise ConfigInvalid("the names of settings are text")
        return cls(**settings)

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, prefix: str = "JWTSESSION_"
    ) -> Self:
        """Make it of environment variables: ``JWTSESSION_SIGNING_SECRET`` and so on.

        A source is written ``bearer``, ``cookie:name``, or several with commas; keys and
        cookies as JSON; None as ``none``. A variable with the prefix that is no setting is
        left alone, unless it is nearly one: then it is likely a slip.

        Args:
            environ: Instead of the environment of the process.
            prefix: What the names begin with, in any case.

        Raises:
            ConfigInvalid: Everything that is wrong, one a line; or the extra ``settings``
                is not installed.
        """
        return cls(**_gather(None, None, environ=environ, prefix=prefix, section=None))

    @classmethod
    def from_yaml(
        cls,
        path: str | PathLike[str],
        *,
        section: str | None = None,
        environ: Mapping[str, str] | None = None,
        prefix: str = "JWTSESSION_",
    ) -> Self:
        """Make it of a YAML file and the environment, which wins where both speak.

        Args:
            path: The file.
            section: The mapping inside it, as ``auth.sessions``; None for the whole file.
            environ: Instead of the environment of the process.
            prefix: See `from_env`.

        Raises:
            ConfigInvalid: As `from_env`; or the file cannot be read.
        """
        return cls(**_gather("yaml", path, environ=environ, prefix=prefix, section=section))

    @classmethod
    def from_toml(
        cls,
        path: str | PathLike[str],
        *,
        section: str | None = None,
        environ: Mapping[str, str] | None = None,
        prefix: str = "JWTSESSION_",
    ) -> Self:
        """Make it of a TOML file and the environment; otherwise as `from_yaml`."""
        return cls(**_gather("toml", path, environ=environ, prefix=prefix, section=section))

    def model_copy(
        self, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Self:
        """Return a copy, checked like any other where something changes.

        Raises:
            ConfigInvalid: The changes make it wrong.
        """
        if not update:
            return super().model_copy(deep=deep)
        kept = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self)(**{**kept, **update})

    def key_ring(self) -> KeyRing:
        """Return the keys, oldest to newest."""
        return made_ring(self)


def _gather(
    form: Literal["yaml", "toml"] | None,
    path: str | PathLike[str] | None,
    **how: Any,
) -> Mapping[str, Any]:
    try:
        # Whoever configures from code needs no settings library.
        from jwtsession.settings.files import gather  # noqa: PLC0415
    except ImportError as error:
        missing = error.name or ""
    else:
        return gather(form, path, known=frozenset(JwtSessionsConfig.model_fields), **how)
    raise ConfigInvalid(
        f"reading the environment or a file needs {missing}: "
        'pip install "jwtsession-core[settings]"'
    )
