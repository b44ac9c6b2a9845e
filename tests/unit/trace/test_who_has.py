"""Who holds a package: every document that lists it, and whether that is the newest of its service."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.answers import WhoHas
from graphkit.model.documents import Component, Document, DocumentKind
from graphkit.model.errors import UsageError
from graphkit.model.names import service_id
from graphkit.model.organisation import DocumentUse, Service
from graphkit.model.times import Moment, exactly
from graphkit.reports.as_json import who_has_json
from graphkit.reports.table import who_has_table
from graphkit.trace.who_has import who_has
from tests.cases.build import at, document, organisation, use
from tests.property.memory import MemoryReader

LOCK = document("uv.lock", DocumentKind.LOCK, ["lib==1.0", "lib==2.0rc1", "lib==", "lib==odd", "other==9"])


def asked(
    query: str, *documents: Document, uses: Sequence[DocumentUse] | None = None, clock: str | None = None
) -> WhoHas:
    """Return the answer about service `shop`, which uses all documents unless uses say otherwise."""
    told = tuple(use("shop", one) for one in documents) if uses is None else tuple(uses)
    reader = MemoryReader([*documents, organisation(uses=told)])
    return who_has(reader, query, None if clock is None else at(clock))


def releases(answer: WhoHas) -> list[str]:
    return [one.release for one in answer.matches]


# Which rows are asked for


QUERIES: list[tuple[str, list[str]]] = [
    ("lib", ["lib@1.0", "lib@2.0rc1", "lib@?", "lib@odd"]),
    (" LIB ", ["lib@1.0", "lib@2.0rc1", "lib@?", "lib@odd"]),
    ("lib==1", ["lib@1.0", "lib@?"]),  # a row without a version may be it
    ("lib<2", ["lib@1.0", "lib@?"]),  # PEP 440: no pre-release of 2
    ("lib<2.1", ["lib@1.0", "lib@2.0rc1", "lib@?"]),
    ("lib>=1,<2rc1", ["lib@1.0", "lib@?"]),
    ("lib===odd", ["lib@?", "lib@odd"]),
    ("lib!=1.0", ["lib@2.0rc1", "lib@?"]),
    ("pkg:pypi/lib", ["lib@1.0", "lib@2.0rc1", "lib@?", "lib@odd"]),
    ("pkg:pypi/Lib@1.0.0", ["lib@1.0", "lib@?"]),
    ("pkg:pypi/lib@odd", ["lib@?", "lib@odd"]),
    ("pkg:pypi/lib@other", ["lib@?"]),
    ("pkg:npm/lib", []),
    ("nowhere", []),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_a_query_names_a_package_a_range_or_a_purl(query: str, found: list[str]) -> None:
    answer = asked(query, LOCK)
    assert (answer.query, releases(answer)) == (query, found)


def elsewhere(*purls: str) -> Document:
    rows = tuple(
        Component(ref=str(number), name=purl.rpartition("/")[2].partition("@")[0], purl=purl, version="")
        for number, purl in enumerate(purls)
    )
    return replace(document("sbom.json", DocumentKind.SBOM), components=rows)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pkg:npm/%40scope/left", 3),
        ("pkg:npm/@scope%2Fleft", 3),
        ("pkg:npm/%40scope/left@1.0", 2),  # one of them has no version
        ("pkg:npm/%40scope/left@3.0", 1),
        ("pkg:npm/left", 0),
    ],
)
def test_a_purl_of_any_kind_is_compared_as_its_ecosystem_writes_it(query: str, found: int) -> None:
    made = elsewhere("pkg:npm/%40scope/left@1.0", "pkg:npm/%40scope/left@2.0", "pkg:npm/%40scope/left")
    numbered = replace(made, components=tuple(replace(one, name=f"left{one.ref}") for one in made.components))
    assert len(asked(query, numbered).matches) == found


@pytest.mark.parametrize("query", ["", "==1", "lib=1", "a b", "pkg:", "pkg:pypi/a/b", "no/name", "\x1b[31m"])
def test_what_names_no_package_is_refused(query: str) -> None:
    with pytest.raises(UsageError, match="is not a package: give NAME"):
        asked(query, LOCK)


# Who, and in which document


def test_every_service_and_document_has_its_row_in_order() -> None:
    other = document("a.lock", DocumentKind.LOCK, ["lib==3"])
    uses = [use("till", other), use("shop", LOCK), use("shop", other)]
    found = asked("lib>=1.0,!=2.0rc1", LOCK, other, uses=uses).matches
    assert [(one.service, one.document.path, one.release) for one in found] == [
        ("shop", "a.lock", "lib@3"),
        ("shop", "uv.lock", "lib@1.0"),
        ("shop", "uv.lock", "lib@?"),
        ("till", "a.lock", "lib@3"),
    ]
    assert found[0].document.sha256 == other.sha256


def test_a_row_says_that_its_service_is_somebody_elses() -> None:
    theirs = organisation(services=(Service(id=service_id("till"), is_external=True),), uses=(use("till", LOCK),))
    found = who_has(MemoryReader([LOCK, theirs]), "lib", None)
    assert {one.is_external for one in found.matches} == {True}
    assert "till (somebody else's)" in who_has_table(found)
    assert '"external": true' in "".join(who_has_json(found))
    assert "external" not in "".join(who_has_json(asked("lib", LOCK, uses=[use("shop", LOCK)])))


def test_a_document_that_nobody_uses_is_nobodys() -> None:
    assert asked("lib", LOCK, uses=[]).matches == ()


def test_a_row_that_stands_there_twice_is_told_once() -> None:
    assert releases(asked("lib", document("uv.lock", DocumentKind.LOCK, ["lib==1", "lib==1", "lib==1.0"]))) == [
        "lib@1",
        "lib@1.0",
    ]


def test_what_may_or_may_not_be_it_is_counted_in_a_note() -> None:
    unsure = elsewhere("pkg:conda/lib@1", "pkg:generic/lib", "pkg:npm/lib@1")
    bare = replace(document("b.json", DocumentKind.SBOM), components=(Component(ref="0", name="lib"),))
    assert asked("lib", LOCK, unsure, bare).notes == (
        "1 components have no version and may or may not be it",
        "3 components have its name and may or may not be it: lib without a purl, pkg:conda/lib@1, pkg:generic/lib",
    )
    assert asked("other", LOCK).notes == ()
    assert asked("pkg:npm/lib", unsure).notes == ("1 components have no version and may or may not be it",)


def test_of_very_many_names_the_first_are_told() -> None:
    many = elsewhere(*(f"pkg:conda/lib@{number:02}" for number in range(20)))
    (note,) = asked("lib", many).notes
    assert note.startswith("20 components have its name")
    assert note.endswith("pkg:conda/lib@07 and 12 more")


# Whether it is current


def lock(number: int) -> Document:
    return document("uv.lock", DocumentKind.LOCK, [f"lib=={number}"])


def current(*uses: DocumentUse, documents: Sequence[Document], clock: str | None = None) -> list[str]:
    found = asked("lib", *documents, uses=uses, clock=clock).matches
    return [one.release for one in found if one.current]


ONE, TWO = lock(1), lock(2)
FIRST, SECOND = use("shop", ONE, stands_from="08:00"), use("shop", TWO, stands_from="10:00")
CURRENT: list[tuple[str, list[DocumentUse], str | None, list[str]]] = [
    ("the newest of a path", [FIRST, SECOND], None, ["lib@2"]),
    ("whatever the order", [SECOND, FIRST], None, ["lib@2"]),
    ("before it came", [FIRST, SECOND], "09:59", ["lib@1"]),
    ("when it came", [FIRST, SECOND], "10:00", ["lib@2"]),
    ("before all", [FIRST, SECOND], "07:59", []),
    ("other paths", [FIRST, replace(SECOND, path="b/uv.lock")], None, ["lib@1", "lib@2"]),
    ("other branches", [FIRST, replace(SECOND, branch="dev")], None, ["lib@1", "lib@2"]),
    ("equal times", [FIRST, replace(SECOND, stands_from=FIRST.stands_from)], None, ["lib@1", "lib@2"]),
    ("it ended", [FIRST, replace(SECOND, stands_until=exactly(at("11:00")))], None, ["lib@1"]),
    ("it had not ended", [FIRST, replace(SECOND, stands_until=exactly(at("11:00")))], "10:30", ["lib@2"]),
    ("it had just ended", [replace(SECOND, stands_until=exactly(at("11:00")))], "11:00", []),
    (
        "it may not have ended",
        [replace(SECOND, stands_until=Moment(earliest=at("10:30"), latest=at("12:00")))],
        "11:00",
        ["lib@2"],
    ),
    ("an undated one may be", [use("shop", ONE), SECOND], None, ["lib@1", "lib@2"]),
    ("so may it at any time", [use("shop", ONE)], "01:00", ["lib@1"]),
    (
        "a vague start counts from its earliest",
        [replace(FIRST, stands_from=Moment(earliest=at("08:00"), latest=at("12:00")))],
        "09:00",
        ["lib@1"],
    ),
]


@pytest.mark.parametrize(("why", "uses", "clock", "found"), CURRENT, ids=[why for why, *_ in CURRENT])
def test_a_lock_is_current_until_the_next_of_its_path_and_branch(
    why: str, uses: list[DocumentUse], clock: str | None, found: list[str]
) -> None:
    assert current(*uses, documents=[ONE, TWO], clock=clock) == found, why


def sbom(number: int, clock: str | None) -> Document:
    made = document(f"{number}.json", DocumentKind.SBOM, [f"lib=={number}"])
    return replace(made, created=None if clock is None else exactly(at(clock)))


def test_of_build_documents_the_newest_counts_whatever_its_path() -> None:
    old, new, undated = sbom(1, "08:00"), sbom(2, "10:00"), sbom(3, None)
    uses = [use("shop", one) for one in (old, new, undated)]
    assert current(*uses, documents=[old, new, undated]) == ["lib@2", "lib@3"]
    assert current(*uses, documents=[old, new, undated], clock="09:00") == ["lib@1", "lib@3"]


def test_what_a_person_says_of_a_build_goes_before_what_its_document_says() -> None:
    old, new = sbom(1, "08:00"), sbom(2, "10:00")
    uses = [use("shop", old, built_at="12:00"), use("shop", new)]
    assert current(*uses, documents=[old, new]) == ["lib@1"]


def test_documents_that_were_taken_for_services_of_their_own_replace_nothing() -> None:
    old, new = sbom(1, "08:00"), sbom(2, "10:00")
    uses = [replace(use("shop", one), derived=True) for one in (old, new)]
    assert current(*uses, documents=[old, new]) == ["lib@1", "lib@2"]


def test_what_was_read_last_is_the_newest_where_nothing_else_is_known() -> None:
    uses = [use("shop", ONE, read_at="08:00"), use("shop", TWO, read_at="09:00")]
    assert current(*uses, documents=[ONE, TWO]) == ["lib@2"]
