"""Which folder each label stands for: two folders of one name stay two, in one run and in those after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.ingest.places import Places

FILE = "scan-places.json"


def folders(top: Path, *names: str) -> list[Path]:
    made = [top / name for name in names]
    for one in made:
        one.mkdir(parents=True)
    return made


def test_a_second_folder_of_one_name_has_more_of_its_path(tmp_path: Path) -> None:
    one, other, third = folders(tmp_path, "a/app", "b/app", "c/b/app")
    places = Places(None)
    assert [places.label(folder) for folder in (one, other, third)] == ["app", "b/app", "c/b/app"]
    assert [places.label(folder) for folder in (third, one, other)] == ["c/b/app", "app", "b/app"]
    assert places.name(other) == "app"  # a repository is called by itself


def test_labels_are_remembered_beside_the_graph(tmp_path: Path) -> None:
    graph, one, other = folders(tmp_path, "graph", "a/app", "b/app")
    first = Places(graph)
    first.label(one)
    first.save()
    later = Places(graph)
    assert later.label(other) == "b/app"
    assert later.label(one) == "app"
    later.save()
    assert Places(graph).label(other) == "b/app"
    assert [path.name for path in graph.iterdir()] == [FILE]


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    graph, one = folders(tmp_path, "graph", "app")
    Places(graph).save()
    assert not (graph / FILE).exists()
    places = Places(graph)
    places.label(one)
    places.save()
    (graph / FILE).chmod(0o444)
    before = (graph / FILE).stat().st_mtime_ns
    again = Places(graph)
    again.label(one)
    again.save()
    assert (graph / FILE).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"5", b'{"a":1}', b'{"a":"\xff"}', b"\xff\xfe", b'{"\\ud800":"x"}', b"[" * 100_000],
    ids=lambda data: repr(data)[:20],
)
def test_a_file_that_is_damaged_says_nothing_and_is_written_anew(tmp_path: Path, data: bytes) -> None:
    graph, one = folders(tmp_path, "graph", "app")
    (graph / FILE).write_bytes(data)
    places = Places(graph)
    assert places.label(one) == "app"
    places.save()
    assert Places(graph)._known == {"folder app": str(one)}


def test_a_file_that_was_named_keeps_what_it_was_called_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = folders(tmp_path, "graph", "work/locks")
    (folder / "uv.lock").write_text("")
    places = Places(tmp_path / "graph")
    monkeypatch.chdir(tmp_path / "work")
    assert places.document(Path("locks/uv.lock"), "work") == ("locks/uv.lock", "")
    monkeypatch.chdir(folder)
    assert places.document(Path("uv.lock"), "locks") == ("locks/uv.lock", "")
    (folder / "other.lock").write_text("")
    assert places.document(Path("other.lock"), "locks") == ("other.lock", "locks")
    monkeypatch.chdir(tmp_path)
    assert places.document(folder / "other.lock", "work") == ("other.lock", "locks")


def test_a_folder_at_the_root_of_the_system_has_a_label() -> None:
    places = Places(None)
    places._known["folder tmp"] = "/elsewhere/tmp"
    assert places.label(Path("/tmp")) == "tmp"  # there is no more of its path
