"""What one document says of a case, whatever its date: what it shows, and which obligations it meets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Obligation, Step
from graphkit.model.documents import (
    ATTESTED,
    DENIES_ITSELF,
    SAYS_COMPLETE,
    Basis,
    Completeness,
    Component,
    Document,
    DocumentKind,
    Edge,
    Problem,
)
from graphkit.model.incidents import AccusedFile, FileHash
from graphkit.model.names import package_name
from graphkit.model.organisation import CompleteFrom, Organisation
from graphkit.model.ranks import Verdict
from graphkit.trace.case import resolve
from graphkit.trace.evidence.accusation import Accusation, Carrier, accuse
from graphkit.trace.verdicts.clearance import OpenObligation
from graphkit.trace.verdicts.listings import Finding, Words, read_listing, subject_of
from tests.cases.build import compromised, document, incident

SILENT = Words()


def accused(**more: Any) -> Accusation:
    (case,) = resolve(
        [incident(compromised("bad", "2", "11:00"), until="13:00", **more)], ["case-1"], None, lambda _: ()
    )
    return accuse(case, Organisation())


def listing(*rows: str, **more: Any) -> Document:
    made = document("sbom.json", DocumentKind.SBOM, rows)
    return replace(made, **{"completeness": Completeness.COMPLETE, **more})


def read(told: Document, words: Words = SILENT, against: Accusation | None = None) -> Finding:
    return read_listing(told, against or accused(), words)


def open_of(found: Finding) -> dict[Obligation, str]:
    return {one.obligation: one.text for one in found.steps if isinstance(one, OpenObligation)}


# What it shows


def test_the_worst_row_decides_and_all_that_are_shown_are_kept() -> None:
    told = document("uv.lock", DocumentKind.LOCK, ["ok==1", "bad==2", "bad==2.0"])
    optional = replace(
        told, components=(told.components[0], replace(told.components[1], optional=True), told.components[2])
    )
    found = read(optional)
    assert (found.verdict, found.basis, found.reason) == (Verdict.OBSERVED, Basis.LOCKED, "uv.lock lists bad 2.0")
    assert found.shown == {(package_name("bad"), "2")}
    assert (found.may_show, found.is_subject, found.is_clean) == (True, False, False)


def test_of_rows_that_are_as_bad_the_first_decides() -> None:
    told = replace(
        document("uv.lock", DocumentKind.LOCK, ["bad==2", "bad==2.0"]), places=("p[0]", "p[1]"), lines=(3, 7)
    )
    assert read(told).reason == "uv.lock lists bad 2 at line 3"
    assert read(told).line == 3


@pytest.mark.parametrize(
    ("places", "lines", "shown"),
    [
        ((), (), ""),
        (("package[0]", "package[1]"), (), " at package[1]"),
        (("package[0]", "package[1]"), (4, 9), " at line 9"),
        (("package[0]", "package[1]"), (1,), " at package[1]"),  # all of it is in one line
        (("package[0]", "package[1]"), (4, 0), " at package[1]"),
    ],
)
def test_the_place_of_the_row_is_told_as_far_as_it_is_known(
    places: tuple[str, ...], lines: tuple[int, ...], shown: str
) -> None:
    told = replace(document("uv.lock", DocumentKind.LOCK, ["ok==1", "bad==2"]), places=places, lines=lines)
    assert read(told).reason == f"uv.lock lists bad 2{shown}"


def path(told: Document, against: Accusation | None = None) -> list[str]:
    (found,) = read(told, against=against).paths
    return [step.node for step in found]


def joined(told: Document, *pairs: str, roots: Sequence[str] = ("0",)) -> Document:
    edges = tuple(Edge(source=pair[0], target=pair[1]) for pair in pairs)
    return replace(told, edges=edges, roots=tuple(roots))


@pytest.mark.parametrize(
    ("told", "nodes"),
    [
        (listing("bad==2"), ["sbom.json", "bad@2"]),
        (joined(listing("shop==1", "mid==3", "bad==2"), "01", "12"), ["shop@1", "mid@3", "bad@2"]),
        (joined(listing("shop==1", "mid==3", "bad==2"), "01", "12", "02"), ["shop@1", "bad@2"]),  # a shortest one
        (joined(listing("shop==1", "mid==3", "bad==2"), "12"), ["sbom.json", "bad@2"]),  # nothing leads to it
        (joined(listing("shop==1", "bad==2"), "01", "10"), ["shop@1", "bad@2"]),
        (joined(listing("shop==", "bad==2"), "01"), ["shop", "bad@2"]),
        (joined(listing("bad==2", "ok==1"), "01"), ["sbom.json", "bad@2"]),  # a root that is no subject
    ],
)
def test_the_way_to_a_row_inside_its_document(told: Document, nodes: list[str]) -> None:
    assert path(told) == nodes


def test_the_way_goes_on_into_the_document_of_what_the_row_names() -> None:
    carrier = Carrier(
        verdict=Verdict.OBSERVED,
        reason="and its own core.json lists bad 2",
        path=(Step(node="core@1", why="core.json"), Step(node="bad@2", why="core@1 depends on it")),
        shown=frozenset({(package_name("bad"), "2")}),
    )
    against = replace(accused(), carriers={package_name("core"): {"1": carrier}})
    (found,) = read(listing("core==1"), against=against).paths
    assert [step.node for step in found] == ["sbom.json", "core@1", "bad@2"]
    assert found[1].why.endswith("; core.json")
    other = replace(carrier, path=(Step(node="elsewhere@1", why="x"),))
    against = replace(against, carriers={package_name("core"): {"1": other}})
    assert path(listing("core==1"), against) == ["sbom.json", "core@1", "elsewhere@1"]


def test_what_a_document_describes_is_told_apart_from_what_it_lists() -> None:
    own = replace(listing("bad==2", "ok==1"), subject="bad", roots=("0",))
    found = read(own)
    assert (found.verdict, found.is_subject, found.may_show) == (None, True, False)
    assert open_of(found)[Obligation.ROWS].startswith("sbom.json describes bad 2 itself; what its users installed")
    other = replace(
        own,
        subject="bad",
        roots=("0",),
        components=(*own.components, *listing("x==1", "y==1", "bad==2").components[2:]),
    )
    assert read(other).verdict is Verdict.OBSERVED
    assert subject_of(replace(own, subject="")) is None
    assert subject_of(replace(own, roots=())) is None
    assert subject_of(replace(own, subject="other")) is None


def test_a_file_of_any_package_is_not_what_a_document_describes() -> None:
    anything = accused(files=(AccusedFile(hashes=(FileHash("sha256", "a" * 64),), is_alone=True),))
    own = replace(listing("shop==1"), subject="shop", roots=("0",))
    assert Obligation.ROWS not in open_of(read(own, against=anything))
    assert Obligation.ROWS in open_of(read(listing("shop==1"), against=anything))


# What it proves


def test_a_clean_listing_meets_all_that_a_listing_can() -> None:
    found = read(listing("ok==1", "bad==1"))
    assert found.is_clean
    assert found.reason == "sbom.json is complete and lists bad 1"
    assert [one.obligation for one in found.steps] == [
        Obligation.ROWS,
        Obligation.INSTALLED,
        Obligation.COMPLETE,
        Obligation.READ_WHOLE,
        Obligation.FOLDER,
    ]
    assert read(listing("ok==1")).reason == "sbom.json is complete and lists no bad"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (DocumentKind.SBOM, "x.json records a build"),
        (DocumentKind.LOCK, "x.json is a lock"),
        (DocumentKind.ENVIRONMENT, "x.json records what was installed"),
    ],
)
def test_what_it_records_is_of_its_kind(kind: DocumentKind, words: str) -> None:
    told = replace(document("x.json", kind, ["ok==1"]), completeness=Completeness.COMPLETE)
    texts = [one.text for one in read(told).steps]
    assert words in texts
    attested = replace(told, format=f"x{ATTESTED}")
    assert f"{words}, by an attestation whose signature was not checked" in [one.text for one in read(attested).steps]


OPEN: list[tuple[dict[str, Any], set[Obligation]]] = [
    ({}, set()),
    ({"completeness": Completeness.UNKNOWN}, {Obligation.COMPLETE}),
    ({"completeness": Completeness.INCOMPLETE}, {Obligation.COMPLETE, Obligation.READ_WHOLE}),
    (
        {"completeness": Completeness.INCOMPLETE, "kind": DocumentKind.ENVIRONMENT},
        {Obligation.COMPLETE, Obligation.READ_WHOLE, Obligation.FOLDER},
    ),
    ({"basis": Basis.LISTED}, {Obligation.INSTALLED}),
    ({"basis": Basis.LISTED, "kind": DocumentKind.LOCK}, set()),
    ({"covers_python": False}, {Obligation.ROWS}),
    ({"not_covered": (package_name("bad"),)}, {Obligation.COMPLETE}),
    ({"complete_under": "pip"}, {Obligation.COMPLETE}),
]


@pytest.mark.parametrize(("more", "obligations"), OPEN)
def test_what_a_document_leaves_open(more: dict[str, Any], obligations: set[Obligation]) -> None:
    assert open_of(read(listing("ok==1", **more))).keys() == obligations


def test_a_document_that_is_complete_under_one_installer_needs_the_word_that_it_is_used() -> None:
    told = listing("ok==1", complete_under="pip")
    assert open_of(read(told, Words(resolver="uv")))[Obligation.COMPLETE].startswith(
        "sbom.json is complete under pip alone, and nothing says that pip installs it"
    )
    assert read(told, Words(resolver="pip")).is_clean


WORDS: list[tuple[dict[str, Any], Words, bool]] = [
    ({}, Words(), False),
    ({}, Words(is_complete=True), True),
    ({"problems": (Problem(place="", text=f"{SAYS_COMPLETE}no"),)}, Words(is_complete=True), False),
    ({"completeness": Completeness.INCOMPLETE}, Words(is_complete=True), False),  # it says otherwise itself
    ({"generator": ("syft 1.2",)}, Words(complete_from=(CompleteFrom(tool="syft"),)), True),
    ({"generator": ("Syft",)}, Words(complete_from=(CompleteFrom(tool="SYFT"),)), True),
    ({"generator": ("syft 1.2",)}, Words(complete_from=(CompleteFrom(tool="trivy"), CompleteFrom(tool="syft"))), True),
    ({"generator": ("syft 1.2",)}, Words(complete_from=(CompleteFrom(tool="trivy"),)), False),
    (
        {"generator": ("cyclonedx maven plugin 2.7",)},
        Words(complete_from=(CompleteFrom(tool="cyclonedx maven plugin"),)),
        True,
    ),
    ({"generator": ()}, Words(complete_from=(CompleteFrom(tool=""),)), False),
    ({"generator": ("syft 1.2",)}, Words(complete_from=(CompleteFrom(tool="syft", source="image"),)), True),
    (
        {"generator": ("syft 1.2",), "source_kind": "directory"},
        Words(complete_from=(CompleteFrom(tool="syft", source="image"),)),
        False,
    ),
    (
        {"generator": ("syft 1.2",), "source_kind": "image"},
        Words(complete_from=(CompleteFrom(tool="syft", source="image"),)),
        True,
    ),
]


@pytest.mark.parametrize(("more", "words", "is_complete"), WORDS)
def test_the_organisation_may_say_what_is_complete(more: dict[str, Any], words: Words, *, is_complete: bool) -> None:
    told = listing("ok==1", **{"completeness": Completeness.UNKNOWN, **more})
    found = read(told, words)
    assert (Obligation.COMPLETE not in open_of(found)) is is_complete
    if is_complete:
        (said,) = [one for one in found.steps if one.obligation is Obligation.COMPLETE]
        assert not isinstance(said, OpenObligation)
        assert said.word


def test_why_a_document_is_not_taken_for_complete_is_told() -> None:
    def why(**more: Any) -> str:
        return open_of(read(listing("bad==1", **{"completeness": Completeness.INCOMPLETE, **more})))[
            Obligation.COMPLETE
        ]

    odd = Problem(place="a[0]", text="x is y")
    assert why(completeness=Completeness.UNKNOWN) == (
        "sbom.json holds bad 1, but does not say that it is complete; a lock file or an environment listing of that "
        "build would settle it"
    )
    assert "holds bad 1, but says that it is not complete;" in why()
    assert "says that it is not complete, or was not read completely (a[0]: x is y);" in why(problems=(odd,))
    assert "(a[0]: x is y, one of 41 problems)" in why(problems=(odd, replace(odd, count=40)))
    cut = Problem(place="line 9", text="not read: the rest of it")
    assert "holds bad 1, but was not read completely (line 9: the rest of it, one of 2 problems);" in why(
        problems=(odd, cut)
    )
    assert "holds bad 1, but says that it is not complete;" in why(problems=(Problem(place="x", text=DENIES_ITSELF),))
    environment = why(problems=(odd,), kind=DocumentKind.ENVIRONMENT)
    assert "holds bad 1, but was not read completely (a[0]: x is y);" in environment


def test_a_row_that_may_be_it_is_told_with_the_file_that_it_was_made_from() -> None:
    folder = replace(
        document("venv", DocumentKind.ENVIRONMENT, ["bad=="]),
        places=("lib/bad.py",),
        completeness=Completeness.COMPLETE,
    )
    assert open_of(read(folder))[Obligation.ROWS].startswith("venv, at lib/bad.py: it lists bad without a version")
    sbom = replace(listing("bad=="), places=("components[0]",))
    assert open_of(read(sbom))[Obligation.ROWS].startswith("sbom.json: it lists bad without a version")


def test_a_listing_of_another_ecosystem_has_to_have_rows_of_it() -> None:
    npm = replace(compromised("bad", "2", None), purl="pkg:npm/left@1", package=None, version="1")
    (case,) = resolve([incident(npm, until="13:00")], ["case-1"], None, lambda _: ())
    against = accuse(case, Organisation())
    assert "says nothing of pkg:npm components" in open_of(read(listing("ok==1"), against=against))[Obligation.ROWS]
    row = Component(ref="9", name="right", purl="pkg:npm/right@1", version="1")
    both = listing("ok==1")
    assert read(replace(both, components=(*both.components, row)), against=against).is_clean
