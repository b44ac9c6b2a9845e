"""Recorded pages served on loopback as an index that installers can ask: no file is ever served, nothing can be built.

Every release has metadata (PEP 658): what was recorded of it, else what the one who serves it says.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from graphkit.model.index import FileKind, ProjectPage, ReleaseMetadata
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
    """Serve pages as a simple index (PEP 691, 700, 714); yield its address."""

    @cache
    def shape(name: PackageName) -> bytes | None:
        return json.dumps(_shape(pages[name])).encode() if name in pages else None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _, name, *file = self.path.strip("/").split("/")
            page = shape(package_name(name))
            if page is None:
                self._send(404, "text/plain", b"no such project")
            elif not file:
                self._send(200, "application/vnd.pypi.simple.v1+json", page)
            elif file[0].endswith(".whl.metadata"):
                self._send(200, "text/plain", _metadata(file[0].removesuffix(".metadata"), requires))
            else:
                self._send(404, "text/plain", b"no file is served")

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
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
        server.shutdown()


def _metadata(wheel: str, requires: Requires) -> bytes:
    name, version, *_ = parse_wheel_filename(wheel)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *requires(package_name(name), version)]
    return "".join(f"{line}\n" for line in lines).encode()


def _shape(page: ProjectPage) -> dict[str, Any]:
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
        for file in release.files
    ]
    versions = [release.version for release in page.releases]
    return {"meta": {"api-version": "1.1"}, "name": page.package, "files": files, "versions": versions}


def of_uv(
    index: str, asked: Sequence[str], at: Instant, work: Path, *, python: str, only: bool = False
) -> dict[PackageName, str] | None:
    """Return what uv takes for requirements at an instant on linux; None: it finds no solution.

    ``only``: what is asked for and nothing that it requires.
    """
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
