"""A blast as an OpenVEX 0.2.0 document: a statement per service, whether the compromised releases affect it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final
from urllib.parse import quote

from graphkit.model.answers import Blast, Provenance
from graphkit.model.errors import GraphkitError
from graphkit.model.times import rfc3339
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import read_object, read_stamp, stamp
from graphkit.reports.text import safe_json, shown
from graphkit.reports.vex import Statement, described, statements, written_at
from graphkit.reports.wording import made_of

_CONTEXT: Final = "https://openvex.dev/ns/v0.2.0"
_AUTHOR: Final = "not named; graphkit wrote this from what its graph holds"


class OpenVexReport:
    """A blast for tools that read OpenVEX. Its author is left to whoever publishes it."""

    suffix: Final = ".openvex.json"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the document. Its time is that of the newest fact behind it, so that the same facts give the same.

        Raises:
            GraphkitError: there is no service, and OpenVEX needs a statement.
        """
        made = made_of(blast, view)
        told = statements(blast, strict=view.strict)
        if not told:
            raise GraphkitError("the graph holds no service, and an OpenVEX document needs at least one")
        digest = hashlib.sha256(stamp(made).encode()).hexdigest()
        document = {
            "@context": _CONTEXT,
            "@id": f"https://openvex.dev/docs/public/vex-{digest}",
            "author": _AUTHOR,
            "timestamp": rfc3339(written_at(blast, made)),
            "version": 1,
            "tooling": stamp(made),
            "statements": [_statement(blast, one) for one in told],
        }
        return safe_json(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)) + "\n"

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a document says it was made of."""
        read = read_object(text)
        tooling = read.get("tooling")
        return read_stamp(tooling) if isinstance(tooling, str) and read.get("@context") == _CONTEXT else None


REPORT: Final = OpenVexReport()


def _statement(blast: Blast, one: Statement) -> dict[str, Any]:
    product: dict[str, Any] = {"@id": one.product, "identifiers": {"purl": one.product}}
    if one.releases:
        product["subcomponents"] = [{"@id": _iri(purl), "identifiers": {"purl": purl}} for purl in one.releases]
    vulnerability = {"name": shown(blast.incident.id)}
    if about := described(blast):
        vulnerability["description"] = about
    said = {"vulnerability": vulnerability, "products": [product], "status": one.status}
    if one.status == "not_affected":
        return {**said, "justification": "component_not_present", "impact_statement": one.reason}
    if one.status == "affected":
        return {**said, "action_statement": one.action, "status_notes": one.reason}
    return {**said, "status_notes": f"{one.reason}. {one.action}"}


def _iri(purl: str) -> str:
    """Return a purl as an IRI, which has no spaces, quotes or brackets of its own."""
    return quote(shown(purl), safe=":/@%+?=&#,.;~!$'()*-_")
