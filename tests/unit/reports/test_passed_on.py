"""The reports that go into other programs: a spreadsheet, a ticket, a chart."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from graphkit.model.answers import Blast
from graphkit.model.names import CompanyId
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.reports import report
from graphkit.reports.as_csv import COLUMNS, cell
from graphkit.reports.interface import ReportOptions
from graphkit.reports.mermaid import MOST_LINKS, MOST_NODES, label
from graphkit.reports.status_note import code, prose
from graphkit.reports.text import shown
from tests.unit.reports import answers

EVERYTHING = ReportOptions(tier=Tier.ADMITTED)
PASSED_ON = ("csv", "markdown", "mermaid")
MARKS = (
    *answers.HOSTILE,
    "# head",
    "*a* **b** __c__ ~~d~~ ==e==",
    "![x](http://evil.example/x.png)",
    "[x](javascript:x)",
    "<http://evil.example>",
    "http://evil.example www.evil.example a@evil.example",
    "a | b |",
    "@everyone closes #1 :bomb: $x$",
    "``` `` `",
    "`",
    "`a",
    "a\\",
    "&lt;b&gt;",
    "\n\n# head\n- [x] done",
    "%%{init: {'securityLevel': 'loose'}}%%",
    '"] --> x["y"]; click x "javascript:x"',
    "end",
    "- a",
    "1. a",
    "",
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def tokens(text: str) -> Iterator[Token]:
    waiting = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text)
    while waiting:
        token = waiting.pop(0)
        yield token
        waiting = [*(token.children or ()), *waiting]


def read(text: str) -> str:
    return "".join(token.content for token in tokens(text) if token.type in {"text", "text_special", "code_inline"})


def nodes(chart: str) -> list[str]:
    return [line.strip() for line in chart.splitlines() if '"' in line]


def many(number: int, verdict: Verdict) -> Blast:
    return replace(
        answers.crowd(900), services=tuple(answers.service(f"{verdict}-{n}", verdict) for n in range(number))
    )


@pytest.mark.parametrize("name", PASSED_ON)
@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("limit", [None, 0, 1])
def test_what_is_unknown_is_never_dropped(name: str, tier: Tier, limit: int | None) -> None:
    text = report(name).render(answers.blast(), ReportOptions(tier=tier, limit=limit))
    assert "billing" in text
    assert "its SBOM would settle it" in text
    assert re.search("build.*unknown|unknown.*build", text)


@pytest.mark.parametrize("name", PASSED_ON)
def test_what_is_not_listed_is_counted(name: str) -> None:
    text = report(name).render(answers.blast(), ReportOptions(limit=1))
    assert "2 packages on weaker evidence than picked" in text
    assert "2 more are not listed" in text
    assert "crewai" not in text


class TestCsv:
    def test_a_row_for_each(self) -> None:
        found = rows(report("csv").render(answers.blast(), EVERYTHING))
        assert tuple(found[0]) == COLUMNS
        kinds = [row["kind"] for row in found]
        assert [kinds.count(kind) for kind in ("service", "company", "package", "note")] == [4, 4, 5, 2]
        assert [row["verdict"] for row in found if row["kind"] == "service"] == [
            "observed",
            "picked",
            "unknown",
            "cleared",
        ]

    def test_every_line_ends_as_the_standard_has_it(self) -> None:
        text = report("csv").render(answers.hostile(), EVERYTHING)
        assert text.count("\n") == text.count("\r\n") == text.count("\r") == len(rows(text)) + 1

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
    def test_no_cell_is_a_formula(self, start: str) -> None:
        assert cell(f"{start}1+1") == f"'{shown(start)}1+1"
        service = answers.service(f"{start}a", Verdict.UNKNOWN, owner=f"{start}b", reason=f"{start}c")
        text = report("csv").render(replace(answers.hostile(), services=(service,)), EVERYTHING)
        assert not [one for row in rows(text) for one in row.values() if one[:1] in {*"=+-@\t\r\uff1d"} and one]
        assert {key: rows(text)[0][key] for key in ("name", "owner", "reason")} == {
            "name": f"'{shown(start)}a",
            "owner": f"'{shown(start)}b",
            "reason": f"'{shown(start)}c",
        }

    def test_services_of_others_come_after_ones_own(self) -> None:
        made = replace(answers.blast(), external=frozenset({answers.blast().services[0].service}))
        found = [row for row in rows(report("csv").render(made, ReportOptions())) if row["kind"] == "service"]
        assert [row["word"] for row in found] == ["LIKELY", "UNKNOWN", "CLEAR", "HIT"]
        assert [row["external"] for row in found] == ["", "", "", "yes"]

    def test_times_are_those_of_the_slots_and_what_is_unknown_has_a_command(self) -> None:
        found = rows(report("csv").render(answers.blast(), ReportOptions()))
        assert (found[0]["from"], found[0]["until"]) == ("2026-03-24T10:52:00Z", "2026-03-24T13:11:00Z")
        assert [row["settle"] for row in found[:4]] == [
            *("", "", "graphkit why --clearance -- billing litellm-2026-03", ""),
        ]

    def test_a_company_says_what_it_hangs_on_and_what_it_does_not(self) -> None:
        made = answers.nothing()
        bare = replace(answers.company("a", CompanyVerdict.NONE), services=(), claims=(), via=(), distance=None)
        rows = [bare, replace(bare, company=CompanyId("b"), verdict=CompanyVerdict.STATED)]
        text = report("csv").render(replace(made, companies=tuple(rows)), EVERYTHING)
        reasons = [row["reason"] for row in csv.DictReader(io.StringIO(text)) if row["kind"] == "company"]
        assert reasons == [
            "named only, nothing ties it to the incident",
            "an affirmative claim, first-hand or confirmed",
        ]

    def test_a_package_says_what_older_releases_do(self) -> None:
        row = replace(
            answers.package("p", None), takes=(), newest="", older_tier=Tier.PICKED, unresolvable=(0, 1), downloads=7
        )
        text = report("csv").render(
            replace(answers.nothing(), packages=(row,), slots=answers.blast().slots), EVERYTHING
        )
        (reason,) = [one["reason"] for one in csv.DictReader(io.StringIO(text)) if one["kind"] == "package"]
        assert reason.endswith("; older releases picked; unresolvable in slots 0-1; 7 downloads")
        assert "newest" not in reason

    def test_slots_are_no_dates(self) -> None:
        assert rows(report("csv").render(answers.blast(), ReportOptions()))[0]["slots"] == "1 to 2"


class TestMarkdown:
    @pytest.mark.parametrize("text", MARKS)
    @pytest.mark.parametrize("form", [prose, code])
    def test_a_text_stays_a_text(self, text: str, form: object) -> None:
        line = f"- Note: {prose(text) if form is prose else code(text)} end"
        assert {token.type for token in tokens(line)} <= {
            *("bullet_list_open", "list_item_open", "paragraph_open", "inline", "text", "text_special", "code_inline"),
            *("bullet_list_close", "list_item_close", "paragraph_close"),
        }
        said = shown(text) if text or form is prose else "(no name)"
        assert read(line) == f"Note: {said} end"

    def test_sites_find_nothing_to_link_by_themselves(self) -> None:
        text = prose("see http://e.example, (www.e.example) a@e.example @all #1 @#1 WWW.x :bug: $a$")
        outside = [token.content for token in tokens(f"- Note: {text}") if token.type in {"text", "text_special"}]
        assert not re.search(r"://|www\.|[@#$]|:bug", "".join(outside), re.IGNORECASE)
        assert text.startswith("see `http://e.example`, (`www.e.example`) `a@e.example` `@all` ")

    def test_hostile_names_make_no_markup(self) -> None:
        wild = tuple(answers.service(text, Verdict.UNKNOWN, owner=text, reason=text) for text in MARKS)
        hostile = answers.hostile()
        text = report("markdown").render(replace(hostile, services=(*hostile.services, *wild), notes=MARKS), EVERYTHING)
        found = list(tokens(text))
        assert not {"html_inline", "html_block", "image", "fence", "code_block", "em_open", "table_open"} & {
            token.type for token in found
        }
        assert [token.attrs["href"] for token in found if token.type == "link_open"] == [answers.PAGE.url]
        assert [token.tag for token in found if token.type == "heading_open"] == ["h1", *["h2"] * 9]
        assert all(re.match(r"(#+ [A-Z]|(  )?- (\*\*|\[ \] )?[A-Za-z]|$)", line) for line in text.split("\n"))

    def test_services_of_others_stand_apart_and_ask_for_nothing(self) -> None:
        made = replace(answers.blast(), external=frozenset({answers.blast().services[0].service}))
        text = report("markdown").render(made, ReportOptions())
        own, _, others = text.partition("## Services of others\n\n")
        assert "`payments` (company" not in own
        assert others.startswith("- **HIT** `payments` (company acme, owner team pay)")

    def test_packages_of_which_an_install_takes_the_same_stand_together(self) -> None:
        text = report("markdown").render(answers.blast(), ReportOptions())
        appendix = text.partition("## Appendix: public packages\n\n")[2]
        assert appendix.startswith(
            "- **LIKELY** 2 packages: a fresh install takes `litellm 1.82.7` (2026-03-24 10:39 to"
        )
        assert appendix.index("`dspy`") < appendix.index("`graphrag`") < appendix.index("`crewai[litellm]`")

    def test_claims_have_date_and_source(self) -> None:
        text = report("markdown").render(answers.blast(), ReportOptions())
        assert "Claim of 2026-03-31 by a spokesperson, as said: we installed it (`S1`, `S3`)" in text
        assert "the attacker's word: for information" in text
        assert "<https://news.example/a?b=1&c=2>" in text


class TestMermaid:
    @pytest.mark.parametrize("text", MARKS)
    def test_a_label_has_nothing_that_acts(self, text: str) -> None:
        made = label(text, 100_000)
        assert not set(re.sub(r"#\d+;", "", made)) & set("\"'`<>&{}[]|%\\*_~$:;@=!#\n")
        assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), made) == shown(text)

    def test_a_label_is_never_cut_inside_a_code(self) -> None:
        assert label('""""', 12) == "#34;#34;#34;…"

    @pytest.mark.parametrize("verdict", [Verdict.OBSERVED, Verdict.UNKNOWN, Verdict.CLEARED])
    def test_a_crowd_is_counted(self, verdict: Verdict) -> None:
        chart = report("mermaid").render(many(500, verdict), EVERYTHING)
        assert len(nodes(chart)) <= MOST_NODES
        drawn = sum(f"service {verdict}#45;" in line or f"service {verdict}-" in line for line in nodes(chart))
        more = re.search(rf'"([\d,]+) more services<br/>{verdict}"', chart)
        assert drawn + (int(more[1]) if more else 0) == 500
        assert chart.count(" --> ") <= MOST_LINKS
        assert len(chart) < 50_000

    def test_long_names_make_no_chart_too_long(self) -> None:
        wild = tuple(
            answers.service(f"{n}{'<' * 500}", Verdict.UNKNOWN, reason='"' * 500, owner="x") for n in range(300)
        )
        assert len(report("mermaid").render(replace(answers.crowd(900), services=wild), EVERYTHING)) < 50_000

    def test_every_link_joins_nodes_that_are_there(self) -> None:
        for answer in (answers.blast(), answers.hostile(), many(500, Verdict.PICKED)):
            chart = report("mermaid").render(answer, EVERYTHING)
            known = {re.split(r"[\[(]", line)[0] for line in nodes(chart)}
            assert ends(chart) <= known

    def test_a_release_that_the_limit_cut_is_still_called_one(self) -> None:
        chart = report("mermaid").render(answers.blast(), ReportOptions(limit=1))
        assert "release litellm#64;1.82.8<br/>compromised" in chart
        assert "package litellm" not in chart


def ends(chart: str) -> set[str]:
    found: Iterable[tuple[str, str]] = re.findall(r"^ +(\w+) --> (\w+)$", chart, re.MULTILINE)
    return {end for pair in found for end in pair}
