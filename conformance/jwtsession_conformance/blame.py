"""Which requirement is broken by what is found after a call.

A check is about one requirement, and other things go wrong on its way. So what is found
is laid at the door of the call that did it: each method has its own requirements for a
session that is missing, one that should not be there, and each field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BLAMES", "EVICTION", "FAILED_SWAP", "Blame"]


@dataclass(frozen=True, slots=True)
class Blame:
    """The requirements that a difference breaks.

    Attributes:
        missing: A session that should be there is not.
        surplus: A session is there that should not be.
        changed: A field is not as it should be.
        fields: The same for particular fields.
        exchanged: As many are missing as should not be there.
    """

    missing: str
    surplus: str
    changed: str
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    exchanged: str | None = None

    @classmethod
    def all(cls, requirement: str) -> Blame:
        """Blame one requirement for everything."""
        return cls(requirement, requirement, requirement)


EVICTION = Blame(
    missing="STORE-INSERT-LIMIT",
    surplus="STORE-INSERT-LIMIT",
    changed="STORE-INSERT-ROUNDTRIP",
    exchanged="STORE-INSERT-ORDER",
)
"""After an insert with a limit."""

FAILED_SWAP = Blame(
    missing="STORE-SWAP-FAILED",
    surplus="STORE-SWAP-ABSENT",
    changed="STORE-SWAP-FAILED",
    fields={"refresh_hash": "STORE-SWAP-COMPARE"},
)
"""After a swap with a wrong hash."""

BLAMES: Mapping[str, Blame] = {
    "insert": Blame.all("STORE-INSERT-ROUNDTRIP"),
    "swap": Blame(
        missing="STORE-SWAP-FIELDS",
        surplus="STORE-SWAP-ABSENT",
        changed="STORE-SWAP-FIELDS",
        fields={
            "refresh_hash": "STORE-SWAP-COMPARE",
            "last_active_at": "STORE-SWAP-ACTIVE",
        },
    ),
    "touch": Blame(
        missing="STORE-TOUCH-ONLY",
        surplus="STORE-TOUCH-LIVE",
        changed="STORE-TOUCH-ONLY",
        fields={"last_active_at": "STORE-TOUCH-MOVES"},
    ),
    "replace_data": Blame(
        missing="STORE-DATA-ONLY",
        surplus="STORE-DATA-LIVE",
        changed="STORE-DATA-ONLY",
        fields={"data": "STORE-DATA-ROUNDTRIP"},
    ),
    "remove": Blame.all("STORE-REMOVE-ENDS"),
    "remove_all": Blame(
        missing="STORE-REMOVE-ALL-KEEP",
        surplus="STORE-REMOVE-ALL-ENDS",
        changed="STORE-REMOVE-ALL-KEEP",
    ),
    "purge_expired": Blame.all("STORE-PURGE-LIVE"),
}
"""After each method, called alone and with everything as it should be."""
