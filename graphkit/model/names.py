"""Identities. Each has one constructor here; raw strings stop at the readers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NewType
from urllib.parse import unquote

from packageurl import PackageURL
from packaging.utils import InvalidName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from graphkit.model.building import BUILD_EXTRA

PackageName = NewType("PackageName", str)
"""A project name in PEP 503 normal form."""
ExtraName = NewType("ExtraName", str)
"""An extra in PEP 685 normal form."""
ServiceId = NewType("ServiceId", str)
CompanyId = NewType("CompanyId", str)

# fmt: off
_ELSEWHERE: Final = frozenset({
    "alpm", "apk", "bitnami", "bower", "brew", "cargo", "carthage", "chocolatey",
    "chrome-extension", "clojars", "cocoapods", "composer", "conan", "cpan", "cran", "deb", "docker", "ebuild",
    "elm", "gem", "golang", "gradle", "guix", "hackage", "helm", "hex", "huggingface",
    "julia", "luarocks", "maven", "mlflow", "nix", "npm", "nuget", "oci", "opam", "osgi", "otp", "pub",
    "puppet", "qpkg", "rpm", "rubygems", "swid", "swift", "terraform", "vscode-extension", "winget", "yocto",
})
# fmt: on
"""Purl types that have names of their own, under which a Python package is never guessed."""

_IMAGES: Final = ("pkg:docker/", "pkg:oci/")
"""How purls of container images begin."""
_LONGEST_TYPE: Final = 20
_IMAGE: Final = re.compile(
    r"\S*/([A-Za-z0-9._-]+):[^\s/]*?(?<![0-9.])v?([0-9]+(?:\.[0-9]+)+(?:\.?(?:a|b|rc|post|dev)\.?[0-9]+)?)(?![0-9])"
    r"[^\s/]*"
)
"""An image of a registry or an owner, and the version in its tag. What has a slash there is an address with a port."""
_REPOSITORY: Final = re.compile(
    r"(?:(?:docker|oci)://)?(?!(?:github\.com|gitlab\.com|bitbucket\.org|golang\.org|gopkg\.in)/)"
    r"([A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]+)?(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+)(?::[^\s/@]*)?(?:@\S*)?"
)
"""The repository of an image, with or without a tag; scopes of npm, modules of Go on forges and addresses are none."""
_LONGEST_IMAGE: Final = 500
_PARTS: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_FILE: Final = 255
"""Characters of a file name: what file systems allow."""
_WORDS: Final = frozenset({"pkg", "pypi"})
"""Words of a purl that are no part of a package's name."""
_LONGEST_PURL: Final = 4_096
"""Characters of an unreadable purl that are looked at."""


class BadName(ValueError):
    """A text that is no name of its kind."""


def _shown(text: str) -> str:
    """Return a text as a message quotes it: escaped, and cut where it is long."""
    return repr(text if len(text) <= 80 else text[:77] + "...")


def package_name(raw: str) -> PackageName:
    """Return the PEP 503 name of a project as written in the wild.

    >>> package_name("Zope.Interface")
    'zope-interface'

    Raises:
        BadName: the text is no name by PEP 508.
    """
    return _known_name(raw) if len(raw) <= _LONGEST_FILE else _name(raw)


def _name(raw: str) -> PackageName:
    try:
        return PackageName(canonicalize_name(raw.strip(), validate=True))
    except InvalidName as error:
        raise BadName(f"{_shown(raw)} is not a valid package name (PEP 508)") from error


_known_name: Final = lru_cache(maxsize=1 << 14)(_name)
"""The same, remembered: documents name few packages, each of them many times."""


def package_or_none(raw: str) -> PackageName | None:
    """Return the PEP 503 name of a project, None for a text that is no name.

    >>> package_or_none("Zope.Interface"), package_or_none("not a name")
    ('zope-interface', None)
    """
    try:
        return package_name(raw)
    except BadName:
        return None


def extra_name(raw: str) -> ExtraName:
    """Return the PEP 685 normal form of an extra; older metadata writes ``adhoc_ssl``.

    The name under which build requirements are kept is none: it loses its colon.
    """
    name = canonicalize_name(raw.strip())
    return ExtraName(name.removeprefix(":") if name == BUILD_EXTRA else name)


def service_id(raw: str) -> ServiceId:
    """Return the name of a service: trimmed, never empty."""
    if not (text := raw.strip()):
        raise BadName("a service needs a name")
    return ServiceId(text)


def company_id(raw: str) -> CompanyId:
    """Return the id of a company: trimmed, never empty."""
    if not (text := raw.strip()):
        raise BadName("a company needs an id")
    return CompanyId(text)


def purl_of(package: PackageName, version: str | None = None) -> str:
    """Return the purl of a Python package or release, in its PEP 503 spelling."""
    return PackageURL("pypi", None, package, version).to_string()


def read_purl(text: str) -> PackageURL:
    """Return a purl's parts; scheme and type may be in capitals, and a scope's ``@`` bare, as in the field.

    A scope whose ``@`` nobody escaped, as npm's packages have, is read as one.

    Raises:
        BadName: the text is not a valid purl.
    """
    scheme, _, rest = text.strip().partition(":")
    try:
        return PackageURL.from_string(f"{scheme.lower()}:{rest}")
    except ValueError as error:
        if "/@" in rest:
            return read_purl(f"{scheme}:{rest.replace('/@', '/%40')}")
        raise BadName(f"{_shown(text)} is not a valid purl") from error


def name_of_purl(text: str) -> PackageName | None:
    """Return the package that a ``pkg:pypi`` purl names, None for other types.

    >>> name_of_purl("pkg:pypi/zope.interface@5") == name_of_purl("pkg:PyPI/zope-interface")
    True

    Raises:
        BadName: the text is not a valid purl, or names no package; a namespace, which PyPI purls do not have,
            makes it the name of something else.
    """
    return package_of(read_purl(text))


def package_of(purl: PackageURL) -> PackageName | None:
    """Return the package that a purl names, from its parts; see `name_of_purl`."""
    if purl.type != "pypi":
        return None
    if purl.namespace:
        raise BadName(f"{_shown(f'{purl.namespace}/{purl.name}')} has a namespace, which no package on the index has")
    return package_name(purl.name)


def bare_purl(text: str) -> str:
    """Return a purl's type, namespace and name in one spelling: version, qualifiers and subpath are left out.

    A slash that somebody encoded parts namespace and name all the same.

    >>> bare_purl("pkg:NPM/@scope%2Fname@1.0?x=y#z")
    'pkg:npm/%40scope/name'

    Raises:
        BadName: the text is not a valid purl.
    """
    read = read_purl(text)
    namespace, _, name = "/".join(filter(None, (read.namespace, read.name))).rpartition("/")
    return PackageURL(read.type, namespace or None, name or read.name).to_string()


def purl_key(text: str) -> str:
    """Return the key under which a purl is looked up, whatever its version, in any case.

    Qualifiers that cannot be read are left out. A text that is not a valid purl is its own key, whole: nothing
    is cut from it, since what stands behind an ``@`` may be the name.

    >>> purl_key("pkg:deb/Debian/xz-utils@5.6.1-1?arch=amd64")
    'pkg:deb/debian/xz-utils'
    >>> purl_key("pkg:npm/@scope%2Fname@1.0") == purl_key("pkg:npm/%40scope/name")
    True
    """
    for part in (text, text.partition("?")[0]):
        try:
            return bare_purl(part).casefold()
        except BadName:
            continue
    return text.strip().casefold()


_ARCHIVES: Final = (".whl", ".tar.gz", ".zip")


def named_by_file(file: str) -> tuple[PackageName, str] | None:
    """Return the package and version that the name of a wheel or sdist says, None for other names.

    Of a path the last part counts, of an ending its letters in either case. Of a source archive the version is the
    longest end of the name that PEP 440 reads.

    >>> named_by_file("litellm-1.82.8-py3-none-any.whl"), named_by_file("thing-1.0.2-2.tar.gz")
    (('litellm', '1.82.8'), ('thing', '1.0.2.post2'))
    """
    file = file.replace("\\", "/").rpartition("/")[2]
    if len(file) > _LONGEST_FILE:
        return None
    ending = next((one for one in _ARCHIVES if file.lower().endswith(one)), "")
    stem = file[: len(file) - len(ending)] if ending else ""
    try:
        if ending == ".whl":
            name, version, *_ = parse_wheel_filename(stem + ending)
            return package_name(name), str(version)
    except ValueError:  # InvalidWheelFilename and BadName are
        return None
    for dash in (at for at, letter in enumerate(stem) if letter == "-"):
        try:
            return package_name(stem[:dash]), str(Version(stem[dash + 1 :]))
        except ValueError:  # InvalidVersion is one, too
            continue
    return None


def named_by_image(image: str) -> tuple[PackageName, str] | None:
    """Return the release that a container image of a registry or an owner says it is, by its name and tag.

    >>> named_by_image("ghcr.io/owner/litellm:main-v1.82.7-stable"), named_by_image("python:3.12.1")
    (('litellm', '1.82.7'), None)
    """
    if len(image) > _LONGEST_IMAGE or not (read := _IMAGE.fullmatch(image.strip())):
        return None
    try:
        return package_name(read[1]), str(Version(read[2]))
    except ValueError:  # InvalidVersion and BadName are
        return None


def releases_of_image(name: str, purl: str, version: str) -> tuple[tuple[PackageName, str], ...]:
    """Return the releases that a row may say it is which is of a container image, by its names and its tags, sorted.

    A tag may stand in the name, in the purl or as the version. Those of Docker itself (``library``) are made of
    releases of their own, and are none.

    >>> releases_of_image("", "pkg:oci/litellm@sha256:ab?tag=v1.82.7", ""), releases_of_image("x", "", "5.0.1")
    ((('litellm', '1.82.7'),), ())
    >>> releases_of_image("ghcr.io/owner/litellm", "", "v1.82.7")
    (('litellm', '1.82.7'),)
    """
    places, tags = [], [version]
    if purl:
        if not purl.lstrip()[:_LONGEST_TYPE].lower().startswith(_IMAGES):  # most are of other types
            return ()
        try:
            read = read_purl(purl)
        except BadName:
            return ()
        told = dict(read.qualifiers or {})
        address = told.get("repository_url", "")
        place = f"/{address}/{read.namespace or ''}/"
        if "/library/" in place or (read.type == "docker" and place == "///"):
            return ()
        places += [f"/{read.name}", f"/{address.rstrip('/').rpartition('/')[2]}", f"/{name}"]
        tags += [told.get("tag", ""), read.version or ""]
    elif "/" not in name:
        return ()
    if len(name) <= _LONGEST_IMAGE and (repository := _REPOSITORY.fullmatch(name.strip())):
        places.append(repository[1])
    images = [name, *(f"{place}:{tag}" for place in places for tag in tags if tag)]
    return tuple(sorted({named for one in images if (named := named_by_image(one)) is not None}))


def namesakes_of(name: str, purl: str, version: str) -> tuple[PackageName, ...]:
    """Return the packages that a row may be which is of none by its purl: those of its names, sorted.

    A row without a purl may be a Python package, and so may one of a type that holds packages of any
    kind (conda, generic, the repositories of github and its like) or that nobody knows. Types with names of
    their own are never guessed, but for images whose tag is a version (`releases_of_image`). A purl that cannot be read
    may be of any name that its text holds, escaped or not. A name that is the name of a wheel or sdist is that package.

    >>> namesakes_of("LiteLLM", "pkg:conda/litellm@1.82.8", ""), namesakes_of("litellm", "pkg:npm/litellm@1", "")
    (('litellm',), ())
    >>> namesakes_of("", "pypi:@scope%2Flitellm", "")
    ('litellm', 'scope')
    >>> namesakes_of("x", "pkg:pypi/@litellm", "")
    ('litellm', 'x')
    """
    if images := releases_of_image(name, purl, version):
        return tuple(sorted({package for package, _ in images}))
    names = [name]
    if purl:
        try:
            read = read_purl(purl)
            if read.type in _ELSEWHERE:
                return ()
            names.append(read.name.rpartition("/")[2])
            package_of(read)
        except BadName:
            names += _PARTS.split(unquote(unquote(purl[:_LONGEST_PURL])).removeprefix("pkg:"))
    found = set()
    for one in names:
        if (file := named_by_file(one)) is not None:
            found.add(file[0])
        try:
            found.add(package_name(one.partition("[")[0]))
        except BadName:
            continue
    return tuple(sorted(one for one in found if one not in _WORDS or one == name.casefold()))
