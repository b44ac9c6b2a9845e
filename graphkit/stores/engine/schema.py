"""The record's tables. Names are the words of the model; times are microseconds UTC, NULL where unknown.

No table has a unique index: a batch is staged, merged by its keys in one transaction (``MERGES``) and
the merge is the same function in any order, so that order and batching change nothing.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from graphkit.model.index import MetadataSource

STRENGTH: Final = {source: place for place, source in enumerate(MetadataSource)}
"""Which source of metadata comes before which, the strongest first."""

FORMAT: Final = "4"
"""Version of these tables; a record of another format is refused, never guessed at."""

TABLES: Final[dict[str, str]] = {
    "pages": (
        "package VARCHAR, read_at BIGINT, source VARCHAR, status VARCHAR, found BOOLEAN, page UUID, listed BOOLEAN"
    ),
    "page_releases": "package VARCHAR, version_key VARCHAR, version VARCHAR, read_at BIGINT, page UUID",
    "files": (
        "package VARCHAR, version_key VARCHAR, filename VARCHAR, kind VARCHAR, sha256 VARCHAR, "
        "requires_python VARCHAR, uploaded BIGINT, always BOOLEAN, yanked BOOLEAN, yanked_since BIGINT, "
        "read_at BIGINT, page UUID"
    ),
    "release_metadata": (
        "package VARCHAR, version_key VARCHAR, version VARCHAR, source VARCHAR, strength INTEGER, "
        "requirement_set INTEGER, requires_python VARCHAR, provides_extra VARCHAR, reason VARCHAR, "
        "unreadable VARCHAR, metadata UUID"
    ),
    "versions": "version_key VARCHAR, ordering BLOB, prerelease BOOLEAN",
    "requirement_sets": "id INTEGER, digest UUID",
    "requirement_members": "requirement_set INTEGER, requirement INTEGER",
    "requirements": (
        "id INTEGER, digest UUID, package VARCHAR, extras VARCHAR, specifier VARCHAR, url VARCHAR, "
        "unreadable VARCHAR, marker VARCHAR"
    ),
    "tables": "digest UUID, source VARCHAR, read_at BIGINT, releases BIGINT, problems VARCHAR",
    "projects": "package VARCHAR, read_at BIGINT, downloads BIGINT, maintainers VARCHAR, page UUID",
    "documents": (
        "sha256 VARCHAR, path VARCHAR, kind VARCHAR, format VARCHAR, subject VARCHAR, created BIGINT, "
        "list INTEGER, head VARCHAR, document UUID"
    ),
    "component_lists": "id INTEGER, digest UUID, places VARCHAR",
    "listings": "list INTEGER, component INTEGER",
    "listing_edges": "list INTEGER, source INTEGER, target INTEGER",
    "components": (
        "id INTEGER, digest UUID, name VARCHAR, package VARCHAR, version VARCHAR, version_key VARCHAR, purl VARCHAR, "
        "sha256 VARCHAR, optional BOOLEAN, origin VARCHAR, index_url VARCHAR, marker VARCHAR"
    ),
    "component_members": "component INTEGER, sha256 VARCHAR",
    "document_uses": (
        "service VARCHAR, document VARCHAR, path VARCHAR, built_at BIGINT, stands_from BIGINT, stands_until BIGINT, "
        "read_at BIGINT, branch VARCHAR, derived BOOLEAN, rest VARCHAR, document_use UUID"
    ),
    "organisations": "source VARCHAR, body VARCHAR, organisation VARCHAR",
    "incidents": "id VARCHAR, title VARCHAR, actor VARCHAR, advisory BOOLEAN, body VARCHAR, incident VARCHAR",
    "package_facts": "package VARCHAR, facts VARCHAR",
    "inputs_read": "id VARCHAR, source VARCHAR, organisation VARCHAR, body VARCHAR",
    "record": "format VARCHAR, store VARCHAR, generation BIGINT",
}
"""Every table by name. A column named as its table, in the singular, is the digest of the row's fact.

A page with ``found`` NULL is of a table that has the newest release alone. ``listed``: it lists a file.
``package_facts`` sums up what is known of packages, for those that were compiled since anything of them came.
``inputs_read`` has `port.InputRead`; of those that gave an organisation also its source and digest.

Equal components and equal lists of them are kept once, under numbers that mean nothing outside this
record. Rows of ``listings`` and ``listing_edges`` stand in the order of the list (``rowid``); an edge
leads from one position in it to another, counted from 0.
"""

CACHES: Final = ("package_facts", "inputs_read")
"""Tables that no answer depends on; records of earlier versions lack them."""

INTERNED: Final = (
    *("component_lists", "listings", "listing_edges", "components", "component_members"),
    *("versions", "requirement_sets", "requirement_members", "requirements"),
)
"""Tables of what is kept once under a number, or once at all; it counts only through the rows that refer to it."""

VIEWS: Final[tuple[str, ...]] = (
    """CREATE VIEW IF NOT EXISTS companies AS SELECT source, unnest(from_json(body->'companies',
    '[{"id":"VARCHAR","name":"VARCHAR","kind":"VARCHAR"}]'), recursive := true) FROM organisations""",
    """CREATE VIEW IF NOT EXISTS services AS SELECT source, unnest(from_json(body->'services',
    '[{"id":"VARCHAR","company":"VARCHAR","owner":"VARCHAR"}]'), recursive := true) FROM organisations""",
    """CREATE VIEW IF NOT EXISTS claims AS SELECT source, unnest(from_json(body->'claims',
    '[{"id":"VARCHAR","company":"VARCHAR","claimant":"VARCHAR","text":"VARCHAR","polarity":"VARCHAR",
    "standing":"VARCHAR","date":"VARCHAR"}]'), recursive := true) FROM organisations""",
    """CREATE VIEW IF NOT EXISTS compromised_releases AS SELECT id AS incident, unnest(from_json(body->'releases',
    '[{"purl":"VARCHAR","package":"VARCHAR","version":"VARCHAR","listed_from":"BIGINT"}]'), recursive := true)
    FROM incidents""",
    """CREATE VIEW IF NOT EXISTS organisation_uses AS
    SELECT source, use.service, use.document, use.path, use.branch, use.built_at.earliest AS built_at,
        use.stands_from.earliest AS stands_from, use.stands_until.earliest AS stands_until,
        use.read_at.earliest AS read_at
    FROM (SELECT source, unnest(from_json(body->'uses', '[{"service":"VARCHAR","document":"VARCHAR","path":"VARCHAR",
        "branch":"VARCHAR","built_at":{"earliest":"BIGINT"},"stands_from":{"earliest":"BIGINT"},
        "stands_until":{"earliest":"BIGINT"},"read_at":{"earliest":"BIGINT"}}]')) AS use FROM organisations)
    UNION
    SELECT source, build.service, document, '', '', build.at.earliest, NULL, NULL, NULL
    FROM (SELECT source, build, unnest([build.document, build.lock, build.manifest]) AS document
        FROM (SELECT source, unnest(from_json(body->'builds', '[{"service":"VARCHAR","at":{"earliest":"BIGINT"},
            "document":"VARCHAR","lock":"VARCHAR","manifest":"VARCHAR"}]')) AS build FROM organisations))
    WHERE document <> ''""",
)
"""What stands in the bodies of facts, as tables. ``organisation_uses``: which document described a service when, as
organisation files say it, beside ``document_uses``, which came with documents.
"""


class Merge(Struct, frozen=True, kw_only=True):
    """How staged rows join a table: rows of equal ``keys`` become one, the first by ``order``.

    ``digest`` names the column that says whether a fact is new; empty: the rows belong to another
    fact. ``pooled`` are columns whose value does not follow the first row, as column → SQL over ``w``,
    the window of all rows with the same keys. ``newest``: the staged row replaces the kept one, the
    one rule that depends on order.
    """

    table: str
    keys: str
    order: str
    digest: str = ""
    pooled: tuple[tuple[str, str], ...] = ()
    newest: bool = False


MERGES: Final[tuple[Merge, ...]] = (
    Merge(table="pages", keys="page", order="package", digest="page"),
    Merge(
        table="page_releases",
        keys="package, version_key",
        order="read_at DESC, page DESC",
        pooled=(("version", "first_value(version) OVER (w ORDER BY length(version) DESC, version)"),),
    ),
    Merge(
        table="files",
        keys="package, version_key, filename",
        order="read_at DESC, page DESC, sha256 DESC, kind, requires_python DESC, yanked DESC, yanked_since",
        # PEP 700 upload times never change, and a newer page may come from a mirror that lacks them.
        pooled=(("uploaded", "min(uploaded) OVER w"),),
    ),
    Merge(table="release_metadata", keys="package, version_key", order="strength, metadata", digest="metadata"),
    Merge(table="documents", keys="sha256", order="path, document", digest="document"),
    Merge(table="document_uses", keys="document_use", order="service", digest="document_use"),
    Merge(table="organisations", keys="source", order="organisation", digest="organisation", newest=True),
    Merge(table="incidents", keys="id", order="incident", digest="incident", newest=True),
)
"""Tables whose rows merge by a rule that no order can change."""


def column_names(table: str) -> tuple[str, ...]:
    """Return the columns of a table, in order."""
    return tuple(column.split()[0] for column in TABLES[table].split(", "))
