"""A blast as a CycloneDX 1.6 VEX document: services as applications, and whether the case is exploitable in each."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID  # names only: nothing random

from graphkit.model.answers import Blast, Provenance
from graphkit.model.errors import GraphkitError
from graphkit.reports.content import web_address
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import read_object, read_stamp, stamp
from graphkit.reports.text import cut, safe_json, shown
from graphkit.reports.vex import Statement, Status, described, statements, written_at
from graphkit.reports.wording import made_of

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.vulnerability import Vulnerability

_MADE: Final = "graphkit:made-of"
_LONGEST_VERSION: Final = 1024
"""Characters of a version, by CycloneDX 1.6."""
_STATES: Final[dict[Status, str]] = {
    "affected": "EXPLOITABLE",
    "not_affected": "NOT_AFFECTED",
    "under_investigation": "IN_TRIAGE",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CycloneDxVexReport:
    """A blast for tools that read CycloneDX: a vulnerability per service, since an analysis speaks of one state."""

    suffix: Final = ".cdx.json"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the document. Its time and serial number come from the facts, so that the same give the same.

        Raises:
            GraphkitError: cyclonedx-python-lib is not installed.
        """
        try:
            output = import_module("cyclonedx.output.json")
        except ImportError as error:
            raise GraphkitError(
                "cyclonedx-vex needs cyclonedx-python-lib: pip install 'cyclonedx-python-lib>=11', then run it again"
            ) from error
        written = output.JsonV1Dot6(_bom(blast, made_of(blast, view), strict=view.strict)).output_as_string(indent=1)
        return safe_json(written) + "\n"

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a document says it was made of."""
        metadata = read_object(text).get("metadata")
        properties = metadata.get("properties") if isinstance(metadata, dict) else None
        for one in properties if isinstance(properties, list) else ():
            if isinstance(one, dict) and one.get("name") == _MADE and isinstance(one.get("value"), str):
                return read_stamp(one["value"])
        return None


REPORT: Final = CycloneDxVexReport()


def _bom(blast: Blast, made: Provenance, *, strict: bool) -> Bom:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository

    digest = hashlib.sha256(stamp(made).encode()).digest()
    at = written_at(blast, made)
    metadata = BomMetaData(
        timestamp=_EPOCH + timedelta(microseconds=at),
        tools=ToolRepository(
            components=[Component(name="graphkit", version=made.graphkit, type=ComponentType.APPLICATION)]
        ),
        properties=[Property(name=_MADE, value=stamp(made))],
    )
    told = [(f"service-{number}", one) for number, one in enumerate(statements(blast, strict=strict))]
    return Bom(
        serial_number=UUID(bytes=digest[:16], version=5),
        version=1,
        metadata=metadata,
        components=[*(_service(ref, one) for ref, one in told), *_releases(blast)],
        vulnerabilities=[_vulnerability(blast, ref, one) for ref, one in told],
    )


def _service(ref: str, one: Statement) -> Component:
    from cyclonedx.model.component import Component, ComponentType

    return Component(name=one.service, type=ComponentType.APPLICATION, bom_ref=ref)


def _releases(blast: Blast) -> list[Component]:
    from cyclonedx.model.component import Component, ComponentType

    return [
        Component(
            name=shown(one.release.package or one.release.purl),
            version=cut(shown(one.release.version), _LONGEST_VERSION),
            type=ComponentType.LIBRARY,
            bom_ref=shown(one.release.purl),
            description="compromised",
        )
        for one in blast.incident.releases
    ]


def _vulnerability(blast: Blast, ref: str, one: Statement) -> Vulnerability:
    from cyclonedx.model import Property
    from cyclonedx.model.impact_analysis import ImpactAnalysisJustification, ImpactAnalysisState
    from cyclonedx.model.vulnerability import (
        BomTarget,
        Vulnerability,
        VulnerabilityAnalysis,
        VulnerabilitySource,
    )

    spared: dict[str, Any] = {}
    if one.status == "not_affected":
        spared["justification"] = ImpactAnalysisJustification.CODE_NOT_PRESENT
    address = next((web_address(source.url) for source in blast.incident.sources if web_address(source.url)), None)
    return Vulnerability(
        bom_ref=f"case-{ref}",
        id=shown(blast.incident.id),
        source=VulnerabilitySource(name=shown(blast.incident.title) or None, url=_uri(address)),
        description=described(blast) or None,
        recommendation=one.action or None,
        analysis=VulnerabilityAnalysis(state=ImpactAnalysisState[_STATES[one.status]], detail=one.reason, **spared),
        affects=[BomTarget(ref=ref)],
        properties=[Property(name="graphkit:release", value=shown(purl)) for purl in one.releases],
    )


def _uri(address: str | None) -> Any:
    from cyclonedx.model import XsUri

    return XsUri(address) if address else None
