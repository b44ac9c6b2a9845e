from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphkit.model.errors import InputError
from graphkit.model.incidents import Action, ActionKind, Incident
from graphkit.model.times import FOREVER, instant, moment
from graphkit.sources.advisories import incident, osv
from graphkit.sources.organisation import organisation_file

ROOT = Path(__file__).resolve().parents[4]
CASE = ROOT / "examples" / "litellm-2026-03" / "incident.yaml"
SMALL = """
schema: graphkit.incident/1
id: x-1
title: x
releases:
- purl: pkg:pypi/Zope.Interface@5.0
  listed_from: 2026-03-24T10:00:00Z
"""


def parse(text: str) -> Incident:
    return incident.parse(text.encode())


def test_the_case_that_ships_reads_as_its_sources_say() -> None:
    data = CASE.read_bytes()
    assert incident.claims(data)
    assert not organisation_file.claims(data)
    assert not osv.claims(data)
    read = incident.parse(data)
    assert [(release.version, release.listed_from) for release in read.releases] == [
        ("1.82.7", instant("2026-03-24T10:39:00Z")),
        ("1.82.8", instant("2026-03-24T10:52:00Z")),
    ]
    assert [(one.id, one.preferred) for one in read.readings if one.preferred] == [("operator", True)]
    assert {one.id: one.until for one in read.readings}["press-three-hours"] is None
    assert read.actor == "TeamPCP"
    assert {"MAL-2026-2144", "PYSEC-2026-2", "GHSA-5mg7-485q-xm76"} == set(read.aliases)
    (operator,) = (one for one in read.readings if one.id == "operator")
    assert [(gap.version, gap.until) for gap in operator.hidden] == [("", instant("2026-03-24T20:15:00Z"))]


def test_names_are_normalised_and_open_ends_stay_open() -> None:
    text = SMALL + "readings: [{id: a, hidden: [{purl: pkg:pypi/zope-interface, from: 2026-03-24}]}]\n"
    read = parse(text)
    assert read.releases[0].package == "zope-interface"
    assert read.readings[0].hidden[0].until == FOREVER


@pytest.mark.parametrize(
    ("change", "place", "problem"),
    [
        (("id: x-1", "id: x-1\nactr: me"), "", "actr"),
        (("@5.0", ""), "releases[0].purl", "names no version"),
        (("pkg:pypi/", "pypi/"), "releases[0].purl", "is not a valid purl"),
        (("2026-03-24T10:00:00Z", "noon"), "releases[0].listed_from", "NOON"),
        (("incident/1", "incident/9"), "schema", "incident/9"),
        (("id: x-1", "id: ' '"), "id", "needs an id"),
        (("id: x-1", "id: x-1\nimports: [yaml, 'a b']"), "imports[1]", "Python imports"),
        (("- purl", "- sources: [S9]\n  purl"), "releases[0].sources[0]", "S9"),
        (("- purl", "- files: [{filename: a, sha256: abc}]\n  purl"), "releases[0].files[0].sha256", "SHA-256"),
        (("title: x", "title: x\nreadings: [{id: a, from: 2026-02-02, until: 2026-02-01}]"), "readings[0]", "before"),
        (("title: x", "title: x\nactions: {do: hunt, text: look}"), "actions", "array"),
        (("title: x", "title: x\nactions: [{do: hunt}]"), "actions[0]", "text"),
        (("title: x", "title: x\nactions: [{do: hunt, text: ' '}]"), "actions[0].text", "needs a text"),
        (("title: x", "title: x\nactions: [{do: hunt, text: look, why: x}]"), "actions[0]", "why"),
        (
            ("title: x", "title: x\nactions: [{do: hunt, text: a}, {do: burn, text: b}]"),
            "actions[1].do",
            "'burn' is not one of contain, rotate, hunt, block, notify",
        ),
        (
            ("title: x", "title: x\nactions: [{do: hunt, text: look, sources: [S9]}]"),
            "actions[0].sources[0]",
            "no source 'S9'",
        ),
        (
            ("title: x", "title: x\nreadings: [{id: a, preferred: true}, {id: b, preferred: true}]"),
            "readings",
            "more than one",
        ),
        (
            ("title: x", "title: x\nreadings: [{id: a, hidden: [{purl: pkg:npm/a, from: 2026-02-01}]}]"),
            "readings[0].hidden[0].purl",
            "Python index",
        ),
    ],
)
def test_a_slip_is_shown_with_its_place(change: tuple[str, str], place: str, problem: str) -> None:
    with pytest.raises(InputError, match=re.escape(problem)) as caught:
        parse(SMALL.replace(*change))
    assert caught.value.place.startswith(place)


def test_a_release_of_another_ecosystem_keeps_its_purl() -> None:
    read = parse(SMALL.replace("pkg:pypi/Zope.Interface@5.0", "pkg:npm/axios@1.0.0"))
    assert (read.releases[0].package, read.releases[0].purl) == (None, "pkg:npm/axios@1.0.0")


def test_imprecise_times_never_hide_an_exposure() -> None:
    read = parse(
        SMALL.replace("2026-03-24T10:00:00Z", "2026-03-24")
        + """
readings:
- id: a
  from: 2026-03-24
  until: 2026-03-24T13:00:00
  hidden:
  - {purl: pkg:pypi/zope-interface, from: 2026-03-26, until: 2026-03-30}
  - {purl: pkg:pypi/zope-interface, from: 2026-03-26, until: 2026-03-27}
"""
    )
    day = moment("2026-03-24")
    assert read.releases[0].first_listing == day
    assert read.releases[0].listed_from == day.earliest
    (reading,) = read.readings
    assert (reading.first_listing, reading.is_exact) == (day, False)
    assert (reading.until, reading.until_earliest) == (instant("2026-03-25T01:00:00Z"), instant("2026-03-23T23:00:00Z"))
    # Of a stretch in which it was perhaps never hidden nothing is left; of the other what is certain.
    assert [(gap.start, gap.until) for gap in reading.hidden] == [
        (moment("2026-03-26").latest, moment("2026-03-30").earliest)
    ]


def test_exact_times_are_exact() -> None:
    (reading,) = parse(
        SMALL + "readings: [{id: a, from: 2026-03-24T10:00:00Z, until: 2026-03-24T13:00:00+01:00}]"
    ).readings
    assert (reading.is_exact, reading.until, reading.gives_times) == (True, instant("2026-03-24T12:00:00Z"), True)


def test_one_day_may_be_a_beginning_and_an_end() -> None:
    (reading,) = parse(SMALL + "readings: [{id: a, from: 2026-03-24, until: 2026-03-24}]").readings
    assert reading.start is not None
    assert reading.until is not None
    assert reading.start < reading.until


def test_a_wildcard_accuses_nothing() -> None:
    read = parse(SMALL + "- purl: pkg:pypi/other@1.*\n- purl: pkg:npm/axios@*\n")
    assert [release.purl for release in read.releases] == ["pkg:pypi/zope-interface@5.0"]
    assert [(one.package, one.purl) for one in read.undecided] == [("other", ""), (None, "pkg:npm/axios")]


def test_actions_keep_their_order() -> None:
    read = parse(
        SMALL
        + """
actions:
- {do: rotate, text: "Rotate the keys. ", sources: [S1]}
- {do: contain, text: Isolate it.}
sources: [{id: S1}]
"""
    )
    assert read.actions == (
        Action(do=ActionKind.ROTATE, text="Rotate the keys.", sources=("S1",)),
        Action(do=ActionKind.CONTAIN, text="Isolate it."),
    )
    assert parse(SMALL).actions == ()


def test_files_may_be_accused_by_hash_alone() -> None:
    text = "schema: graphkit.incident/1\nid: x\ntitle: x\nfiles:\n"
    read = parse(
        text + f"- {{purl: pkg:pypi/Zope.Interface, sha1: {'A' * 40}}}\n- {{filename: a.pth, md5: {'b' * 32}}}\n"
    )
    assert [(one.package, [tuple(h) for h in one.hashes]) for one in read.files] == [
        ("zope-interface", [("sha1", "a" * 40)]),
        (None, [("md5", "b" * 32)]),
    ]
    assert all(one.is_alone for one in read.files)
    with pytest.raises(InputError, match="without a hash"):
        parse(text + "- {filename: a.pth}\n")
    with pytest.raises(InputError, match="no release and no file"):
        parse(text.replace("files:\n", ""))
