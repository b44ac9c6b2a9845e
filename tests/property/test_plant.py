"""Law 9, plant: a release that is put into any one place where a component may stand clears nobody.

Contract: docs/semantics.md#law-9.

The places are those that schemas and specifications have (`tests/property/places`), whatever is read of them. Beside
each plant stands its twin, an innocent release in the same place: what clears its service shows that the accused
release, and not what was made around it, is what did not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from msgspec import Struct
from msgspec.structs import replace

from graphkit.api import Graph
from graphkit.ingest.files import walk
from graphkit.ingest.stats import IngestStats
from graphkit.model.answers import ServiceVerdict
from graphkit.model.documents import Document
from graphkit.model.ranks import Verdict
from graphkit.sources.environments import read_environment
from graphkit.stores import open_store
from tests.cases.test_trials import REPOSITORY, Commit, commit_all, put_all
from tests.effort import THOROUGH
from tests.property.places import (
    cyclonedx,
    cyclonedx_xml,
    environments,
    organisations,
    repositories,
    spdx,
    spdx_rdf,
    spdx_tags,
    syft,
)
from tests.property.places.compared import excused, idle, wrongly_cleared
from tests.property.places.environments import FINE
from tests.property.places.payloads import BAD, GOOD, Release, objects, texts
from tests.property.places.repositories import UV_LOCK
from tests.property.places.schemas import Format
from tests.property.planting import index, judged, read

pytestmark = pytest.mark.xdist_group("plant")  # what was judged once is asked by several tests

# --- SBOMs -----------------------------------------------------------------------------------------------------------


class Sbom(Struct, frozen=True, kw_only=True):
    """A version of an SBOM's format: where a release may stand, and where it rightly changes nothing.

    ``runs``: parts whose text is a command; in all others one is prose. ``is_told``: it says that it is complete.
    """

    form: Callable[[], Format]
    document: Callable[[str], dict[str, Any]]
    kinds: Mapping[str, str]
    rightly: Mapping[str, tuple[str, ...]]
    open: tuple[str, ...]
    runs: frozenset[str] = frozenset()
    is_deep: bool = False
    is_told: bool = False
    written: Callable[[dict[str, Any]], bytes] = lambda made: json.dumps(made).encode()
    path: str = "bom.json"


def tried(versions: Sequence[str]) -> Sequence[str]:
    """Return the versions of a format that a run tries: the first and the last, all of them in a thorough one."""
    return versions if THOROUGH else [versions[0], versions[-1]]


SBOMS = {
    f"CycloneDX {version}": Sbom(
        form=partial(cyclonedx.form_of, version),
        document=partial(cyclonedx.document_of, version),
        kinds=cyclonedx.KINDS,
        rightly=cyclonedx.RIGHTLY,
        open=cyclonedx.OPEN,
        runs=cyclonedx.RUNS,
        is_deep=version == cyclonedx.VERSIONS[-1],
        is_told=version != "1.2",
    )
    for version in tried(cyclonedx.VERSIONS)
}
SBOMS |= {
    f"CycloneDX XML {version}": Sbom(
        form=partial(cyclonedx_xml.form_of, version),
        document=partial(cyclonedx_xml.document_of, version),
        written=partial(cyclonedx_xml.written, version),
        path="bom.xml",
        kinds=cyclonedx_xml.KINDS,
        rightly=cyclonedx.RIGHTLY,
        open=cyclonedx.OPEN,
        runs=cyclonedx.RUNS,
        is_deep=version == cyclonedx_xml.VERSIONS[-1],
        is_told=version not in {"1.0", "1.1", "1.2"},
    )
    for version in tried(cyclonedx_xml.VERSIONS)
}
SBOMS |= {
    f"Syft {version}": Sbom(
        form=partial(syft.form_of, version),
        document=partial(syft.document_of, version),
        kinds=syft.KINDS,
        rightly=syft.RIGHTLY,
        open=syft.OPEN,
        is_deep=True,
    )
    for version in tried(syft.VERSIONS)
}
SBOMS["SPDX 2.3"] = Sbom(
    form=spdx.form_2,
    document=spdx.document_2,
    kinds=spdx.KINDS_2,
    rightly=spdx.RIGHTLY_2,
    open=spdx.OPEN_2,
    is_deep=True,
)
SBOMS["SPDX YAML"] = replace(
    SBOMS["SPDX 2.3"], written=lambda made: yaml.safe_dump(made, sort_keys=False).encode(), path="bom.yaml"
)
SBOMS["SPDX tag-value"] = Sbom(
    form=spdx_tags.form,
    document=spdx_tags.document,
    written=spdx_tags.written,
    path="bom.spdx",
    kinds=spdx_tags.KINDS,
    rightly=spdx_tags.RIGHTLY,
    open=spdx_tags.OPEN,
    is_deep=True,
)
SBOMS["SPDX RDF"] = Sbom(
    form=spdx_rdf.form,
    document=spdx_rdf.document,
    written=spdx_rdf.written,
    path="bom.rdf",
    kinds=spdx_rdf.KINDS,
    rightly=spdx_rdf.RIGHTLY,
    open=spdx_rdf.OPEN,
)
SBOMS["SPDX 3.0"] = Sbom(
    form=spdx.form_3,
    document=spdx.document_3,
    kinds=spdx.KINDS_3,
    rightly=spdx.RIGHTLY_3,
    open=spdx.OPEN_3,
    runs=spdx.RUNS_3,
)


@cache
def planted(name: str, release: Release) -> dict[str, ServiceVerdict]:
    """Return what is said of a complete SBOM into each of whose places a release was put; `part what (path)`."""
    sbom = SBOMS[name]
    form = sbom.form()
    documents: dict[str, Document] = {}
    numbers = count()  # no two are about the same, or what one shows would leave the other open
    for place in form.places(is_deep=sbom.is_deep):
        plants = objects(form, place, release, sbom.kinds) if place.name else texts(place, release, sbom.kinds)
        for what, value in plants:
            if what == "command" and place.part not in sbom.runs:
                continue
            made = form.put(sbom.document(f"app-{next(numbers)}"), place, value)
            documents[f"{place.part} {what} ({place.path})"] = read(sbom.written(made), sbom.path)
    return judged(documents, is_complete=not sbom.is_told)


@pytest.mark.parametrize("name", SBOMS)
def test_plant_in_an_sbom(name: str) -> None:
    found = planted(name, BAD)
    assert len(found) > 20
    assert wrongly_cleared(found, SBOMS[name].rightly) == []


@pytest.mark.parametrize("name", SBOMS)
def test_the_twin_of_a_plant_in_an_sbom_is_cleared(name: str) -> None:
    """What is around a plant leaves nothing open: an innocent release in the same place is cleared."""
    open_ = [(where, one) for where, one in planted(name, GOOD).items() if one.verdict is not Verdict.CLEARED]
    assert [f"{where}: {one.reason}" for where, one in open_ if not excused(where, SBOMS[name].open)] == []


WHOLE = ["SPDX 2.3", "SPDX tag-value", "SPDX RDF", "SPDX 3.0", *(["CycloneDX", "Syft"] if THOROUGH else [])]
"""Families of which all versions are tried: what a table excuses may be of one that is not."""


@pytest.mark.parametrize("family", WHOLE)
def test_the_tables_of_sboms_excuse_nothing_that_is_not_there(family: str) -> None:
    names = [name for name in SBOMS if name.startswith(family)]
    cleared = [where for name in names for where, one in planted(name, BAD).items() if one.verdict is Verdict.CLEARED]
    assert idle(SBOMS[names[0]].rightly, cleared) == []


# --- Environments ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environments_planted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Release], dict[str, ServiceVerdict]]:
    """Return what is said of a clean environment into each of whose places a release was put, by the place.

    All environments in the folder that was given count, the worst of them.
    """

    @cache
    def found(release: Release) -> dict[str, ServiceVerdict]:
        folder = tmp_path_factory.mktemp(release.name)
        documents: dict[str, Document] = {}
        for number, (where, plant) in enumerate(environments.PLACES.items()):
            one = environments.made(folder / str(number))
            plant(one, release)
            for met in walk([str(one.prefix)], IngestStats()):
                if met.is_environment:
                    documents[f"{where}#{met.path}"] = read_environment(met.path, met.label, met.root)
        worst: dict[str, ServiceVerdict] = {}
        for name, one_ in judged(documents).items():
            where = name.partition("#")[0]
            if where not in worst or worst[where].verdict is Verdict.CLEARED:
                worst[where] = one_
        return worst

    return found


def test_plant_in_an_environment(environments_planted: Callable[[Release], dict[str, ServiceVerdict]]) -> None:
    found = environments_planted(BAD)
    assert found.keys() == environments.PLACES.keys()
    assert wrongly_cleared(found, environments.RIGHTLY) == []
    assert idle(environments.RIGHTLY, [name for name, one in found.items() if one.verdict is Verdict.CLEARED]) == []


def test_the_twin_of_a_plant_in_an_environment_is_cleared(
    environments_planted: Callable[[Release], dict[str, ServiceVerdict]],
) -> None:
    open_ = [(name, one) for name, one in environments_planted(FINE).items() if one.verdict is not Verdict.CLEARED]
    assert [f"{name}: {one.reason}" for name, one in open_ if not excused(name, environments.OPEN)] == []


# --- Manifests, locks and repositories -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repository_planted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Release], dict[str, Verdict]]:
    """Return the worst verdict of the services in each folder of one repository; each has a release in one place."""

    @cache
    def found(release: Release) -> dict[str, Verdict]:
        work = tmp_path_factory.mktemp(release.name)
        places = [(base, name, plant) for base, plants in repositories.PLANTS.items() for name, plant in plants.items()]
        texts: dict[str, str] = {}
        for number, (base, _, plant) in enumerate(places):
            for path, text in {**repositories.BASES[base], **plant(release)}.items():
                texts[f"p{number}/{path}"] = repositories.restored(text)
        commit_all(work, [Commit(at="2026-03-01T00:00:00Z", write=texts)])
        store = open_store(work / "graph", create=True)
        store.record(index())
        graph = Graph(store)
        graph.ingest("lock", [str(work / REPOSITORY)], read_at="2026-03-26T00:00:00Z")
        worst: dict[str, Verdict] = {}
        for one in graph.blast("inc").services:
            where = next(part for part in PurePosixPath(str(one.service)).parts if part != REPOSITORY)
            worst[where] = min(one.verdict, worst.get(where, Verdict.CLEARED), key=list(Verdict).index)
        graph.close()
        return {f"{base}: {name}": worst[f"p{number}"] for number, (base, name, _) in enumerate(places)}

    return found


def test_plant_in_a_repository(repository_planted: Callable[[Release], dict[str, Verdict]]) -> None:
    cleared = [name for name, verdict in repository_planted(BAD).items() if verdict is Verdict.CLEARED]
    patterns = [one for several in repositories.RIGHTLY.values() for one in several]
    assert [name for name in cleared if not excused(name, patterns)] == []
    assert idle(repositories.RIGHTLY, cleared) == []


def test_the_twin_of_a_plant_in_a_repository_is_cleared(
    repository_planted: Callable[[Release], dict[str, Verdict]],
) -> None:
    open_ = [name for name, verdict in repository_planted(FINE).items() if verdict is not Verdict.CLEARED]
    assert [name for name in open_ if not excused(name, repositories.OPEN)] == []


# --- The organisation file -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def organisation_planted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Release], dict[str, ServiceVerdict]]:
    """Return what is said of services with a clean lock, of each of which something more is told, by what it is."""

    @cache
    def found(release: Release) -> dict[str, ServiceVerdict]:
        work = tmp_path_factory.mktemp(release.name)
        services: list[dict[str, Any]] = []
        for number, (name, plant) in enumerate(organisations.PLACES.items()):
            told = plant(release, f"p{number}")
            put_all(work, {f"p{number}/{path}": text for path, text in {"uv.lock": UV_LOCK, **told.files}.items()})
            own = {"documents": [{"path": "uv.lock", **organisations.STOOD}]}
            service = {
                "name": name,
                **told.service,
                "documents": [*own["documents"], *told.service.get("documents", ())],
            }
            services.append(in_folder(service, f"p{number}"))
        text = json.dumps({"schema": "graphkit.organisation/1", "services": services})
        put_all(work, {"org.json": text})
        store = open_store(work / "graph", create=True)
        store.record(index())
        graph = Graph(store)
        graph.ingest("org", [str(work / "org.json")])
        judged_ = {str(one.service): one for one in graph.blast("inc").services}
        graph.close()
        return {name: judged_[name] for name in organisations.PLACES}

    return found


def in_folder(told: Any, folder: str, key: str = "") -> Any:
    """Return what an organisation file says, with its paths in a folder."""
    if isinstance(told, dict):
        return {inner: in_folder(one, folder, inner) for inner, one in told.items()}
    if isinstance(told, list):
        return [in_folder(one, folder, key) for one in told]
    is_path = key in {"path", "document", "lock", "manifest", "installs_from"} and isinstance(told, str)
    return f"{folder}/{told}" if is_path else told


def test_plant_in_an_organisation_file(organisation_planted: Callable[[Release], dict[str, ServiceVerdict]]) -> None:
    found = organisation_planted(BAD)
    assert wrongly_cleared(found, organisations.RIGHTLY) == []
    assert idle(organisations.RIGHTLY, [name for name, one in found.items() if one.verdict is Verdict.CLEARED]) == []


def test_the_twin_of_a_plant_in_an_organisation_file_is_cleared(
    organisation_planted: Callable[[Release], dict[str, ServiceVerdict]],
) -> None:
    open_ = [(name, one) for name, one in organisation_planted(FINE).items() if one.verdict is not Verdict.CLEARED]
    assert [f"{name}: {one.reason}" for name, one in open_ if not excused(name, organisations.OPEN)] == []


# --- Real documents --------------------------------------------------------------------------------------------------

DOCUMENTS = Path(__file__).parents[1] / "cases" / "documents"
MOST = 3
"""How many releases of a document are exchanged for the accused one, one at a time."""


def exchanged(data: bytes) -> dict[str, bytes]:
    """Return a document with the accused release in the place of one that it lists, by the purl or row it was in."""
    purls = dict.fromkeys(re.findall(rb"pkg:pypi/[\w.-]+@[\w.-]+", data))
    found = {one.decode(): data.replace(one, BAD.purl.encode()) for one in list(purls)[:MOST]}
    rows = list(dict.fromkeys(re.findall(rb'\nname = "[^"]+"\nversion = "[^"]+"\n', data)))[:MOST]
    row = f'\nname = "{BAD.name}"\nversion = "{BAD.version}"\n'.encode()
    return found | {one.decode(): data.replace(one, row, 1) for one in rows}


def documents_of(folder: Path) -> list[Path]:
    names = {".json", ".xml", ".spdx", ".toml", ".lock", ".tag"}
    found = [one for one in folder.rglob("*") if one.suffix in names and one.is_file()]
    return sorted(one for one in found if one.stat().st_size < 100_000 and "osv-advisories" not in one.parts)


@pytest.mark.parametrize("where", ["here", "shared"])
def test_plant_in_real_documents(where: str, request: pytest.FixtureRequest) -> None:
    folder = DOCUMENTS if where == "here" else request.getfixturevalue("shared") / "samples"
    planted_: dict[str, Document] = {}
    clean: dict[str, Document] = {}
    for path in documents_of(folder):
        data = path.read_bytes()
        clean[path.name] = read(data, path.name)
        for name, text in exchanged(data).items():
            planted_[f"{path.name} {name}"] = read(text, path.name)
    assert len(planted_) > 10
    assert any(one.verdict is Verdict.CLEARED for one in judged(clean, is_complete=True).values())
    assert wrongly_cleared(judged(planted_, is_complete=True), {}) == []
