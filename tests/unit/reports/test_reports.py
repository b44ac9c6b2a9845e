from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from graphkit.model.errors import UsageError
from graphkit.model.ranks import Tier
from graphkit.reports import names, report
from graphkit.reports.as_json import ingest_json, stats_json, who_has_json, why_json
from graphkit.reports.html.network import drawing_script
from graphkit.reports.interface import ReportOptions
from graphkit.reports.table import ingest_table, stats_table, who_has_table, why_table
from graphkit.reports.text import shown
from tests.unit.reports import answers

HARMFUL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
EVERYTHING = ReportOptions(tier=Tier.ADMITTED)


def squeezed(text: str) -> str:
    """Return a text without white space, to find in it what was wrapped."""
    return re.sub(r"\s+", "", text)


def decoded(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_the_reports_in_the_order_of_listing() -> None:
    assert [(name, report(name).suffix) for name in names()] == [
        ("table", ".txt"),
        ("json", ".json"),
        ("html", ".html"),
        ("csv", ".csv"),
        ("markdown", ".md"),
        ("mermaid", ".mmd"),
        ("graphml", ".graphml"),
        ("sarif", ".sarif"),
        ("openvex", ".openvex.json"),
        ("cyclonedx-vex", ".cdx.json"),
    ]


def test_an_unknown_report_names_what_there_is() -> None:
    with pytest.raises(
        UsageError, match="unknown format 'pdf'; choose one of table, json, html, csv, markdown, mermaid"
    ):
        report("pdf")


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(UsageError, match="-1"):
        ReportOptions(limit=-1)
    with pytest.raises(UsageError, match="offset -1 is invalid"):
        ReportOptions(offset=-1)


@pytest.mark.parametrize("name", answers.golden())
def test_golden(name: str) -> None:
    made = answers.golden()[name]
    kept = (answers.GOLDEN / name).read_bytes().decode()
    assert made == kept, "if the change is meant: python -m tests.unit.reports.answers"


def test_the_same_bytes_under_every_hash_seed() -> None:
    code = (
        "import hashlib; from graphkit.reports import names, report;"
        "from graphkit.reports.interface import ReportOptions;"
        "from tests.unit.reports.answers import hostile;"
        "print([hashlib.sha256(report(n).render(hostile(), ReportOptions()).encode()).hexdigest() for n in names()])"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=answers.GOLDEN.parents[1],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("make", [answers.blast, answers.hostile])
def test_no_report_has_a_character_that_acts(name: str, make: Callable[[], Any]) -> None:
    text = report(name).render(make(), EVERYTHING)
    if name == "html":  # vis itself has such characters in its patterns
        text = text.replace(drawing_script(), "")
    if name == "csv":  # RFC 4180 ends its lines in both
        text = text.replace("\r\n", "\n")
    assert HARMFUL.findall(text.replace("\n", "")) == []
    assert text.endswith("\n")
    text.encode()


class TestShown:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("plain Ünïcode 名前 🙂", "plain Ünïcode 名前 🙂"),
            ("\x1b[31mred", "\\x1b[31mred"),
            ("a\nb\tc\r\x00\x7f\x9b", "a\\x0ab\\x09c\\x0d\\x00\\x7f\\x9b"),
            ("\u202a\u202e\u2066\u2069\u200e\u200f\u061c", "\\u202a\\u202e\\u2066\\u2069\\u200e\\u200f\\u061c"),
            ("\u2028\u2029\ufeff\u200b", "\\u2028\\u2029\\ufeff\\u200b"),
            ("\ud800x", "\\ud800x"),
            ("\U000e0041", "\\U000e0041"),
        ],
    )
    def test_what_acts_becomes_visible(self, text: str, expected: str) -> None:
        assert shown(text) == expected


class TestTable:
    @pytest.mark.parametrize("width", [1, 40, 80, 200])
    @pytest.mark.parametrize("make", [answers.blast, answers.hostile])
    def test_nothing_is_wider_than_the_terminal(self, width: int, make: Callable[[], Any]) -> None:
        text = report("table").render(make(), ReportOptions(tier=Tier.ADMITTED, width=width))
        assert max(map(cell_len, text.splitlines())) <= max(width, 40)

    @pytest.mark.parametrize("width", [40, 80, 200])
    def test_no_text_is_lost_by_wrapping(self, width: int) -> None:
        answer = answers.hostile()
        text = squeezed(report("table").render(answer, ReportOptions(tier=Tier.ADMITTED, width=width)))
        for said in [
            *answer.notes,
            *(one.reason for one in answer.services),
            *(one.service for one in answer.services),
        ]:
            assert squeezed(shown(said)) in text

    @pytest.mark.parametrize("long", [False, True])
    def test_colour_only_adds_colour(self, *, long: bool) -> None:
        plain = report("table").render(answers.hostile(), ReportOptions(long=long))
        coloured = report("table").render(answers.hostile(), ReportOptions(colour=True, long=long))
        assert "\x1b[" in coloured
        assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain

    def test_weaker_packages_are_counted_and_services_never_dropped(self) -> None:
        text = report("table").render(answers.blast(), ReportOptions(tier=Tier.OBSERVED))
        assert "none to list" in text
        assert "5 packages on weaker evidence than observed" in text
        assert all(one.service in text for one in answers.blast().services)

    def test_claims_that_change_nothing_say_so(self) -> None:
        text = squeezed(report("table").render(answers.blast(), ReportOptions(long=True)))
        assert squeezed("a denial: for information") in text
        assert squeezed("the attacker's word: for information") in text

    def test_rich_markup_in_a_name_is_text(self) -> None:
        assert "[bold]f[/bold]" in squeezed(
            report("table").render(answers.hostile(), ReportOptions(width=200, long=True))
        )

    def test_why_names_what_stands_behind_each_edge(self) -> None:
        text = why_table(answers.why())
        assert text.startswith("payments: HIT (observed)\n")
        assert "helper-lib@1.0 depends on it" in text
        assert "a list of all builds would settle it" in text

    def test_who_has(self) -> None:
        text = who_has_table(answers.who_has())
        assert "litellm>=1.82: 2 services in 2 rows" in text
        assert "now" in text
        assert "earlier" in text
        assert "\\u202e" in text

    def test_stats(self) -> None:
        assert "1,234,567" in stats_table(answers.stats())
        assert "components[3].purl" in stats_table(answers.stats())
        assert "components[3].purl" not in stats_table(answers.stats(), problems=False)

    def test_ingest_names_every_input_that_was_not_used(self) -> None:
        text = ingest_table(answers.ingest())
        assert "5 read: 3 new, 1 unchanged; 1 rejected, 2 unrecognised, 2 problems" in text
        assert "bad.json, line 7: expected an object" in text
        assert "photo.jpg" in text


class TestJson:
    def test_it_has_the_keys_of_the_contract(self) -> None:
        found = decoded(report("json").render(answers.blast(), EVERYTHING))
        assert found["schema"] == "graphkit.blast/1"
        keys = "schema incident window windows slots environment summary services companies packages provenance notes"
        assert set(found) == set(keys.split())
        assert {"purl", "from", "until", "files"} <= set(found["incident"]["releases"][0])
        assert found["window"] == {
            "from": "2026-03-24T10:39:00Z",
            "until": "2026-03-24T13:11:00Z",
            "reading": "operator",
        }
        service = "service company owner verdict basis reason slots incidents near builds paths"
        assert set(service.split()) <= set(found["services"][0])
        build = {"at", "verdict", "reason", "document", "incident", "clearance"}
        assert build <= set(found["services"][0]["builds"][0])
        company = "company verdict distance via origin_tier supplies data services claims"
        assert set(company.split()) <= set(found["companies"][0])
        said = "claimant polarity text certainty date source"
        assert set(said.split()) <= set(found["companies"][0]["claims"][0])
        package = "package tier takes older_tier newest releases distance slots paths"
        assert set(package.split()) <= set(found["packages"][0])
        made = {"graphkit", "packaging", "question", "inputs", "facts_sha256", "facts_until", "proofs_sha256"}
        assert set(found["provenance"]) == made
        assert found["environment"]["resolver"] == "uv"

    def test_hostile_text_decodes_to_itself(self) -> None:
        found = decoded(report("json").render(answers.hostile(), EVERYTHING))
        assert found["notes"] == list(answers.HOSTILE)

    def test_a_limit_cuts_lists_and_counts_the_rest(self) -> None:
        found = decoded(report("json").render(answers.blast(), ReportOptions(limit=1)))
        assert [row["package"] for row in found["packages"]] == ["dspy"]
        assert len(found["incident"]["releases"]) == 1
        assert found["summary"]["packages"] == {"picked": 3, "nominated": 1, "admitted": 1}
        assert len(found["services"]) == 4
        assert any("2 more are not listed" in note for note in found["notes"])
        assert any("1 compromised release by --limit: 1 more" in note for note in found["notes"])

    def test_pages_of_a_list_hold_each_row_once_and_the_summary_stays_whole(self) -> None:
        whole = decoded(report("json").render(answers.crowd(50), EVERYTHING))
        rows, notes = [], []
        for offset in (0, 20, 40, 60):
            view = replace(EVERYTHING, limit=20, offset=offset)
            page = decoded(report("json").render(answers.crowd(50), view))
            assert (page["summary"], page["services"]) == (whole["summary"], whole["services"])
            rows += page["packages"]
            notes.append(page["notes"][-1])
        assert rows == whole["packages"]
        assert notes == [
            "cut to 20 packages by --limit: 30 more are not listed",
            "packages 21 to 40 are listed, of 50, by --offset and --limit",
            "packages 41 to 50 are listed, of 50, by --offset and --limit",
            "no package is listed, by --offset and --limit: 50 packages in all, 0 after the first 60",
        ]

    def test_a_tier_hides_packages_only(self) -> None:
        found = decoded(report("json").render(answers.blast(), ReportOptions(tier=Tier.REPLAYED)))
        assert found["packages"] == []
        assert [row["verdict"] for row in found["services"]] == ["observed", "picked", "unknown", "cleared"]

    def test_the_other_answers(self) -> None:
        held = decoded("".join(who_has_json(answers.who_has())))
        assert held["schema"] == "graphkit.who-has/1"
        assert held["matches"][0] == {
            "service": "payments",
            "release": "litellm@1.82.8",
            "current": True,
            "document": {"sha256": "ab" * 32, "path": "locks/uv.lock"},
        }
        fed = decoded(ingest_json(answers.ingest()))
        assert fed["rejected"] == [{"path": "bad.json", "place": "line 7", "problem": "expected an object"}]
        keys = "schema read new unchanged rejected unrecognised problems worst notes"
        assert set(fed) == set(keys.split())
        assert decoded(why_json(answers.why()))["service"]["service"] == "payments"
        assert decoded(stats_json(answers.stats()))["newest_fact"] == "2026-03-24T13:11:00Z"


def test_the_headline_says_how_many_of_a_whole_index_were_not_walked() -> None:
    made = answers.blast()
    summary = replace(made.summary, packages=(("picked", 87), ("nominated", 109_930), ("admitted", 30_382)))
    said = report("table").render(replace(made, summary=summary), ReportOptions(width=200, long=True))
    told = "Installing any of 87 public packages in that time took it; 109,930 more may have, which were not walked."
    assert told in said
