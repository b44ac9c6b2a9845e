"""In which line each row stands: on files as their tools wrote them, and where a line would not be true."""

from __future__ import annotations

import codecs
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.formats import read_document
from graphkit.formats.lines import lines_in
from graphkit.model.documents import Document, line_of

CASES = Path(__file__).parents[2] / "cases"
WHOLE = (
    *("tools/uv/uv.lock", "tools/uv/compiled.txt", "tools/uv/compiled-universal.txt", "tools/uv/pylock.toml"),
    *("tools/uv/requirements-hashes.txt", "tools/uv/bom.cdx.json", "tools/poetry/poetry.lock"),
    *("tools/poetry/export.txt", "tools/pdm/pdm.lock", "tools/pdm/pylock.toml", "tools/pip-tools/requirements.txt"),
    *("tools/pip-tools/requirements-hashes.txt", "tools/pipenv/Pipfile.lock", "tools/cyclonedx-py/environment.json"),
    *("tools/cyclonedx-py/pipenv.json", "tools/cyclonedx-py/requirements.json", "tools/pip/inspect.json"),
    *("documents/sbomify__github-action__trivy.cdx.json", "documents/sbomify__github-action__syft.cdx.json"),
    "documents/sbomify__github-action__spdx3_multi_type.json",
    "documents/aboutcode-org__scancode.io__nested.cdx.json",
)
"""Files of which the line of every row is known."""
ROWS: list[dict[str, Any]] = [{"name": "other", "version": "1"}, {"name": "lib", "version": "2"}]
BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [{"type": "library", **row, "purl": f"pkg:pypi/{row['name']}@{row['version']}"} for row in ROWS],
}
SPDX = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "app",
    "packages": [
        {
            "SPDXID": f"SPDXRef-{row['name']}",
            "name": row["name"],
            "versionInfo": row["version"],
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:pypi/{row['name']}@{row['version']}",
                }
            ],
        }
        for row in ROWS
    ],
}
SYFT = {
    "artifacts": [
        {"id": row["name"] * 8, **row, "type": "python", "language": "python", "purl": f"pkg:pypi/{row['name']}@1"}
        for row in ROWS
    ],
    "artifactRelationships": [],
    "source": {"id": "s", "name": "app", "version": "", "type": "directory", "metadata": {"path": "."}},
    "descriptor": {"name": "syft", "version": "1.0.0"},
    "schema": {"version": "16.0.0", "url": "https://schema.example/syft.json"},
}
UV = 'version = 1\nrequires-python = ">=3.11"\n\n' + "".join(
    f'[[package]]\nname = "{row["name"]}"\nversion = "{row["version"]}"\n'
    'source = { registry = "https://index.example/simple" }\n\n'
    for row in ROWS
)


def read(data: bytes | str, path: str = "file.json") -> Document:
    found = read_document(data.encode() if isinstance(data, str) else data, path)
    assert found is not None
    return found


def known(data: bytes | str, path: str = "file.json") -> dict[str, int]:
    """Return the line of each row by its name."""
    document = read(data, path)
    return {row.name: line_of(document, number) for number, row in enumerate(document.components)}


def normal(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


@pytest.mark.parametrize("path", WHOLE)
def test_the_line_of_every_row_of_a_real_file_holds_its_name(path: str) -> None:
    data = (CASES / path).read_bytes()
    lines = data.decode().split("\n")
    document = read(data, Path(path).name)
    assert document.components
    for number, row in enumerate(document.components):
        at = line_of(document, number)
        assert at > 0, (row.name, document.places[number])
        assert normal(row.name) in normal(lines[at - 1])


@pytest.mark.parametrize("path", sorted((CASES / "trials").rglob("*.lock")), ids=lambda path: path.parent.name)
def test_no_line_of_a_trial_is_wrong(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    try:
        document = read_document(path.read_bytes(), path.name)
    except Exception:  # noqa: BLE001 - a trial may be of a damaged file
        return
    for number, row in enumerate(document.components if document else ()):
        if document and (at := line_of(document, number)):
            assert normal(row.name) in normal(lines[at - 1].decode())


@pytest.mark.parametrize(("shape", "expected"), [(BOM, 13), (SPDX, 20), (SYFT, 13)])
def test_each_json_sbom_leads_to_the_name(shape: object, expected: int) -> None:
    text = json.dumps(shape, indent=1)
    assert text.split("\n")[expected - 1].strip().startswith('"name": "lib"')
    assert known(text)["lib"] == expected


def test_a_file_of_one_line_has_one_line() -> None:
    assert read(json.dumps(BOM)).lines == (1,)
    assert known(json.dumps(BOM) + "\n") == {"other": 1, "lib": 1}


def test_a_lock_leads_to_the_name_whatever_its_line_ends() -> None:
    assert known(UV, "uv.lock") == {"other": 5, "lib": 10}
    assert known(UV.replace("\n", "\r\n"), "uv.lock") == {"other": 5, "lib": 10}


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_a_byte_order_mark_moves_nothing(mark: bytes) -> None:
    assert known(mark + json.dumps(BOM, indent=1).encode())["lib"] == 13


def test_a_row_that_has_another_name_first_is_found_by_its_own() -> None:
    parts = [{"type": "library", "author": "lib", "supplier": {"name": "x"}, **row} for row in ROWS]
    text = json.dumps({**BOM, "components": parts}, indent=1)
    assert text.split("\n")[known(text)["lib"] - 1].strip() == '"name": "lib",'


def test_nested_rows_are_found_where_they_are() -> None:
    inner = {"type": "library", "name": "inner", "version": "3", "purl": "pkg:pypi/inner@3"}
    text = json.dumps({**BOM, "components": [{**BOM["components"][0], "components": [inner]}]}, indent=1)  # type: ignore[dict-item]
    assert '"inner"' in text.split("\n")[known(text)["inner"] - 1]


def test_requirements_that_are_asked_for_have_lines_too() -> None:
    document = read("# ours\nlitellm>=1\n\n  dspy\n", "requirements.txt")
    assert [line_of(document, number) for number in range(2)] == [2, 4]


class TestNoLineIsBetterThanAWrongOne:
    def test_what_was_packed(self) -> None:
        assert read(gzip.compress(json.dumps(BOM, indent=1).encode())).lines == ()

    def test_the_one_object_of_an_array(self) -> None:
        assert read(json.dumps([BOM], indent=1)).lines == ()

    def test_a_part_of_a_file(self) -> None:
        document = read(json.dumps(BOM, indent=1), "many.json#2")
        assert document.lines
        assert line_of(document, 1) == 0

    def test_line_ends_of_which_editors_differ(self) -> None:
        assert read(json.dumps(BOM, indent=1).replace("\n", "\r")).lines == ()
        assert read("# a\x0cb\nlitellm>=1\n", "requirements.txt").lines == ()

    def test_texts_of_several_lines_that_may_look_like_a_table(self) -> None:
        odd = UV.replace("version = 1\n", 'version = 1\nodd = """\n[[package]]\nname = "a"\n"""\n', 1)
        assert read(odd, "uv.lock").lines == ()

    def test_a_file_that_was_included(self) -> None:
        def beside(path: str) -> bytes | None:
            return b"dspy\nlitellm\n" if path == "base.txt" else None

        document = read_document(b"-r base.txt\n\nrich\n", "requirements.txt", beside=beside)
        assert document is not None
        found = {one.package: line_of(document, number) for number, one in enumerate(document.requirements)}
        assert found == {"dspy": 0, "litellm": 0, "rich": 3}

    def test_a_place_that_leads_elsewhere(self) -> None:
        text = json.dumps(BOM, indent=1).encode()
        document = read(text)
        for place in ("components[9]", "components", "components[1].x", "nothing[0]", "", "components[1]x[0]", "[0]"):
            moved = replace(document, places=(place,) * len(document.components))
            lines = text.split(b"\n")
            for at, row in zip(lines_in(text, moved), moved.components, strict=False):
                assert not at or row.name.encode() in lines[at - 1]
        crossed = replace(document, places=tuple(reversed(document.places)))
        assert lines_in(text, crossed) == ()

    def test_keys_that_look_like_places(self) -> None:
        odd = {"_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6}, "default": {f"a[{'9' * 5000}]": {}, "b[0]": {}}}
        text = json.dumps({**odd, "develop": {"lib": {"version": "==1"}, "zope.lib": {"version": "==1"}}}, indent=1)
        lines = text.split("\n")
        found = known(text, "Pipfile.lock")
        assert {name: lines[at - 1].strip() for name, at in found.items() if at} == {
            "lib": '"lib": {',
            "zope-lib": '"zope.lib": {',
        }

    def test_a_document_without_places(self) -> None:
        document = replace(read(json.dumps(BOM, indent=1)), places=())
        assert lines_in(json.dumps(BOM, indent=1).encode(), document) == ()


def test_a_very_long_name_is_found_as_it_stands() -> None:
    """No pattern is made of it, which takes seconds for each such row."""
    name = "x" * 3_000_000
    head = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\n"
    text = f"{head}PackageName: {name}\nSPDXID: SPDXRef-a\n"
    document = read_document(text.encode(), "x.spdx")
    assert document is not None
    assert len(document.components) == 1
