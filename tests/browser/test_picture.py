"""The picture of both examples: own services' paths, lines that keep clear of other nodes, names that can be read."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from graphkit.model.answers import Blast
from graphkit.model.ranks import Tier
from graphkit.reports.content import content
from graphkit.reports.html.network import height
from graphkit.reports.interface import ReportOptions
from graphkit.reports.layout import picture
from graphkit.reports.routes import routes
from graphkit.reports.wording import listing
from tests.browser.pages import WRITTEN, Opener
from tests.unit.reports import answers
from tests.unit.reports.ways import run_through

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SHOWN = "() => seen.nodes.get().filter(n => !n.hidden).map(n => n.words)"


def test_acme_s_picture_has_the_paths_of_its_services(opener: Opener, examples: Mapping[str, Blast]) -> None:
    shown = set(opener(examples["acme"]).page.evaluate(SHOWN))
    assert {"answerbot", "gateway", "agents", "search", "batch", "3 services", "3 more packages"} <= shown
    assert {
        "litellm 1.82.7",
        "litellm 1.82.8",
        "smolagents@1.24.0",
        "Acme (made up)",
        "Harbour Shop (made up)",
    } <= shown
    assert not {"checkout", "smolagents[all]"} & shown


def test_the_picture_of_the_case_fits_a_glance(opener: Opener, examples: Mapping[str, Blast]) -> None:
    shown = set(opener(examples["case"]).page.evaluate(SHOWN))
    assert {"27 more packages", "4 services of others", "LiteLLM Cloud", "Mercor", "6 companies"} <= shown
    assert len(shown) < 30


@pytest.mark.parametrize("example", ["acme", "case"])
@pytest.mark.parametrize("tier", [Tier.PICKED, Tier.ADMITTED])
def test_no_line_runs_through_a_node_that_is_not_on_its_path(
    opener: Opener, examples: Mapping[str, Blast], example: str, tier: Tier
) -> None:
    answer = examples[example]
    made = picture(content(answer, listing(answer, ReportOptions(tier=Tier.ADMITTED))))
    places = {spot.id: (spot.x, height(spot.y)) for spot in made.spots}
    links = [(start, end) for start, end, _ in made.links]
    ways = routes(places, links)
    assert run_through(places, links, ways) == []
    opened = opener(answer, ReportOptions(tier=tier))
    assert opened.crossed() == []
    assert set(opened.page.evaluate("() => lines.map(one => one.way)")) <= set(ways), "the page draws these ways"
    assert opened.page.evaluate("() => lines.length") > 5


def test_no_line_of_an_opened_node_runs_through_another(opener: Opener) -> None:
    opened = opener(answers.fleet(20_000, companies=10))
    assert opened.crossed() == []
    opened.click_node(
        opened.page.evaluate("() => seen.nodes.get().find(n => n.words.startsWith('400 of company-003')).id")
    )
    assert opened.page.evaluate("() => lines.length") > 80
    assert opened.crossed() == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("example", ["acme", "case"])
def test_every_name_has_its_verdict_and_can_be_read_whole(
    opener: Opener, examples: Mapping[str, Blast], example: str, width: int
) -> None:
    page = opener(examples[example], viewport={"width": width, "height": 844}, device_scale_factor=1).page
    page.evaluate(WRITTEN + "seen.network.redraw()")
    written = page.evaluate("() => written")
    assert min(one["size"] for one in written) >= 8
    nodes = page.evaluate("() => seen.nodes.get().filter(n => !n.hidden).map(n => [n.title, n.words, n.id])")
    verdicts = {"compromised", "hit", "likely", "possible", "unknown", "clear", "not tied to it"}
    verdicts |= {"hit, as stated", "through a supplier"}
    assert sum(one["text"].split(" · ")[0] in verdicts for one in written) == len(nodes)
    for title, name, node in nodes:
        assert title.startswith(name)
        assert page.locator(f"#nodes button[data-id='{node}']").text_content() == title
    right = page.locator("#picture canvas").bounding_box()
    assert right
    assert max(one["right"] for one in written) <= right["width"]
