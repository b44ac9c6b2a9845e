"""SPDX 2 in YAML: values stay the text they are, and anchors, aliases and merge keys are followed."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Completeness, Document
from graphkit.model.errors import InputError

HEADER = "spdxVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\n"
PURL = "externalRefs: [{referenceType: purl, referenceLocator: pkg:pypi/litellm}]"


def read(text: str) -> Document:
    document = read_document((HEADER + text).encode(), "app.spdx.yaml")
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("1.10", "1.10"),
        ("1.82.8", "1.82.8"),
        ("'1.82.8'", "1.82.8"),
        ("!!float 1.10", "1.10"),
        ("1e3", "1e3"),
        ("1_000", "1_000"),
        ("010", "010"),
        ("yes", "yes"),
        ("2026-03-24", "2026-03-24"),
        ("12:30:45", "12:30:45"),
        (".inf", ".inf"),
        ("~", ""),
        ("", ""),
        ("null", ""),
        ("'null'", "null"),
        ("NOASSERTION", ""),
        ("'>=1.0'", ""),
        ("|\n    1.82.8\n", "1.82.8"),
        ("&v 1.82.8", "1.82.8"),
        ("!!python/object/apply:os.system [exit]", ""),
    ],
)
def test_a_version_stays_what_is_written(written: str, version: str) -> None:
    document = read(f"packages:\n- SPDXID: x\n  name: litellm\n  {PURL}\n  versionInfo: {written}\n")
    assert [(row.package, row.version) for row in document.components] == [("litellm", version)]


@pytest.mark.parametrize("version", ["versionInfo: 1.82.8\n  <<: *b", "<<: *b\n  versionInfo: 1.82.8", "<<: [*b, *o]"])
def test_merge_keys_give_what_a_mapping_does_not_say(version: str) -> None:
    more = "  versionInfo: 1.82.8\n" if "[" in version else ""
    base = f"b: &b\n  name: litellm\n  {PURL}\n{more}o: &o {{versionInfo: 9, name: other}}\n"
    document = read(f"{base}packages:\n- SPDXID: x\n  {version}\n- SPDXID: y\n  name: uv.lock\n")
    assert [(row.name, row.package, row.version) for row in document.components] == [
        ("litellm", "litellm", "1.82.8"),
        ("uv.lock", None, ""),
    ]
    assert document.problems == ()


def test_aliases_are_followed_and_odd_ones_noted() -> None:
    rows = (
        f"- &a {{SPDXID: x, name: litellm, versionInfo: &v 1.82.8, {PURL}}}\n- {{SPDXID: y, versionInfo: *v, {PURL}}}\n"
    )
    document = read(f"packages:\n{rows}- *a\n- {{SPDXID: z, name: *gone, {PURL}}}\n- {{<<: 7, SPDXID: w, name: w}}\n")
    assert [(row.ref, row.version) for row in document.components] == [
        ("x", "1.82.8"),
        ("y", "1.82.8"),
        ("z", ""),
        ("w", ""),
    ]
    assert [one.text for one in document.problems if "line" in one.place] == [
        "*gone is an alias that is not defined before it; left out",
        "'7' is not a mapping and cannot be merged; left out",
    ]


def test_merges_that_unfold_to_too_much_are_refused() -> None:
    many = ", ".join(f"k{number}: v" for number in range(1_000))
    with pytest.raises(InputError, match="aliases that expand"):
        read(f"b: &b {{{many}}}\nc:\n" + "- {<<: *b}\n" * 1_100)


def test_keys_that_stand_twice_and_odd_keys_lose_no_package() -> None:
    text = f"packages:\n- SPDXID: x\n  name: litellm\n  name: b\n  ? [k]\n  : v\n  {PURL}\n  versionInfo: 1.82.8\n"
    document = read(text)
    assert [(row.name, row.version) for row in document.components] == [("litellm", "1.82.8")]
    assert [one.text for one in document.problems] == [
        "duplicate key 'name'; the first counts",
        "the key a list is not read",
    ]


def test_a_second_list_of_packages_leaves_the_document_open() -> None:
    document = read(f"packages:\n- {{SPDXID: x, name: b, {PURL}}}\npackages:\n- {{SPDXID: y, name: litellm, {PURL}}}\n")
    assert document.completeness is Completeness.INCOMPLETE
