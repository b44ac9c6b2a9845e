"""The places of an environment that packaging specifications and installers have for a distribution or a file of one.

https://packaging.python.org/en/latest/specifications/ (recording installed projects, binary distribution format, core
metadata, direct URLs, virtual environments), PEP 376, 427, 441, 610, 660, 770; `site`; setuptools' eggs; conda-meta.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.property.places.payloads import Release

FINE: Final = Release(name="fine", version="1.0", digest=hashlib.sha256(b"a good file").hexdigest())
"""An innocent release that is planted in the place of the accused one."""


def metadata(release: Release, *lines: str) -> str:
    """Return core metadata."""
    return "\n".join(["Metadata-Version: 2.1", f"Name: {release.name}", f"Version: {release.version}", *lines, ""])


def bom(release: Release) -> str:
    """Return a small CycloneDX BOM that lists a release."""
    row = {"type": "library", "name": release.name, "version": release.version, "purl": release.purl}
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [row]})


def _recorded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment on disk; ``prefix`` is what a person gives to be read, ``outside`` lies beside it."""

    prefix: Path
    outside: Path

    @property
    def site(self) -> Path:
        """Its `site-packages`."""
        return self.prefix / "lib" / "python3.12" / "site-packages"

    def write(self, name: str, text: str | bytes, base: Path | None = None) -> Path:
        """Write a file, in `site-packages` where no other folder is given."""
        path = (base or self.site) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def install(self, release: Release, base: Path | None = None, *lines: str) -> Path:
        """Install a release as pip does, with its RECORD; ``lines`` are more of its metadata. Return its RECORD."""
        info = f"{release.name}-{release.version}.dist-info"
        texts = {f"{release.name}/__init__.py": "VERSION = 1\n", f"{info}/METADATA": metadata(release, *lines)}
        texts |= {f"{info}/INSTALLER": "pip\n", f"{info}/WHEEL": "Wheel-Version: 1.0\n"}
        rows = [
            f"{name},sha256={_recorded(hashlib.sha256(text.encode()).digest())},{len(text)}"
            for name, text in texts.items()
        ]
        for name, text in {**texts, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,", ""])}.items():
            path = self.write(name, text, base)
        return path

    def add_to(self, info: str, name: str, text: str) -> Path:
        """Add a file to the metadata of an installed release, with its line in RECORD. Return its path."""
        folder = self.site / info
        path = self.write(f"{info}/{name}", text)
        with (folder / "RECORD").open("a", encoding="utf-8") as record:
            record.write(f"{info}/{name},sha256={_recorded(hashlib.sha256(text.encode()).digest())},{len(text)}\n")
        return path


def made(prefix: Path) -> Environment:
    """Make a clean virtual environment with one distribution."""
    one = Environment(prefix=prefix, outside=prefix.with_name(f"{prefix.name}-outside"))
    one.write("pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n", prefix)
    one.install(Release(name="other", version="1.0", digest=""))
    return one


def wheel(release: Release, *more: tuple[str, str]) -> bytes:
    """Return a wheel."""
    info = f"{release.name}-{release.version}.dist-info"
    texts = {
        f"{release.name}/__init__.py": "",
        f"{info}/METADATA": metadata(release),
        f"{info}/WHEEL": "",
        f"{info}/RECORD": "",
    }
    return zipped({**texts, **dict(more)})


def zipped(texts: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return file.getvalue()


def tarred(texts: Mapping[str, str]) -> bytes:
    """Return a compressed tar file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in texts.items():
            one = tarfile.TarInfo(name)
            one.size = len(text.encode())
            archive.addfile(one, io.BytesIO(text.encode()))
    return file.getvalue()


Plant = Callable[[Environment, Release], object]
_OTHER: Final = "other-1.0.dist-info"
_HOST, _OLD, _X = (Release(name=name, version="1", digest="") for name in ("host", "old", "x"))


def _info(r: Release, end: str = ".dist-info") -> str:
    return f"{r.name}-{r.version}{end}"


def _inside(of: Callable[[Environment, Release], Path]) -> Plant:
    return lambda e, r: e.install(r, of(e, r))


def _pth(line: Callable[[Environment, Release], str], name: str = "x.pth") -> Plant:
    return lambda e, r: e.write(name, f"{line(e, r)}\n")


def _link(e: Environment, target: Path, name: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    (e.site / name).symlink_to(target)


def _egg_link(e: Environment, r: Release, base: Path) -> None:
    e.write(f"{r.name}.egg-info/PKG-INFO", metadata(r), base)
    e.write(f"{r.name}/__init__.py", "", base)
    e.write(f"{r.name}.egg-link", f"{base}\n.\n")


def _from(r: Release, **info: object) -> str:
    return json.dumps({"url": r.url, **info})


def _spdx(r: Release) -> str:
    package = f"PackageName: {r.name}\nSPDXID: SPDXRef-a\nPackageVersion: {r.version}\nPackageDownloadLocation: NONE\n"
    return f"SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\n{package}ExternalRef: PACKAGE-MANAGER purl {r.purl}\n"


def _conda(r: Release, **more: object) -> str:
    return json.dumps({"name": r.name, "version": r.version, "build": "0", "build_number": 0, **more})


PLACES: Final[dict[str, Plant]] = {
    # Recording installed projects, and what came before
    "dist-info": lambda e, r: e.install(r),
    "dist-info without METADATA": lambda e, r: e.write(f"{_info(r)}/INSTALLER", "pip\n"),
    "dist-info that is empty": lambda e, r: (e.site / _info(r)).mkdir(),
    "METADATA in the folder of another": lambda e, r: e.write("x-1.dist-info/METADATA", metadata(r)),
    "name of the folder alone": lambda e, r: e.write(f"{_info(r)}/METADATA", metadata(_X)),
    "dist-info in capitals": lambda e, r: e.write(f"{_info(r).upper()}/METADATA", metadata(r)),
    "dist-info of an interrupted uninstall": lambda e, r: e.write(f"~{_info(r)[1:]}/METADATA", metadata(r)),
    "dist-info of an interrupted uninstall, without METADATA": lambda e, r: e.write(f"~{_info(r)[1:]}/WHEEL", ""),
    "egg-info folder": lambda e, r: e.write(f"{_info(r, '-py3.12.egg-info')}/PKG-INFO", metadata(r)),
    "egg-info file": lambda e, r: e.write(_info(r, "-py3.12.egg-info"), metadata(r)),
    "egg-info without version": lambda e, r: e.write(f"{r.name}.egg-info/PKG-INFO", metadata(r)),
    "egg folder": lambda e, r: e.write(f"{_info(r, '-py3.12.egg')}/EGG-INFO/PKG-INFO", metadata(r)),
    "egg archive": lambda e, r: e.write(_info(r, "-py3.12.egg"), zipped({"EGG-INFO/PKG-INFO": metadata(r)})),
    "egg-link to what was given": lambda e, r: _egg_link(e, r, e.prefix / "src" / r.name),
    "egg-link to elsewhere": lambda e, r: _egg_link(e, r, e.outside / r.name),
    "RECORD names metadata": lambda e, r: e.add_to(_OTHER, f"../{_info(r)}/METADATA", metadata(r)),
    "RECORD names metadata that is gone": lambda e, r: _append(e, f"{_info(r)}/METADATA,,"),
    "RECORD names a wheel": lambda e, r: _append(e, f"other/wheels/{r.wheel},,"),
    "RECORD names code of that name": lambda e, r: e.add_to(_OTHER, f"../{r.name}/__init__.py", "x = 1\n"),
    "Provides-Dist": lambda e, r: e.install(_HOST, None, f"Provides-Dist: {r.name} ({r.version})"),
    "direct_url.json to an archive": lambda e, r: e.add_to(_OTHER, "direct_url.json", _from(r, archive_info={})),
    "direct_url.json with the hash": lambda e, r: e.add_to(
        _OTHER,
        "direct_url.json",
        json.dumps({"url": "file:///x.whl", "archive_info": {"hashes": {"sha256": r.digest}}}),
    ),
    "direct_url.json with the hash of old": lambda e, r: e.add_to(
        _OTHER, "direct_url.json", json.dumps({"url": "file:///x.whl", "archive_info": {"hash": f"sha256={r.digest}"}})
    ),
    "direct_url.json to an editable tree": lambda e, r: (
        e.write("pyproject.toml", f'[project]\nname = "{r.name}"\nversion = "{r.version}"\n', e.outside),
        e.add_to(_OTHER, "direct_url.json", json.dumps({"url": f"file://{e.outside}", "dir_info": {"editable": True}})),
    ),
    "RECORD with the hash": lambda e, r: _append(e, f"other/data,sha256={_recorded(bytes.fromhex(r.digest))},1"),
    "sboms of a distribution": lambda e, r: e.add_to(_OTHER, "sboms/auditwheel.cdx.json", bom(r)),
    "sboms in a form that nobody knows": lambda e, r: e.add_to(_OTHER, "sboms/list.txt", f"{r.name} {r.version}"),
    "installed-files.txt": lambda e, r: (
        e.write("old-1.egg-info/PKG-INFO", metadata(_OLD)),
        e.write("old-1.egg-info/installed-files.txt", f"../{_info(r)}/METADATA\n"),
    ),
    # Code without metadata
    "a package": lambda e, r: e.write(f"{r.name}/__init__.py", "x = 1\n"),
    "a namespace package": lambda e, r: e.write(f"{r.name}/inner.py", "x = 1\n"),
    "a module": lambda e, r: e.write(f"{r.name}.py", "x = 1\n"),
    "a compiled module": lambda e, r: e.write(f"{r.name}.pyc", b"\0"),
    "bytecode": lambda e, r: e.write(f"__pycache__/{r.name}.cpython-312.pyc", b"\0"),
    "an extension": lambda e, r: e.write(f"{r.name}.cpython-312-x86_64-linux-gnu.so", b"\0"),
    "an extension of the stable ABI": lambda e, r: e.write(f"{r.name}.abi3.so", b"\0"),
    "an extension of Windows": lambda e, r: e.write(f"{r.name}.cp312-win_amd64.pyd", b"\0"),
    "a link to a package": lambda e, r: _link(e, e.outside / r.name, r.name),
    "a link to metadata": lambda e, r: _link(e, e.outside / _info(r), _info(r)),
    # Copies inside of others
    "vendored metadata": _inside(lambda e, _: e.site / "other" / "_vendor"),
    "vendored egg-info": lambda e, r: e.write(f"other/_vendor/{_info(r, '.egg-info')}/PKG-INFO", metadata(r)),
    "vendored code": lambda e, r: e.write(f"other/_vendor/{r.name}/__init__.py", "x = 1\n"),
    "bundled code": lambda e, r: e.write(f"other/_bundled/{r.name}.py", "x = 1\n"),
    "third-party code": lambda e, r: e.write(f"other/third_party/{r.name}/core.py", "x = 1\n"),
    "a list of what is vendored": lambda e, r: e.write("other/_vendor/vendor.txt", f"{r.name}=={r.version}\n"),
    "requirements of what is vendored": lambda e, r: e.write(
        "other/_vendor/requirements.txt", f"{r.name}=={r.version}\n"
    ),
    "an SBOM of what is vendored": lambda e, r: e.write("other/_vendor/bom.cdx.json", bom(r)),
    "an SBOM of SPDX": lambda e, r: e.write("other/sbom.spdx", _spdx(r)),
    "metadata in an unpacked archive": lambda e, r: e.write(f"other/{_info(r, '')}/PKG-INFO", metadata(r)),
    "nested dist-info": _inside(lambda e, _: e.site / "other" / "deep" / "er"),
    # Archives that Python installs or imports from
    "a wheel": lambda e, r: e.write(r.wheel, wheel(r)),
    "a wheel of another name": lambda e, r: e.write("other/x.whl", wheel(r)),
    "a wheel in a package": lambda e, r: e.write(f"other/_bundled/{r.wheel}", wheel(r)),
    "a wheel among the wheels of the system": lambda e, r: e.write(
        f"share/python-wheels/{r.wheel}", wheel(r), e.prefix
    ),
    "a wheel that is damaged": lambda e, r: e.write(f"other/{r.wheel}", b"PK\3\4"),
    "a wheel in a wheel": lambda e, r: e.write(
        "other/host-1-py3-none-any.whl",
        zipped(
            {
                "host-1.dist-info/METADATA": metadata(_HOST),
                "host/x.whl": wheel(r),
            }
        ),
    ),
    "a source archive": lambda e, r: e.write(
        f"other/{_info(r, '.tar.gz')}", tarred({f"{_info(r, '')}/PKG-INFO": metadata(r)})
    ),
    "a source archive in ZIP": lambda e, r: e.write(
        f"other/{_info(r, '.zip')}", zipped({f"{_info(r, '')}/PKG-INFO": metadata(r)})
    ),
    "a zipapp with metadata": lambda e, r: e.write(f"bin/{r.name}.pyz", b"#!/usr/bin/python\n" + wheel(r), e.prefix),
    "a zipapp of code alone": lambda e, r: e.write(
        "bin/tool.pyz", b"#!/usr/bin/python\n" + zipped({"__main__.py": "", f"{r.name}/__init__.py": ""}), e.prefix
    ),
    "a pex": lambda e, r: e.write(
        "bin/tool.pex", zipped({"PEX-INFO": "{}", f".deps/{r.wheel}/{_info(r)}/METADATA": metadata(r)}), e.prefix
    ),
    "a shiv": lambda e, r: e.write(
        "bin/tool.shiv", zipped({f"site-packages/{_info(r)}/METADATA": metadata(r)}), e.prefix
    ),
    "a program without a suffix that is a zipapp": lambda e, r: e.write(
        "bin/tool", b"#!/usr/bin/python\n" + wheel(r), e.prefix
    ),
    "a ZIP archive that is imported from": lambda e, r: (
        e.write("lib.zip", wheel(r), e.prefix / "share"),
        e.write("x.pth", f"{e.prefix / 'share' / 'lib.zip'}\n"),
    ),
    # What Python adds to its path
    ".pth to a folder that was given": lambda e, r: (
        e.install(r, e.prefix / "more"),
        e.write("x.pth", f"{e.prefix / 'more'}\n"),
    ),
    ".pth to code that was given": lambda e, r: (
        e.write(f"{r.name}/__init__.py", "x = 1\n", e.prefix / "more"),
        e.write("x.pth", "../../../more\n"),
    ),
    ".pth to a folder elsewhere": lambda e, r: (e.install(r, e.outside), e.write("x.pth", f"{e.outside}\n")),
    ".pth that imports": _pth(lambda _, r: f"import {r.name}"),
    ".pth of easy-install": lambda e, r: (e.install(r, e.outside), e.write("easy-install.pth", f"{e.outside}\n")),
    ".pth of easy-install to an egg": lambda e, r: e.write("easy-install.pth", f"./{_info(r, '-py3.12.egg')}\n"),
    ".pth of an editable install": lambda e, r: (
        e.install(r, e.outside / "src"),
        e.write(f"__editable__.{_info(r, '.pth')}", f"{e.outside / 'src'}\n"),
    ),
    "finder of an editable install": lambda e, r: (
        e.write(
            f"__editable___{r.name}_finder.py", f"MAPPING: dict[str, str] = {{'{r.name}': '{e.outside / r.name}'}}\n"
        ),
        e.write(
            f"__editable__.{_info(r, '.pth')}",
            f"import __editable___{r.name}_finder; __editable___{r.name}_finder.install()\n",
        ),
    ),
    "system site-packages": lambda e, _: e.write(
        "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = true\n", e.prefix
    ),
    # Other folders of the same environment
    "lib64": _inside(lambda e, _: e.prefix / "lib64" / "python3.12" / "site-packages"),
    "site-packages of another Python": _inside(lambda e, _: e.prefix / "lib" / "python3.11" / "site-packages"),
    "dist-packages": _inside(lambda e, _: e.prefix / "lib" / "python3" / "dist-packages"),
    "local dist-packages": _inside(lambda e, _: e.prefix / "local" / "lib" / "python3.12" / "dist-packages"),
    "site-packages of Windows": _inside(lambda e, _: e.prefix / "Lib" / "site-packages"),
    "site-packages in site-packages": _inside(lambda e, _: e.site / "other" / "site-packages"),
    "an environment in the environment": lambda e, r: (
        e.write("pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n", e.prefix / "inner"),
        e.install(r, e.prefix / "inner" / "lib" / "python3.12" / "site-packages"),
    ),
    "an environment of pipx": lambda e, r: e.install(
        r, e.prefix / "pipx" / "venvs" / r.name / "lib" / "python3.12" / "site-packages"
    ),
    "__pypackages__": _inside(lambda e, _: e.prefix / "__pypackages__" / "3.12" / "lib"),
    # conda
    "conda-meta": lambda e, r: e.write(f"conda-meta/{_info(r, '-0.json')}", _conda(r), e.prefix),
    "conda-meta of another file name": lambda e, r: e.write("conda-meta/x.json", _conda(r), e.prefix),
    "files of a conda package": lambda e, r: e.write(
        "conda-meta/x-1-0.json",
        _conda(_X, files=[f"lib/python3.12/site-packages/{_info(r)}/METADATA"]),
        e.prefix,
    ),
    "paths of a conda package": lambda e, r: e.write(
        "conda-meta/x-1-0.json",
        _conda(
            _X,
            paths_data={"paths": [{"_path": f"lib/python3.12/site-packages/{_info(r)}/METADATA"}]},
        ),
        e.prefix,
    ),
    "the hash of a conda package": lambda e, r: e.write("conda-meta/x-1-0.json", _conda(_X, sha256=r.digest), e.prefix),
    "the hash of a file of a conda package": lambda e, r: e.write(
        "conda-meta/x-1-0.json",
        _conda(_X, paths_data={"paths": [{"_path": "lib/x", "sha256": r.digest}]}),
        e.prefix,
    ),
    "the history of conda": lambda e, r: (
        e.write("conda-meta/x-1-0.json", _conda(_X), e.prefix),
        e.write(
            "conda-meta/history", f"==> 2026-01-01 00:00:00 <==\n+conda-forge/noarch::{_info(r, '-0')}\n", e.prefix
        ),
    ),
    # Words, which name no file that is there
    "Requires-Dist": lambda e, r: e.install(_HOST, None, f"Requires-Dist: {r.name}=={r.version}"),
    "Requires": lambda e, r: e.write("old-1.egg-info/PKG-INFO", metadata(_OLD, f"Requires: {r.name}")),
    "Obsoletes-Dist": lambda e, r: e.write("old-1.egg-info/PKG-INFO", metadata(_OLD, f"Obsoletes-Dist: {r.name}")),
    "requires.txt": lambda e, r: (
        e.write("old-1.egg-info/PKG-INFO", metadata(_OLD)),
        e.write("old-1.egg-info/requires.txt", f"{r.name}=={r.version}\n"),
    ),
    "Summary": lambda e, r: e.write(
        "old-1.egg-info/PKG-INFO",
        metadata(_OLD, f"Summary: {r.name} {r.version}"),
    ),
    "entry_points.txt": lambda e, r: e.add_to(_OTHER, "entry_points.txt", f"[console_scripts]\nx = {r.name}:main\n"),
    "license": lambda e, r: e.add_to(_OTHER, "licenses/LICENSE", f"{r.name} {r.version}\n"),
    "a program": lambda e, r: e.write(f"bin/{r.name}", f"#!/usr/bin/python\nimport {r.name}\n", e.prefix),
    "top_level.txt": lambda e, r: e.add_to(_OTHER, "top_level.txt", f"{r.name}\n"),
}


def _append(e: Environment, line: str) -> Path:
    with (e.site / _OTHER / "RECORD").open("a", encoding="utf-8") as record:
        record.write(f"{line}\n")
    return e.site / _OTHER / "RECORD"


RIGHTLY: Final = {
    "a requirement, which nothing shows to be installed": (
        "Requires-Dist",
        "Requires",
        "Obsoletes-Dist",
        "requires.txt",
    ),
    "words": ("Summary", "license"),
    "names of code, where no code is": ("entry_points.txt", "top_level.txt", "a program"),
    "what was installed once": ("the history of conda",),
}
"""Where an accused release may stand and the service stays cleared, with the reason."""

OPEN: Final = (
    *("dist-info of an interrupted uninstall, without METADATA", "egg-link to elsewhere", "direct_url.json to *"),
    *(
        "sboms in a form that nobody knows",
        "a link to *",
        "a wheel that is damaged",
        "a ZIP archive that is imported from",
    ),
    *(
        ".pth to *",
        ".pth that imports",
        ".pth of easy-install",
        ".pth of an editable install",
        "finder of an editable install",
    ),
    "system site-packages",
)
"""Where an innocent one leaves the service open too: it cannot be read, leads elsewhere, or runs."""
