from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from graphkit.model.errors import InputError
from graphkit.model.incidents import Incident
from graphkit.sources.advisories import osv


def record(**affected: object) -> bytes:
    package = {"name": "Zope.Interface", "ecosystem": "PyPI"}
    return json.dumps(
        {"id": "X-1", "modified": "2026-03-24T00:00:00Z", "affected": [{"package": package, **affected}]}
    ).encode()


def test_every_sample_is_read(shared: Path) -> None:
    found = 0
    for path in sorted((shared / "samples" / "osv-advisories").iterdir()):
        data = path.read_bytes()
        assert osv.claims(data), path.name
        (one,) = osv.parse(data)
        assert one.advisory
        assert one.releases or one.ranges, path.name
        found += 1
    assert found


def test_the_litellm_record(shared: Path) -> None:
    (path,) = (shared / "samples" / "osv-advisories").glob("*PYSEC-2026-2.yaml")
    (one,) = osv.parse(path.read_bytes())
    assert (one.id, [release.version for release in one.releases]) == ("PYSEC-2026-2", ["1.82.7", "1.82.8"])
    assert one.ranges == (("litellm", ">=1.82.7,<=1.82.8"),)


def events(*pairs: tuple[str, str]) -> list[dict[str, object]]:
    return [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in pairs]}]


@pytest.mark.parametrize(
    ("pairs", "inside", "outside"),
    [
        ([("introduced", "1.0"), ("fixed", "2.0")], ["1.0", "1.9", "2.0rc1", "1.0.post1"], ["0.9", "2.0", "2.0+local"]),
        ([("introduced", "1.0"), ("last_affected", "2.0")], ["1.0", "2.0"], ["2.0.post1"]),
        ([("introduced", "0"), ("fixed", "1.0"), ("introduced", "2.0")], ["0.9", "2.0", "3"], ["1.0", "1.5"]),
        ([("fixed", "1.0"), ("introduced", "0")], ["0.9"], ["1.0"]),
        ([("introduced", "1.0"), ("limit", "2.0")], ["1.5"], ["2.0"]),
        ([("introduced", "1.9"), ("fixed", "1.10")], ["1.9", "1.9.5"], ["1.10", "1.11"]),
    ],
)
def test_events_become_ranges(pairs: list[tuple[str, str]], inside: list[str], outside: list[str]) -> None:
    (one,) = osv.parse(record(ranges=events(*pairs)))
    names = {package for package, _ in one.ranges}
    admitted = [SpecifierSet(text) for _, text in one.ranges]
    assert names == {"zope-interface"}
    assert all(any(part.contains(version, prereleases=True) for part in admitted) for version in inside)
    assert not any(part.contains(version, prereleases=True) for part in admitted for version in outside)


def parse(**affected: object) -> Incident:
    (one,) = osv.parse(record(**affected))
    return one


def elsewhere(name: str, ecosystem: str, **affected: object) -> Incident:
    return parse(package={"name": name, "ecosystem": ecosystem}, **affected)


GIT = [{"type": "GIT", "repo": "https://git.example/x", "events": [{"introduced": "0"}]}]


def test_a_range_from_the_beginning_without_an_end_is_every_version() -> None:
    one = parse(ranges=events(("introduced", "0")))
    assert (one.every, one.ranges, one.undecided) == (("pkg:pypi/zope-interface",), (), ())
    one = elsewhere("evil-js", "npm", ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}]}])
    assert (one.every, one.undecided) == (("pkg:npm/evil-js",), ())


def test_beside_versions_it_leaves_the_others_open() -> None:
    one = parse(ranges=events(("introduced", "0")), versions=["1.0"])
    assert ([r.version for r in one.releases], one.every, one.ranges) == (["1.0"], (), ())
    assert [doubt.package for doubt in one.undecided] == ["zope-interface"]
    one = parse(ranges=events(("introduced", "0"), ("fixed", "2.0")), versions=["1.0"])
    assert (len(one.releases), len(one.ranges), one.undecided) == (1, 1, ())


@pytest.mark.parametrize(
    ("affected", "why"),
    [
        ({"versions": ["*"]}, "'*' names no release"),
        ({"versions": [" "]}, "names no release"),
        ({"versions": ["1.*"]}, "names no release"),
        ({"versions": []}, "empty list"),
        ({}, "without versions or ranges"),
        ({"ranges": GIT}, "commits"),
        ({"ranges": events(("introduced", "one"))}, "not a public version"),
        ({"ranges": events(("introduced", "1.0"), ("last_affected", "2.0+acme"))}, "not a public version"),
        ({"ranges": events(("fixed", "1.0"))}, "without an `introduced`"),
        ({"ranges": events()}, "without an `introduced`"),
        (
            {"package": {"name": "zope.interface", "ecosystem": "PyPI", "purl": "pkg:pypi/Zope.Interface@5.0"}},
            "without",
        ),
        ({"package": {"purl": "pkg:pypi/zope-interface"}}, "without"),
    ],
)
def test_an_entry_that_decides_nothing_leaves_its_package_open(affected: dict[str, object], why: str) -> None:
    one = parse(**affected)
    assert (one.decides_nothing, [doubt.package for doubt in one.undecided]) == (True, ["zope-interface"])
    assert why in one.why_undecided
    assert one.notes == (one.undecided[0].why,)


def test_a_range_that_cannot_be_read_leaves_open_what_versions_do_not_say() -> None:
    one = parse(versions=["1.0"], ranges=events(("introduced", "one")))
    assert (len(one.releases), len(one.undecided), one.decides_nothing) == (1, 1, False)
    one = parse(versions=["1.0"], ranges=GIT)  # the same said of a repository
    assert (len(one.releases), one.undecided) == (1, ())
    one = elsewhere("axios", "npm", ranges=[{"type": "SEMVER", "events": [{"introduced": "1.0"}, {"fixed": "1.1"}]}])
    assert [(doubt.purl, "order" in doubt.why) for doubt in one.undecided] == [("pkg:npm/axios", True)]


@pytest.mark.parametrize(
    ("name", "ecosystem", "purl"),
    [
        ("@scope/name", "npm", "pkg:npm/%40scope/name@1.0"),
        ("org.acme:lib", "Maven", "pkg:maven/org.acme/lib@1.0"),
        ("example.org/a/b", "Go", "pkg:golang/example.org/a/b@1.0"),
        ("serde", "crates" + ".io", "pkg:cargo/serde@1.0"),
        ("rack", "RubyGems", "pkg:gem/rack@1.0"),
        ("xz-utils", "Debian:12", "pkg:deb/debian/xz-utils@1.0"),
        ("Zope.Interface", "pypi", "pkg:pypi/zope-interface@1.0"),
    ],
)
def test_a_package_is_named_by_the_purl_of_its_ecosystem(name: str, ecosystem: str, purl: str) -> None:
    one = elsewhere(name, ecosystem, versions=["1.0"])
    assert ([release.purl for release in one.releases], one.undecided) == ([purl], ())


def test_a_package_given_by_purl_alone_is_read() -> None:
    assert [r.purl for r in parse(package={"purl": "pkg:pypi/Zope.Interface"}, versions=["5.0"]).releases] == [
        "pkg:pypi/zope-interface@5.0"
    ]
    one = parse(package={"purl": "pkg:npm/axios", "ecosystem": "npm"}, versions=["1.0"])
    assert [r.purl for r in one.releases] == ["pkg:npm/axios@1.0"]


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ({"name": "--", "ecosystem": "PyPI"}, "--"),
        ({"name": "thing", "ecosystem": "Never Heard"}, "thing"),
        ({"name": "thing"}, "thing"),
        ({"name": "", "ecosystem": "PyPI"}, ""),
        (None, ""),
    ],
)
def test_a_name_that_is_no_package_leaves_the_name_open(package: dict[str, str] | None, name: str) -> None:
    one = parse(package=package, versions=["1.0"])
    assert (one.releases, one.decides_nothing) == ((), True)
    assert [(doubt.package, doubt.purl, doubt.name) for doubt in one.undecided] == [(None, "", name)]


def test_a_purl_that_is_another_package_than_the_name_is_open() -> None:
    one = parse(package={"name": "a", "ecosystem": "PyPI", "purl": "pkg:pypi/b"}, versions=["1.0"])
    assert [r.package for r in one.releases] == ["a"]
    assert [doubt.package for doubt in one.undecided] == ["b"]
    one = parse(package={"name": "a", "ecosystem": "PyPI", "purl": "not a purl"}, versions=["1.0"])
    assert (len(one.releases), one.undecided) == (1, ())


SHA1, SHA256 = "a" * 40, "b" * 64


@pytest.mark.parametrize(
    ("iocs", "found"),
    [
        ({"files": [{"filename": "x.pth", "sha256": SHA256}]}, [("x.pth", [("sha256", SHA256)])]),
        (
            {"hashes": {"sha256": [SHA256.upper()], "sha-1": [SHA1]}},
            [("", [("sha256", SHA256)]), ("", [("sha1", SHA1)])],
        ),
        ({"file_hashes": [f"sha256:{SHA256}"]}, [("", [("sha256", SHA256)])]),
        ({"md5": "c" * 32}, [("", [("md5", "c" * 32)])]),
        ({"files": ["x.pth"], "domains": ["bad.example"], "urls": ["https://bad.example/x.pth"]}, [("x.pth", [])]),
        ({"md5": SHA256, "files": [7, None, ["", {"deep": []}]]}, []),
        ("text", []),
    ],
)
def test_indicators_are_files(iocs: object, found: list[object]) -> None:
    one = parse(versions=["1.0"], database_specific={"iocs": iocs})
    assert [(file.filename, [tuple(h) for h in file.hashes]) for file in one.files] == found
    assert all(file.package == "zope-interface" and not file.is_alone for file in one.files)


def test_indicators_without_versions_are_what_is_accused() -> None:
    one = parse(database_specific={"iocs": {"sha256": [SHA256]}})
    assert [(file.package, file.is_alone) for file in one.files] == [("zope-interface", True)]
    assert (one.undecided, one.decides_nothing) == ((), False)
    wheel = "zope_interface-5.0-py3-none-any.whl"
    one = parse(database_specific={"iocs": {"files": [{"name": wheel, "sha256": SHA256}]}})
    assert [(r.version, r.whole, r.files[0].sha256) for r in one.releases] == [("5.0", False, SHA256)]
    one = parse(database_specific={"iocs": {"files": ["x.pth"]}})
    assert (one.decides_nothing, len(one.undecided)) == (True, 1)


def test_a_file_beside_versions_is_of_its_release_or_of_one_that_is_bad_in_part() -> None:
    files = [
        {"path": "dist/zope_interface-5.0-py3-none-any.whl", "sha256": SHA256},
        {"name": "zope_interface-6.0.tar.gz", "sha1": SHA1},
        {"name": "other-1.0.tar.gz", "sha256": SHA256},
    ]
    one = parse(versions=["5.0"], database_specific={"iocs": files})
    assert [(r.version, r.whole, [f.sha256 for f in r.files]) for r in one.releases] == [
        ("5.0", True, [SHA256]),
        ("6.0", False, [""]),
    ]
    assert [[h.algorithm for h in file.hashes] for file in one.files] == [["sha1"], ["sha256"]]


def test_versions_of_one_written_differently_are_in_the_order_of_the_schema() -> None:
    assert parse(ranges=events(("introduced", "1.0.0"), ("fixed", "1.0"))).ranges == (
        ("zope-interface", ">=1.0.0,<=1.0,!=1.0"),
    )


def test_indicators_of_a_record_are_of_its_package_where_it_has_one() -> None:
    data = json.loads(record(versions=["1.0"]))
    data["database_specific"] = {"iocs": {"sha256": [SHA256]}}
    (one,) = osv.parse(json.dumps(data).encode())
    assert [file.package for file in one.files] == ["zope-interface"]
    del data["affected"][0]["versions"]
    (one,) = osv.parse(json.dumps(data).encode())
    assert [(file.package, file.is_alone) for file in one.files] == [("zope-interface", True)]
    assert one.undecided == ()
    data["affected"].append({"package": {"name": "b", "ecosystem": "PyPI"}, "versions": ["1.0"]})
    (one,) = osv.parse(json.dumps(data).encode())
    assert [(file.package, file.is_alone) for file in one.files] == [(None, False)]
    assert [doubt.package for doubt in one.undecided] == ["zope-interface"]
    data["affected"] = []
    (one,) = osv.parse(json.dumps(data).encode())
    assert [(file.package, file.is_alone) for file in one.files] == [(None, True)]


def test_a_withdrawn_record_says_so() -> None:
    data = json.loads(record(versions=["1.0"])) | {"withdrawn": "2026-03-25T00:00:00Z"}
    assert osv.parse(json.dumps(data).encode())[0].withdrawn


def test_a_record_of_another_shape_is_shown_with_its_place() -> None:
    data = record(versions="1.0")
    assert osv.claims(data)
    with pytest.raises(InputError) as caught:
        osv.parse(data)
    assert caught.value.place == "affected[0].versions"


@pytest.mark.parametrize(
    "data", [b"", b"modified affected", b'{"modified": 1, "affected": []}', b"[1, 2]  # modified affected"]
)
def test_other_files_are_not_claimed(data: bytes) -> None:
    assert not osv.claims(data)
