"""Writes a fleet of CycloneDX 1.6 documents whose dependency trees are real.

Each document describes one made-up service that installs one real package, or several: the closure of greedy picks
over an index in Parquet (see `picks`). Only who the services are, the hashes, the licences and the addresses are made
up. ``--made-up`` needs no index: its trees take from 4,000 made-up names in 5 versions each, few of them often and most
of them rarely, as in life. The same options give the same bytes.

    .venv/bin/python -m benchmarks.documents.fleet --output DIR --documents 10000 [--made-up --components 50]
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
from packageurl import PackageURL

from benchmarks.documents.made_up import made_up_trees
from benchmarks.documents.picks import Index, Release, Tree, closure
from benchmarks.figures.results import PARQUET

SEED = 20230907
FEWEST, MOST = 30, 400
INDENTED = 10  # about one document in so many is written for people, over several lines
PER_FOLDER = 1000
AT_ONCE = 4000  # packages read ahead together: enough that a query serves many, few enough to stop early

FIRST = ("amber", "billing", "cargo", "delta", "edge", "fraud", "grid", "harbour", "invoice", "ledger", "mail", "orbit")
SECOND = ("api", "batch", "console", "feed", "gateway", "jobs", "portal", "reports", "search", "sync", "worker")
LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "MPL-2.0", "LGPL-3.0-only", "ISC", "PSF-2.0")
SINCE = datetime(2023, 9, 7, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to write: how many documents, how many components each (None: as many as the tree has), how alike."""

    documents: int
    components: int | None = None
    unlike: bool = False
    fewest: int = FEWEST
    most: int = MOST
    seed: int = SEED


def trees(index: Index, order: Order) -> Iterator[Tree]:
    """Yield a tree per document: of one package where it may have any size, else cut or joined to the exact size.

    Raises:
        SystemExit: too few packages of the index have trees of that size.
    """
    found = roots(index, order)
    for done in range(order.documents):
        root = next(found, None)
        tree = root and closure(index, [root] if order.components is None else chain([root], found), _size(order))
        if not tree or len(tree) < (order.components or 0):
            raise SystemExit(f"only {done} documents: no more packages with {order.fewest} to {order.most} components")
        yield tree


def roots(index: Index, order: Order) -> Iterator[Release]:
    """Yield the newest release of the packages whose closure is neither small nor huge, in the order of the seed."""
    names = index.names()
    random.Random(order.seed).shuffle(names)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        index.explore(some)
        for name in some:
            root = index.pick(name)
            if root and order.fewest <= len(closure(index, [root], order.most + 1)) <= order.most:
                yield root


def _size(order: Order) -> int:
    return order.most if order.components is None else order.components


def document(tree: Tree, number: int, order: Order) -> dict[str, Any]:
    """Return one CycloneDX document: a service that installs the tree's releases."""
    chance = random.Random(f"{order.seed}/{number}")  # of its own: a longer fleet begins like a shorter one
    service = f"{chance.choice(FIRST)}-{chance.choice(SECOND)}-{number:05d}"
    refs = {release: _identifier(chance) if order.unlike else purl(release) for release in tree}
    needed = {target for targets in tree.values() for target in targets}
    direct = [refs[release] for release in tree if release not in needed] or [refs[next(iter(tree))]]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{_identifier(chance)}",
        "version": 1,
        "metadata": _metadata(service, chance),
        "components": [_own(release, refs[release], service, order) for release in tree],
        "dependencies": [
            {"ref": service, "dependsOn": direct},
            *_dependencies(tree, refs),
        ],
    }


def _metadata(service: str, chance: random.Random) -> dict[str, Any]:
    built = SINCE + timedelta(seconds=chance.randrange(400 * 86400))
    return {
        "timestamp": built.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tools": {"components": [{"type": "application", "name": "fleet", "version": "1.0.0"}]},
        "component": {
            "type": "application",
            "bom-ref": service,
            "name": service,
            "version": f"1.{chance.randrange(100)}.0",
        },
    }


def _dependencies(tree: Tree, refs: Mapping[Release, str]) -> Iterator[dict[str, Any]]:
    for release, targets in tree.items():
        entry: dict[str, Any] = {"ref": refs[release]}
        if targets:
            entry["dependsOn"] = sorted(refs[target] for target in targets)
        yield entry


def _own(release: Release, ref: str, service: str, order: Order) -> dict[str, Any]:
    """Return the release's component, as it is in every document, or with something of this document alone."""
    shared = component(release)
    if not order.unlike:
        return shared
    return {
        **shared,
        "bom-ref": ref,
        "properties": [*shared["properties"], {"name": "fleet:service", "value": service}],
    }


@functools.cache
def component(release: Release) -> dict[str, Any]:
    """Return a component as common tools write it; its wheel's hash, and its source archive's with the address.

    Nothing but name and version is real. Equal releases give equal components; the caller changes none.
    """
    name, version = release
    wheel, source = (hashlib.sha256(f"{name}=={version}/{kind}".encode()).hexdigest() for kind in ("wheel", "sdist"))
    return {
        "type": "library",
        "bom-ref": purl(release),
        "name": name,
        "version": version,
        "description": f"{name.replace('-', ' ').capitalize()} for Python",
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": wheel}],
        "licenses": [{"license": {"id": LICENCES[int(wheel[:8], 16) % len(LICENCES)]}}],
        "purl": purl(release),
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://files.example/packages/{source[:2]}/{source[2:4]}/{name}-{version}.tar.gz",
                "hashes": [{"alg": "SHA-256", "content": source}],
            }
        ],
        "properties": [
            {
                "name": "fleet:location",
                "value": f"/usr/lib/python3.11/site-packages/{name.replace('-', '_')}-{version}.dist-info/METADATA",
            }
        ],
    }


@functools.cache
def purl(release: Release) -> str:
    """Return ``pkg:pypi/name@version``, percent-encoded as the purl specification has it."""
    return PackageURL("pypi", name=release.name, version=release.version).to_string()


def _identifier(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def write(found: Iterable[Tree], folder: Path, order: Order) -> tuple[int, int]:
    """Write a document for each tree, a thousand to each folder below the given one; return components and bytes."""
    components = size = 0
    for number, tree in enumerate(found):
        made = document(tree, number, order)
        content = msgspec.json.encode(made)
        if random.Random(f"{order.seed}/{number}/indent").randrange(INDENTED) == 0:
            content = msgspec.json.format(content, indent=2)
        place = folder / f"{number // PER_FOLDER:03d}" / f"{made['metadata']['component']['name']}.cdx.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        components += len(tree)
        size += len(content)
    return components, size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--components", type=int, help=f"exactly so many in each; default {FEWEST} to {MOST}")
    parser.add_argument("--unlike", action="store_true", help="no two components have the same bytes")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--made-up", action="store_true", help="trees of made-up releases; needs no index")
    parser.add_argument("--parquet", type=Path, default=PARQUET)
    asked = parser.parse_args()
    order = Order(documents=asked.documents, components=asked.components, unlike=asked.unlike, seed=asked.seed)
    start = time.perf_counter()
    count = asked.components or FEWEST
    found = made_up_trees(order.documents, count, order.seed) if asked.made_up else trees(Index(asked.parquet), order)
    components, size = write(found, asked.output, order)
    took = time.perf_counter() - start
    print(
        f"{order.documents} documents, {components} components ({components / order.documents:.1f} each),"
        f" {size / 1e6:.1f} MB ({size / components:.0f} bytes each) in {took:.1f} s"
    )


if __name__ == "__main__":
    main()
