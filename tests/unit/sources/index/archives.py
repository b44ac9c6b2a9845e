"""Sdists made up in memory."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping


def sdist(files: Mapping[str, str | bytes], *, top: str = "dep-1.0/", links: Mapping[str, str] | None = None) -> bytes:
    """Return a `.tar.gz` of files below a folder; ``links`` are symbolic ones, by where they stand."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(f"{top}{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(f"{top}{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def zipped(files: Mapping[str, str], *, top: str = "dep-1.0/") -> bytes:
    """Return a `.zip` of files below a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{top}{name}", text)
    return buffer.getvalue()


def project(*requires: str, backend: str = "setuptools.build_meta", more: str = "") -> str:
    """Return a pyproject.toml that says what building takes."""
    listed = ", ".join(f'"{one}"' for one in requires)
    return f'[build-system]\nrequires = [{listed}]\nbuild-backend = "{backend}"\n{more}'
