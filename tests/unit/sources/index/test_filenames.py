"""Which release a file belongs to; the odd names of the recorded slices, one by one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from graphkit.model.index import FileKind, ProjectPage
from graphkit.model.names import PackageName, package_name
from graphkit.model.versions import release_version
from graphkit.sources.index.filenames import is_file_name, placed
from graphkit.sources.index.slice import slice_facts

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
SLICES = sorted(EXAMPLES.glob("*/index.slice"))
SDIST, WHEEL, OTHER = FileKind.SDIST, FileKind.WHEEL, FileKind.OTHER


@pytest.mark.parametrize(
    ("filename", "version", "kind"),
    [
        ("thing-1.0.2-2.tar.gz", "1.0.2.post2", SDIST),
        ("Thing-1.0.2.tar.bz2", "1.0.2", SDIST),
        ("thing-2004d-final.tar.gz", "2004d-final", SDIST),
        ("thing-1.0.linux-x86_64.tar.gz", "1.0", OTHER),
        ("thing-1.0.win32.zip", "1.0", OTHER),
        ("thing-1.0-py3.2.tar.gz", "1.0", OTHER),
        ("thing-1.0-py2.7.egg", "1.0", OTHER),
        ("thing-1.0_1-py2.7-linux-x86_64.egg", "1.0.post1", OTHER),
        ("thing-2004d-py2.4.egg", "2004d", OTHER),
        ("thing-1.0.win-amd64-py2.7.exe", "1.0", OTHER),
        ("thing-1.0.macosx-10.10-x86_64.exe", "1.0", OTHER),
        ("thing-1.0.win32-py2.7.msi", "1.0", OTHER),
        ("thing-1.0-1.noarch.rpm", "1.0", OTHER),
        ("thing-1.0-1-py3-none-any.whl", "1.0", WHEEL),
        ("thing-1.0_1-py3-none-any.whl", "1.0.post1", WHEEL),
        ("thing-1.0+cu118-cp39-cp39-linux_x86_64.whl", "1.0+cu118", WHEEL),
        ("thing-2004d-py2-none-any.whl", "2004d", WHEEL),
    ],
)
def test_names_that_say_a_release(filename: str, version: str, kind: FileKind) -> None:
    place = placed(filename, package_name("thing"))
    assert (release_version(place.version).text, place.kind, place.problem) == (version, kind, "")


def test_a_name_is_known_in_any_spelling() -> None:
    name = package_name("zope.interface")
    for filename in ("zope.interface-1.0.tar.gz", "Zope_Interface-1.0.zip", "zope-interface-1.0-py3-none-any.whl"):
        assert placed(filename, name).version == "1.0"
    assert placed("zope-interface-1.0-py3-none-any.whl", name).kind is OTHER  # no installer takes it


@pytest.mark.parametrize(
    ("filename", "problem"),
    [
        ("thing-more-1.0.tar.gz", "says thing-more 1.0"),
        ("thing-2013-02-16.tar.gz", "says thing-2013-02 16"),
        ("other-1.0.tar.gz", "says other 1.0"),
        ("other-1.0-py3-none-any.whl", "says other 1.0"),
        ("other-1.0-1-py3-none-any.whl", "says other 1.0"),
        ("thing.tar.gz", "does not begin with the name thing"),
        ("thing_1.0.tar.gz", "does not begin with the name thing"),
        ("python-thing_1.0-1_all.deb", "does not begin with the name thing"),
        ("thing.whl", "does not begin with the name thing"),
        ("thing-1.0.whl", "its version cannot be read from its name"),
        ("thing-x-y-z.whl", "its version cannot be read from its name"),
        ("thing-1.0.win32-setup.exe", "its version cannot be read from its name"),
        ("thing-1.0-python2.7.egg", "its version cannot be read from its name"),
        ("thing-1.0-py25.noarch.rpm", "its version cannot be read from its name"),
        ("thing-latest.tar.gz", "its version cannot be read from its name"),
        ("thing-1.0.txt", "is not a file of a release"),
        ("thing-1.0.tar.gz.asc", "is not a file of a release"),
        ("thing-.tar.gz", "does not begin with the name thing"),
        ("", "is not a file of a release"),
    ],
)
def test_names_that_say_none(filename: str, problem: str) -> None:
    place = placed(filename, package_name("thing"))
    assert (place.version, place.problem) == ("", problem)


def test_a_package_whose_name_ends_as_a_version() -> None:
    assert placed("thing-1.0.2-2.tar.gz", package_name("thing-1.0.2")).version == "2"


@pytest.mark.parametrize("part", ["thing-", "-py2", "-1.0", ".linux-x", "thing-1-py3.2-"])
def test_a_hostile_name_costs_no_more_than_others(part: str) -> None:
    for ending in (".tar.gz", ".whl", ".egg", ""):
        for size in (500, 1_000_000):
            begin = time.process_time()
            assert placed("thing-" + part * (size // len(part)) + "!" + ending, package_name("thing")).problem
            assert time.process_time() - begin < 0.5


def test_kinds_of_files() -> None:
    assert is_file_name("a-1.0.tar.gz")
    assert not is_file_name("../")


def is_odd(filename: str, package: PackageName) -> bool:
    """Return whether a reader who does not know the package takes an sdist for another package's."""
    stem = filename.removesuffix(".tar.gz").removesuffix(".zip")
    if stem == filename or canonicalize_name(stem.rpartition("-")[0]) == str(package):
        return False
    try:
        parse_sdist_filename(filename)
    except (InvalidSdistFilename, ValueError):
        return False
    return True


AIOHTTP_AND_CFFI = {
    "aiohttp-2.0.6-1.tar.gz": "2.0.6.post1",
    "cffi-1.0.2-2.tar.gz": "1.0.2.post2",
    "cffi-1.2.0-1.tar.gz": "1.2.0.post1",
}
MPMATH = ["mpmath-all-0.17.tar.gz", "mpmath-all-0.18.tar.gz", "mpmath-all-0.19.tar.gz", "mpmath-docsrc-0.16.tar.gz"]
DAYS = ("02-16", "02-23", "03-11", "05-21", "06-05", "06-26", "08-04", "10-04", "10-12", "10-21", "10-22", "10-23")
REGEX = [f"regex-2013-{day}.tar.gz" for day in (*DAYS, "10-24", "10-25", "10-26", "11-29", "12-31")]
SELENIUM = (9138, 9212, 9231, 9284, 9306, 9307, 9310, 9338, 9340, 9341, 9429)
THOP = (
    *("0.0.22-1906241147", "0.0.22-421392844089", "0.0.23-1906241153", "0.0.23-1906241219", "0.0.23-1906241402"),
    *("0.0.23-1907011323", "0.0.23-1907171426", "0.0.23-1907171430", "0.0.23-1908021457", "0.0.23-1908021517"),
    *("0.0.23-1908021522", "0.0.23-1908061459", "0.0.30-190806", "0.0.30-1908061459", "0.0.30-1908061501"),
    "0.0.30-1908281655",
)
ODD: dict[str, tuple[dict[str, str], list[str]]] = {
    "durabletask-2026-05": (AIOHTTP_AND_CFFI, []),
    "litellm-2026-03": (
        AIOHTTP_AND_CFFI
        | {
            "PyMuPDF-1.14.19.post-2.tar.gz": "1.14.19.post2",
            "apify_client-0.0.1-1.tar.gz": "0.0.1.post1",
            "debugpy-1.4.2-1.zip": "1.4.2.post1",
            "oauthlib-1.1.0-1.tar.gz": "1.1.0.post1",
        }
        | {f"selenium-2.0-dev-{number}.tar.gz": f"2.0.dev{number}" for number in SELENIUM},
        [*MPMATH, *REGEX],
    ),
    "telnyx-2026-03": ({}, []),
    "ultralytics-2024-12": (
        AIOHTTP_AND_CFFI
        | {f"thop-{version}.tar.gz": version.replace("-", ".post") for version in THOP}
        | {"twilio-6.1.2-alpha-1.tar.gz": "6.1.2a1"},
        [*MPMATH, *REGEX],
    ),
}
"""By slice: sdists whose name without the package's says another version, and those of no release of the package."""


def test_every_recorded_slice_is_listed_here() -> None:
    assert sorted(ODD) == [path.parent.name for path in SLICES]


@pytest.mark.parametrize("case", sorted(ODD))
def test_the_odd_names_of_the_recorded_slices(case: str) -> None:
    found: dict[str, str] = {}
    left_out = []
    releases: dict[tuple[str, str], list[str]] = {}
    for fact in slice_facts(EXAMPLES / case / "index.slice"):
        if isinstance(fact, ProjectPage):
            for release in fact.releases:
                names = [file.filename for file in release.files if is_odd(file.filename, fact.package)]
                found |= dict.fromkeys(names, release_version(release.version).text)
                if fact.package == "cffi":
                    releases[fact.package, release_version(release.version).key] = [
                        one.filename for one in release.files
                    ]
            left_out += [one.place.removeprefix("file ").strip("'") for one in fact.problems]
    versions, others = ODD[case]
    assert found == versions
    assert sorted(name for name in left_out if is_odd(name, package_name(name.partition("-")[0]))) == sorted(others)
    assert all("cffi-2.0.0" in name for name in releases.get(("cffi", "2"), []))
