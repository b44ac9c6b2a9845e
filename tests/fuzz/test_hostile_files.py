"""Hostile files of every format, from the folder to the verdict: one line for each bad one, and the rest is read."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graphkit.model.answers import IngestReport
from graphkit.reports.as_json import ingest_json, stats_json
from graphkit.reports.table import ingest_table, stats_table
from graphkit.session import Graph, open_graph

GOOD = "litellm==1.82.8\n"
LONG = "9" * 10_000_000
DIGITS = "9" * 100_000
DEPTH = 100_000
ODD = "\x1b[31m\u202e\u2066\u200b\U000e0041\x7f\x85\u2028"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A document that lists litellm, with SUBJECT, NAME, "VERSION" and MARKER to be put in; EXTRA stands once."""

    name: str
    text: str
    deep: str
    kind: str = "sbom"
    double: str = ""
    """What stands in the place of EXTRA where a key stands twice."""
    escape: str = "\\u{:04x}"
    """How text names a character by its number."""


JSON_DEEP = '"x": ' + "[" * DEPTH + "]" * DEPTH + ","
TOML_DEEP = "x = " + "[" * DEPTH + "]" * DEPTH
XML_DEEP = "<x>" * DEPTH + "</x>" * DEPTH
NESTED = "(" * DEPTH + "os_name == 'nt'" + ")" * DEPTH

FORMATS = {
    "CycloneDX JSON": Format(
        name="bom.json",
        text='{"bomFormat": "CycloneDX", "specVersion": "1.6", EXTRA "metadata": {"component": {"name": "SUBJECT", '
        '"type": "application"}}, "components": [{"type": "library", "bom-ref": "a", "name": "NAME", "version": '
        '"VERSION", "purl": "pkg:pypi/NAMEMARKER"}], "compositions": [{"aggregate": "complete"}]}',
        deep=JSON_DEEP,
        double='"components": [],',
    ),
    "CycloneDX XML": Format(
        name="bom.xml",
        text='<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><metadata><component type="application"><name>SUBJECT'
        '</name></component></metadata><components><component type="library" bom-ref="a"><name>NAME</name><version>'
        "VERSION</version><purl>pkg:pypi/NAMEMARKER</purl></component></components>EXTRA<compositions><composition>"
        "<aggregate>complete</aggregate></composition></compositions></bom>",
        deep="<components>" + "<component><components>" * DEPTH + "</components></component>" * DEPTH + "</components>",
        double="<components></components>",
        escape="&#x{:x};",
    ),
    "SPDX JSON": Format(
        name="a.spdx.json",
        text='{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", EXTRA "name": "SUBJECT", "packages": [{'
        '"SPDXID": "SPDXRef-a", "name": "NAME", "versionInfo": "VERSION", "externalRefs": [{"referenceCategory": '
        '"PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:pypi/NAMEMARKER"}]}]}',
        deep=JSON_DEEP,
        double='"packages": [],',
    ),
    "SPDX YAML": Format(
        name="a.spdx.yaml",
        text='spdxVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nname: "SUBJECT"\nEXTRA\npackages:\n- SPDXID: SPDXRef-a\n'
        '  name: "NAME"\n  versionInfo: "VERSION"\n  externalRefs:\n  - referenceCategory: PACKAGE-MANAGER\n'
        '    referenceType: purl\n    referenceLocator: "pkg:pypi/NAMEMARKER"\n',
        deep="x: " + "[" * DEPTH + "]" * DEPTH,
        double="packages: []",
    ),
    "SPDX tag-value": Format(
        name="a.spdx",
        text="SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: SUBJECT\nEXTRA\n"
        "PackageName: NAME\nSPDXID: SPDXRef-a\nPackageVersion: VERSION\n"
        "ExternalRef: PACKAGE-MANAGER purl pkg:pypi/NAMEMARKER\n",
        deep="Relationship: " * DEPTH,
        double="DocumentName: y",
        escape="\\u{:04x}",
    ),
    "SPDX RDF": Format(
        name="a.spdx.rdf",
        text='<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:spdx="http://spdx.org/rdf/terms#"><spdx:SpdxDocument rdf:about="http://x/y#SPDXRef-DOCUMENT">'
        "<spdx:specVersion>SPDX-2.3</spdx:specVersion><spdx:name>SUBJECT</spdx:name>EXTRA<spdx:describesPackage>"
        '<spdx:Package rdf:about="http://x/y#SPDXRef-a"><spdx:name>NAME</spdx:name><spdx:versionInfo>VERSION'
        "</spdx:versionInfo><spdx:externalRef><spdx:ExternalRef><spdx:referenceCategory "
        'rdf:resource="http://spdx.org/rdf/terms#referenceCategory_packageManager"/><spdx:referenceType '
        'rdf:resource="http://spdx.org/rdf/references/purl"/><spdx:referenceLocator>pkg:pypi/NAMEMARKER'
        "</spdx:referenceLocator></spdx:ExternalRef></spdx:externalRef></spdx:Package></spdx:describesPackage>"
        "</spdx:SpdxDocument></rdf:RDF>",
        deep=XML_DEEP,
        double="<spdx:name>y</spdx:name>",
        escape="&#x{:x};",
    ),
    "SPDX 3": Format(
        name="a.spdx3.json",
        text='{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", EXTRA "@graph": [{"type": "SpdxDocument", '
        '"spdxId": "d", "name": "SUBJECT", "rootElement": ["p"]}, {"type": "software_Package", "spdxId": "p", "name": '
        '"NAME", "software_packageUrl": "pkg:pypi/NAMEMARKER", "software_packageVersion": "VERSION"}]}',
        deep=JSON_DEEP,
        double='"@graph": [],',
    ),
    "Syft": Format(
        name="syft.json",
        text='{"artifacts": [{"id": "a", "name": "NAME", "version": "VERSION", "type": "python", "purl": '
        '"pkg:pypi/NAMEMARKER"}], EXTRA "artifactRelationships": [], "source": {"type": "directory", '
        '"target": "SUBJECT"}, "descriptor": {"name": "syft", "version": "1"}, "schema": '
        '{"version": "16.0.0", "url": "x"}}',
        deep=JSON_DEEP,
        double='"artifacts": [],',
    ),
    "pip inspect": Format(
        name="inspect.json",
        text='{"version": "1", "pip_version": "25", EXTRA "installed": [{"metadata": {"name": "NAME", "version": '
        '"VERSION", "metadata_version": "2.1", "requires_dist": ["b; MARKER"]}, "metadata_location": "x"}], '
        '"environment": {}}',
        deep=JSON_DEEP,
        double='"installed": [],',
        kind="env",
    ),
    "uv.lock": Format(
        name="uv.lock",
        text='version = 1\nrequires-python = ">=3.12"\nEXTRA\n[[package]]\nname = "SUBJECT"\nversion = "1"\nsource = '
        '{ virtual = "." }\ndependencies = [{ name = "NAME", marker = "MARKER" }]\n[[package]]\nname = "NAME"\n'
        'version = "VERSION"\nsource = { registry = "https://index.example/simple" }\n',
        deep=TOML_DEEP,
        double="version = 1",
        kind="lock",
    ),
    "poetry.lock": Format(
        name="poetry.lock",
        text='EXTRA\n[[package]]\nname = "NAME"\nversion = "VERSION"\noptional = false\npython-versions = "*"\n'
        'markers = "MARKER"\nfiles = []\n[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n',
        deep=TOML_DEEP,
        double="x = 1\nx = 1",
        kind="lock",
    ),
    "pdm.lock": Format(
        name="pdm.lock",
        text='[metadata]\ngroups = ["default"]\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\nEXTRA\n[[package]]\n'
        'name = "NAME"\nversion = "VERSION"\ngroups = ["default"]\nmarker = "MARKER"\n',
        deep=TOML_DEEP,
        double='lock_version = "4.5.0"',
        kind="lock",
    ),
    "Pipfile.lock": Format(
        name="Pipfile.lock",
        text='{"_meta": {"pipfile-spec": 6, "hash": {"sha256": "0"}, "requires": {}, "sources": []}, EXTRA "default": '
        '{"NAME": {"version": "==VERSION", "markers": "MARKER"}}, "develop": {}}',
        deep=JSON_DEEP,
        double='"default": {},',
        kind="lock",
    ),
    "pylock": Format(
        name="pylock.toml",
        text='lock-version = "1.0"\ncreated-by = "x"\nEXTRA\n[[packages]]\nname = "NAME"\nversion = "VERSION"\n'
        'marker = "MARKER"\n',
        deep=TOML_DEEP,
        double='lock-version = "1.0"',
        kind="lock",
    ),
    "requirements": Format(
        name="requirements.txt",
        text="EXTRA\nNAME==VERSION ; MARKER\n",
        deep="b==1 ; " + NESTED,
        double="litellm==1.82.6",
        kind="lock",
    ),
    "pyproject": Format(
        name="pyproject.toml",
        text='EXTRA\n[project]\nname = "SUBJECT"\nversion = "1"\ndependencies = ["NAME==VERSION ; MARKER"]\n',
        deep=TOML_DEEP,
        double="x = 1\nx = 1",
        kind="lock",
    ),
}


def filled(form: Format, subject: str, **values: str) -> str:
    """Return a document of a format, plain where nothing else is said."""
    marker = "python_version > '3'" if "; MARKER" in form.text or "marker" in form.text else ""
    plain = {"SUBJECT": subject, "NAME": "litellm", "VERSION": "1.82.8", "MARKER": marker, "EXTRA": ""}
    text = form.text
    for word, value in (plain | values).items():
        text = text.replace(word, value)
    return text


def variants(form: Format) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of every way in which a file may be hostile."""

    def made(name: str, **values: str) -> tuple[str, bytes]:
        return name, filled(form, name, **values).encode("utf-8", "surrogatepass")

    yield made("plain")
    plain = filled(form, "encoded")
    for encoding in (
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-le",
        "utf-32-be",
        "utf-8-sig",
        "utf-7",
        "cp037",
    ):
        yield encoding, plain.encode(encoding)
    yield made("deep", EXTRA=form.deep)
    yield made("deep-marker", MARKER=NESTED)
    yield made("doubled", EXTRA=form.double)
    yield made("digits", VERSION=DIGITS)
    for name in ("NaN", "Infinity", "-1e400", "null", DIGITS):
        text = (
            filled(form, f"bare-{name[:4]}", VERSION="§").replace('"==§"', name).replace('"§"', name).replace("§", name)
        )
        yield f"bare-{name[:4]}", text.encode()
    for word, value in (("name", "litellm"), ("version", "1.82.8"), ("marker", "")):
        for what, odd in (("surrogate", "\ud800"), ("nul", "\0"), ("odd", ODD), ("quotes", "\"'<&>]]>{}\\")):
            yield made(f"{word}-{what}", **{word.upper(): f"{value}{odd}"})
        for number in (0, 0xD800, 0x202E, 0x1B):
            yield made(f"{word}-escaped-{number:x}", **{word.upper(): value + form.escape.format(number)})
    for word in ("name", "version", "marker"):
        yield made(f"{word}-long", **{word.upper(): LONG})
    whole = filled(form, "cut").encode()
    for at in (1, len(whole) // 4, len(whole) // 2, len(whole) - 1):
        yield f"cut-{at}", whole[:at]
    yield "empty", b""
    yield "blank", b" \t\r\n\x0b\x0c" * 1_000
    yield "lying-gzip", b"\x1f\x8b\x08" + whole
    yield "lying-zip", b"PK\x03\x04" + whole
    yield "lying-bom", b"\xef\xbb\xbf" + plain.encode("utf-16")
    yield "lying-xml", b'<?xml version="1.0" encoding="utf-16"?>' + whole
    yield "twice", whole + b"\n" + whole
    yield "latin-1", filled(form, "latin", NAME="lit\xe9llm").encode("latin-1")


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    with open_graph("graph", create=True) as opened:
        yield opened


def check(report: IngestReport, folder: Path) -> None:
    """Check that a report has one line, and one that can be shown, for every file that was not read."""
    lines = [(one.path, f"{one.place} {one.problem}") for one in report.rejected]
    assert len({path for path, _ in lines}) == len(lines)
    for path, line in lines:
        assert "\n" not in line.strip()
        assert len(line) < 400, path
        assert str(folder) not in line
        assert "sys." not in line
    assert all(len(f"{one.place}{one.text}") < 3_100 for _, one in report.worst)


# Where the name, what is written behind the version, or the format itself is another one, the row is none of litellm's.
SAME = ("plain", "utf-16", "digits", "bare", "version", "deep", "marker", "doubled", "twice")


@pytest.mark.parametrize("format_", FORMATS)
def test_hostile_files_of_a_format(graph: Graph, tmp_path: Path, format_: str) -> None:
    form = FORMATS[format_]
    names = []
    for name, data in variants(form):
        folder = tmp_path / "in" / name
        folder.mkdir()
        (folder / form.name).write_bytes(data)
        names.append(f"{name}/{form.name}")
    (tmp_path / "in" / "zz").mkdir()
    (tmp_path / "in" / "zz" / "requirements.txt").write_text(GOOD)
    report = graph.ingest(form.kind, ["in"])
    check(report, tmp_path)
    told = {one.path.partition("#")[0] for one in report.rejected} | set(report.unrecognised)
    uses = {use.path.partition("#")[0] for use in graph._reader().evidence().organisation().uses}
    assert {
        "zz/requirements.txt",
        *(f"{one}/{form.name}" for one in ("plain", "utf-16", "utf-32", "utf-32-le")),
    } <= uses
    assert set(names) <= told | uses  # nothing is passed over in silence
    answer = graph.blast("litellm==1.82.8", builds_complete=True)
    cleared = {one.service for one in answer.services if one.verdict == "cleared"}
    assert not [one for one in cleared if one.startswith(SAME)], format_
    stats = graph.stats()
    assert all(len(one.place) <= 1_500 and len(one.text) <= 500 and "sys." not in one.text for _, one in stats.problems)
    assert stats.problem_count <= report.problems
    assert len(ingest_table(report) + ingest_json(report) + stats_table(stats) + stats_json(stats)) < 3_000_000
    again = graph.ingest(form.kind, ["in"])
    assert (again.read, again.new) == (report.read, 0)


def overlapping(count: int, size: int) -> bytes:
    """Return an archive whose entries are all the same compressed bytes, as a better zip bomb has it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"[" * size) + packer.flush()
    check_sum = zlib.crc32(b"[" * size)
    name = b"a.json"
    head = struct.pack("<4sHHHHHLLLHH", b"PK\x03\x04", 20, 0, 8, 0, 0, check_sum, len(packed), size, len(name), 0)
    entry = struct.pack(
        "<4sHHHHHHLLLHHHHHLL",
        *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, check_sum, len(packed), size, len(name), 0, 0, 0, 0, 0, 0),
    )
    directory = (entry + name) * count
    at = len(head) + len(name) + len(packed)
    end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    return head + name + packed + directory + end


def nested(depth: int, width: int) -> bytes:
    """Return archives in archives, as 42.zip has them."""
    data = gzip.compress(b" " * 1_000_000)
    for _ in range(depth):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(width):
                archive.writestr(f"lib {number:x}.zip", data)
        data = held.getvalue()
    return data


def test_bombs_of_archives(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphkit.sources.packed.TOTAL_BYTES", 20_000_000)
    folder = tmp_path / "in"
    (folder / "42.zip").write_bytes(nested(5, 16))
    (folder / "overlap.zip").write_bytes(overlapping(200, 1_000_000))
    (folder / "lie.zip").write_bytes(overlapping(1, 1_000_000).replace(struct.pack("<L", 1_000_000), b"\x01\0\0\0"))
    (folder / "zz.txt").write_text(GOOD)
    report = graph.ingest("sbom", ["in"])
    check(report, tmp_path)
    assert report.read == 1
    problems = {one.path: one.problem for one in report.rejected}
    assert sum(path.startswith("42.zip/") for path in problems) == 16
    assert "unpacks to more than 19 MiB; unpack it and give the folder" in problems["overlap.zip"]
