"""What an install takes, whole: which manifests, of which minute, under which guards, and what is marked in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from graphkit.model.answers import InstallTree
from graphkit.model.documents import Completeness, Document, DocumentKind, Problem
from graphkit.model.guards import CutOff, Guards
from graphkit.model.names import service_id
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.model.requirements import requirement
from graphkit.model.times import exactly
from graphkit.stores.port import Fact
from graphkit.trace.blast import install_trees
from graphkit.trace.case import read_span
from graphkit.trace.case_answer import Question
from tests.cases.build import at, compromised, document, incident, manifest, organisation, package, reader_of, use

PAGES: Sequence[Fact] = (
    *package("app", {"1": ("01:00", ["lib>=1"]), "2": ("02:00", ["lib>=1", "bad ; extra == 'more'"])}),
    *package("lib", {"1": ("01:00", []), "1.5": ("10:30", ["bad"])}),
    *package("bad", {"1": ("01:00", []), "2": ("11:00", [])}),
    incident(compromised("bad", "2", "11:00"), until="13:00"),
)
STOOD = {"stands_from": "08:00", "read_at": "18:00"}


def asked(
    folder: Path, document: Document, *uses: DocumentUse, time: str | None = None, **more: object
) -> tuple[InstallTree, ...]:
    """Return the trees of service `shop`, whose manifest was in place all day unless uses say otherwise."""
    builds, others = more.pop("builds", ()), more.pop("others", ())
    service = Service(id=service_id("shop"), **more)  # type: ignore[arg-type]
    told = organisation(services=(service,), uses=uses or (use("shop", document, **STOOD),), builds=builds)
    reader = reader_of(folder, *PAGES, document, *others, told)  # type: ignore[misc]
    span = read_span(None if time is None else f"2026-03-24T{time}:00Z", None, None)
    return install_trees(reader, Question(targets=("case-1",), span=span), service_id("shop"))


def taken(tree: InstallTree) -> dict[str, str]:
    return {one.package: one.version for one in tree.releases}


def test_the_minute_is_the_first_at_which_it_takes_an_accused_release(tmp_path: Path) -> None:
    (tree,) = asked(tmp_path / "graph", manifest("a.txt", "app"))
    assert (tree.at, tree.manifest, tree.document.path) == (at("11:00"), "a.txt", "a.txt")
    assert taken(tree) == {"app": "2", "bad": "2", "lib": "1.5"}
    told = [(one.package, one.asked_by, one.requirement) for one in tree.releases]
    assert told == [("app", None, "app"), ("bad", "lib@1.5", "bad"), ("lib", "app@2", "lib>=1")]
    assert [one.package for one in tree.releases if one.is_accused] == ["bad"]
    assert (tree.resolver, tree.environment.python, tree.incident) == ("uv", "3.12", "case-1")


@pytest.mark.parametrize(("time", "lib"), [("10:00", "1"), ("10:45", "1.5"), ("12:00", "1.5")])
def test_else_it_is_the_one_that_was_asked_for(tmp_path: Path, time: str, lib: str) -> None:
    (tree,) = asked(tmp_path / "graph", manifest("a.txt", "app"), time=time)
    assert (tree.at, taken(tree)["lib"]) == (at(time), lib)


def test_what_takes_nothing_accused_is_of_the_start_of_the_window(tmp_path: Path) -> None:
    (tree,) = asked(tmp_path / "graph", manifest("a.txt", "lib<1.5"))
    assert (tree.at, taken(tree)) == (at("11:00"), {"lib": "1"})


def test_a_manifest_that_came_later_is_of_when_it_came(tmp_path: Path) -> None:
    here = manifest("a.txt", "app")
    came = use("shop", here, stands_from="12:00", read_at="18:00")
    (tree,) = asked(tmp_path / "graph", here, came)
    assert tree.at == at("12:00")
    assert asked(tmp_path / "other", here, came, time="11:30") == ()


@pytest.mark.parametrize(("resolver", "bad"), [("uv", "1"), ("pip", "2"), ("", "2")])
def test_guards_hold_only_where_a_fact_names_their_installer(tmp_path: Path, resolver: str, bad: str) -> None:
    here = replace(manifest("a.toml", "app"), guards=Guards(constraints=(requirement("bad<2"),)))
    (tree,) = asked(tmp_path / "graph", here, resolver=resolver)
    assert taken(tree)["bad"] == bad


def test_so_do_cut_offs(tmp_path: Path) -> None:
    here = replace(manifest("a.toml", "app"), guards=Guards(cut_off=CutOff(text="1 hour", age=3_600_000_000)))
    (tree,) = asked(tmp_path / "graph", here, resolver="uv")
    assert (tree.at, taken(tree)["bad"]) == (at("12:00") + 1, "2")
    (open_tree,) = asked(tmp_path / "other", here)
    assert open_tree.at == at("11:00")


def test_what_does_not_fit_and_what_was_not_read_is_told(tmp_path: Path) -> None:
    here = manifest("a.txt", "app", "lib<1.5", "gone>=3", "app>=9 ; extra == 'x'")
    (tree,) = asked(tmp_path / "graph", replace(here, requirements=(*here.requirements, requirement("lib>1"))))
    assert tree.unresolvable == ("lib",)
    assert tree.unread == ("gone",)
    assert tree.left_out == ("app>=9 ; extra == 'x'".replace("'", '"'),)
    assert not any(one.is_firm for one in tree.releases)


def test_extras_that_the_organisation_names_are_followed(tmp_path: Path) -> None:
    here = manifest("a.txt", "lib==1", "app[more] ; extra == 'x'")
    (tree,) = asked(tmp_path / "graph", here, extras=("x",))
    assert taken(tree) == {"app": "2", "bad": "2", "lib": "1"}
    assert tree.releases[1].asked_by == "app[more]@2"


def test_a_lock_beside_it_is_said_to_govern_it(tmp_path: Path) -> None:
    here = manifest("pyproject.toml", "app")
    lock = document("uv.lock", DocumentKind.LOCK, ("app==2", "lib==1"), governs=("pyproject.toml",))
    uses = [use("shop", one, **STOOD) for one in (here, lock)]
    (tree,) = asked(tmp_path / "graph", here, *uses, others=(lock,))
    assert tree.is_governed
    assert taken(tree)["bad"] == "2"


def test_so_is_what_building_takes_where_that_is_unusual(tmp_path: Path) -> None:
    here = replace(manifest("pyproject.toml", "lib==1"), build_requires=(requirement("bad"),))
    own, building = asked(tmp_path / "graph", here)
    assert (own.manifest, taken(own)) == ("pyproject.toml", {"lib": "1"})
    assert (building.manifest, taken(building)) == ("build-system.requires of pyproject.toml", {"bad": "2"})
    assert building.document == own.document


def test_the_manifest_of_a_build_counts_while_that_may_have_run(tmp_path: Path) -> None:
    here = manifest("a.txt", "app")
    build = Build(service=service_id("shop"), at=exactly(at("12:30")), manifest=here.sha256)
    gone = use("shop", here, stands_from="01:00", stands_until="02:00")
    (tree,) = asked(tmp_path / "graph", here, gone, builds=(build,))
    assert tree.at == at("11:00")
    assert asked(tmp_path / "other", here, gone, builds=(build,), time="09:00") == ()


def test_what_a_private_index_serves_is_not_walked(tmp_path: Path) -> None:
    private = "http://packages.example/simple"
    here = replace(manifest("a.txt", "app"), indexes=(private,), is_off_public=True)
    told = organisation(
        services=(Service(id=service_id("shop")),), uses=(use("shop", here, **STOOD),), private_indexes=(private,)
    )
    reader = reader_of(tmp_path / "graph", *PAGES, here, told)
    (tree,) = install_trees(reader, Question(targets=("case-1",)), service_id("shop"))
    assert tree.releases == ()
    assert "private index" in tree.unread[0]


def test_a_service_without_manifests_has_none(tmp_path: Path) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ("app==2",))
    assert asked(tmp_path / "graph", lock) == ()


def test_a_build_has_a_tree_for_its_manifest_alone(tmp_path: Path) -> None:
    here, listed = manifest("a.txt", "lib"), document("sbom.json", DocumentKind.SBOM, ["lib==1"])
    shop = service_id("shop")
    build = Build(service=shop, at=exactly(at("11:30")), document=listed.sha256, manifest=here.sha256)
    trees = asked(tmp_path / "graph", here, use("shop", listed), others=(listed,), builds=(build,))
    assert [tree.manifest for tree in trees] == ["a.txt"]


def test_a_manifest_that_was_not_read_completely_says_so(tmp_path: Path) -> None:
    odd = Problem(place="line 2", text="is no requirement; left out")
    here = replace(manifest("a.txt", "lib"), completeness=Completeness.UNKNOWN, problems=(odd,))
    (tree,) = asked(tmp_path / "graph", here)
    assert "a part of a.txt (line 2: is no requirement; left out)" in tree.unread
