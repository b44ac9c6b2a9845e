"""Wheels made by hand, and environments that real installers make of them in a test run, without a network."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.property.places.environments import FINE, metadata
from tests.property.places.payloads import BAD, Release

UV: Final = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv") or "uv"
PLAIN: Final = {
    **{key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV"))},
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "UV_OFFLINE": "1",
    "UV_NO_CONFIG": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "UV_PYTHON_DOWNLOADS": "never",
}
"""The environment of installers: no network, and none of a machine's own settings."""
KIT: Final = Release(name="my.kit", version="2.0.post1", digest="")
"""A package of two folders, a program and data, that requires `fine`."""


def build(folder: Path) -> Path:
    """Build wheels of `fine`, `my.kit` and the accused release; return the folder."""
    folder.mkdir()
    _wheel(
        folder, FINE, {"fine/__init__.py": "import fine.inner\n", "fine/inner.py": "X = 1\n", "fine/data.json": "{}"}
    )
    texts = {"my/kit/__init__.py": "import fine\n", "my/kit/_vendor/__init__.py": "", "my/kit/tests/test_it.py": ""}
    points = "[console_scripts]\nmykit = my.kit:main\n"
    _wheel(folder, KIT, texts, "Requires-Dist: fine>=1", **{"entry_points.txt": points, "top_level.txt": "my\n"})
    _wheel(folder, BAD, {"badpkg/__init__.py": "X = 1\n"})
    return folder


def _wheel(folder: Path, release: Release, texts: Mapping[str, str], *lines: str, **more: str) -> None:
    stem = f"{release.name.replace('.', '_')}-{release.version}"
    info = f"{stem}.dist-info"
    files = {
        **texts,
        f"{info}/METADATA": metadata(release, *lines),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/licenses/LICENSE": "Do as you like.\n",
        **{f"{info}/{name}": text for name, text in more.items()},
    }
    rows = [f"{name},sha256={_digest(text)},{len(text.encode())}" for name, text in files.items()]
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,", ""])}.items():
            wheel.writestr(name, text)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def run(*words: str | Path) -> None:
    """Run an installer, or what it made."""
    subprocess.run([str(one) for one in words], env=PLAIN, check=True, capture_output=True, timeout=120)


def python_in(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / "bin" / "python"


def _venv(folder: Path) -> None:
    run(sys.executable, "-m", "venv", folder)


def _venv_without_pip(folder: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", folder)


def _uv_venv(folder: Path) -> None:
    run(UV, "venv", "--python", sys.executable, folder)


def _pip(folder: Path, wheels: Path, name: str) -> None:
    run(python_in(folder), "-m", "pip", "install", "--find-links", wheels, name)


def _pip_of_another(folder: Path, wheels: Path, name: str) -> None:
    run(sys.executable, "-m", "pip", "--python", python_in(folder), "install", "--find-links", wheels, name)


def _pip_target(folder: Path, wheels: Path, name: str) -> None:
    run(sys.executable, "-m", "pip", "install", "--target", folder, "--find-links", wheels, name)


def _uv(folder: Path, wheels: Path, name: str) -> None:
    run(UV, "pip", "install", "--python", python_in(folder), "--no-index", "--find-links", wheels, name)


def _uv_compiled(folder: Path, wheels: Path, name: str) -> None:
    words = ("--compile-bytecode", "--link-mode", "copy", "--no-index", "--find-links", wheels)
    run(UV, "pip", "install", "--python", python_in(folder), *words, name)


def _uv_target(folder: Path, wheels: Path, name: str) -> None:
    words = ("--target", folder, "--no-index", "--find-links", wheels)
    run(UV, "pip", "install", "--python", sys.executable, *words, name)


Install = Callable[[Path, Path, str], None]
MAKERS: Final[dict[str, tuple[Callable[[Path], None], Install]]] = {
    "python -m venv, pip in it": (_venv, _pip),
    "python -m venv, pip of another": (_venv_without_pip, _pip_of_another),
    "python -m venv, uv": (_venv_without_pip, _uv),
    "uv venv, uv": (_uv_venv, _uv),
    "uv venv, uv with bytecode": (_uv_venv, _uv_compiled),
    "pip install --target": (Path.mkdir, _pip_target),
    "uv pip install --target": (Path.mkdir, _uv_target),
}
"""How an environment is made in a folder, and how a package is installed into it from wheels."""


def run_in(folder: Path, *names: str) -> None:
    """Run what is installed, so that bytecode is left behind."""
    program = python_in(folder) if python_in(folder).exists() else Path(sys.executable)
    paths = f"import sys; sys.path.insert(0, {str(folder)!r}); " if program == Path(sys.executable) else ""
    run(program, "-c", f"{paths}import {', '.join(names)}")
