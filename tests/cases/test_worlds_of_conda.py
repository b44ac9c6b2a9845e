"""Services of which pip's reports and the files of conda speak, over a tiny index, each with its right verdict.

The index is that of `test_small_worlds`: `badpkg` 1.2 is bad, `mid` needs it, `other` needs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from graphkit.api import Graph
from graphkit.model.answers import ServiceVerdict
from graphkit.stores import open_store
from tests.cases.test_small_worlds import AT, BARRED, INCIDENT, PROJECT, STOOD, Files, Said, builds, index

Case = tuple[Files, Said, str]
"""The files of a service, what the organisation says of it, and its verdict."""


SHA: Final = "ab" * 32


def report(*rows: str, **requires: str) -> str:
    """Return what pip reports of an install; ``requires`` gives what a row requires."""
    install = []
    for row in rows:
        name, version = row.split("==")
        metadata: dict[str, Any] = {"metadata_version": "2.1", "name": name, "version": version}
        metadata |= {"requires_dist": [requires[name]]} if name in requires else {}
        url = f"https://files.example/{name}-{version}-py3-none-any.whl"
        info = {"url": url, "archive_info": {"hashes": {"sha256": SHA}}}
        install.append({"download_info": info, "is_direct": False, "requested": True, "metadata": metadata})
    return json.dumps({"version": "1", "pip_version": "26.3", "install": install, "environment": {}})


CONDA_BASE: Final = (
    ("ca-certificates", "2026.1.4", "hbd8a1cb_0", "conda-forge"),
    ("openssl", "3.6.0", "h26f9b46_0", "conda-forge"),
    ("python", "3.12.12", "hd63d673_1_cpython", "conda-forge"),
)


def conda_list(*rows: tuple[str, ...], form: str = "text") -> str:
    """Return what conda lists of an environment: name, version, build, channel of each row."""
    every = (*CONDA_BASE, *rows)
    if form == "JSON":
        keys = ("name", "version", "build_string", "channel")
        more = {"base_url": "https://conda.example/x", "dist_name": "x", "build_number": 0, "platform": "linux-64"}
        return json.dumps([more | dict(zip(keys, row, strict=True)) for row in every])
    if form == "export":
        top = "# This file may be used to create an environment using:\n"
        top += "# $ conda create --name <env> --file <this file>\n# platform: linux-64\n"
        return top + "".join(f"{'='.join(row[:3])}\n" for row in every)
    top = "# packages in environment at /opt/conda:\n#\n# Name              Version             Build  Channel\n"
    return top + "".join(f"{row[0]:<25} {row[1]:>10} {row[2]:>20}    {row[3]}\n" for row in every)


def pypi(row: str) -> tuple[str, ...]:
    """Return the row of conda's list of a release that pip installed."""
    return (*row.split("=="), "pypi_0", "pypi")


EXPLICIT: Final = (
    "# platform: linux-64\n@EXPLICIT\nhttps://conda.example/conda-forge/noarch/other-1.0-pyhd8ed1ab_0.conda#00\n"
)
LOCKED_PIP: Final = f"# pip badpkg @ https://files.example/badpkg-VERSION-py3-none-any.whl#sha256={SHA}\n"
PIXI_LOCK: Final = f"""version: 6
environments:
  default:
    packages:
      linux-64:
      - conda: https://conda.example/conda-forge/noarch/other-1.0-pyhd8ed1ab_0.conda
      - pypi: https://files.example/badpkg-1.1-py3-none-any.whl
packages:
- conda: https://conda.example/conda-forge/noarch/other-1.0-pyhd8ed1ab_0.conda
- pypi: https://files.example/badpkg-1.1-py3-none-any.whl
  name: badpkg
  version: '1.1'
  sha256: {SHA}
"""
CONDA_FORGE: Final = ("badpkg", "1.2", "pyhd8ed1ab_0", "conda-forge")
LISTED_BY: Final = {"documents": [{"path": "list", "built_at": AT}], "builds": "complete"}
WORD: Final = {"documents": [{"path": "list", "built_at": AT, "complete": True}], "builds": "complete"}
ENVIRONMENT: Final = """name: svc
channels: [conda-forge]
dependencies:
- python=3.12
- pip
- other
- pip:
  - badpkg<1.2
"""
ENV_ANY: Final = ENVIRONMENT.replace("- other", "- anylib>=1")


def conda_lock(*rows: str, pip: str = "badpkg==1.1", sources: str = "environment.yml", category: str = "main") -> str:
    """Return a lock of conda-lock with packages of conda (``name==version``, and what they need) and one of pip."""
    top = f"version: 1\nmetadata:\n  content_hash: {{linux-64: aa}}\n  channels: []\n  sources: [{sources}]\npackage:\n"
    found = []
    for row in ("python==3.12.1", "pip==25.3 python", *rows, f"{pip} pip"):
        (name, version), (_, *needs) = row.split()[0].split("=="), row.split()
        is_pip = needs == ["pip"]
        about: dict[str, Any] = {
            "name": name,
            "version": version,
            "manager": "pip" if is_pip else "conda",
            "platform": "linux-64",
        }
        about |= {
            "dependencies": {} if is_pip else dict.fromkeys(needs, ""),
            "category": category if is_pip else "main",
        }
        about |= {"url": f"https://files.example/{name}-{version}-py3-none-any.whl", "hash": {"sha256": SHA}}
        found.append(f"- {json.dumps(about)}\n")
    return top + "".join(found)


LISTINGS: Final[Sequence[tuple[str, Said, str]]] = [
    # A report names what one command took; what was there before is in the organisation's word alone.
    (report("badpkg==1.2"), LISTED_BY, "observed"),
    (report("other==1.0"), LISTED_BY, "unknown"),
    (report("other==1.0"), WORD, "cleared"),
    (report("badpkg==1.1"), WORD, "cleared"),
    (report("mid==2.0", mid="badpkg"), WORD, "unknown"),
    (report("mid==2.0", "badpkg==1.2", mid="badpkg"), WORD, "observed"),
    (report(), WORD, "unknown"),
    (report("badpkg==1.2"), {}, "observed"),
    # Rows of the channel pypi are of the Python index; others are not another package for sure.
    (conda_list(pypi("badpkg==1.2")), LISTED_BY, "observed"),
    (conda_list(pypi("badpkg==1.2")), {"documents": [{"path": "list"}]}, "observed"),
    (conda_list(pypi("badpkg==1.1")), LISTED_BY, "cleared"),
    (conda_list(), LISTED_BY, "cleared"),
    (conda_list(), {"documents": [{"path": "list"}], "builds": "complete"}, "unknown"),
    (conda_list(CONDA_FORGE), LISTED_BY, "unknown"),
    (conda_list(("badpkg", "1.1", "py_0", "conda-forge")), LISTED_BY, "cleared"),
    (conda_list().replace("openssl", "other"), LISTED_BY, "unknown"),
    (conda_list(pypi("badpkg==1.2"), form="JSON"), LISTED_BY, "observed"),
    (conda_list(pypi("other==1.0"), form="JSON"), LISTED_BY, "cleared"),
    (conda_list(form="JSON"), LISTED_BY, "unknown"),
    (conda_list(form="JSON"), WORD, "cleared"),
    (conda_list(CONDA_FORGE, pypi("other==1.0"), form="JSON"), LISTED_BY, "unknown"),
    (conda_list(pypi("badpkg==1.2"), form="export"), LISTED_BY, "observed"),
    (conda_list(pypi("badpkg==1.1"), form="export"), LISTED_BY, "cleared"),
    (conda_list(form="export"), LISTED_BY, "unknown"),
    # An explicit list of conda leaves out what pip installed; one of conda-lock says what pip has to install.
    (EXPLICIT, LISTED_BY, "unknown"),
    (EXPLICIT, WORD, "cleared"),
    (f"# Generated by conda-lock.\n{EXPLICIT}", LISTED_BY, "cleared"),
    (f"# Generated by conda-lock.\n{EXPLICIT}{LOCKED_PIP.replace('VERSION', '1.1')}", LISTED_BY, "cleared"),
    (f"# Generated by conda-lock.\n{EXPLICIT}{LOCKED_PIP.replace('VERSION', '1.2')}", {}, "observed"),
    (f"# Generated by conda-lock.\n{EXPLICIT.replace('other-1.0', 'badpkg-1.2')}", LISTED_BY, "unknown"),
    # A lock of conda-lock.
    (conda_lock(), LISTED_BY, "cleared"),
    (conda_lock(pip="badpkg==1.2"), LISTED_BY, "observed"),
    (conda_lock(pip="badpkg==1.2", category="dev"), {}, "observed"),
    (conda_lock("badpkg==1.2"), LISTED_BY, "unknown"),
    (conda_lock("x==1 gone"), LISTED_BY, "unknown"),
    # A lock of pixi.
    (PIXI_LOCK, LISTED_BY, "cleared"),
    (PIXI_LOCK.replace("1.1", "1.2"), LISTED_BY, "observed"),
    (PIXI_LOCK.replace("other-1.0", "badpkg-1.2"), LISTED_BY, "unknown"),
]


LOCAL: Final = ENVIRONMENT.replace("badpkg<1.2", "-e .")
FREE: Final = ENVIRONMENT.replace("<1.2", "")
FREE_LOCK: Final = conda_lock("other==1.0")
CREATE: Final = "RUN conda env create -f environment.yml"
KEEP: Final = "RUN conda-lock install -n svc"


ENVIRONMENTS: Final[Sequence[Case]] = [
    # The list for pip is walked, its ranges bar; what conda brings, its names alone tell.
    ({"environment.yml": ENVIRONMENT}, {}, "cleared"),
    ({"environment.yml": ENVIRONMENT.replace("<1.2", "")}, {}, "picked"),
    ({"environment.yml": ENVIRONMENT.replace("badpkg<1.2", "mid")}, {}, "picked"),
    ({"environment.yml": ENVIRONMENT.replace("- other", "- badpkg")}, {}, "unknown"),
    ({"environment.yml": ENVIRONMENT.replace("- other", "- conda-forge::badpkg=1.1")}, {}, "unknown"),
    ({"environment.yml": ENVIRONMENT.replace("- other", "- mid")}, {}, "unknown"),
    ({"environment.yml": ENVIRONMENT.replace("- other", "- libnobodyread")}, {}, "unknown"),
    ({"environment.yml": ENVIRONMENT.replace("- other", "- *names")}, {}, "unknown"),
    ({"environment.yml": ENVIRONMENT.replace("badpkg<1.2", "-r gone.txt")}, {}, "unknown"),
    # A project that pip installs by its folder is an input of its own.
    ({"environment.yml": LOCAL, "pyproject.toml": BARRED}, {}, "cleared"),
    ({"environment.yml": LOCAL, "pyproject.toml": PROJECT.replace("other", "badpkg")}, {}, "picked"),
    ({"environment.yml": LOCAL}, {}, "unknown"),
    (
        {"environment.yml": LOCAL, "pyproject.toml": BARRED},
        {"documents": [], "builds": builds(manifest="environment.yml")},
        "unknown",
    ),
    # A build that resolved from it, which stood at no known time.
    (
        {"environment.yml": ENVIRONMENT},
        {"documents": [], "builds": builds(manifest="environment.yml")},
        "cleared",
    ),
    (
        {"environment.yml": ENVIRONMENT.replace("- other", "- badpkg")},
        {"documents": [], "builds": builds(manifest="environment.yml")},
        "unknown",
    ),
    # A conda-lock governs it while it lists all of it, conda's packages as well.
    ({"environment.yml": ENV_ANY, "conda-lock.yml": conda_lock("anylib==1.0")}, {}, "cleared"),
    (
        {"environment.yml": ENV_ANY.replace("<1.2", ""), "conda-lock.yml": conda_lock("anylib==1.0")},
        {},
        "cleared",
    ),
    (
        {"environment.yml": ENV_ANY.replace(">=1", ">=2"), "conda-lock.yml": conda_lock("anylib==1.0")},
        {},
        "unknown",
    ),
    ({"environment.yml": ENV_ANY, "conda-lock.yml": conda_lock()}, {}, "unknown"),
    ({"environment.yml": ENVIRONMENT.replace("<1.2", ">=1.2"), "conda-lock.yml": conda_lock()}, {}, "picked"),
    (
        {
            "environment.yml": ENVIRONMENT.replace("<1.2", ""),
            "conda-lock.yml": conda_lock("other==1.0", sources="dev.yml"),
        },
        {},
        "picked",
    ),
    ({"environment.yml": ENVIRONMENT, "conda-lock.yml": conda_lock(pip="badpkg==1.2")}, {}, "observed"),
    ({"environment.yml": FREE, "conda-lock.yml": FREE_LOCK, "Dockerfile": f"FROM x\n{CREATE}\n"}, {}, "picked"),
    ({"environment.yml": FREE, "conda-lock.yml": FREE_LOCK, "Dockerfile": f"FROM x\n{KEEP}\n"}, {}, "cleared"),
]


def inside(value: Any, folder: str) -> Any:
    """Return what is said of a service with the paths of its files in a folder."""
    if isinstance(value, Mapping):
        paths = {"path", "document", "lock", "manifest"}
        return {key: f"{folder}/{one}" if key in paths else inside(one, folder) for key, one in value.items()}
    return [inside(one, folder) for one in value] if isinstance(value, list) else value


def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases: Sequence[Case]) -> Iterator[ServiceVerdict]:
    """Yield the verdict of each case, each a service with a folder of its own, all judged at once."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    services = []
    for number, (files, said, _) in enumerate(cases):
        folder = f"c{number}"
        for name, text in files.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(text, encoding="utf-8")
        documents = [{"path": name, **STOOD} for name in files]
        services.append({"name": folder, **inside({"documents": documents, **said}, folder)})
    Path("inc.json").write_text(INCIDENT, encoding="utf-8")
    Path("org.json").write_text(json.dumps({"schema": "graphkit.organisation/1", "services": services}))
    store = open_store(tmp_path / "graph", create=True)
    store.record(index())
    graph = Graph(store)
    graph.ingest("advisory", ["inc.json"])
    graph.ingest("org", ["org.json"])
    found = {str(one.service): one for one in graph.blast("inc").services}
    graph.close()
    yield from (found[f"c{number}"] for number in range(len(cases)))


def test_what_pip_and_conda_say_of_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [({"list": text}, said, verdict) for text, said, verdict in LISTINGS]
    for (files, said, verdict), found in zip(cases, judged(tmp_path, monkeypatch, cases), strict=True):
        assert found.verdict == verdict, (files["list"], said, found.reason)


def test_environment_files_of_conda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for (files, said, verdict), found in zip(ENVIRONMENTS, judged(tmp_path, monkeypatch, ENVIRONMENTS), strict=True):
        assert found.verdict == verdict, (files, said, found.reason)
        if verdict == "unknown":
            assert "settle it" in found.reason
