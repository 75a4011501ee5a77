"""One plain line for what was done, one for what was seen; a wrong sight ends the demo."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field


class NotAsSpecifiedError(Exception):
    """A step was seen to go otherwise than the specification says."""


def _styled(text: str, code: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[{code}m{text}\033[0m"


def heading(text: str) -> None:
    """Begin a part."""
    print(f"\n{_styled(text, '1')}", flush=True)


@dataclass
class Step:
    """One step: say what is done, then ``see`` what came of it."""

    number: int
    done: str
    seen: list[str] = field(default_factory=list)

    def see(self, what: str, *, holds: bool) -> None:
        """Note one sight, and end the demo if it is not as specified."""
        if not holds:
            print(_styled(f"  {self.number:>2}  {self.done}", "31"))
            raise NotAsSpecifiedError(what)
        self.seen.append(what)

    def tell(self) -> None:
        """Print the step."""
        print(f"  {self.number:>2}  {self.done}")
        print(_styled(f"      saw: {'; '.join(self.seen)}", "2"), flush=True)
