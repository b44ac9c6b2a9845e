"""The pages of both examples for people who use keys, a screen reader, a small screen, dark colours or paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from graphkit.model.answers import Blast
from tests.browser.pages import Opener
from tests.unit.reports import answers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BAD = {"serious", "critical"}
PAGE = re.compile(rb"/Type\s*/Page\b")


def findings(page: Page) -> list[tuple[str, str]]:
    """Return the serious and critical findings of axe-core, each with the first element that it is about."""
    found: dict[str, Any] = Axe().run(page).response
    assert len(found["passes"]) > 20, "axe looked at the page"
    return [(one["id"], one["nodes"][0]["html"]) for one in found["violations"] if one["impact"] in BAD]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("example", ["acme", "case"])
def test_axe_has_no_serious_finding(
    opener: Opener, examples: Mapping[str, Blast], example: str, width: int, scheme: str
) -> None:
    page = opener(examples[example], viewport={"width": width, "height": 844}, color_scheme=scheme).page
    # With an opened node, one of its buttons and the details in sight.
    page.locator("#nodes button[aria-expanded]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize("make", [answers.hostile, answers.several, lambda: answers.fleet(300)])
def test_axe_has_no_serious_finding_in_made_up_answers(opener: Opener, make: Callable[[], Blast]) -> None:
    assert findings(opener(make()).page) == []


@pytest.mark.parametrize("example", ["acme", "case"])
def test_an_example_is_printed_on_three_pages(opener: Opener, examples: Mapping[str, Blast], example: str) -> None:
    page = opener(examples[example]).page
    rows = page.locator("#table tbody tr").count()
    for paper in ("A4", "Letter"):
        assert len(PAGE.findall(page.pdf(format=paper))) <= 3
    assert page.locator("#table tbody tr").count() == rows, "the page is as it was before"
    assert page.locator("footer details[open]").count() == 1


@pytest.mark.parametrize("example", ["acme", "case"])
def test_what_stands_above_the_picture_is_on_the_first_sheet(
    opener: Opener, examples: Mapping[str, Blast], example: str
) -> None:
    page = opener(examples[example], viewport={"width": 711, "height": 1000}).page  # A4 without its margins
    page.emulate_media(media="print")
    end = page.evaluate("document.querySelector('.first').getBoundingClientRect().bottom + scrollY")
    assert end < 1040


def test_the_picture_is_walked_by_keys_and_says_whole_names(opener: Opener) -> None:
    opened = opener(answers.hostile())
    page = opened.page
    page.locator("#company, #owner").first.focus()
    page.locator("#nodes button[tabindex='0']").focus()
    page.keyboard.press("Home")
    focused = page.locator("#nodes button:focus")
    expect(focused).to_contain_text("litellm 1.82.7")
    expect(focused).to_contain_text("release, compromised")
    page.keyboard.press("ArrowDown")
    expect(focused).to_contain_text("litellm 1.82.8")
    told = set()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        told.add(focused.text_content())
        assert page.evaluate("getComputedStyle(document.activeElement).opacity") == "1"
    assert len(told) > 2
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_visible()
    assert page.locator("#nodes button[tabindex='0']").count() == 1


def test_a_node_for_several_opens_and_closes_by_keys(opener: Opener, examples: Mapping[str, Blast]) -> None:
    opened = opener(examples["case"])
    page = opened.page
    whole = page.evaluate("() => seen.nodes.length")
    folded = page.locator("#nodes button", has_text="27 more packages")
    folded.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("27 more packages")
    names = page.evaluate("() => seen.nodes.get().map(n => n.words)")
    assert {"dspy", "graphrag", "crewai[litellm]", "litellm 1.82.7", "litellm 1.82.8"} <= set(names)
    expect(page.locator("#nodes button:focus")).to_contain_text("package, likely")
    assert opened.crossed() == []
    page.keyboard.press("Escape")
    assert page.evaluate("() => seen.nodes.length") == whole
    expect(page.locator("#nodes button:focus")).to_contain_text("27 more packages")


def test_on_a_small_screen_the_picture_scrolls_in_its_frame(opener: Opener, examples: Mapping[str, Blast]) -> None:
    page = opener(examples["acme"], viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "() => { const f = document.getElementById('frame'); return f.scrollWidth > 2 * f.clientWidth; }"
    )
    page.evaluate("document.getElementById('frame').scrollLeft = 300")
    assert page.evaluate("document.getElementById('frame').scrollLeft") == 300
    assert page.evaluate("getComputedStyle(document.querySelector('canvas')).touchAction") == "pan-x pan-y"
