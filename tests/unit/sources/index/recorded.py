"""A small index in memory, served by a transport as a real one answers."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from graphkit.model.times import instant
from graphkit.sources.index.client import HttpIndex
from graphkit.sources.index.pages import JSON_TYPE

ADDRESS = "http://index.example/simple/"
Release = tuple[str, Sequence[str]]
"""When it was uploaded, and what it requires."""


def core_metadata(name: str, version: str, requires: Sequence[str]) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires), "", ""]).encode()


def wheel_of(name: str, version: str, requires: Sequence[str], *, filling: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "x" * filling)
        archive.writestr(f"{name}-{version}.dist-info/METADATA", core_metadata(name, version, requires))
        archive.writestr(f"{name}-{version}.dist-info/RECORD", "y" * filling)
    return buffer.getvalue()


class Index:
    """What an index holds and which of its services it has; ``asked`` counts requests by path."""

    def __init__(
        self,
        packages: Mapping[str, Mapping[str, Release]],
        *,
        announces: bool = True,
        serves_metadata: bool = True,
        serves_json: bool = False,
        serves_ranges: bool = True,
        before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None,
    ) -> None:
        self.packages = packages
        self.announces = announces
        self.serves_metadata = serves_metadata
        self.serves_json = serves_json
        self.serves_ranges = serves_ranges
        self.before = before
        self.wheels: dict[str, tuple[Any, Sequence[str] | None]] = {}
        """Wheels of app 1.0 by tags, instead of the one for all: what is announced, and what it requires or None."""
        self.asked: Counter[str] = Counter()

    def open(self) -> HttpIndex:
        client = httpx.Client(transport=httpx.MockTransport(self.answer))
        return HttpIndex(client, ADDRESS, name="test", read_at=instant("2026-11-01"))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked[path] += 1
        if (early := self.before(request)) is not None:
            return early
        parts = path.strip("/").split("/")
        if parts[0] == "simple":
            return self._page(parts[1])
        if parts[0] == "pypi":
            return self._json(parts[1], parts[2]) if self.serves_json else httpx.Response(404)
        return self._file(parts[1], request)

    def _page(self, name: str) -> httpx.Response:
        if name not in self.packages:
            return httpx.Response(404)
        files: list[dict[str, Any]] = []
        for version, (uploaded, _) in self.packages[name].items():
            filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
            told = {"filename": filename, "url": f"/files/{filename}", "hashes": {}, "upload-time": uploaded}
            files.append(told | ({"core-metadata": True} if self.announces else {}))
            if self.wheels:
                names = {f"app-1.0-{tags}.whl": announced for tags, (announced, _) in self.wheels.items()}
                files = [
                    {"filename": one, "url": f"/files/{one}", "core-metadata": announced}
                    for one, announced in names.items()
                ]
        data = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files})
        return httpx.Response(200, content=data, headers={"content-type": JSON_TYPE})

    def _json(self, name: str, version: str) -> httpx.Response:
        return httpx.Response(200, json={"info": {"requires_dist": list(self.packages[name][version][1])}})

    def _file(self, filename: str, request: httpx.Request) -> httpx.Response:
        name, version = filename.split("-")[:2]
        requires: Sequence[str] | None = self.packages[name.replace("_", "-")][version][1]
        if self.wheels:
            requires = self.wheels[filename.removesuffix(".metadata").removesuffix(".whl").split("-", 2)[2]][1]
        if requires is None:
            return httpx.Response(404)
        if filename.endswith(".metadata"):
            known = self.serves_metadata
            return httpx.Response(200, content=core_metadata(name, version, requires)) if known else httpx.Response(404)
        data = wheel_of(name, version, requires, filling=200_000)
        wanted = request.headers.get("range", "").removeprefix("bytes=")
        if not self.serves_ranges or not wanted:
            return httpx.Response(200, content=data)
        first, _, last = wanted.partition("-")
        start = len(data) - int(last) if not first else int(first)
        stop = len(data) if not first or not last else int(last) + 1
        part = data[max(start, 0) : stop]
        return httpx.Response(
            206, content=part, headers={"content-range": f"bytes {max(start, 0)}-{stop - 1}/{len(data)}"}
        )
