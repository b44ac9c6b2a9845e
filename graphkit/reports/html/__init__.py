"""A blast as one page that a browser opens from a file: picture, table and sources, nothing loaded from outside."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

from msgspec.structs import replace

from graphkit.model.answers import Blast, Provenance
from graphkit.model.ranks import Tier
from graphkit.reports.content import KINDS, VERDICTS, Content, content
from graphkit.reports.groups import CALLED, EVIDENCE, counts_of, sentence, whose
from graphkit.reports.html.companies import companies
from graphkit.reports.html.network import SHAPES, drawing_script, network
from graphkit.reports.html.packing import packed
from graphkit.reports.html.top import actions, anchor, safe, services, tiles, with_code
from graphkit.reports.interface import ReportOptions
from graphkit.reports.layout import picture
from graphkit.reports.provenance import provenance_shape, read_object, read_provenance
from graphkit.reports.text import counted, script_json, shown
from graphkit.reports.wording import (
    Listing,
    between,
    clock,
    headline,
    listing,
    made_of,
    name_of,
    slot_spans,
    what_and_when,
    window_lines,
)

_DATA: Final = '<script type="application/json" id="report">'
_SCRIPTS: Final = ("rows.js", "picture.js", "page.js")
_LISTED: Final = 50
"""How many releases the head of the page lists; the table has all."""


class HtmlReport:
    """A blast as a self-contained page for people; its data stands in it as escaped JSON."""

    suffix: Final = ".html"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the page. It holds packages of every tier; ``view.tier`` is what it shows at first.

        Its content policy lets only its own scripts and styles run, by their hashes, and nothing load.
        """
        listed = listing(blast, replace(view, tier=Tier.ADMITTED))
        style, drawing, script = _part("page.css"), drawing_script(), _script()
        return Template(_part("template.html")).substitute(
            policy=escape(_policy(scripts=[drawing, script], styles=[style])),
            title=safe(what_and_when(blast)),
            sentence=with_code(sentence(counts_of(blast), whose(blast))),
            tiles=tiles(blast),
            actions=actions(blast, view.graph),
            services=services(blast),
            companies=companies(blast),
            headline=with_code(headline(blast)),
            head=_head(blast, listed),
            foot=_foot(blast, listed, made_of(blast, view)),
            style=style,
            data=script_json(json.dumps(page_shape(blast, view), ensure_ascii=False, separators=(",", ":"))),
            drawing=drawing,
            script=script,
        )

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a page says it was made of, in its data."""
        _, found, rest = text.partition(_DATA)
        read = read_object(rest.partition("</script>")[0]) if found else {}
        return read_provenance(read.get("provenance"))

    def graph(self, text: str) -> str | None:
        """Return which graph the commands of such a page name; None for the default one."""
        _, _, rest = text.partition(_DATA)
        named = read_object(rest.partition("</script>")[0]).get("graph")
        return named if isinstance(named, str) else None


REPORT: Final = HtmlReport()


def page_shape(blast: Blast, view: ReportOptions) -> dict[str, Any]:
    """Return what the page's script reads: entries in the order of the table, the network as drawn, slots, sources."""
    shown_all = content(blast, listing(blast, replace(view, tier=Tier.ADMITTED)))
    drawn = picture(shown_all)
    order = ("r", "s", "c", "p", "x")  # the table's; the last are on a path only
    entries = sorted(shown_all.entries.values(), key=lambda one: order.index(one.id[0]))
    return {
        **packed(entries, dict(drawn.at), KINDS),
        "kinds": list(KINDS),
        "shapes": dict(SHAPES),
        "network": network(drawn),
        "slots": [shown(text) for text in slot_spans(blast)],
        "bounds": [[clock(slot.start), clock(slot.until)] for slot in blast.slots],
        "sources": _sources(shown_all),
        "verdicts": list(VERDICTS),
        "called": dict(CALLED),
        "bases": dict(EVIDENCE),
        "weakest": view.tier.value,
        "file": _file_name(blast.incident.id),
        **({} if view.graph is None else {"graph": view.graph}),
        "provenance": provenance_shape(made_of(blast, view)),
    }


def _sources(shown_all: Content) -> dict[str, dict[str, str]]:
    return dict(sorted(shown_all.sources.items()))


def _file_name(text: str) -> str:
    """Return a text as the stem of a file name: letters, digits, dots and dashes of ASCII."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in text[:60])
    return kept.strip("-.") or "report"


@cache
def _part(name: str) -> str:
    """Return a file of this folder, with the line ends that a browser's parser makes of them."""
    return files("graphkit.reports.html").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


@cache
def _script() -> str:
    """Return the page's own script: its parts in one closure, so that it names nothing the other script could see."""
    return f'"use strict";\n(() => {{\n{"".join(map(_part, _SCRIPTS))}}})();\n'


def _policy(*, scripts: Iterable[str], styles: Iterable[str]) -> str:
    """Return a content policy under which only these scripts and styles run, and nothing loads (CSP level 2)."""
    rules = (
        ("default-src", ["'none'"]),
        ("script-src", [_hash(text) for text in scripts]),
        ("style-src", [_hash(text) for text in styles]),
        ("img-src", ["data:"]),
        ("base-uri", ["'none'"]),
        ("form-action", ["'none'"]),
        ("require-trusted-types-for", ["'script'"]),  # no text becomes markup by any way of the DOM
    )
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _head(blast: Blast, listed: Listing) -> str:
    """Return the compromised releases and the counts: they stand in the page without its script, too."""
    rows = []
    for one in listed.releases[:_LISTED]:
        ghost = '<span class="tag">no longer on the index</span>' if one.ghost else ""
        note = f"<br><small>{safe(one.release.note)}</small>" if one.release.note else ""
        rows.append(
            f"<li><b>{safe(name_of(one))}</b> <span>{safe(between(one.start, one.until))}</span> {ghost}{note}</li>"
        )
    if (rest := len(blast.incident.releases) - len(rows)) > 0:
        rows.append(f"<li>{counted(rest, 'more release')}: see the table or the JSON report</li>")
    counts = "".join(
        f"<div><h3>{word}</h3>{_chips(pairs)}</div>"
        for word, pairs in (
            ("Services", blast.summary.services),
            ("Companies", blast.summary.companies),
            ("Packages", blast.summary.packages),
        )
    )
    return (
        f'<section class="releases" aria-label="Compromised releases"><h2>Compromised releases</h2>'
        f"<ul>{''.join(rows)}</ul></section>"
        f'<section class="counts" aria-label="Counts"><h2>Counts</h2>{counts}</section>'
    )


def _chips(pairs: Sequence[tuple[str, int]]) -> str:
    counts: dict[str, tuple[str, int]] = {}
    for verdict, number in pairs:
        if number:
            first, before = counts.get(CALLED[verdict], (verdict, 0))
            counts[CALLED[verdict]] = (first, before + number)
    chips = "".join(
        f'<span class="chip v-{verdict}"><b>{number:,}</b> {word}</span>' for word, (verdict, number) in counts.items()
    )
    return chips or '<span class="chip">none</span>'


def _foot(blast: Blast, listed: Listing, made: Provenance) -> str:
    """Return notes, causes, sources and provenance."""
    notes = "".join(f"<li>{with_code(note)}</li>" for note in (*window_lines(blast), *listed.notes, *blast.notes))
    causes = "".join(
        f"<li>{with_code(one.text)} <small>{safe(one.certainty)} {safe(' '.join(one.sources))}</small></li>"
        for one in blast.incident.causes
    )
    sources = "".join(
        f"<li><b>{safe(one.id)}</b> {anchor(one.url, one.title or one.url)} "
        f"<small>{safe(', '.join(filter(None, (one.publisher, one.date))))}</small></li>"
        for one in blast.incident.sources
    )
    where = blast.environment
    parts = (
        ("Notes", notes, " open"),
        ("Causes, none of which carries exposure", causes, ""),
        ("Sources", sources, ""),
    )
    lists = "".join(
        f"<details{state}><summary>{head}</summary><ul>{rows}</ul></details>" for head, rows, state in parts if rows
    )
    return (
        f"{lists}<p><small>Asked: <code>{safe(made.question)}</code>; fresh installs by {safe(blast.resolver)} "
        f"on {safe(where.implementation)} {safe(where.python)}, {safe(where.platform)} {safe(where.machine)}. "
        f"graphkit {safe(made.graphkit)}, packaging {safe(made.packaging)}, {counted(made.inputs, 'input')}, "
        f"facts <code>{safe(made.facts_sha256)}</code>. Check it with <code>graphkit report verify</code>.</small></p>"
    )
