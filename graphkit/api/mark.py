"""The answer to a question, written into a graph on a Neo4j server and taken out again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from graphkit.api.questions import BlastOptions, question_of
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.ranks import Verdict
from graphkit.model.times import rfc3339

if TYPE_CHECKING:
    from graphkit.model.answers import Blast, CompanyRow, ServiceVerdict
    from graphkit.stores.neo4j.mark import Judged, MarkedIncident
    from graphkit.stores.neo4j.reader import ServerReader
    from graphkit.stores.neo4j.store import Neo4jStore
    from graphkit.trace.blast import OneIncident
    from graphkit.trace.case_answer import Question


class Mark(NamedTuple):
    """What a mark wrote: how much of each kind, summed over its incidents.

    ``is_current`` False: the graph changed while it was asked, so the mark is stale already.
    """

    incidents: tuple[str, ...]
    services: int
    exposed: int
    companies: int
    reached: int
    claims: int
    is_current: bool


def mark_graph(address: str | None, targets: Sequence[str], **options: Unpack[BlastOptions]) -> Mark:
    """Ask a graph on a server as `Graph.blast` does, and let the answer stand in it, in place of the one before.

    Each incident of the question is answered alone. Cost: a blast for each, without packages, and what
    `graphkit.stores.neo4j.mark.write` says.

    Raises:
        UsageError: the graph is not on a server, no incident in it names a target, or as for `Graph.blast`.
        GraphkitError: the server cannot be used, or the graph changed meanwhile.
    """
    question = question_of(targets, options)
    store = _store(address)
    try:
        found, made = store.ask(lambda reader: _answer(reader, question))
        is_current = store.mark(found, made)
    finally:
        store.close()
    return Mark(
        incidents=tuple(one.id for one in found),
        services=sum(len(one.services) for one in found),
        exposed=sum(each.is_reached for one in found for each in one.services),
        companies=sum(len(one.companies) for one in found),
        reached=sum(each.is_reached for one in found for each in one.companies),
        claims=sum(len(one.claims) for one in found),
        is_current=is_current,
    )


def _answer(reader: ServerReader, question: Question) -> tuple[list[MarkedIncident], dict[str, Any]]:
    """Return what is to stand in the graph, and what it is made of."""
    from graphkit.trace.blast import each_incident

    known = {one.id for one in reader.evidence().incidents()}
    found = []
    made: dict[str, Any] = {}
    for one in each_incident(reader, question):
        if one.blast.is_partial:
            raise GraphkitError("stopped before there was an answer; the mark is as it was: retry")
        if (named := one.blast.incident.id) not in known:
            raise UsageError(
                f"no incident in the graph names {named}, and a mark leads to one: name an incident, or add one "
                "with `graphkit ingest advisory FILE`"
            )
        found.append(marked(one))
        made = _made(one.blast, reader.number)
    return found, made


def clear_mark(address: str | None) -> None:
    """Take the mark out of a graph on a server; nothing happens where there is none.

    Raises:
        UsageError: the graph is not on a server.
        GraphkitError: the server cannot be used, or holds no graph.
    """
    store = _store(address)
    try:
        store.clear_mark()
    finally:
        store.close()


def _store(address: str | None) -> Neo4jStore:
    where = address or os.environ.get("GRAPHKIT_GRAPH") or os.environ.get("NEO4J_URI")
    if not where:
        raise UsageError("name the server with --graph neo4j://host:7687, or set NEO4J_URI")
    if "://" not in where:
        raise UsageError(
            f"{where} is a folder, and a mark is written into a graph on a Neo4j server: copy it there with "
            f"`graphkit neo4j push --graph {where} --to neo4j://host:7687`, and give --graph neo4j://host:7687"
        )
    from graphkit.stores.neo4j.store import Neo4jStore

    return Neo4jStore(where)


def _made(blast: Blast, generation: int) -> dict[str, Any]:
    made = blast.provenance
    return {
        "question": made.question,
        "graphkit": made.graphkit,
        "packaging": made.packaging,
        "facts_sha256": made.facts_sha256,
        "facts_until": rfc3339(made.facts_until),
        "generation": generation,
    }


def marked(one: OneIncident) -> MarkedIncident:
    """Return what is written of an incident."""
    from graphkit.stores.neo4j.mark import MarkedIncident

    blast, asked = one.blast, one.blast.incident
    start, until = _window(blast)
    return MarkedIncident(
        id=asked.id,
        said={"question": blast.provenance.question, "from": start, "until": until, "reading": blast.window.reading},
        actors=(asked.actor,) if asked.actor else (),
        causes=tuple(
            {
                "id": f"{asked.id}#{number}",
                "text": cause.text,
                "certainty": cause.certainty,
                "sources": list(cause.sources),
            }
            for number, cause in enumerate(asked.causes, start=1)
        ),
        services=tuple(_service(each, blast) for each in blast.services),
        companies=tuple(map(_company, blast.companies)),
        claims=one.claims,
    )


def _window(blast: Blast) -> tuple[str | None, str | None]:
    window = blast.window
    return (rfc3339(window.start), rfc3339(window.until)) if window.is_known else (None, None)


def _service(one: ServiceVerdict, blast: Blast) -> Judged:
    """Return a service as it is marked: the stretch of its slots where it is exposed in some, else the window."""
    from graphkit.reports.evidence import exposed_from
    from graphkit.reports.wording import EXPOSED
    from graphkit.stores.neo4j.mark import Judged

    stretch = exposed_from(blast, one.slots)
    start, until = (rfc3339(stretch[0]), rfc3339(stretch[1])) if stretch else _window(blast)
    proofs = [build.clearance for build in one.builds if build.clearance and one.verdict is Verdict.CLEARED]
    steps = [f"{step.node}: {step.why}" for path in one.paths for step in path]
    return Judged(
        id=one.service,
        said={
            "verdict": one.verdict.value,
            "rank": one.verdict.rank,
            "basis": one.basis,
            "reason": one.reason,
            "from": start,
            "until": until,
            "facts": list(dict.fromkeys((*steps, *(text for proof in proofs for text in proof.facts)))),
            "words": list(one.words),
            "assumes": [code.value for code in one.assumes],
            "external": one.service in blast.external,
        },
        is_reached=one.verdict in EXPOSED,
    )


def _company(row: CompanyRow) -> Judged:
    from graphkit.reports.wording import REACHED
    from graphkit.stores.neo4j.mark import Judged

    return Judged(
        id=row.company,
        said={
            "verdict": row.verdict.value,
            "rank": row.verdict.rank,
            "distance": row.distance,
            "via": list(row.via),
            "origin_tier": row.origin_tier,
            "data": list(row.data),
            "services": list(row.services),
            "claims": [claim.id for claim in row.claims],
        },
        is_reached=row.verdict in REACHED,
    )
