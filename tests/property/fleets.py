"""Fleets: services with inputs, builds and listings over a small index with incidents, made from a number.

A fleet is plain data in the words of `graphkit.model`. `Fleet.facts` feeds a store with it, and
`tests/property/verdict_oracle.py` judges it slowly. Every service has a fixed environment.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from graphkit.model.building import marker_of_build
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, InstallCommand
from graphkit.model.environment import Environment
from graphkit.model.guards import CutOff, Guards
from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident, Reading, Undecided
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import PackageName, purl_of, service_id
from graphkit.model.organisation import Build, CompleteFrom, DocumentUse, Organisation, Service
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.times import Instant, Moment, exactly, moment
from graphkit.stores.port import Fact
from tests.property.worlds import NOON, ReleaseKey

HOUR: Final[Instant] = 3_600_000_000
LONG_AGO: Final[Instant] = NOON - 2_000 * HOUR
LATE: Final[Instant] = NOON + 400 * HOUR
ENVIRONMENT: Final = Environment(python="3.12.4", platform="linux", machine="x86_64")
PRIVATE_INDEX: Final = "https://private.example/simple"
MIRROR: Final = "https://mirror.example/simple"
TOOL: Final = "lister"
"""A tool of whose listings some organisations say that they are complete."""

_Times = tuple[Moment | None, Moment | None, Moment | None]
"""When a state came into place, when it went, and when it was last read."""
BAD, WORSE, MID, APP, LONE = map(PackageName, ("bad", "worse", "mid", "app", "lone"))


class Fleet(Struct, frozen=True, kw_only=True):
    """An index, incidents and services. ``requirements`` None: nobody read those of that release.

    ``pages`` of a package are several where it was read more than once. ``unreadable``: releases that also have a
    requirement without a name.
    """

    pages: tuple[ProjectPage, ...]
    requirements: dict[ReleaseKey, tuple[str, ...] | None]
    incidents: tuple[Incident, ...]
    services: tuple[Service, ...]
    documents: tuple[Document, ...]
    uses: tuple[DocumentUse, ...]
    builds: tuple[Build, ...]
    unreadable: frozenset[ReleaseKey] = frozenset()
    private_indexes: tuple[str, ...] = ()
    private_packages: tuple[PackageName, ...] = ()
    building: Mapping[ReleaseKey, tuple[str, ...]] = field(default_factory=dict)
    """What building releases takes, as far as it was read; of those whose requirements were."""

    @property
    def organisation(self) -> Organisation:
        """What the organisation says."""
        return Organisation(
            source="fleet",
            services=self.services,
            builds=self.builds,
            private_indexes=self.private_indexes,
            private_packages=self.private_packages,
        )

    @property
    def facts(self) -> list[Fact]:
        """All of it, as facts."""
        metadata = [
            ReleaseMetadata(
                package=name,
                version=version,
                requirements=(*map(requirement, texts or ()), *self._building((name, version))),
                source=MetadataSource.UNKNOWN if texts is None else MetadataSource.CORE_METADATA,
                reason="no metadata was served" if texts is None else "",
                unreadable=("???",) if (name, version) in self.unreadable else (),
            )
            for (name, version), texts in self.requirements.items()
        ]
        return [*self.pages, *metadata, *self.incidents, *self.documents, *self.uses, self.organisation]

    def _building(self, key: ReleaseKey) -> Iterable[Requirement]:
        asked = map(requirement, self.building.get(key, ()))
        return (replace(one, marker=marker_of_build(one.marker)) for one in asked)

    def document(self, sha256: str) -> Document:
        """Return a document by its digest."""
        return next(one for one in self.documents if one.sha256 == sha256)


def fleet_of(seed: int) -> Fleet:
    """Return the fleet of a number: the same for the same number."""
    return _Maker(random.Random(seed)).fleet()


def that_builds(fleet: Fleet, seed: int) -> Fleet:
    """Return a fleet in which what building some releases takes was read: setuptools, and mostly something else."""
    draw = random.Random(seed)
    building: dict[ReleaseKey, tuple[str, ...]] = {}
    for key in sorted(key for key, texts in fleet.requirements.items() if texts is not None):
        if draw.randrange(3):
            version, marker = draw.choice("123"), draw.choice([*("",) * 8, ' ; sys_platform == "win32"'])
            shape = draw.choice(["", "", ">=1", ">={0}", "<={0}", "=={0}", "!={0}", "<2"]).format(version)
            other = draw.choice([BAD, BAD, WORSE, MID, LONE, APP])
            building[key] = ("setuptools", *([f"{other}{shape}{marker}"] if draw.randrange(4) else []))
    return replace(fleet, building=building)


class _Maker:
    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._documents: dict[str, Document] = {}
        self._uses: list[DocumentUse] = []
        self._builds: list[Build] = []
        self._counter = 0

    def _one_in(self, count: int) -> bool:
        return self._draw.randrange(count) == 0

    def fleet(self) -> Fleet:
        draw = self._draw
        self._files = self._index()
        requirements = self._requirements()
        incidents = self._incidents()
        pages = tuple(page for name in self._files for page in self._pages_of(name))
        services = tuple(self._service(number) for number in range(draw.randint(2, 4)))
        return Fleet(
            pages=pages,
            requirements=requirements,
            incidents=incidents,
            services=services,
            documents=tuple(self._documents.values()),
            uses=tuple(self._uses),
            builds=tuple(self._builds),
            unreadable=frozenset(key for key in requirements if requirements[key] is not None and self._one_in(40)),
            private_indexes=(PRIVATE_INDEX,),
            private_packages=(draw.choice([APP, LONE, MID, BAD]),) if self._one_in(25) else (),
        )

    # The index

    def _index(self) -> dict[PackageName, dict[str, tuple[File, ...]]]:
        draw = self._draw
        found: dict[PackageName, dict[str, tuple[File, ...]]] = {}
        for name in (BAD, WORSE, MID, APP, LONE):
            versions = ["1", "2", "3"][: draw.choice([2, 3, 3])]
            if self._one_in(6):
                versions.append(draw.choice(["3rc1", "2.post1", "4.dev1"]))
            found[name] = {version: (self._file(name, version),) for version in versions}
        self._first_window = (NOON + draw.randint(0, 1) * HOUR, NOON + draw.randint(4, 8) * HOUR)
        apart = draw.choice([0, 3, 30])
        self._second_window = (NOON + apart * HOUR, NOON + (apart + draw.randint(2, 8)) * HOUR)
        self._accused: list[tuple[PackageName, str, tuple[Instant, Instant]]] = []
        for name, window in ((BAD, self._first_window), (WORSE, self._second_window)):
            version = draw.choice(["2", "3", "3", "1"])
            if version not in found[name]:
                version = "2"
            at: Instant | None = window[0] + draw.choice([0, 0, 0, HOUR // 2, -HOUR])
            if self._one_in(12):
                at = None
            file = replace(found[name][version][0], uploaded=at, yanked=False, yanked_since=None)
            files: tuple[File, ...] = (file,)
            if self._one_in(5):  # a wheel beside the sdist
                wheel = replace(
                    file,
                    filename=f"{name}-{version}-py3-none-any.whl",
                    kind=FileKind.WHEEL,
                    sha256=_digest(f"{name} {version} wheel"),
                    uploaded=None if self._one_in(6) else (at if at is None else at + draw.choice([0, HOUR // 4])),
                )
                files = (file, wheel)
            found[name][version] = files
            self._accused.append((name, version, window))
        return found

    def _file(self, name: PackageName, version: str) -> File:
        at: Instant | None = LONG_AGO
        if self._one_in(8):
            at = NOON + self._draw.randint(-2, 40) * HOUR // 2
        if self._one_in(30):
            at = None
        return File(
            filename=f"{name}-{version}.tar.gz",
            kind=FileKind.SDIST,
            sha256=_digest(f"{name} {version}"),
            uploaded=at,
            yanked=self._one_in(25),
        )

    def _requirements(self) -> dict[ReleaseKey, tuple[str, ...] | None]:
        draw = self._draw
        ways = {MID: (BAD, BAD, WORSE, LONE), APP: (MID, MID, BAD, WORSE, LONE), LONE: (), BAD: (LONE,), WORSE: (BAD,)}
        found: dict[ReleaseKey, tuple[str, ...] | None] = {}
        for name, releases in self._files.items():
            for version in releases:
                count = draw.choice([0, 0, 1, 1, 1, 2]) if ways[name] else 0
                if name in {BAD, WORSE}:
                    count = int(self._one_in(5))
                texts = tuple(self._asked(draw.choice(ways[name])) for _ in range(count))
                found[name, version] = None if self._one_in(25) else texts
        return found

    def _asked(self, name: PackageName) -> str:
        draw = self._draw
        version = draw.choice(["1", "2", "3"])
        shape = draw.choice(["", "", ">=1", ">={0}", "<={0}", "<{0}", "=={0}", "!={0}", "<2"])
        marker = draw.choice([*("",) * 14, ' ; sys_platform == "win32"', ' ; platform_release >= "5"'])
        return f"{name}{shape.format(version)}{marker}"

    def _pages_of(self, name: PackageName) -> Iterable[ProjectPage]:
        draw = self._draw
        if self._one_in(30):
            return
        read_at = draw.choice([*(LATE,) * 20, NOON - HOUR, NOON + 3 * HOUR])
        releases = tuple(
            ReleaseFiles(version=version, files=files)
            for version, files in self._files[name].items()
            if not ((name, version) in {one[:2] for one in self._accused} and self._one_in(3))
        )
        page = ProjectPage(
            package=name, spelling=name, releases=releases, read_at=read_at, source="index.example", found=True
        )
        gone = replace(page, releases=(), read_at=LATE + HOUR)
        if self._one_in(30):
            yield replace(gone, found=False)
        elif self._one_in(30):
            yield replace(gone, status="quarantined")
        else:
            yield page
            if self._one_in(30):
                yield replace(gone, found=False)
            elif self._one_in(30):
                yield replace(gone, status="quarantined")

    # Incidents

    def _incidents(self) -> tuple[Incident, ...]:
        draw = self._draw
        found = []
        for number, (name, version, window) in enumerate(self._accused):
            if number and self._one_in(3):
                continue
            files = self._files[name][version]
            times = [file.uploaded for file in files if file.uploaded is not None]
            # What an incident says may be later than what the page says.
            uploads = [min(times), min(times), min(times) + 2 * HOUR] if times else [window[0]]
            told = draw.choice([*uploads, None, None])
            whole = len(files) == 1 or self._one_in(2)
            release = CompromisedRelease(
                purl=purl_of(name, version),
                package=name,
                version=version,
                listed_from=told,
                files=(CompromisedFile(filename=files[0].filename, sha256=files[0].sha256),)
                if not whole or self._one_in(2)
                else (),
                whole=whole,
            )
            readings = [Reading(id="operator", preferred=True, start=window[0], until=window[1])]
            if self._one_in(3):
                readings.append(
                    Reading(id="press", start=window[0] - draw.choice([0, 2]) * HOUR, until=window[1] + 2 * HOUR)
                )
            incident = Incident(
                id=f"WORLD-{number + 1}", title="A made-up compromise", releases=(release,), readings=tuple(readings)
            )
            if self._one_in(10):
                incident = replace(incident, ranges=((name, ">=9"),))  # versions that nobody has
            if self._one_in(12):
                incident = replace(
                    incident, undecided=(Undecided(package=draw.choice([name, LONE, MID]), why="no end is given"),)
                )
            if self._one_in(60):
                incident = replace(incident, undecided=(Undecided(why="it names nothing"),))
            found.append(incident)
        return tuple(found)

    # Services

    def _service(self, number: int) -> Service:
        draw = self._draw
        name = service_id(f"s{number}")
        self._inputs(name)
        for _ in range(draw.choice([0, 0, 1, 1, 2])):
            self._listing(name)
        for _ in range(draw.choice([0, 0, 0, 1, 2])):
            self._build(name)
        paths = sorted({use.path for use in self._uses if use.service == name and not use.path.endswith(".json")})
        return Service(
            id=name,
            environment=ENVIRONMENT,
            resolver=draw.choice(["uv", "uv", ""]),
            builds_complete=self._one_in(4),
            is_never_built=self._one_in(20),
            extras=None if self._one_in(3) else (),
            groups=None if self._one_in(3) else (),
            installs_from=(draw.choice(paths),) if paths and self._one_in(10) else None,
            index="public" if self._one_in(10) else "",
            complete_from=(CompleteFrom(tool=TOOL, source=draw.choice(["", "image"])),) if self._one_in(4) else (),
        )

    def _time(self) -> Moment:
        """Give a time around the windows, as precisely as somebody may have written it."""
        draw = self._draw
        at = NOON + draw.randint(-12, 80) * HOUR // 2
        kind = draw.choice(["exact"] * 6 + ["zoneless", "date", "range"])
        if kind == "exact":
            return exactly(at)
        if kind == "zoneless":
            return Moment(earliest=at - 14 * HOUR, latest=at + 12 * HOUR)
        if kind == "date":
            return moment(draw.choice(["2026-03-23", "2026-03-24", "2026-03-25"]))
        return Moment(earliest=at, latest=at + draw.randint(1, 8) * HOUR // 2)

    def _keep(self, document: Document) -> Document:
        self._counter += 1
        sha256 = _digest(f"{self._counter} {document}")
        kept = replace(document, sha256=sha256)
        self._documents[sha256] = kept
        return kept

    def _inputs(self, service: str) -> None:
        draw = self._draw
        for _ in range(draw.choice([0, 1, 1, 1, 2])):
            repository = draw.choice(["", "r1", "r1", "r2"])
            branch = draw.choice(["", "main", "main", "dev"]) if repository else ""
            pairs = draw.choice(["manifest", "manifest", "lock", "both", "both", "script"])
            folder = draw.choice(["", "", "sub/"])
            if pairs == "script":
                self._line(service, repository, branch, f"{folder}Makefile", self._script)
                self._line(service, repository, branch, f"{folder}requirements.in", self._manifest)
                continue
            if pairs in {"manifest", "both"}:
                self._line(service, repository, branch, f"{folder}pyproject.toml", self._manifest)
            if pairs in {"lock", "both"}:
                self._line(service, repository, branch, f"{folder}uv.lock", self._lock)

    def _line(self, service: str, repository: str, branch: str, path: str, make: Callable[[str], Document]) -> None:
        """Add the states of one input."""
        draw = self._draw
        if any(
            (use.service, use.repository, use.path, use.branch) == (service, repository, path, branch)
            for use in self._uses
        ):
            return
        kind = draw.choice(["quiet"] * 5 + ["two", "two", "undated", "read", "odd", "odd"])
        times: list[_Times]
        seen = exactly(LATE)
        if kind == "quiet":
            times = [(exactly(LONG_AGO), None, seen)]
        elif kind == "two":
            times = [(exactly(LONG_AGO), None, None), (self._time(), None, seen)]
            if self._one_in(3):
                times.append((self._time(), None, seen))
        elif kind == "undated":
            times = [(None, None, None)]
        elif kind == "read":
            times = [(None, None, self._time())]
        else:
            times = [
                (self._time(), self._time() if self._one_in(3) else None, self._time() if self._one_in(2) else None)
            ]
            if self._one_in(3):
                times.append((self._time(), None, seen))
        is_first = self._one_in(2)
        for number, (since, until, read) in enumerate(_in_order(*one) for one in times):
            document = self._keep(make(path))
            self._uses.append(
                DocumentUse(
                    service=service_id(service),
                    document=document.sha256,
                    path=path,
                    repository=repository,
                    branch=branch,
                    stands_from=since,
                    stands_until=until,
                    read_at=read,
                    is_first=is_first and number == 0 and since is not None,
                    is_last=until is not None and self._one_in(2),
                )
            )

    def _manifest(self, path: str) -> Document:
        draw = self._draw
        texts = [
            self._asked(draw.choice([MID, MID, APP, BAD, LONE, WORSE])) for _ in range(draw.choice([0, 1, 1, 2, 2]))
        ]
        requirements = [requirement(text) for text in texts]
        if self._one_in(4):
            optional = requirement(f"{draw.choice([MID, BAD, WORSE])}{draw.choice(['', '<2', '==1'])}")
            requirements.append(
                replace(optional, marker=draw.choice(['extra == "more"', '"dev" in dependency_groups']))
            )
        constraints = [requirement(f"{draw.choice([BAD, WORSE, MID])}{draw.choice(['<2', '==1', '!=3', '!=2'])}")]
        return Document(
            sha256="",
            path=path,
            kind=DocumentKind.MANIFEST,
            format="test",
            basis=Basis.LISTED,
            requirements=tuple(requirements),
            constraints=tuple(constraints) if self._one_in(3) else (),
            guards=self._guards() if self._one_in(4) else None,
            build_requires=(requirement(draw.choice(["mid", "setuptools", "lone", "bad<2"])),)
            if self._one_in(6)
            else None,
            indexes=(draw.choice([MIRROR, PRIVATE_INDEX]),) if self._one_in(15) else (),
            completeness=Completeness.INCOMPLETE if self._one_in(15) else Completeness.COMPLETE,
        )

    def _guards(self) -> Guards:
        draw = self._draw
        names = (BAD, WORSE, MID)
        at = self._first_window[0] + draw.choice([-3, -1, 0, 0, 1, 3]) * HOUR
        blurred = Moment(earliest=at - draw.choice([1, 26]) * HOUR, latest=at)
        ways = [CutOff(at=exactly(at)), CutOff(at=blurred), CutOff(age=draw.choice([1, 6, 100, 3_000]) * HOUR), None]
        return Guards(
            constraints=(requirement(f"{draw.choice(names)}{draw.choice(['<2', '==1', '!=3', '!=2'])}"),)
            if self._one_in(2)
            else (),
            overrides=tuple(self._overrides()) if self._one_in(3) else (),
            cut_off=draw.choice(ways),
            cut_offs=((draw.choice(names), draw.choice(ways)),) if self._one_in(3) else (),
        )

    def _overrides(self) -> Iterator[Requirement]:
        draw = self._draw
        for _ in range(draw.choice([1, 1, 2])):
            marker = draw.choice(["", "", "", 'sys_platform == "win32"', 'python_version < "0"'])
            text = f"{draw.choice([BAD, BAD, WORSE, MID, LONE])}{draw.choice(['', '<2', '==1', '==2', '!=3', '>=1'])}"
            yield replace(requirement(text), marker=marker)

    def _script(self, path: str) -> Document:
        draw = self._draw
        wanted = draw.choice([None, "lone", "mid", "bad", "nobody-read-it", "pip"])
        command = InstallCommand(
            place="line 1",
            text="pip install …",
            tool=draw.choice(["pip", "pip", "uv"]),
            requirements=(requirement(wanted),) if wanted else (),
            inputs=draw.choice([(), ("requirements.in",), ("uv.lock",), ("pyproject.toml",)]),
            is_past_lock=self._one_in(2),
            unreadable="$DEPS" if self._one_in(6) else "",
        )
        return Document(
            sha256="",
            path=path,
            kind=DocumentKind.SCRIPT,
            format="test",
            basis=Basis.LISTED,
            commands=(command,) if not self._one_in(4) else (),
            completeness=Completeness.COMPLETE,
        )

    def _rows(self, *, odd: bool) -> tuple[Component, ...]:
        draw = self._draw
        found: list[Component] = []
        for name in (BAD, WORSE, MID, APP, LONE):
            if self._one_in(2):
                continue
            versions = sorted(self._files[name])
            clean = [one for one in versions if (name, one) not in {accused[:2] for accused in self._accused}]
            version = draw.choice(versions) if self._one_in(4) or not clean else draw.choice(clean)
            hashes: tuple[str, ...] = ()
            if self._one_in(4):
                hashes = tuple(file.sha256 for file in self._files[name][version])
                hashes = (draw.choice(hashes),) if self._one_in(2) else hashes
            row = Component(
                ref=str(len(found)),
                name=name,
                package=name,
                version=version,
                purl=purl_of(name, version),
                sha256=hashes,
            )
            if odd and self._one_in(8):
                row = replace(row, version="", purl=purl_of(name), sha256=())
            elif odd and version.isdigit() and self._one_in(8):
                row = replace(row, package=None, purl="", sha256=())
            elif self._one_in(12):
                row = replace(row, optional=True)
            found.append(row)
        return tuple(found)

    def _lock(self, path: str) -> Document:
        draw = self._draw
        folder = [use.document for use in self._uses if use.path == path.replace("uv.lock", "pyproject.toml")]
        rows = self._rows(odd=False)
        if folder and not self._one_in(3):  # one that is likely to satisfy the manifest
            manifest = self._documents[folder[-1]]
            named = {row.package for row in rows}
            for one in manifest.requirements:
                if one.package not in named and one.package in self._files:
                    fits = [v for v in sorted(self._files[one.package]) if _fits(one.specifier, v)]
                    if fits:
                        version = draw.choice(fits)
                        rows = (
                            *rows,
                            Component(
                                ref=str(len(rows)),
                                name=one.package,
                                package=one.package,
                                version=version,
                                purl=purl_of(one.package, version),
                            ),
                        )
                        named.add(one.package)
        return Document(
            sha256="",
            path=path,
            kind=DocumentKind.LOCK,
            format="test",
            basis=Basis.LOCKED,
            components=rows,
            governs=("pyproject.toml",) if not self._one_in(6) else (),
            completeness=self._completeness(8),
            is_of_one_environment=self._one_in(4),
        )

    def _completeness(self, complete: int) -> Completeness:
        return self._draw.choice([*(Completeness.COMPLETE,) * complete, Completeness.UNKNOWN, Completeness.INCOMPLETE])

    def _listing_of(self, path: str) -> Document:
        draw = self._draw
        kind = draw.choice([DocumentKind.SBOM, DocumentKind.ENVIRONMENT])
        basis = (
            Basis.INSTALLED
            if kind is DocumentKind.ENVIRONMENT
            else draw.choice([Basis.BUILT, Basis.BUILT, Basis.LISTED])
        )
        rows = self._rows(odd=True)
        roots = (rows[0].ref,) if rows and kind is DocumentKind.SBOM and self._one_in(8) else ()
        return Document(
            sha256="",
            path=path,
            kind=kind,
            format="test",
            basis=basis,
            components=rows,
            roots=roots,
            subject=rows[0].name if roots else "",
            created=self._time() if self._one_in(2) else None,
            completeness=self._completeness(4),
            covers_python=not self._one_in(30),
            generator=(f"{TOOL} 1.2",) if self._one_in(2) else (),
            source_kind=draw.choice(["", "image", "directory"]),
            not_covered=(draw.choice([BAD, LONE]),) if self._one_in(20) else (),
        )

    def _listing(self, service: str) -> None:
        path = f"{service}-{self._counter}.json"
        if self._one_in(6):  # a lock or manifest that a build of that time installed from
            make = self._draw.choice([self._lock, self._manifest])
            document = self._keep(make(path))
            self._uses.append(
                DocumentUse(service=service_id(service), document=document.sha256, path=path, built_at=self._time())
            )
            return
        document = self._keep(self._listing_of(path))
        self._uses.append(
            DocumentUse(
                service=service_id(service),
                document=document.sha256,
                path=path,
                built_at=self._time() if self._one_in(2) else None,
                is_complete=self._one_in(6),
            )
        )

    def _build(self, service: str) -> None:
        draw = self._draw
        at = self._time()
        if any(one.service == service and one.at == at for one in self._builds):
            return
        build = Build(service=service_id(service), at=at)
        if self._one_in(4):
            build = replace(build, started=exactly(at.earliest - draw.randint(0, 2) * HOUR // 2))
        if self._one_in(4):
            build = replace(build, ended=exactly(at.latest + draw.randint(0, 6) * HOUR // 2))
        if self._one_in(3):
            build = replace(build, document=self._keep(self._listing_of(f"{service}-out-{self._counter}.json")).sha256)
        if self._one_in(3):
            build = replace(build, lock=self._keep(self._lock("uv.lock")).sha256)
        if self._one_in(3):
            build = replace(build, manifest=self._keep(self._manifest("requirements.txt")).sha256)
        if not build.lock and self._one_in(12):  # a manifest is walked, whatever it is called
            build = replace(build, lock=self._keep(self._manifest("requirements.txt")).sha256)
        self._builds.append(build)


def _in_order(since: Moment | None, until: Moment | None, read: Moment | None) -> _Times:
    """Return the times of a state without those that contradict an earlier one."""
    if since is not None and until is not None and until.earliest <= since.latest:
        until = None
    if since is not None and read is not None and read.earliest <= since.latest:
        read = None
    if until is not None and read is not None and read.latest >= until.earliest:
        read = None
    return since, until, read


@cache
def _fits(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
