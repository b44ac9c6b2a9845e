"""Installed Pythons read from disk: names, versions, hashes and hooks, and nothing of it is run."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from graphkit.api import open_graph
from graphkit.formats.environments.pip_inspect import READER as PIP_INSPECT
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import NOT_READ, Basis, Completeness, Document, DocumentKind, Problem
from graphkit.model.ranks import Verdict
from graphkit.sources.environments import is_environment, read_environment
from graphkit.sources.environments.files import LARGEST

HOOK = b"import os; exec('x')\n"


def recorded(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def install(folder: Path, name: str, version: str, *requires: str, record: str | bytes = "", **files: str) -> Path:
    """Write the metadata of a distribution as an installer does."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    wanted = "".join(f"Requires-Dist: {one}\n" for one in requires)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{wanted}\nName: not this\n"
    )
    (info / "RECORD").write_bytes(record if isinstance(record, bytes) else record.encode())
    for key, text in files.items():
        (info / key.replace("_json", ".json")).write_text(text)
    return info


def read(folder: Path) -> Document:
    return read_environment(folder, "env")


def found(document: Document) -> list[tuple[str, str]]:
    return [(row.name, row.version) for row in document.components]


def edges(document: Document) -> set[tuple[str, str]]:
    names = {row.ref: row.name for row in document.components}
    return {(names[edge.source], names[edge.target]) for edge in document.edges}


def texts(document: Document) -> list[tuple[str, str]]:
    return [(one.place, one.text) for one in document.problems]


def test_names_versions_and_edges(tmp_path: Path) -> None:
    install(
        tmp_path, "App", "1.0", 'lib_b>=1; python_version >= "3"', 'win; sys_platform == "win32"', 'x; extra == "x"'
    )
    install(tmp_path, "lib-b", "2.0")
    assert is_environment(tmp_path)
    document = read(tmp_path)
    assert found(document) == [("app", "1.0"), ("lib-b", "2.0")]
    assert edges(document) == {("app", "lib-b")}
    assert (document.kind, document.basis, document.completeness) == (
        DocumentKind.ENVIRONMENT,
        Basis.INSTALLED,
        Completeness.COMPLETE,
    )
    assert document.places == ("App-1.0.dist-info", "lib-b-2.0.dist-info")
    assert document.problems == ()


def test_the_same_environment_elsewhere_is_the_same_document_and_another_is_not(tmp_path: Path) -> None:
    for place in ("a", "b"):
        install(tmp_path / place, "lib", "1.0")
    assert read(tmp_path / "a").sha256 == read(tmp_path / "b").sha256
    install(tmp_path / "b", "more", "1.0")
    assert read(tmp_path / "a").sha256 != read(tmp_path / "b").sha256


def test_hashes_of_files_are_members_and_archives_are_not(tmp_path: Path) -> None:
    files = {"lib/a.py": b"a", "lib/b.py": b"", '"lib/c, d.py"': b"c"}
    record = "".join(f"{name},{recorded(data)},1\n" for name, data in files.items()) + "lib-1.0.dist-info/RECORD,,\n"
    direct = {
        "url": "https://files.example/lib-1.0-py3-none-any.whl",
        "archive_info": {"hashes": {"sha256": "AB" * 32}},
    }
    install(tmp_path, "lib", "1.0", record=record, direct_url_json=json.dumps(direct))
    (row,) = read(tmp_path).components
    assert row.members == tuple(sorted(hashlib.sha256(data).hexdigest() for data in (b"a", b"c")))
    assert row.sha256 == ("ab" * 32,)
    assert row.origin == "https://files.example/lib-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("direct", "origin"),
    [
        (
            '{"url": "https://git.example/lib", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            "git+https://git.example/lib@abc",
        ),
        ('{"url": "file:///src/lib", "dir_info": {"editable": true}}', "file:///src/lib"),
        ("not json", "unknown"),
    ],
)
def test_what_did_not_come_from_an_index_says_so(tmp_path: Path, direct: str, origin: str) -> None:
    install(tmp_path, "lib", "1.0", direct_url_json=direct)
    assert [row.origin for row in read(tmp_path).components] == [origin]


def test_a_hook_that_nobody_claims_is_hashed_and_named(tmp_path: Path) -> None:
    install(tmp_path, "lib", "1.0", record=f"lib.pth,{recorded(b'src')},3\nown.pth,{recorded(b'before')},6\n")
    (tmp_path / "lib.pth").write_bytes(b"src")
    (tmp_path / "own.pth").write_bytes(b"after")
    (tmp_path / "litellm_init.pth").write_bytes(HOOK)
    (tmp_path / "plain.pth").write_bytes(b"/somewhere\n")
    document = read(tmp_path)
    rows = {row.name: row.members for row in document.components[1:]}
    assert rows == {
        name: (hashlib.sha256(data).hexdigest(),)
        for name, data in (("litellm_init.pth", HOOK), ("own.pth", b"after"), ("plain.pth", b"/somewhere\n"))
    }
    assert texts(document) == [
        (
            "litellm_init.pth",
            "not read: what it runs at every start of Python; no installed distribution claims it",
        ),
        (
            "own.pth",
            "not read: why it adds to what Python imports; it differs from what lib-1.0.dist-info recorded of it",
        ),
        ("plain.pth", "not read: what is installed in '/somewhere', which it adds to what Python imports"),
        ("plain.pth", "not read: why it adds to what Python imports; no installed distribution claims it"),
    ]
    assert document.completeness is Completeness.INCOMPLETE


def test_leftovers_old_metadata_and_folders_without_any(tmp_path: Path) -> None:
    install(tmp_path, "litellm", "1.82.8").rename(tmp_path / "~itellm-1.82.8.dist-info")
    (tmp_path / "old-1.0.egg-info").write_text("Metadata-Version: 1.0\nName: old\nVersion: 1.0\n")
    (tmp_path / "bare-2.0.dist-info").mkdir()
    document = read(tmp_path)
    assert [(row.name, row.version, row.optional) for row in document.components] == [
        ("bare", "2.0", False),
        ("old", "1.0", False),
        ("litellm", "1.82.8", True),
    ]
    assert ("bare-2.0.dist-info", "has no METADATA; its name is all that is known of it") in texts(document)
    assert ("~itellm-1.82.8.dist-info", "left behind by an uninstall that was interrupted") in texts(document)


def test_odd_records_and_links_stop_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "METADATA").write_text("Name: stolen\nVersion: 1\n")
    site = tmp_path / "site"
    install(site, "lib", "1.0", record=b'../../etc/passwd,sha256=short,1\n\xff\xfe,,\n"unclosed,sha256=x\n')
    (site / "linked-1.0.dist-info").symlink_to(outside)
    (site / "loop.pth").symlink_to("loop.pth")
    document = read(site)
    assert ("lib", "1.0") in found(document)
    assert "stolen" not in dict(found(document))
    assert Problem(place="lib-1.0.dist-info/RECORD", text="1 hashes that are not SHA-256") in document.problems


def test_what_cannot_be_read_is_not_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "lib", "1.0")
    monkeypatch.setitem(LARGEST, "METADATA", 3)
    document = read(tmp_path)
    assert document.completeness is Completeness.INCOMPLETE
    assert "not read" in document.problems[0].text
    assert NOT_READ not in document.problems[0].text


def test_many_distributions_take_linear_time(tmp_path: Path) -> None:
    for number in range(2_000):
        install(tmp_path, f"lib{number}", "1.0", f"lib{number + 1}")
    assert len(read(tmp_path).edges) == 1_999


def test_it_sees_what_pip_sees() -> None:
    folder = Path(sysconfig.get_paths()["purelib"])
    answer = subprocess.run([sys.executable, "-m", "pip", "inspect", "--local"], check=True, capture_output=True)
    theirs = PIP_INSPECT.parse(RawDocument(answer.stdout, "pip", "env"))
    ours = read(folder)
    named = {row.name: row.version for row in ours.components if row.package and not row.optional}
    assert {row.name: row.version for row in theirs.components}.items() <= named.items()
    assert edges(theirs) <= edges(ours)


def test_a_virtual_environment_is_one_service_by_its_files_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "venv" / "lib" / "python3.12" / "site-packages"
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"name": "zlib", "type": "library", "purl": "pkg:generic/zlib@1"}],
    }
    info = install(site, "renamed", "9.9", record=f"renamed.pth,{recorded(HOOK)},1\n")
    (info / "sboms").mkdir()
    (info / "sboms" / "auditwheel.cdx.json").write_text(json.dumps(bom))
    (site / "renamed").mkdir()
    (site / "renamed" / "requirements.txt").write_text("litellm==1.82.8\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("version = 3.12.4\n")
    incident = {
        "schema": "graphkit.incident/1",
        "id": "INC-1",
        "title": "litellm",
        "releases": [
            {
                "purl": "pkg:pypi/litellm@1.82.8",
                "files": [{"filename": "litellm_init.pth", "sha256": hashlib.sha256(HOOK).hexdigest(), "member": True}],
            }
        ],
    }
    (tmp_path / "incident.yaml").write_text(json.dumps(incident))
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        report = graph.ingest("env", ["venv"])
        assert (report.read, report.unrecognised, report.rejected) == (1, (), ())  # a part, no document of its own
        assert graph.ingest("advisory", ["incident.yaml"]).rejected == ()
        (service,) = graph.blast("INC-1").services
    assert (service.service, service.verdict, service.basis) == ("venv", Verdict.OBSERVED, "hash")
    assert "renamed 9.9" in service.reason


@pytest.mark.parametrize("place", ["share/tools/venv", "pipx/venvs/tool", "local"])
def test_environments_inside_of_a_virtual_one_are_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    install(tmp_path / "venv" / "lib" / "python3.12" / "site-packages", "app", "1.0")
    install(tmp_path / "venv" / place / "lib" / "python3.12" / "site-packages", "litellm", "1.82.8")
    settings = "include-system-site-packages = false\nversion = 3.12.4\n"
    (tmp_path / "venv" / "pyvenv.cfg").write_text(settings)
    (tmp_path / "venv" / place / "pyvenv.cfg").write_text(settings)
    for name in ("share/requirements.txt", f"{place}/requirements.txt", "z/requirements.txt"):
        (tmp_path / "venv" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "venv" / name).write_text("app==2.0\n")  # a copy of a program's file is no document
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        report = graph.ingest("env", ["venv"], service="shop")
        assert (report.read, report.unrecognised, report.rejected) == (2, (), ())
        (service,) = graph.blast("litellm==1.82.8").services
    assert service.verdict is Verdict.OBSERVED


def test_eggs_and_links_to_projects_are_installed_too(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    (site / "litellm-1.82.8-py3.12.egg" / "EGG-INFO").mkdir(parents=True)
    (site / "litellm-1.82.8-py3.12.egg" / "EGG-INFO" / "PKG-INFO").write_text("Name: litellm\nVersion: 1.82.8\n")
    with zipfile.ZipFile(site / "zipped-2.0-py3.12.egg", "w") as egg:
        egg.writestr("EGG-INFO/PKG-INFO", "Name: zipped\nVersion: 2.0\n")
    (site / "my-project.egg-link").write_text("/srv/project\n.")
    (site / "easy-install.pth").write_text("./litellm-1.82.8-py3.12.egg\n./zipped-2.0-py3.12.egg\n/srv/project\n")
    assert is_environment(site)
    document = read(site)
    assert [(row.name, row.version, row.origin) for row in document.components if row.package] == [
        ("litellm", "1.82.8", ""),
        ("my-project", "", "directory:/srv/project"),
        ("zipped", "2.0", ""),
    ]
    # Each line of the hook is a row, and the project's own tree was not given.
    assert [one for one in texts(document) if one[1].startswith(NOT_READ)] == [
        (
            "my-project.egg-link",
            "not read: the editable tree '/srv/project', outside of what was given; give its folder as well",
        )
    ]


def test_a_project_that_is_worked_on_is_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src" / "app.egg-info").mkdir(parents=True)
    (tmp_path / "src" / "app.egg-info" / "PKG-INFO").write_text("Name: app\nVersion: 1\n")
    (tmp_path / "src" / "requirements.txt").write_text("litellm==1.82.8\n")
    assert not is_environment(tmp_path / "src")
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        graph.ingest("env", ["src"])
        assert [one.service for one in graph.who_has("litellm").matches] == ["requirements.txt"]


@pytest.mark.parametrize(
    ("entry", "metadata", "rows"),
    [
        ("litellm-1.82.8.dist-info", "Name: other\nVersion: 1\n", [("litellm", "1.82.8"), ("other", "1")]),
        (
            "litellm-1.82.8.dist-info",
            "Name: litellm\nVersion: 1.82.6\n",
            [("litellm", "1.82.6"), ("litellm", "1.82.8")],
        ),
        ("litellm-1.82.8.dist-info", "Name: Lite-LLM\n", [("lite-llm", "1.82.8"), ("litellm", "1.82.8")]),
        ("litellm-1.82.8.dist-info", "no headers\nat all\n", [("litellm", "1.82.8")]),
        ("litellm-1.82.8.dist-info", "\ufeffName: litellm\r\nVersion: 1.82.8\r\n\r\nName: x", [("litellm", "1.82.8")]),
        ("zope.interface-5.0.0.dist-info", "Name: zope-interface\nVersion: 5.0\n", [("zope-interface", "5.0")]),
        ("a-b-1.0.dist-info", "", [("a-b", "1.0")]),
        ("A-1.0.DIST-INFO", "", [("a", "1.0")]),
        ("a_b-1.0_local-py3.12.egg-info", "Name: a-b\nVersion: 1.0-local\n", [("a-b", "1.0-local")]),
        ("nameless.dist-info", "Name: litellm\n", [("litellm", ""), ("nameless", "")]),
    ],
)
def test_where_name_and_metadata_differ_both_count(
    tmp_path: Path, entry: str, metadata: str, rows: list[tuple[str, str]]
) -> None:
    folder = tmp_path / entry
    folder.mkdir()
    (folder / "METADATA").write_bytes(metadata.encode())
    document = read(tmp_path)
    assert sorted(found(document)) == rows
    assert len(document.places) == len(document.components)
    assert ("both are listed" in " ".join(text for _, text in texts(document))) == (len(rows) > 1)


def test_names_in_latin_1_and_versions_side_by_side(tmp_path: Path) -> None:
    info = install(tmp_path, "litellm", "1.82.6")
    (info / "METADATA").write_bytes(b"Author: Ren\xe9\nName: litellm\nVersion: 1.82.6\n\nCaf\xe9")
    install(tmp_path, "litellm", "1.82.8")
    document = read(tmp_path)
    assert found(document) == [("litellm", "1.82.6"), ("litellm", "1.82.8")]
    assert [place for place, _ in texts(document)] == ["litellm-1.82.8.dist-info"]


def test_what_python_takes_from_elsewhere_leaves_it_open(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    install(site, "lib", "1.0")
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.1\n")
    own = read(site)
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = True\n")
    shared = read(site)
    assert (own.completeness, shared.completeness) == (Completeness.COMPLETE, Completeness.INCOMPLETE)
    assert own.sha256 != shared.sha256
    assert texts(shared)[0][0] == "pyvenv.cfg"
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n")  # which Python takes for yes
    assert read(site).completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    ("lines", "completeness"),
    [
        ("vendor\n", Completeness.COMPLETE),
        ("../elsewhere\n", Completeness.INCOMPLETE),
        ("# /opt/more\n\nplain\nwin32\\lib\na\0b\n.\n", Completeness.COMPLETE),
        ("import sys; sys.path\n", Completeness.INCOMPLETE),
    ],
)
def test_folders_that_a_hook_adds(tmp_path: Path, lines: str, completeness: Completeness) -> None:
    install(tmp_path, "lib", "1.0")
    install(tmp_path / "vendor", "litellm", "1.82.8")
    (tmp_path / "setuptools.pth").write_text(lines)
    document = read(tmp_path)
    assert document.completeness is completeness
    (tmp_path / "setuptools.pth").rename(tmp_path / "more.pth")  # of no tool that is known
    assert read(tmp_path).completeness is Completeness.INCOMPLETE
    rows = {(row.name, row.version, row.optional) for row in document.components}
    assert ("litellm", "1.82.8", lines != "vendor\n") in rows


def test_the_hook_of_an_editable_install_adds_the_project_alone(tmp_path: Path) -> None:
    install(tmp_path, "app", "1.0", record=f"app.pth,{recorded(b'/srv/app')},8\nbare.pth,,\n")
    (tmp_path / "app.pth").write_text("/srv/app")
    (tmp_path / "bare.pth").write_bytes(HOOK)
    document = read(tmp_path)
    assert texts(document) == [
        ("app.pth", "not read: what is installed in '/srv/app', which it adds to what Python imports")
    ]
    assert [row.name for row in document.components] == ["app", "bare.pth"]  # one without a recorded hash is hashed


def test_a_record_gives_every_hash_that_it_has(tmp_path: Path) -> None:
    lines = [
        f'"open quote,{recorded(b"1")},1',
        f'"quoted, with ""comma""",{recorded(b"2")},1',
        f"form\x0cfeed\u2028,{recorded(b'3')},1",
        "none,,",
        "",
        "other,sha384=abc,1",
        f"twice.pth,{recorded(b'4')},1\ntwice.pth,,",
        f"last\r,{recorded(b'5')},1\r",
        f"debian.py,sha256={hashlib.sha256(b'6').hexdigest()},1",
    ]
    install(tmp_path, "lib", "1.0", record="\n".join(lines))
    document = read(tmp_path)
    assert set(document.components[0].members) == {
        hashlib.sha256(one).hexdigest() for one in (b"1", b"2", b"3", b"4", b"5", b"6")
    }
    assert (
        "lib-1.0.dist-info/RECORD",
        "1 hashes of another kind than SHA-256, which no incident can be matched with",
    ) in (texts(document))


def test_what_has_nothing_to_read_is_part_of_the_identity(tmp_path: Path) -> None:
    for place, name in (("a", "lib-1.0"), ("b", "litellm-1.82.8")):
        (tmp_path / place / f"{name}.dist-info").mkdir(parents=True)
    assert read(tmp_path / "a").sha256 != read(tmp_path / "b").sha256


def test_a_leftover_without_metadata_has_no_name(tmp_path: Path) -> None:
    install(tmp_path, "lib", "1.0")
    (tmp_path / "~itellm-1.82.8.dist-info").mkdir()
    assert read(tmp_path).completeness is Completeness.INCOMPLETE


def test_pipes_loops_and_links_out_end_and_are_named(tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = install(site, "lib", "1.0")
    os.mkfifo(site / "pipe.pth")
    os.mkfifo(info / "direct_url.json")
    (info / "RECORD").unlink()
    os.mkfifo(info / "RECORD")
    (info / "sboms").mkdir()
    (info / "sboms" / "loop").symlink_to(info)
    (tmp_path / "hook.pth").write_bytes(HOOK)
    (site / "hook.pth").symlink_to(tmp_path / "hook.pth")
    document = read(site)
    assert found(document) == [("lib", "1.0")]
    assert texts(document) == [("hook.pth", "not read: what this link leads to")]


def test_bundled_boms_are_rows_of_the_environment(tmp_path: Path) -> None:
    info = install(tmp_path, "lib", "1.0")
    (info / "sboms" / "deep").mkdir(parents=True)
    for number, place in enumerate(("deep/a.json", "b.json")):
        part = {"name": "litellm", "type": "library", "version": "1.82.8", "purl": f"pkg:pypi/litellm@1.82.{number}"}
        bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part]}
        (info / "sboms" / place).write_text(json.dumps(bom))
    document = read(tmp_path)
    assert {(row.name, row.version, row.optional) for row in document.components} >= {
        ("litellm", "1.82.0", True),
        ("litellm", "1.82.1", True),
    }
    assert document.completeness is Completeness.COMPLETE
    (info / "sboms" / "b.json").write_text("{}")
    assert texts(read(tmp_path))[0] == (
        "lib-1.0.dist-info/sboms/b.json",
        "not read: this SBOM, whose format is not known",
    )


def test_no_password_of_an_address_is_kept(tmp_path: Path) -> None:
    vcs = {"url": "https://me:hush@git.example/lib", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    install(tmp_path, "lib", "1.0", direct_url_json=json.dumps(vcs))
    document = read(tmp_path)
    assert document.components[0].origin == "git+https://git.example/lib@abc"
    assert "hush" not in repr(document)


def test_code_that_nobody_claims_is_a_row_of_unknown_version(tmp_path: Path) -> None:
    for name in ("lib", "litellm", "no_package"):
        (tmp_path / name).mkdir()
    (tmp_path / "lib" / "__init__.py").write_text("")
    (tmp_path / "litellm" / "__init__.py").write_text("")
    info = install(tmp_path, "lib", "1.0", record="lib/__init__.py,,\nlib-1.0.dist-info/METADATA,,\n")
    document = read(tmp_path)
    assert found(document) == [("lib", "1.0"), ("litellm", "")]
    assert texts(document)[-1][0] == "litellm"
    (info / "RECORD").write_text("")
    assert ("lib", "") in found(read(tmp_path))
    (info / "INSTALLER").write_text("debian\n")  # has lists of its own: its code is that of its name all the same
    assert found(read(tmp_path)) == [("lib", "1.0"), ("litellm", "")]


def test_code_that_goes_by_another_name_says_whose_it_is(tmp_path: Path) -> None:
    (tmp_path / "yaml").mkdir()
    (tmp_path / "yaml" / "__init__.py").write_text("")
    install(tmp_path, "PyYAML", "6.0", record="yaml/__init__.py,,\nPyYAML-6.0.dist-info/METADATA,,\n")
    (code,) = [one for one in read(tmp_path).components if one.name == "yaml"]
    assert (code.version, code.origin, code.optional) == ("", "record:pyyaml", True)


@pytest.mark.parametrize("name", ["a.pth", "a.egg-link", "lib-1.0.dist-info/direct_url.json"])
@pytest.mark.parametrize("where", ["", "/"])
def test_a_path_that_is_too_long_for_any_file_leaves_it_open(tmp_path: Path, name: str, where: str) -> None:
    install(tmp_path, "lib", "1.0")
    path = f"{where}{'a' * 300}/b"
    said = path
    if name.endswith(".json"):
        said = json.dumps({"url": f"file:///{path}", "dir_info": {"editable": True}})
    (tmp_path / name).write_text(said, encoding="utf-8")
    read = read_environment(tmp_path, "site-packages")
    assert read.completeness is Completeness.INCOMPLETE
    assert "lib" in {row.name for row in read.components}
