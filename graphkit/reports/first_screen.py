"""The first screen: how many services were hit, which, when, what to do now; it fits one screen, whatever was asked.

A longer list ends in a count and in the option that shows the rest. `graphkit.reports.table` has everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size

from graphkit.model.answers import Blast, BuildVerdict, Path, ServiceVerdict
from graphkit.model.input_names import is_lock, is_manifest
from graphkit.model.ranks import Verdict
from graphkit.reports.actions import lines_to_act_on
from graphkit.reports.evidence import exposed_from
from graphkit.reports.groups import EVIDENCE, Group, counts_of, counts_of_others, group_of, own_services
from graphkit.reports.interface import ReportOptions
from graphkit.reports.settling import Remedy, Settle, command, graph_option, incidents_of, remedies, settle_in_graph
from graphkit.reports.text import counted, shown
from graphkit.reports.text_canvas import TextCanvas, folded
from graphkit.reports.wording import ASSUMED, between, clock, notices, on_word, refused, said_beside, what_and_when

WIDE: Final = 100
_LINES_WIDE: Final = 40
_LINES_NARROW: Final = 50
_NARROW: Final = 80
_LEAST: Final = 12
"""The fewest lines that services have on a screen that is narrower; there all else takes more lines than it has."""
_MARGIN: Final = 9
"""Columns of the verdict's word."""
_NAME: Final = 24
"""The most columns that names have; a longer one has a line of its own."""
_ACTIONS: Final = 7
"""The most actions."""
_COMMANDS: Final = 3
"""The most commands that settle unknown services."""
_TINT: Final[Mapping[Group, str]] = {
    Group.HIT: "observed",
    Group.LIKELY: "picked",
    Group.POSSIBLE: "admitted",
    Group.UNKNOWN: "unknown",
    Group.CLEAR: "cleared",
}
_SHOWN_OF_A_PATH: Final = 5
_LINES_OF_A_TEXT: Final = 3
"""The most lines that a reason has, where there is room for them."""
_LOCKED: Final = "locked"
"""The basis of a verdict by a lock."""
_BETWEEN: Final = "; "
"""What stands between the statements of a reason."""
_GAP: Final = 3
"""The fewest columns between a reason and the owner."""


class Screen(Struct, frozen=True, kw_only=True):
    """What stands around the services.

    ``about``: lines below the title, such as what was looked at. ``actions``: what to do now, as ``told_by`` says it;
    ``incident``: the one that all of them are about, where several were asked about.
    ``after``: commands at the end, such as that of the page. ``nothing``: what stands there where no service does.
    ``settle``: the command for an unknown service.
    """

    about: Sequence[str] = ()
    actions: Sequence[str] = ()
    told_by: str = ""
    incident: str = ""
    after: Sequence[str] = ()
    nothing: str = "The graph holds no service{yours} yet. Add one: graphkit scan PATH"
    settle: Settle = field(default=lambda _: Remedy(""))

    def of_a_scan(
        self, about: Sequence[str], nothing: str, settle: Settle, from_before: AbstractSet[str] = frozenset()
    ) -> Screen:
        """Return it with what a scan says in place of a graph that is asked.

        ``from_before``: services of earlier scans, which no other scan of the same paths would settle.
        """

        def settle_each(one: ServiceVerdict) -> Remedy:
            return self.settle(one) if one.service in from_before else settle(one)

        return replace(self, about=about, nothing=nothing, settle=settle_each)


def screen_of(blast: Blast, view: ReportOptions) -> Screen:
    """Return what stands around the services of a graph."""
    actions = lines_to_act_on(blast)
    incidents = {one.incident for one in actions}
    incident = actions[0].incident if len(incidents) == 1 else ""
    more = [f"{counted(len(actions) - _ACTIONS, 'more action')}: --long lists them"] if len(actions) > _ACTIONS else []
    return Screen(
        actions=[
            *(str(one._replace(by="", incident="" if incident else one.incident)) for one in actions[:_ACTIONS]),
            *more,
        ],
        incident=incident,
        told_by="; ".join(dict.fromkeys(who for one in actions[:_ACTIONS] for who in one.by.split("; ") if who)),
        after=(*whole_incidents(blast, view.graph), f"page: {page_command(blast, view)}"),
        settle=settle_in_graph(blast, view.graph, view.is_there),
    )


def whole_incidents(blast: Blast, graph: str | None) -> Iterator[str]:
    """Yield the command that asks about all of each incident of which a part alone was asked about."""
    for one in blast.left_out:
        yield f"all of {one.incident}: {command('graphkit', 'blast', one.incident, *graph_option(graph))}"


def page_command(blast: Blast, view: ReportOptions) -> str:
    """Return the command that writes the page of an answer."""
    ids = incidents_of(blast)
    return command("graphkit", "blast", *ids, *graph_option(view.graph), "--format", "html", "--output", view.page)


def first_screen(blast: Blast, view: ReportOptions, screen: Screen) -> str:
    """Return the answer as text of at most 40 lines at 100 columns, 50 below that.

    Only text that has to be whole may take more: titles, actions and commands are wrapped and never cut.
    """
    head, foot = _canvas(view), _canvas(view)
    head.line(what_and_when(blast), style="bold", hang=0)
    for line in filter(
        None, (*screen.about, *notices(blast), *said_beside(blast), refused(blast) if view.strict else "")
    ):
        head.line(line)
    head.gap()
    _counts(head, blast)
    head.gap()
    foot.gap()
    if screen.actions:
        about = f" about {screen.incident}" if screen.incident else ""
        foot.line(f"DO NOW{about}" + (f"   (by {screen.told_by})" if screen.told_by else ""), style="bold")
        for number, line in enumerate(screen.actions, 1):
            foot.line(f"{number}  {line}", indent=2, hang=3)
        foot.gap()
    for line in _others(blast):
        foot.line(line, style="dim")
    for line in screen.after:
        foot.line(line, style="dim", is_laid_out=True)
    most = _LINES_WIDE if view.width >= WIDE else _LINES_NARROW
    room = most - head.height - foot.height
    room = room if view.width >= _NARROW else max(room, _LEAST)
    return head.text() + _services(blast, view, screen, room) + foot.text()


def _canvas(view: ReportOptions) -> TextCanvas:
    return TextCanvas(view.width, colour=view.colour)


def _counts(head: TextCanvas, blast: Blast) -> None:
    counts = counts_of(blast)
    head.words(
        [(f"{group.upper()} {number:,}", _TINT[group] if number else "none") for group, number in counts.items()]
    )


def _services(blast: Blast, view: ReportOptions, screen: Screen, room: int) -> str:
    """Return as many services as fit, the worst first; each group that has some shows one, and counts the others."""
    counts = counts_of(blast)
    groups = own_services(blast, max(room, 1))
    if not groups:
        sheet = _canvas(view)
        yours = " of yours" if blast.external else ""
        sheet.line(screen.nothing.format(yours=yours), indent=2)
        return sheet.text()
    names = [cell_len(shown(one.service)) for ones in groups.values() for one in ones]
    column = max((one for one in names if one <= _NAME), default=0) + 2  # a longer one has a line of its own
    foot = _settling(groups.get(Group.UNKNOWN, ()), screen.settle, view)
    rows = {group: [_service(one, blast, view, column, 1) for one in ones] for group, ones in groups.items()}
    fitting = _fitting(rows, counts, room - foot.count("\n"))
    left = room - foot.count("\n") - _height(rows, fitting, counts)
    for group, blocks in rows.items():
        for number, one in enumerate(groups[group][: fitting[group]]):
            whole = _service(one, blast, view, column, _LINES_OF_A_TEXT)
            if (added := whole.count("\n") - blocks[number].count("\n")) <= left:
                blocks[number], left = whole, left - added
    text = ""
    for group, blocks in rows.items():
        text += "".join(blocks[: fitting[group]])
        if rest := counts[group] - fitting[group]:
            sheet = _canvas(view)
            more = f"{rest:,} more" if fitting[group] else counted(rest, "service")
            sheet.line(
                f"{more}: --long lists {'them' if rest > 1 else 'it'}",
                lead=_lead(group),
                tint=_TINT[group],
                hang=_MARGIN,
            )
            text += sheet.text()
        text += foot if group is Group.UNKNOWN else ""
    return text


def _settling(unknown: Sequence[ServiceVerdict], settle: Settle, view: ReportOptions) -> str:
    """Return the commands that settle unknown services, the one that settles most of them first."""
    sheet = _canvas(view)
    for one, number in remedies(unknown, settle, _COMMANDS):
        what = one.purpose(number)
        # One line, however long: what is pasted from a terminal has no line break in it then.
        if one.only_if:
            sheet.line(f"{what}{one.condition}:", indent=_MARGIN, is_laid_out=True)
            sheet.line(one.command, indent=_MARGIN + 2, is_laid_out=True)
        else:
            sheet.line(f"{what}: {one.command}", indent=_MARGIN, is_laid_out=True)
    return sheet.text()


def _fitting(rows: Mapping[Group, Sequence[str]], totals: Mapping[Group, int], room: int) -> dict[Group, int]:
    """Return how many services of each group are shown, as long as lines are left.

    All that were hit go first, then one of each group, then the others, worst first. A group of which not all are
    shown needs a line for the count of the others.
    """
    counts = dict.fromkeys(rows, 0)

    hit = [(Group.HIT, len(rows[Group.HIT]))] if Group.HIT in rows else []
    for group, most in (*hit, *((group, 1) for group in rows), *((group, len(rows[group])) for group in rows)):
        while counts[group] < most:
            counts[group] += 1
            if _height(rows, counts, totals) > room:
                counts[group] -= 1
                break
    return counts


def _height(rows: Mapping[Group, Sequence[str]], shown_of: Mapping[Group, int], totals: Mapping[Group, int]) -> int:
    """Return how many lines the shown services need, with one for each group of which some are left out."""
    lines = sum(block.count("\n") for group, blocks in rows.items() for block in blocks[: shown_of[group]])
    return lines + sum(shown_of[group] < totals[group] for group in rows)


def _lead(group: Group) -> str:
    return f"{group.upper():<{_MARGIN - 1}}"


def _service(one: ServiceVerdict, blast: Blast, view: ReportOptions, column: int, most: int) -> str:
    """Return the lines of a service: verdict, name, reason and owner; then when and by which path.

    ``most``: the most lines that each of the two takes; its end is cut where it is longer.
    """
    group = group_of(one.verdict)
    sheet = _canvas(view)
    name, owner = shown(one.service), shown(one.owner)
    indent = _MARGIN + column
    rest = view.width - indent
    first, *others = _lines(_first_clause(one, group), rest, most)
    first = first if others else _with_owner(first, owner, rest)
    if cell_len(name) + 2 > column:
        sheet.line(name, lead=_lead(group), tint=_TINT[group], hang=_MARGIN)
        others.insert(0, first)
    else:
        sheet.line(set_cell_size(name, column) + first, lead=_lead(group), tint=_TINT[group], is_laid_out=True)
    for line in others:
        sheet.line(line, indent=indent, is_laid_out=True)
    who = "" if first.endswith(owner) else f"owner: {owner}"
    more: tuple[str, ...] = ()
    if group is Group.CLEAR:
        more = (_assumed(one),)
    elif group is not Group.UNKNOWN:
        more = (*evidence_of(one, blast), nodes_of(one.paths))
    if second := " · ".join(filter(None, (*more[:-1], who, *more[-1:]))):
        for line in _lines(second, rest, most):
            sheet.line(line, indent=indent, style="dim", is_laid_out=True)
    return sheet.text()


def _with_owner(text: str, owner: str, width: int) -> str:
    """Return a text with the owner at the right end of its line, where there is room for both."""
    gap = width - cell_len(text) - cell_len(owner)
    return f"{text}{' ' * gap}{owner}" if owner and gap >= _GAP else text


def _first_clause(one: ServiceVerdict, group: Group) -> str:
    """Return the first statement of a reason; `graphkit why` has all of it."""
    if group is Group.UNKNOWN and one.near:
        return "not everything that an install could take was read"
    return shown(_clause(one))


def _clause(one: ServiceVerdict) -> str:
    """Return a reason up to the end of its first statement, which is none inside a name or what is quoted."""
    told = [build.document for build in one.builds if build.document is not None]
    names = {one.service, *(name for file in told for name in (file.path, file.file)), *_inputs_of(one)}
    hidden = one.reason
    for name in sorted(filter(None, names), key=len, reverse=True):
        hidden = hidden.replace(name, "\0" * len(name))
    ends = (at for at in range(len(hidden)) if hidden.startswith(_BETWEEN, at) and not hidden.count("`", 0, at) % 2)
    return one.reason[: next(ends, None)]


def _inputs_of(one: ServiceVerdict) -> Iterator[str]:
    yield from (build.input.path for build in one.builds if build.input is not None)


def _assumed(one: ServiceVerdict) -> str:
    first = ASSUMED[one.assumes[0]] if one.assumes else "nothing"
    more = f", and {counted(len(one.assumes) - 1, 'more assumption')}" if len(one.assumes) > 1 else ""
    return f"{on_word(one)}assuming {first}{more}"


def _is_of_a_lock(build: BuildVerdict) -> bool:
    path = build.document.path if build.document else ""
    return build.basis == _LOCKED or is_lock(path) or is_manifest(path)


def evidence_of(one: ServiceVerdict, blast: Blast) -> Iterator[str]:
    """Yield when a service was exposed, and on what evidence, as far as each is known."""
    worst = next((build for build in one.builds if build.verdict is one.verdict), None)
    times = exposed_from(blast, one.slots)
    if times and (worst is None or worst.at is None or _is_of_a_lock(worst)):  # a lock's own time is no build's
        yield between(*times)
    elif worst is not None and worst.at is not None:
        yield f"build of {clock(worst.at)}"
    if one.verdict is Verdict.OBSERVED:
        yield EVIDENCE.get(one.basis, "")


def nodes_of(paths: Sequence[Path]) -> str:
    """Return the nodes of the first path, of a long one the first and the last ones."""
    nodes = [shown(step.node).replace("@", " ") for step in paths[0]] if paths else []
    if len(nodes) > _SHOWN_OF_A_PATH:
        nodes = [*nodes[:2], "…", *nodes[-2:]]
    return " → ".join(nodes)


def _others(blast: Blast) -> Iterator[str]:
    """Yield what the screen does not list, with the command that does."""
    public = sum(number for _, number in blast.summary.packages)
    reached = sum(number for name, number in blast.summary.companies if name not in {"none", "unknown", "cleared"})
    counts = counts_of_others(blast)
    parts = []
    if blast.external:
        each = ", ".join(f"{number:,} {group.upper()}" for group, number in counts.items() if number)
        parts.append(f"{counted(len(blast.external), 'service')} of others: {each}")
    if public:
        parts.append(f"{counted(public, 'public package')} could pull it in")
    if reached:
        parts.append(f"{counted(reached, 'company', 'companies')} reached by their word or through a supplier")
    if parts:
        yield f"{'; '.join(parts)}: --long lists them"


def _lines(text: str, width: int, most: int) -> list[str]:
    """Return a text in at most so many lines, the last one cut where more would be needed."""
    if most == 1:
        return [_cut(text, width)]
    lines = list(folded(text, width))
    return [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]), width)] if len(lines) > most else lines


def _cut(text: str, width: int) -> str:
    """Return a text of at most ``width`` columns, its end replaced by an ellipsis where it is longer."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"
