"""The top of the page, which needs no script to be read: tiles, what to do now, and the services, worst first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from graphkit.model.answers import Blast, ServiceVerdict
from graphkit.reports.actions import ActionLine, lines_to_act_on
from graphkit.reports.content import web_address
from graphkit.reports.first_screen import evidence_of, nodes_of
from graphkit.reports.groups import MEANING, Group, counts_of, group_of, own_services, services_of_others
from graphkit.reports.settling import remedies, settle_in_graph
from graphkit.reports.text import counted, shown
from graphkit.reports.wording import clearance_in_words

_LISTED: Final = 100
"""How many services the top lists; the table has all."""
_COMMANDS: Final = 5
_CODE: Final = re.compile("`([^`]+)`")


def safe(text: str) -> str:
    """Return a text as it can stand in the page."""
    return escape(shown(text))


def with_code(text: str) -> str:
    """Return a text as it can stand in the page, with what stands in it between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", safe(text))


def anchor(url: str, title: str) -> str:
    """Return a title that leads to its page, where a browser would open one; else the title alone."""
    if not web_address(url):
        return safe(title)
    return f'<a href="{escape(url)}" rel="noreferrer noopener" target="_blank">{safe(title)}</a>'


def tiles(blast: Blast) -> str:
    """Return a tile for each group, with its count; with the page's script it shows these services alone."""
    return "".join(
        f'<button type="button" class="tile g-{group}" data-group="{group}" aria-pressed="false">'
        f"<b>{number:,}</b> <span>{group}</span><small>{MEANING[group]}</small></button>"
        for group, number in counts_of(blast).items()
    )


def actions(blast: Blast, graph: str | None) -> str:
    """Return what to do now, each with a box to check, then the commands that settle what is unknown.

    They name the graph as those on the screen do, None for the default one: of another one they would settle nothing.
    """
    rows = [_to_do(one) for one in lines_to_act_on(blast)]
    unknown = own_services(blast, _LISTED).get(Group.UNKNOWN, ())
    rows += [
        f'<li><label><input type="checkbox"> {one.verb} {counted(number, "unknown service")}'
        f"{safe(one.condition)}</label>"
        f'<span class="command"><code>{safe(one.command)}</code> '
        '<button type="button" class="copy">Copy</button></span></li>'
        for one, number in remedies(unknown, settle_in_graph(blast, graph), _COMMANDS)
    ]
    return f"<ol>{''.join(rows)}</ol>" if rows else "<p>Nothing: every service is clear, on the assumptions named.</p>"


def _to_do(one: ActionLine) -> str:
    said = f" <small>{safe(one.by)}</small>" if one.by else ""
    do = f"<b>{safe(one.do)}</b> " if one.do else ""
    text = ": ".join(filter(None, (one.incident, one.text)))
    return f'<li><label><input type="checkbox"> {do}{with_code(text)}</label>{said}</li>'


def services(blast: Blast) -> str:
    """Return the services as cards, worst first."""
    own = _cards(own_services(blast, _LISTED), sum(counts_of(blast).values()), blast)
    others = _cards(services_of_others(blast, _LISTED), len(blast.external), blast)
    return (own or "<p>None yet. Add them: <code>graphkit scan PATH</code></p>") + (
        f"<h3>Services of others</h3>{others}" if others else ""
    )


def _cards(found: Mapping[Group, Sequence[ServiceVerdict]], total: int, blast: Blast) -> str:
    listed = [one for services in found.values() for one in services][:_LISTED]
    numbers = {one.service: number for number, one in enumerate(blast.services)}
    cards = "".join(_card(f"s{numbers[one.service]}", one, blast) for one in listed)
    more = f"<p>{counted(total - len(listed), 'more service')}: see the table</p>" if total > len(listed) else ""
    return f'<ul class="cards">{cards}</ul>{more}' if listed else ""


def _card(entry: str, one: ServiceVerdict, blast: Blast) -> str:
    group = group_of(one.verdict)
    owner = f' <span class="owner">{safe(one.owner)}</span>' if one.owner else ""
    if group is Group.CLEAR:
        more = clearance_in_words(one)
    elif group is Group.UNKNOWN:
        more = ""
    else:
        more = " · ".join(filter(None, (*evidence_of(one, blast), nodes_of(one.paths))))
    below = f'<p class="soft">{with_code(more)}</p>' if more else ""
    return (
        f'<li class="card g-{group}" data-group="{group}"><span class="badge">{group}</span> '
        f'<button type="button" class="name" data-id="{entry}">{safe(one.service)}</button>{owner}'
        f"<p>{with_code(one.reason)}</p>{below}</li>"
    )
