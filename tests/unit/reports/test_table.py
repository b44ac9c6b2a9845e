"""Answers as text where there is little to say: no row, no time, no index, and what stands there instead."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Blast, IngestReport, WhyAnswer
from graphkit.model.documents import Problem
from graphkit.model.ranks import Tier, Verdict
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from graphkit.reports.table import ingest_table, stats_table, who_has_table, why_table
from tests.unit.reports import answers

MADE, EMPTY = answers.blast(), answers.nothing()
LONG = ReportOptions(tier=Tier.ADMITTED, limit=100)


def long_table(blast: Blast) -> str:
    assert LONG.lists_everything
    return " ".join(report("table").render(blast, LONG).split())


def test_an_answer_about_nothing_says_of_each_part_that_it_is_empty() -> None:
    text = long_table(EMPTY)
    assert text.startswith(f"{MADE.incident.id} ")
    for line in (
        "SERVICES (NONE) the graph holds none; graphkit ingest reads their documents",
        "COMPANIES (NONE) the graph names none; graphkit ingest org reads them",
        "TIME PERIODS none",
        "PACKAGES (NONE) none to list",
    ):
        assert line in text
    assert "fresh installs: not checked" in long_table(replace(EMPTY, is_index_read=False))


def test_a_release_of_which_only_some_files_are_bad_says_so() -> None:
    one, *_ = MADE.incident.releases
    part = replace(one, ghost=False, release=replace(one.release, whole=False, note=""))
    text = long_table(replace(EMPTY, incident=replace(MADE.incident, releases=(part,), causes=())))
    assert "litellm 1.82.7" in text
    assert "only some of its files" in text
    assert "no longer on the index" not in text


def test_a_service_without_a_build_and_paths_of_no_build_are_shown() -> None:
    one = replace(answers.service("web", Verdict.UNKNOWN), builds=())
    text = why_table(WhyAnswer(service=one, blast=EMPTY))
    assert "BUILDS (0)\n  none are known" in text
    path = answers.path(("web", ""), ("litellm@1.82.8", "it asks for it"))
    text = why_table(WhyAnswer(service=replace(one, paths=(path,)), blast=EMPTY))
    assert "PATHS\n" in text
    assert "-> litellm@1.82.8" in text
    proofs = why_table(WhyAnswer(service=one, blast=EMPTY), clearance=True)
    assert "no build is known" in proofs


def test_nobody_has_a_package() -> None:
    text = who_has_table(replace(answers.who_has(), matches=(), notes=()))
    assert text == f"{answers.who_has().query}: 0 services in 0 rows of documents\n"


@pytest.mark.parametrize("problems", [True, False])
def test_problems_are_listed_or_counted(problems: bool) -> None:  # noqa: FBT001
    text = stats_table(answers.stats(), problems=problems)
    assert ("graphkit stats --problems lists them" in text) != problems
    bare = stats_table(replace(answers.stats(), problems=(), newest_fact=None), problems=problems)
    assert "PROBLEMS" not in bare
    assert "newest fact: none\n" in bare


def test_an_ingest_of_nothing_is_one_line() -> None:
    assert ingest_table(IngestReport(read=0, new=0, unchanged=0)) == (
        "0 read: 0 new, 0 unchanged; 0 rejected, 0 unrecognised, 0 problems\n"
    )


def test_a_problem_without_a_place_names_its_input_alone() -> None:
    worst = (("a\x1b.json", Problem(place="", text="odd")), ("b.json", Problem(place="line 2", text="odd")))
    text = ingest_table(IngestReport(read=2, new=2, unchanged=0, problems=2, worst=worst))
    assert "  a\\x1b.json: odd\n  b.json, line 2: odd\n" in text
