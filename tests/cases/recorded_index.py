"""Recorded pages served on loopback as an index that uv and pip can ask: nothing can be built, nothing is installed.

Every release has metadata (PEP 658): what was recorded of it, else what the one who serves it says. A file is that
metadata and nothing else: pip before 23.3 fetches the files of what it takes, even for a dry run.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec.structs import replace
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from graphkit.model.environment import Environment, MarkerEvaluator
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseMetadata
from graphkit.model.names import PackageName, package_name
from graphkit.model.times import Instant, rfc3339
from tests.conftest import ROOT

UV: Final = Path(sys.executable).with_name("uv")
SLICES: Final = sorted(ROOT.glob("examples/*/index.slice"))
SECOND: Final = 1_000_000
_PICKED: Final = re.compile(r"^([a-z0-9-]+)==([^\s;]+)", re.MULTILINE)
Pages = Mapping[PackageName, ProjectPage]
Requires = Callable[[PackageName, Version], Iterator[str]]
"""Gives the lines of a release's metadata beside its name and version."""
MOST_SECONDS: Final = 60
"""What a run of pip may take of a processor: where requirements conflict, it can go on for hours."""
_PLATFORMS: Final = [
    *("linux_x86_64", "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"),
    *(f"manylinux_2_{minor}_x86_64" for minor in (5, 12, 17, 24, 26, 27, 28, 31, 34, 35)),
]
"""Those of the default environment that a recorded file names."""
_PIP: Final = """\
import json, resource, sys

told, seconds = json.loads(sys.argv.pop(1)), int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
from pip._internal.cli.main import main
from pip._vendor.packaging import markers

ours = markers.default_environment()
markers.default_environment = lambda: {**ours, **told}
sys.exit(main(sys.argv[1:]))
"""
"""pip takes markers from the Python that runs it, whatever ``--python-version`` says: here they are told."""
_NO_SOLUTION: Final = ("No matching distribution found", "ResolutionImpossible", "conflicting dependencies")


class Taken(Protocol):
    """What an installer takes for requirements at an instant on linux; None: it finds no solution.

    ``index`` is the address that `served` gives. ``only``: what is asked for and nothing that it requires. Raises
    `TimeoutError` where it takes longer than `MOST_SECONDS` of a processor.
    """

    def __call__(
        self, index: str, asked: Sequence[str], at: Instant, work: Path, *, python: str, only: bool = False
    ) -> dict[PackageName, str] | None:
        """Ask."""


def pages_of(facts: Iterable[ProjectPage | ReleaseMetadata]) -> dict[PackageName, ProjectPage]:
    """Return recorded pages as installers and graphkit shall both see them: of each package the first.

    A source archive fits everywhere and so does a wheel without tags: it stands for one here, since an installer would
    have to build the archive. What is no version (PEP 440) or no wheel's name is left out: uv never takes it.
    """
    found: dict[PackageName, ProjectPage] = {}
    for fact in facts:
        if isinstance(fact, ProjectPage) and fact.found and fact.package not in found:
            found[fact.package] = fact
    return {name: _of_wheels(page) for name, page in sorted(found.items())}


def _of_wheels(page: ProjectPage) -> ProjectPage:
    releases = []
    for release in page.releases:
        try:
            version = Version(release.version)
        except InvalidVersion:
            continue
        files = []
        for number, file in enumerate(release.files):
            name = file.filename
            if file.kind is FileKind.SDIST:
                name = f"{page.package.replace('-', '_')}-{version}-{number}-py3-none-any.whl"
            try:
                parse_wheel_filename(name)
            except InvalidWheelFilename:
                continue
            files.append(replace(file, filename=name, kind=FileKind.WHEEL, sha256=""))
        releases.append(replace(release, files=tuple(files)))
    return replace(page, releases=tuple(releases), status="active")


def nothing(name: PackageName, version: Version) -> Iterator[str]:
    """Say that a release requires nothing."""
    yield from ()


@contextmanager
def served(pages: Pages, requires: Requires = nothing) -> Iterator[str]:
    """Serve pages as a simple index (PEP 691, 700, 714); yield its address, to which `_index_for` adds."""

    @cache
    def shape(index: str, name: PackageName) -> bytes | None:
        return json.dumps(_shape(pages[name], index)).encode() if name in pages else None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            index, name, *file = self.path.strip("/").split("/")
            page = shape(index, package_name(name))
            if page is None:
                self._send(404, "text/plain", b"no such project")
            elif not file:
                self._send(200, "application/vnd.pypi.simple.v1+json", page)
            elif file[0].endswith(".whl.metadata"):
                self._send(200, "text/plain", _metadata(file[0].removesuffix(".metadata"), requires))
            elif file[0].endswith(".whl"):
                self._send(200, "application/octet-stream", _wheel(_metadata(file[0], requires), file[0]))
            else:
                self._send(404, "text/plain", b"no such file")

        def _send(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Cache-Control", "max-age=3600")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # uv leaves when it has what it needs
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()


def _metadata(wheel: str, requires: Requires) -> bytes:
    name, version, *_ = parse_wheel_filename(wheel)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *requires(package_name(name), version)]
    return "".join(f"{line}\n" for line in lines).encode()


def _wheel(metadata: bytes, name: str) -> bytes:
    """Return a wheel that holds metadata alone."""
    distribution, version, *_ = name.split("-")
    with zipfile.ZipFile(raw := io.BytesIO(), "w") as wheel:
        wheel.writestr(f"{distribution}-{version}.dist-info/METADATA", metadata)
        wheel.writestr(f"{distribution}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    return raw.getvalue()


def _index_for(address: str, python: str, before: Instant) -> str:
    """Return the address of the same index as it was at an instant, with no more of a release than pip needs.

    pip 23 cannot be told of an instant, and takes long over every file. Left out is what it would refuse by its tags,
    and what is required and yanked as another file of the same release is.
    """
    return f"{address}-{python}-{before}"


@cache
def _tags(python: str) -> frozenset[Tag]:
    major, minor = map(int, python.split("."))
    found = [*cpython_tags((major, minor), platforms=_PLATFORMS)]
    return frozenset([*found, *compatible_tags((major, minor), f"cp{major}{minor}", _PLATFORMS)])


@cache
def _fit(tags: str, python: str) -> bool:
    return not _tags(python).isdisjoint(parse_tag(tags))


def _needed(index: str, files: Sequence[File]) -> Iterable[File]:
    _, *told = index.split("-")
    if not told:
        return files
    python, before = told
    return {
        (file.requires_python, file.yanked): file
        for file in files
        if file.uploaded is not None and file.uploaded < int(before)
        if _fit("-".join(file.filename.removesuffix(".whl").split("-")[-3:]), python)
    }.values()


def _shape(page: ProjectPage, index: str) -> dict[str, Any]:
    files = [
        {
            "filename": file.filename,
            "url": file.filename,
            "hashes": {},
            "core-metadata": True,
            "yanked": file.yanked,
            "upload-time": rfc3339(file.uploaded),
        }
        | ({"requires-python": file.requires_python} if file.requires_python else {})
        for release in page.releases
        for file in _needed(index, release.files)
    ]
    versions = [release.version for release in page.releases]
    return {"meta": {"api-version": "1.1"}, "name": page.package, "files": files, "versions": versions}


def of_uv(
    index: str, asked: Sequence[str], at: Instant, work: Path, *, python: str, only: bool = False
) -> dict[PackageName, str] | None:
    """Return what uv takes."""
    words = ["pip", "compile", "-", "--no-build", "--no-config", "--no-header", "--no-annotate"]
    words += ["--cache-dir", str(work / "cache"), "--index-url", index, "--python-version", python]
    words += ["--python-platform", "linux", "--exclude-newer", str(rfc3339(at)), "--python", sys.executable]
    done = subprocess.run(
        [str(UV), *words, *(["--no-deps"] if only else [])],
        input="".join(f"{one}\n" for one in asked),
        env={"HOME": str(work), "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
        cwd=work,
    )
    if done.returncode:
        assert "No solution found" in done.stderr, done.stderr
        return None
    return {package_name(name): version for name, version in _PICKED.findall(done.stdout)}


def of_pip(
    index: str, asked: Sequence[str], at: Instant, work: Path, *, python: str, only: bool = False
) -> dict[PackageName, str] | None:
    """Return what pip takes, the one of the Python that runs the tests."""
    told = json.dumps(MarkerEvaluator(Environment(python=python), "pip").variables)
    words = ["install", "--dry-run", "--ignore-installed", "--target", str(work / "nowhere"), "--report", "-"]
    words += ["--quiet", "--isolated", "--no-input", "--no-cache-dir", "--disable-pip-version-check"]
    words += ["--index-url", _index_for(index, python, at), "--only-binary", ":all:"]
    words += ["--implementation", "cp", "--python-version", python]
    words += [word for platform in _PLATFORMS for word in ("--platform", platform)]
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PIP, told, str(MOST_SECONDS), *words, *(["--no-deps"] if only else []), *asked],
        env={"HOME": str(work), "NO_COLOR": "1", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
        cwd=work,
    )
    if done.returncode == -signal.SIGXCPU:
        raise TimeoutError(f"pip takes more than {MOST_SECONDS} s")
    if done.returncode:
        assert any(text in done.stderr for text in _NO_SOLUTION), done.stderr
        return None
    taken = (one["metadata"] for one in json.loads(done.stdout)["install"])
    return {package_name(one["name"]): one["version"] for one in taken}
