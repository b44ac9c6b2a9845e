"""What a target text names, and what is said where it names no release."""

from __future__ import annotations

from typing import Any

import pytest

from graphkit.model.errors import UsageError
from graphkit.model.incidents import AccusedFile, CompromisedRelease, Incident, Undecided, python_release
from graphkit.model.names import package_name
from graphkit.trace.targets import near_names, release_of_target, shown_release, unknown_target


@pytest.mark.parametrize(
    ("incidents", "versions", "told"),
    [
        (["a-1"], ["2.0", "1.0"], "lib names no release; give one, as in lib==2.0; the graph has 2.0, 1.0; incidents"),
        ([], ["4", "3", "2", "1"], "as in lib==4; the graph has 4, 3, 2 and 1 more$"),
        (["a-1", "a-2"], [], "as in lib==VERSION; incidents about it: a-1, a-2$"),
        ([], [], "'Lib' is not a target"),
    ],
)
def test_a_package_without_a_version_names_what_is_known_of_it(
    incidents: list[str], versions: list[str], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        release_of_target("Lib", known_of=lambda package: (incidents, versions) if package == "lib" else ([], []))


def test_a_range_is_no_release() -> None:
    with pytest.raises(UsageError, match="is not a target"):
        release_of_target("lib>=1", known_of=lambda _: (["a-1"], ["1"]))


LIB = package_name("lib")
LEFT = CompromisedRelease(purl="pkg:npm/left@1.0", package=None, version="1.0")


@pytest.mark.parametrize(
    ("text", "purl", "shown"),
    [
        ("Lib==1.0", "pkg:pypi/lib@1.0", "lib 1.0"),
        ("  Lib == 1.0 ", "pkg:pypi/lib@1.0", "lib 1.0"),
        ("lib===odd", "pkg:pypi/lib@odd", "lib odd"),
        ("lib==1.0+acme", "pkg:pypi/lib@1.0%2Bacme", "lib 1.0+acme"),
        ("lib==1!2", "pkg:pypi/lib@1%212", "lib 1!2"),
        ("PKG:PyPI/Big.Name@1.0", "pkg:pypi/big-name@1.0", "big-name 1.0"),
        ("pkg:npm/%40scope/name@1.0?a=b", "pkg:npm/%40scope/name@1.0?a=b", "pkg:npm/%40scope/name@1.0?a=b"),
    ],
)
def test_a_release_is_named_by_its_version_or_its_purl(text: str, purl: str, shown: str) -> None:
    found = release_of_target(text)
    assert (found.purl, shown_release(found)) == (purl, shown)
    assert (found.files, found.listed_from, found.whole) == ((), None, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lib==1.*", "is not a target"),
        ("lib==1,==2", "is not a target"),
        ("lib~=1.0", "is not a target"),
        ("lib @ https://files.example/lib-1.whl", "is not a target"),
        ("", "is not a target"),
        ("\x1b[31mlib", "is not a target"),
        ("pkg:pypi/lib", "names no version; ask for one release"),
        ("pkg:pypi/a/lib@1", "has a namespace"),
        ("pkg:", "is not a valid purl"),
        ("pkg:pypi/...@1", "is not a valid package name"),
    ],
)
def test_what_names_no_release_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        release_of_target(text)


def test_what_is_no_target_is_told_with_the_ids_that_are_near() -> None:
    with pytest.raises(UsageError, match=r"; did you mean a-1 or b-1\?$"):
        release_of_target("odd text", near=lambda: ["a-1", "b-1"])
    with pytest.raises(UsageError, match=r"adds one\)$"):
        release_of_target("odd text", near=tuple)


def told_of(release: CompromisedRelease, *others: str, is_known: bool = False, **more: Any) -> str:
    record = Incident(**{"id": "a", "title": "a", "releases": (), **more})
    return unknown_target(release, [record], lambda _: is_known, lambda: others)


NAMING: list[dict[str, Any]] = [
    {"releases": (python_release(LIB, "9"),)},
    {"ranges": ((LIB, ">=9"),)},
    {"every": ("pkg:pypi/Lib",)},
    {"files": (AccusedFile(package=LIB),)},
    {"undecided": (Undecided(package=LIB, why="x"),)},
]


@pytest.mark.parametrize("more", NAMING)
def test_a_package_that_an_incident_names_in_whatever_way_is_known(more: dict[str, Any]) -> None:
    assert told_of(python_release(LIB, "1"), **more) == ""
    assert told_of(python_release(package_name("libb"), "1"), **more) == (
        "nothing is known of `libb`; did you mean `lib`?"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"releases": (LEFT,)},
        {"every": ("pkg:npm/LEFT",)},
        {"files": (AccusedFile(purl="pkg:npm/left"),)},
        {"undecided": (Undecided(purl="pkg:npm/left", why="x"),)},
    ],
)
def test_so_is_a_package_elsewhere(more: dict[str, Any]) -> None:
    assert told_of(LEFT, **more) == ""
    other = CompromisedRelease(purl="pkg:npm/lefty@1", package=None, version="1")
    assert told_of(other, **more) == "nothing is known of `pkg:npm/lefty`; did you mean `pkg:npm/left`?"


def test_what_names_no_package_makes_none_known() -> None:
    nothing: dict[str, Any] = {
        "files": (AccusedFile(filename="x"),),
        "undecided": (Undecided(why="x"),),
        "every": ("odd purl",),
    }
    assert told_of(python_release(LIB, "1"), **nothing) == "nothing is known of `lib`"
    assert told_of(python_release(LIB, "1"), is_known=True, **nothing) == ""


@pytest.mark.parametrize(
    ("name", "names", "near"),
    [
        ("requests", ["request", "requests", "reqeusts", "request5", "flask"], ("request", "request5", "reqeusts")),
        ("lib", ["lib"], ()),
        ("lib", [], ()),
        ("lib", ["libraries"], ()),  # much longer
        ("ab", ["xb", "ay"], ()),
        ("", ["a"], ()),
        ("numpy", ["nunpy", "umpy", "nump", "numpyy", "numpys"], ("numpyy", "numpys", "umpy")),
    ],
)
def test_the_names_that_are_written_most_alike(name: str, names: list[str], near: tuple[str, ...]) -> None:
    assert near_names(name, names) == near
    assert near_names(name, names[::-1]) == near
