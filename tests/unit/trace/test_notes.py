"""The footnotes of an answer: what is uncertain, unread or left out is said, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from msgspec.structs import replace

from graphkit.model.documents import ATTESTED, DocumentKind
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.index import Hidden
from graphkit.model.names import package_name, service_id
from graphkit.model.organisation import Service
from graphkit.model.times import Moment
from graphkit.stores import port
from graphkit.stores.port import Fact
from graphkit.trace.case_answer import Question, answer, worlds_of
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.notes import footnotes, some
from graphkit.trace.verdicts.packages import package_rows
from graphkit.trace.verdicts.ranking import Unwalked
from tests.cases.build import at, compromised, document, incident, organisation, package, page, use
from tests.property.asking import cases_of
from tests.property.memory import MemoryReader

BAD: Sequence[Fact] = tuple(package("bad", {"1": ("01:00", []), "2": ("11:00", [])}))
ACCUSED = compromised("bad", "2", "11:00")
RECORD = incident(ACCUSED, until="13:00")
APP: Sequence[Fact] = tuple(package("app", {"1": ("01:00", ["bad"])}))


def notes(
    *facts: Fact, record: Incident = RECORD, reader_of: type[MemoryReader] = MemoryReader, **changed: Any
) -> list[str]:
    """Return the footnotes of an answer to a case; ``changed`` are fields of what was exposed."""
    reader = reader_of([record, *facts])
    (case,) = cases_of(reader, [record.id])
    question = Question(targets=(record.id,))
    documents = CaseDocuments(reader, case)
    view = answer(case, question, documents, worlds_of(reader, case, question, reader.evidence().organisation()))
    for account in documents.services:
        for one in account.uses:
            documents(one.document)
    exposed = package_rows(view.world, view.reach, view.targets, question.effort)
    return list(footnotes(view, replace(exposed, **changed), documents))


BUILDS = "build requirements (PEP 518) of source distributions were not read; an install that builds may pull more"


def test_an_answer_that_leaves_nothing_out_has_no_footnote() -> None:
    assert notes(*BAD) == []
    assert notes(*BAD, *APP) == [BUILDS]


@pytest.mark.parametrize(("names", "shown"), [([], ""), (["a"], "a"), (list("abcdefgh"), "a, b, c, d, e, f, g, h")])
def test_the_first_names_are_shown(names: list[str], shown: str) -> None:
    assert some(names) == shown
    assert some([*"abcdefgh", "i"]) == "a, b, c, d, e, f, g, h and 1 more"


def test_accused_releases_that_the_index_does_not_have_are_named() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1", listed_from=at("11:00"))
    record = incident(compromised("gone", "9", "11:00"), npm, until="13:00")
    reader = MemoryReader([record, organisation()])
    assert reader.package_ids(["gone"])[0] >= 0  # an incident makes it a ghost that is known
    told = notes(*BAD, record=record)
    assert "pkg:npm/left@1 is not a Python package: only documents can show it" in told


def test_a_walk_that_was_stopped_is_told_first_of_what_was_done() -> None:
    (told, *_) = notes(*BAD, *APP, stopped=(1_000, 2_000))
    assert told.startswith("PARTIAL: stopped when 1,000 of 2,000 packages were walked; services and companies are")


LEFT: list[tuple[Unwalked, str]] = [
    (Unwalked(nominated=1_000), "1,000 nominated by single choices; --limit"),
    (Unwalked(admitted=2, older=3), "2 reached by what ranges allow, 3 reached by older releases at most; --limit"),
    (
        Unwalked(nominated=1, admitted=2, older=3),
        "1 nominated by single choices, 2 reached by what ranges allow, 3 reached by older releases at most; --limit",
    ),
]


@pytest.mark.parametrize(("left", "said"), LEFT)
def test_packages_that_were_not_walked_are_counted(left: Unwalked, said: str) -> None:
    (told, _) = notes(*BAD, *APP, unwalked=left)
    assert told.startswith(f"not walked, so neither confirmed nor listed: {said} walks more")


def test_what_was_nominated_and_not_confirmed_or_not_read_is_named() -> None:
    told = notes(*BAD, *APP, unconfirmed=("barred", "other"), unread=("lost",))
    assert told[:2] == [
        "one range by itself lets an install of these take it, all their ranges together do not: barred, other",
        "what these packages require was not read, so what they pull in is not known: lost",
    ]


def test_what_the_walk_does_not_confirm_is_named_by_itself() -> None:
    barred = package("barred", {"1": ("01:00", ["app", "bad<2"])})
    assert any("all their ranges together do not: barred" in one for one in notes(*BAD, *APP, *barred))


def test_packages_that_only_older_releases_expose_are_counted() -> None:
    older = package("older", {"1": ("01:00", ["bad"]), "2": ("02:00", [])})
    assert notes(*BAD, *older)[-1] == (
        "1 packages are reached by older releases alone, which a fresh install does not take: older"
    )


def test_packages_of_uncertain_times_are_named() -> None:
    unsure = package("unsure", {"1": ("01:00", []), "2": (None, ["bad"])})
    told = next(one for one in notes(*BAD, *unsure) if "upload or yank times" in one)
    assert told.startswith("some upload or yank times of unsure are not known; what is reached only if they were")


def test_a_release_with_the_requirements_of_another_is_named() -> None:
    without = package("bad", {"1": ("01:00", ["app"])})
    (told, *_) = notes(*without, *package("app", {"1": ("01:00", [])}))
    assert told == ("nobody kept what bad 2 required; the requirements of the nearest earlier release are taken for it")


# A project that is gone


GONE = replace(
    RECORD,
    readings=(
        replace(
            RECORD.readings[0],
            hidden=(Hidden(package=package_name("bad"), start=at("12:00"), until=at("12:30"), why="quarantine"),),
        ),
    ),
)


def stuck(*facts: Fact, record: Incident = GONE) -> list[str]:
    return [one for one in notes(*facts, record=record) if one.startswith("from ")]


def test_where_no_release_is_listed_what_needs_one_is_unresolvable() -> None:
    facts = [
        *BAD,
        *APP,
        *package("far", {"1": ("01:00", ["app"])}),
        *package("free", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}),
        *package("tool", {"1": ("01:00", ["bad ; extra == 'x'"])}),
    ]
    assert stuck(*facts) == [
        (
            "from 2026-03-24T12:00:00Z the index lists no release of bad (quarantine): 3 packages that need it are "
            "unresolvable then: app, far, tool[x]. That proves nothing: resolvers go back to older releases that do "
            "not need it"
        )
    ]


def test_where_nothing_needs_it_nothing_is_unresolvable() -> None:
    (told,) = stuck(*BAD)
    assert "0 packages that need it are unresolvable then. That proves nothing" in told


def test_a_project_whose_page_nobody_read_is_not_said_to_be_gone() -> None:
    """The accused release alone is known then, by the incident file; what else was listed is not."""
    alone = replace(GONE.readings[0].hidden[0], version="2")
    gone = replace(GONE, readings=(replace(GONE.readings[0], hidden=(alone,)),))
    assert stuck(record=gone) == []
    assert stuck(*package("bad", {"2": ("11:00", [])}), record=gone)
    (told,) = stuck()
    assert told.startswith("from 2026-03-24T12:00:00Z the index lists no release of bad (quarantine): 0 packages")


def test_an_extra_of_what_is_unresolvable_itself_is_not_told_beside_it() -> None:
    (told,) = stuck(*BAD, *package("tool", {"1": ("01:00", ["bad", "bad ; extra == 'x'"])}))
    assert "1 packages that need it are unresolvable then: tool." in told


def test_a_gap_of_one_release_says_nothing_of_the_project() -> None:
    one = replace(GONE.readings[0].hidden[0], version="1")
    record = replace(GONE, readings=(replace(GONE.readings[0], hidden=(one,)),))
    assert stuck(*BAD, *APP, record=record) == []


# Tables in the place of pages


class Tables(MemoryReader):
    """A reader that takes `app` from a table without times, and `near` from one of newest releases."""

    FLAGS: ClassVar = {"app": port.PAGE_TIMES_ASSUMED, "near": port.PAGE_ONE_RELEASE}

    def packages(self, ids: port.PackageIds) -> port.Packages:
        found = super().packages(ids)
        more = np.array([self.FLAGS.get(name, 0) for name in found.name], dtype=np.uint8)
        return replace(found, flags=found.flags | more)


def test_what_a_table_leaves_open_is_told_of_what_reaches_a_target() -> None:
    facts = [*BAD, *APP, *package("near", {"1": ("01:00", ["bad"])}), *package("apart", {"1": ("01:00", [])})]
    told = notes(*facts, reader_of=Tables)
    assert told[:2] == [
        "releases without an upload time were taken as always listed, as requested when they were ingested: of app",
        "only one release each is known, the newest when their table was made, so older ones are not judged: of near",
    ]


# Documents


def test_what_was_taken_as_it_is_of_documents_is_told() -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["bad==1"])
    indexed = replace(
        lock,
        format=f"x{ATTESTED}",
        components=(replace(lock.components[0], index="https://mirror.example/simple"),),
    )
    vague = replace(use("shop", indexed), stands_from=Moment(earliest=at("08:00"), latest=at("10:00")))
    told = notes(*BAD, indexed, organisation(services=(Service(id=service_id("shop")),), uses=(vague,)))
    assert told == [
        (
            "times without a zone, or of a day only, were taken as every instant that they can mean (UTC-12 to "
            "UTC+14): of shop"
        ),
        (
            "documents name other package indexes, which are taken for mirrors of the public one: "
            "https://mirror.example/simple; if one of them is not, name it in `private_indexes` of the organisation "
            "file"
        ),
        "signatures of attestations were not checked: their content was read like any other document",
    ]


def test_what_is_not_known_of_the_window_comes_first() -> None:
    record = incident(compromised("bad", "2", None), until=None)
    facts = [page("bad", {"1": "01:00", "2": None}), *APP]
    told = notes(*facts, record=record)
    assert told[0] == ("when bad 2 was first listed is not known; the window starts with the first facts of the graph")
    assert told[1] == "when bad 2 left the index is not known; the window ends with the graph's newest fact"
