"""Gather settings from the environment and from files. The one home of the library for it.

What is gathered is raw: `JwtSessionsConfig` checks it like anything else. The messages
name lines and columns and never what stands there.
"""

from __future__ import annotations

import difflib
import os
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from jwtsession.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ["gather"]

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PLACE = re.compile(r"line (\d+), column (\d+)")
_NEARLY = 0.85


class _Environment(EnvSettingsSource):
    """Environment variables, given instead of looked up."""

    def __init__(
        self, settings: type[BaseSettings], environ: Mapping[str, str], prefix: str
    ) -> None:
        super().__init__(settings, env_prefix=prefix)
        self.env_vars = {name.lower(): value for name, value in environ.items()}


def gather(
    form: Literal["yaml", "toml"] | None,
    path: str | PathLike[str] | None,
    *,
    known: frozenset[str],
    environ: Mapping[str, str] | None,
    prefix: str,
    section: str | None,
) -> dict[str, Any]:
    """Return the settings of a file and of the environment, which wins, unchecked.

    Args:
        form: What the file is; None for no file.
        path: The file.
        known: The names of all settings.
        environ: The variables; None for those of the process.
        prefix: What their names begin with.
        section: The mapping inside the file, with dots.

    Raises:
        ConfigInvalid: The file cannot be read, or an argument is no good.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ConfigInvalid("a prefix is ASCII letters, digits and _, as JWTSESSION_")
    fields: Any = dict.fromkeys(known, (Any, None))
    settings = create_model("Settings", __base__=BaseSettings, **fields)
    variables = os.environ if environ is None else environ
    found = {} if form is None else _file(settings, form, path, section)
    found |= _Environment(settings, variables, prefix)()
    return found | _slips(variables, prefix, known)


def _file(
    settings: type[BaseSettings],
    form: Literal["yaml", "toml"],
    path: str | PathLike[str] | None,
    section: str | None,
) -> dict[str, Any]:
    wrong = "does not exist, or is no file: give a path, not what the file holds"
    try:
        file = Path(path or "")
        if file.is_file():
            return _read(settings, form, file, section)
    except KeyError:
        wrong = "has no such section"
    except (OSError, UnicodeError):
        wrong = "cannot be read: check its permissions, and that it is UTF-8"
    except ImportError:
        wrong = 'needs a reader: pip install "jwtsession-core[settings]"'
    except ConfigInvalid:
        raise
    except Exception as error:  # noqa: BLE001  # whatever the readers make of bad text
        place = _PLACE.search(str(error))
        wrong = f"is not {form.upper()} with a mapping in it" + (
            f": line {place[1]}, column {place[2]}" if place else ""
        )
    raise ConfigInvalid(f"the {form.upper()} file {wrong}")


def _read(
    settings: type[BaseSettings],
    form: Literal["yaml", "toml"],
    path: Path,
    section: str | None,
) -> dict[str, Any]:
    found: Any
    if form == "yaml":
        _refuse_written_twice(path)
        found = YamlConfigSettingsSource(settings, path, yaml_file_encoding="utf-8")()
    else:
        found = TomlConfigSettingsSource(settings, path)()
    for name in section.split(".") if section else ():
        found = found[name]
    return dict(found)


def _refuse_written_twice(path: Path) -> None:
    """Refuse a YAML mapping with two members of one name, of which readers keep the last.

    Raises:
        ConfigInvalid: There is one. The error says where, and not what.
    """
    yaml: Any = import_module("yaml")  # here, since whoever reads no YAML needs no reader
    text = path.read_text("utf-8")
    nodes: list[Any] = [yaml.compose(text, Loader=yaml.SafeLoader)]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))  # an alias is the same node again, and may be inside itself
        if isinstance(node, yaml.MappingNode):
            names: set[object] = set()
            for key, _ in node.value:
                mark = key.start_mark
                if key.value in names:
                    raise ConfigInvalid(
                        "the YAML file has a name that is written twice: "
                        f"line {mark.line + 1}, column {mark.column + 1}"
                    )
                names.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
            nodes += [value for _, value in node.value]
        else:
            nodes += node.value


def _slips(
    variables: Mapping[str, str], prefix: str, known: frozenset[str]
) -> dict[str, Any]:
    """Return variables that are nearly settings, so that they are reported as unknown."""
    names = [
        name[len(prefix) :].lower()
        for name in variables
        if name.lower().startswith(prefix.lower())
    ]
    return {
        name: None
        for name in names
        if name not in known and difflib.get_close_matches(name, known, 1, _NEARLY)
    }
