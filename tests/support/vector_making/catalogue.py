"""Every vector file, and where it lives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vector_making import source_body, source_places

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
    ]
