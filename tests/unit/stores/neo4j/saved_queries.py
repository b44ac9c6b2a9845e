"""The queries for people in one archive, as Neo4j Browser takes saved scripts.

``python -m tests.unit.stores.neo4j.saved_queries`` writes it anew after a query changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

QUERIES: Final = Path(__file__).resolve().parents[4] / "queries"
ARCHIVE: Final = QUERIES / "browser" / "saved-queries.zip"


def wanted() -> dict[str, str]:
    """Return the text of each query by its path in the archive; Browser shows the folder, and the first comment."""
    return {
        f"graphkit/{path.name}": path.read_text(encoding="utf-8") for path in sorted(QUERIES.glob("explore/*.cypher"))
    }


def held() -> dict[str, str]:
    """Return what the archive holds, by path."""
    with ZipFile(ARCHIVE) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


if __name__ == "__main__":
    with ZipFile(ARCHIVE, "w") as written:
        for name, text in wanted().items():
            written.writestr(ZipInfo(name), text, ZIP_DEFLATED)
