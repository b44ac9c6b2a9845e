"""Components of other ecosystems: which are one release, which are another, and which nobody can tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.documents import Component
from graphkit.trace.evidence.other_ecosystems import (
    OtherRelease,
    is_one,
    may_be_named,
    release_of_purl,
    release_of_row,
    type_of,
    version_of_purl,
    versions_of,
)

DIGEST, OTHER_DIGEST = "a" * 64, "b" * 64


def row(version: str = "", name: str = "x", purl: str = "") -> Component:
    return Component(ref="r", name=name, version=version, purl=purl)


ONE: list[tuple[str, str, bool | None]] = [
    # row, accused, is it one
    ("pkg:npm/left@1.0.0", "pkg:npm/left@1.0.0", True),
    ("pkg:npm/Left@V1.0.0", "pkg:npm/left@1.0.0", True),
    ("pkg:golang/g.example/x@=1.0", "pkg:golang/g.example/x@v1.0", True),
    ("pkg:npm/left@2.0.0", "pkg:npm/left@1.0.0", False),
    ("pkg:npm/right@1.0.0", "pkg:npm/left@1.0.0", False),
    ("pkg:npm/left", "pkg:npm/left@1.0.0", None),  # at which version is not said
    ("pkg:npm/left@1.x", "pkg:npm/left@1.0.0", None),  # a range
    ("pkg:npm/left@*", "pkg:npm/left@1.0.0", None),
    ("pkg:npm/left@latest", "pkg:npm/left@1.0.0", None),  # a tag that moves
    ("pkg:npm/left@%5E1.0", "pkg:npm/left@1.0.0", None),
    ("pkg:npm/left@1.0.0%2Bbuild.2", "pkg:npm/left@1.0.0%2Bbuild.1", None),  # another build of the same release
    ("pkg:npm/left@1.0.0%2Bbuild.2", "pkg:npm/left@2.0.0", False),
    # Digests are compared with digests
    (f"pkg:oci/app@sha256:{DIGEST}", f"pkg:oci/app@sha256:{DIGEST}", True),
    (f"pkg:oci/app@sha256:{OTHER_DIGEST}", f"pkg:oci/app@sha256:{DIGEST}", False),
    ("pkg:oci/app@1.0", f"pkg:oci/app@sha256:{DIGEST}", None),
    (f"pkg:oci/app@sha256:{DIGEST}", "pkg:oci/app@1.0", None),
    (f"pkg:oci/app@{DIGEST[:7]}", f"pkg:oci/app@{OTHER_DIGEST}", None),  # a shortened one
    ("pkg:github/acme/x@1234567", "pkg:github/acme/x@7654321", False),  # all figures: a version
    # Distributions: names without a namespace, epochs
    ("pkg:deb/xz-utils@5.6.1-1", "pkg:deb/debian/xz-utils@5.6.1-1", None),
    ("pkg:deb/xz-utils@5.4", "pkg:deb/debian/xz-utils@5.6.1-1", False),
    ("pkg:deb/ubuntu/xz-utils@5.6.1-1", "pkg:deb/debian/xz-utils@5.6.1-1", False),
    ("pkg:deb/xz@5.6.1-1", "pkg:deb/debian/xz-utils@5.6.1-1", False),
    ("pkg:rpm/xz-utils@5.6.1-1", "pkg:deb/debian/xz-utils@5.6.1-1", False),
    ("pkg:deb/debian/xz-utils", "pkg:deb/debian/xz-utils@5.6.1-1", None),
    ("pkg:deb/xz-utils", "pkg:deb/debian/xz-utils@5.6.1-1", None),
    ("pkg:deb/debian/xz-utils@1:5.6.1-1", "pkg:deb/debian/xz-utils@5.6.1-1", True),
    ("pkg:npm/left@1.0.0", "pkg:npm/acme/left@1.0.0", False),  # elsewhere a namespace is part of the name
]


@pytest.mark.parametrize(("own", "accused", "found"), ONE)
def test_whether_a_row_is_an_accused_release(own: str, accused: str, *, found: bool | None) -> None:
    assert is_one(release_of_purl(own), release_of_purl(accused)) is found


VERSIONS = st.sampled_from(["1.0", "2.0", "latest", "1.x", DIGEST, "", "1.0+a", "v1.0"])


@given(st.lists(VERSIONS, max_size=3), st.lists(VERSIONS, min_size=1, max_size=3))
def test_only_versions_that_can_all_be_told_apart_make_it_another(own: list[str], accused: list[str]) -> None:
    one = OtherRelease("pkg:npm/left", frozenset(own))
    other = OtherRelease("pkg:npm/left", frozenset(accused))
    found = is_one(one, other)
    assert (found is True) == bool(one.versions & other.versions)
    if found is False:
        assert one.versions
        assert one.versions.isdisjoint({"", "latest", "1.x"})


@pytest.mark.parametrize(
    ("purl", "version"),
    [
        ("pkg:npm/left@1.0", "1.0"),
        ("pkg:npm/left", ""),
        ("pkg:npm/left@1.0?a=b", "1.0"),
        ("pkg:npm/left@1.0?%", "1.0"),  # qualifiers that nobody can read
        ("no purl@1.0", ""),
        ("", ""),
    ],
)
def test_the_version_of_a_purl(purl: str, version: str) -> None:
    assert version_of_purl(purl) == version


def test_a_release_has_every_version_that_is_said_of_it() -> None:
    assert release_of_purl("pkg:npm/left@V1.0", "1.0").versions == {"1.0"}
    assert release_of_row(row("2.0", purl="pkg:npm/left@1.0")).versions == {"1.0", "2.0"}
    assert release_of_row(row("", purl="pkg:npm/left")).versions == frozenset()
    assert release_of_row(row("1.0", purl="pkg:NPM/Left@1.0")).key == "pkg:npm/left"


@pytest.mark.parametrize(
    ("one", "texts"),
    [
        (row("1.0", purl="pkg:conda/x@2.0"), ["1.0", "2.0"]),
        (row("1.0", purl="pkg:conda/x@1.0"), ["1.0"]),
        (row("", name="x-3.0.tar.gz"), ["3.0"]),
        (row("1.0", name="x-3.0.tar.gz"), ["1.0"]),  # the name of a file speaks where nothing else does
        (row(""), [""]),
    ],
)
def test_the_versions_that_a_row_names(one: Component, texts: list[str]) -> None:
    assert [version.text for version in versions_of(one)] == texts


@pytest.mark.parametrize(
    ("purl", "kind"),
    [("pkg:npm/left@1", "pkg:npm"), ("pkg:NPM/x", "pkg:npm"), ("pkg:deb/debian/xz", "pkg:deb"), ("odd", "odd")],
)
def test_the_type_of_a_purl(purl: str, kind: str) -> None:
    assert type_of(purl) == kind


NAMED = [
    ("pkg:npm/%40scope/name", "@scope/name", "", True),
    ("pkg:npm/%40scope/name", "NAME", "", True),
    ("pkg:npm/%40scope/name", "@scope:name", "", True),  # as some tools write a group
    ("pkg:npm/%40scope/name", "names", "", False),
    ("pkg:npm/%40scope/name", "", "pkg:npm/%2540scope%252Fname@1", True),
    ("pkg:npm/left", "", "npm:left", True),
    ("pkg:npm/left", "", "npm:left-pad", False),
    ("pkg:npm/left", "", "npm:x.left", False),
    ("pkg:npm/left", "", "npm/left@1.0", True),
    ("pkg:npm/left", "other", "", False),
    ("pkg:npm/a.b", "", "npm:axb", False),  # a name is no pattern
    ("npm", "npm", "", False),  # a key without a name
    ("pkg:npm/left", "", "x" * 5000 + "/left", False),  # too long to be a purl
]


@pytest.mark.parametrize(("key", "name", "purl", "found"), NAMED)
def test_whether_a_row_without_a_readable_purl_may_be_a_package(key: str, name: str, purl: str, *, found: bool) -> None:
    assert may_be_named(key, name, purl) is found
