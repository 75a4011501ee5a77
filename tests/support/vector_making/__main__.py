"""Write every vector file anew."""

from __future__ import annotations

from vector_making.catalogue import FOLDER, documents

for document in documents():
    (FOLDER / document.file).write_text(document.text(), encoding="ascii")
