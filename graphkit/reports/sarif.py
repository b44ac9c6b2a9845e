"""A blast as SARIF 2.1.0, for the code scanning pages of forges: a result per exposed build, at its row in a file.

Each file is given by its path in its repository, which the base of its URI names. A result has a line where the graph
knows that of the row, and none elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from graphkit.model.answers import Accused, Blast, BuildVerdict, DocumentName, Path, Provenance, ServiceVerdict
from graphkit.model.ranks import Verdict
from graphkit.reports.content import web_address
from graphkit.reports.evidence import Place, place_of
from graphkit.reports.groups import group_of
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import provenance_shape, read_object, read_provenance
from graphkit.reports.settling import settle_in_graph
from graphkit.reports.text import counted, cut, safe_json, shown
from graphkit.reports.wording import (
    EXPOSED,
    between,
    by_node,
    clearance_in_words,
    headline,
    made_of,
    name_of,
    refused,
    times_of,
    window_lines,
)

Shape = dict[str, Any]
MOST_RESULTS: Final = 5_000
"""GitHub shows no more of a run (and takes 25,000); the worst come first, the rest is counted in a notification."""
MOST_RULES: Final = 1_000
_MOST_STEPS: Final = 100
_LONGEST: Final = 1_000
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {
    Verdict.OBSERVED: "error",
    Verdict.REPLAYED: "error",
    Verdict.PICKED: "warning",
    Verdict.ADMITTED: "note",
}
_SEVERITIES: Final = {"error": "9.8", "warning": "7.5", "note": "4.0"}
_NAME: Final = "graphkit"
_CASE: Final = ""
"""Stands for the case as a whole where a result names no release of it."""
_FOLDER: Final = "%SRCROOT%"
_FOLDER_IN_WORDS: Final = "The folder that was given to graphkit"


class SarifReport:
    """A blast as a SARIF log of one run, within what GitHub takes: services that are not exposed are no results.

    Those that are unknown or cleared, and exposures without a document, are notifications of the run: none drops out.
    """

    suffix: Final = ".sarif"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the log, keys sorted."""
        rules = {node: _rule(blast, one) for node, one in by_node(blast.incident.releases[:MOST_RULES]).items()}
        rules[_CASE] = _case(blast)
        results = list(
            _results(blast, {node: (number, rule["id"]) for number, (node, rule) in enumerate(rules.items())})
        )
        notes = [*_open(blast), *_cleared(blast), *_told(blast)]
        if view.strict and (told := refused(blast)):
            notes.insert(0, _notification(told))
        if (rest := len(results) - MOST_RESULTS) > 0:
            left = f"{counted(rest, 'result')} on weaker evidence left out, since a forge shows no more"
            notes.insert(0, _notification(left))
        made = made_of(blast, view)
        run = {
            "tool": {
                "driver": {
                    "name": _NAME,
                    "version": made.graphkit,
                    "semanticVersion": made.graphkit,
                    "rules": list(rules.values()),
                }
            },
            "automationDetails": {"id": f"{_NAME}/{shown(blast.incident.id)[:200]}/"},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": _bases(blast),
            "invocations": [{"executionSuccessful": not blast.is_partial, "toolExecutionNotifications": notes}],
            "results": results[:MOST_RESULTS],
            "properties": {"madeOf": provenance_shape(made)},
        }
        log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        return safe_json(json.dumps(log, ensure_ascii=False, sort_keys=True, indent=1)) + "\n"

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a log says it was made of."""
        runs = read_object(text).get("runs")
        first = runs[0] if isinstance(runs, list) and runs and isinstance(runs[0], dict) else {}
        bag = first.get("properties")
        return read_provenance(bag.get("madeOf")) if isinstance(bag, dict) else None


REPORT: Final = SarifReport()


def _rule(blast: Blast, one: Accused) -> Shape:
    name = shown(name_of(one))
    when = between(one.start, one.until)
    note = f" {shown(one.release.note)}." if one.release.note else ""
    rule = _described(
        shown(one.release.purl),
        f"{name} is compromised",
        f"{name} was compromised; listed {when}.{note} Case: {shown(blast.incident.title or blast.incident.id)}",
        f"Contain what installed {name}: renew every secret that its builds could read, and rebuild without it.",
    )
    if address := next((web_address(one.url) for one in blast.incident.sources if web_address(one.url)), ""):
        rule["helpUri"] = address
    return rule


def _case(blast: Blast) -> Shape:
    title = shown(blast.incident.title or blast.incident.id)
    advice = "Look at what was installed; the paths say how it is reached."
    return _described(shown(blast.incident.id), "A compromised release is reached", title, advice)


def _described(rule_id: str, short: str, full: str, advice: str) -> Shape:
    return {
        "id": cut(rule_id, 255),
        "shortDescription": {"text": cut(short, _LONGEST)},
        "fullDescription": {"text": cut(full, _LONGEST)},
        "help": {"text": cut(advice, _LONGEST)},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security", "supply-chain"], "security-severity": _SEVERITIES["error"]},
    }


def _results(blast: Blast, rules: Mapping[str, tuple[int, str]]) -> Iterator[Shape]:
    """Yield a result per exposed build, document and release, the worst first, as the answer sorts its services."""
    for one in blast.services:
        seen = set[str]()
        for build, document in _exposing(one):
            ends = dict.fromkeys(path[-1].node for path in build.paths if path and path[-1].node in rules) or [_CASE]
            for end in ends:
                mark = _digest(one.service, document.path, end)
                if mark not in seen:
                    seen.add(mark)
                    yield _result(blast, one, build, place_of(document), end, rules, mark)


def _exposing(one: ServiceVerdict) -> Iterator[tuple[BuildVerdict, DocumentName]]:
    """Yield the builds of a service that a document exposes, the worst first."""
    for build in sorted(one.builds, key=lambda build: build.verdict.rank):
        if build.verdict in EXPOSED and build.document is not None:
            yield build, build.document


def _bases(blast: Blast) -> Shape:
    """Return what the paths of files are relative to: a repository, or the folder that was given."""
    files = [document for one in blast.services for _, document in _exposing(one)]
    named = dict.fromkeys(document.repository for document in files if document.repository)
    texts = {
        _FOLDER: _FOLDER_IN_WORDS,
        **{_base(name): f"The root of {shown(name)}, a repository or folder" for name in named},
    }
    return {base: {"description": {"text": cut(text, _LONGEST)}} for base, text in texts.items()}


def _base(repository: str) -> str:
    return shown(repository) or _FOLDER


def _result(  # noqa: PLR0917 - what a result is made of
    blast: Blast,
    one: ServiceVerdict,
    build: BuildVerdict,
    place: Place,
    end: str,
    rules: Mapping[str, tuple[int, str]],
    mark: str,
) -> Shape:
    level = _LEVELS[build.verdict]
    when = times_of(build.slots, blast) or "at a time that is not known"
    about = ", ".join(f"{word} {text}" for word, text in (("company", one.company), ("owner", one.owner)) if text)
    word = group_of(build.verdict).upper()
    text = f"{word} {one.service}{f' ({about})' if about else ''}: {build.reason}. Exposed {when}."
    paths = [way for way in build.paths if way and (end == _CASE or way[-1].node == end)]
    region = {"region": {"startLine": place.line}} if place.line else {}
    location = {"physicalLocation": {**_file(place), **region}}
    repository = {"repository": shown(place.repository)} if place.repository else {}
    external = {"external": True} if one.service in blast.external else {}
    return {
        "ruleId": rules[end][1],
        "ruleIndex": rules[end][0],
        "level": level,
        "kind": "fail",
        "message": {"text": cut(shown(text), _LONGEST)},
        "locations": [location],
        "codeFlows": [_flow(way, place) for way in paths[:3]],
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:1", f"{_NAME}/v1": mark},
        "properties": {
            "tier": build.verdict.value,
            "basis": shown(build.basis),
            "service": shown(one.service),
            **repository,
            **external,
        },
    }


def _file(place: Place) -> Shape:
    """Return a file by a URI reference that is relative to its repository, or to the folder that was given."""
    uri = quote(place.file.lstrip("/"), safe="/", errors="backslashreplace") or "unnamed"
    return {"artifactLocation": {"uri": uri, "uriBaseId": _base(place.repository)}}


def _flow(way: Path, place: Place) -> Shape:
    """Return a path, step by step; that they all stand in the file is known, but not in which lines."""
    texts = [cut(shown(f"{step.node}: {step.why}"), _LONGEST) for step in way[:_MOST_STEPS]]
    steps = [{"location": {"physicalLocation": _file(place), "message": {"text": text}}} for text in texts]
    return {"threadFlows": [{"locations": steps}]}


def _open(blast: Blast) -> Iterator[Shape]:
    """Yield what is no result: what is unknown, with what settles it, and exposures that no document stands for."""
    settle = settle_in_graph(blast, None)
    for one in blast.services:
        if one.verdict is Verdict.UNKNOWN:
            yield _notification(f"{one.service} is unknown: {one.reason}. {settle(one).in_words()}")
        elif one.verdict in EXPOSED and not any(build.document and build.verdict in EXPOSED for build in one.builds):
            yield _notification(f"{one.service} is {one.verdict}, by no document: {one.reason}")


def _cleared(blast: Blast) -> Iterator[Shape]:
    """Yield a line for each service that is cleared, with what that assumes."""
    for one in blast.services:
        if one.verdict is Verdict.CLEARED:
            yield _notification(f"{one.service} is {clearance_in_words(one)}: {one.reason}", "note")


def _told(blast: Blast) -> Sequence[Shape]:
    texts = (headline(blast), *window_lines(blast), *blast.notes)
    return [_notification(text, "note") for text in texts]


def _notification(text: str, level: str = "warning") -> Shape:
    return {"level": level, "message": {"text": cut(shown(text), _LONGEST)}}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
