"""Small inputs of every kind, as a person's files hold them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graphkit.model.times import instant
from graphkit.sources.index import Order, gather
from tests.unit.sources.index.recorded import Index, Release

BAD = "litellm==1.82.8\n"
GOOD = "litellm==1.82.6\n"
NOWHERE = "http://127.0.0.1:9/simple/"
"""An index that nobody serves."""

WORLD: Mapping[str, Mapping[str, Release]] = {
    "app": {"1.0": ("2026-01-01T00:00:00Z", ["litellm>=1"])},
    "litellm": {
        "1.82.6": ("2026-03-22T06:00:00Z", []),
        "1.82.8": ("2026-03-24T10:52:00Z", []),
    },
}

INCIDENT = """\
schema: graphkit.incident/1
id: case-1
title: a case
releases:
- purl: pkg:pypi/litellm@1.82.8
  listed_from: '2026-03-24T10:52:00Z'
readings:
- id: operator
  until: '2026-03-24T16:00:00Z'
  preferred: true
"""


def put(path: Path, content: str | bytes) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def sbom(subject: str, *rows: str, built: str | None = None, **more: Any) -> str:
    """Return a CycloneDX BOM that lists ``name==version`` rows."""
    metadata: dict[str, Any] = {"component": {"type": "application", "name": subject}} if subject else {}
    if built:
        metadata["timestamp"] = built
    parts = (row.split("==") for row in rows)
    listed = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
        for name, version in parts
    ]
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": metadata, "components": listed} | more
    )


def whole_sbom(subject: str, *rows: str, built: str | None = None) -> str:
    """Return a BOM that says of itself that it is complete."""
    return sbom(subject, *rows, built=built, compositions=[{"aggregate": "complete"}])


def uv_lock(name: str, *rows: str) -> str:
    """Return a lock of a project of that name."""
    wanted = ", ".join(f'{{ name = "{row.partition("==")[0]}" }}' for row in rows)
    text = f'version = 1\nrequires-python = ">=3.12"\n\n[[package]]\nname = "{name}"\nversion = "1"\n'
    text += f'source = {{ virtual = "." }}\ndependencies = [{wanted}]\n'
    for row in rows:
        package, _, version = row.partition("==")
        text += f'\n[[package]]\nname = "{package}"\nversion = "{version}"\n'
        text += 'source = { registry = "http://index.example/simple" }\n'
    return text


def osv(id_: str = "GHSA-1", **more: Any) -> str:
    """Return an advisory on litellm 1.82.8."""
    affected = [{"package": {"name": "litellm", "ecosystem": "PyPI"}, "versions": ["1.82.8"]}]
    return json.dumps({"id": id_, "modified": "2026-03-25T00:00:00Z", "affected": affected} | more)


def recorded_slice(path: Path, packages: Mapping[str, Mapping[str, Release]] = WORLD, *names: str) -> Path:
    """Write a recorded slice of a small index."""
    order = Order(start=instant("2026-03-24T08:00:00Z"), until=instant("2026-03-24T22:00:00Z"), closure=True)
    wanted: Sequence[str] = names or tuple(packages)
    found = gather(Index(packages).open(), wanted, order, record=path, progress=lambda *_: None, reject=lambda *_: None)
    assert list(found)
    return path


def unreadable(path: Path) -> Path:
    """Make a file that this process cannot read, whoever it runs as."""
    if os.geteuid():
        put(path, BAD).chmod(0)
    else:  # nothing is forbidden to this user, but the own address zero cannot be read
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to("/proc/self/mem")
    return path
