"""The places of an organisation file (docs/organisation-file.md): files that it names, and words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.property.places.payloads import Release
from tests.property.places.repositories import PROJECT, UV_LOCK

AT: Final = "2026-03-24T11:00:00Z"
STOOD: Final = {"stands_from": "2026-03-01T00:00:00Z", "read_at": "2026-03-26T00:00:00Z"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is said of a service, and the files that it names, by their paths from its folder."""

    service: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    top: Mapping[str, Any] = field(default_factory=dict)


def bom(release: Release, subject: str) -> str:
    """Return a complete BOM of a build that lists a release."""
    row = {"type": "library", "bom-ref": "a", "name": release.name, "version": release.version, "purl": release.purl}
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {"timestamp": AT, "component": {"type": "application", "bom-ref": "root", "name": subject}},
            "components": [row],
            "dependencies": [{"ref": "root", "dependsOn": ["a"]}],
            "compositions": [{"aggregate": "complete"}],
        }
    )


def project(release: Release) -> str:
    """Return a project that requires a release."""
    return PROJECT.replace('["other"]', f'["{release.name}=={release.version}"]')


def lock(release: Release) -> str:
    """Return a lock that lists a release alone."""
    text = UV_LOCK.replace("other-1.0", f"{release.name}-{release.version}").replace('"other"', f'"{release.name}"')
    return text.replace('version = "1.0"', f'version = "{release.version}"')


def _known(**build: str) -> Mapping[str, Any]:
    return {"builds": {"complete": True, "known": [{"at": AT, **build}]}}


Plant = Callable[[Release, str], Told]
PLACES: Final[dict[str, Plant]] = {
    "documents, built": lambda r, s: Told(
        files={"x.json": bom(r, s)}, service={"documents": [{"path": "x.json", "built_at": AT}]}
    ),
    "documents, in place": lambda r, _: Told(
        files={"x/pyproject.toml": project(r)}, service={"documents": [{"path": "x/pyproject.toml", **STOOD}]}
    ),
    "documents, of another repository": lambda r, _: Told(
        files={"x/pyproject.toml": project(r)},
        service={"documents": [{"path": "x/pyproject.toml", "repository": "x", "branch": "dev", **STOOD}]},
    ),
    "documents, without a time": lambda r, s: Told(
        files={"x.json": bom(r, s)}, service={"documents": [{"path": "x.json"}]}
    ),
    "builds.document": lambda r, s: Told(
        files={"x.json": bom(r, s)}, service={"builds": [{"at": AT, "document": "x.json"}]}
    ),
    "builds.lock": lambda r, _: Told(
        files={"x/uv.lock": lock(r)}, service={"builds": [{"at": AT, "lock": "x/uv.lock"}]}
    ),
    "builds.manifest": lambda r, _: Told(
        files={"x/pyproject.toml": project(r)}, service={"builds": [{"at": AT, "manifest": "x/pyproject.toml"}]}
    ),
    "builds.known.document": lambda r, s: Told(files={"x.json": bom(r, s)}, service=_known(document="x.json")),
    "builds.known.lock": lambda r, _: Told(files={"x/uv.lock": lock(r)}, service=_known(lock="x/uv.lock")),
    "builds.known.manifest": lambda r, _: Told(
        files={"x/pyproject.toml": project(r)}, service=_known(manifest="x/pyproject.toml")
    ),
    "builds.known, a lock beside a clean document": lambda r, s: Told(
        files={"x/uv.lock": lock(r), "x.json": bom(Release(name="other", version="1.0", digest=""), s)},
        service=_known(lock="x/uv.lock", document="x.json"),
    ),
    "tools": lambda r, _: Told(service={"tools": [f"{r.name}=={r.version}"]}),
    "installs_from": lambda r, _: Told(
        files={"x/pyproject.toml": project(r)},
        service={"documents": [{"path": "x/pyproject.toml", **STOOD}], "installs_from": ["x/pyproject.toml"]},
    ),
    "extras": lambda r, _: Told(
        files={"x/pyproject.toml": f'{PROJECT}[project.optional-dependencies]\nx = ["{r.name}=={r.version}"]\n'},
        service={"documents": [{"path": "x/pyproject.toml", **STOOD}], "extras": ["x"]},
    ),
    "groups": lambda r, _: Told(
        files={"x/pyproject.toml": f'{PROJECT}[dependency-groups]\nx = ["{r.name}=={r.version}"]\n'},
        service={"documents": [{"path": "x/pyproject.toml", **STOOD}], "groups": ["x"]},
    ),
    "extras that are not installed": lambda r, _: Told(
        files={"x/pyproject.toml": f'{PROJECT}[project.optional-dependencies]\nx = ["{r.name}=={r.version}"]\n'},
        service={"documents": [{"path": "x/pyproject.toml", **STOOD}], "extras": []},
    ),
    "an input that is not installed from": lambda r, _: Told(
        files={"x/pyproject.toml": project(r)},
        service={"documents": [{"path": "x/pyproject.toml", **STOOD}], "installs_from": ["uv.lock"]},
    ),
    "note": lambda r, _: Told(service={"note": r.command}),
    "owner": lambda r, _: Told(service={"owner": r.name}),
    "complete_from": lambda r, _: Told(service={"complete_from": [{"tool": r.name}]}),
}
RIGHTLY: Final = {
    "the word of the organisation leaves it out": (
        "extras that are not installed",
        "an input that is not installed from",
    ),
    "words that nothing is installed by": ("note", "owner", "complete_from"),
}
"""Where an accused release may stand and the service stays cleared, with the reason."""
OPEN: Final = ("documents, without a time",)
"""Where an innocent one leaves the service open too."""
