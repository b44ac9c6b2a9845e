"""What is fuzzed, in ten families: one function each, which takes any bytes and fails where graphkit breaks its word.

Each asks for the same: nothing but an `InputError` (`BadName` for texts), the same facts from the same bytes, and
nothing left out that a naive reading finds, unless a problem says so. `benchmarks.reliability.fuzz` changes the inputs
and looks at time and memory; `test_corpus.py` gives every input of the corpus to its family once.
"""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.version import Version

from graphkit import formats
from graphkit.formats import parts_of, read_document
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument, Reader
from graphkit.formats.purls import checksums_of, identity_of, releases_in_purl, releases_in_text
from graphkit.model.documents import NOT_READ, Completeness, Document, DocumentKind, is_attested
from graphkit.model.errors import InputError
from graphkit.model.index import MetadataSource
from graphkit.model.names import BadName, bare_purl, named_by_file, namesakes_of, package_name, purl_key, read_purl
from graphkit.model.requirement_texts import read_marker, read_specifier
from graphkit.model.requirements import requirement
from graphkit.model.times import instant
from graphkit.model.versions import release_version
from graphkit.sources.advisories import incident, osv
from graphkit.sources.environments import read_environment
from graphkit.sources.index.metadata import from_core_metadata, from_release_json
from graphkit.sources.index.pages import JSON_TYPE, read_page
from graphkit.sources.organisation import aliases, backstage, codeowners, organisation_file
from tests.fuzz.plain import FORMATS, filled
from tests.fuzz.seeds import SEEDS

CORPUS: Final = Path(__file__).parent / "corpus"
ROOT: Final = Path(__file__).parents[2]
NOON: Final = instant("2026-03-24T12:00:00Z")
PACKAGE: Final = package_name("litellm")
_PURL: Final = re.compile(r"pkg:pypi/([a-z][a-z0-9]*)(?:@[0-9]+(?:\.[0-9]+)*)?")
_PLAIN: Final = re.compile(r"[a-z][a-z0-9]*")
_VERSION: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})*")
_PIN: Final = re.compile(r"([a-z][a-z0-9]*)==[0-9]{1,9}(?:\.[0-9]{1,9})*(?: ; python_version > '3')?")
_LOST: Final = re.compile("left out|not read|cannot be read|larger than")
_INSTALL: Final = re.compile(r"pip install ([a-z][a-z0-9]*)==[0-9]{1,9}")
_FILE: Final = re.compile(r"litellm-([0-9]{1,9}(?:\.[0-9]{1,9})*)-py3-none-any\.whl")


@dataclass(frozen=True, slots=True)
class Family:
    """What is tried with one kind of input, and what its first inputs are made of.

    The first byte of an input says which of ``kinds`` it is, by its number; the rest is the input itself.
    """

    name: str
    kinds: tuple[str, ...]
    check: Callable[[str, bytes], None]
    first: Callable[[], Iterable[tuple[str, bytes]]]

    def run(self, data: bytes) -> None:
        """Try one input; it ends with an exception where something is wrong."""
        if data:
            self.check(self.kinds[data[0] % len(self.kinds)], data[1:])

    def seeds(self) -> list[bytes]:
        """Return the first inputs."""
        return [bytes([self.kinds.index(kind)]) + data for kind, data in self.first()]

    def corpus(self) -> list[bytes]:
        """Return the inputs that fuzzing left behind, in the order of their file, none where there is no file."""
        file = CORPUS / f"{self.name}.json"
        return [text.encode("latin-1") for text in json.loads(file.read_text("utf-8"))] if file.exists() else []


def check_document(read: Document) -> None:
    """Fail where a document is not as every reader returns one."""
    refs = {row.ref for row in read.components}
    assert len(refs) == len(read.components)
    assert refs.issuperset(read.roots)
    assert all(edge.source in refs and edge.target in refs for edge in read.edges)
    assert all(problem.place and problem.text for problem in read.problems)
    assert all(one.place and len(one.text) <= 200 for one in read.commands)
    assert hash(read) == hash(read)  # tuples all the way down


def check_readers(raw: RawDocument, readers: Iterable[Reader]) -> None:
    """Fail where a reader, asked alone as if its claim had been wrong, does not return such a document twice."""
    for reader in readers:
        claimed = reader.claims(raw)
        try:
            read = reader.parse(raw)
        except InputError:
            continue
        assert read == reader.parse(raw)
        check_document(read)
        if read.kind is DocumentKind.SCRIPT and claimed:
            assert read.commands or read.image_builds or read.hides


def outcome(data: bytes, path: str, hint: str = "") -> Document | str | None:
    """Return the document of bytes, the line that says why there is none, or None where nobody claims them."""
    try:
        return read_document(data, path, hint=hint)
    except InputError as error:
        return str(error)


def listed(read: Document) -> set[str]:
    """Return every package that a document names anywhere."""
    several = [read.requirements, read.constraints, read.build_requires or ()]
    several += [command.requirements for command in read.commands]
    return {str(row.package or row.name) for row in read.components} | {
        str(one.package) for some in several for one in some
    }


def says_what_is_lost(read: Document) -> bool:
    """Return whether a document leaves itself open: it clears nobody then."""
    if read.completeness is Completeness.INCOMPLETE:
        return True
    return any(problem.text.startswith(NOT_READ) or _LOST.search(problem.text) for problem in read.problems)


def naively_listed(read: Document, data: bytes) -> set[str]:
    """Return packages that anybody would say the bytes list; plain names alone, in places that leave no doubt."""
    text = data.decode("utf-8", "replace")
    kind = read.format.partition(" ")[0]
    if kind in {"CycloneDX", "SPDX", "Syft"} and not is_attested(read):
        return set(_purls_in(_json(text)))
    if kind in {"uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"}:
        rows = _toml(text).get("packages" if kind == "pylock.toml" else "package")
        return {
            row["name"]
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and _is_plain(row.get("name"), _PLAIN) and _is_plain(row.get("version"), _VERSION)
        }
    if kind == "requirements.txt" and "\\" not in text:
        return {found[1] for line in text.splitlines() if (found := _PIN.fullmatch(line))}
    if kind == "pyproject.toml":
        project = _toml(text).get("project")
        needed = project.get("dependencies") if isinstance(project, dict) else None
        texts = [one for one in needed if isinstance(one, str)] if isinstance(needed, list) else []
        return {found[1] for one in texts if (found := _PIN.fullmatch(one))}
    if read.kind is DocumentKind.SCRIPT and re.fullmatch(r"[a-z0-9 =\n.]*", text):
        return {found[1] for line in text.splitlines() if (found := _INSTALL.fullmatch(line))}
    return set()


def _is_plain(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _purls_in(value: Any) -> Iterator[str]:
    """Yield names of Python packages by the purls of rows where CycloneDX, SPDX and Syft have them."""
    for key in ("components", "packages", "artifacts"):
        rows = value.get(key) if isinstance(value, dict) else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                references = row.get("externalRefs")
                told = [row.get("purl")]
                told += [
                    one.get("referenceLocator")
                    for one in (references if key == "packages" and isinstance(references, list) else ())
                    if isinstance(one, dict) and one.get("referenceType") == "purl"
                ]
                yield from (found[1] for one in told if isinstance(one, str) and (found := _PURL.fullmatch(one)))


@cache
def _readers_of(names: tuple[str, ...]) -> tuple[Reader, ...]:
    return tuple(reader for reader in formats.readers() if reader.format in names)


def documents(name: str, *names: str) -> Family:
    """Return a family of formats of documents; of scripts each name of a file is a kind of its own."""
    raws = {f"{one}|{raw.path}|{raw.hint}": (one, raw) for one in names for raw in SEEDS[one]}

    def check(kind: str, data: bytes) -> None:
        _, raw = raws[kind]
        first = outcome(data, raw.path, raw.hint)
        assert first == outcome(data, raw.path, raw.hint)
        if isinstance(first, Document):
            check_document(first)
            lost = naively_listed(first, data) - listed(first)
            assert not lost or says_what_is_lost(first), f"left out without a word: {lost}"
        with suppress(InputError):
            parts_of(data, raw.path)
        check_readers(RawDocument(data, raw.path, raw.hint), _readers_of(names))

    def first() -> Iterator[tuple[str, bytes]]:
        for kind, (one, raw) in raws.items():
            yield kind, raw.data
            if one in FORMATS:
                yield kind, filled(FORMATS[one], "app").encode()

    return Family(name, tuple(raws), check, first)


_INSTALLED: Final = (
    "litellm-1.0.dist-info/METADATA",
    "litellm-1.0.dist-info/RECORD",
    "litellm-1.0.dist-info/direct_url.json",
    "litellm.pth",
    "litellm.egg-link",
    "litellm.egg-info",
    "litellm/_vendor/vendor.txt",
    "conda-meta/litellm-1.0-0.json",
    "litellm-1.0.dist-info/sboms/a.cdx.json",
)
_METADATA: Final = b"Metadata-Version: 2.4\nName: litellm\nVersion: 1.0\nRequires-Dist: b[c]>=1; extra == 'x'\n"
_BESIDE: Final = {
    _INSTALLED[0]: _METADATA,
    _INSTALLED[1]: b"litellm/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nlitellm.pth,,\n",
    "litellm/__init__.py": b"",
}


def check_environment(kind: str, data: bytes) -> None:
    """Try a file that an installer leaves behind, in an environment of one distribution."""
    with tempfile.TemporaryDirectory(prefix="graphkit-fuzz-") as scratch:
        folder = Path(scratch) / "site-packages"
        for path, content in {**_BESIDE, kind: data}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        read = _environment(folder)
        assert read == _environment(folder)
        if isinstance(read, Document):
            check_document(read)
            assert "litellm" in listed(read), "the distribution is left out"


def _environment(folder: Path) -> Document | str:
    try:
        return read_environment(folder, "site-packages")
    except InputError as error:
        return str(error)


def _environments() -> Iterator[tuple[str, bytes]]:
    yield _INSTALLED[0], _METADATA
    yield _INSTALLED[1], _BESIDE[_INSTALLED[1]]
    yield _INSTALLED[2], b'{"url": "file:///a/b", "dir_info": {"editable": true}}'
    yield _INSTALLED[3], b"import os; os.system('x')\n../b\n"
    yield _INSTALLED[4], b"../b\n.\n"
    yield _INSTALLED[5], _METADATA
    yield _INSTALLED[6], b"a==1\nb @ c:/d\n# via e\n"
    yield _INSTALLED[7], b'{"name": "a", "version": "1", "files": ["lib/b-2.dist-info/METADATA"], "channel": "c"}'
    yield _INSTALLED[8], SEEDS["CycloneDX JSON"][0].data


def _owners(data: bytes) -> object:
    read = codeowners.parse(data)
    return read, [read.owners_of(path) for path in ("docs/a/b", "a" * 200, "a/" * 100)]


_ORGANISATION: Final[dict[str, Callable[[bytes], Any]]] = {
    "organisation": lambda data: organisation_file.parse(data, "a.yaml"),
    "aliases": lambda data: aliases.parse(data, "a.yaml"),
    "backstage": lambda data: backstage.parse(data, "catalog-info.yaml"),
    "codeowners": _owners,
    "incident": incident.parse,
    "OSV": osv.parse,
}
_CLAIMS: Final = {
    "organisation": organisation_file.claims,
    "aliases": aliases.claims,
    "backstage": backstage.claims,
    "incident": incident.claims,
    "OSV": osv.claims,
}


def check_organisation(kind: str, data: bytes) -> None:
    """Try what people and advisories say: organisation, alias, incident and catalogue files, owners, OSV records."""
    if kind in _CLAIMS:
        assert _CLAIMS[kind](data) in {True, False}
    found: list[Any] = []
    for _ in range(2):
        try:
            found.append(_ORGANISATION[kind](data))
        except InputError as error:
            found.append(str(error))
    assert found[0] == found[1]
    read, said = found[0], _json(data.decode("utf-8", "replace"))
    if isinstance(read, str) or not isinstance(said, dict):
        return
    if kind == "organisation":
        assert len(read.organisation.services) == len(said.get("services", ()))
        assert len(read.organisation.companies) == len(said.get("companies", ()))
    if kind == "incident":
        assert len(read.releases) + len(read.undecided) == len(said.get("releases", ()))
    if kind == "OSV" and len(read) == 1 and "vulns" not in said:
        accused = {one.version for one in read[0].releases}
        for entry in said["affected"] or ():
            package = entry.get("package") or {}
            if package.get("ecosystem") == "PyPI" and package.get("name") == "litellm" and not package.get("purl"):
                told = {one for one in entry.get("versions") or () if _is_plain(one, _VERSION)}
                keys = {release_version(one).key for one in accused}
                assert all(release_version(one).key in keys for one in told) or read[0].undecided


def _organisations() -> Iterator[tuple[str, bytes]]:
    yield "organisation", (ROOT / "examples/acme/organisation.yaml").read_bytes()[:3_000].rpartition(b"\nclaims:")[0]
    yield (
        "organisation",
        (
            b'{"schema": "graphkit.organisation/1", "companies": [{"id": "a", "name": "A"}], "services": [{"name": "b"'
            b', "company": "a", "documents": [{"path": "c.json", "built_at": "2026-03-24T10:47:00Z", '
            b'"complete": true}]}]}'
        ),
    )
    yield "aliases", (ROOT / "examples/acme/aliases.yaml").read_bytes()
    yield (
        "backstage",
        (
            b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  annotations:\n"
            b"    github.com/project-slug: b/c\nspec:\n  type: service\n  owner: group:default/d\n---\n"
            b"apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: d}\nspec: {profile: {displayName: E}}\n"
        ),
    )
    yield "codeowners", b"# a\n* @b\n/c/** @d/e f@g.example\n[H][2] @i\ndocs/*.md\n\\#j @k\n"
    yield "incident", (ROOT / "examples/telnyx-2026-03/incident.yaml").read_bytes()
    yield (
        "incident",
        (
            b'{"schema": "graphkit.incident/1", "id": "a", "title": "A", "releases": [{"purl": '
            b'"pkg:pypi/litellm@1.82.8"}], "readings": []}'
        ),
    )
    yield (
        "OSV",
        b'{"id": "MAL-1", "modified": "2026-03-24T00:00:00Z", "affected": [{"package": {"ecosystem": "PyPI", '
        b'"name": "litellm"}, "versions": ["1.82.8"], "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": '
        b'"0"}, {"fixed": "2"}]}], "database_specific": {"sha256": "' + b"0" * 64 + b'"}}]}',
    )


def check_page(kind: str, data: bytes) -> None:
    """Try what an index answers: a page in JSON or HTML, core metadata, the JSON of a release."""
    found = [_answer(kind, data) for _ in range(2)]
    assert found[0] == found[1]
    said = _json(data.decode("utf-8", "replace"))
    if kind != JSON_TYPE or isinstance(found[0], str | None):
        return
    page = found[0].page
    files = {file.filename for release in page.releases for file in release.files}
    for one in said.get("files", ()) if isinstance(said, dict) else ():
        name = one.get("filename")
        assert not _is_plain(name, _FILE) or name in files or page.problems, f"left out without a word: {name}"


def _answer(kind: str, data: bytes) -> Any:
    try:
        if kind == "METADATA":
            return from_core_metadata(
                data, PACKAGE, "1.0", source=MetadataSource.WHEEL, filename="litellm-1.0-py3-none-any.whl"
            )
        if kind == "release":
            return from_release_json(data, PACKAGE, "1.0", has_wheel=True)
        return read_page(data, kind, PACKAGE, url="https://index.example/litellm/", read_at=NOON, source="x")
    except InputError as error:
        return str(error)


def _pages() -> Iterator[tuple[str, bytes]]:
    yield (
        JSON_TYPE,
        b'{"meta": {"api-version": "1.4"}, "name": "litellm", "versions": ["1.0"], "project-status": {"status": '
        b'"active"}, "files": [{"filename": "litellm-1.0-py3-none-any.whl", "url": "../a.whl", "hashes": {"sha256": "'
        + b"0"
        * 64
        + b'"}, "requires-python": ">=3.8", "upload-time": "2026-03-24T10:39:00.123Z", "yanked": "why", "size": 1, '
        b'"core-metadata": {"sha256": "00"}}, {"filename": "litellm-1.0.tar.gz", "url": "b", "hashes": {}}]}',
    )
    yield (
        "text/html",
        (
            b'<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"></head><body><a href="../'
            b'litellm-1.0.tar.gz#sha256=00" data-requires-python="&gt;=3.8" data-yanked="x" '
            b'data-core-metadata="sha256=0"'
            b">litellm-1.0.tar.gz</a></body></html>"
        ),
    )
    yield "METADATA", _METADATA
    yield (
        "release",
        (
            b'{"info": {"name": "litellm", "version": "1.0", "requires_dist": ["a>=1 ; extra == '
            b'\'b\'"], "provides_extra"'
            b': ["b"], "requires_python": ">=3.8"}}'
        ),
    )


def check_text(kind: str, data: bytes) -> None:
    """Try a requirement, a specifier, a marker or a version, beside what `packaging` says of the same text."""
    text = data.decode("utf-8", "replace")
    if kind == "requirement":
        found: list[Any] = []
        for _ in range(2):
            try:
                found.append(requirement(text))
            except BadName as error:
                found.append(str(error))
        assert found[0] == found[1]
        try:
            plain = Requirement(text)
            package = package_name(plain.name)  # packaging also takes `a_`, which no project can be called
        except (ValueError, RecursionError):
            return
        read = found[0]
        assert not isinstance(read, str), f"packaging reads it: {read}"
        assert read.package == package
        assert read.unreadable or (read.specifier == str(plain.specifier) and len(read.extras) <= len(plain.extras))
        if not read.unreadable:
            assert requirement(str(read)) == read, "what it says of itself is something else"
    elif kind == "version":
        version = release_version(text)
        assert version == release_version(text)
        assert release_version(version.text).key == version.key
        with suppress(ValueError):
            assert version.parsed == Version(text.strip())
            assert release_version(version.key).parsed == version.parsed
    elif kind == "specifier":
        assert read_specifier(text) == read_specifier(text)
    else:
        assert read_marker(text) == read_marker(text)


def _texts() -> Iterator[tuple[str, bytes]]:
    for text in ("LiteLLM [proxy,a_b] (<2,>=1.37) ; python_version < '3.9' and extra == 'x'", "a @ https://b/c.whl"):
        yield "requirement", text.encode()
    yield "requirement", b"a~=1.0,!=1.0.*,===1.0+b"
    for text in ("1!2.0rc1.post2.dev3+l.1", "v1.0-1", "2004d-final", "1.0.0"):
        yield "version", text.encode()
    yield "specifier", b"~=1.0,!=1.1.*,>=1.0rc1"
    yield "marker", b"(os_name == 'nt' or 'linux' in sys_platform) and python_full_version >= '3.8'"


def check_purl(kind: str, data: bytes) -> None:
    """Try a purl, or another text where a purl or the name of a file may stand."""
    text = data.decode("utf-8", "replace")
    found = []
    for _ in range(2):
        diagnostics = Diagnostics()
        said: list[object] = [identity_of(text, "1.0", diagnostics, "x"), diagnostics.as_tuple(), purl_key(text)]
        said += [checksums_of(text), namesakes_of("", text, ""), namesakes_of(text, "", text), named_by_file(text)]
        for read in (releases_in_purl, releases_in_text, read_purl, bare_purl):
            try:
                value: Any = read(text)
                said.append(list(value) if isinstance(value, Iterator) else value)
            except BadName as error:
                said.append(str(error))
        found.append(said)
    assert found[0] == found[1]
    try:
        plain = PackageURL.from_string(text)
    except ValueError:
        return
    assert read_purl(text) == plain
    if plain.type == "pypi" and not plain.namespace and _is_plain(plain.name, _PLAIN):
        identity: Any = found[0][0]
        assert identity.package == plain.name
    elif plain.type in {"generic", "github"} and _is_plain(plain.name, _PLAIN) and plain.name != "pypi":
        assert package_name(plain.name) in namesakes_of("", text, "")


def _purls() -> Iterator[tuple[str, bytes]]:
    for text in (
        "pkg:pypi/litellm@1.82.8?vcs_url=git%2Bhttps://a.example&checksum=sha256:" + "0" * 64 + "#sub/path",
        "pkg:PyPI/Zope.Interface@5%2B1",
        "pkg:npm/%40scope/name@1.0",
        "pkg:npm/@scope%2Fname@1.0",
        "pkg:generic/litellm@1?download_url=https://files.example/litellm-1.82.8-py3-none-any.whl",
        "litellm-1.82.8.tar.gz",
        "https://files.example/a/litellm-1.82.8-py3-none-any.whl#sha256=00",
    ):
        yield "purl", text.encode()


FAMILIES: Final = {
    family.name: family
    for family in (
        documents(
            *("boms", "CycloneDX JSON", "CycloneDX XML", "Syft JSON", "Trivy JSON"),
            *("GitHub dependency snapshot", "attestation"),
        ),
        documents("spdx", "SPDX JSON", "SPDX YAML", "SPDX tag-value", "SPDX RDF/XML", "SPDX 3 JSON"),
        documents(
            *("locks", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pip inspect"),
            *("pip install report", "conda list", "conda explicit list", "conda-lock.yml", "pixi.lock"),
        ),
        documents("manifests", "requirements file", "pyproject.toml", "Pipfile", "conda environment"),
        documents("scripts", "install commands", ".dockerignore", "Git LFS pointer"),
        Family("environments", _INSTALLED, check_environment, _environments),
        Family("organisations", tuple(_ORGANISATION), check_organisation, _organisations),
        Family("pages", (JSON_TYPE, "text/html", "METADATA", "release"), check_page, _pages),
        Family("requirements", ("requirement", "version", "specifier", "marker"), check_text, _texts),
        Family("purls", ("purl",), check_purl, _purls),
    )
}
"""By name."""
