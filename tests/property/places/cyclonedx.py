"""The places of CycloneDX 1.2 to 1.7 by its official JSON schemas, which `cyclonedx-python-lib` brings."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any, Final

import cyclonedx.schema

from tests.property.places.schemas import Format

VERSIONS: Final = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
KINDS: Final = {
    "name": "name",
    "purl": "purl",
    "cpe": "cpe",
    "version": "version",
    "bom-ref": "key",
    "refLinkType": "reference",
    "ref": "reference",
    "url": "address",
    "location": "address",
    **dict.fromkeys(("tools", "dependsOn", "provides", "assemblies", "subjects", "bomLinkElementType"), "reference"),
    "alg": "algorithm",
    "content": "digest",
    "specVersion": "key",
    "$schema": "key",
    "serialNumber": "key",
    "externalReference.type": "kind",
    "field": "kind",
    "concludedValue": "concluded",
}
_OTHER: Final = {"name": "other", "version": "1.0", "purl": "pkg:pypi/other@1.0"}
_CLEAN: Final[dict[str, Any]] = {
    "component": {"type": "library", **_OTHER},
    "externalReference": {"type": "website", "url": "https://example.com/x"},
    "service": {"name": "running"},
    "tool": {"name": "maker"},
    "dependency": {"ref": "other"},
    "compositions": {"aggregate": "complete"},
    "license": {"id": "MIT"},
    "refLinkType": "other",
    ".ref": "other",
}


def form_of(version: str) -> Format:
    """Return a version of CycloneDX as a format."""
    folder = Path(cyclonedx.schema.__file__).parent / "_res"
    schema = json.loads((folder / f"bom-{version}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))
    numbers = count()

    def clean(name: str) -> Any:
        return f"ref-{next(numbers)}" if name in {".bom-ref", "refType"} else _CLEAN.get(name)

    return Format(schema=schema, clean=clean, first=("components", "services"))


def document_of(version: str, subject: str) -> dict[str, Any]:
    """Return a BOM of a build that is complete: by its own word, where the version has one."""
    bom: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "metadata": {
            "timestamp": "2026-03-24T11:00:00Z",
            "component": {"type": "application", "bom-ref": "root", "name": subject},
        },
        "components": [{"type": "library", "bom-ref": "other", **_OTHER}],
        "dependencies": [{"ref": "root", "dependsOn": ["other"]}, {"ref": "other"}],
    }
    if version == "1.2":  # there a component needs a version
        bom["metadata"]["component"]["version"] = "1"
    return bom if version == "1.2" else bom | {"compositions": [{"aggregate": "complete"}]}


RUNS: Final = frozenset(
    {
        "command.executed",
        "condition.expression",
        "parameter.value",
        "inputType.environmentVars",
        "outputType.environmentVars",
    }
)
"""The texts that a formulation runs, or gives to what it runs."""

RIGHTLY: Final[dict[str, tuple[str, ...]]] = {
    "prose": (
        *("*.description *", "*.comment *", "*.notes *", "*.title *", "releaseNotes.*", "copyright.text *"),
        *("component.copyright *", "rating.*", "metadata.lifecycles.*", "copyrights.text *"),
    ),
    "words and numbers of its own": (
        *(
            "component.tags *",
            "service.tags *",
            "tags.tag *",
            "service.trustZone *",
            "swid.tagId *",
            "swid.@tagId *",
            "attachment.contentType *",
        ),
        *("componentEvidence.occurrences.*additionalContext *", "componentEvidence.occurrences.*symbol *"),
    ),
    "the texts of licenses, and who gave them": ("*license*", "licensing.*", "license.*"),
    "people and organisations": (
        *("organizational*", "*.author *", "*.authors *", "*.publisher *", "*.supplier *", "*.manufacture*"),
        *("*.organization* *", "*.individual* *", "tool.vendor *", "service.provider *", "identifiableAction.*"),
        *("*.contact *", "commit.committer *", "*.evidence.reviewer *", "*.signatories.*name name", "postalAddress.*"),
    ),
    "a namespace; the names in it are of other packages": ("component.group *", "service.group *"),
    "the name of another, whose version it has": ("component.name name", "componentEvidence.identity name"),
    "a version alone names no package": (
        *("*.version version", "swid.@version version", "componentEvidence.identity version"),
        "component.versionRange *",
    ),
    "a guess beside a purl": ("component.cpe cpe",),
    "an identifier by which nothing is accused": (
        *("component.omniborId *", "component.swhid *", "componentEvidence.identity group"),
        *(
            "componentEvidence.identity omniborId",
            "componentEvidence.identity swhid",
            "componentEvidence.identity swid",
        ),
    ),
    "the names of code, which no release is known by": (
        *("componentEvidence.callstack.frames.*function *", "componentEvidence.callstack.frames.*module *"),
        *("componentEvidence.callstack.frames.*package *", "componentEvidence.callstack.frames.*parameter* *"),
    ),
    "free words, which only their tool can read": (
        *("*.properties *", "property.*", "*.environmentVars named", "properties.property.*"),
        *("*.environmentVar.@name name", "*.##other *"),
    ),
    "the tag of this very component": ("swid.text.*",),
    "cryptography, not packages": (
        *("cryptoProperties.*", "cipherSuite.*", "ikeV2*", "relatedCryptographicAsset.*", "securedBy.*"),
    ),
    "patents": ("*.patentAssertions.* *", "patent.*", "patentFamily.*", "patentAssertion.*"),
    "data, which is not installed": (
        *("component.data named", "componentData.name name", "graphic.name name", "graphicsCollection.*"),
        *(
            "modelCard.modelParameters.datasets* named",
            "*.graphic.name name",
            "*.evidence.data.name name",
            "serviceData.name name",
        ),
        *("service.data named", "service.data.dataflow.@name name"),
    ),
    "the name of a step or a place, not of a package": (
        *("*.steps named", "*.tasks named", "*.trigger named", "*.workspaces named", "formula.workflows named"),
        *("*.step named", "tasks.task named", "workflows.workflow named", "workspaces.workspace named"),
        *("workspace.volume named", "volume.name name", "workspace.name name", "workflow.name name", "task.name name"),
        *("step.name name", "trigger.name name", "parameter.name name", "inputType.parameters named"),
        "parameters.parameter named",
    ),
    "an address that is called, not installed from": ("service.endpoints* *", "swid.url *"),
    "defects and who tells of them": (
        *("issue.*", "patch.resolves* named", "vulnerability*.source named", "vulnerability.references.source named"),
        "vulnerabilitySource.* *",
    ),
    "standards and risks": (
        "standard.*",
        "bom.definitions.standards *",
        "standards.standard *",
        "*.ethicalConsideration.name name",
        "risk.name name",
        "*.ethicalConsiderations named",
    ),
    "refs to claims, people and sentences": (
        *("*declarations.attestations.* reference", "*declarations.claims.* reference", "citation.* reference"),
        *("componentIdentityEvidence.tools reference", "componentEvidence.identity.tools reference"),
        "componentEvidence.*.tool.@ref reference",
    ),
    "a place in a file, or a link that no place has": ("componentEvidence.occurrences.location link",),
}
"""Where an accused release may stand and the service stays cleared: the reason, and `part what`, as patterns.

A command that no formulation runs is prose: see `RUNS`.
"""

OPEN: Final = (
    *("* bom", "* formulation", "* link", "* command"),
    *("attachment.* *", "compositions.* *", "component.version *", "bom.specVersion *"),
    *(
        "dependency.* reference",
        "*.ref reference",
        "annotations.subjects reference",
        "bom.declarations.claims.target *",
    ),
    *("bom.components named", "bom.components nameless version", "component.components named"),
    *("component.components nameless version", "metadata.component *"),
    *("*components.component named", "*components.component nameless version"),
    *("*.attachment.* *", "event.data.* *", "input.data.* *", "output.data.* *"),
    *("composition.*.@ref reference", "annotation.subjects.subject.@ref reference"),
    "declarations.claims.claim.target *",
)
"""Where an innocent one leaves the service open too: it is attached, leads elsewhere, or is known by a name alone."""
