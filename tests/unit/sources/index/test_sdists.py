"""What building an sdist takes, as its files say it; whatever else is in it."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping

import pytest

from graphkit.formats import archives
from graphkit.model.building import is_of_build
from graphkit.model.errors import InputError
from graphkit.model.names import package_name
from graphkit.sources.index.sdists import Sdist, Untold, own_metadata
from tests.unit.sources.index.archives import project, sdist, zipped

WHEEL = 'wheel ; platform_version == "of some versions of setuptools alone"'


def told(files: dict[str, str | bytes], filename: str = "dep-1.0.tar.gz") -> list[str]:
    found = Sdist.read(sdist(files), filename).build_requirements()
    assert all(is_of_build(one.marker) for one in found)
    return [str(one).replace('extra == ":build" and ', "").replace(' ; extra == ":build"', "") for one in found]


@pytest.mark.parametrize(
    ("files", "asked"),
    [
        ({"setup.py": "from setuptools import setup"}, ["setuptools>=40.8.0", WHEEL]),
        ({"PKG-INFO": ""}, ["setuptools>=40.8.0", WHEEL]),
        ({"PKG-INFO": "setup_requires is not used any more"}, ["setuptools>=40.8.0", WHEEL]),
        ({"pyproject.toml": "[tool.black]\nline-length = 88\n"}, ["setuptools>=40.8.0", WHEEL]),
        (
            {"pyproject.toml": project("setuptools>=61", "setuptools_scm[toml]>=3.4")},
            ["setuptools>=61", "setuptools-scm[toml]>=3.4", WHEEL],
        ),
        (
            {"pyproject.toml": '[build-system]\nrequires = ["setuptools", "numpy; python_version<\'3\'"]\n'},
            ["setuptools", 'numpy ; python_version < "3"', WHEEL],
        ),
        ({"pyproject.toml": project("poetry-core>=1", backend="poetry.core.masonry.api")}, ["poetry-core>=1"]),
        ({"pyproject.toml": project("uv_build>=0.9", backend="uv_build")}, ["uv-build>=0.9"]),
        ({"pyproject.toml": project("pdm-backend", backend="pdm.backend")}, ["pdm-backend"]),
        (
            {
                "pyproject.toml": project(
                    *("hatchling", "hatch-vcs"),
                    backend="hatchling.build",
                    more="[tool.hatch.build.hooks.vcs]\nversion-file = 'x.py'\n"
                    "[tool.hatch.build.targets.wheel]\ndependencies = ['more']\n",
                )
            },
            ["hatchling", "hatch-vcs", "more"],
        ),
        (
            {
                "pyproject.toml": project(
                    "flit_core", backend="flit_core.buildapi", more='[project]\nname = "dep"\nversion = "1"\n'
                )
            },
            ["flit-core"],
        ),
        # Tables of what does not build it say nothing.
        (
            {
                "pyproject.toml": project(
                    "setuptools",
                    more="[tool.hatch.build]\ndependencies = ['a']\n[tool.uv.extra-build-dependencies]\ndep = ['b']\n",
                )
            },
            ["setuptools", WHEEL],
        ),
        # What lies deeper is not what builds it.
        ({"setup.py": "", "vendor/pyproject.toml": project("evil"), "tests/setup.py": "setup_requires"}, None),
    ],
)
def test_what_the_files_say(files: dict[str, str | bytes], asked: list[str] | None) -> None:
    assert told(files) == (asked or ["setuptools>=40.8.0", WHEEL])


def test_a_zip_is_read_as_a_tar_is() -> None:
    found = Sdist.read(zipped({"pyproject.toml": project("setuptools")}), "dep-1.0.zip").build_requirements()
    assert [str(one.package) for one in found] == ["setuptools", "wheel"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"pyproject.toml": project("setuptools", more='backend-path = ["."]\n')}, "backend-path"),
        ({"pyproject.toml": project("maturin", backend="maturin")}, "'maturin' may ask for more"),
        ({"pyproject.toml": project("x", backend="x")}, "'x' may ask for more"),
        ({"pyproject.toml": "[build-system]\n"}, "no list `requires`"),
        ({"pyproject.toml": "[build-system]\nrequires = 'setuptools'\n"}, "no list `requires`"),
        ({"pyproject.toml": project()}, "does not ask for its own backend"),
        ({"pyproject.toml": project("wheel")}, "does not ask for its own backend"),
        ({"pyproject.toml": '[build-system]\nrequires = ["setuptools", 3]\n'}, "is the number 3"),
        ({"pyproject.toml": project("setuptools", "???")}, "is not a valid requirement"),
        ({"pyproject.toml": project("setuptools", "x>=1.0.*")}, "cannot be read"),
        ({"pyproject.toml": project("setuptools", "x ; extra == 'y'")}, "cannot be read"),
        ({"pyproject.toml": project("setuptools", "x ; extra == ':build'")}, "cannot be read"),
        ({"setup.py": "setup(setup_requires=['x'])"}, "setup_requires in setup.py"),
        ({"setup.cfg": "[options]\nsetup_requires = x\n"}, "setup_requires in setup.cfg"),
        ({"setup.py": "import own", "own.py": "KW = {'setup_requires': ['x']}"}, "setup_requires in own.py"),
        (
            {"pyproject.toml": project("hatchling", backend="hatchling.build"), "hatch.toml": ""},
            "hatch.toml",
        ),
        (
            {
                "pyproject.toml": project(
                    "hatchling", backend="hatchling.build", more="[tool.hatch.build.hooks.custom]\n"
                )
            },
            "the hook 'custom'",
        ),
        (
            {
                "pyproject.toml": project(
                    *("hatchling",),
                    backend="hatchling.build",
                    more="[tool.hatch.build.targets.wheel.hooks.mypyc]\nrequire-runtime-features = ['x']\n",
                )
            },
            "what the project itself requires",
        ),
        (
            {"pyproject.toml": project("flit_core", backend="flit_core.buildapi")},
            "Flit may import",
        ),
        (
            {
                "pyproject.toml": project(
                    "pdm-backend", backend="pdm.backend", more="[tool.pdm.build]\nrun-setuptools = true\n"
                )
            },
            "PDM runs setuptools",
        ),
    ],
)
def test_where_code_decides_nothing_is_told(files: dict[str, str | bytes], why: str) -> None:
    with pytest.raises(Untold, match=why.replace("?", r"\?")):
        told(files)


GOOD: dict[str, str | bytes] = {"pyproject.toml": project("setuptools")}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "does not match its file name"),
        (b"no archive", "does not match its file name"),
        (zipped({"setup.py": ""}), "does not match its file name"),
        (sdist(GOOD) + zipped({"setup.py": ""}), "does not match its file name"),
        (gzip.compress(b"no tar at all" * 100), "not an archive"),
        (sdist(GOOD)[:-40], "cannot be unpacked"),
        (sdist({"pyproject.toml": "= no toml"}), "not valid TOML"),
        (sdist({"pyproject.toml": b"\xff\xfe"}), "not valid UTF-8"),
        (sdist({"../pyproject.toml": "", **GOOD}), "it holds a file"),
        (sdist(GOOD, top="/dep-1.0/"), "it holds a file"),
        (sdist(GOOD, top="dep-1.0\\"), "it holds a file"),
        (sdist(GOOD, top=""), "beside its top folder"),
        (sdist({**GOOD, "./pyproject.toml": project("evil")}), "twice, or as a link"),
        (sdist({**GOOD, "PyProject.toml": project("evil")}), "PyProject.toml|twice"),
        (sdist({"PYPROJECT.toml": project("evil")}), "PYPROJECT.toml"),
        (sdist({"real.toml": project("evil")}, links={"pyproject.toml": "real.toml"}), "twice, or as a link"),
        (sdist({"here/pyproject.toml": project("evil")}, links={"here": "."}), "below a link"),
        (sdist({"pyproject.toml": "#" * (5 * 2**20)}), "of 5,242,880 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "archive",
)
def test_what_installers_may_see_otherwise_is_not_read(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Sdist.read(data, "dep-1.0.tar.gz").build_requirements()


def test_files_beside_the_top_folder_are_odd() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("dep-1.0/setup.py", "other/setup.py"):
            archive.addfile(tarfile.TarInfo(name))
    with pytest.raises(InputError, match="beside its top folder"):
        Sdist.read(gzip.compress(buffer.getvalue()), "dep-1.0.tar.gz").build_requirements()


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBER_BYTES", 2**20)
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        Sdist.read(sdist({"big.bin": b"\0" * (8 * 2**20), **GOOD}), "dep-1.0.tar.gz").build_requirements()
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        Sdist.read(zipped({"pyproject.toml": "#" * (8 * 2**20)}), "dep-1.0.zip").build_requirements()
    monkeypatch.setattr(archives, "MEMBERS", 10)
    with pytest.raises(InputError, match="more than 10 files"):
        Sdist.read(sdist({f"{number}.txt": "" for number in range(20)}), "dep-1.0.tar.gz").build_requirements()


def core_metadata(*lines: str, version: str = "2.2", name: str = "dep") -> str:
    return "\n".join([f"Metadata-Version: {version}", f"Name: {name}", "Version: 1.0", *lines, ""])


def required(files: Mapping[str, str | bytes]) -> list[str] | None:
    found = own_metadata([Sdist.read(sdist(files), "dep-1.0.tar.gz")], package_name("dep"), "1.0")
    return None if found is None else [str(one) for one in found.requirements]


def test_what_an_sdist_requires_is_read_where_its_wheels_cannot_differ() -> None:
    assert required({"PKG-INFO": core_metadata("Requires-Dist: litellm>=1"), **GOOD}) == ["litellm>=1"]
    assert required({"PKG-INFO": core_metadata(version="2.4"), **GOOD}) == []
    assert required({"PKG-INFO": core_metadata("Dynamic: Version", "Requires-Dist: a"), **GOOD}) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        core_metadata("Requires-Dist: litellm>=1", version="2.1"),
        core_metadata("Requires-Dist: litellm>=1", version="x"),
        core_metadata("Dynamic: Requires-Dist"),
        core_metadata("Dynamic: provides-extra"),
        "",
    ],
)
def test_what_its_wheels_may_require_otherwise_is_not_known(text: str) -> None:
    assert required({"PKG-INFO": text, **GOOD}) is None
    assert required(GOOD) is None


def test_metadata_of_another_release_or_twice_are_rejected() -> None:
    with pytest.raises(InputError, match="the metadata are of"):
        required({"PKG-INFO": core_metadata(name="other"), **GOOD})
    with pytest.raises(InputError, match="twice, or as a link"):
        required({"PKG-INFO": core_metadata(), "pkg-info": core_metadata("Requires-Dist: litellm"), **GOOD})


def test_of_several_sdists_what_one_alone_requires_may_apply() -> None:
    both = [
        Sdist.read(
            sdist({"PKG-INFO": core_metadata("Requires-Dist: a", "Requires-Dist: b"), **GOOD}), "dep-1.0.tar.gz"
        ),
        Sdist.read(zipped({"PKG-INFO": core_metadata("Requires-Dist: a"), "setup.py": ""}), "dep-1.0.zip"),
    ]
    found = own_metadata(both, package_name("dep"), "1.0")
    assert found is not None
    assert [(one.package, bool(one.marker)) for one in found.requirements] == [("a", False), ("b", True)]
