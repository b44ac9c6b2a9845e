"""Writes the SBOM of graphkit into its wheel (PEP 770): the packages that `make demo` and the container install.

They are the pins of requirements.txt, with their hashes and with what requires what as uv wrote it there. A wheel that
is built twice of the same files has the same bytes: nothing in here is a time, a random number or a path.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PINS = "requirements.txt"
SBOM = "graphkit.cdx.json"
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_REQUIRED_BY = re.compile(r"^    # (?:via |  )(?:-r )?(\S+)", re.MULTILINE)


class SbomHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling names no type for a custom hook
    """Adds the SBOM to a wheel; an editable installation has none."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the SBOM and name it to the builder."""
        if version != "standard":
            return
        root, built = Path(self.root), Path(self.directory)
        made = sbom((root / PINS).read_text(encoding="utf-8"), self.metadata.name, self.metadata.version)
        built.mkdir(parents=True, exist_ok=True)
        (built / SBOM).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        build_data["sbom_files"].append(str(built / SBOM))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the file; the wheel has it."""
        (Path(self.directory) / SBOM).unlink(missing_ok=True)


def sbom(pins: str, name: str, version: str) -> dict[str, Any]:
    """Return the CycloneDX 1.6 document of a project and its pins, which `uv pip compile --generate-hashes` wrote."""
    own = f"pkg:pypi/{name}@{version}"
    subject = {"type": "application", "bom-ref": own, "name": name, "version": version, "purl": own}
    components: dict[str, dict[str, Any]] = {}
    requirers: dict[str, list[str]] = {}
    for block in re.split(r"^(?=[^\s#])", pins, flags=re.MULTILINE):
        if not block or block.startswith("#"):
            continue
        pin = Requirement(block.splitlines()[0].removesuffix("\\"))
        purl = f"pkg:pypi/{canonicalize_name(pin.name)}@{str(pin.specifier).removeprefix('==')}"
        components[purl] = {
            "type": "library",
            "bom-ref": purl,
            "name": canonicalize_name(pin.name),
            "version": str(pin.specifier).removeprefix("=="),
            "purl": purl,
            **({"properties": [{"name": "graphkit:marker", "value": str(pin.marker)}]} if pin.marker else {}),
            "externalReferences": [
                {"type": "distribution", "url": purl, "hashes": [{"alg": "SHA-256", "content": one}]}
                for one in _HASH.findall(block)
            ],
        }
        requirers[purl] = _REQUIRED_BY.findall(block)
    refs: dict[str, list[str]] = {name: [own]}
    for purl, one in components.items():
        refs.setdefault(one["name"], []).append(purl)
    requires: dict[str, set[str]] = {ref: set() for ref in (own, *components)}
    for purl, names in requirers.items():
        for by in names:
            for ref in refs.get(by, [own] if by.endswith(".in") else []):
                requires[ref].add(purl)
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": subject},
        "components": list(components.values()),
        "dependencies": [{"ref": ref, "dependsOn": sorted(wanted)} for ref, wanted in requires.items()],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {"serialNumber": f"urn:uuid:{serial}", **body}
