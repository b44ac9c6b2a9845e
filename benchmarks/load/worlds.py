"""Writes the inputs of one load: large, made up, and the same bytes for the same share and seed.

    .venv/bin/python -m benchmarks.load.worlds NAME FOLDER [--share 0.1] [--seed N]

It runs as a process of its own, so that what it holds counts for nobody.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.documents.fleet import Order, write
from benchmarks.documents.made_up import NAMES, VERSIONS, made_up_name, made_up_trees, made_up_version

SEED: Final = 25
BAD: Final = "made-up-0007==1.1.0"
"""What is asked about where a load has no incident of its own."""
CHAIN: Final = 20
RELEASES_EACH: Final = 3
"""Releases of a package that the incident names."""
_ROWS: Final = 10
"""Components of a document, where their number is not what the load is about."""
_BUILDS: Final = 100
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_A_SERVICE: Final = 325
"""Bytes of a service in an organisation file, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A load: what its size counts, how much that is in full, who writes it, and what is then run over its folder.

    ``ingests`` are the words of `graphkit ingest`, ``target`` is what `graphkit blast` is asked.
    """

    counts: str
    full: int
    make: Callable[[Path, int, int], None]
    ingests: Sequence[Sequence[str]]
    target: str = BAD

    def size(self, share: float) -> int:
        """Return how many a share of the load has."""
        return max(1, round(self.full * share))


def component(name: str, version: str) -> dict[str, str]:
    """Return a row of a BOM."""
    purl = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def some_bom(chance: random.Random, rows: int) -> dict[str, Any]:
    """Return a BOM of made-up releases."""
    taken = chance.sample(range(NAMES), rows)
    listed = [component(made_up_name(one), made_up_version(chance.randrange(VERSIONS))) for one in taken]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}


def bad_bom() -> dict[str, Any]:
    """Return a BOM that lists what is asked about."""
    name, _, version = BAD.partition("==")
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component(name, version)]}


def documents(folder: Path, size: int, seed: int) -> None:
    """Write a document for each of so many services."""
    order = Order(documents=size, components=_ROWS, seed=seed)
    write(made_up_trees(size, _ROWS, seed), folder / "fleet", order)


def builds(folder: Path, size: int, seed: int) -> None:
    """Write services with builds, each of which made one of as many documents as a service has builds."""
    chance = random.Random(seed)
    (folder / "sboms").mkdir()
    for number in range(_BUILDS):
        made = some_bom(chance, _ROWS) if number else bad_bom()
        (folder / "sboms" / f"{number}.json").write_text(json.dumps(made), encoding="utf-8")
    services = (
        {
            "name": f"service-{number:05d}",
            "company": "acme",
            "builds": [
                {"at": _at(day, number), "document": f"sboms/{chance.randrange(_BUILDS)}.json"}
                for day in range(_BUILDS)
            ],
        }
        for number in range(size)
    )
    write_organisation(folder / "organisation.json", [{"id": "acme", "name": "Acme"}], services, ())


def _at(day: int, number: int) -> str:
    return (_START + timedelta(days=day, seconds=number % 86_400)).strftime("%Y-%m-%dT%H:%M:%SZ")


def chains(folder: Path, size: int, seed: int) -> None:
    """Write companies in chains; the first of every other chain runs a service that lists what is asked about."""
    chance = random.Random(seed)
    bad = json.dumps(bad_bom())
    (folder / "bad.json").write_text(bad, encoding="utf-8")
    (folder / "good.json").write_text(json.dumps(some_bom(chance, _ROWS)), encoding="utf-8")
    companies = ({"id": f"company-{number}", "name": f"Company {number}"} for number in range(size))
    services = (
        {
            "name": f"service-{first}",
            "company": f"company-{first}",
            "documents": [{"path": "bad.json" if first % (2 * CHAIN) else "good.json", "built_at": _at(0, first)}],
        }
        for first in range(0, size, CHAIN)
    )
    supplies = (
        {"supplier": f"company-{number - 1}", "customer": f"company-{number}", "what": "labels"}
        for number in range(size)
        if number % CHAIN
    )
    write_organisation(folder / "organisation.json", companies, services, supplies)


def incident(folder: Path, size: int, seed: int) -> None:
    """Write documents, and an incident of 1,500 releases of 500 packages, few of them rare."""
    documents(folder, size, seed)
    affected = [
        {
            "package": {"ecosystem": "PyPI", "name": made_up_name(number * (NAMES // 500))},
            "versions": [made_up_version(one) for one in range(RELEASES_EACH)],
        }
        for number in range(500)
    ]
    record = {"id": "MAL-2099-1", "modified": "2024-01-01T00:00:00Z", "published": "2024-01-01T00:00:00Z"}
    (folder / "MAL-2099-1.json").write_text(json.dumps({**record, "affected": affected}), encoding="utf-8")


def components(folder: Path, size: int, seed: int) -> None:
    """Write one document of so many components, each of which depends on up to two others."""
    chance = random.Random(seed)
    with (folder / "large.cdx.json").open("w", encoding="utf-8") as file:
        file.write('{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"timestamp": "2026-01-01T00:00:00Z"')
        file.write(', "component": {"type": "application", "bom-ref": "app", "name": "large"}}, "components": [')
        file.write(json.dumps(bad_bom()["components"][0]))
        for number in range(1, size):
            file.write(f",\n{json.dumps(component(f'part-{number}', '1.0'))}")
        file.write('], "dependencies": [{"ref": "app", "dependsOn": ["pkg:pypi/part-1@1.0"]}')
        for number in range(1, size):
            later = {min(number + chance.randrange(1, 50), size - 1) for _ in range(2)} - {number}
            entry = {"ref": f"pkg:pypi/part-{number}@1.0", "dependsOn": [f"pkg:pypi/part-{one}@1.0" for one in later]}
            file.write(f",\n{json.dumps(entry)}")
        file.write("]}")


def organisation(folder: Path, size: int, seed: int) -> None:
    """Write an organisation file of about so many bytes, in JSON."""
    (folder / "bad.json").write_text(json.dumps(bad_bom()), encoding="utf-8")
    chance = random.Random(seed)
    companies = [{"id": f"company-{number}", "name": f"Company {number}"} for number in range(100)]
    write_organisation(folder / "organisation.json", companies, _services(chance, size // _A_SERVICE), ())


def _services(chance: random.Random, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "name": f"service-{number:07d}",
            "company": f"company-{chance.randrange(100)}",
            "owner": f"team {chance.randrange(1_000)} of the department for things of which there are very many",
            "environment": {"python": "3.12", "platform": "linux", "machine": "x86_64"},
            "resolver": "uv",
            "extras": ["proxy", "all"],
            "installs_from": ["uv.lock"],
            "documents": [
                {"path": "bad.json", "built_at": _at(number % 300, number)},
            ]
            if number % 100 == 0
            else [],
            "builds": "complete",
        }


def in_yaml(folder: Path, size: int, seed: int) -> None:
    """Write the same file in YAML, as people write them."""
    (folder / "bad.json").write_text(json.dumps(bad_bom()), encoding="utf-8")
    chance = random.Random(seed)
    with (folder / "organisation.yaml").open("w", encoding="utf-8") as file:
        file.write("schema: graphkit.organisation/1\ncompanies:\n")
        file.writelines(f"- {{id: company-{number}, name: Company {number}}}\n" for number in range(100))
        file.write("services:\n")
        for service in _services(chance, size // _A_SERVICE):
            lines = [f"{key}: {json.dumps(value)}\n" for key, value in service.items()]
            file.write("- " + "  ".join(lines))


def write_organisation(
    path: Path, companies: Iterable[object], services: Iterable[object], supplies: Iterable[object]
) -> None:
    """Write an organisation file in JSON, a line each."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"schema": "graphkit.organisation/1"')
        for key, rows in (("companies", companies), ("services", services), ("supplies", supplies)):
            file.write(f',\n"{key}": [')
            for number, row in enumerate(rows):
                file.write(f"{',' if number else ''}\n{json.dumps(row)}")
            file.write("]")
        file.write("}\n")


_ORGANISATION: Final = (("org", "organisation.json"),)
WORLDS: Final = {
    "documents": World(counts="documents", full=1_000_000, make=documents, ingests=[("sbom", "fleet")]),
    "builds": World(counts=f"services of {_BUILDS} builds each", full=10_000, make=builds, ingests=_ORGANISATION),
    "chains": World(counts=f"companies in chains of {CHAIN}", full=100_000, make=chains, ingests=_ORGANISATION),
    "incident": World(
        counts="documents, an incident of 1,500 releases",
        full=50_000,
        make=incident,
        ingests=[("sbom", "fleet"), ("advisory", "MAL-2099-1.json")],
        target="MAL-2099-1",
    ),
    "components": World(
        counts="components of one document", full=1_000_000, make=components, ingests=[("sbom", "large.cdx.json")]
    ),
    "organisation": World(
        counts="bytes of an organisation file in JSON", full=200_000_000, make=organisation, ingests=_ORGANISATION
    ),
    "organisation-yaml": World(
        counts="bytes of an organisation file in YAML",
        full=200_000_000,
        make=in_yaml,
        ingests=[("org", "organisation.yaml")],
    ),
}
"""By name."""


def main() -> None:
    """Write the inputs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=WORLDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    world = WORLDS[given.name]
    given.folder.mkdir(parents=True, exist_ok=True)
    world.make(given.folder, world.size(given.share), given.seed)


if __name__ == "__main__":
    main()
