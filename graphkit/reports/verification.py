"""Whether a report still says what its question gives: read back, asked again, compared byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from graphkit.model.answers import Blast, Provenance
from graphkit.model.errors import UsageError
from graphkit.reports import names, report
from graphkit.reports.as_json import whole_shape
from graphkit.reports.comparison import compare, proofs_changed, read_report
from graphkit.reports.interface import NamesGraph, ReportOptions
from graphkit.reports.provenance import Verification, read_object
from graphkit.reports.text import counted, cut
from graphkit.reports.wording import made_of

_SHOWN: Final = 10
_LONGEST: Final = 300


def recognised(text: str, named: str) -> tuple[str, Provenance]:
    """Return the form of a report and what it says it was made of.

    Raises:
        UsageError: no report says so of this text; ``named`` is what its file is called.
    """
    for name in names():
        if (made := report(name).provenance(text.replace("\r\n", "\n"))) is not None:
            return name, made
    forms = ", ".join(name for name in names() if name != "table")
    raise UsageError(
        f"{named} is not a report that can be verified; graphkit verifies reports written with --format {forms}"
    )


def verification(text: str, form: str, then: Provenance, blast: Blast, view: ReportOptions) -> Verification:
    """Return how a report compares with the answer to its own question, asked again.

    It is the same, too, where all that differs is what it rests on: other facts that change nothing of it, or another
    address of the graph, which its commands name.
    """
    told = report(form)
    view = replace(view, graph=told.graph(text) if isinstance(told, NamesGraph) else None)
    now = made_of(blast, view)
    made = replace(then, question=blast.provenance.question)  # the view adds its options again
    reasons = tuple(_reasons(then, now))
    for provenance in (blast.provenance, made):
        again = told.render(replace(blast, provenance=provenance), view)
        if _is_same(form, text, again):
            return Verification(form=form, then=then, now=now, same=True, reasons=reasons)
    changes = _told(text, whole_shape(blast, view)) if form == "json" else _lines(text, again)
    return Verification(form=form, then=then, now=now, same=False, reasons=reasons, changes=tuple(changes))


def _is_same(form: str, text: str, again: str) -> bool:
    if text.replace("\r\n", "\n") == again.replace("\r\n", "\n"):  # a mail may have changed the ends of lines
        return True
    return form == "json" and read_object(text) == read_object(again)


def _reasons(then: Provenance, now: Provenance) -> Iterator[str]:
    if then.facts_sha256 != now.facts_sha256:
        yield (
            f"the graph holds other facts: {counted(now.inputs, 'input')}, {now.facts_sha256[:12]}; "
            f"then {counted(then.inputs, 'input')}, {then.facts_sha256[:12]}"
        )
    if then.proofs_sha256 != now.proofs_sha256:
        yield ("the proofs of what is cleared are others than then: other facts, words, assumptions or times")
    for word, old, new in (
        ("graphkit", then.graphkit, now.graphkit),
        ("packaging", then.packaging, now.packaging),
        ("the question", then.question, now.question),
    ):
        if old != new:
            yield f"{word} is {new}; then {old}"


def _told(text: str, new: Mapping[str, Any]) -> Iterator[str]:
    try:
        old = read_report(text, "the file")
    except UsageError as error:
        yield str(error)
        return
    found = compare(old, new)
    yield found.headline()
    proofs = [cut(line, _LONGEST) for line in proofs_changed(old, new)]
    yield from proofs[:_SHOWN]
    if (rest := len(proofs) - _SHOWN) > 0:
        yield f"and {counted(rest, 'more service')} cleared by another proof"
    for one in found.changes[:_SHOWN]:
        verdicts = " → ".join(filter(None, (one.before, one.after)))
        yield cut(f"{one.what} {one.kind} {one.name}{f': {verdicts}' if verdicts else ''}", _LONGEST)
    if (rest := len(found.changes) - _SHOWN) > 0:
        yield f"and {rest:,} more; graphkit blast --compare FILE lists them"


def _lines(old: str, new: str) -> Iterator[str]:
    """Yield how many lines of a text form changed, and the first of them."""
    before, after = Counter(old.splitlines()), Counter(new.splitlines())
    gone, come = list((before - after).elements()), list((after - before).elements())
    if not gone and not come:
        yield "the same lines stand in another order"
        return
    yield f"{counted(len(gone), 'line')} of the file not in the answer of now, {len(come):,} the other way round"
    for mark, lines in (("-", gone), ("+", come)):
        for line in lines[: _SHOWN // 2]:
            yield f"{mark} {cut(line.strip(), _LONGEST)}"
