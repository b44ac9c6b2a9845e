"""Install inputs through time, read from small repositories that git itself builds."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphkit import formats as documents
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Document, DocumentKind, InstallCommand
from graphkit.model.errors import GraphkitError
from graphkit.sources.fetched_document import FetchedDocument
from graphkit.sources.git import History, is_repository, remote, repositories, states
from graphkit.sources.git.file_names import is_script
from graphkit.sources.git.program import Blobs, Git

DAY = 86_400
T0 = 1_774_000_000
ENVIRONMENT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@files.example",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@files.example",
    "LC_ALL": "C",
}


def git(folder: Path, *arguments: str | Path, given: bytes = b"", at: int = 1000) -> str:
    """Return what git prints; what it writes down happened ``at`` seconds after T0."""
    command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *map(str, arguments)]
    environment = ENVIRONMENT | {"GIT_COMMITTER_DATE": f"{T0 + at} +0000"}
    done = subprocess.run(command, cwd=folder, env=environment, input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


@dataclass(frozen=True, kw_only=True)
class Node:
    """A commit to make: seconds after T0, parents by number, and its whole tree; ``links`` are links in it."""

    at: int
    tree: Mapping[str | bytes, str]
    links: Mapping[str | bytes, str] = field(default_factory=dict)
    parents: Sequence[int] = ()
    subject: str = "change"
    mode: str = "100644"


def build(folder: Path, nodes: Sequence[Node], **refs: int) -> list[str]:
    """Make a repository, bare if called so; returns the commits' names.

    ``refs`` are branches, or whole refs with `__` for `/`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--template=", *(["--bare"] if folder.suffix == ".git" else []))
    out = []
    for number, node in enumerate(nodes):
        stamp = f"a <a@files.example> {T0 + node.at} +0000"
        subject = node.subject.encode()
        out.append(f"commit refs/making/{number}\nmark :{number + 1}\ncommitter {stamp}\n".encode())
        out.append(b"data %d\n%s\n" % (len(subject), subject))
        out += [
            f"{'from' if place == 0 else 'merge'} :{parent + 1}\n".encode() for place, parent in enumerate(node.parents)
        ]
        out.append(b"deleteall\n")
        files = [(path, text, node.mode) for path, text in node.tree.items()]
        for path, text, mode in (*files, *((path, text, "120000") for path, text in node.links.items())):
            name = path if isinstance(path, bytes) else path.encode()
            quoted = b'"' + b"".join(b"\\%03o" % byte for byte in name) + b'"'
            out.append(b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), quoted, len(text), text.encode()))
        out.append(b"\n")
    for ref, number in refs.items():
        full = ref.replace("__", "/")
        full = full if full.startswith("refs/") else f"refs/heads/{full}"
        out.append(f"reset {full}\nfrom :{number + 1}\n\n".encode())
    git(folder, "fast-import", "--quiet", "--export-marks=marks", given=b"".join(out))
    marks = next(folder.rglob("marks"))  # git puts it in its own folder
    pairs = (line.split() for line in marks.read_text().splitlines())
    names = {int(mark[1:]): sha for mark, sha in pairs}
    deleting = b"".join(f"delete refs/making/{number}\n".encode() for number in range(len(nodes)))
    git(folder, "update-ref", "--stdin", given=deleting)
    return [names[number + 1] for number in range(len(nodes))]


@dataclass
class Read:
    """What came of a repository."""

    found: list[FetchedDocument] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[int, int | None, str]] = field(default_factory=list)
    unclaimed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def spans(self) -> list[tuple[str, int, int | None, int | None, str]]:
        """Return text, from, until, read_at (seconds after T0) and branch of each, in order."""
        rows = [
            (a.data.decode(), seconds(a.stands_from) or 0, seconds(a.stands_until), seconds(a.read_at), a.branch)
            for a in self.found
        ]
        return sorted(rows, key=lambda row: (row[1], row[0], row[4]))


def seconds(at: int | None) -> int | None:
    return None if at is None else at // 1_000_000 - T0


def read(folder: Path, name: str = "", **more: Any) -> Read:
    out = Read()
    asked = History(path=folder, service=name, unclaimed=out.unclaimed.append, note=out.notes.append, **more)
    out.found = list(
        states(
            asked,
            reject=lambda path, problem: out.rejected.append((path, problem)),
            progress=lambda done, total, what: out.told.append((done, total, what)),
        )
    )
    return out


def lock(text: str) -> dict[str | bytes, str]:
    return {"uv.lock": text}


def test_each_blob_of_a_straight_history_is_a_state(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree={**lock("A"), "README": "x"}, parents=[0]),
        Node(at=20, tree=lock("B"), parents=[1]),
        Node(at=30, tree=lock("A"), parents=[2]),
        Node(at=40, tree={}, parents=[3]),
        Node(at=50, tree=lock("A"), parents=[4]),
        Node(at=60, tree={**lock("A"), "README": "y"}, parents=[5]),
    ]
    shas = build(tmp_path / "shop", nodes, main=6)
    got = read(tmp_path / "shop")
    assert got.spans() == [
        ("A", 0, 20, None, "main"),
        ("B", 20, 30, None, "main"),  # reverted
        ("A", 30, 40, None, "main"),  # deleted
        ("A", 50, None, 60, "main"),  # added again; read_at is the tip's time
    ]
    first = min(got.found, key=lambda one: one.stands_from or 0)
    assert (first.service, first.path, first.hint, first.sources) == ("shop", "uv.lock", "lock", (shas[0], shas[1]))
    assert first.note.startswith(
        f"branch main, first commit {shas[0][:12]} of 2026-03-20T09:46:40Z, last commit {shas[1][:12]} of "
    )
    assert shas[2][:12] in first.note
    assert got.rejected == []
    assert got.told[-1][:2] == (4, 4)
    assert read(tmp_path / "shop", name="till").found[0].service == "till"


def test_a_branch_that_was_merged_and_deleted_is_found(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=100, tree=lock("BAD"), parents=[0]),
        Node(at=7300, tree=lock("C"), parents=[1]),
        Node(at=9000, tree=lock("C"), parents=[0, 2], subject="Merge pull request #1 from acme/bump"),
    ]
    build(tmp_path, nodes, main=3)
    assert read(tmp_path).spans() == [
        ("A", 0, 9000, None, "main"),
        ("BAD", 100, 7300, None, "acme/bump"),  # for two hours
        ("C", 7300, 9001, 9000, "acme/bump"),  # with the branch
        ("C", 9000, None, 9000, "main"),
    ]


def test_a_living_branch_carries_on_what_it_forked_off_with(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree=lock("BAD")),
        Node(at=10, tree=lock("GOOD"), parents=[0]),
        Node(at=50, tree={**lock("BAD"), "x": "x"}, parents=[0]),
        Node(at=60, tree=lock("OWN"), parents=[2]),
    ]
    shas = build(tmp_path, nodes, main=1, feature=3)
    got = read(tmp_path)
    assert got.spans() == [
        ("BAD", 0, 60, None, "feature"),
        ("BAD", 0, 10, None, "main"),
        ("GOOD", 10, None, 10, "main"),
        ("OWN", 60, None, 60, "feature"),
    ]
    carried = next(a for a in got.found if a.branch == "feature" and a.data == b"BAD")
    assert carried.sources == (shas[0], shas[2])
    assert "taken along from where the branch forked off" in carried.note


def test_what_lines_share_is_told_once(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree={**lock("A"), "x": "1"}, parents=[0]),
        Node(at=15, tree={**lock("A"), "y": "1"}, parents=[0]),
        Node(at=20, tree={**lock("A"), "x": "1", "y": "1"}, parents=[1, 2]),
        Node(at=30, tree=lock("B"), parents=[3]),
    ]
    build(tmp_path, nodes, main=4, refs__tags__v1=3, refs__remotes__origin__main=4)
    assert read(tmp_path).spans() == [("A", 0, 30, None, "main"), ("B", 30, None, 30, "main")]


def test_a_living_branch_left_behind_still_stands(tmp_path: Path) -> None:
    nodes = [Node(at=0, tree=lock("A")), Node(at=30, tree=lock("B"), parents=[0])]
    build(tmp_path, nodes, main=1, stable=0, refs__tags__old=0)
    assert read(tmp_path).spans() == [
        ("A", 0, 30, None, "main"),
        ("A", 0, None, 30, "stable"),  # as long as main; and no tag, which adds only commits of its own
        ("B", 30, None, 30, "main"),
    ]


def test_commits_that_only_a_tag_or_another_ref_has_are_read(tmp_path: Path) -> None:
    nodes = [Node(at=0, tree=lock("A"))] + [Node(at=n, tree=lock(str(n)), parents=[0]) for n in (10, 20, 30, 40)]
    refs = {"refs__tags__v1": 1, "refs__pull__7__head": 2, "refs__notes__x": 3, "refs__stash": 4}
    build(tmp_path, nodes, main=0, **refs)
    assert {(row[0], row[4]) for row in read(tmp_path).spans()} == {
        ("A", "main"),
        ("A", "pull/7/head"),
        ("10", "v1"),
        ("20", "pull/7/head"),
        ("A", "v1"),
    }


def test_an_octopus_has_a_line_for_each_arm(tmp_path: Path) -> None:
    arms = [Node(at=10 + n, tree=lock(f"arm{n}"), parents=[0]) for n in range(3)]
    nodes = [
        Node(at=0, tree=lock("A")),
        *arms,
        Node(at=40, tree=lock("M"), parents=[0, 1, 2, 3], subject="Merge branches 'one', 'two' and 'three'"),
    ]
    build(tmp_path, nodes, main=4)
    assert [row for row in read(tmp_path).spans() if row[4] != "main"] == [
        ("arm0", 10, 41, 40, "one"),
        ("arm1", 11, 41, 40, "two"),
        ("arm2", 12, 41, 40, "three"),
    ]


@pytest.mark.parametrize(
    ("subject", "branch"),
    [
        ("Merge branch 'x/y'", "x/y"),
        ("Merge branch 'x' into 'main'", "x"),
        ("Merge branch 'x' of https://files.example/y", "x"),
        ("Merge remote-tracking branch 'origin/x'", "origin/x"),
        ("Merged in x (pull request #3)", "x"),
        ("Merge pull request #12 from acme/x", "acme/x"),
        ("bump everything", None),
        ("", None),
        ("Merge branches 'a' and 'b'", None),  # one arm, two names
        ("Merge branch '" + "x" * 300 + "'", None),
    ],
)
def test_a_merged_line_is_called_as_the_merge_says(tmp_path: Path, subject: str, branch: str | None) -> None:
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree=lock("B"), parents=[0]),
        Node(at=20, tree=lock("B"), parents=[0, 1], subject=subject),
    ]
    shas = build(tmp_path, nodes, main=2)
    assert [row[4] for row in read(tmp_path).spans() if row[1] == 10] == [branch or shas[2][:12]]


def test_a_branch_merged_again_and_again_is_one_line(tmp_path: Path) -> None:
    said = "Merge branch 'develop'"
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree=lock("B"), parents=[0]),
        Node(at=20, tree=lock("B"), parents=[0, 1], subject=said),
        Node(at=30, tree=lock("C"), parents=[1]),
        Node(at=40, tree=lock("C"), parents=[2, 3], subject=said),
    ]
    build(tmp_path, nodes, main=4)
    assert [row for row in read(tmp_path).spans() if row[4] == "develop"] == [
        ("B", 10, 30, None, "develop"),
        ("C", 30, 41, 40, "develop"),
    ]


def test_two_lines_of_one_name_at_one_time_are_kept_apart(tmp_path: Path) -> None:
    said = "Merge branch 'fix'"
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree=lock("B"), parents=[0]),
        Node(at=12, tree=lock("C"), parents=[0]),
        Node(at=20, tree=lock("A"), parents=[0, 1], subject=said),
        Node(at=30, tree=lock("A"), parents=[3, 2], subject=said),
    ]
    shas = build(tmp_path, nodes, main=4)
    assert [row for row in read(tmp_path).spans() if row[0] != "A"] == [
        ("B", 10, 21, 20, "fix"),
        ("C", 12, 31, 30, f"fix@{shas[2][:12]}"),  # else the second would end the first at 12
    ]


def test_commits_of_one_second_hide_no_state(tmp_path: Path) -> None:
    nodes = [Node(at=5, tree=lock(text), parents=[n - 1] if n else []) for n, text in enumerate("ABC")]
    shas = build(tmp_path, nodes, main=2)
    assert {(row[0], row[1], row[2], row[3]) for row in read(tmp_path).spans()} == {
        ("A", 5, 6, None),
        ("B", 5, 6, None),
        ("C", 5, None, 5),
    }
    branches = {row[4] for row in read(tmp_path).spans()}
    assert len(branches) == 3
    assert branches <= {"main", *(f"main@{sha[:12]}" for sha in shas)}


def test_a_clock_that_runs_backwards_loses_no_stretch(tmp_path: Path) -> None:
    times = {"Z": 10, "A": 100, "B": 50, "C": 200}
    nodes = [Node(at=at, tree=lock(text), parents=[n - 1] if n else []) for n, (text, at) in enumerate(times.items())]
    build(tmp_path, nodes, main=3)
    got = read(tmp_path)
    assert {row[:4] for row in got.spans()} == {
        ("Z", 10, 100, None),
        ("A", 50, 200, None),
        ("B", 50, 200, None),
        ("C", 200, None, 200),
    }
    assert "run backwards" in next(a.note for a in got.found if a.data == b"A")
    assert len({(a.branch, a.stands_from) for a in got.found}) == 4


def test_a_clock_that_never_catches_up_leaves_the_end_open(tmp_path: Path) -> None:
    nodes = [Node(at=DAY, tree=lock("A")), Node(at=0, tree=lock("B"), parents=[0])]
    build(tmp_path, nodes, main=1)
    assert {row[:4] for row in read(tmp_path).spans()} == {("A", 0, None, DAY), ("B", 0, None, 0)}


def test_every_known_name_in_any_folder_and_a_folder_renamed(tmp_path: Path) -> None:
    names = ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pylock.dev.toml", "Requirements.TXT"]
    names += ["dev-requirements.txt", "requirements-ci.txt", "requirements/prod.txt", "requirements/ci/py.txt"]
    others = ["package.lock", "sbom.json", "pylock.x.y/z.toml", "notes.txt", "uv.lock.bak"]
    here: dict[str | bytes, str] = {
        f"{place}{name}": name.replace("/", "-") for name in names for place in ("", "a/b/")
    }
    nodes = [
        Node(at=0, tree={**here, **dict.fromkeys(others, "x")}),
        Node(at=9, tree={str(path).replace("a/b/", "c/"): text for path, text in here.items()}, parents=[0]),
    ]
    build(tmp_path / "shop", nodes, main=1)
    got = read(tmp_path / "shop").found
    assert {a.path for a in got if a.stands_until is not None} == {f"a/b/{name}" for name in names}
    assert {a.path for a in got if a.stands_until is None} == {f"{p}{name}" for name in names for p in ("", "c/")}
    assert {a.service for a in got if a.path.endswith("uv.lock")} == {"shop", "shop/a/b", "shop/c"}
    assert next(a.service for a in got if a.path == "c/requirements/prod.txt") == "shop/c/requirements"


def test_odd_names_are_shown_and_nothing_else(tmp_path: Path) -> None:
    odd: list[str | bytes] = [
        b"caf\xe9/uv.lock",
        "new\nline/uv.lock",
        ":100644 x/uv.lock",
        "-o/uv.lock",
        'q"\t/uv.lock',
        "é/uv.lock",
        ("0" * 40 + "/uv.lock"),
        "*[x]?/uv.lock",
    ]
    build(tmp_path, [Node(at=0, tree=dict.fromkeys(odd, "A"))], main=0)
    shown = {name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name for name in odd}
    assert {a.path for a in read(tmp_path).found} == shown
    assert "caf\\xe9/uv.lock" in shown


def test_a_link_is_what_it_leads_to_in_the_repository(tmp_path: Path) -> None:
    links: dict[str | bytes, str] = {"app/uv.lock": "../near.lock", "near.lock": "base/any"}
    nodes = [
        Node(at=0, tree={"base/any": "A"}, links=links),
        Node(at=10, tree={"base/any": "B"}, links=links, parents=[0]),
        Node(at=20, tree={"other": "B"}, links=links, parents=[1]),
        Node(at=30, tree={"base/any": "C"}, links={"app/uv.lock": "/etc/lock"}, parents=[2]),
    ]
    build(tmp_path, nodes, main=3)
    got = read(tmp_path)
    assert {one.path for one in got.found} == {"app/uv.lock"}
    assert [(text[:7], start, until) for text, start, until, _, _ in got.spans()] == [
        ("A", 0, 10),
        ("B", 10, 20),
        ("@120000", 20, 30),
        ("@120000", 30, None),
    ]
    assert all("leads to no file of the repository" in text for _, text in got.rejected)


def test_a_link_that_leads_outside_is_told(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree=lock("../etc/lock"), parents=[0], mode="120000"),
        Node(at=20, tree=lock("B"), parents=[1]),
    ]
    shas = build(tmp_path, nodes, main=2)
    got = read(tmp_path)
    # What the link led to stood meanwhile: a state that nobody can read, never a gap.
    unreadable = (f"@120000 {git(tmp_path, 'rev-parse', f'{shas[1]}:uv.lock')}", 10, 20, None, "main")
    assert got.spans() == [("A", 0, 10, None, "main"), unreadable, ("B", 20, None, 20, "main")]
    assert [(path, shas[1][:12] in text, "symbolic link" in text) for path, text in got.rejected] == [
        ("uv.lock", True, True)
    ]


def test_a_lock_that_got_another_name_is_one_state_under_each(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree={"requirements.txt": "A"}),
        Node(at=10, tree={"requirements-prod.txt": "A"}, parents=[0]),
        Node(at=20, tree={"prod.txt": "A"}, parents=[1]),
    ]
    build(tmp_path, nodes, main=2)
    assert [(a.path, seconds(a.stands_from), seconds(a.stands_until)) for a in read(tmp_path).found] == [
        ("requirements.txt", 0, 10),
        ("requirements-prod.txt", 10, 20),
    ]


def test_times_are_the_committers_and_a_rebase_says_when_it_was_made(tmp_path: Path) -> None:
    tmp_path.joinpath("uv.lock").write_text("A")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "uv.lock")
    dated = ["env", f"GIT_AUTHOR_DATE={T0} +0000", f"GIT_COMMITTER_DATE={T0 + 500} -0900", "git", "commit", "-qm", "x"]
    subprocess.run(dated, cwd=tmp_path, env=ENVIRONMENT, check=True)
    assert read(tmp_path).spans() == [("A", 500, None, 500, "main")]


def test_what_stands_in_the_work_tree_alone_is_not_history(tmp_path: Path) -> None:
    build(tmp_path, [Node(at=0, tree=lock("A"))], main=0)
    git(tmp_path, "reset", "-q", "--hard", "main")
    tmp_path.joinpath("uv.lock").write_text("DIRTY")
    tmp_path.joinpath("pdm.lock").write_text("NEW")
    git(tmp_path, "add", "pdm.lock")
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    assert read(tmp_path).spans() == [("A", 0, None, 0, "main")]
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_a_submodule_is_a_repository_of_its_own(tmp_path: Path) -> None:
    build(tmp_path / "lib", [Node(at=0, tree=lock("L"))], main=0)
    build(tmp_path / "shop", [Node(at=0, tree=lock("A"))], main=0)
    shop = tmp_path / "shop"
    git(shop, "reset", "-q", "--hard", "main")
    git(shop, "submodule", "--quiet", "add", tmp_path / "lib", "vendor/lib")
    git(shop, "submodule", "--quiet", "add", tmp_path / "lib", "odd/uv.lock")
    git(shop, "commit", "-qm", "modules")
    assert is_repository(shop / "vendor" / "lib")
    assert [a.data for a in read(shop / "vendor" / "lib").found] == [b"L"]
    got = read(shop)
    assert [(a.path, a.data) for a in got.found] == [("uv.lock", b"A"), ("odd/uv.lock", b"@160000")]
    assert [(path, "submodule" in text) for path, text in got.rejected] == [("odd/uv.lock", True)]


def test_a_repository_of_longer_names_is_read_alike(tmp_path: Path) -> None:
    for text, at in (("A", 0), ("B", 10)):
        if not (tmp_path / ".git").exists():
            git(tmp_path, "init", "-q", "--object-format=sha256")
        tmp_path.joinpath("uv.lock").write_text(text)
        git(tmp_path, "add", "uv.lock")
        when = [f"GIT_AUTHOR_DATE={T0 + at} +0000", f"GIT_COMMITTER_DATE={T0 + at} +0000"]
        subprocess.run(["env", *when, "git", "commit", "-qm", "x"], cwd=tmp_path, env=ENVIRONMENT, check=True)
    got = read(tmp_path)
    assert [row[:4] for row in got.spans()] == [("A", 0, 10, None), ("B", 10, None, 10)]
    assert {len(sha) for a in got.found for sha in a.sources} == {64}


def test_a_head_on_no_branch_is_a_line_of_its_own(tmp_path: Path) -> None:
    nodes = [Node(at=0, tree=lock("A")), Node(at=10, tree=lock("B"), parents=[0])]
    shas = build(tmp_path, nodes, main=0)
    git(tmp_path, "update-ref", "--no-deref", "HEAD", shas[1])
    assert read(tmp_path).spans() == [
        ("A", 0, 10, None, "HEAD"),
        ("A", 0, None, 10, "main"),  # as long as what is checked out
        ("B", 10, None, 10, "HEAD"),
    ]


def test_bare_linked_and_nested_repositories(tmp_path: Path) -> None:
    nodes = [Node(at=0, tree=lock("A"))]
    build(tmp_path / "shop.git", nodes, main=0)
    build(tmp_path / "tree", nodes, main=0)
    git(tmp_path / "tree", "worktree", "add", "-q", "-b", "other", tmp_path / "linked", "main")
    for folder, service in (
        (tmp_path / "shop.git", "shop"),
        (tmp_path / "tree", "tree"),
        (tmp_path / "linked", "linked"),
    ):
        assert is_repository(folder)
        assert [a.service for a in read(folder).found] == [service]
    assert read(tmp_path / "tree" / ".git").found[0].service == "tree"


def test_what_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    build(tmp_path / "tree", [Node(at=0, tree=lock("A"))], main=0)
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file", tmp_path / "none", tmp_path / "tree" / "inner", Path("a\0b")):
        assert not is_repository(path)
        with pytest.raises(GraphkitError, match="not a git repository"):
            read(path)
    # A .git that leads nowhere is not the repository of the folder above.
    (tmp_path / "tree" / "inner" / ".git").mkdir()
    for part in ("objects", "refs"):
        (tmp_path / "tree" / "inner" / ".git" / part).mkdir()
    (tmp_path / "tree" / "inner" / ".git" / "HEAD").write_text("nonsense")
    assert is_repository(tmp_path / "tree" / "inner")
    with pytest.raises(GraphkitError, match="inner: git cannot read this repository"):
        read(tmp_path / "tree" / "inner")


def test_an_empty_repository_and_one_without_locks(tmp_path: Path) -> None:
    build(tmp_path / "empty", [])
    build(tmp_path / "plain", [Node(at=0, tree={"README": "x"}), Node(at=1, tree={}, parents=[0])], main=1)
    for name in ("empty", "plain"):
        got = read(tmp_path / name)
        assert (got.found, got.rejected) == ([], [])


def test_a_shallow_clone_says_that_a_state_may_be_older(tmp_path: Path) -> None:
    nodes = [Node(at=10 * n, tree=lock("A" if n < 3 else "B"), parents=[n - 1] if n else []) for n in range(4)]
    build(tmp_path / "whole", nodes, main=3)
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{tmp_path / 'whole'}", tmp_path / "cut")
    got = read(tmp_path / "cut")
    assert got.spans() == [("A", 20, 30, None, "main"), ("B", 30, None, 1000, "main")]  # until it was cloned
    assert not any(a.is_first for a in got.found)
    assert ["shallow" in a.note for a in sorted(got.found, key=lambda a: a.stands_from or 0)] == [True, False]


def partial(tmp_path: Path, what: str) -> Path:
    nodes = [Node(at=10 * n, tree=lock(text), parents=[n - 1] if n else []) for n, text in enumerate("ABC")]
    build(tmp_path / "whole", nodes, main=2)
    git(tmp_path / "whole", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", f"--filter={what}", f"file://{tmp_path / 'whole'}", tmp_path / "part")
    return tmp_path / "part"


def test_missing_blobs_are_told_one_by_one_and_never_fetched(tmp_path: Path) -> None:
    part = partial(tmp_path, "blob:none")
    marker = tmp_path / "ran"
    git(part, "config", "protocol.ext.allow", "always")
    git(part, "config", "remote.origin.url", f"ext::sh -c touch% {marker}")
    got = read(part)
    # Only the checked-out one has bytes; of the others it is known when they stood.
    assert [row[1:] for row in got.spans()] == [
        (0, 10, None, "main"),
        (10, 20, None, "main"),
        (20, None, 1000, "main"),
    ]
    assert got.spans()[2][0] == "C"
    assert [path for path, _ in got.rejected] == ["uv.lock", "uv.lock"]
    assert all("fetch the whole history" in text for _, text in got.rejected)
    assert not marker.exists()


def test_missing_trees_are_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(GraphkitError, match="fetch it whole") as caught:
        read(partial(tmp_path, "tree:0"))
    assert "\n" not in str(caught.value)


def test_nothing_that_a_repository_names_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [Node(at=0, tree={**lock("A"), ".gitattributes": "* diff=x filter=x\n"})]
    nodes.append(Node(at=1, tree={**lock("B"), ".gitattributes": "* diff=x filter=x\n"}, parents=[0]))
    build(tmp_path / "shop", nodes, main=1)
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    program.chmod(0o755)
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        (tmp_path / "shop" / ".git" / "hooks").mkdir(exist_ok=True)
        (tmp_path / "shop" / ".git" / "hooks" / hook).symlink_to(program)
    settings_of = ["core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv", "diff.x.command", "core.editor"]
    settings_of += ["filter.x.smudge", "filter.x.clean", "filter.x.process", "gpg.program", "core.sshCommand"]
    for key in settings_of:
        git(tmp_path / "shop", "config", key, str(program))
    for key, value in {
        "log.showSignature": "true",
        "alias.rev-list": f"!{program}",
        "alias.diff-tree": f"!{program}",
        "pager.rev-list": str(program),
        "core.hooksPath": str(tmp_path / "shop" / ".git" / "hooks"),
    }.items():
        git(tmp_path / "shop", "config", key, value)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_PAGER", str(program))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert [row[0] for row in read(tmp_path / "shop").spans()] == ["A", "B"]
    assert not marker.exists()


def test_replacements_do_not_rewrite_history(tmp_path: Path) -> None:
    nodes = [Node(at=0, tree=lock("BAD")), Node(at=10, tree=lock("GOOD"), parents=[0]), Node(at=10, tree=lock("GOOD"))]
    shas = build(tmp_path, nodes, main=1)
    git(tmp_path, "replace", shas[1], shas[2])
    assert [row[0] for row in read(tmp_path).spans()] == ["BAD", "GOOD"]


def test_a_branch_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    build(tmp_path, [Node(at=0, tree=lock("A"))], main=0)
    (tmp_path / ".git" / "refs" / "heads" / "gone").write_text("1" * 40 + "\n")
    got = read(tmp_path)
    assert got.spans() == [("A", 0, None, 0, "main")]
    assert [path for path, _ in got.rejected] == ["gone"]


def test_a_repository_of_another_user_is_not_read(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    build(tmp_path / "shop", [Node(at=0, tree=lock("A"))], main=0)
    for path in (tmp_path / "shop", tmp_path / "shop" / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(GraphkitError, match=r"shop: belongs to another user.*run as its owner") as caught:
        read(tmp_path / "shop")
    assert "\n" not in str(caught.value)


def test_no_git_program_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, [Node(at=0, tree=lock("A"))], main=0)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(GraphkitError, match="install git"):
        read(tmp_path)


def test_blobs_that_are_too_large_missing_or_none_are_said_in_words(tmp_path: Path) -> None:
    build(tmp_path, [Node(at=0, tree={"uv.lock": "x" * 2000, "pdm.lock": "y"})], main=0)
    large, small, tree = (git(tmp_path, "rev-parse", f"main:{name}") for name in ("uv.lock", "pdm.lock", ""))
    with Blobs(Git(tmp_path, "shop"), largest=1000) as blobs:
        assert blobs.read(small) == b"y"
        assert "2000 bytes" in str(blobs.read(large))
        assert "not in this clone" in str(blobs.read("1" * 40))
        assert "cannot read" in str(blobs.read(tree))
        assert blobs.read(small) == b"y"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux lists a process's children")
def test_stopping_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    nodes = [Node(at=n, tree=lock(str(n)), parents=[n - 1] if n else []) for n in range(5)]
    build(tmp_path, nodes, main=4)
    before = children()
    walk = states(History(path=tmp_path), reject=lambda *_: None, progress=lambda *_: None)
    next(walk)
    assert children() != before
    del walk
    assert children() == before


def children() -> str:
    """Return the ids of this process's children."""
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()


TREE: st.SearchStrategy[dict[str | bytes, str]] = st.dictionaries(
    st.sampled_from(["uv.lock", "a/uv.lock"]), st.sampled_from("ABC"), max_size=2
)
Plan = list[tuple[int, list[int], dict[str | bytes, str]]]


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, list[int]]:
    plan: Plan = []
    for number in range(draw(st.integers(1, 9))):
        parents = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        at = draw(st.one_of(st.just(number * 10), st.integers(0, 100)))
        plan.append((at, parents, draw(TREE)))
    return plan, draw(st.lists(st.integers(0, len(plan) - 1), min_size=1, max_size=4))


def before(plan: Plan, number: int) -> list[int]:
    """Return the commits that a commit was made on, by first parents."""
    found = []
    while plan[number][1]:
        number = plan[number][1][0]
        found.append(number)
    return found


def last_followers(plan: Plan, reached: set[int]) -> dict[int, int]:
    """Return, for each commit, until when it stood at least: the latest commit that has it as its first parent."""
    until = {number: plan[number][0] + 1 for number in reached}
    for number in reached:
        at, parents, _ = plan[number]
        if parents:
            until[parents[0]] = max(until[parents[0]], at)
    return until


@settings(max_examples=60)
@given(plans())
@example(([(0, [], {"uv.lock": "A"}), (5, [0], {"uv.lock": "B"}), (9, [0], {}), (9, [1, 2], {})], [3]))
def test_every_tree_of_every_commit_is_covered(made: tuple[Plan, list[int]]) -> None:
    """From each commit to the last one that was made on it, its locks are in a state that stood."""
    plan, ends = made
    with tempfile.TemporaryDirectory() as folder:
        nodes = [Node(at=at, parents=parents, tree=tree) for at, parents, tree in plan]
        shas = build(Path(folder), nodes, main=ends[0], **{f"b{number}": end for number, end in enumerate(ends)})
        got = read(Path(folder))
    reached, waiting = set[int](), list(ends)
    while waiting:
        if (number := waiting.pop()) not in reached:
            reached.add(number)
            waiting += plan[number][1]
    stood = as_answers_read_them(got.found)
    for number, until in last_followers(plan, reached).items():
        at, _, tree = plan[number]
        for path, text in tree.items():
            spans = [one[2:] for one in stood if one[:2] == (path, text)]
            for moment in range(at, until):
                assert any(start <= moment < end for start, end in spans), (number, path, text, moment, got.spans())
    for one in got.found:
        if one.is_first and one.is_checked_out:  # of others, the line that they forked off tells what was before
            assert not any(one.path in plan[number][2] for number in before(plan, shas.index(one.sources[0])))
    assert {one.path for one in got.found if one.is_first} == {one.path for one in got.found}
    assert len({(a.path, a.branch, a.stands_from) for a in got.found}) == len(got.found)
    assert {(a.path, a.data.decode()) for a in got.found} == {
        pair for number in reached for pair in plan[number][2].items()
    }


def as_answers_read_them(found: Sequence[FetchedDocument]) -> list[tuple[str, str, int, int]]:
    """Return path, text, from and end as `trace` reads states: the next of a path and branch ends the one before."""
    rows = []
    for one in found:
        assert one.stands_from is not None
        later = [a.stands_from for a in found if (a.path, a.branch) == (one.path, one.branch) and a is not one]
        ends = [at for at in later if at is not None and at >= one.stands_from]
        if one.stands_until is not None:
            assert one.stands_until > one.stands_from
            ends.append(one.stands_until)
        elif not ends:
            assert one.read_at is not None
            ends.append(one.read_at + 1_000_000)
        rows.append((one.path, one.data.decode(), seconds(one.stands_from) or 0, seconds(min(ends)) or 0))
    return rows


def test_a_long_history_is_read_in_one_pass(tmp_path: Path) -> None:
    count, folder = 2_000, tmp_path / "long"
    folder.mkdir()
    git(folder, "init", "-q")
    out = []
    for number in range(count):
        out.append(f"commit refs/heads/main\ncommitter a <a@files.example> {T0 + number} +0000\ndata 1\nx\n")
        for path, text in (("uv.lock", str(number // 20)), ("other", str(number))):
            out.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    git(folder, "fast-import", "--quiet", given="".join(out).encode())
    got = read(folder)
    assert len(got.found) == count // 20
    assert got.told[0][1] == count


# Manifests, what they include, and files that can install


def inputs(got: Read) -> list[tuple[str, str, int, int | None, dict[str, str]]]:
    """Return path, text, from, until and what is included of each, in order."""
    rows = [
        (
            a.path,
            a.data.decode(),
            seconds(a.stands_from) or 0,
            seconds(a.stands_until),
            {name: data.decode() for name, data in a.included.items()},
        )
        for a in got.found
    ]
    return sorted(rows, key=lambda row: (row[0], row[2]))


def test_manifests_are_inputs_and_what_only_shares_their_name_is_none(tmp_path: Path) -> None:
    project = '[project]\nname = "x"\nversion = "1"\n'
    first: dict[str | bytes, str] = {
        "pyproject.toml": project,
        "a/requirements.in": "badpkg\n",
        "requirements/x.txt": "Some prose here.\n",
    }
    first |= {"constraints.txt": "a<2\n", "requirements/constraints.txt": "a<2\n", "tool/pyproject.toml": "[tool.x]\n"}
    nodes = [
        Node(at=0, tree={**first}),
        Node(at=10, tree={**first, "pyproject.toml": "[tool.black]\n"}, parents=[0]),  # no manifest any more
        Node(at=20, tree={**first}, parents=[1]),
    ]
    build(tmp_path / "shop", nodes, main=2)
    got = read(tmp_path / "shop")
    assert [row[:4] for row in inputs(got)] == [
        ("a/requirements.in", "badpkg\n", 0, None),
        ("pyproject.toml", project, 0, 10),
        ("pyproject.toml", project, 20, None),
    ]
    assert sorted(got.unclaimed) == ["requirements/x.txt", "tool/pyproject.toml"]
    assert {(a.repository, a.hint) for a in got.found} == {("shop", "lock")}


def test_a_change_of_what_a_file_includes_is_a_new_state_of_it(tmp_path: Path) -> None:
    top: dict[str | bytes, str] = {
        "app/requirements.txt": "-r ../deps/base\n--constraint pins.cfg\na\n",
        "deps/base": "-r more/x.list\nb\n",
    }
    nodes = [
        Node(at=0, tree={**top, "deps/more/x.list": "c\n", "app/pins.cfg": "c<2\n"}),
        Node(at=10, tree={**top, "deps/more/x.list": "c>1\n", "app/pins.cfg": "c<2\n", "z": "z"}, parents=[0]),
        Node(at=20, tree={**top, "deps/more/x.list": "c>1\n"}, parents=[1]),  # the pins are gone
        Node(at=30, tree={**top, "deps/more/x.list": "c>1\n", "README": "z"}, parents=[2]),
        Node(at=15, tree={**top, "deps/more/x.list": "d\n", "app/pins.cfg": "c<2\n"}, parents=[0]),
    ]
    build(tmp_path, nodes, main=3, side=4)
    base = {"../deps/base": "-r more/x.list\nb\n"}
    text = top["app/requirements.txt"]
    rows = [row for row in inputs(read(tmp_path)) if row[0] == "app/requirements.txt"]
    assert rows == [
        ("app/requirements.txt", text, 0, 10, {**base, "../deps/more/x.list": "c\n", "pins.cfg": "c<2\n"}),
        ("app/requirements.txt", text, 0, 15, {**base, "../deps/more/x.list": "c\n", "pins.cfg": "c<2\n"}),
        ("app/requirements.txt", text, 10, 20, {**base, "../deps/more/x.list": "c>1\n", "pins.cfg": "c<2\n"}),
        ("app/requirements.txt", text, 15, None, {**base, "../deps/more/x.list": "d\n", "pins.cfg": "c<2\n"}),
        ("app/requirements.txt", text, 20, None, {**base, "../deps/more/x.list": "c>1\n"}),
    ]
    assert {row[0] for row in inputs(read(tmp_path))} == {"app/requirements.txt"}


def test_what_conda_installs_from_is_an_input_with_the_lists_that_it_includes(tmp_path: Path) -> None:
    lock = 'version: 1\nmetadata: {sources: [environment.yml]}\npackage:\n- {name: a, version: "1", manager: pip}\n'
    lock += "x:\n  content_hash: 1\n"
    environment = "channels: [c]\ndependencies:\n- a\n- pip:\n  - -r deps/base\n  - b\n"
    explicit = "@EXPLICIT\nhttps://conda.example/noarch/a-1-0.conda\n"
    tree: dict[str | bytes, str] = {
        "app/environment.yml": environment,
        "app/deps/base": "c\n",
        "app/conda-lock.yml": lock,
    }
    tree |= {"app/conda-linux-64.lock": explicit, "environment.yaml": "NODE_ENV: x\n", "docs/explicit.txt": "Prose.\n"}
    tree |= {"ci/deps.yml": environment.replace("deps/base", "r.txt")}
    nodes = [Node(at=0, tree={**tree}), Node(at=5, tree={**tree, "app/deps/base": "d\n"}, parents=[0])]
    build(tmp_path / "shop", nodes, main=1)
    got = read(tmp_path / "shop")
    assert [(row[0], *row[2:]) for row in inputs(got)] == [
        ("app/conda-linux-64.lock", 0, None, {}),
        ("app/conda-lock.yml", 0, None, {}),
        ("app/environment.yml", 0, 5, {"deps/base": "c\n"}),
        ("app/environment.yml", 5, None, {"deps/base": "d\n"}),
        ("ci/deps.yml", 0, None, {}),
    ]
    assert {a.service for a in got.found if a.path.startswith("app/")} == {"shop/app"}
    assert sorted(got.unclaimed) == ["docs/explicit.txt", "environment.yaml"]
    assert is_script(".github/workflows/environment.yml")
    assert not is_script(".binder/environment.yml")


def test_what_constrains_the_commands_of_a_script_is_part_of_it(tmp_path: Path) -> None:
    script = "RUN pip install -r requirements.txt -c constraints.txt\n"
    nodes = [
        Node(at=0, tree={"ci/Dockerfile": script, "constraints.txt": "a==1\n", "x/constraints-x.txt": "a==3\n"}),
        Node(at=10, tree={"ci/Dockerfile": script, "constraints.txt": "a==2\n"}, parents=[0]),
    ]
    build(tmp_path, nodes, main=1)
    found = [(at, more) for path, _, at, _, more in inputs(read(tmp_path)) if path == "ci/Dockerfile"]
    assert found == [(0, {"../constraints.txt": "a==1\n"}), (10, {"../constraints.txt": "a==2\n"})]


def test_files_that_include_each_other_or_lie_outside_end(tmp_path: Path) -> None:
    tree: dict[str | bytes, str] = {
        "requirements.txt": "-r requirements-b.txt\n-r ../../etc/passwd\n-r /etc/passwd\n-r $X\n-r https://x.example/y\na\n",
        "requirements-b.txt": "-r requirements.txt\nb\n",
    }
    build(tmp_path, [Node(at=0, tree=tree), Node(at=9, tree={**tree, "x": "x"}, parents=[0])], main=1)
    got = read(tmp_path)
    assert got.rejected == []
    assert {a.path: set(a.included) for a in got.found} == {
        "requirements.txt": {"requirements-b.txt", "requirements.txt"},
        "requirements-b.txt": {"requirements-b.txt", "requirements.txt"},
    }


def test_lists_that_a_setuptools_project_reads_are_part_of_it(tmp_path: Path) -> None:
    project = '[project]\nname = "x"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
    project += 'dependencies = {file = ["deps.txt"]}\noptional-dependencies.ci = {file = "ci.list"}\n'
    tree: dict[str | bytes, str] = {"pyproject.toml": project, "deps.txt": "a\n", "ci.list": "b\n"}
    nodes = [Node(at=0, tree={**tree}), Node(at=5, tree={**tree, "deps.txt": "a>1\n"}, parents=[0])]
    build(tmp_path, nodes, main=1)
    assert [row[2:] for row in inputs(read(tmp_path))] == [
        (0, 5, {"ci.list": "b\n", "deps.txt": "a\n"}),
        (5, None, {"ci.list": "b\n", "deps.txt": "a>1\n"}),
    ]


def test_settings_of_uv_are_part_of_every_manifest_beside_them(tmp_path: Path) -> None:
    project = '[project]\nname = "x"\nversion = "1"\n'
    tree: dict[str | bytes, str] = {
        "pyproject.toml": project,
        "app/requirements.txt": "a\n",
        "b/requirements.txt": "a\n",
    }
    nodes = [
        Node(at=0, tree={**tree}),
        Node(at=5, tree={**tree, "uv.toml": "x = 1\n", "app/uv.toml": "y = 1\n"}, parents=[0]),
        Node(at=9, tree={"uv.toml": "x = 2\n", "app/requirements.txt": "a\n"}, parents=[1]),
    ]
    build(tmp_path, nodes, main=2)
    assert inputs(read(tmp_path)) == [
        ("app/requirements.txt", "a\n", 0, 5, {}),
        ("app/requirements.txt", "a\n", 5, 9, {"../uv.toml": "x = 1\n", "uv.toml": "y = 1\n"}),
        ("app/requirements.txt", "a\n", 9, None, {"../uv.toml": "x = 2\n"}),
        ("b/requirements.txt", "a\n", 0, 5, {}),
        ("b/requirements.txt", "a\n", 5, 9, {"../uv.toml": "x = 1\n"}),
        ("pyproject.toml", project, 0, 5, {}),
        ("pyproject.toml", project, 5, 9, {"uv.toml": "x = 1\n"}),
    ]


def test_overrides_of_a_project_count_with_the_lists_beside_and_below_it(tmp_path: Path) -> None:
    plain = "[project]\nname = 'p'\n"
    told = plain + "[tool.uv]\noverride-dependencies = ['a==2']\n"
    tree: dict[str | bytes, str] = {"pyproject.toml": plain, "app/requirements.txt": "a\n"}
    nodes = [
        Node(at=0, tree={**tree}),
        Node(at=5, tree={**tree, "pyproject.toml": told}, parents=[0]),
        Node(at=9, tree={**tree}, parents=[1]),
    ]
    build(tmp_path, nodes, main=2)
    assert inputs(read(tmp_path)) == [
        ("app/requirements.txt", "a\n", 0, 5, {"../pyproject.toml": plain}),
        ("app/requirements.txt", "a\n", 5, 9, {"../pyproject.toml": told}),
        ("app/requirements.txt", "a\n", 9, None, {"../pyproject.toml": plain}),
        ("pyproject.toml", plain, 0, 5, {}),
        ("pyproject.toml", told, 5, 9, {}),
        ("pyproject.toml", plain, 9, None, {}),
    ]


class Scripts:
    """A reader of files that can install, as far as these tests need one."""

    format = "script"

    def claims(self, raw: RawDocument) -> bool:
        return b"install" in raw.data

    def parse(self, raw: RawDocument) -> Document:
        wanted = [line for line in raw.data.decode().splitlines() if "pip install" in line]
        return Document(
            sha256=hashlib.sha256(raw.data).hexdigest(),
            path=raw.path,
            kind=DocumentKind.SCRIPT,
            format="script",
            basis=Basis.LISTED,
            commands=tuple(InstallCommand(place="line 1", text=line) for line in wanted),
        )


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a reader of scripts, and none of those that come with the package."""
    readers = (*(one for one in documents.readers() if one.format != "install commands"), Scripts())
    monkeypatch.setattr(documents, "readers", lambda: readers)


@pytest.mark.usefixtures("scripts")
def test_files_that_can_install_are_inputs_as_far_as_they_do(tmp_path: Path) -> None:
    run = "RUN pip install litellm\n"
    names = ["Dockerfile", "docker/Dockerfile.prod", "a.dockerfile", "Containerfile", ".github/workflows/ci.yml"]
    names += [".gitlab-ci.yml", "azure-pipelines.yml", "tox.ini", "noxfile.py", ".pre-commit-config.yaml", "setup.py"]
    names += ["gunicorn.env.yml", "tasks.py", "ci/Jenkinsfile.prod", "x.bash"]
    names += ["setup.cfg", "Makefile", "justfile", "x/run.sh", "n.ipynb", "environment.yml", "pixi.toml"]
    tree: dict[str | bytes, str] = dict.fromkeys(names, run)
    tree |= {
        "plain.py": run,
        "script.py": f"# /// script\n{run}",
        "notes.md": run,
        "quiet.sh": "install\n",
        "go.sh": "a\n",
    }
    build(tmp_path / "shop", [Node(at=0, tree=tree)], main=0)
    got = read(tmp_path / "shop")
    assert {a.path for a in got.found} == {*names, "script.py"}
    assert (got.rejected, got.unclaimed) == ([], [])
    assert {a.path: a.hint for a in got.found if a.hint} == {"environment.yml": "lock"}  # a manifest of conda


@pytest.mark.parametrize(
    "name",
    [
        *("Dockerfile", "x.Containerfile", "GNUmakefile", "a.mk", "makefile.in", "tox.ini", "setup.cfg", "setup.py"),
        *("noxfile.py", "tasks.py", ".pre-commit-config.yaml", "env.yml", "pixi.toml", "hatch.toml", "tox.toml"),
        *("a.ipynb", "ci.yaml", ".devcontainer/devcontainer.json", "a.pyw", "a.sh", "a.fish", ".envrc", "Jenkinsfile"),
        *("Procfile", "Vagrantfile", "bootstrap", "configure", "entrypoint", "a.ps1", "a.command", "a.earth"),
        *(
            "scripts/x",
            "a/bin/x",
            "tools/x",
            ".ci/x",
            "hack/x",
            ".husky/pre-commit",
            "install-deps",
            "docker-entrypoint",
        ),
    ],
)
def test_what_a_reader_of_scripts_knows_by_its_name_is_read_from_histories(name: str) -> None:
    assert is_script(name)


def test_scripts_without_a_suffix_are_inputs_and_few_such_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = "#!/bin/sh\npip install litellm\n"
    tree: dict[str | bytes, str] = {name: f"{run}# {name}\n" for name in ("scripts/setup", "a/bin/x", "install-deps")}
    tree |= {
        "ci/plain": "pip install litellm\n",
        "scripts/quiet": "#!/bin/sh\nls\n",
        "scripts/README": run,
        "LICENSE": run,
    }
    tree |= {f"src/{number}/data{number}": f"{number}\n" for number in range(100)}
    build(tmp_path, [Node(at=0, tree=tree)], main=0)
    asked: list[str] = []
    read_one = Blobs.read

    def noted(self: Blobs, blob: str) -> bytes | str:
        asked.append(blob)
        return read_one(self, blob)

    monkeypatch.setattr(Blobs, "read", noted)
    assert {one.path for one in read(tmp_path).found} == {"scripts/setup", "a/bin/x", "install-deps", "ci/plain"}
    assert len(asked) == 9  # five to tell what they are, four once more to hand them over


@pytest.mark.usefixtures("scripts")
def test_a_script_that_installed_nothing_before_is_the_first_of_its_path(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree={"Dockerfile": "FROM x\n"}),
        Node(at=10, tree={"Dockerfile": "pip install a\n"}, parents=[0]),
        Node(at=20, tree={"Dockerfile": "pip install b\n"}, parents=[1]),
        Node(at=30, tree={}, parents=[2]),
        Node(at=40, tree={"Dockerfile": "pip install c\n"}, parents=[3]),
    ]
    build(tmp_path, nodes, main=4)
    rows = sorted((seconds(a.stands_from), seconds(a.stands_until), a.is_first) for a in read(tmp_path).found)
    assert rows == [(10, 20, True), (20, 30, False), (40, None, False)]


@pytest.mark.usefixtures("scripts")
def test_a_script_is_of_the_services_whose_inputs_lie_where_it_does(tmp_path: Path) -> None:
    run = "pip install a\n"
    tree: dict[str | bytes, str] = {"a/uv.lock": "A", "b/c/uv.lock": "B", "a/Dockerfile": run, "a/ci/x.sh": run}
    tree |= {"b/Makefile": run, "Makefile": run, ".github/workflows/x.yml": run}
    build(tmp_path / "shop", [Node(at=0, tree=tree)], main=0)
    of: dict[str, set[str]] = {}
    for one in read(tmp_path / "shop").found:
        of.setdefault(one.path, set()).add(one.service)
    both = {"shop/a", "shop/b/c"}
    assert of == {
        "a/uv.lock": {"shop/a"},
        "a/Dockerfile": {"shop/a"},
        "a/ci/x.sh": {"shop/a"},
        "b/c/uv.lock": {"shop/b/c"},
        "b/Makefile": {"shop/b/c"},
        "Makefile": both,
        ".github/workflows/x.yml": both,
    }
    assert {one.service for one in read(tmp_path / "shop", name="till").found} == {"till"}


@pytest.mark.usefixtures("scripts")
def test_scripts_that_a_partial_clone_lacks_are_one_line_and_were_in_place(tmp_path: Path) -> None:
    nodes = [
        Node(at=n, tree={"x.sh": f"pip install a=={n}\n", "y.py": str(n)}, parents=[n - 1] if n else [])
        for n in range(60)
    ]
    build(tmp_path / "whole", nodes, main=59)
    git(tmp_path / "whole", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{tmp_path / 'whole'}", tmp_path / "part")
    got = read(tmp_path / "part")
    assert [path for path, _ in got.rejected] == ["part"]
    assert "states of files that can install cannot be read" in got.rejected[0][1]
    held = [one for one in got.found if not one.problem]
    assert [(one.path, one.data) for one in held] == [("x.sh", b"pip install a==59\n")]  # the checkout fetched it
    lost = [one for one in got.found if one.problem]
    times = {one.path: (seconds(one.stands_from), seconds(one.stands_until)) for one in lost}
    assert times == {"x.sh": (0, 59), "y.py": (0, 59)}
    assert len(lost) == 2  # one state of each, however many of its blobs are missing
    assert all("git fetch" in one.problem for one in lost)


@pytest.mark.usefixtures("scripts")
def test_how_much_is_asked_for_in_a_partial_clone_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [
        Node(at=n, tree={"x.sh": f"pip install a=={n}\n", "z.sh": f"{n}\n"}, parents=[n - 1] if n else [])
        for n in range(30)
    ]
    build(tmp_path / "whole", nodes, main=29)
    git(tmp_path / "whole", "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{tmp_path / 'whole'}", tmp_path / "part")
    asked: list[str] = []
    read_one = Blobs.read

    def noted(self: Blobs, blob: str) -> bytes | str:
        asked.append(blob)
        return read_one(self, blob)

    monkeypatch.setattr(Blobs, "read", noted)
    read(tmp_path / "part")
    assert len(asked) <= 4  # the first that is missing, and those of the checkout


def with_links(folder: Path, files: Mapping[str, str], links: Mapping[str, str]) -> None:
    """Make a repository with one commit of files and links."""
    folder.mkdir()
    git(folder, "init", "-q", "--template=")
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for path, to in links.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(to)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all", at=0)


@pytest.mark.usefixtures("scripts")
@pytest.mark.parametrize(
    ("link", "to", "is_open"),
    [
        ("Dockerfile", "d/recipe", True),
        ("Dockerfile", "d/quiet", False),
        ("Dockerfile", "Dockerfile.prod", False),  # which is read where it lies
        ("a/Dockerfile", "../b/Dockerfile", True),  # by another service
        ("Dockerfile", "../elsewhere/Dockerfile", True),
        ("Dockerfile", "/etc/Dockerfile", True),
        ("Dockerfile", "gone", True),  # it may lie behind a linked folder
        ("Dockerfile", "l/recipe", True),
        ("bootstrap", "d", False),
        ("x.py", "d/recipe", False),
        ("x.py", "d/block", True),
        ("notes.md", "d/recipe", False),
        ("a/y.sh", "z.sh", False),
    ],
)
def test_a_link_is_what_it_leads_to(tmp_path: Path, link: str, to: str, *, is_open: bool) -> None:
    run = "RUN pip install a\n"
    files = {"a/uv.lock": "A", "b/uv.lock": "B", "b/Dockerfile": run, "d/recipe": run, "d/quiet": "x\n"}
    files |= {"Dockerfile.prod": run, "d/block": f"# /// script\n{run}", "a/z.sh": run}
    with_links(tmp_path / "shop", files, {link: to, "l": "d"})
    got = read(tmp_path / "shop")
    assert {one.path for one in got.found if one.problem} == ({link} if is_open else set())
    assert [path for path, _ in got.rejected] == ([link] if is_open else [])
    one_service = read(tmp_path / "shop", name="till")
    is_still_open = is_open and to != "../b/Dockerfile"
    assert {one.path for one in one_service.found if one.problem} == ({link} if is_still_open else set())


# What was first, and what is known to stand


def test_the_first_state_of_a_path_says_so(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree={"README": "x"}),
        Node(at=10, tree=lock("A"), parents=[0]),
        Node(at=20, tree=lock("B"), parents=[1]),
        Node(at=15, tree={**lock("A"), "pdm.lock": "P"}, parents=[1]),
        Node(at=30, tree={**lock("C"), "pdm.lock": "P"}, parents=[2, 3], subject="Merge branch 'side'"),
    ]
    build(tmp_path, nodes, main=4)
    rows = {(a.path, a.data.decode(), a.branch): a.is_first for a in read(tmp_path).found}
    assert rows == {
        ("uv.lock", "A", "main"): True,
        ("uv.lock", "A", "side"): True,  # carried from the commit that brought it
        ("uv.lock", "B", "main"): False,
        ("uv.lock", "C", "main"): False,
        ("pdm.lock", "P", "side"): True,
        ("pdm.lock", "P", "main"): True,
    }
    trunk = {a.branch for a in read(tmp_path).found if a.is_checked_out}
    assert trunk == {"main"}
    assert not any(a.is_beginning for a in read(tmp_path).found)


def test_a_branch_carries_no_first_state_where_another_stood_before(tmp_path: Path) -> None:
    nodes = [
        Node(at=0, tree=lock("A")),
        Node(at=10, tree=lock("B"), parents=[0]),
        Node(at=20, tree={**lock("B"), "x": "x"}, parents=[1]),
        Node(at=30, tree={**lock("B"), "y": "y"}, parents=[1]),
    ]
    build(tmp_path, nodes, main=2, side=3)
    rows = {(a.data.decode(), a.branch): (a.is_first, a.is_beginning) for a in read(tmp_path).found}
    assert rows == {("A", "main"): (True, True), ("B", "main"): (False, False), ("B", "side"): (True, False)}


def clone(tmp_path: Path) -> Path:
    """Return a clone of a repository with two branches, made 1,000 seconds after T0."""
    nodes = [Node(at=0, tree=lock("A")), Node(at=30, tree=lock("B"), parents=[0])]
    build(tmp_path / "whole", nodes, main=1, stable=0, other=0)
    git(tmp_path, "clone", "-q", f"file://{tmp_path / 'whole'}", tmp_path / "copy")
    return tmp_path / "copy"


def reads(folder: Path, **more: Any) -> dict[str, int | None]:
    """Return until when the living states of each branch were known to stand."""
    return {a.branch: seconds(a.read_at) for a in read(folder, **more).found if a.lives}


def test_a_clone_knows_what_stood_when_it_was_fetched(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    assert reads(copy) == {"main": 1000, "origin/stable": 1000, "origin/other": 1000}
    git(copy, "fetch", "-q", at=2000)  # nothing new: git writes nothing down
    assert set(reads(copy).values()) == {1000}
    (sha,) = build(tmp_path / "next", [Node(at=40, tree=lock("C"))], main=0)
    git(tmp_path / "whole", "fetch", "-q", tmp_path / "next", f"{sha}:refs/heads/fresh")
    git(copy, "fetch", "-q", at=3000)
    assert reads(copy) == dict.fromkeys(["main", "origin/stable", "origin/other", "origin/fresh"], 3000)
    assert {a.data for a in read(copy).found if a.branch == "origin/fresh"} == {b"C"}


def test_a_fetch_of_one_branch_says_nothing_of_the_others(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    (sha,) = build(tmp_path / "next", [Node(at=40, tree=lock("C"))], main=0)
    git(tmp_path / "whole", "fetch", "-q", tmp_path / "next", f"+{sha}:refs/heads/other")
    git(copy, "fetch", "-q", "origin", "other", at=3000)
    assert reads(copy) == {"main": 1000, "origin/stable": 1000, "origin/other": 3000}


def test_a_reflog_that_cannot_be_one_says_nothing(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    shutil.rmtree(copy / ".git" / "logs" / "refs")
    logs = copy / ".git" / "logs" / "HEAD"
    sha = "1" * 40
    logs.write_text(f"{sha} {sha} a <a@b> 99999999999999 +0000\tclone: from x\n{sha} fetch: \n\0\xff clone: y\n")
    assert reads(copy)["main"] == 30
    logs.unlink()
    os.mkfifo(logs)
    assert reads(copy)["main"] == 30
    logs.unlink()
    logs.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text(f"{sha} {sha} a <a@b> {T0 + 5000} +0000\tclone: from x\n")
    assert reads(copy)["main"] == 30


# Remotes

NOW = (T0 + 9000) * 1_000_000


def with_remote(copy: Path, address: str) -> None:
    git(copy, "config", "remote.origin.url", address)


def test_what_a_remote_still_has_stands_now(tmp_path: Path) -> None:
    copy = clone(tmp_path)
    with_remote(copy, "https://user:hush@git.example/acme/shop.git")
    asked: list[str] = []
    heads = {name: git(copy, "rev-parse", f"origin/{name}") for name in ("main", "stable")} | {"other": "0" * 40}

    def ask(address: str) -> dict[str, str]:
        asked.append(address)
        return heads

    got = read(copy, now=NOW, ask=ask)
    assert asked == ["https://user:hush@git.example/acme/shop.git"]
    assert {a.branch: seconds(a.read_at) for a in got.found if a.lives} == {
        "main": 9000,
        "origin/stable": 9000,
        "origin/other": 9000,  # it is there, as long as main is
    }
    (note,) = got.notes
    assert "copy: not checked: the remote has another commit, or none, for other" in note
    assert "`git fetch origin`" in note
    heads["main"] = "1" * 40
    assert reads(copy, now=NOW, ask=ask) == {"main": 1000, "origin/stable": 9000, "origin/other": 1000}


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% ran",
        "file:///etc",
        "/somewhere",
        "git://git.example/x",
        "http://git.example/x",
        "--upload-pack=touch ran",
        "https://-oProxyCommand=x/y",
        "ssh://-oProxyCommand=touch/x",
        "-oProxyCommand=touch@git.example:x",
    ],
)
def test_an_address_that_is_no_web_or_shell_is_not_asked(tmp_path: Path, address: str) -> None:
    copy = clone(tmp_path)
    config = copy / ".git" / "config"
    text = config.read_text().replace(f"file://{tmp_path / 'whole'}", address)
    config.write_text(f'{text}[core]\n\tsshCommand = touch ran\n[url "ext::x"]\n\tinsteadOf = https://\n')

    def ask(address: str) -> str:
        raise AssertionError(address)

    got = read(copy, now=NOW, ask=ask)
    assert len(got.notes) == 1
    assert "not checked" in got.notes[0]
    assert {seconds(a.read_at) for a in got.found if a.lives} == {1000}


def test_a_remote_is_asked_outside_of_the_repository_by_fixed_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "git"
    sha = "a" * 40
    program.write_text(
        f"#!/bin/sh\n{{ pwd; env; printf '%s\\n' \"$@\"; }} > '{tmp_path}/told'\n"
        f"printf '{sha}\\trefs/heads/main\\n{sha}\\trefs/tags/x\\nnothing\\n'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch ran")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert remote.ls_remote("https://git.example/x") == {"main": sha}
    told = (tmp_path / "told").read_text().splitlines()
    assert not told[0].startswith(str(tmp_path))
    for word in (
        "GIT_CONFIG_NOSYSTEM=1",
        "GIT_TERMINAL_PROMPT=0",
        "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=10",
        "protocol.allow=never",
        "protocol.https.allow=always",
        "protocol.ssh.allow=always",
    ):
        assert word in told
    assert told[-4:] == ["ls-remote", "--heads", "--", "https://git.example/x"]
    assert not any(line.startswith("GIT_DIR=") for line in told)
    program.write_text("#!/bin/sh\nexit 128\n")
    assert remote.ls_remote("https://git.example/x") == "the remote cannot be read from here"
    monkeypatch.setattr(remote, "_SECONDS", 0.2)
    program.write_text("#!/bin/sh\nsleep 60\n")
    assert "no answer" in str(remote.ls_remote("https://git.example/x"))


# Several repositories


def test_repositories_below_a_folder_are_found_and_none_inside_another(tmp_path: Path) -> None:
    for name in ("b/one", "a", "b/two.git"):
        build(tmp_path / "top" / name, [Node(at=0, tree=lock(name))], main=0)
    build(tmp_path / "top" / "a" / "vendor", [Node(at=0, tree=lock("V"))], main=0)
    (tmp_path / "top" / "link").symlink_to(tmp_path / "top" / "a")
    (tmp_path / "top" / "plain").mkdir()
    assert [one.relative_to(tmp_path / "top").as_posix() for one in repositories(tmp_path / "top")] == [
        "a",
        "b/one",
        "b/two.git",
    ]
