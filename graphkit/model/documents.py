"""Documents: SBOMs, lock files, environment listings and manifests, as every reader returns them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from graphkit.model.guards import Guards
from graphkit.model.names import ExtraName, PackageName
from graphkit.model.ranks import Ranked
from graphkit.model.requirements import Requirement
from graphkit.model.times import Moment


class DocumentKind(StrEnum):
    """What a document is; it decides the basis of what it shows (docs/semantics.md#tiers)."""

    SBOM = "sbom"
    LOCK = "lock"
    ENVIRONMENT = "environment"
    MANIFEST = "manifest"
    SCRIPT = "script"
    """A file that can install and that no other reader reads; what it installs is in ``commands``."""
    DISTRIBUTION = "distribution"
    """A wheel or source archive among other files: a release by its name and hash. It exposes, and clears nothing."""


class Basis(Ranked):
    """How a document shows a release, strongest first (docs/semantics.md#tiers)."""

    HASH = "hash"
    INSTALLED = "installed"
    BUILT = "built"
    LOCKED = "locked"
    LISTED = "listed"


class Completeness(StrEnum):
    """Whether a document lists everything: said so, implied by its kind, denied, or not said."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


SAYS_COMPLETE: Final = "says complete, but "
"""How a problem begins that says why a document is not taken at its word."""
NOT_READ: Final = "not read: "
"""How a problem begins that names a part which can hold packages and was not read: it leaves the document open."""
DENIES_ITSELF: Final = f"{NOT_READ}what is missing: it says itself that it is incomplete"
"""The problem of a document that says of itself that it does not list everything."""
RECORD: Final = "record:"
"""How the origin of a row begins that stands for code: the distribution follows whose RECORD claims it."""
COPY: Final = "copy:"
"""How the origin of a row begins that stands for code outside of installed packages: the path of a file follows."""
UNREADABLE: Final = "unreadable"
"""The format of a document that stands for a file of which nothing could be read: it was there all the same."""
ATTESTED: Final = " in an attestation"
"""How the format of a document ends that came in an attestation, whose signature nobody checked."""
CONDA_ENVIRONMENT: Final = "environment.yml"
"""The format of an environment file of conda: its commands of the tool `conda` are what conda installs, by name."""
DOWNLOAD: Final = "download"
"""The tool of a command that fetches the file of a release by its address."""
DOCKERFILE: Final = "Dockerfile"
"""The format of a Dockerfile: what its commands install from lies in the folder that the image is built from."""
IMAGE: Final = "image"
"""The tool of an instruction that takes a container image, whose name and tag may be those of a release."""
METADATA: Final = "metadata of a release"
"""The format of a document that says which release lies there, installed or unpacked, and is no file of it itself."""
REQUIREMENTS_FILE: Final = "requirements.txt"
"""The format of a list of requirements that nothing has resolved: its commands are projects that it installs."""
SETUP_FILES: Final = frozenset({"setup.py", "setup.cfg"})
"""The names and formats of scripts in which a project of setuptools says what it requires."""
EDITABLE_TREE: Final = f"{NOT_READ}the editable tree "
"""How a problem begins that names an editable project outside of what was given (docs/semantics.md#obligation-i)."""


class Problem(Struct, frozen=True, kw_only=True):
    """Something odd in an input. ``place`` points into it: ``components[3].purl``, ``line 7``.

    ``count``: how many it stands for; of an input with very many not all are kept one by one.
    """

    place: str
    text: str
    count: int = 1


def how_many(problems: Iterable[Problem]) -> int:
    """Return how many problems there were, also those that are not kept one by one."""
    return sum(one.count for one in problems)


class Component(Struct, frozen=True, kw_only=True):
    """A row of a document. ``ref`` is unique in its document.

    ``package`` is set for Python components only; ``purl`` is as written (or made, for locks) and
    names components of other ecosystems. ``version`` empty: the document does not say; it is
    unknown, not absent. ``sha256`` are archive hashes the row names; ``members`` those of files
    inside, as `RECORD` (PEP 376) or SPDX have them: they show a bad file and rule none out.
    ``optional``: excluded or optional scope, a dev group, or a marker for another platform: the
    basis is then `listed`. ``origin`` is empty for an index, else the URL, VCS or path identity of
    the component. ``index`` is the index address the row names, empty where it names none.
    """

    ref: str
    name: str
    package: PackageName | None = None
    version: str = ""
    purl: str = ""
    sha256: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    optional: bool = False
    origin: str = ""
    index: str = ""
    marker: str = ""


@lru_cache(maxsize=1024)
def usual_places(count: int) -> tuple[str, ...]:
    """Return where the components of a flat BOM stand that describes one: that one first, then its list.

    >>> usual_places(2)
    ('metadata.component', 'components[0]')
    """
    return ("metadata.component", *(f"components[{at}]" for at in range(count - 1)))[:count]


class Edge(NamedTuple):
    """``source`` depends on ``target``, both refs of one document. Never crosses documents."""

    source: str
    target: str


class InstallCommand(Struct, frozen=True, kw_only=True):
    """An install command, or a list of packages, in a file that no reader reads as a whole (docs/semantics.md#scripts).

    ``place`` is the line as messages show it, ``text`` the command, shortened. ``requirements`` are what it
    names. ``inputs`` are the locks and manifests that it installs from, as paths from the folder of the file, of a
    Dockerfile from the folder that the image is built from; ``cloned`` are such files in a repository that a command
    before has cloned, each as the address of that and the path in it. ``unpacked`` is an archive that a command before
    has unpacked in the folder of an input, which is there only where it lies at its very path. ``constraints`` bind
    what it installs, as far as the files that say so were read. ``is_past_lock``: it does not keep to a lock beside
    them; ``needs_lock``: it fails where its lock is missing; ``is_past_guards``: it does not keep to the settings of
    their project, as with another cut-off or another file of settings. ``needs_project``: it runs a program in an
    image, and installs only where there is a project. ``unreadable`` says what of its arguments cannot be known
    (`$DEPS`, a URL), empty where all can. ``tool`` is `pip`, `uv`, `poetry`, …, as far as it says.
    """

    place: str
    text: str
    tool: str = ""
    requirements: tuple[Requirement, ...] = ()
    inputs: tuple[str, ...] = ()
    cloned: tuple[tuple[str, str], ...] = ()
    unpacked: str = ""
    constraints: tuple[Requirement, ...] = ()
    is_past_lock: bool = False
    needs_lock: bool = False
    is_past_guards: bool = False
    needs_project: bool = False
    unreadable: str = ""


class ImageBuild(Struct, frozen=True, kw_only=True):
    """That a file has an image built: of which Dockerfile, and from which folder, as paths from its own folder."""

    dockerfile: str
    context: str


class Document(Struct, frozen=True, kw_only=True):
    """One document. ``sha256`` of its bytes is its identity; ``path`` is relative to what was given.

    ``basis`` is the strongest its kind and life-cycle phase allow. ``places`` says where in the file
    each component stands, one text for each of them, or none at all. ``lines``: in which line (see `line_of`), one
    for each component, of a manifest for each requirement, 0 where it is not known; one alone is that of all.
    ``roots`` are refs of what it describes. ``requirements`` and ``constraints`` are filled for manifests,
    ``build_requires`` for those with a build system (PEP 518; None: it names none, so the installer's default builds
    it, if anything does), ``guards`` for those that tell one installer more, and for a lock that says under which
    metadata it was made.
    ``covers_python`` False: it says nothing of Python. ``created`` is the time it gives itself.
    ``dependencies_known`` False: it has no dependency graph, so depth and paths are unknown.
    ``governs``: of a lock, the manifests that it was made from, as paths from its folder. ``generator``: the
    tools that made it, as they name themselves. ``is_of_one_environment``: it was compiled for one, and says
    nothing of others. ``complete_under``: the one installer under which it is complete, empty for any.
    ``not_covered``: packages of which it says nothing, however complete it is. ``indexes``: addresses of package
    indexes that it names; ``is_off_public``: in place of the installer's default. ``commands``: of a script, or of a
    manifest in what it tells its tools to run. ``image_builds``: of which Dockerfiles it builds images, and where.
    ``hides``: patterns of the files that do not get into an image that is built in its folder, in their order.
    ``source_kind``: what it says was looked at (`image`, `directory`, `environment`, …), empty where it does not say.
    """

    sha256: str
    path: str
    kind: DocumentKind
    format: str
    basis: Basis
    components: tuple[Component, ...] = ()
    places: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    edges: tuple[Edge, ...] = ()
    roots: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    build_requires: tuple[Requirement, ...] | None = None
    guards: Guards | None = None
    requires_python: str = ""
    extras: tuple[ExtraName, ...] = ()
    governs: tuple[str, ...] = ()
    generator: tuple[str, ...] = ()
    is_of_one_environment: bool = False
    complete_under: str = ""
    not_covered: tuple[PackageName, ...] = ()
    indexes: tuple[str, ...] = ()
    is_off_public: bool = False
    commands: tuple[InstallCommand, ...] = ()
    image_builds: tuple[ImageBuild, ...] = ()
    hides: tuple[str, ...] = ()
    source_kind: str = ""
    subject: str = ""
    created: Moment | None = None
    completeness: Completeness = Completeness.UNKNOWN
    covers_python: bool = True
    dependencies_known: bool = True
    problems: tuple[Problem, ...] = ()


def line_of(document: Document, number: int) -> int:
    """Return the line of its file in which a row of a document stands, counted from 1; 0 where it is not known.

    ``number`` counts the components, of a manifest the requirements. It is not known in a file that holds several
    documents, of which each has lines of its own.
    """
    return line_among(document.lines, document.path, number)


def line_among(lines: Sequence[int], path: str, number: int) -> int:
    """Return the line of a row as `line_of` does, of a document with some lines that goes by a path."""
    if not lines or _PART.search(path):
        return 0
    return lines[number] if 1 < len(lines) > number else lines[0] if len(lines) == 1 else 0


def location_of(lines: Sequence[int], place: str, line: int) -> str:
    """Return where a row stands, in words: in which line, unless all of ``lines`` are one or it is not known."""
    return f"line {line}" if line and len(lines) > 1 else place


def is_telling(script: Document) -> bool:
    """Return whether a script says anything that bears on what is installed."""
    return bool(script.commands or script.problems or script.image_builds or script.hides)


def names_only(document: Document) -> bool:
    """Return whether a script names files that it fetches, images and files for one, and has no install command."""
    is_any = bool(document.commands or document.image_builds or document.hides)
    return is_any and all(one.tool in {DOWNLOAD, IMAGE} or one.needs_project for one in document.commands)


def is_attested(document: Document) -> bool:
    """Return whether a document came in an attestation: it is taken as it is, for no signature is checked."""
    return document.format.endswith(ATTESTED)


def why_open(document: Document) -> Problem | None:
    """Return the problem that best says what of a document was not read, None where it has no problem.

    One that names the part comes first, then one that tells of a row or a reference that was lost, then one that
    says why a document is not taken at its word.
    """
    return min(document.problems, key=lambda one: _rank(one.text), default=None)


def is_reason(problem: Problem) -> bool:
    """Return whether a problem leaves its document open by itself: something was not read, or lost, or not believed."""
    return _rank(problem.text) < _NO_REASON


def is_open_for_editable_trees_alone(document: Document) -> bool:
    """Return whether nothing but editable projects outside of what was given leaves a directory open.

    Where their repository is an input of the same service, they count as read (docs/semantics.md#obligation-i).
    """
    reasons = [one for one in document.problems if is_reason(one)]
    return bool(reasons) and all(one.text.startswith(EDITABLE_TREE) for one in reasons)


_NO_REASON: Final = 3
_PART: Final = re.compile(r"#\d+$")
"""How the path of a document ends that shares its file with others."""


def _rank(text: str) -> int:
    if text.startswith(NOT_READ):
        return 0
    if text.endswith(("left out", "not read")) or text.startswith(("cannot be read", "larger than")):
        return 1
    return 2 if text.startswith(SAYS_COMPLETE) else _NO_REASON
