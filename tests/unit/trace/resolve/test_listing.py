"""One package: where its versions are, what of it is listed when and by which account, and what a choice takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.environment import Profile
from graphkit.model.guards import CutOff, Guards
from graphkit.model.index import File, FileKind, Hidden, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name
from graphkit.model.times import Instant, Moment, exactly
from graphkit.stores.port import Position
from graphkit.trace.resolve.listing import (
    NO_RELEASE,
    Candidates,
    Constraint,
    Package,
    as_bits,
    bits_of,
    choose,
    positions_in,
)
from tests.cases.build import LATER, at, compromised, incident, page
from tests.unit.trace.parts import package_in, world_of

HOUR = 3_600_000_000
LIB = package_name("lib")


def file(version: str, uploaded: str | None = "01:00", **more: object) -> ReleaseFiles:
    """Return a release of `lib` with one wheel."""
    known = {"filename": f"lib-{version}-py3-none-any.whl", "kind": FileKind.WHEEL}
    uploaded_at = None if uploaded is None else at(uploaded)
    return ReleaseFiles(version=version, files=(File(**{**known, "uploaded": uploaded_at, **more}),))  # type: ignore[arg-type]


def lib(*releases: ReleaseFiles, accused: Sequence[str] = (), hidden: Sequence[Hidden] = ()) -> Package:
    listed = ProjectPage(package=LIB, spelling="lib", releases=releases, read_at=LATER, source="index")
    facts = [incident(compromised(name, version, None), until=None) for name, _, version in map(_parts, accused)]
    return package_in(world_of(listed, *facts, accused=accused, hidden=hidden), "lib")


def _parts(release: str) -> tuple[str, str, str]:
    return release.partition("@")


def listed(package: Package, at_: Instant, *, doubtful: bool = True) -> list[str]:
    found = package.availability(at_, doubtful=doubtful).listed
    return [text for text, is_listed in zip(package.texts, found.tolist(), strict=True) if is_listed]


def fresh(package: Package, at_: Instant, *, doubtful: bool = True) -> list[str]:
    found = package.availability(at_, doubtful=doubtful).fresh
    return [text for text, is_fresh in zip(package.texts, found.tolist(), strict=True) if is_fresh]


# Sets of positions


@given(st.lists(st.booleans(), max_size=200))
def test_bits_are_the_positions_at_which_something_holds(holds: list[bool]) -> None:
    bits = as_bits(np.array(holds, dtype=np.bool_))
    expected = [position for position, one in enumerate(holds) if one]
    assert positions_in(bits).tolist() == expected
    assert [position for position in range(len(holds)) if bits >> position & 1] == expected


@pytest.mark.parametrize(("stretches", "bits"), [((), 0), (((0, 1),), 0b1), (((1, 3), (4, 5)), 0b10110)])
def test_stretches_are_half_open(stretches: tuple[tuple[int, int], ...], bits: int) -> None:
    assert bits_of(stretches) == bits


def test_the_newest_up_to_each_position_is_known() -> None:
    assert Candidates(np.array([False, True, False, True])).newest.tolist() == [-1, 1, 1, 3]
    assert Candidates(np.empty(0, dtype=np.bool_)).newest.tolist() == []
    assert Candidates(np.empty(0, dtype=np.bool_)).bits == 0


# Versions


TEXTS = ("final-1", "2004d", "0.9", "1.0rc1", "1.0", "1.0+acme", "1.0.post1", "2!0.1")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("1.0", "1.0"),
        ("v1.0.0", "1.0"),
        (" 1.0 ", "1.0"),
        ("1.0RC1", "1.0rc1"),
        ("1.0-1", "1.0.post1"),
        ("1.0+ACME", "1.0+acme"),
        ("0.1", None),  # the epoch is part of a version
        ("2!0.1", "2!0.1"),
        ("99!1", None),
        ("final-1", "final-1"),
        (" 2004d ", "2004d"),
        ("final-2", None),
        ("", None),
    ],
)
def test_a_version_is_found_in_any_spelling(asked: str, found: str | None) -> None:
    package = lib(*(file(text) for text in TEXTS))
    position = package.position_of(asked)
    assert (None if position is None else package.texts[position]) == found


@pytest.mark.parametrize(
    ("specifier", "admitted"),
    [
        ("", ["0.9", "1.0rc1", "1.0", "1.0+acme", "1.0.post1", "2!0.1"]),  # PEP 440 reads no other
        ("<1.0", ["0.9"]),
        (">=1.0rc1,<2", ["1.0rc1", "1.0", "1.0+acme", "1.0.post1"]),
        ("==1.0", ["1.0", "1.0+acme"]),
        ("!=1.0", ["0.9", "1.0rc1", "1.0.post1", "2!0.1"]),
        ("===final-1", []),
        (">9", ["2!0.1"]),
        (">=0.9,<0.9", []),
    ],
)
def test_a_range_admits_positions_of_versions_that_pep_440_reads(specifier: str, admitted: list[str]) -> None:
    package = lib(*(file(text) for text in TEXTS))
    found = package.stretches(specifier)
    assert [package.texts[position] for lo, hi in found for position in range(lo, hi)] == admitted
    assert package.stretches(specifier) is found  # asked once


def test_a_package_without_a_release_has_no_position() -> None:
    package = package_in(world_of(page("lib", {}), page("other", {"1": "01:00"})), "lib")
    assert (package.size, package.changes, package.built, package.position_of("1")) == (0, (), 0, None)
    assert package.stretches(">=1") == ()
    assert listed(package, at("12:00")) == []
    assert not package.is_whole


# Listing


def test_a_release_is_listed_from_its_upload_on() -> None:
    package = lib(file("1", "10:00"))
    assert package.changes == (at("10:00"),)
    assert [listed(package, when) for when in (at("10:00") - 1, at("10:00"), at("10:00") + 1)] == [[], ["1"], ["1"]]
    assert [package.state_at(when) for when in (at("10:00") - 1, at("10:00"))] == [0, 1]
    assert not package.is_uncertain


def test_what_is_hidden_is_back_at_the_end_of_its_gap() -> None:
    package = lib(
        file("1"), file("2"), hidden=[Hidden(package=LIB, start=at("10:00"), until=at("11:00"), version="2.0")]
    )
    found = {clock: listed(package, at(clock)) for clock in ("09:59", "10:00", "10:59", "11:00")}
    assert found == {"09:59": ["1", "2"], "10:00": ["1"], "10:59": ["1"], "11:00": ["1", "2"]}
    assert package.availability(at("09:59"), doubtful=True) is package.availability(at("11:00"), doubtful=True)


def test_a_whole_project_and_a_single_file_can_be_hidden() -> None:
    both = ReleaseFiles(version="1", files=(*file("1").files, File(filename="lib-1.tar.gz", kind=FileKind.SDIST)))
    wheel = Hidden(package=LIB, start=at("10:00"), filename="lib-1-py3-none-any.whl")
    other = Hidden(package=LIB, start=at("10:00"), filename="other.whl")
    alone = lib(file("1"), hidden=[wheel])
    assert listed(alone, at("12:00")) == []
    assert listed(lib(both, hidden=[wheel]), at("12:00")) == ["1"]  # a file of it is left
    assert listed(lib(file("1"), hidden=[other]), at("12:00")) == ["1"]
    assert listed(lib(file("1"), file("2"), hidden=[Hidden(package=LIB, start=at("10:00"))]), at("12:00")) == []


def test_a_gap_in_what_is_not_there_changes_nothing() -> None:
    package = lib(file("1"), hidden=[Hidden(package=LIB, start=at("10:00"), version="9")])
    assert package.changes == (at("01:00"),)


def test_a_file_without_a_time_is_listed_by_one_account_only() -> None:
    package = lib(file("1"), file("2", None))
    assert package.is_uncertain
    assert (listed(package, at("12:00")), listed(package, at("12:00"), doubtful=False)) == (["1", "2"], ["1"])


def test_a_time_that_an_incident_alone_says_counts_for_sure_from_then_on() -> None:
    told = incident(compromised("lib", "2", "11:00"), until=None)
    listing = ProjectPage(package=LIB, spelling="lib", releases=(file("2", None),), read_at=LATER, source="index")
    package = package_in(world_of(listing, told, accused=["lib@2"]), "lib")
    assert [listed(package, at(clock)) for clock in ("10:59", "11:00")] == [["2"], ["2"]]
    assert [listed(package, at(clock), doubtful=False) for clock in ("10:59", "11:00")] == [[], ["2"]]


def test_an_accused_release_that_documents_alone_name_was_listed_at_a_time_that_is_not_known() -> None:
    package = lib(file("1"), accused=["lib@2"])
    assert [listed(package, at("12:00"), doubtful=one) for one in (True, False)] == [["1", "2"], ["1"]]


# Yanks


@pytest.mark.parametrize(
    ("yank", "accused", "sure", "perhaps"),
    [
        ({}, [], True, True),
        ({"yanked": True}, [], False, True),  # when it was is not known
        ({"yanked": True}, ["lib@1"], True, True),  # until proven
        ({"yanked": True, "yanked_since": at("10:00")}, [], False, False),
        ({"yanked": True, "yanked_since": at("10:00")}, ["lib@1"], False, False),
        ({"yanked": True, "yanked_since": at("12:00") + 1}, [], True, True),
        ({"yanked": True, "yanked_since": at("12:00")}, [], False, False),
    ],
)
def test_a_yank_counts_from_its_time_on_and_one_without_by_one_account(
    yank: dict[str, object],
    accused: list[str],
    sure: bool,  # noqa: FBT001 - a case
    perhaps: bool,  # noqa: FBT001 - a case
) -> None:
    package = lib(file("1", **yank), accused=accused)  # type: ignore[arg-type]
    assert listed(package, at("12:00"), doubtful=False) == ["1"]  # what is yanked stays listed
    found = [bool(fresh(package, at("12:00"), doubtful=one)) for one in (False, True)]
    assert found == [sure, perhaps]


# Cut-offs


def cut(cut_off: CutOff, *releases: ReleaseFiles) -> Package:
    world = world_of(ProjectPage(package=LIB, spelling="lib", releases=releases, read_at=LATER, source="index"))
    return package_in(world.guarded(Guards(cut_off=cut_off)), "lib")


def test_a_file_is_let_in_once_it_is_older_than_an_age() -> None:
    package = cut(CutOff(age=HOUR, text="1 hour"), file("1", "10:00"), file("2", None))
    assert package.changes == (at("11:00") + 1,)
    assert [listed(package, when, doubtful=False) for when in (at("11:00"), at("11:00") + 1)] == [[], ["1"]]
    assert listed(package, at("10:00")) == ["2"]  # its age is not known


def test_a_file_that_was_uploaded_at_a_date_or_later_is_kept_out() -> None:
    package = cut(CutOff(at=exactly(at("11:00"))), file("1", "10:59"), file("2", "11:00"), file("3", "12:00"))
    assert listed(package, at("18:00")) == ["1"]
    assert not package.is_uncertain


def test_of_an_imprecise_cut_off_either_end_may_be_meant() -> None:
    vague = Moment(earliest=at("10:00"), latest=at("12:00"))
    package = cut(CutOff(at=vague), file("1", "09:59"), file("2", "10:00"), file("3", "11:59"), file("4", "12:00"))
    assert listed(package, at("18:00"), doubtful=False) == ["1"]
    assert listed(package, at("18:00")) == ["1", "2", "3"]


# Files


def test_a_release_is_built_where_no_wheel_fits() -> None:
    def made(version: str, *names: str) -> ReleaseFiles:
        kinds = {True: FileKind.WHEEL, False: FileKind.SDIST}
        files = tuple(File(filename=name, kind=kinds[name.endswith("whl")], uploaded=at("01:00")) for name in names)
        return ReleaseFiles(version=version, files=files)

    package = lib(
        made("1", "lib-1-py3-none-any.whl", "lib-1.tar.gz"),
        made("2", "lib-2.tar.gz"),
        made("3", "lib-3-cp312-cp312-win_amd64.whl", "lib-3.tar.gz"),
        made("4", "lib-4-cp312-cp312-win_amd64.whl"),  # nothing here can be installed
        ReleaseFiles(version="5", files=()),
    )
    assert [package.texts[position] for position in positions_in(package.built).tolist()] == ["2", "3"]
    assert listed(package, at("12:00")) == ["1", "2", "3"]


def test_uploads_are_those_that_the_index_dates_whatever_can_install_them() -> None:
    windows = File(
        filename="lib-1-cp312-cp312-win_amd64.whl", kind=FileKind.WHEEL, uploaded=at("02:00"), sha256="a" * 64
    )
    undated = File(filename="lib-1.tar.gz", kind=FileKind.SDIST, sha256="b" * 64)
    package = lib(ReleaseFiles(version="1", files=(windows, undated)), file("2"))
    assert set(package.uploads_of(Position(0))) == {("a" * 64, at("02:00")), ("b" * 64, None)}
    assert package.uploads_of(Position(1)) == (("", at("01:00")),)
    assert package.first_upload.tolist() == [at("02:00"), at("01:00")]


# Choice


VERSIONS = ("1", "2", "3rc1", "4")
YANKED: Mapping[str, Any] = {"yanked": True, "yanked_since": at("00:30")}


def taken(
    specifier: str,
    profile: Profile,
    *,
    eager: bool = False,
    pinned: bool = False,
    yanked: Sequence[str] = (),
    versions: Sequence[str] = VERSIONS,
) -> str | None:
    package = lib(*(file(text, **(YANKED if text in yanked else {})) for text in versions))
    constraint = Constraint(bits_of(package.stretches(specifier)), eager, pinned)
    found = choose(package.availability(at("12:00"), doubtful=False), constraint, profile)
    return None if found == NO_RELEASE else package.texts[found]


CHOICES = [
    ("", {}, "4", "4"),
    ("<4", {}, "2", "2"),  # a final one comes first, though a newer pre-release fits
    (">=3rc1,<4", {}, "3rc1", "3rc1"),  # no final one fits
    (">=3rc1,<4", {"eager": True}, "3rc1", "3rc1"),
    (">=2,<4", {"eager": True}, "2", "3rc1"),  # pip takes pre-releases where one is named
    (">9", {}, None, None),
    ("==4", {"yanked": ["4"]}, None, None),
    ("==4", {"yanked": ["4"], "pinned": True}, "4", "4"),
    (">=2", {"yanked": ["4"]}, "2", "2"),
    (">=2", {"yanked": ["2", "4"]}, "3rc1", "3rc1"),  # what is yanked comes after a pre-release
    ("==3rc1", {"yanked": ["3rc1"], "pinned": True, "eager": True}, "3rc1", "3rc1"),
    (">=2", {"yanked": ["2", "4"], "pinned": True}, "3rc1", "3rc1"),
    ("", {"versions": ["final-1"]}, None, None),  # never chosen
]


@pytest.mark.parametrize(("specifier", "more", "uv", "pip"), CHOICES)
def test_a_choice_falls_by_the_rules_of_its_installer(
    specifier: str, more: dict[str, object], uv: str | None, pip: str | None
) -> None:
    assert taken(specifier, "uv", **more) == uv  # type: ignore[arg-type]
    assert taken(specifier, "pip", **more) == pip  # type: ignore[arg-type]


def test_a_pin_prefers_what_is_not_yanked_and_then_a_final_one() -> None:
    found = {
        tuple(yanked): taken("", "uv", pinned=True, yanked=yanked)
        for yanked in (["4"], ["1", "2", "4"], ["1", "2", "3rc1", "4"], ["1", "2", "3rc1"])
    }
    assert list(found.values()) == ["2", "3rc1", "4", "4"]
    eager = {"pinned": True, "eager": True, "yanked": ["1", "2rc1"], "versions": ["1", "2rc1"]}
    assert (taken("", "uv", **eager), taken("", "pip", **eager)) == ("1", "2rc1")  # type: ignore[arg-type]
