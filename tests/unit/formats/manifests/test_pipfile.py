"""Pipfile as a manifest."""

from __future__ import annotations

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.pipfile import READER
from graphkit.model.documents import Completeness, Document, DocumentKind

PIPFILE = """
[[source]]
url = "https://me:hush@Index.example/simple"
verify_ssl = true
name = "main"
[packages]
litellm = ">=1.82"
Any_thing = "*"
pinned = {version = "==1.0", extras = ["x"], sys_platform = "== 'win32'"}
git-one = {git = "https://git.example/a", ref = "1f"}
own = {path = ".", editable = true}
[dev-packages]
pytest = "*"
[docs]
sphinx = "*"
[requires]
python_version = "3.12"
[scripts]
go = "pip install x"
"""


def read(text: str) -> Document:
    found = read_document(text.encode(), "Pipfile")
    assert found is not None
    return found


def test_what_is_asked_for() -> None:
    found = read(PIPFILE)
    assert (found.kind, found.completeness, found.problems) == (DocumentKind.MANIFEST, Completeness.COMPLETE, ())
    assert [str(one) for one in found.requirements] == [
        "litellm>=1.82",
        "any-thing",
        'pinned[x]==1.0 ; sys_platform == "win32"',
        "git-one @ git+https://git.example/a@1f",
        "own @ path:.",
        'pytest ; "dev" in dependency_groups',
        'sphinx ; "docs" in dependency_groups',
    ]
    assert (found.indexes, found.requires_python) == (("https://index.example/simple",), "==3.12.*")


def test_what_cannot_be_read() -> None:
    found = read("[packages]\n'-' = '*'\na = 5\nb = 'what ever'\n[source]\nx = 1\n")
    assert found.completeness is Completeness.INCOMPLETE
    assert [str(one) for one in found.requirements] == ["a", "b what ever"]
    assert {one.place for one in found.problems} >= {"packages.-", "packages.a", "packages.b", "source"}


def test_the_name_decides() -> None:
    assert not READER.claims(RawDocument(PIPFILE.encode(), "other.toml"))
    assert not READER.claims(RawDocument(b"[x]\n", "Pipfile"))
    assert not READER.claims(RawDocument(b'{"_meta": {}}', "Pipfile.lock"))
