"""Rows for the server: the organisation's side of a record, as nodes and relationships of the design.

Every function returns all that the record has, in an order that is the same each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from graphkit.model.documents import Document
from graphkit.model.incidents import Incident
from graphkit.model.names import namesakes_of, purl_key
from graphkit.model.organisation import USE_TIMES, Organisation
from graphkit.stores.engine.encoding import version_of
from graphkit.stores.engine.record_reader import columns, put, rows
from graphkit.stores.neo4j.node_rows import key_of, release_id, short

_TEXTS: Final = msgspec.json.Decoder(tuple[str, ...])
Row = dict[str, Any]
Link = tuple[str, str, Row]
"""From the id of a node to that of another, with properties."""


def _named(connection: duckdb.DuckDBPyConnection, names: Sequence[str], query: str) -> list[Row]:
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query).fetchall()]


def named_packages(connection: duckdb.DuckDBPyConnection, heads: Iterable[Document]) -> set[str]:
    """Return the packages that documents name, as components or in requirements and constraints."""
    found: set[str] = {one.package for head in heads for one in (*head.requirements, *head.constraints)}
    query = "SELECT DISTINCT package FROM components WHERE package <> ''"
    return found | {name for (name,) in connection.execute(query).fetchall()}


def documents(connection: duckdb.DuckDBPyConnection, heads: Iterable[Document]) -> list[tuple[Row, str]]:
    """Return documents, each with the id of its list of components. ``heads``: those of all of them, for problems."""
    problems = {
        head.sha256: msgspec.json.encode([(one.place, one.text) for one in head.problems]).decode() for head in heads
    }
    names = ("id", "path", "kind", "format", "subject", "created", "head", "digest")
    query = """
        SELECT sha256, path, kind, format, subject, created, head, document::VARCHAR,
            replace(component_lists.digest::VARCHAR, '-', '')
        FROM documents JOIN component_lists ON list = id ORDER BY sha256"""
    return [
        ({**dict(zip(names, row, strict=True)), "problems": problems[row[0]]}, held)
        for *row, held in connection.execute(query).fetchall()
    ]


def component_lists(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the lists of components that documents hold."""
    query = """
        SELECT replace(digest::VARCHAR, '-', '') AS digest, coalesce(places, ''),
            (SELECT count(*) FROM listings WHERE list = component_lists.id)
        FROM component_lists WHERE component_lists.id IN (SELECT list FROM documents) ORDER BY digest"""
    return _named(connection, ("id", "places", "size"), query)


def component_ids(connection: duckdb.DuckDBPyConnection) -> tuple[NDArray[np.int64], list[str]]:
    """Return the numbers of the components of a record, ascending, and the id that each has on a server."""
    query = "SELECT id, replace(digest::VARCHAR, '-', '') FROM components ORDER BY id"
    found = connection.execute(query).fetchall()
    return np.array([number for number, _ in found], dtype=np.int64), [digest for _, digest in found]


def components(
    connection: duckdb.DuckDBPyConnection, wanted: Sequence[str] | None = None
) -> Iterator[tuple[Row, list[str]]]:
    """Yield the components of a record as they are kept, each with the ids of its keys; ``wanted``: ids, else all."""
    query = """
        SELECT replace(digest::VARCHAR, '-', ''), name, package, version, version_key, purl, sha256, optional, origin,
            to_json({ref: '', name: name, package: package, version: version, purl: purl, sha256: sha256::JSON,
                members: coalesce(inside, []), optional: optional, origin: origin, index: index_url, marker: marker}),
            coalesce(inside, [])
        FROM components
        LEFT JOIN (SELECT component, list(sha256 ORDER BY rowid) AS inside FROM component_members GROUP BY component)
        ON component = id"""
    if wanted is not None:
        put(connection, "wanted", "component VARCHAR", {"component": np.array(wanted, dtype=object)})
        query += " WHERE replace(digest::VARCHAR, '-', '') IN (SELECT component FROM wanted)"
    for digest, name, package, version, version_key, purl, sha256, optional, origin, body, inside in rows(
        connection, query
    ):
        names = (package,) if package else namesakes_of(name, purl, version)
        keys = {key_of("package", one) for one in names if one}
        keys |= {key_of("hash", one.lower()) for one in (*_TEXTS.decode(sha256), *inside)}
        if purl:
            keys.add(key_of("purl", purl_key(purl)))
        shown = {"name": name, "version": version, "purl": purl, "optional": optional, "origin": origin}
        yield (
            {
                "id": digest,
                "package": short(package or ""),
                "version_key": short(version_key or ""),
                "body": body,
                **shown,
            },
            sorted(keys),
        )


def release_of(component: Row) -> str | None:
    """Return the id of the release that a component is, if there is one: None where it is of no index.

    >>> release_of({"package": "lib", "version_key": "1.0", "origin": ""})
    'lib@1.0'
    """
    if component["origin"] or not component["package"] or not component["version_key"]:
        return None
    return f"{component['package']}@{component['version_key']}"


def listings(connection: duckdb.DuckDBPyConnection) -> tuple[list[Link], list[Link]]:
    """Return which list lists which components, and which component depends on which, list by list."""
    query = """
        SELECT replace(component_lists.digest::VARCHAR, '-', '') AS digest,
            replace(components.digest::VARCHAR, '-', '') AS component
        FROM listings JOIN component_lists ON component_lists.id = list
        JOIN components ON components.id = component ORDER BY component_lists.digest, listings.rowid"""
    rows_of: dict[str, list[str]] = {}
    listed: list[Link] = []
    for digest, component in connection.execute(query).fetchall():
        before = rows_of.setdefault(digest, [])
        listed.append((digest, component, {"row": len(before)}))
        before.append(component)
    query = """
        SELECT replace(digest::VARCHAR, '-', ''), source, target
        FROM listing_edges JOIN component_lists ON id = list ORDER BY component_lists.digest, listing_edges.rowid"""
    edges: list[Link] = []
    for place, (digest, source, target) in enumerate(connection.execute(query).fetchall()):
        said = {"list": digest, "place": place, "source": source, "target": target}
        edges.append((rows_of[digest][source], rows_of[digest][target], said))
    return listed, edges


def numbered_listings(
    connection: duckdb.DuckDBPyConnection, components: NDArray[np.int64], lists: AbstractSet[str]
) -> list[list[Any]]:
    """Return some lists of components, by digest, as numbers, which pack fast; ``components``: as `component_ids`.

    Each is [digest, places of its rows among all components, the place of its first edge, sources, targets]; edges
    follow each other, and their ends are rows of the list.
    """
    owner, held = columns(connection, "SELECT list, component FROM listings ORDER BY list, rowid")
    places = np.searchsorted(components, held)
    edge_owner, source, target = columns(
        connection, "SELECT list, source, target FROM listing_edges ORDER BY list, rowid"
    )
    found: list[list[Any]] = []
    query = "SELECT id, replace(digest::VARCHAR, '-', '') FROM component_lists ORDER BY digest"
    for number, digest in connection.execute(query).fetchall():
        if digest in lists:
            own = slice(*np.searchsorted(owner, [number, number + 1]).tolist())
            edges = slice(*np.searchsorted(edge_owner, [number, number + 1]).tolist())
            found.append([digest, places[own].tolist(), edges.start, source[edges].tolist(), target[edges].tolist()])
    return found


def uses(connection: duckdb.DuckDBPyConnection) -> list[Link]:
    """Return which service is described by which document, and when."""
    names = ("path", "rest", "branch", "derived", "built_at", "stands_from", "stands_until", "read_at", "digest")
    query = """
        SELECT service, document, path, rest, branch, derived, built_at, stands_from, stands_until, read_at,
            document_use::VARCHAR
        FROM document_uses ORDER BY document_use"""
    found = connection.execute(query).fetchall()
    return [(service, document, dict(zip(names, said, strict=True))) for service, document, *said in found]


def uses_by_organisation(facts: Organisation) -> list[Link]:
    """Return which service is described by which document, and when, as organisation files say it.

    A build is a use of each document that it names. Such a link is of no fact of its own, so it has no digest.
    """
    links: dict[tuple[object, ...], Link] = {}
    for use in facts.uses:
        times = {name: getattr(use, name) for name in USE_TIMES}
        said = {name: None if at is None else at.earliest for name, at in times.items()}
        _add(links, use.service, use.document, {"path": use.path, "branch": use.branch, **said})
    dated = {(service, document, said["built_at"]) for service, document, said in links.values()}
    for build in facts.builds:
        for document in filter(None, (build.document, build.lock, build.manifest)):
            if (build.service, document, build.at.earliest) not in dated:
                said = {**dict.fromkeys(USE_TIMES), "built_at": build.at.earliest}
                _add(links, build.service, document, {"path": "", "branch": "", **said})
    return sorted(links.values(), key=repr)


def uses_by_alias(links: Iterable[Link], facts: Organisation) -> list[Link]:
    """Return links of facts under the name that aliases give their service, which is the one that answers use."""
    named = {name: alias.service for alias in facts.aliases.services for name in alias.names}
    renamed: dict[tuple[object, ...], Link] = {}
    for service, document, said in links:
        if service in named and named[service] != service:
            _add(renamed, named[service], document, {name: said[name] for name in ("path", "branch", *USE_TIMES)})
    return sorted(renamed.values(), key=repr)


def _add(links: dict[tuple[object, ...], Link], service: str, document: str, said: Row) -> None:
    links[service, document, *said.values()] = (service, document, {**said, "derived": False, "by_organisation": True})


def incidents(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return incidents and advisories."""
    query = "SELECT id, title, actor, advisory, body, incident FROM incidents ORDER BY id"
    return _named(connection, ("id", "title", "actor", "advisory", "body", "digest"), query)


def organisations(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return what each source says of the organisation, as it is kept."""
    query = "SELECT source, body, organisation FROM organisations ORDER BY source"
    return _named(connection, ("id", "body", "digest"), query)


def tables(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the tables of releases that were read."""
    query = "SELECT replace(digest::VARCHAR, '-', ''), source, read_at, releases, problems FROM tables ORDER BY ALL"
    return _named(connection, ("id", "source", "read_at", "count", "problems"), query)


def compromises(incidents: Iterable[Incident]) -> list[Link]:
    """Return (incident, release, properties) of every release that incidents name."""
    return [
        (
            incident.id,
            release_id(bad.package, version_of(bad.version).key),
            {"listed_from": bad.listed_from, "whole": bad.whole},
        )
        for incident in incidents
        for bad in incident.releases
        if bad.package is not None and bad.version
    ]


def organisation(facts: Organisation) -> dict[str, list[Any]]:
    """Return companies, services and claims, and what ties them, by label and type; links as (from, to, properties)."""
    companies = {one.id: {"id": one.id, "name": one.name, "kind": one.kind} for one in facts.companies}
    mentioned = [service.company for service in facts.services if service.company]
    mentioned += [claim.company for claim in facts.claims]
    mentioned += [name for one in facts.supplies for name in (one.supplier, one.customer)]
    for name in mentioned:
        companies.setdefault(name, {"id": name, "name": name, "kind": ""})
    services = [
        {"id": one.id, "owner": one.owner, "company": one.company or "", "builds_complete": one.builds_complete}
        for one in facts.services
    ]
    supplies = [
        (
            one.supplier,
            one.customer,
            {"what": one.what, "data": list(one.data), "from": one.start, "until": one.until},
        )
        for one in facts.supplies
    ]
    claims = [
        {
            **{name: getattr(one, name) for name in _CLAIM},
            "polarity": one.polarity.value,
            "standing": one.standing.value,
            "sources": [source.url for source in one.sources],
        }
        for one in facts.claims
    ]
    return {
        "Company": [companies[name] for name in sorted(companies)],
        "Service": services,
        "Claim": claims,
        "OPERATES": [(one.company, one.id, {}) for one in facts.services if one.company],
        "SUPPLIES": supplies,
        "ABOUT": [(one.id, one.company, {}) for one in facts.claims],
    }


_CLAIM: Final = ("id", "company", "claimant", "text", "certainty", "date", "object", "relation")
