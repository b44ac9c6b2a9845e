"""The page in a real browser: nothing is requested, nothing of the report runs, and everything can be reached."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from tests.browser.pages import WRITTEN, Opener
from tests.effort import share
from tests.unit.reports import answers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SPOTS = """() => seen.nodes.get().filter(n => !n.hidden).map(n =>
  ({ name: n.words.split("\\n")[0], ...seen.network.canvasToDOM(seen.network.getPosition(n.id)) }))"""
"""The nodes that are drawn, and where in the picture."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_names_are_text(opener: Opener, scheme: str) -> None:
    opened = opener(answers.hostile(), ReportOptions(), color_scheme=scheme)
    assert (
        "</script>" in opened.page.title()
    )  # which says what the page does: a script would have put "taken" in its place
    names = opened.names()
    assert answers.SCRIPT in names
    assert answers.IMAGE in names
    assert "pay\\u202eipa\\u2066\\u2069" in names
    assert any(name.endswith("(10,000 characters)") for name in names)
    assert opened.page.locator("img, iframe, object, embed").count() == 0
    # The whole of a long name is in the panel, and no name makes the page wider than its window.
    opened.page.locator("tbody th button", has_text="(10,000 characters)").first.click()
    expect(opened.page.locator("#panel .name")).to_have_text(answers.LONG)
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_policy_stops_what_is_put_into_the_page(opener: Opener) -> None:
    opened = opener(answers.blast())
    opened.page.evaluate(
        "() => { const s = document.createElement('script');"
        "try { s.textContent = 'window.ran = 1'; document.head.append(s); } catch { window.refused = 1; } }"
    )
    assert opened.page.evaluate("window.ran === undefined")
    assert opened.messages != []
    opened.messages.clear()


def test_a_click_lights_the_path_and_tells_of_it(opener: Opener) -> None:
    opened = opener(answers.blast())
    opened.click_node("s0")
    panel = opened.page.locator("#panel")
    expect(panel.locator("h2")).to_contain_text("payments")
    expect(panel).to_contain_text("helper-lib@1.0 depends on it")
    expect(panel).to_contain_text("a list of all builds would settle it")
    between = opened.page.evaluate("() => seen.nodes.get().find(n => n.words.startsWith('helper-lib')).id")
    assert opened.bright() == {"s0", "p0", "r1", between}
    assert sorted(opened.lit_lines()) == sorted([("p0", "s0"), (between, "p0"), ("r1", between)])
    opened.page.keyboard.press("Escape")
    assert len(opened.bright()) > 10


def test_a_click_on_a_company_shows_its_claims_and_sources(opener: Opener) -> None:
    opened = opener(answers.blast())
    opened.click_node("c0")
    panel = opened.page.locator("#panel")
    expect(panel).to_contain_text("we installed it")
    expect(panel).to_contain_text("a denial: for information")
    expect(panel).to_contain_text("the attacker's word: for information")
    link = panel.get_by_role("link", name="what happened")
    expect(link).to_have_attribute("href", "https://news.example/a?b=1&c=2")
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    opened.page.locator("tbody th button", has_text="Reseller").click()
    assert {"c2", "c1", "c0", "s0", "r1"} <= opened.bright()


def test_an_address_that_is_no_page_is_no_link(opener: Opener) -> None:
    opened = opener(answers.hostile())
    opened.click_node("c0")
    assert opened.page.locator("a:not([href^='http'])").count() == 0
    expect(opened.page.locator("#panel")).to_contain_text(answers.IMAGE)


def test_a_tile_shows_its_services_alone_and_a_name_opens_the_details(opener: Opener) -> None:
    opened = opener(answers.blast())
    page = opened.page
    tile = page.locator(".tile[data-group=hit]")
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".card:visible .name")).to_have_text(["payments"])
    assert opened.names() == ["payments"]
    tile.click()
    expect(page.locator(".card:visible")).to_have_count(4)
    page.locator(".card .name", has_text="search").click()
    expect(page.locator("#panel h2")).to_contain_text("search")


def test_a_company_s_name_opens_its_details(opener: Opener) -> None:
    page = opener(answers.blast()).page
    page.locator(".party .name", has_text="Acme").click()
    expect(page.locator("#panel h2")).to_contain_text("Acme")
    expect(page.locator("#panel")).to_contain_text("the attacker's word: for information")


def test_words_between_backticks_are_code_in_table_and_details(opener: Opener) -> None:
    made = answers.blast()
    one = replace(made.services[2], reason="settle it: `graphkit ingest lock <b>`")
    page = opener(replace(made, services=(*made.services[:2], one, made.services[3]))).page
    expect(page.locator("tbody td.c-reason code")).to_have_text("graphkit ingest lock <b>")
    page.locator("tbody th button", has_text="billing").click()
    expect(page.locator("#panel code").first).to_have_text("graphkit ingest lock <b>")


def test_what_is_to_do_can_be_checked_and_its_command_copied(opener: Opener) -> None:
    page = opener(answers.blast(), permissions=["clipboard-read", "clipboard-write"]).page
    box = page.locator(".todo input[type=checkbox]").first
    box.check()
    expect(box).to_be_checked()
    copy = page.locator(".todo .copy").first
    copy.click()
    expect(copy).to_have_text("Copied")
    told = page.locator(".todo .command code").first.text_content()
    assert page.evaluate("navigator.clipboard.readText()") == told


@pytest.mark.parametrize("width", [390, 768, 1400])
def test_no_width_makes_the_page_wider_than_its_window(opener: Opener, width: int) -> None:
    page = opener(answers.blast(), viewport={"width": width, "height": 844}).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".tile").last).to_be_visible()


def test_search_and_filters(opener: Opener) -> None:
    opened = opener(answers.blast())
    page = opened.page
    whole = len(opened.names())
    page.get_by_label("Search").fill("team pay")
    assert opened.names() == ["payments", "billing"]
    assert opened.bright() == {"s0", "s2"}
    page.get_by_label("Search").press("Enter")
    expect(page.locator("#panel h2")).to_contain_text("payments")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("tbody tr")).to_have_count(whole)
    assert "old-timer" not in opened.names()
    page.get_by_label("Packages down to").select_option("admitted")
    assert {"old-timer", "camel-ai[all]"} <= set(opened.names())
    page.get_by_label("Verdict").select_option("unknown")
    assert opened.names() == ["billing"]
    page.get_by_label("Verdict").select_option("")
    page.get_by_label("Packages down to").select_option("observed")
    page.get_by_label("Kind").select_option("package")
    assert opened.names() == []


def test_the_slider_lights_what_was_exposed_when(opener: Opener) -> None:
    opened = opener(answers.blast())
    slider = opened.page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(opened.page.locator("#moment")).to_have_text("2026-03-24 10:39 to 10:52 UTC")
    assert {"s1", "p0", "r0"} <= opened.bright()
    assert not {"s0", "p1", "r1"} & opened.bright()
    slider.press("ArrowRight")
    assert {"s0", "r1", "c0"} <= opened.bright()
    assert "s1" not in opened.bright()
    expect(opened.page.locator("#status")).to_contain_text("exposed from")
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "2026-03-24 12:00:30.250000 to 13:11 UTC"
    slider.press("Home")
    expect(opened.page.locator("#moment")).to_have_text("the whole window")


def test_the_table_is_sorted_by_keyboard(opener: Opener) -> None:
    opened = opener(answers.blast())
    page = opened.page
    head = page.get_by_role("columnheader", name="Name")
    expect(head).to_have_attribute("aria-sort", "none")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    names = opened.names()
    assert names == sorted(names, key=str.lower)
    page.keyboard.press("Space")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert opened.names() == names[::-1]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "none")
    expect(page.get_by_role("columnheader", name="Verdict")).to_have_attribute("aria-sort", "ascending")
    first = page.locator("tbody th button").first
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_contain_text("litellm 1.82.7")
    expect(page.locator("#panel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(first).to_be_focused()


def test_downloads(opener: Opener) -> None:
    opened = opener(answers.hostile())
    saved = {}
    for word in ("CSV", "JSON"):
        with opened.page.expect_download() as waiting:
            opened.page.get_by_role("button", name=f"Download {word}").click()
        saved[word] = Path(waiting.value.path()).read_text(encoding="utf-8")
    rows = list(csv.reader(saved["CSV"].splitlines()))
    assert rows[0][:3] == ["Kind", "Name", "Verdict"]
    cells = [cell for row in rows for cell in row]
    assert "'" + answers.FORMULA in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert answers.SCRIPT in cells
    names = [row["name"] for row in json.loads(saved["JSON"])]
    assert answers.FORMULA in names
    assert answers.LONG in names


def test_a_crowd_is_drawn_in_part_and_listed_whole(opener: Opener) -> None:
    opened = opener(answers.crowd(5_000), ReportOptions())
    page = opened.page
    page.get_by_label("Packages down to").select_option("admitted")
    expect(page.locator("#status")).to_contain_text("5,010 of 5,010 rows")
    assert page.evaluate("() => seen.nodes.length") <= 2_000
    cluster = page.evaluate("() => seen.nodes.getIds().find(id => id.startsWith('+'))")
    opened.click_node(cluster)
    expect(page.locator("#panel")).to_contain_text("of them are drawn; the table has all")
    shown = page.locator("tbody tr").count()
    page.get_by_role("button", name="Show more").click()
    assert page.locator("tbody tr").count() > shown


@pytest.mark.parametrize("width", [1000, 1400, 2560])
def test_names_are_large_enough_to_read_and_cross_no_other_node(opener: Opener, width: int) -> None:
    page = opener(
        answers.later(), ReportOptions(), viewport={"width": width, "height": 1000}, device_scale_factor=1
    ).page
    page.evaluate(WRITTEN + "seen.network.redraw()")
    nodes = page.evaluate(SPOTS)
    written = page.evaluate("() => written")
    assert {one["name"] for one in nodes} <= {one["text"] for one in written} or width < 1400
    assert len({round(one["y"]) for one in written}) > 3
    for one in written:
        assert one["size"] >= 8
        for node in nodes:
            same_row = abs(node["y"] - one["y"]) < one["size"] / 2
            assert not (same_row and one["left"] < node["x"] < one["right"]), (one, node)


def test_details_have_their_place_only_while_something_is_chosen(opener: Opener) -> None:
    page = opener(answers.blast(), ReportOptions()).page
    panel, picture = page.locator("#panel"), page.locator("#picture")
    wide = picture.bounding_box()
    expect(panel).to_be_hidden()
    page.locator("tbody th button").nth(3).click()
    expect(panel).to_be_visible()
    narrow = picture.bounding_box()
    assert wide
    assert narrow
    assert narrow["width"] < wide["width"]
    page.get_by_role("button", name="Fit").click()
    spots = page.evaluate(SPOTS)
    drawn = picture.locator("canvas").bounding_box()
    assert drawn
    assert all(0 < spot["x"] < drawn["width"] and 0 < spot["y"] < drawn["height"] for spot in spots)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.locator("tbody th button").nth(3).click()
    page.get_by_role("slider").press("ArrowRight")
    expect(panel).to_be_hidden()


def test_a_cluster_opens_shows_more_and_closes(opener: Opener) -> None:
    opened = opener(answers.fleet(20_000, companies=10), ReportOptions())
    page = opened.page
    whole = page.evaluate("() => seen.nodes.length")
    assert whole < 200
    cluster = page.evaluate("() => seen.nodes.get().find(n => n.words.startsWith('400 of company-003')).id")
    opened.click_node(cluster)
    expect(page.locator("#panel h2")).to_have_text("400 of company-003")
    services = "() => seen.nodes.get().filter(n => n.kind === 'service' && !n.id.startsWith('+')).length"
    assert page.evaluate(services) == 80
    labels = page.evaluate("() => seen.nodes.get().map(n => n.words)")
    assert any(label.startswith("Company-003") for label in labels), "what they lead to stands beside them"
    assert any(label.startswith("litellm 1.82.8") for label in labels), "and what leads to them"
    assert page.evaluate("() => new Set(seen.nodes.get().map(n => `${n.x} ${n.y}`)).size === seen.nodes.length")
    opened.click_node("+more")
    assert page.evaluate(services) == 160
    one = page.evaluate("() => seen.nodes.get().find(n => n.kind === 'service').id")
    opened.click_node(one)
    expect(page.locator("#panel")).to_contain_text("dspy@3.1.3 depends on it")
    assert one in opened.bright()
    assert len(opened.bright()) < 6
    page.keyboard.press("Escape")
    assert page.evaluate(services) == 160
    page.get_by_role("button", name="Back to all").click()
    assert page.evaluate("() => seen.nodes.length") == whole
    opened.click_node(cluster)
    page.keyboard.press("Escape")
    assert page.evaluate("() => seen.nodes.length") == whole


def test_rows_are_filtered_by_company_and_owner(opener: Opener) -> None:
    page = opener(answers.fleet(20_000, companies=10), ReportOptions()).page
    page.get_by_label("Company", exact=True).fill("company-003")
    expect(page.locator("#status")).to_contain_text("2,001 of")
    page.get_by_label("Owner").fill("o17")
    expect(page.locator("#status")).not_to_contain_text("2,001 of")
    owners = set(page.locator("tbody td.c-owner").all_text_contents())
    assert owners
    assert all(owner.startswith("o17") for owner in owners)
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#status")).to_contain_text("20,015 of 20,017 rows")


def test_a_file_of_very_many_exposures_opens(opener: Opener) -> None:
    number = share(100_000)
    opened = opener(answers.fleet(number), ReportOptions())
    assert (opener.folder / "report.html").stat().st_size < 5_000_000
    page = opened.page
    expect(page.locator("#status")).to_contain_text(f"{number + 105:,} of")
    page.get_by_label("Search").fill(f"service-{number - 1:06}")
    expect(page.locator("#status")).to_contain_text("1 of")
    page.locator("tbody th button").first.click()
    last = number - 1
    expect(page.locator("#panel")).to_contain_text(f"sboms/team-{last % 97}/service-{last:06}/bom.json")


def test_a_small_screen_and_print_lose_nothing(opener: Opener) -> None:
    opened = opener(answers.blast(), ReportOptions(), viewport={"width": 360, "height": 640})
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.page.emulate_media(media="print")
    expect(opened.page.locator("form.tools")).to_be_hidden()
    expect(opened.page.locator(".card", has_text="its SBOM would settle it")).to_be_visible()


def test_paper_takes_the_whole_width_and_the_colours_of_paper(opener: Opener) -> None:
    page = opener(
        answers.later(), ReportOptions(), viewport={"width": 718, "height": 1000}, color_scheme="dark"
    ).page  # A4
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('table').offsetWidth <= document.querySelector('.scroll').clientWidth")
    light = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--cleared')")
    assert light == "#2e7d4f"


def test_without_scripts_the_lists_still_stand(opener: Opener, tmp_path: Path) -> None:
    page = opener.browser.new_context(java_script_enabled=False).new_page()
    file = tmp_path / "plain.html"
    file.write_text(report("html").render(answers.blast(), ReportOptions()), encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.locator("h1")).to_have_text(
        "1 of your 4 services was hit, 1 probably. 1 cannot be told yet. 1 is clear."
    )
    expect(page.locator(".tile b")).to_have_text(["1", "1", "0", "1", "1"])
    expect(page.locator(".card .name")).to_have_text(["payments", "search", "billing", "website"])
    expect(page.locator(".todo")).to_contain_text("graphkit")
    expect(page.locator(".whole")).to_contain_text("2 of 4 services exposed, at worst observed")
    expect(page.locator(".releases")).to_contain_text("litellm 1.82.8")
    page.context.close()
