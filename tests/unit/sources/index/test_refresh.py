from __future__ import annotations

import httpx
import pytest
from msgspec.structs import replace

from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.sources.index import Known, refresh
from graphkit.sources.index.pages import JSON_TYPE
from graphkit.sources.index.refresh import Refreshed
from tests.unit.sources.index.recorded import Index

LINUX, MACOS = "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-macosx_11_0_arm64"


def test_a_release_that_got_a_wheel_is_read_anew() -> None:
    index = Index({"app": {"1.0": ("2026-03-01T00:00:00Z", [])}})
    index.wheels.update({MACOS: (True, []), LINUX: (True, ["lib"])})
    before = {f"app-1.0-{tags}.whl": False for tags in index.wheels}
    for files, wanted in ((before, []), ({name: False for name in before if MACOS in name}, [1])):
        known = Known(package=package_name("app"), versions=frozenset({"1"}), files=files)
        (found,) = refresh(index.open(), [known], total=1, progress=lambda *_: None, reject=lambda *_: None)
        read = [len(fact.requirements) for fact in found.facts if isinstance(fact, ReleaseMetadata)]
        assert (read, found.new) == (wanted, ())


APP = Known(package=package_name("app"), versions=frozenset({"1"}), files={"app-1.0-py3-none-any.whl": False})
INDEX = {"app": {"1.0": ("2026-03-01T00:00:00Z", ["lib"])}}


def refreshed(index: Index, *known: Known) -> tuple[list[Refreshed], list[tuple[str, str]]]:
    rejected: list[tuple[str, str]] = []
    found = refresh(
        index.open(),
        known,
        total=len(known),
        progress=lambda *_: None,
        reject=lambda name, error: rejected.append((name, str(error))),
    )
    return list(found), rejected


def test_nothing_known_is_nothing_asked() -> None:
    index = Index(INDEX)
    assert refreshed(index) == ([], [])
    assert not index.asked


@pytest.mark.parametrize(
    ("known", "is_changed"),
    [
        (APP, False),
        (replace(APP, versions=frozenset()), True),
        (replace(APP, versions=frozenset({"1", "2"})), True),
        (replace(APP, found=False), True),
        (replace(APP, is_quarantined=True), True),
        (replace(APP, files={"app-1.0-py3-none-any.whl": True}), True),  # no longer yanked
        (replace(APP, files={}), True),
        (replace(APP, files={**APP.files, "app-1.0.tar.gz": False}), True),  # it went
    ],
)
def test_a_page_that_says_something_else_than_was_known_changed(known: Known, is_changed: bool) -> None:  # noqa: FBT001
    ((found,), rejected) = refreshed(Index(INDEX), known)
    assert (found.is_changed, found.is_gone, rejected) == (is_changed, False, [])
    assert found.new == (() if "1" in known.versions else ("1.0",))
    assert found.problems == ()


@pytest.mark.parametrize("was_found", [True, False])
def test_a_project_that_is_gone_is_news_once(was_found: bool) -> None:  # noqa: FBT001
    known = replace(APP, package=package_name("gone"), found=was_found, versions=frozenset(), files={})
    ((found,), rejected) = refreshed(Index(INDEX), known)
    assert (found.is_gone, found.is_changed, rejected) == (was_found, was_found, [])
    (page,) = found.facts
    assert isinstance(page, ProjectPage)
    assert not page.found


def test_a_page_that_nobody_can_read_is_rejected_and_the_others_are_read() -> None:
    def odd(request: httpx.Request) -> httpx.Response | None:
        is_odd = request.url.path.startswith("/simple/odd")
        return httpx.Response(200, content=b"{", headers={"content-type": JSON_TYPE}) if is_odd else None

    found, rejected = refreshed(Index(INDEX, before=odd), replace(APP, package=package_name("odd")), APP)
    assert [one.package for one in found] == ["app"]
    ((name, why),) = rejected
    assert name == "odd"
    assert "not a project page" in why


def test_requirements_that_cannot_be_read_are_unknown_with_the_reason() -> None:
    index = Index({"app": {"1.0": ("2026-03-01T00:00:00Z", ["lib"])}})
    index.wheels["py3-none-any"] = (True, None)  # announced, and not there
    ((found,), _) = refreshed(index, replace(APP, versions=frozenset(), files={}))
    (read,) = (fact for fact in found.facts if isinstance(fact, ReleaseMetadata))
    assert (read.source, read.requirements) == (MetadataSource.UNKNOWN, ())
    assert read.reason


def test_a_wheel_that_came_since_is_told_where_all_files_were_named() -> None:
    wheel = File(filename="app-1.0-py3-none-any.whl", kind=FileKind.WHEEL)
    assert replace(APP, files={}).lacks(wheel)
    assert not APP.lacks(wheel)
    assert not replace(APP, files={"": False}).lacks(wheel)
    assert not replace(APP, files={}).lacks(replace(wheel, kind=FileKind.SDIST))
