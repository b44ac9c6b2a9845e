"""Overrides of `[tool.uv]` mean in a walk what they mean to uv: both resolve each project from the same wheels."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.pyproject import READER
from graphkit.model.names import service_id
from graphkit.model.organisation import Service
from graphkit.stores.port import Fact
from graphkit.trace.blast import install_trees
from graphkit.trace.case_answer import Question
from tests.cases.build import compromised, incident, organisation, package, reader_of, use

UV: Final = Path(sys.executable).with_name("uv")
OLD: Final = "2025-01-01T00:00:00Z"
INDEX: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "aa": {"1.0": ['bb<2 ; python_version < "3"', 'cc ; extra == "x"', 'ee ; extra == "x" and os_name == "none"']},
    "bb": {"1.0": [], "2.0": [], "3.0": ["dd"]},
    "cc": {"1.0": ["bb<2"]},
    "dd": {"1.0": []},
    "ee": {"1.0": []},
}
BODIES: Final = {
    "a marker is dropped": 'dependencies = ["aa"]\n[tool.uv]\noverride-dependencies = ["bb==3.0"]',
    "an extra that is not taken is not": 'dependencies = ["aa"]\n[tool.uv]\noverride-dependencies = ["cc==1.0"]',
    "an extra stays, its marker goes": 'dependencies = ["aa[x]"]\n[tool.uv]\noverride-dependencies = ["ee"]',
    "a range far down": 'dependencies = ["aa[x]"]\n[tool.uv]\noverride-dependencies = ["bb>=2"]',
    "never": """dependencies = ["aa[x]"]\n[tool.uv]\noverride-dependencies = ["bb ; python_version < '0'"]""",
    "a range of the project": 'dependencies = ["bb<2"]\n[tool.uv]\noverride-dependencies = ["bb==3.0"]',
    "a marker of the project": """dependencies = ["bb<2 ; os_name == 'none'"]\n[tool.uv]\n"""
    'override-dependencies = ["bb==3.0"]',
    "constraints bind them": 'dependencies = ["bb<2"]\n[tool.uv]\noverride-dependencies = ["bb>=2"]\n'
    'constraint-dependencies = ["bb<3"]',
    "two of one": 'dependencies = ["aa[x]"]\n[tool.uv]\noverride-dependencies = ["bb>=1", "bb<3"]',
    "two by marker": 'dependencies = ["bb"]\n[tool.uv]\noverride-dependencies = '
    """["bb==2.0 ; os_name == 'none'", "bb==1.0 ; os_name != 'none'"]""",
    "an extra of the project": 'dependencies = ["dd"]\n[project.optional-dependencies]\nz = ["bb<2"]\n[tool.uv]\n'
    'override-dependencies = ["bb==3.0"]',
    "with an extra": 'dependencies = ["aa"]\n[tool.uv]\noverride-dependencies = ["aa[x]"]',
    "without the extra": 'dependencies = ["aa[x]"]\n[tool.uv]\noverride-dependencies = ["aa==1.0"]',
    "of what nobody asks for": 'dependencies = ["cc"]\n[tool.uv]\noverride-dependencies = ["dd==1.0"]',
    "excluded": 'dependencies = ["aa[x]"]\n[tool.uv]\nexclude-dependencies = ["bb"]',
    "excluded and overridden": 'dependencies = ["aa[x]"]\n[tool.uv]\nexclude-dependencies = ["bb"]\n'
    'override-dependencies = ["bb==3.0"]',
    "excluded by the project": 'dependencies = ["bb", "dd"]\n[tool.uv]\nexclude-dependencies = ["B.B", "bb"]',
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name, releases in INDEX.items():
        for version, required in releases.items():
            with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
                about = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Provides-Extra: x"]
                about += [f"Requires-Dist: {one}" for one in required]
                inside = f"{name}-{version}.dist-info"
                wheel.writestr(f"{inside}/METADATA", "\n".join(about) + "\n")
                wheel.writestr(f"{inside}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                wheel.writestr(f"{inside}/RECORD", "")
    return folder


def index() -> Iterator[Fact]:
    for name, releases in INDEX.items():
        yield from package(name, {version: (OLD, required) for version, required in releases.items()})


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_walk_takes_what_uv_takes(body: str, wheels: Path, tmp_path: Path) -> None:
    text = f'[project]\nname = "svc"\nversion = "1"\nrequires-python = ">=3.11"\n{body}\n'
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(text)
    asked = ("--offline", "--no-index", "--find-links", str(wheels), "--no-header", "--no-annotate", "--quiet")
    done = subprocess.run(
        [UV, "pip", "compile", *asked, "--python-version", "3.12", "pyproject.toml"],
        cwd=project,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

    manifest = READER.parse(RawDocument(text.encode(), "pyproject.toml"))
    assert manifest.problems == ()
    service = Service(id=service_id("svc"), resolver="uv", extras=(), groups=())
    told = organisation(services=(service,), uses=(use("svc", manifest, stands_from="08:00", read_at="18:00"),))
    bad = incident(compromised("zz", "1", "11:00"), until="13:00")
    reader = reader_of(tmp_path / "graph", *index(), *package("zz", {"1": ("11:00", [])}), manifest, told, bad)
    (tree,) = install_trees(reader, Question(targets=("case-1",)), service.id)
    assert {f"{one.package}=={one.version}" for one in tree.releases} == set(done.stdout.split())
