"""Names that mean the same: what is said of two things means none of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.aliases import Aliases, Clash, PackageAlias, ServiceAlias, alias_purl, joined, settled
from graphkit.model.names import BadName, package_name, service_id

YAML, OTHER = package_name("pyyaml"), package_name("other")
SHOP, TILL = service_id("shop"), service_id("till")
DEBIAN = "pkg:deb/debian/python3-yaml"
FEW = st.sampled_from("abcd")


def of(package: str, *purls: str) -> PackageAlias:
    return PackageAlias(package=package_name(package), purls=purls)


@pytest.mark.parametrize("version", ["", "@6.0.1-2", "@6.0.1-2?arch=amd64", "?distro=sid#usr/lib"])
def test_which_file_of_a_package_a_purl_names_does_not_matter(version: str) -> None:
    assert alias_purl(f"pkg:DEB/debian/python3-yaml{version}") == DEBIAN


def test_a_text_that_is_no_purl_is_bad() -> None:
    with pytest.raises(BadName):
        alias_purl("python3-yaml")


def test_a_name_of_one_thing_is_its_other_name() -> None:
    assert settled([("b", SHOP), ("a", SHOP), ("a", SHOP), ("c", TILL)]) == ({SHOP: ("a", "b"), TILL: ("c",)}, ())


def test_a_thing_s_own_name_is_not_among_its_other_names() -> None:
    assert settled([("shop", SHOP)]) == ({}, ())


def test_a_name_that_is_given_to_two_things_is_taken_from_both() -> None:
    names, clashes = settled([("x", SHOP), ("x", TILL), ("y", TILL)])
    assert (names, clashes) == ({TILL: ("y",)}, (Clash(name="x", meanings=("shop", "till")),))


def test_the_own_name_of_another_thing_clashes_too() -> None:
    names, clashes = settled([("till", SHOP), ("y", TILL)])
    assert (names, clashes) == ({TILL: ("y",)}, (Clash(name="till", meanings=("shop", "till")),))


@given(st.lists(st.tuples(FEW, FEW)), st.randoms())
def test_the_order_of_what_is_said_changes_nothing(pairs: list[tuple[str, str]], order: object) -> None:
    shuffled = list(pairs)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert settled(pairs) == settled(shuffled)


@given(st.lists(st.tuples(FEW, FEW)))
def test_no_name_is_left_with_two_meanings(pairs: list[tuple[str, str]]) -> None:
    names, clashes = settled(pairs)
    every = [other for others in names.values() for other in others]
    assert len(every) == len(set(every))
    assert not {one.name for one in clashes} & set(every)
    assert all(len(one.meanings) > 1 for one in clashes)


def test_files_are_joined_and_what_they_disagree_on_is_dropped() -> None:
    rpm = "pkg:rpm/fedora/python3-pyyaml"
    first = Aliases(source="a", packages=(of("pyyaml", DEBIAN, rpm),))
    second = Aliases(
        source="b", packages=(of("other", DEBIAN),), services=(ServiceAlias(service=SHOP, names=("acme/shop",)),)
    )
    both, clashes = joined([first, second])
    assert (both.source, both.packages) == ("", (of("pyyaml", rpm),))
    assert both.services == (ServiceAlias(service=SHOP, names=("acme/shop",)),)
    assert clashes == (Clash(name=DEBIAN, meanings=(OTHER, YAML)),)
    assert joined([second, first]) == (both, clashes)


def test_a_package_and_a_service_may_have_one_name() -> None:
    one = Aliases(packages=(of("pyyaml", DEBIAN),), services=(ServiceAlias(service=SHOP, names=(DEBIAN,)),))
    assert joined([one]) == (one, ())
