"""Requirements files that include others: one document of them all, or openly less."""

from pathlib import Path

import pytest

from graphkit.model.documents import Completeness, Document, DocumentKind
from graphkit.session import open_graph
from graphkit.sources.documents import read_document

HASH = f" --hash=sha256:{'ab' * 32}"


def read(main: str, **files: str) -> Document:
    named = {name.replace("__", "/") + ".txt": text.encode() for name, text in files.items()}
    document = read_document(main.encode(), "requirements.txt", beside=named.get)
    assert document is not None
    return document


def rows(document: Document) -> list[tuple[str, str, str]]:
    return [(row.name, row.version, at) for row, at in zip(document.components, document.places, strict=True)]


def test_included_files_stand_where_they_are_included() -> None:
    document = read(f"a==1{HASH}\n-r base.txt\nc==3{HASH}\n", base=f"b==2{HASH}\n")
    assert rows(document) == [("a", "1", "line 1"), ("b", "2", "base.txt line 1"), ("c", "3", "line 3")]
    assert (document.kind, document.completeness) == (DocumentKind.LOCK, Completeness.COMPLETE)
    assert document.problems == ()


def test_paths_are_from_the_file_they_stand_in() -> None:
    document = read("-r sub/one.txt\n", sub__one="-r ./two.txt\na==1\n", sub__two="b==2\n")
    assert rows(document) == [("b", "2", "sub/two.txt line 1"), ("a", "1", "sub/one.txt line 2")]


def test_cycles_and_files_met_twice_end() -> None:
    document = read("-r a.txt\n-r a.txt\n", a="-r b.txt\nx==1\n", b="-r a.txt\ny==1\n")
    assert [name for name, *_ in rows(document)] == ["y", "x"]


@pytest.mark.parametrize("line", ["-r gone.txt", "-c gone.txt", "-r https://files.example/r.txt", "-r ${WHERE}/r.txt"])
def test_what_cannot_be_followed_leaves_the_document_open(line: str) -> None:
    document = read(f"a==1{HASH}\n{line}\n")
    assert document.completeness is Completeness.INCOMPLETE
    assert "not followed" in " ".join(one.text for one in document.problems)


def test_constraints_narrow_a_manifest_and_ask_for_nothing() -> None:
    document = read("a\nb>=1\n-c pins.txt\n", pins="a==1\nz==9  # unused\n--index-url https://index.example/simple\n")
    assert document.kind is DocumentKind.MANIFEST
    assert [str(one) for one in document.requirements] == ["a", "b>=1"]
    assert [str(one) for one in document.constraints] == ["a==1", "z==9"]
    assert document.completeness is Completeness.COMPLETE


def test_a_constraint_that_cannot_be_read_leaves_it_open() -> None:
    document = read("a\n-c pins.txt\n", pins="./local\n")
    assert document.completeness is Completeness.INCOMPLETE
    assert document.problems[0].place == "pins.txt line 1"


def test_a_change_below_is_another_document() -> None:
    first, same, other = (read("-r base.txt\n", base=text) for text in ("a==1\n", "a==1\n", "a==2\n"))
    assert first.sha256 == same.sha256 != other.sha256
    alone = read("a==1\n")
    assert alone.sha256 != first.sha256


def test_no_utf_8_below_is_noted_with_its_file() -> None:
    document = read_document(b"-r base.txt\n", "requirements.txt", beside={"base.txt": b"a==1\n# \xff\n"}.get)
    assert document is not None
    assert document.problems[0].place == "base.txt byte 7"


def test_deep_and_many_includes_end() -> None:
    files = {f"f{at}": f"-r f{at + 1}.txt\np{at}==1\n" for at in range(3_000)}
    document = read("-r f0.txt\n", **files)
    assert len(document.components) <= 1_000
    assert document.completeness is Completeness.INCOMPLETE


def test_ingest_follows_inside_the_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "project"
    (project / "requirements").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("litellm==1.82.8\n")
    (project / "base.txt").write_text("litellm==1.82.6\n")
    (project / "requirements" / "dev.txt").write_text("-r ../base.txt\n-r ../../outside.txt\n")
    (project / "requirements" / "link.txt").write_text("-r linked.txt\n")
    (project / "requirements" / "linked.txt").symlink_to(tmp_path / "outside.txt")
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        assert graph.ingest("lock", ["project"]).unrecognised == ("requirements/linked.txt",)
        held = {(one.service, one.release) for one in graph.who_has("litellm").matches}
        assert held == {("base.txt", "litellm@1.82.6"), ("requirements/dev.txt", "litellm@1.82.6")}
        (project / "base.txt").write_text("litellm==1.82.8\n")
        graph.ingest("lock", ["project"])
        assert "requirements/dev.txt" in {one.service for one in graph.who_has("litellm==1.82.8").matches}
