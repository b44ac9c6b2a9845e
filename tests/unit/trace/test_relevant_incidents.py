"""Which incidents a question about all of them asks about."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.api import open_graph
from tests.unit.cli.inputs import GOOD, INCIDENT, osv, put, recorded_slice

NOBODYS = {"package": {"name": "nobody-has-it", "ecosystem": "PyPI"}, "versions": ["1.0"]}
OFFERED = {"package": {"name": "app", "ecosystem": "PyPI"}, "versions": ["1.0"]}


def asked(
    tmp_path: Path, *records: str, lock: str = GOOD, index: bool = False, malicious_only: bool = True
) -> list[str]:
    """Return what is asked about in a graph with records and a lock that lists litellm, or another one."""
    texts = {f"{number}.{'yaml' if text.startswith('schema') else 'json'}": text for number, text in enumerate(records)}
    files = [str(put(tmp_path / "records" / name, text)) for name, text in texts.items()]
    put(tmp_path / "app" / "requirements.txt", lock)
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        assert graph.ingest("advisory", files).rejected == ()
        graph.ingest("lock", [str(tmp_path / "app")])
        if index:
            graph.ingest("index", [str(recorded_slice(tmp_path / "index.slice"))])
        return list(graph.incidents(malicious_only=malicious_only))


def test_incident_files_are_asked_about_whatever_they_name(tmp_path: Path) -> None:
    assert asked(tmp_path, INCIDENT, lock="idna==3.11\n") == ["case-1"]


def test_records_of_malicious_packages_that_something_lists(tmp_path: Path) -> None:
    found = asked(tmp_path, osv("MAL-1"), osv("GHSA-1"), osv("MAL-2", affected=[NOBODYS]))
    assert found == ["MAL-1"]


def test_an_alias_says_that_a_package_is_malicious(tmp_path: Path) -> None:
    assert asked(tmp_path, osv("GHSA-1", aliases=["MAL-1"])) == ["GHSA-1"]


def test_other_records_where_they_are_asked_for(tmp_path: Path) -> None:
    records = (osv("MAL-1"), osv("GHSA-1"), osv("GHSA-2", affected=[NOBODYS]))
    assert asked(tmp_path, *records, malicious_only=False) == ["GHSA-1", "MAL-1"]


def test_a_package_that_only_another_one_requires_counts(tmp_path: Path) -> None:
    assert asked(tmp_path, osv("MAL-1"), lock="idna==3.11\n") == []
    assert asked(tmp_path, osv("MAL-1"), lock="idna==3.11\n", index=True) == ["MAL-1"]
    assert asked(tmp_path, osv("MAL-3", affected=[OFFERED]), lock="idna==3.11\n", index=True) == ["MAL-1"]


def test_a_package_that_only_a_manifest_requires_counts(tmp_path: Path) -> None:
    assert asked(tmp_path, osv("MAL-3", affected=[NOBODYS]), lock="nobody-has-it>=1\n") == ["MAL-3"]


@pytest.mark.parametrize("malicious_only", [True, False])
def test_withdrawn_records_are_not(tmp_path: Path, malicious_only: bool) -> None:  # noqa: FBT001 - a case
    record = osv("MAL-1", withdrawn="2026-03-26T00:00:00Z")
    assert asked(tmp_path, record, malicious_only=malicious_only) == []


@pytest.mark.parametrize("record", [osv("MAL-1"), osv("MAL-2", aliases=["case-1"])])
def test_what_an_incident_file_is_about_is_asked_once(tmp_path: Path, record: str) -> None:
    case = INCIDENT.replace("title: a case", "title: a case\naliases: [MAL-1]")
    assert asked(tmp_path, case, record) == ["case-1"]


def test_nothing_is_known_of_an_empty_graph(tmp_path: Path) -> None:
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        assert graph.incidents() == ()
