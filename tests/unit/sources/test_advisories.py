from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from graphkit.model.errors import InputError
from graphkit.sources import advisories


def record(**affected: object) -> bytes:
    package = {"name": "Zope.Interface", "ecosystem": "PyPI"}
    return json.dumps(
        {"id": "X-1", "modified": "2026-03-24T00:00:00Z", "affected": [{"package": package, **affected}]}
    ).encode()


def test_every_sample_is_read(shared: Path) -> None:
    found = 0
    for path in sorted((shared / "samples" / "osv-advisories").iterdir()):
        data = path.read_bytes()
        assert advisories.claims(data, path.name), path.name
        (one,) = advisories.parse(data, path.name)
        assert one.advisory
        assert one.releases or one.ranges, path.name
        found += 1
    assert found


def test_the_litellm_record(shared: Path) -> None:
    (path,) = (shared / "samples" / "osv-advisories").glob("*PYSEC-2026-2.yaml")
    (one,) = advisories.parse(path.read_bytes(), path.name)
    assert (one.id, [release.version for release in one.releases]) == ("PYSEC-2026-2", ["1.82.7", "1.82.8"])
    assert one.ranges == (("litellm", ">=1.82.7,<=1.82.8"),)


def events(*pairs: tuple[str, str]) -> list[dict[str, object]]:
    return [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in pairs]}]


@pytest.mark.parametrize(
    ("pairs", "inside", "outside"),
    [
        ([("introduced", "0")], ["0.1", "99"], []),
        ([("introduced", "1.0"), ("fixed", "2.0")], ["1.0", "1.9", "2.0rc1", "1.0.post1"], ["0.9", "2.0", "2.0+local"]),
        ([("introduced", "1.0"), ("last_affected", "2.0")], ["1.0", "2.0"], ["2.0.post1"]),
        ([("introduced", "0"), ("fixed", "1.0"), ("introduced", "2.0")], ["0.9", "2.0", "3"], ["1.0", "1.5"]),
        ([("fixed", "1.0"), ("introduced", "0")], ["0.9"], ["1.0"]),
        ([("introduced", "1.0"), ("limit", "2.0")], ["1.5"], ["2.0"]),
        ([("introduced", "1.9"), ("fixed", "1.10")], ["1.9", "1.9.5"], ["1.10", "1.11"]),
    ],
)
def test_events_become_ranges(pairs: list[tuple[str, str]], inside: list[str], outside: list[str]) -> None:
    (one,) = advisories.parse(record(ranges=events(*pairs)), "x")
    names = {package for package, _ in one.ranges}
    admitted = [SpecifierSet(text) for _, text in one.ranges]
    assert names == {"zope-interface"}
    assert all(any(part.contains(version, prereleases=True) for part in admitted) for version in inside)
    assert not any(part.contains(version, prereleases=True) for part in admitted for version in outside)


def test_other_ecosystems_keep_their_purl_and_commits_are_no_releases() -> None:
    data = json.dumps(
        {
            "id": "X-2",
            "modified": "2026",
            "withdrawn": "2026",
            "affected": [
                {"package": {"name": "axios", "ecosystem": "npm", "purl": "pkg:npm/axios"}, "versions": ["1.0"]},
                {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
                {
                    "package": {"name": "a", "ecosystem": "PyPI"},
                    "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}],
                },
            ],
        }
    ).encode()
    (one,) = advisories.parse(data, "x")
    assert [release.purl for release in one.releases] == ["pkg:npm/axios@1.0"]
    assert (one.ranges, one.withdrawn) == ((), True)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (record(ranges=events(("fixed", "1.0"))), "affected[0].ranges[0].events"),
        (record(ranges=events(("introduced", "one"))), "affected[0].ranges[0].events"),
        (record(versions="1.0"), "affected[0].versions"),
        (record(package={"name": "--", "ecosystem": "PyPI"}), "affected[0].package.name"),
    ],
)
def test_a_broken_record_is_shown_with_its_place(data: bytes, place: str) -> None:
    assert advisories.claims(data, "x.json")
    with pytest.raises(InputError) as caught:
        advisories.parse(data, "x.json")
    assert caught.value.place == place


@pytest.mark.parametrize(
    "data", [b"", b"modified affected", b'{"modified": 1, "affected": []}', b"[1, 2]  # modified affected"]
)
def test_other_files_are_not_claimed(data: bytes) -> None:
    assert not advisories.claims(data, "x.json")
