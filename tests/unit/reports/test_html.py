from __future__ import annotations

import base64
import hashlib
import html
import json
import re

import pytest

from graphkit.model.answers import Tier
from graphkit.reports import report
from graphkit.reports.html import page_shape
from graphkit.reports.html.content import content, web_address
from graphkit.reports.html.layout import MOST_DRAWN, picture
from graphkit.reports.html.network import drawing_script
from graphkit.reports.interface import View
from graphkit.reports.wording import listing
from tests.unit.reports import answers

SCRIPTS = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def render(answer: object = None) -> str:
    return report("html").render(answers.hostile() if answer is None else answer, View())  # type: ignore[arg-type]


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
    names = [one["name"] for one in json.loads(data[1])["entries"]]
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
    made = content(answers.blast(), listing(answers.blast(), View(tier=Tier.ADMITTED)))
    names = {ident: one.name for ident, one in made.entries.items()}
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
    made = content(answers.blast(), listing(answers.blast(), View()))
    lit = {made.entries[ident].name for ident in made.entries["c2"].lit}
    assert {"Reseller", "Shop", "Acme", "payments", "litellm 1.82.8"} <= lit
    assert made.entries["c2"].slots == [1, 2]


def test_layers_stand_from_left_to_right() -> None:
    nodes = {node["id"]: node for node in page_shape(answers.blast(), View())["network"]["nodes"]}
    assert (
        nodes["r0"]["x"] < nodes["p0"]["x"] < nodes["p2"]["x"] < nodes["s0"]["x"] < nodes["c0"]["x"] < nodes["c1"]["x"]
    )
    assert len({(node["x"], node["y"]) for node in nodes.values()}) == len(nodes)


def test_a_crowd_is_drawn_as_counted_nodes_and_stays_whole_in_the_table() -> None:
    shape = page_shape(answers.crowd(5_000), View())
    nodes = shape["network"]["nodes"]
    assert len(nodes) <= MOST_DRAWN
    assert sum(node["count"] for node in nodes) == len(shape["entries"]) > 5_000
    drawn = {node["id"] for node in nodes}
    assert {entry["node"] for entry in shape["entries"]} == drawn
    assert {edge["from"] for edge in shape["network"]["edges"]} | {
        edge["to"] for edge in shape["network"]["edges"]
    } <= drawn


def test_the_smallest_pictures() -> None:
    made = content(answers.blast(), listing(answers.blast(), View()))
    assert {spot.id[0] for spot in picture(made, most=0).spots} == {"+"}
    assert sum(spot.count for spot in picture(made, most=0).spots) == len(made.entries)


def test_a_limit_cuts_packages_and_says_so() -> None:
    page = report("html").render(answers.crowd(50), View(limit=10))
    assert "40 more are not listed" in page
