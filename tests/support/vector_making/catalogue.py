"""Every vector file, and where it lives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vector_making import (
    key_rules,
    source_body,
    source_places,
    token_claims,
    token_form,
    token_header,
    token_mint,
    token_rules,
    token_signature,
)

if TYPE_CHECKING:
    from vector_making.document import Document

__all__ = ["FOLDER", "documents"]

FOLDER = Path(__file__).parents[3] / "spec" / "jwtsession_spec" / "vectors"


def documents() -> list[Document]:
    """Return all documents, made anew."""
    return [
        source_places.bearer(),
        source_places.cookie(),
        source_places.header(),
        source_places.query(),
        source_body.body(),
        source_body.order(),
        token_form.form(),
        token_header.header(),
        token_claims.claims(),
        token_rules.time(),
        token_rules.kind(),
        token_rules.refresh_form(),
        token_signature.signature(),
        token_mint.mint(),
        key_rules.acceptance(),
        key_rules.publication(),
        key_rules.retirement(),
        key_rules.roll(),
    ]
