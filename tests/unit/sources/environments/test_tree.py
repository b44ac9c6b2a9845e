"""What lies in an environment beside what is installed at its top: it is a row, or leaves the environment open."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from graphkit.model.documents import (
    EDITABLE_TREE,
    NOT_READ,
    Completeness,
    Document,
    is_open_for_editable_trees_alone,
)
from graphkit.sources.environments import is_environment, read_environment

Rows = set[tuple[str, str, bool]]
BAD = ("litellm", "1.82.8", True)


def site_of(prefix: Path) -> Path:
    """Return the `site-packages` of a virtual environment that holds one clean distribution."""
    site = prefix / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n")
    write(site, "requests-2.32.3.dist-info/METADATA", "Name: requests\nVersion: 2.32.3\n")
    write(site, "requests/__init__.py", "")
    write(site, "requests-2.32.3.dist-info/RECORD", "requests/__init__.py,,\nrequests-2.32.3.dist-info/METADATA,,\n")
    return site


def test_the_examples_of_graphkit_are_of_nothing_that_is_installed(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    bom = {
        "bomFormat": "CycloneDX",
        "components": [{"type": "library", "purl": "pkg:pypi/litellm@1.82.8", "name": "litellm"}],
    }
    write(site, "graphkit/_resources/examples/acme/sboms/gateway.cdx.json", json.dumps(bom))
    assert "litellm" not in [row.package for row in read_environment(site, "env", tmp_path).components]
    write(site, "graphkit/_resources/gateway.cdx.json", json.dumps(bom))
    assert "litellm" in [row.package for row in read_environment(site, "env", tmp_path).components]


def write(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def zipped(**files: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


def tarred(**files: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return held.getvalue()


def read(prefix: Path, given: Path | None = None) -> Document:
    return read_environment(prefix / "lib" / "python3.12" / "site-packages", "env", given or prefix)


def rows(document: Document) -> Rows:
    return {(row.package or row.name, row.version, row.optional) for row in document.components}


def opened(document: Document) -> list[str]:
    assert (document.completeness is Completeness.INCOMPLETE) == bool(document.problems) or document.completeness is (
        Completeness.COMPLETE
    )
    return [f"{one.place}: {one.text}" for one in document.problems if one.text.startswith(NOT_READ)]


BOM = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"}],
    }
)
PRECEDENCE = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
    "enabled and __import__('_distutils_hack')"
)
NAMESPACE = (
    "import sys, types, os;has_mfs = sys.version_info > (3, 5);p = os.path.join(sys._getframe(1).f_locals"
    "['sitedir'], *('zope',));importlib = has_mfs and __import__('importlib.util');has_mfs and "
    "__import__('importlib.machinery');m = has_mfs and sys.modules.setdefault('zope', "
    "importlib.util.module_from_spec(importlib.machinery.PathFinder.find_spec('zope', [os.path.dirname(p)])));"
    "m = m or sys.modules.setdefault('zope', types.ModuleType('zope'));mp = (m or []) and "
    "m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)\n"
)
SPDX = (
    "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\n\nPackageName: litellm\nSPDXID: SPDXRef-a\n"
    "PackageVersion: 1.82.8\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/litellm@1.82.8\n"
)
METADATA = "Name: litellm\nVersion: 1.82.8\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("agent/_vendor/litellm-1.82.8.dist-info/METADATA", METADATA),
        ("agent/deep/er/litellm-1.82.8.dist-info/METADATA", METADATA),
        ("agent/litellm.egg-info/PKG-INFO", METADATA),
        ("agent/litellm-1.82.8.egg-info", METADATA),
        ("agent/litellm-1.82.8-py3.12.egg/EGG-INFO/PKG-INFO", METADATA),
        ("agent/venv/lib/python3.12/site-packages/litellm-1.82.8.dist-info/METADATA", METADATA),
        ("litellm-1.82.8/PKG-INFO", METADATA),
        ("agent/_vendor/vendor.txt", "# pinned\nlitellm==1.82.8  # why\n    --hash=sha256:00\n"),
        ("agent/vendored.txt", "LiteLLM[proxy]==1.82.8\n"),
        ("agent/VENDORED", "litellm==1.82.8 --hash=sha256:00 \\\n"),
        ("agent/_vendor/requirements.txt", "litellm===1.82.8 ; python_version > '3'\n"),
        ("agent/bom.json", BOM),
        ("agent/sbom-of-it.json", BOM),
        ("agent/data/agent.cdx.json", BOM),
        ("requests-2.32.3.dist-info/sboms/any-name", BOM),
        ("agent/agent.spdx", SPDX),
        ("agent/seed/litellm-1.82.8-py3-none-any.whl", zipped(**{"litellm-1.82.8.dist-info/METADATA": METADATA})),
        ("agent/seed/litellm-1.82.8-py3-none-any.whl", b"not an archive"),
        ("agent/renamed.zip", zipped(**{"litellm-1.82.8.dist-info/METADATA": METADATA})),
        ("agent/app.pyz", b"#!python\n" + zipped(**{"x/litellm-1.82.8.dist-info/METADATA": METADATA})),
        ("agent/app.pyz", zipped(**{"_vendor/vendor.txt": "litellm==1.82.8\n"})),
        ("agent/app.pyz", zipped(**{"x/bom.json": BOM})),
        ("agent/litellm-1.82.8.tar.gz", tarred(**{"litellm-1.82.8/PKG-INFO": METADATA})),
        ("agent/renamed.tgz", tarred(**{"any/litellm.egg-info/PKG-INFO": METADATA})),
    ],
)  # fmt: skip
def test_each_place_that_names_a_release_makes_a_row(tmp_path: Path, name: str, data: str | bytes) -> None:
    site = site_of(tmp_path)
    clean = read(tmp_path)
    write(site, name, data)
    document = read(tmp_path)
    assert BAD in rows(document)
    assert len(document.places) == len(document.components)
    assert len({row.ref for row in document.components}) == len(document.components)
    assert clean.completeness is Completeness.COMPLETE
    assert rows(clean) == {("requests", "2.32.3", False)}
    assert document.sha256 != clean.sha256


@pytest.mark.parametrize(
    "place", ["src/litellm/litellm.egg-info/PKG-INFO", "share/app/litellm-1.82.8.dist-info/METADATA"]
)
def test_a_virtual_environment_is_looked_through_as_a_whole(tmp_path: Path, place: str) -> None:
    site_of(tmp_path)
    write(tmp_path, place, METADATA)
    assert BAD in rows(read(tmp_path))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("agent/vendor.txt", "see the web page for litellm\n", "agent/vendor.txt: line 1: not read:"),
        ("agent/bom.json", BOM[:-20], "agent/bom.json: not read: this SBOM"),
        ("agent/app.pyz", b"cut off", "agent/app.pyz: not read: this archive"),
        ("litellm_init.pth", "import os; os.x\n", "litellm_init.pth: not read: what it runs"),
        ("_virtualenv.pth", "import _virtualenv; import os; os.x\n", "_virtualenv.pth: not read: what it runs"),
        ("a-nspkg.pth", "import sys, types, os; exec('x')\n", "a-nspkg.pth: not read: what it runs"),
    ],
)
def test_what_cannot_be_read_leaves_it_open(tmp_path: Path, name: str, data: str | bytes, says: str) -> None:
    write(site_of(tmp_path), name, data)
    document = read(tmp_path)
    assert document.completeness is Completeness.INCOMPLETE
    assert f"{document.problems[0].place}: {document.problems[0].text}".startswith(says)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("requests/numbers.zip", b"damaged, and no program looks into it"),
        ("requests/numbers.tar.gz", tarred(**{"numbers/a.csv": "1"})),
        ("requests/bom.json", '{"a": 1}'),
        ("requests/bom-1.6.SNAPSHOT.schema.json", '{"bomFormat": "CycloneDX", broken'),
        ("_virtualenv.pth", "import _virtualenv"),
        ("distutils-precedence.pth", PRECEDENCE),
        ("zope.interface-7.0-nspkg.pth", NAMESPACE),
        ("pywin32.pth", "# .pth\nwin32\nwin32\\lib\nPythonwin\nimport pywin32_bootstrap\n"),
        ("empty.pth", ""),
        ("__pycache__/requests.cpython-312.pyc", b"made by a run"),
        ("requests/__pycache__/__init__.cpython-312.pyc", b"made by a run"),
        ("requests-2.32.3.dist-info/uv_cache.json", "{}"),
        ("requests-2.32.3.dist-info/REQUESTED", ""),
        ("README.txt", "of conda"),
        ("requests/unclaimed.txt", "is noted"),
    ],
)
def test_what_tools_leave_behind_stays_complete(tmp_path: Path, name: str, data: str | bytes) -> None:
    write(site_of(tmp_path), name, data)
    document = read(tmp_path)
    assert opened(document) == []
    assert document.completeness is Completeness.COMPLETE
    assert {row for row in rows(document) if not row[0].endswith(".pth")} == {("requests", "2.32.3", False)}


@pytest.mark.parametrize(
    ("name", "is_listed"),
    [
        ("litellm/__init__.py", False),
        ("litellm/main.py", False),
        ("litellm.py", False),
        ("litellm.pyc", False),
        ("litellm.abi3.so", False),
        ("litellm.cpython-312-x86_64-linux-gnu.so", False),
        ("__pycache__/litellm.cpython-312.pyc", False),
        ("requests/_vendor/litellm/__init__.py", True),
        ("requests/third_party/litellm.py", True),
        ("requests/_vendor/more/_bundled/litellm/a.py", True),
    ],
)
def test_code_without_a_record_of_its_name_has_no_version(tmp_path: Path, name: str, *, is_listed: bool) -> None:
    site = site_of(tmp_path)
    write(site, name, "")
    document = read(tmp_path)
    assert ("litellm", "", is_listed) in rows(document)
    assert document.completeness is Completeness.COMPLETE  # open for that package alone
    # A record of another distribution does not make it known.
    with (site / "requests-2.32.3.dist-info" / "RECORD").open("a") as record:
        record.write(f"{name},,\n")
    assert ("litellm", "", True) in rows(read(tmp_path))
    # One of its own does, beside it.
    parent = name.partition("litellm")[0].removesuffix("__pycache__/")
    write(site, f"{parent}litellm-1.80.0.dist-info/METADATA", "Name: litellm\nVersion: 1.80.0\n")
    write(site, f"{parent}litellm-1.80.0.dist-info/RECORD", f"{name.removeprefix(parent)},,\n")
    found = {(row[0], row[1]) for row in rows(read(tmp_path)) if row[0] == "litellm"}
    assert found == {("litellm", "1.80.0")}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("app.pyz", zipped(**{"litellm/__init__.py": ""})),
        ("app.pyz", zipped(**{"litellm/main/core.so": ""})),
        ("app.pyz", zipped(**{"litellm.cpython-312-x86_64-linux-gnu.so": ""})),
        ("app.pyz", zipped(**{"site-packages/litellm/__init__.py": ""})),
        ("app.pex", zipped(**{".deps/litellm-1.82.8-py3-none-any.whl/litellm/__init__.py": ""})),
        ("a-1-py3-none-any.whl", zipped(**{"a-1.dist-info/METADATA": "Name: a\nVersion: 1\n", "litellm/a.py": ""})),
        ("a-1.tar.gz", tarred(**{"a-1/PKG-INFO": "Name: a\nVersion: 1\n", "a-1/a/_vendor/litellm/__init__.py": ""})),
    ],
)
def test_code_in_an_archive_without_metadata_of_its_name_has_no_version(tmp_path: Path, name: str, data: bytes) -> None:
    site_of(tmp_path)
    write(tmp_path, f"share/{name}", data)
    assert ("litellm", "", True) in rows(read(tmp_path))


def test_code_in_an_archive_is_that_of_its_metadata_or_lies_deeper(tmp_path: Path) -> None:
    site_of(tmp_path)
    held = {"litellm-1.80.0.dist-info/METADATA": "Name: litellm\nVersion: 1.80.0\n", "litellm/__init__.py": ""}
    write(tmp_path, "share/litellm-1.80.0-py3-none-any.whl", zipped(**held, **{"litellm/other/__init__.py": ""}))
    assert rows(read(tmp_path)) == {("requests", "2.32.3", False), ("litellm", "1.80.0", True)}


def test_a_program_with_an_archive_behind_its_first_line_is_opened(tmp_path: Path) -> None:
    site_of(tmp_path)
    write(tmp_path, "bin/tool", b"#!/usr/bin/env python3\n" + zipped(**{"site-packages/litellm/__init__.py": ""}))
    write(tmp_path, "bin/plain", b"#!/bin/sh\nPK\n")
    write(tmp_path, "bin/compiled", b"\x7fELF" + zipped(**{"six/__init__.py": ""}))
    assert rows(read(tmp_path)) == {("requests", "2.32.3", False), ("litellm", "", True)}


def test_an_sbom_that_denies_itself_says_nothing_of_what_is_installed(tmp_path: Path) -> None:
    bom = json.loads(BOM) | {"compositions": [{"aggregate": "incomplete"}]}
    path = write(site_of(tmp_path), "requests-2.32.3.dist-info/sboms/a.cdx.json", json.dumps(bom))
    assert read(tmp_path).completeness is Completeness.COMPLETE
    path.write_text(json.dumps(bom | {"externalReferences": [{"type": "bom", "url": "https://example.com/b.json"}]}))
    assert "the document that this reference points to" in opened(read(tmp_path))[0]


def test_a_list_beside_vendored_code_gives_its_version(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    write(site, "requests/_vendor/six.py", "")
    write(site, "requests/_vendor/vendor.txt", "six==1.16.0\n")
    assert rows(read(tmp_path)) == {("requests", "2.32.3", False), ("six", "1.16.0", True)}


def conda(prefix: Path, name: str, version: str, *files: str) -> None:
    record = {"name": name, "version": version, "channel": "https://conda.example/main", "files": list(files)}
    write(prefix, f"conda-meta/{name}-{version}-0.json", json.dumps(record))


def test_conda_records_are_rows_and_show_python_releases(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    (tmp_path / "pyvenv.cfg").unlink()
    write(site, "copied/__init__.py", "")
    write(site, "yaml/__init__.py", "")
    conda(tmp_path, "openssl", "3.5", "lib/libssl.so")
    conda(tmp_path, "requests", "2.32.3", "lib/python3.12/site-packages/requests-2.32.3.dist-info/METADATA")
    conda(tmp_path, "litellm", "1.82.8", "lib/python3.12/site-packages/litellm/__init__.py")
    conda(tmp_path, "pyyaml", "6.0", "lib/python3.12/site-packages/yaml/__init__.py")
    conda(tmp_path, "torch-cpu", "2.0", "Lib\\site-packages\\torch-2.0.dist-info\\METADATA")
    document = read(tmp_path)
    assert {row.purl for row in document.components} == {
        "pkg:conda/litellm@1.82.8",
        "pkg:conda/openssl@3.5",
        "pkg:conda/pyyaml@6.0",
        "pkg:conda/requests@2.32.3",
        "pkg:conda/torch-cpu@2.0",
        "pkg:pypi/copied",
        "pkg:pypi/litellm@1.82.8",
        "pkg:pypi/pyyaml@6.0",
        "pkg:pypi/requests@2.32.3",
        "pkg:pypi/torch@2.0",
        "pkg:pypi/yaml",
    }
    assert document.completeness is Completeness.COMPLETE
    write(tmp_path, "conda-meta/history", "==> 2026 <==")
    assert read(tmp_path).sha256 == document.sha256
    write(tmp_path, "conda-meta/broken-1.json", "{")
    assert opened(read(tmp_path))[0].startswith("conda-meta/broken-1.json: not read: this record of conda")


def test_an_editable_tree_counts_where_it_was_given(tmp_path: Path) -> None:
    site = site_of(tmp_path / ".venv")
    project, tree = tmp_path / "project", tmp_path / "project" / "src"
    write(tree, "app/__init__.py", "")
    write(tree, "app/_vendor/litellm-1.82.8.dist-info/METADATA", METADATA)
    write(tree, "app.egg-info/PKG-INFO", "Name: app\nVersion: 1.0\n")
    direct = {"url": project.as_uri(), "dir_info": {"editable": True}}
    write(site, "app-1.0.dist-info/METADATA", "Name: app\nVersion: 1.0\n")
    write(site, "app-1.0.dist-info/direct_url.json", json.dumps(direct))
    write(site, "app.pth", str(tree))
    digest = base64.urlsafe_b64encode(hashlib.sha256(str(tree).encode()).digest()).rstrip(b"=").decode()
    write(site, "app-1.0.dist-info/RECORD", f"app.pth,sha256={digest},1\n")
    alone, whole = read(tmp_path / ".venv"), read(tmp_path / ".venv", tmp_path)
    assert [one.text.startswith(EDITABLE_TREE) for one in alone.problems] == [True]
    assert is_open_for_editable_trees_alone(alone)
    assert alone.completeness is Completeness.INCOMPLETE
    assert whole.completeness is Completeness.COMPLETE
    assert BAD in rows(whole)
    assert not {row for row in rows(whole) if row[1] == ""}
    assert alone.sha256 != whole.sha256


def test_the_finder_of_an_editable_install_is_followed(tmp_path: Path) -> None:
    site = site_of(tmp_path / ".venv")
    tree = tmp_path / "project" / "app"
    write(tree, "__init__.py", "")
    write(tree, "_vendor/litellm-1.82.8.dist-info/METADATA", METADATA)
    line = "import __editable___app_1_0_finder; __editable___app_1_0_finder.install()"
    write(site, "__editable__.app-1.0.pth", line)
    finder = write(
        site, "__editable___app_1_0_finder.py", f"MAPPING: dict[str, str] = {{'app': {str(tree)!r}}}\nX = 1\n"
    )
    assert "which it adds to what Python imports" in opened(read(tmp_path / ".venv"))[0]
    whole = read(tmp_path / ".venv", tmp_path)
    assert opened(whole) == []
    assert BAD in rows(whole)
    for text in ("MAPPING = {'app': f()}\n", "MAPPING = {1: 2}\n", "", "MAPPING = {'app': '\\0'}\n"):
        finder.write_text(text)
        assert opened(read(tmp_path / ".venv", tmp_path))


def test_what_a_record_alone_names_was_there(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    with (site / "requests-2.32.3.dist-info" / "RECORD").open("a") as record:
        record.write("requests/_vendor/litellm-1.82.8.dist-info/METADATA,,\n")
    assert BAD in rows(read(tmp_path))


def test_a_file_that_a_hook_adds_is_an_archive_or_leaves_it_open(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    write(site, "more.zip", zipped(**{"litellm.py": ""}))
    write(site, "easy-install.pth", "./more.zip\n")
    assert opened(read(tmp_path)) == []
    assert ("litellm", "", True) in rows(read(tmp_path))
    (site / "more.zip").rename(site / "more.dat")
    write(site, "easy-install.pth", "./more.dat\n")
    assert "a file that it adds" in opened(read(tmp_path))[0]


def test_links_that_lead_out_leave_it_open_except_those_of_the_interpreter(tmp_path: Path) -> None:
    prefix, outside = tmp_path / "venv", tmp_path / "outside"
    site = site_of(prefix)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python3").symlink_to("/usr/bin/python3.12")
    (prefix / "bin" / "python").symlink_to("python3")
    (prefix / "lib64").symlink_to("lib")
    (site / "alias.py").symlink_to("requests/__init__.py")
    write(outside, "litellm/__init__.py", "")
    assert opened(read(prefix)) == []
    (site / "litellm").symlink_to(outside / "litellm")
    assert opened(read(prefix)) == ["litellm: not read: what this link leads to"]
    assert ("litellm", "", False) in rows(read(prefix))


def test_a_folder_of_a_hook_alone_and_one_of_nothing_are_environments(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    assert not is_environment(site)
    (tmp_path / "pyvenv.cfg").write_text(
        "home = /usr/bin\ninclude-system-site-packages = false\n"
    )  # as `uv venv` leaves it
    assert is_environment(site)
    assert read_environment(site, "env", tmp_path).completeness is Completeness.COMPLETE
    (tmp_path / "pyvenv.cfg").unlink()
    (site / "left.pth").write_text("import left\n")
    assert is_environment(site)
    assert read_environment(site, "env").completeness is Completeness.INCOMPLETE


def test_archives_that_unpack_to_too_much_leave_it_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = site_of(tmp_path)
    monkeypatch.setattr(sys.modules["graphkit.formats.archives"], "MEMBER_BYTES", 1000)
    write(site, "agent/a-1.0-py3-none-any.whl", zipped(**{"a-1.0.dist-info/METADATA": METADATA + " " * 5000}))
    write(site, "agent/b-1.0.tar.gz", tarred(**{"b-1.0/PKG-INFO": " " * 50_000}))
    document = read(tmp_path)
    assert len(opened(document)) == 2
    assert {("a", "1.0", True), ("b", "1.0", True)} <= rows(document)


def test_pipes_and_loops_deep_in_the_tree_end(tmp_path: Path) -> None:
    site = site_of(tmp_path)
    (site / "agent").mkdir()
    os.mkfifo(site / "agent" / "vendor.txt")
    os.mkfifo(site / "agent" / "bom.json")
    os.mkfifo(site / "agent" / "x.whl")
    (site / "agent" / "loop").symlink_to("loop")
    (site / "agent" / "up").symlink_to("..")
    assert read(tmp_path).completeness in Completeness


def test_environments_of_venv_stay_complete_before_and_after_a_run(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "venv"], cwd=tmp_path, check=True, capture_output=True)
    (site,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    subprocess.run([tmp_path / "venv" / "bin" / "python", "-m", "pip", "list"], check=True, capture_output=True)
    document = read_environment(site, "env", tmp_path / "venv")
    assert opened(document) == []
    assert document.completeness is Completeness.COMPLETE
