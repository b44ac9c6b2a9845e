"""The documents of a case: which are read whole, what they say in numbers, and which manifests lie where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.aliases import Aliases, PackageAlias
from graphkit.model.documents import ATTESTED, Component, Document, DocumentKind
from graphkit.model.guards import Guards
from graphkit.model.incidents import AccusedFile, CompromisedFile, CompromisedRelease, FileHash, Incident, Undecided
from graphkit.model.names import package_name, service_id
from graphkit.model.organisation import Build, DocumentUse, Organisation, Service
from graphkit.model.times import Moment, exactly
from graphkit.stores.port import Fact
from graphkit.trace.evidence.documents import CaseDocuments
from tests.cases.build import at, compromised, document, incident, manifest, organisation, page, use
from tests.property.asking import cases_of
from tests.property.memory import MemoryReader

BAD = document("bad.lock", DocumentKind.LOCK, ["ok==1", "bad==2"])
CLEAN = document("clean.lock", DocumentKind.LOCK, ["ok==1"])
ACCUSED = incident(compromised("bad", "2", "11:00"), until="13:00")
SHOP = service_id("shop")


def told(*documents: Document, **more: Any) -> Organisation:
    """Return an organisation whose service uses some documents."""
    uses = tuple(use("shop", one) for one in documents)
    return organisation(**{"services": (Service(id=SHOP),), "uses": uses, **more})


def of_case(*facts: Fact, record: Incident = ACCUSED) -> CaseDocuments:
    reader = MemoryReader([record, *facts])
    (case,) = cases_of(reader, [record.id])
    return CaseDocuments(reader, case)


def rows(documents: CaseDocuments, one: Document) -> int:
    return len(documents(one.sha256).components)


# Which are read whole


def test_a_document_is_read_whole_where_a_row_names_something_accused() -> None:
    found = of_case(BAD, CLEAN, told(BAD, CLEAN))
    assert (rows(found, BAD), rows(found, CLEAN)) == (2, 0)
    assert set(found.naming) == {BAD.sha256}
    assert len(found.whole(CLEAN.sha256).components) == 1
    assert found.whole(CLEAN.sha256) is found.whole(CLEAN.sha256)
    assert found.whole(BAD.sha256) is found(BAD.sha256)


def test_bytes_that_the_graph_does_not_keep_are_an_error() -> None:
    found = of_case(BAD)
    with pytest.raises(KeyError):
        found("0" * 64)
    with pytest.raises(KeyError):
        found.whole("0" * 64)


def component(name: str, **more: Any) -> Document:
    row = Component(ref="0", name=name, **more)
    return replace(document(f"{name}.json", DocumentKind.SBOM), components=(row,))


DIGEST = "a" * 64
MATTERS: list[tuple[str, Document, Incident, bool]] = [
    ("by package", component("bad", package=package_name("bad")), ACCUSED, True),
    ("by its name alone", component("Bad"), ACCUSED, True),
    ("another package", component("good", package=package_name("good")), ACCUSED, False),
    ("elsewhere", component("bad", purl="pkg:npm/bad@1"), ACCUSED, False),
    (
        "by the hash of a bad file",
        component("x", sha256=(DIGEST,)),
        incident(
            replace(compromised("bad", "2", None), files=(CompromisedFile(filename="f", sha256=DIGEST),)), until=None
        ),
        True,
    ),
    (
        "by a file of a known package",
        component("x", sha256=(DIGEST,)),
        incident(
            until=None,
            files=(AccusedFile(package=package_name("bad"), hashes=(FileHash("sha256", DIGEST),), is_alone=True),),
        ),
        True,
    ),
    (
        "by what it is imported as",
        component("bad-import", package=package_name("bad-import")),
        replace(ACCUSED, imports=("bad_import.sub",)),
        True,
    ),
]


@pytest.mark.parametrize(("why", "one", "record", "matters"), MATTERS, ids=[why for why, *_ in MATTERS])
def test_which_rows_can_matter(why: str, one: Document, record: Incident, *, matters: bool) -> None:
    found = of_case(one, told(one), record=record)
    assert (rows(found, one) > 0) is matters, why
    assert (found.said(one.sha256) != ()) is matters


ANY: list[tuple[str, Incident]] = [
    ("a release elsewhere", incident(CompromisedRelease(purl="pkg:npm/x@1", package=None, version="1"), until=None)),
    (
        "a file of no package",
        incident(until=None, files=(AccusedFile(hashes=(FileHash("md5", "c" * 32),), is_alone=True),)),
    ),
    ("a bare name", incident(compromised("bad", "2", None), until=None, undecided=(Undecided(name="x", why="y"),))),
]


@pytest.mark.parametrize(("why", "record"), ANY, ids=[why for why, _ in ANY])
def test_what_cannot_be_looked_up_by_name_makes_every_row_matter(why: str, record: Incident) -> None:
    found = of_case(CLEAN, told(CLEAN), record=record)
    assert found.said(CLEAN.sha256) is None, why
    assert rows(found, CLEAN) == 1


def test_an_accusation_of_nothing_asks_for_no_rows() -> None:
    empty = incident(until=None)
    found = of_case(BAD, told(BAD), record=empty)
    assert (dict(found.naming), rows(found, BAD)) == ({}, 0)


def test_an_alias_of_an_accused_package_is_looked_for() -> None:
    aliases = Aliases(packages=(PackageAlias(package=package_name("bad"), purls=("pkg:npm/bad-js",)),))
    one = component("x", purl="pkg:npm/bad-js@1")
    assert rows(of_case(one, told(one, aliases=aliases)), one) == 1
    other = Aliases(packages=(PackageAlias(package=package_name("good"), purls=("pkg:npm/bad-js",)),))
    assert rows(of_case(one, told(one, aliases=other)), one) == 0


# What they say in numbers


def test_documents_that_name_the_same_rows_say_the_same() -> None:
    twins = [document(path, DocumentKind.LOCK, ["ok==1", "bad==2"]) for path in ("a.lock", "b.lock")]
    first = document("c.lock", DocumentKind.LOCK, ["bad==2"])
    other = document("d.lock", DocumentKind.LOCK, ["ok==1", "bad==1"])
    found = of_case(*twins, first, other, told())
    said = [found.said(one.sha256) for one in (*twins, first, other)]
    assert said[0] == said[1]
    assert len(set(said)) == 3  # what stands in the first row may be what a document describes


def test_rows_that_are_found_to_matter_later_are_read() -> None:
    found = of_case(CLEAN, told(CLEAN))
    assert rows(found, CLEAN) == 0
    found.take_up(found.rows_of([package_name("ok")]))
    assert rows(found, CLEAN) == 1
    before = found(CLEAN.sha256)
    found.take_up(found.rows_of([package_name("ok")]))
    assert found(CLEAN.sha256) is before  # nothing new was said


def test_packages_on_the_index_are_those_of_which_a_page_was_read() -> None:
    found = of_case(BAD, page("ok", {"1": "01:00"}), replace(page("gone", {}), found=False), told(BAD))
    asked = [package_name(name) for name in ("ok", "bad", "gone", "nowhere")]
    assert found.on_index(asked) == {"ok"}
    assert found.on_index([]) == set()


def test_only_sboms_describe_something() -> None:
    sbom = replace(document("s.json", DocumentKind.SBOM), subject="shop")
    lock = replace(CLEAN, subject="shop")
    assert of_case(sbom, lock, BAD).subjects([sbom.sha256, lock.sha256, BAD.sha256]) == ["shop", "", ""]


# Manifests of one's own


def project(path: str, subject: str, **more: Any) -> Document:
    return replace(manifest(path, "ok"), subject=subject, **more)


def test_manifests_are_found_by_the_name_of_their_project() -> None:
    core, twin, other = project("a/p.toml", "Acme.Core"), project("b/p.toml", "acme-core"), project("c/p.toml", "x")
    nameless = project("d/p.toml", "")
    sbom = replace(document("s.json", DocumentKind.SBOM), subject="acme-core")
    uses = (*told(core, twin, other, nameless).uses, use("till", core), use("till", sbom), use("till", nameless))
    services = (Service(id=SHOP), Service(id=service_id("till")))
    found = of_case(core, twin, other, nameless, sbom, told(services=services, uses=uses))
    assert sorted(one.path for one in found.manifests_of(package_name("acme-core"))) == ["a/p.toml", "b/p.toml"]
    assert found.manifests_of(package_name("nowhere")) == ()


WORKSPACE = Guards(is_workspace=True)
PLACES: list[tuple[str, str, bool]] = [
    ("pyproject.toml", "a/pyproject.toml", True),
    ("pyproject.toml", "a/b/pyproject.toml", True),
    ("a/pyproject.toml", "a/b/pyproject.toml", True),
    ("a/pyproject.toml", "b/pyproject.toml", False),
    ("a/pyproject.toml", "pyproject.toml", False),
    ("a/pyproject.toml", "ab/pyproject.toml", False),
    ("a/b/pyproject.toml", "a/pyproject.toml", False),
]


@pytest.mark.parametrize(("root", "member", "is_inside"), PLACES)
def test_a_manifest_below_the_root_of_a_workspace_is_in_it(root: str, member: str, *, is_inside: bool) -> None:
    top, inner = project(root, "top", guards=WORKSPACE), project(member, "member")
    assert of_case(top, inner, told(top, inner)).is_in_workspace(inner) is is_inside
    assert not of_case(top, told(top)).is_in_workspace(top)  # its own settings are those of the workspace
    plain = replace(top, guards=None)
    assert not of_case(plain, inner, told(plain, inner)).is_in_workspace(inner)


def used(of: Document, path: str, repository: str) -> DocumentUse:
    return replace(use("shop", of), path=path, repository=repository)


@pytest.mark.parametrize(("repository", "is_inside"), [("r", True), ("s", False)])
def test_a_workspace_ends_with_its_repository(repository: str, *, is_inside: bool) -> None:
    top = project("elsewhere/top.toml", "top", guards=WORKSPACE)
    inner = project("other/member.toml", "member")
    uses = (used(top, "pyproject.toml", "r"), used(inner, "a/pyproject.toml", repository))
    assert of_case(top, inner, told(uses=uses)).is_in_workspace(inner) is is_inside


# What was taken as it is


VAGUE = Moment(earliest=at("10:00"), latest=at("12:00"))
BLURRED: list[tuple[str, dict[str, Moment], dict[str, Moment] | None, list[str]]] = [
    ("nothing is said", {}, None, []),
    ("precise", {"built_at": exactly(at("12:00"))}, {"at": exactly(at("12:00"))}, []),
    ("a use", {"stands_from": VAGUE}, None, ["shop"]),
    ("when it was read", {"read_at": VAGUE}, None, ["shop"]),
    ("when it was built", {"built_at": VAGUE}, None, ["shop"]),
    ("a build", {}, {"at": VAGUE}, ["shop"]),
    ("the end of a build", {}, {"at": exactly(at("12:00")), "ended": VAGUE}, ["shop"]),
]


@pytest.mark.parametrize(("why", "times", "build", "services"), BLURRED, ids=[why for why, *_ in BLURRED])
def test_services_of_which_a_time_is_vague_are_told(
    why: str, times: dict[str, Moment], build: dict[str, Moment] | None, services: list[str]
) -> None:
    builds = () if build is None else (Build(service=SHOP, **build),)  # type: ignore[arg-type]  # times by name
    uses = (replace(use("shop", CLEAN), **times),)
    assert of_case(CLEAN, told(uses=uses, builds=builds)).imprecise() == services, why


def test_an_attestation_counts_once_it_was_read() -> None:
    attested = replace(BAD, format=f"x{ATTESTED}")
    found = of_case(attested, CLEAN, told(attested))
    assert not found.has_attested()
    found(CLEAN.sha256)
    assert not found.has_attested()
    found(attested.sha256)
    assert found.has_attested() is True


def test_indexes_are_told_that_documents_name_for_an_accused_package() -> None:
    def indexed(rows: Sequence[str], *indexes: str) -> Document:
        made = document("i.lock", DocumentKind.LOCK, rows)
        components = zip(made.components, indexes, strict=True)
        return replace(made, components=tuple(replace(row, index=index) for row, index in components))

    one = indexed(["bad==2", "bad==1", "ok==1"], "https://a.example", "", "https://b.example")
    found = of_case(one, told(one))
    assert list(found.mirrors()) == []  # nothing was read
    found(one.sha256)
    assert list(found.mirrors()) == ["https://a.example"]
