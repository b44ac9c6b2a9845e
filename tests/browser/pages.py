"""Pages opened in a real browser, and what went on in them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from graphkit.model.answers import Blast
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from graphkit.reports.routes import routes

# Keeps hold of the network that the page makes, so that a test can ask it where a node is.
CAPTURE = """
let made;
const vis = {};
Object.defineProperty(vis, "Network", { enumerable: true, configurable: true, get: () => made, set(Network) {
  made = class extends Network { constructor(box, held, options) { super(box, held, options);
    window.seen = { network: this, nodes: held.nodes, edges: held.edges }; } };
} });
window.vis = vis;
"""

# What was written into the picture since the last frame began, where on the screen, and how large.
WRITTEN = """
window.written = [];
const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
Object.assign(CanvasRenderingContext2D.prototype, {
  clearRect(...all) { written = []; clearRect.apply(this, all); },
  fillText(text, x, y) {
    const { a, d, e, f } = this.getTransform(), long = this.measureText(text).width * a;
    written.push({ text, left: x * a + e, right: x * a + e + long, y: y * d + f, size: parseFloat(this.font) * a });
    fillText.call(this, text, x, y);
  },
});
"""

# The lines that were drawn since the last frame began: their ways, and how wide on the screen.
LINES = """
window.lines = [];
window.Path2D = class extends Path2D { constructor(way) { super(way); this.way = way; } };
const { clearRect, stroke } = CanvasRenderingContext2D.prototype;
Object.assign(CanvasRenderingContext2D.prototype, {
  clearRect(...all) { lines = []; clearRect.apply(this, all); },
  stroke(...all) {
    if (all.length) lines.push({ path: all[0], way: all[0].way, width: this.lineWidth * this.getTransform().a });
    stroke.apply(this, all);
  },
});
"""

# Lines that come nearer to a node than its edge, though they neither begin nor end at it.
CROSSED = """() => {
  const pen = document.createElement("canvas").getContext("2d"), found = [];
  for (const node of seen.nodes.get().filter(node => !node.hidden)) {
    pen.lineWidth = 2 * node.size;
    for (const { path, way } of lines) {
      const [, x, y] = way.match(/^M(\\S+) ([^HC]+)/), end = way.match(/H([^HCV]+)$/)[1];
      const last = [...way.matchAll(/[ V](-?[0-9.]+)H/g)].pop()[1];
      const joins = (node.x === +x && node.y === +y) || (node.x === +end && node.y === +last);
      if (!joins && pen.isPointInStroke(path, node.x, node.y)) found.push([way, node.words]);
    }
  }
  return found;
}"""


@dataclass
class Opened:
    """A page, and what went on in it: requests beside the file itself, console messages, errors."""

    page: Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def click_node(self, entry_id: str) -> None:
        """Click a node of the picture where it is drawn."""
        self.page.locator("#picture").scroll_into_view_if_needed()
        at = self.page.evaluate("id => seen.network.canvasToDOM(seen.network.getPosition(id))", entry_id)
        self.page.locator("#picture canvas").click(position=at)
        self.page.wait_for_timeout(400)  # vis waits for a second click

    def bright(self) -> set[str]:
        """Return the nodes that are drawn in full."""
        found = self.page.evaluate("() => seen.nodes.get().filter(n => !n.hidden && n.opacity === 1).map(n => n.id)")
        return set(found)

    def lit_lines(self) -> list[tuple[str, str]]:
        """Return the links that are drawn as lit, as (from, to); the page's ways are those of `routes`."""
        network = json.loads(self.page.locator("#report").text_content() or "")["network"]
        places = {node["id"]: (node["x"], node["y"]) for node in network["nodes"]}
        links = [(edge["from"], edge["to"]) for edge in network["edges"]]
        by_way = dict(zip(routes(places, links), links, strict=True))
        return [
            by_way[way] for way in self.page.evaluate("() => lines.filter(one => one.width > 2).map(one => one.way)")
        ]

    def crossed(self) -> list[object]:
        """Return what lines are drawn through nodes that they do not join."""
        self.page.evaluate("() => seen.network.redraw()")
        return list(self.page.evaluate(CROSSED))

    def names(self) -> list[str]:
        """Return the names that the table lists."""
        return self.page.locator("tbody th button").all_text_contents()


class Opener:
    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.folder, self.all = browser, folder, list[Opened]()

    def __call__(self, answer: Blast, view: ReportOptions | None = None, **context: Any) -> Opened:
        file = self.folder / "report.html"
        file.write_text(report("html").render(answer, view or ReportOptions()), encoding="utf-8")
        page = self.browser.new_context(
            **{"viewport": {"width": 1400, "height": 1000}, "accept_downloads": True, **context}
        ).new_page()
        opened = Opened(page)
        self.all.append(opened)
        page.on("request", lambda request: opened.requests.append(request.url))
        page.on("console", lambda message: opened.messages.append(message.text))
        page.on("pageerror", lambda error: opened.messages.append(str(error)))
        page.add_init_script(CAPTURE + LINES)
        page.route("**/*", lambda route: route.continue_() if route.request.url == file.as_uri() else route.abort())
        page.goto(file.as_uri())
        expect(page.locator("#status")).to_contain_text("rows")
        return opened
