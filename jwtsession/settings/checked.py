"""Settings that are checked whole: every mistake at once, as one `ConfigInvalid`.

Pydantic's own errors repeat what was put in, which may be a secret, and say how a type
failed rather than what to write. So nothing of them is passed on but where it was; they
are neither chained nor kept as a context.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from jwtsession.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic_core import ErrorDetails

__all__ = ["Checked", "Mistake", "choice", "flag", "mistakes_in", "refuse", "text", "whole"]


class Mistake(NamedTuple):
    """One thing that is wrong.

    Attributes:
        setting: The name of the whole setting, as it was given; may be anything.
        where: The full name of the place in it, fit to be shown.
        what: What to do about it.
    """

    setting: str
    where: str
    what: str


# No longer than our own names: a secret that stands where a name belongs is not shown.
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}|[0-9]{1,4}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}")
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_NONE: Final = frozenset({"none", "null"})


class Checked(BaseModel):
    """A frozen group of settings that raises `ConfigInvalid` and nothing of pydantic's."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        arbitrary_types_allowed=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    if not TYPE_CHECKING:  # type checkers make the signature from the fields

        def __init__(self, /, **values: Any) -> None:
            refuse(mistakes_in(self, values))

        # Tells pydantic that a group inside another one need not come through here, so
        # that its mistakes are reported with the others, each with its full name.
        __init__.__pydantic_base_init__ = True

        def __setattr__(self, name: str, value: Any) -> None:
            if not name.startswith("_"):  # pydantic's own error would show the value
                raise ConfigInvalid("settings are frozen: use model_copy(update={...})")
            super().__setattr__(name, value)


def mistakes_in(model: BaseModel, values: Mapping[str, Any]) -> list[Mistake]:
    """Give a new model its values, and return what is wrong with them."""
    try:
        model.__pydantic_validator__.validate_python(dict(values), self_instance=model)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    else:
        return []
    return [_mistake(detail, type(model)) for detail in details]


def refuse(mistakes: Iterable[Mistake]) -> None:
    """Raise `ConfigInvalid` with all mistakes, one a line, if there are any."""
    lines = [f"\n- {mistake.where}: {mistake.what}" for mistake in mistakes]
    if lines:
        raise ConfigInvalid("the configuration cannot be used:" + "".join(lines))


def _mistake(detail: ErrorDetails, model: type[BaseModel]) -> Mistake:
    path = detail["loc"]
    # A step in angle brackets is the tag of an alternative, and none of the reader's.
    where = ".".join(_shown(step) for step in path if not str(step).startswith("<"))
    what = "this cannot be used"
    if detail["type"] == "extra_forbidden":
        what = "there is no such setting" + _meant(path, model)
    elif detail["type"] == "value_error":
        # One of ours: it says what to do and repeats nothing.
        what = str(detail.get("ctx", {}).get("error", "")).replace("\n", " ")
    elif detail["type"] == "model_type":
        what = "write a mapping of its settings"
    return Mistake(str(path[0]) if path else "", where, what)


def _shown(step: str | int) -> str:
    # A name that is none of ours may be anything, a secret in the wrong place included.
    return str(step) if _NAME.fullmatch(str(step)) else "(a name that cannot be shown)"


def _meant(path: Sequence[str | int], model: type[BaseModel]) -> str:
    known = model.model_fields if len(path) == 1 else {}
    near = difflib.get_close_matches(str(path[-1])[:64].lower(), known, n=1, cutoff=0.8)
    return f"; did you mean {near[0]}?" if near else ""


def whole(low: int, high: int, unit: str, *, none: bool = False) -> BeforeValidator:
    """Accept a whole number from ``low`` to ``high``, or its digits as text.

    No boolean and no float: each is a mistake that happens to convert. With ``none``, None
    is accepted too, and the words ``none`` and ``null`` for it, since an environment
    variable and TOML have no other way to say so.
    """
    expected = f"write a whole number from {low} to {high}, {unit}" + none * ", or none"

    def check(value: object) -> int | None:
        if none and (value is None or _word(value) in _NONE):
            return None
        number = value if type(value) is int else None
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            number = int(value)
        if number is None or not low <= number <= high:
            raise ValueError(expected)
        return number

    return BeforeValidator(check)


def _check_flag(value: object) -> bool:
    word = _word(value)
    if isinstance(value, bool):
        return value
    if word not in _TRUE | _FALSE:
        raise ValueError("write true or false")
    return word in _TRUE


flag: Final = BeforeValidator(_check_flag)
"""Accept a boolean, or a word for one."""


def choice(*words: str, none: bool = False) -> BeforeValidator:
    """Accept one of a few words."""
    expected = "write one of " + ", ".join(words)

    def check(value: object) -> object:
        if none and value is None:
            return None
        if not isinstance(value, str) or value not in words:
            raise ValueError(expected)
        return value

    return BeforeValidator(check)


def text(high: int, *, none: bool = False) -> BeforeValidator:
    """Accept 1 to ``high`` printable characters."""
    expected = f"write 1 to {high} printable characters"

    def check(value: object) -> object:
        if none and value is None:
            return None
        if not isinstance(value, str) or not 0 < len(value) <= high:
            raise ValueError(expected)
        if not value.isprintable():
            raise ValueError(expected)
        return value

    return BeforeValidator(check)


def _word(value: object) -> str:
    return value.lower() if isinstance(value, str) else ""
