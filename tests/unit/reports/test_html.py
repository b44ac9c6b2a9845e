from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.answers import Blast
from graphkit.model.ranks import Tier
from graphkit.reports import report
from graphkit.reports.content import content, web_address
from graphkit.reports.html import packing, page_shape
from graphkit.reports.html.network import drawing_script
from graphkit.reports.interface import ReportOptions
from graphkit.reports.layout import MOST_DRAWN, picture
from graphkit.reports.verification import recognised, verification
from graphkit.reports.wording import listing
from tests.unit.reports import answers
from tests.unit.reports.unpacking import column, unpacked

EVERYTHING = ReportOptions(tier=Tier.ADMITTED)
SCRIPTS = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def render(answer: object = None) -> str:
    return report("html").render(answers.hostile() if answer is None else answer, ReportOptions())  # type: ignore[arg-type]


def policy(page: str) -> str:
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def test_the_policy_lets_the_page_s_own_scripts_run_and_nothing_load() -> None:
    page = render()
    rules = dict(rule.split(" ", 1) for rule in policy(page).split("; "))
    assert rules["default-src"] == "'none'"
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in SCRIPTS.findall(page)]
    assert rules["script-src"].split() == [f"'sha256-{one}'" for one in hashes]
    assert len(hashes) == 2
    assert "unsafe" not in policy(page)


def test_the_page_names_nothing_that_would_load() -> None:
    page = render().replace(drawing_script(), "")
    assert re.findall(r"<(?:link|img|iframe|object|embed|base)\b", page) == []
    assert re.findall(r"<script[^>]* src|@import|url\(", page) == []
    assert "sourceMappingURL" not in render()


def test_hostile_text_stays_inside_its_place() -> None:
    page = render().replace(drawing_script(), "")
    assert page.count("<script") == 3
    assert page.count("</script") == 3
    data = re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)
    assert data
    assert not set(data[1]) & set("<>&\u2028\u2029")
    names = [one["name"] for one in unpacked(json.loads(data[1]))]
    assert answers.SCRIPT in names
    assert "pay\\u202eipa\\u2066\\u2069" in names
    assert answers.LONG in names


def test_an_address_is_only_offered_where_a_browser_would_open_a_page() -> None:
    page = render()
    assert 'href="https://news.example/a?b=1&amp;c=2" rel="noreferrer noopener"' in page
    assert re.findall(r'href="(?!https?://)', page) == []


@pytest.mark.parametrize(
    ("url", "offered"),
    [
        ("https://news.example/a?b=1#c", True),
        ("http://news.example", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("https://", False),
        ("https://bank.example@evil.example/", False),
        ("https://news.example/\u202egpj", False),
        ("https://news.example/a b", False),
        ('https://news.example/"onclick="x', False),
        ("https://[broken", False),
        (" https://news.example", False),
        ("", False),
    ],
)
def test_web_address(url: str, *, offered: bool) -> None:
    assert web_address(url) == (url if offered else "")


def test_all_links_join_entries_and_run_from_the_release_outwards() -> None:
    made = content(answers.blast(), listing(answers.blast(), ReportOptions(tier=Tier.ADMITTED)))
    names = {entry_id: one.name for entry_id, one in made.entries.items()}
    links = {(names[start], names[end]): why for (start, end), why in made.links.items()}
    assert links["litellm 1.82.8", "helper-lib@1.0"] == "helper-lib@1.0 depends on it"
    assert ("helper-lib@1.0", "dspy") in links
    assert ("dspy", "payments") in links
    assert ("payments", "Acme") in links
    assert ("Acme", "Shop") in links
    assert ("Shop", "Reseller") in links
    assert ("litellm 1.82.7", "dspy") in links
    assert ("litellm 1.82.8", "dspy") in links, "taken in a later slot"


def test_a_company_far_down_the_chain_is_lit_back_to_the_release() -> None:
    made = content(answers.blast(), listing(answers.blast(), ReportOptions()))
    lit = {made.entries[entry_id].name for entry_id in made.ways("c2")[0]}
    assert {"Reseller", "Shop", "Acme", "payments", "litellm 1.82.8"} <= lit
    assert made.entries["c2"].slots == [1, 2]


def test_layers_stand_from_left_to_right() -> None:
    nodes = {node["id"]: node for node in page_shape(answers.blast(), ReportOptions())["network"]["nodes"]}
    order = [nodes[entry]["x"] for entry in ("r0", "x1", "p0", "s0", "c0", "c1", "c2")]
    assert order == sorted(set(order))
    assert len({(node["x"], node["y"]) for node in nodes.values()}) == len(nodes)


def test_a_crowd_is_drawn_as_counted_nodes_and_stays_whole_in_the_table() -> None:
    shape = page_shape(answers.crowd(5_000), ReportOptions())
    nodes = shape["network"]["nodes"]
    assert len(nodes) <= MOST_DRAWN
    entries = unpacked(shape)
    made = picture(content(answers.crowd(5_000), listing(answers.crowd(5_000), EVERYTHING)))
    assert set(made.at.values()) == {spot.id for spot in made.spots}
    assert len(made.at) == len(entries) > 5_000
    drawn = {node["id"] for node in nodes}
    assert {entry["node"] for entry in entries} == drawn
    assert {edge["from"] for edge in shape["network"]["edges"]} | {
        edge["to"] for edge in shape["network"]["edges"]
    } <= drawn


def test_the_smallest_pictures() -> None:
    made = content(answers.blast(), listing(answers.blast(), ReportOptions()))
    kinds = [(spot.kind, spot.verdict) for spot in picture(made, most=0).spots]
    assert len(kinds) == len(set(kinds))
    assert set(picture(made, most=0).at) == set(made.entries)


def parts(page: str, kind: str) -> list[str]:
    """Return the cards of a kind, without their tags."""
    found = re.findall(
        rf'<li class="{kind} [^>]*>(.*?)</li>(?=<li class="{kind} |</ul>(?:<p>|</section>))', page, re.DOTALL
    )
    return [html.unescape(re.sub(r"<[^>]+>", "", one)) for one in found]


def test_companies_stand_with_what_was_said_and_what_counts_first() -> None:
    acme, shop, reseller = parts(render(answers.blast()), "party")
    assert acme.startswith("hit Acmeruns payments, website")
    assert acme.index("we installed it") < acme.index("no user data leaked") < acme.index("4 TB taken")
    assert "a spokesperson, 2026-03-31: we installed it as said S1 S3" in acme
    assert "the attacker's word: for information" in acme
    assert shop == "through a supplier Shopsupplied by Acme: card payments"
    assert reseller == "through a supplier Resellersupplied by Shop, which is supplied by Acme"
    alone = replace(answers.blast(), companies=answers.blast().companies[-1:])
    assert 'class="companies"' not in render(alone)


def test_what_stands_between_backticks_is_code_and_stays_escaped() -> None:
    made = answers.blast()
    one = replace(made.services[0], reason="add it: `graphkit ingest lock <b>REPO</b>`")
    page = render(replace(made, services=(one, *made.services[1:]), notes=("run `graphkit stats` <i>",)))
    assert "add it: <code>graphkit ingest lock &lt;b&gt;REPO&lt;/b&gt;</code>" in page
    assert "run <code>graphkit stats</code> &lt;i&gt;" in page


def test_a_limit_cuts_packages_and_says_so() -> None:
    page = report("html").render(answers.crowd(50), ReportOptions(limit=10))
    assert "40 more are not listed" in page


@pytest.mark.parametrize(
    "make", [answers.blast, answers.hostile, lambda: answers.crowd(3_000), lambda: answers.fleet(3_000)]
)
def test_what_is_packed_is_whole_again_when_it_is_unpacked(make: Callable[[], Blast]) -> None:
    made = content(make(), listing(make(), EVERYTHING))
    entries = {one["id"]: one for one in unpacked(json.loads(json.dumps(page_shape(make(), EVERYTHING))))}
    assert set(entries) == set(made.entries)
    for entry_id, one in made.entries.items():
        found = entries[entry_id]
        same = ("kind", "name", "company", "owner", "verdict", "evidence", "reason", "dated", "row", "lit", "trail")
        assert {name: found[name] for name in same} == {name: getattr(one, name) for name in same}
        assert found["slots"] == list(one.slots)
        assert found["facts"] == one.facts
        assert found["paths"] == [steps for steps, _ in one.paths]
        assert found["builds"] == [{key: text for key, text in build.items() if text} for build in one.builds]
        assert (found["claims"], found["sources"]) == (one.claims, one.sources)
        assert found["through"] == [other for other in one.through if not other.startswith("s")]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], min_codepoint=32), max_size=40), max_size=30))
def test_a_column_is_whole_again(values: list[str]) -> None:
    form = json.loads(json.dumps(packing.column(values)))
    assert column(form) == values


def test_a_fleet_is_gathered_by_company_and_its_file_fits_into_a_mail() -> None:
    answer = answers.fleet(20_000)
    shape = page_shape(answer, ReportOptions())
    labels = {(node["label"], node["group"]) for node in shape["network"]["nodes"]}
    assert {("40 of company-003", "observed"), ("80 of company-003", "cleared")} <= labels
    assert len(report("html").render(answer, ReportOptions()).encode()) < 1_500_000


def test_rows_that_would_make_the_file_too_large_go_without_their_paths_and_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing, "_ROOM", 100_000)
    made = unpacked(page_shape(answers.fleet(3_000), ReportOptions()))
    cut = [one for one in made if one["cut"]]
    assert cut
    assert all(one["reason"] and not one["paths"] and not one["builds"] and one["node"] != one["id"] for one in cut)
    assert any(one["paths"] for one in made)


def test_as_many_rows_as_fit_keep_their_paths_the_worst_first(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answers.fleet(3_000)
    whole = unpacked(page_shape(answer, ReportOptions()))
    assert not any(one["cut"] for one in whole)
    kept = []
    for room in (180_000, 220_000, 260_000):
        monkeypatch.setattr(packing, "_ROOM", room)
        shape = page_shape(answer, ReportOptions())
        parts = {key: shape[key] for key in ("ids", "patterns", "pattern", "node", "words")}
        assert len(json.dumps(parts, ensure_ascii=False, separators=(",", ":"))) <= room
        made = unpacked(shape)
        pairs = [pair for pair in zip(whole, made, strict=True) if pair[0]["kind"] == "service"]
        assert all(before == now for before, now in pairs if not now["cut"])
        bound = [now["cut"] for _, now in pairs if now["node"] != now["id"]]
        assert bound == sorted(bound)
        kept.append(bound.count(0))
    assert 0 < kept[0] < kept[1] < kept[2] < len(whole)


def test_its_commands_name_the_graph_as_those_on_the_screen_do() -> None:
    """A page of one graph is verified wherever that lies now."""
    blast, named = answers.blast(), ReportOptions(graph="neo4j://server.example")
    page = report("html").render(blast, named)
    commands = re.findall(r'<span class="command"><code>(.*?)</code>', page)
    assert commands
    assert all("--graph neo4j://server.example" in one for one in commands)
    assert "--graph" not in report("html").render(blast, ReportOptions())
    form, then = recognised(page, "page.html")
    assert verification(page, form, then, blast, ReportOptions()).same
