"""Hostile files of every format, from the folder to the verdict: one line for each bad one, and the rest is read."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphkit.api import Graph, open_graph
from graphkit.model.answers import IngestReport
from graphkit.reports.as_json import ingest_json, stats_json
from graphkit.reports.table import ingest_table, stats_table
from tests.effort import share
from tests.fuzz.plain import FORMATS, MADE, NESTED, Format, filled

GOOD = f"{MADE}litellm==1.82.8\n"
LONG = "9" * share(10_000_000, of=8)
DIGITS = "9" * 100_000
ODD = "\x1b[31m\u202e\u2066\u200b\U000e0041\x7f\x85\u2028"


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
    uses = {use.path.partition("#")[0] for use in graph._store.reader().evidence().organisation().uses}
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
    assert stats.problem_count <= report.problems + len(report.rejected)  # what cannot be read is kept as that
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
    monkeypatch.setattr("graphkit.formats.archives.TOTAL_BYTES", 20_000_000)
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
