"""What is judged: a factory of stores and the capabilities it declares."""

from __future__ import annotations

import importlib
import inspect
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from jwtsession_conformance.catalogue import CAPABILITIES
from jwtsession_conformance.violation import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jwtsession.protocols import StoreFactory

__all__ = ["StoreTarget", "a_kind", "cause", "load_target", "read_capabilities"]


@dataclass(frozen=True, slots=True)
class StoreTarget:
    """A store to be judged.

    Attributes:
        factory: Opens the store of a place (see `jwtsession.protocols.StoreFactory`).
        capabilities: Any of ``shared processes durable sweeps``. What is declared is held
            to; what is not declared is not asked for.
        path: ``package.module:name`` under which another process finds the factory; found
            by itself where the factory is a function of an importable module.
    """

    factory: StoreFactory
    capabilities: frozenset[str] = field(default=frozenset())
    path: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "capabilities", read_capabilities(self.capabilities))
        if self.path is None:
            object.__setattr__(self, "path", _path_of(self.factory))

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.path or repr(self.factory)


def read_capabilities(declared: Iterable[str] | str) -> frozenset[str]:
    """Return the declared capabilities, checked.

    Args:
        declared: The words, or one text of them with commas or blanks between.

    Raises:
        HarnessError: A word is none of the capabilities.
    """
    words = declared.replace(",", " ").split() if isinstance(declared, str) else declared
    found = frozenset(words)
    for word in sorted(found - CAPABILITIES.keys(), key=str):
        raise HarnessError(
            f"{word!a} is not a capability.",
            f"Declare any of {', '.join(CAPABILITIES)}, or none.",
        )
    return found


def load_target(path: str, capabilities: Iterable[str] | str | None = None) -> StoreTarget:
    """Import a factory, or a `StoreTarget`, by its name.

    Args:
        path: ``package.module:factory``.
        capabilities: What it declares; None keeps what a `StoreTarget` declares itself.

    Raises:
        HarnessError: It cannot be had; the message says what to change.
    """
    module_name, colon, attribute = path.partition(":")
    if not (module_name and colon and attribute) or ":" in attribute:
        raise HarnessError(
            f"{path!a} does not name a factory.",
            "Write package.module:factory, with one colon.",
        )
    found = _attribute(_module(module_name), module_name, attribute)
    if isinstance(found, StoreTarget):
        declared = found.capabilities if capabilities is None else capabilities
        return StoreTarget(found.factory, read_capabilities(declared), found.path)
    if not callable(found):
        raise HarnessError(
            f"{path} is not callable: it is {a_kind(found)}.",
            "Name a function that takes a place and returns an async context manager.",
        )
    return StoreTarget(
        cast("StoreFactory", found), read_capabilities(capabilities or ()), path
    )


def cause(error: BaseException) -> str:
    """Return an exception in one short line: its type and the first line of its message."""
    first = (str(error).strip().splitlines() or [""])[0]
    name = type(error).__name__
    return f"{name}: {first[:200]}" if first else name


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (
            name == error.name or name.startswith(f"{error.name}.")
        ):
            raise HarnessError(
                f"There is no module {error.name!a}.",
                "Run from the folder that holds it, or install it; the current folder "
                "is searched.",
            ) from error
        raise HarnessError(
            f"The module {name} could not be imported: {cause(error)}.",
            "Install what it needs beside this suite.",
        ) from error
    except (Exception, SystemExit) as error:
        raise HarnessError(
            f"The module {name} could not be imported: {cause(error)}.",
            f"Make `python -c 'import {name}'` work first.",
        ) from error


def _attribute(module: Any, module_name: str, attribute: str) -> Any:
    found = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            public = [name for name in dir(module) if not name.startswith("_")]
            near = [name for name in public if callable(getattr(module, name, None))]
            raise HarnessError(
                f"The module {module_name} has no {attribute!a}.",
                f"It has {', '.join(near[:8])}." if near else "It defines nothing public.",
            ) from error
    return found


def a_kind(thing: Any) -> str:
    """Say of what type a thing is: "an int", "None"."""
    name = type(thing).__name__
    return "None" if thing is None else f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def _path_of(factory: Any) -> str | None:
    """Find the name under which another process can import this very factory."""
    module_name = getattr(factory, "__module__", None)
    name = getattr(factory, "__qualname__", None)
    if not isinstance(module_name, str) or not isinstance(name, str) or "<" in name:
        return None
    if module_name == "__main__":
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        module_name = spec.name if spec is not None else None
        if module_name is None:
            return None
    found = inspect.getattr_static(sys.modules.get(module_name), name.split(".")[0], None)
    if "." not in name and found is not factory:
        return None
    return f"{module_name}:{name}"
