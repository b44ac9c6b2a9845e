"""Every real case of `examples`, validated and replayed: a new case adds a folder of data, and no test code.

A folder holds `incident.yaml`, `index.slice`, perhaps `organisation.yaml`, and `expected.yaml`: a list ``asks``, each
with how the case is asked (``at``, ``reading``) and what of the answer has to hold. Under ``packages`` stand rows by
name; one without a tier has to be reached by no fresh install. ``notes`` are what notes begin with or hold.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from graphkit.api import open_graph
from graphkit.model.answers import Blast, PackageRow
from graphkit.model.incidents import ActionKind, Cause, CompromisedRelease, Incident, Reading
from graphkit.model.index import Hidden
from graphkit.model.times import rfc3339
from graphkit.reports.wording import slot_runs, takes_in_words
from graphkit.sources.advisories import incident
from graphkit.sources.index.slice import RecordedIndex

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
CASES: Final = sorted(path.parent.name for path in EXAMPLES.glob("*/incident.yaml"))
LARGEST: Final = 3_500_000
"""Bytes of a slice: cases ship in the wheel."""


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """What is expected of a package; ``tier`` empty: no fresh install reaches it."""

    tier: str = ""
    newest: str = ""
    takes: str | None = None
    slots: str | int | None = None


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """How a case is asked, and what of the answer has to hold."""

    slots: int
    at: str | None = None
    reading: str | None = None
    window: tuple[str, str] | None = None
    packages: dict[str, Row] = {}
    services: dict[str, str] = {}
    companies: dict[str, str] = {}
    summary: dict[str, int] = {}
    notes: list[str] = []


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """The data file of a case."""

    asks: list[Ask]


def expected(case: str) -> Expected:
    text = (EXAMPLES / case / "expected.yaml").read_text(encoding="utf-8")
    read = yaml.load(text, yaml.BaseLoader)
    return msgspec.convert(read, Expected, strict=False)


class Asked(NamedTuple):
    """A case and one of the questions that its data file asks."""

    case: str
    number: int


ASKED: Final = [Asked(case, number) for case in CASES for number in range(len(expected(case).asks))]
by_case = pytest.mark.parametrize("case", [pytest.param(case, marks=pytest.mark.xdist_group(case)) for case in CASES])


def row_of(answer: Blast, name: str) -> PackageRow | None:
    return next((row for row in answer.packages if row.package == name and row.tier is not None), None)


@pytest.mark.parametrize(
    "asked",
    [pytest.param(one, id=f"{one.case}-{one.number}", marks=pytest.mark.xdist_group(one.case)) for one in ASKED],
)
def test_a_case_answers_as_its_data_expects(asked: Asked, graph_of_case: Callable[[str], Path]) -> None:
    wanted = expected(asked.case).asks[asked.number]
    with open_graph(str(graph_of_case(asked.case))) as graph:
        answer = graph.blast(asked.case, at=wanted.at, reading=wanted.reading)
    if wanted.window:
        assert (rfc3339(answer.window.start), rfc3339(answer.window.until)) == wanted.window
    if wanted.reading:
        assert answer.window.reading == wanted.reading
    assert len(answer.slots) == wanted.slots
    for name, row in wanted.packages.items():
        found = row_of(answer, name)
        if not row.tier:
            assert found is None, name
            continue
        assert found is not None, name
        assert found.tier == row.tier, name
        assert found.newest == (row.newest or found.newest), name
        assert row.takes is None or takes_in_words(found.takes) == row.takes, name
        assert row.slots is None or slot_runs(found.slots) == str(row.slots), name
    verdicts = {str(one.service): one.verdict.value for one in answer.services}
    assert {name: verdicts.get(name) for name in wanted.services} == wanted.services
    companies = {str(one.company): one.verdict.value for one in answer.companies}
    assert {name: companies.get(name) for name in wanted.companies} == wanted.companies
    counts = dict(answer.summary.packages)
    assert {word: counts.get(word, 0) for word in wanted.summary} == wanted.summary
    for note in wanted.notes:
        assert any(note in one for one in answer.notes), (note, answer.notes)


@by_case
def test_an_incident_is_what_its_folder_is_called_and_cites_its_sources(case: str) -> None:
    path = EXAMPLES / case / "incident.yaml"
    read = incident.parse(path.read_bytes())
    assert read.id == case
    assert all(release.sources for release in read.releases)
    assert all(reading.sources for reading in read.readings)


@by_case
def test_an_incident_says_what_to_do_now_in_few_words(case: str) -> None:
    read = incident.parse((EXAMPLES / case / "incident.yaml").read_bytes())
    assert 0 < len(read.actions) <= 7
    assert all(action.sources and len(action.text) <= 160 for action in read.actions)
    kinds = list(ActionKind)
    assert sorted(read.actions, key=lambda one: kinds.index(one.do)) == list(read.actions)
    assert sum(reading.preferred for reading in read.readings) == 1


@by_case
def test_a_slice_is_small_names_no_registry_and_has_what_the_incident_leaves(case: str) -> None:
    path = EXAMPLES / case / "index.slice"
    assert path.stat().st_size <= LARGEST
    raw = lzma.decompress(path.read_bytes()).lower()
    host = urlsplit(PYPI_SIMPLE_ENDPOINT).hostname or ""
    assert host
    assert host.encode() not in raw
    assert not re.search(rb'"url":"[^"]*/', raw), "addresses of files are relative"
    accused = incident.parse((path.parent / "incident.yaml").read_bytes()).releases
    recorded = RecordedIndex(path)
    for release in accused:
        assert release.package
        versions = {one.version for one in recorded.page(release.package).page.releases}
        assert versions
        assert release.version not in versions, "the index lists it again: it is no ghost"


def _ids_behind_facts(read: Incident) -> set[str]:
    """Return the sources of everything but the actions, which may cite instructions that state no further fact."""
    said: list[CompromisedRelease | Hidden | Reading | Cause] = [*read.releases, *read.readings, *read.causes]
    said += [gap for reading in read.readings for gap in reading.hidden]
    return {name for one in said for name in one.sources}


def told(shared: Path) -> list[dict[str, object]]:
    return list(json.loads((shared / "case" / "others.json").read_text(encoding="utf-8"))["cases"])


def test_the_incidents_say_what_the_facts_say_and_no_more(shared: Path) -> None:
    for facts in msgspec.convert(told(shared), list[dict[str, object]]):
        case = str(facts["id"])
        path = EXAMPLES / case / "incident.yaml"
        read = incident.parse(path.read_bytes())
        assert (read.title, read.actor) == (facts["title"], facts["actor"])
        ids = facts["ids"]
        assert isinstance(ids, dict)
        assert set(read.aliases) == set(ids.values())
        (package,) = msgspec.convert(facts["packages"], list[dict[str, object]])
        bad = msgspec.convert(package["malicious"], list[dict[str, str | None]])
        times = {release.version: rfc3339(release.listed_from) for release in read.releases}
        assert times == {str(one["version"]): one["uploaded_at"] for one in bad}
        known = {one["url"] for one in msgspec.convert(facts["sources"], list[dict[str, str]])}
        cited = {source.id: source.url for source in read.sources if source.url}
        assert known <= set(cited.values())
        assert {name for name, url in cited.items() if url not in known}.isdisjoint(_ids_behind_facts(read)), case
        stated = {
            moment
            for one in msgspec.convert(facts["windows"], list[dict[str, object]])
            for moment in (one["starts"], one["ends"])
        }
        said = {rfc3339(at) for reading in read.readings for at in (reading.start, reading.until)}
        assert said - {None} <= stated, case
