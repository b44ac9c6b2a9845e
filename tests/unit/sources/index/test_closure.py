from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import stamina
from msgspec.structs import replace

from graphkit.model.errors import GraphkitError, InputError, UsageError
from graphkit.model.index import ProjectPage, ReleaseMetadata
from graphkit.model.requirements import requirement
from graphkit.model.times import instant
from graphkit.sources.index import GatherOptions, RootSet, gather, is_slice, slice_facts
from tests.unit.sources.index.recorded import Index, Release

World = dict[str, dict[str, Release]]
WINDOW = GatherOptions(start=instant("2026-03-24T08:00:00Z"), until=instant("2026-03-24T22:00:00Z"))
OLD, NEW, LATE = "2026-01-01T00:00:00Z", "2026-03-24T12:00:00Z", "2026-06-01T00:00:00Z"


def read(
    packages: Mapping[str, Mapping[str, Release]],
    *names: str,
    order: GatherOptions = WINDOW,
    record: Path | None = None,
) -> tuple[set[str], set[str]]:
    """Return which pages and which releases' requirements were read."""
    facts = list(
        gather(Index(packages).open(), names, order, record=record, progress=lambda *_: None, reject=lambda *_: None)
    )
    pages = {str(fact.package) for fact in facts if isinstance(fact, ProjectPage)}
    releases = {f"{fact.package}=={fact.version}" for fact in facts if isinstance(fact, ReleaseMetadata)}
    return pages, releases


def test_every_release_that_could_be_picked_in_the_window() -> None:
    packages: World = {
        "app": {"1.0": (OLD, ["lib"]), "0.9": (OLD, ["gone"])},
        "lib": {"1": (OLD, []), "2": (NEW, []), "3": (LATE, [])},
    }
    pages, releases = read(packages, "app")
    assert pages == {"app", "lib"}
    assert releases == {"app==1.0", "lib==1", "lib==2"}


def test_ranges_together_may_leave_what_none_leaves_alone() -> None:
    packages: World = {
        "app": {"1": (OLD, ["a", "b"])},
        "a": {"1": (OLD, ["lib<3"])},
        "b": {"1": (OLD, ["lib!=2"])},
        "lib": {"1": (OLD, []), "2": (OLD, []), "3": (OLD, [])},
    }
    assert read(packages, "app")[1] >= {"lib==1", "lib==2", "lib==3"}


def test_a_root_is_not_held_back_by_another_one() -> None:
    packages: World = {
        "one": {"1": (OLD, ["lib<3"])},
        "two": {"1": (OLD, ["lib!=2"])},
        "lib": {"1": (OLD, []), "2": (OLD, []), "3": (OLD, [])},
    }
    assert "lib==1" not in read(packages, "one", "two")[1]


def test_extras_markers_and_addresses() -> None:
    packages: World = {
        "app": {
            "1": (
                OLD,
                ["base", "more ; extra == 'full'", "old ; python_version < '3'", "direct @ http://x.example/d.whl"],
            )
        },
        "base": {"1": (OLD, [])},
        "more": {"1": (OLD, ["app[full]"])},
    }
    assert read(packages, "app")[0] == {"app", "base"}
    assert read(packages, "app[full]")[0] == {"app", "base", "more"}


def test_prereleases_count_where_nothing_else_fits_or_they_are_named() -> None:
    lib: dict[str, Release] = {"1.0": (OLD, []), "2.0rc1": (OLD, [])}
    only: dict[str, Release] = {"1.0b1": (OLD, []), "1.0b2": (OLD, [])}
    packages: World = {"app": {"1": (OLD, ["lib", "only"])}, "lib": lib, "only": only}
    assert read(packages, "app")[1] == {"app==1", "lib==1.0", "only==1.0b2"}
    packages["app"] = {"1": (OLD, ["lib>=1.0rc1"])}
    assert "lib==2.0rc1" in read(packages, "app")[1]


def test_without_closure_only_the_names_are_read() -> None:
    packages: World = {"app": {"1.0": (OLD, ["lib"]), "0.9": (OLD, [])}, "lib": {"1": (OLD, [])}}
    order = GatherOptions(start=WINDOW.start, until=WINDOW.until, closure=False)
    assert read(packages, "app", "app==0.9", order=order) == ({"app"}, {"app==1.0", "app==0.9"})


def test_as_of_reads_the_pages_of_then() -> None:
    packages: World = {"app": {"1.0": (OLD, []), "2.0": (LATE, [])}}
    at = instant("2026-04-01")
    facts = gather(
        Index(packages).open(),
        ["app"],
        GatherOptions(start=at, until=at + 1, as_of=at),
        record=None,
        progress=lambda *_: None,
        reject=lambda *_: None,
    )
    (page,) = (fact for fact in facts if isinstance(fact, ProjectPage))
    assert ([release.version for release in page.releases], page.read_at) == (["1.0"], at)


def test_a_name_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not a valid package name"):
        read({}, "not a name")


def test_a_missing_dependency_is_a_fact_and_no_error() -> None:
    assert read({"app": {"1": (OLD, ["nope"])}}, "app") == ({"app", "nope"}, {"app==1"})


CYCLE: World = {
    "app": {"1.0": (OLD, ["lib[x]<3", "nope"])},
    "lib": {"1": (OLD, []), "2": (NEW, ["app ; extra == 'x'"]), "3": (OLD, [])},
}


def test_a_slice_reads_back_as_the_same_facts(tmp_path: Path) -> None:
    path = tmp_path / "a.slice"
    facts = list(
        gather(Index(CYCLE).open(), ["app"], WINDOW, record=path, progress=lambda *_: None, reject=lambda *_: None)
    )
    assert is_slice(path.read_bytes()[:512])
    back = list(slice_facts(path))
    assert {
        fact.package: ([(r.version, r.files) for r in sorted(fact.releases, key=lambda r: r.version)], fact.found)
        for fact in back
        if isinstance(fact, ProjectPage)
    } == {
        fact.package: ([(r.version, r.files) for r in sorted(fact.releases, key=lambda r: r.version)], fact.found)
        for fact in facts
        if isinstance(fact, ProjectPage)
    }
    assert {(fact.package, fact.version, fact.requirements) for fact in back if isinstance(fact, ReleaseMetadata)} == {
        (fact.package, fact.version, fact.requirements) for fact in facts if isinstance(fact, ReleaseMetadata)
    }


def test_a_slice_keeps_what_some_wheels_require_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.slice"
    index = Index({"app": {"1.0": (OLD, [])}})
    linux, macos, windows = (f"cp312-cp312-{of}" for of in ("manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"))
    index.wheels.update({linux: (True, ["lib", 'more ; extra == "x"']), macos: (True, ["lib"]), windows: (True, None)})
    facts = list(gather(index.open(), ["app"], WINDOW, record=path, progress=lambda *_: None, reject=lambda *_: None))
    (read,) = (fact for fact in facts if isinstance(fact, ReleaseMetadata))
    (back,) = (fact for fact in slice_facts(path) if isinstance(fact, ReleaseMetadata))
    assert len(read.requirements) == 2
    assert len(read.unreadable) == 1
    assert (back.requirements, back.unreadable) == (read.requirements, read.unreadable)


def test_a_slice_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        read(CYCLE, "app", record=tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("cut", [10, 60, -20])
def test_a_damaged_slice_is_an_input_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.slice"
    read(CYCLE, "app", record=path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError):
        list(slice_facts(path))


def asked(index: Index, *names: str) -> tuple[dict[str, bool], dict[str, str]]:
    """Return the pages read, each with whether it was found, and what was rejected."""
    rejected: dict[str, str] = {}
    facts = gather(
        index.open(),
        names,
        WINDOW,
        record=None,
        progress=lambda *_: None,
        reject=lambda name, error: rejected.update({name: str(error)}),
    )
    return {fact.package: fact.found for fact in facts if isinstance(fact, ProjectPage)}, rejected


def broken(request: httpx.Request) -> httpx.Response | None:
    """Answer as indexes fail: one way for each name."""
    match request.url.path.split("/")[2]:
        case "slow":
            raise httpx.ReadTimeout("timed out", request=request)
        case "login":
            return httpx.Response(200, content=b"<html><form></form></html>", headers={"content-type": "text/html"})
        case "barred":
            return httpx.Response(403)
        case "gone":
            return httpx.Response(410)
    return None


def test_a_name_that_fails_is_named_and_the_rest_is_read() -> None:
    index = Index({"app": {"1": (OLD, ["lib"])}, "lib": {"1": (OLD, [])}}, before=broken)
    with stamina.set_testing(True, attempts=2):
        pages, rejected = asked(index, "slow", "nope", "app", "login", "barred", "gone")
    assert pages == {"app": True, "lib": True, "nope": False, "gone": False}
    assert {name: "does not list it" in text for name, text in rejected.items()} == {
        "slow": False,
        "nope": True,
        "login": False,
        "barred": False,
        "gone": True,
    }
    assert "ReadTimeout" in rejected["slow"]
    assert "not a project page" in rejected["login"]
    assert "403" in rejected["barred"]


def test_what_fails_on_the_way_is_named_too() -> None:
    index = Index({"app": {"1": (OLD, ["slow", "nope", "login"])}}, before=broken)
    with stamina.set_testing(True, attempts=2):
        pages, rejected = asked(index, "app")
    assert pages == {"app": True, "nope": False}
    assert sorted(rejected) == ["login", "slow"]


def test_an_index_that_answers_nothing_is_an_error() -> None:
    index = Index({}, before=lambda _: httpx.Response(403))
    with pytest.raises(GraphkitError, match="403"):
        asked(index, "app", "lib")


def test_an_index_that_answers_no_more_is_not_asked_for_ever() -> None:
    names = [f"n{number}" for number in range(40)]
    index = Index({"app": {"1": (OLD, names)}})
    rejected: list[str] = []
    facts = gather(
        index.open(),
        ["app"],
        WINDOW,
        record=None,
        progress=lambda *_: None,
        reject=lambda name, _: rejected.append(name),
    )
    assert [next(facts).package, next(facts).package] == ["app", "app"]
    index.before = lambda _: httpx.Response(403)
    with pytest.raises(GraphkitError, match="403"):
        next(facts)
    assert len(rejected) == 16


def read_together(
    packages: Mapping[str, Mapping[str, Release]], *sets: RootSet, order: GatherOptions = WINDOW
) -> tuple[set[str], set[str]]:
    """Return the same of requirements that are installed together."""
    index = Index(packages).open()
    silent = {"progress": lambda *_: None, "reject": lambda *_: None}
    facts = list(gather(index, (), order, together=sets, **silent))  # type: ignore[arg-type]
    pages = {str(fact.package) for fact in facts if isinstance(fact, ProjectPage)}
    releases = {f"{fact.package}=={fact.version}" for fact in facts if isinstance(fact, ReleaseMetadata)}
    return pages, releases


def asking(*texts: str, extras: frozenset[str] = frozenset()) -> RootSet:
    return RootSet(tuple(requirement(text) for text in texts), extras)


class TestTogether:
    LIB: ClassVar[World] = {"lib": {"1": (OLD, []), "2": (OLD, ["deep"]), "3": (OLD, [])}, "deep": {"1": (OLD, [])}}

    def test_requirements_of_one_set_bind_each_other(self) -> None:
        both = asking("lib<3", "lib!=2")
        assert read_together(self.LIB, both)[1] >= {"lib==1"}
        assert read_together(self.LIB, asking("lib<3"), asking("lib!=2"))[1] == {"lib==2", "lib==3", "deep==1"}

    def test_they_are_followed_though_no_closure_was_asked_for_by_name(self) -> None:
        assert read_together(self.LIB, asking("lib==2")) == ({"lib", "deep"}, {"lib==2", "deep==1"})

    def test_what_no_environment_or_extra_asks_for_is_left_out(self) -> None:
        one = asking('lib==2; python_version < "3"', 'deep; extra == "more"')
        assert read_together(self.LIB, one) == (set(), set())
        more = RootSet(one.requirements, frozenset({"more"}))
        assert read_together(self.LIB, more) == ({"deep"}, {"deep==1"})

    def test_requirements_by_address_are_left_out(self) -> None:
        assert read_together(self.LIB, asking("lib @ https://files.example/lib-1.zip")) == (set(), set())

    def test_a_page_that_two_sets_need_is_asked_for_once(self) -> None:
        index = Index(self.LIB)
        silent = {"progress": lambda *_: None, "reject": lambda *_: None}
        list(gather(index.open(), ["deep"], WINDOW, together=[asking("deep"), asking("lib==2")], **silent))  # type: ignore[arg-type]
        assert index.asked["/simple/deep/"] == 1

    def test_every_release_that_ranges_allow(self) -> None:
        allowed = replace(WINDOW, all_allowed=True)
        assert read_together(self.LIB, asking("lib<=3"))[1] == {"lib==3"}
        assert read_together(self.LIB, asking("lib<=3"), order=allowed)[1] == {"lib==1", "lib==2", "lib==3", "deep==1"}
        assert read_together(self.LIB, asking("lib>=3"), order=allowed)[1] == {"lib==3"}

    def test_what_was_uploaded_after_the_window_is_not_allowed_in_it(self) -> None:
        packages: World = {"lib": {"1": (OLD, []), "2": (LATE, [])}}
        assert read_together(packages, asking("lib"), order=replace(WINDOW, all_allowed=True))[1] == {"lib==1"}

    def test_progress_may_end_it_and_what_was_read_stays(self) -> None:
        read: list[object] = []

        def progress(done: int, _total: int | None, _what: str) -> None:
            if done > 1:
                raise TimeoutError

        with pytest.raises(TimeoutError):
            read.extend(
                gather(
                    Index(self.LIB).open(),
                    (),
                    WINDOW,
                    together=[asking("lib==2")],
                    progress=progress,
                    reject=lambda *_: None,
                )
            )
        assert len(read) == 1
