from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import HashedFile, Instruction
from graphkit.model.errors import UsageError
from graphkit.model.incidents import (
    AccusedFile,
    Action,
    ActionKind,
    CompromisedFile,
    CompromisedRelease,
    FileHash,
    Incident,
    Reading,
    Source,
    Undecided,
)
from graphkit.model.index import Hidden
from graphkit.model.names import PackageName, package_name, purl_of
from graphkit.model.times import Moment, exactly, instant
from graphkit.trace.case import Case, Span, read_span, resolve, under, without_incident_joined

BAD = package_name("badpkg")
TEN, ELEVEN, ONE = (instant(f"2026-03-24T{hour}:00:00Z") for hour in (10, 11, 13))


def bad(version: str, listed_from: int | None = None, package: PackageName = BAD, **more: Any) -> CompromisedRelease:
    release = CompromisedRelease(purl=purl_of(package, version), package=package, version=version)
    return replace(release, listed_from=listed_from, **more)


def advisory(id_: str, *versions: str, aliases: Sequence[str] = (), **more: Any) -> Incident:
    made = Incident(id=id_, title=id_, releases=tuple(map(bad, versions)), aliases=tuple(aliases), advisory=True)
    return replace(made, **more)


def incident(id_: str, *releases: CompromisedRelease, aliases: Sequence[str] = (), **more: Any) -> Incident:
    reading = Reading(id="op", preferred=True, start=TEN, until=ONE)
    return replace(Incident(id=id_, title=id_, releases=releases, readings=(reading,), aliases=tuple(aliases)), **more)


def known(versions: Mapping[str, Sequence[str]] | None = None) -> Callable[[PackageName], Sequence[str]]:
    return lambda package: (versions or {}).get(package, ())


def ask(
    incidents: Iterable[Incident],
    *targets: str,
    reading: str | None = None,
    versions: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Case, ...]:
    return resolve(tuple(incidents), targets, reading, known(versions))


def accused(case: Case) -> list[str]:
    return [release.purl for release in case.releases]


ALIASED = (
    advisory("PYSEC-9", "1.2", "1.1", aliases=["GHSA-9"]),
    advisory("GHSA-9", "1.2", aliases=["PYSEC-9"]),
    incident("inc", bad("1.2", TEN), aliases=["PYSEC-9"]),
)


@pytest.mark.parametrize("name", ["inc", "PYSEC-9", "ghsa-9", " INC "])
def test_a_file_and_the_advisories_it_is_an_alias_of_accuse_the_union(name: str) -> None:
    (case,) = ask(ALIASED, name)
    assert case.id == "inc"
    assert accused(case) == ["pkg:pypi/badpkg@1.1", "pkg:pypi/badpkg@1.2"]
    assert [release.listed_from for release in case.releases] == [None, TEN]
    assert (case.reading.id, case.names) == ("op", frozenset({"inc", "pysec-9", "ghsa-9"}))


def test_an_alias_that_no_record_has_joins_two_records() -> None:
    records = [advisory("A", "1.0", aliases=["CVE-1"]), advisory("B", "2.0", aliases=["cve-1"])]
    (case,) = ask(records, "CVE-1")
    assert (case.id, accused(case)) == ("A", ["pkg:pypi/badpkg@1.0", "pkg:pypi/badpkg@2.0"])


def test_a_bare_release_brings_the_times_of_its_incident_and_is_all_that_is_accused() -> None:
    (case,) = ask(ALIASED, "badpkg==1.2.0")
    assert (case.id, accused(case), case.reading.id) == ("inc", ["pkg:pypi/badpkg@1.2"], "op")
    assert case.releases[0].listed_from == TEN
    (case,) = ask(ALIASED, "pkg:pypi/BadPkg@1.1")
    assert (case.id, accused(case)) == ("inc", ["pkg:pypi/badpkg@1.1"])


def test_the_removal_counts_for_what_its_file_names_alone() -> None:
    (case,) = ask(ALIASED, "inc")
    assert case.hidden == (Hidden(package=BAD, version="1.2", start=ONE),)
    assert [case.until_of(release) for release in case.releases] == [None, ONE]
    assert [case.is_timed(release) for release in case.releases] == [False, True]
    # Asked for one release, the others of its incident are gone from the index all the same.
    both = incident("two", bad("1.0"), bad("2.0"))
    (case,) = ask([both], "badpkg==1.0")
    assert {gap.version for gap in case.hidden} == {"1.0", "2.0"}


def test_two_incidents_are_two_cases_each_under_its_own_reading() -> None:
    later = Reading(id="op2", preferred=True, start=ONE, until=ONE + 1)
    records = [
        incident("inc", bad("1.2")),
        incident("inc2", bad("2.0", package=package_name("worse")), readings=(later,)),
    ]
    first, second = ask(records, "inc2", "inc")
    assert [(one.id, one.reading.id) for one in (first, second)] == [("inc", "op"), ("inc2", "op2")]
    assert {gap.package for gap in first.hidden} == {"badpkg", "worse"}
    first, second = ask(records, "inc2", "inc", reading="op2")
    assert [one.reading.id for one in (first, second)] == ["op", "op2"]
    with pytest.raises(UsageError, match="no reading 'press'"):
        ask(records, "inc", "inc2", reading="press")


def test_two_targets_of_one_incident_are_one_case_of_their_union() -> None:
    record = incident("inc", bad("1.0"), bad("2.0"), bad("3.0"))
    (case,) = ask([record], "badpkg==3.0", "badpkg==1.0")
    assert accused(case) == ["pkg:pypi/badpkg@1.0", "pkg:pypi/badpkg@3.0"]
    (case,) = ask([record], "badpkg==3.0", "inc")
    assert len(case.releases) == 3


def test_releases_that_no_incident_names_are_cases_of_their_own() -> None:
    cases = ask([], "other==1.0", "badpkg==2.0", "pkg:npm/%40scope/name@1.0")
    assert [one.id for one in cases] == ["pkg:npm/%40scope/name@1.0", "pkg:pypi/badpkg@2.0", "pkg:pypi/other@1.0"]
    assert [(one.reading.id, one.gives_times) for one in cases] == [("index", False)] * 3
    assert cases[1].title == "badpkg 2.0"


READINGS = [
    ([Reading(id="press", start=TEN, until=ONE)], "press"),
    ([Reading(id="press", start=TEN), Reading(id="op", preferred=True, until=ONE)], "op"),
    ([Reading(id="vague"), Reading(id="press", until=ONE), Reading(id="late", start=TEN)], "press"),
    ([Reading(id="vague")], "index"),
    ([], "index"),
]


@pytest.mark.parametrize(("readings", "answers"), READINGS)
def test_the_preferred_reading_answers_else_the_first_with_clock_times(readings: list[Reading], answers: str) -> None:
    (case,) = ask([incident("inc", bad("1.0"), readings=tuple(readings))], "inc")
    assert case.reading.id == answers
    assert case.gives_times == (answers != "index")


def test_a_reading_without_clock_times_cannot_be_asked() -> None:
    with pytest.raises(UsageError, match="gives no clock times"):
        ask([incident("inc", bad("1.0"), readings=(Reading(id="vague"),))], "inc", reading="vague")


def test_ranges_accuse_what_the_graph_knows_and_stay_for_rows_that_it_does_not() -> None:
    record = advisory("X", ranges=((BAD, ">=1.0,<2"),))
    (case,) = ask([record], "X", versions={"badpkg": ["0.9", "1.0", "1.5", "2.0", "old"]})
    assert accused(case) == ["pkg:pypi/badpkg@1.0", "pkg:pypi/badpkg@1.5"]
    assert case.ranges == ((BAD, ">=1.0,<2"),)
    assert (case.packages, case.accuses_more_than_releases) == (frozenset({BAD}), True)
    (case,) = ask([record], "badpkg==1.7")
    assert (case.id, case.ranges, accused(case)) == ("X", (), ["pkg:pypi/badpkg@1.7"])


def test_every_version_is_every_version_that_the_graph_knows_and_any_other() -> None:
    record = advisory("MAL-2", every=("pkg:pypi/badpkg", "pkg:npm/evil-js"))
    (case,) = ask([record], "MAL-2", versions={"badpkg": ["0.9", "2004d-final"]})
    assert accused(case) == ["pkg:pypi/badpkg@2004d-final", "pkg:pypi/badpkg@0.9"]
    assert (case.every, case.every_elsewhere) == (frozenset({BAD}), frozenset({"pkg:npm/evil-js"}))
    assert not case.decides_nothing
    assert case.purls == {"pkg:npm/evil-js"}


def test_a_version_that_nothing_has_and_that_is_not_pep_440_is_undecided() -> None:
    record = advisory("X", "final-1", "1.0")
    (case,) = resolve([record], ["X"], None, lambda _: (), is_known=lambda _: False)
    assert accused(case) == ["pkg:pypi/badpkg@1.0"]
    assert [(one.package, "final-1" in one.why) for one in case.undecided] == [(BAD, True)]
    (case,) = ask([record], "X", versions={"badpkg": ["final-1"]})
    assert (len(case.releases), case.undecided) == (2, ())


def test_an_accusation_that_decides_nothing_says_why() -> None:
    why = Undecided(package=BAD, name="badpkg", why="commits decide nothing")
    (case,) = ask([advisory("X", undecided=(why,))], "X")
    assert (case.decides_nothing, case.why_undecided, case.undecided) == (True, "commits decide nothing", (why,))
    assert not case.is_open_for_all
    (case,) = ask([advisory("X", undecided=(Undecided(why="no name"),))], "X")
    assert case.is_open_for_all
    (case,) = ask([advisory("X", files=(AccusedFile(hashes=(FileHash("sha1", "a" * 40),), is_alone=True),))], "X")
    assert (case.decides_nothing, case.why_undecided, len(case.files)) == (False, "", 1)


def test_a_withdrawn_record_answers_when_asked_and_accuses_nothing_unasked() -> None:
    withdrawn = advisory("MAL-W", "1.2", withdrawn=True)
    (case,) = ask([withdrawn], "MAL-W")
    assert (accused(case), case.withdrawn) == (["pkg:pypi/badpkg@1.2"], ("MAL-W",))
    (case,) = ask([withdrawn], "badpkg==1.2")
    assert (case.id, case.incidents, case.withdrawn) == ("pkg:pypi/badpkg@1.2", (), ())
    joined = [withdrawn, incident("inc", bad("1.0"), aliases=["MAL-W"])]
    (case,) = ask(joined, "inc")
    assert (accused(case), case.withdrawn) == (["pkg:pypi/badpkg@1.0"], ("MAL-W",))
    (case,) = ask(joined, "MAL-W")
    assert accused(case) == ["pkg:pypi/badpkg@1.0", "pkg:pypi/badpkg@1.2"]


def test_a_file_says_more_of_a_release_than_an_advisory() -> None:
    records = [advisory("X", "1.1", aliases=["inc"]), incident("inc", bad("1.1", ELEVEN, whole=False))]
    (case,) = ask(records, "X")
    assert [(one.whole, one.listed_from) for one in case.releases] == [(False, ELEVEN)]


def test_every_account_of_a_first_listing_is_kept() -> None:
    vague = bad("1.2", ELEVEN, listed_from_latest=ONE)
    readings = (Reading(id="a", preferred=True, start=TEN), Reading(id="b", start=ELEVEN), Reading(id="c"))
    record = incident("inc", vague, bad("1.3"), readings=readings, aliases=["X"])
    (case,) = ask([record, advisory("X", "9.0")], "inc")
    by_version = {one.release.version: one.accounts for one in case.first_upload_accounts}
    starts = (exactly(TEN), exactly(ELEVEN))  # of a release whose upload nobody dates
    assert by_version == {"1.2": (Moment(earliest=ELEVEN, latest=ONE),), "1.3": starts, "9.0": ()}


def test_another_reading_hides_by_its_own_times() -> None:
    readings = (Reading(id="a", preferred=True, until=ELEVEN), Reading(id="b", until=ONE))
    record = incident("inc", bad("1.2"), readings=readings)
    (case,) = ask([record], "inc")
    other = under(case, [record], readings[1])
    assert [gap.start for gap in case.hidden] == [ELEVEN]
    assert [gap.start for gap in other.hidden] == [ONE]
    assert (other.others, case.others) == ((readings[0],), (readings[1],))


@pytest.mark.parametrize("target", ["badpk==1.0", "pkg:pypi/badpk@1.0", "pkg:pypi/badpk@1.0?x=y"])
def test_a_name_that_nothing_knows_is_told_with_what_is_near(target: str) -> None:
    records = [incident("inc", bad("1.0"))]
    (case,) = resolve(
        records, [target], None, lambda _: (), known_names=lambda: ["badp", "requests"], is_known=lambda _: False
    )
    assert case.unknown == "nothing is known of `badpk`; did you mean `badpkg` or `badp`?"


def test_a_name_that_an_incident_or_a_document_or_a_page_has_is_known() -> None:
    records = [incident("inc", bad("1.0"))]
    unknown: dict[str, Any] = {"known_names": tuple, "is_known": lambda _: False}
    assert not resolve(records, ["badpkg==9.9"], None, lambda _: (), **unknown)[0].unknown
    assert not resolve([], ["lib==9.9"], None, lambda _: ("1.0",), **unknown)[0].unknown
    assert not resolve([], ["lib==9.9"], None, lambda _: (), known_names=tuple, is_known=lambda _: True)[0].unknown
    (case,) = resolve([], ["pkg:npm/left@9.9"], None, lambda _: (), **unknown)
    assert case.unknown == "nothing is known of `pkg:npm/left`"


@pytest.mark.parametrize(
    "target", ["badpkg", "badpkg>=1", "badpkg==1.*", "pkg:pypi/badpkg", "pkg:pypi/a/b@1", "inx", ""]
)
def test_what_is_no_target_is_told(target: str) -> None:
    with pytest.raises(UsageError):
        ask([incident("inc", bad("1.0"))], target)


def test_an_id_that_is_nearly_right_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean litellm-2026-03"):
        ask([incident("litellm-2026-03", bad("1.0"))], "litellm-2026-3")


def test_an_empty_alias_joins_nothing() -> None:
    records = [advisory("A", "1.0", aliases=["", " "]), advisory("B", "2.0", aliases=[""])]
    (case,) = ask(records, "A")
    assert (accused(case), case.names) == (["pkg:pypi/badpkg@1.0"], frozenset({"a"}))


@pytest.mark.parametrize("target", ["badpkg==1.0", "pkg:pypi/badpkg@1.0"])
def test_no_record_takes_the_name_of_a_release(target: str) -> None:
    (case,) = ask([advisory("evil", "9.9", aliases=[target]), advisory(target, "9.9")], target)
    assert (case.id, accused(case)) == ("pkg:pypi/badpkg@1.0", ["pkg:pypi/badpkg@1.0"])


def test_actions_come_with_the_sources_of_the_record_that_has_them() -> None:
    first, second = Source(id="S1", publisher="one"), Source(id="S1", publisher="two")
    action = Action(do=ActionKind.ROTATE, text="Rotate the keys.", sources=("S1",))
    records = [
        incident("a", bad("1.0"), aliases=["b"], sources=(first,), actions=(action, action)),
        incident("b", bad("1.0"), sources=(second,), actions=(action,)),
    ]
    (case,) = ask(records, "b")
    told = case.asked(frozenset()).actions
    made = {Instruction(incident=case.id, do=action.do, text=action.text, sources=(one,)) for one in (first, second)}
    assert (len(told), set(told)) == (2, made)
    (alone,) = ask(records, "badpkg==1.0")
    assert alone.asked(frozenset()).actions == told


def test_bad_files_with_a_hash_are_told_and_others_are_not() -> None:
    files = (CompromisedFile(filename="a.whl", sha256="aa" * 32), CompromisedFile(filename="a.pth", member=True))
    alone = AccusedFile(hashes=(FileHash("md5", "bb" * 16),), package=BAD, is_alone=True)
    (case,) = ask([incident("a", bad("1.0", files=files), files=(alone, AccusedFile(filename="x")))], "a")
    assert case.asked(frozenset()).files == (
        HashedFile(incident="a", filename="a.whl", hashes=(FileHash("sha256", "aa" * 32),)),
        HashedFile(incident="a", filename="", hashes=(FileHash("md5", "bb" * 16),)),
    )
    (nothing,) = ask([], "badpkg==1.0", versions={"badpkg": ["1.0"]})
    assert (nothing.asked(frozenset()).files, nothing.asked(frozenset()).actions) == ((), ())


# The window


@pytest.mark.parametrize(
    ("texts", "span"),
    [
        ((None, None, None), Span()),
        (("2026-03-24T10:00:00Z", None, None), Span(at=TEN)),
        ((None, "2026-03-24T10:00:00Z", None), Span(start=TEN)),
        ((None, None, "2026-03-24T11:00:00+00:00"), Span(until=ELEVEN)),
        ((None, "2026-03-24T12:00:00+02:00", "2026-03-24T11:00:00Z"), Span(start=TEN, until=ELEVEN)),
    ],
)
def test_a_window_is_read_from_its_times(texts: tuple[str | None, str | None, str | None], span: Span) -> None:
    assert read_span(*texts) == span


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("noon", None, None), "give a UTC time such as 2026-03-24T10:52:00Z"),
        ((None, "", None), "give a UTC time"),
        (("2026-03-24", "2026-03-23", None), "--at is one instant"),
        (("2026-03-24", None, "2026-03-25"), "--at is one instant"),
        ((None, "2026-03-24", "2026-03-24"), "--from must be before --until"),
        ((None, "2026-03-25", "2026-03-24"), "--from must be before --until"),
    ],
)
def test_times_that_make_no_window_are_told(texts: tuple[str | None, str | None, str | None], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_span(*texts)


GAPS: list[tuple[list[Hidden], int | None]] = [
    ([], ONE),  # the reading's own end
    ([Hidden(package=BAD, start=ELEVEN)], ELEVEN),  # gone for good
    ([Hidden(package=BAD, start=TEN, until=ELEVEN)], ONE),  # it comes back, so its listing goes on
    ([Hidden(package=BAD, start=ELEVEN, until=ONE)], ELEVEN),  # it does not, since the reading ends there
    ([Hidden(package=BAD, start=ELEVEN, until=ONE), Hidden(package=BAD, start=TEN, until=ELEVEN)], TEN),
    ([Hidden(package=BAD, start=TEN, version="1.0.0")], TEN),
    ([Hidden(package=BAD, start=TEN, version="2.0")], ONE),
    ([Hidden(package=BAD, start=TEN, filename="a.whl")], ONE),  # one file of it
    ([Hidden(package=package_name("other"), start=TEN)], ONE),
]


@pytest.mark.parametrize(("gaps", "end"), GAPS)
def test_a_release_leaves_with_the_last_gap_from_which_it_does_not_come_back(
    gaps: list[Hidden], end: int | None
) -> None:
    reading = Reading(id="op", preferred=True, start=TEN, until=ONE, hidden=tuple(gaps))
    (case,) = ask([incident("inc", bad("1.0"), readings=(reading,))], "inc")
    assert case.until_of(case.releases[0]) == end


def test_a_release_that_the_reading_does_not_speak_of_has_no_end() -> None:
    records = [incident("inc", bad("1.0"), aliases=["X"]), advisory("X", "2.0")]
    (case,) = ask(records, "inc")
    assert [case.until_of(one) for one in case.releases] == [ONE, None]


def test_bare_releases_are_one_case_where_all_have_one_window() -> None:
    record = incident("inc", bad("1.0"))
    cases = ask([record], "inc", "b==2", "a===odd", versions={"b": ["2"]})
    known, joined = without_incident_joined(cases)
    assert (joined.id, joined.title) == ("pkg:pypi/a@odd pkg:pypi/b@2", "a odd and b 2")
    assert [one.purl for one in joined.releases] == ["pkg:pypi/a@odd", "pkg:pypi/b@2"]
    assert [one.release.purl for one in joined.first_upload_accounts] == [one.purl for one in joined.releases]
    assert known.id == "inc"
    (alone, other) = ask([record], "inc", "b==2")
    assert without_incident_joined([alone, other]) == (alone, other)
    assert without_incident_joined([]) == ()


def test_a_joined_case_keeps_what_is_open_and_what_is_unknown_of_each() -> None:
    targets = ["a===odd", "b==2"]
    cases = resolve([], targets, None, lambda _: (), is_known=lambda _: False)
    (joined,) = without_incident_joined(cases)
    assert [one.package for one in joined.undecided] == ["a"]
    assert joined.unknown == "nothing is known of `a`; nothing is known of `b`"


def test_every_package_of_an_accusation_is_named_in_whatever_way_it_is_accused() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1")
    record = advisory(
        "X",
        "1.0",
        releases=(bad("1.0"), npm),
        ranges=((package_name("ranged"), ">=1"),),
        every=("pkg:pypi/whole", "pkg:npm/all-of-it"),
        files=(AccusedFile(package=package_name("filed")), AccusedFile(purl="pkg:npm/file")),
        undecided=(Undecided(name="Bare_Name", why="x"), Undecided(purl="pkg:npm/open", why="x")),
    )
    (case,) = ask([record], "X")
    assert case.packages == {"badpkg", "ranged", "whole", "filed", "bare-name"}
    assert case.purls == {"pkg:npm/left", "pkg:npm/all-of-it", "pkg:npm/file", "pkg:npm/open"}
    assert (case.is_about_any_row, case.is_open_for_all, case.accuses_more_than_releases) == (True, False, True)
    assert dict(case.accused_ranges) == {"ranged": ">=1", "whole": ""}


@pytest.mark.parametrize("name", ["", "no name at all", "../../etc/passwd"])
def test_a_bare_name_that_no_package_can_have_is_no_package(name: str) -> None:
    (case,) = ask([advisory("X", undecided=(Undecided(name=name, why="x"),))], "X")
    assert case.packages == frozenset()
    assert case.is_open_for_all == (not name)


def test_the_hashes_of_bad_files_are_those_of_releases_and_of_files_alone() -> None:
    files = (CompromisedFile(filename="a", sha256="a" * 64), CompromisedFile(filename="b"))
    alone = AccusedFile(hashes=(FileHash("sha256", "c" * 64), FileHash("md5", "d" * 32)))
    (case,) = ask([incident("inc", bad("1.0", files=files), files=(alone,))], "inc")
    assert case.sha256 == {"a" * 64, "c" * 64}


def test_a_text_that_is_no_purl_accuses_a_package_elsewhere_of_that_name() -> None:
    (case,) = ask([advisory("X", every=("No Purl", "pkg:pypi/a/b"))], "X")
    assert (case.every, case.every_elsewhere) == (frozenset(), frozenset({"no purl", "pkg:pypi/a/b"}))
