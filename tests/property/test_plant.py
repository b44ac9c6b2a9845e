"""Law 9, plant (semantics §6): a release that is put into any one place where a component may stand clears nobody.

The places are those that schemas and specifications have (`tests/property/places`), whatever is read of them. Beside
each plant stands its twin, an innocent release in the same place: what clears its service shows that the accused
release, and not what was made around it, is what did not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest

from graphkit.intake.files import walk
from graphkit.intake.tally import Tally
from graphkit.model.answers import ServiceVerdict, Verdict
from graphkit.model.documents import Document
from graphkit.sources.environments import read_environment
from tests.property.places import cyclonedx, environments, spdx
from tests.property.places.compared import excused, idle, wrongly_cleared
from tests.property.places.environments import FINE
from tests.property.places.payloads import BAD, GOOD, Release, objects, texts
from tests.property.places.schemas import Format
from tests.property.planting import judged, read

# --- SBOMs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Sbom:
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
    for version in cyclonedx.VERSIONS
}
SBOMS["SPDX 2.3"] = Sbom(
    form=spdx.form_2,
    document=spdx.document_2,
    kinds=spdx.KINDS_2,
    rightly=spdx.RIGHTLY_2,
    open=spdx.OPEN_2,
    is_deep=True,
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
    for place in form.places(is_deep=sbom.is_deep):
        plants = objects(form, place, release, sbom.kinds) if place.name else texts(place, release, sbom.kinds)
        for what, value in plants:
            if what == "command" and place.part not in sbom.runs:
                continue
            made = form.put(sbom.document(f"app-{len(documents)}"), place, value)
            documents[f"{place.part} {what} ({place.path})"] = read(json.dumps(made).encode(), "bom.json")
    return judged(documents, is_complete=not sbom.is_told)


@pytest.mark.parametrize("name", SBOMS)
def test_plant_in_an_sbom(name: str) -> None:
    found = planted(name, BAD)
    assert len(found) > 100
    assert wrongly_cleared(found, SBOMS[name].rightly) == []


@pytest.mark.parametrize("name", SBOMS)
def test_the_twin_of_a_plant_in_an_sbom_is_cleared(name: str) -> None:
    """What is around a plant leaves nothing open: an innocent release in the same place is cleared."""
    open_ = [(where, one) for where, one in planted(name, GOOD).items() if one.verdict is not Verdict.CLEARED]
    assert [f"{where}: {one.reason}" for where, one in open_ if not excused(where, SBOMS[name].open)] == []


@pytest.mark.parametrize("family", ["CycloneDX", "SPDX 2.3", "SPDX 3.0"])
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
            for met in walk([str(one.prefix)], Tally()):
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
