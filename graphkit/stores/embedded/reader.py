"""The read side: every call is a gather over memory-mapped arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from graphkit.model import csr
from graphkit.model.csr import frozen
from graphkit.stores import port
from graphkit.stores.engine.evidence import IndexEvidence
from graphkit.stores.engine.index_folder import SOURCES, IndexFolder
from graphkit.stores.engine.texts import TextColumn, Texts, TextsBuilder

_FURTHER: Final = np.iinfo(np.int32).max
"""Above every release."""
_SOURCES: Final = Texts(*TextsBuilder(SOURCES).arrays())


class IndexReader:
    """`port.Reader` over a compiled index. Stays valid after newer generations are compiled."""

    _package_start: port.ReleaseIds
    _newest: port.ReleaseIds
    _release_package: port.PackageIds
    _release_set: port.RequirementSetIds
    _file_needs: port.TextIds
    _set_range: port.RangeIds
    _set_marker: port.TextIds
    _declared_set: port.RequirementSetIds
    _declared_marker: port.TextIds
    _users: port.ReleaseIds
    _users_package: port.PackageIds
    _takers: port.RangeIds
    _run_package: port.PackageIds
    _run_lo: port.ReleaseIds
    _run_hi: port.ReleaseIds
    _range_package: port.PackageIds
    _stretch_range: port.RangeIds
    _range_extras: port.TextIds
    _lo: port.ReleaseIds
    _hi: port.ReleaseIds

    def __init__(self, index: IndexFolder) -> None:
        self._header = index.header
        self._names = index.texts("package.name")
        self._package_start, self._package_flags, self._dependents, self._downloads = index.columns(
            ("package.start", "package.flags", "package.dependents", "package.downloads")
        )
        self._maintainers = index.texts("package.maintainers")
        self._versions = index.texts("version")
        self._release_version, self._release_flags, self._release_set, self._release_source, self._release_package = (
            index.columns(("release.version", "release.flags", "release.set", "release.source", "release.package"))
        )
        self._file_start, self._uploaded, self._file_flags, self._file_needs = index.columns(
            ("file.start", "file.uploaded", "file.flags", "file.needs")
        )
        self._yank_file, self._yank_since = index.columns(("yank.file", "yank.since"))
        self._filenames, self._hashes = index.texts("file.filename"), index.texts("file.sha256")
        self._set_start, self._set_range, self._set_marker = index.columns(("set.start", "set.range", "set.marker"))
        self._declared_start, self._declared_ending, self._declared_last = index.columns(
            ("declared.start", "declared.ending", "declared.last")
        )
        self._declared_set, self._declared_marker = index.columns(("declared.set", "declared.marker"))
        self._users_start, self._users = index.columns(("users.start", "users.release"))
        # What is said of releases stands beside them once more: walks read these columns in this order all the time.
        self._users_package, self._users_offer = index.columns(("users.package", "users.offer"))
        self._settled, self._newest, self._speaks_until = index.columns(
            ("package.settled", "package.newest", "package.speaks_until")
        )
        self._offer, self._takers_start, self._takers = index.columns(("release.offer", "takers.start", "takers.range"))
        self._run_start, self._run_package, self._run_lo, self._run_hi, self._run_flags = index.columns(
            ("run.start", "run.package", "run.lo", "run.hi", "run.flags")
        )
        self._range_package, self._range_extras, self._range_flags, self._range_text, self._range_takes = index.columns(
            ("range.package", "range.extras", "range.flags", "range.text", "range.takes")
        )
        self._range_start, self._lo, self._hi = index.columns(("range.start", "range.lo", "range.hi"))
        self._texts = index.texts("range_text")
        self._constraints_start, self._stretch_range = index.columns(("constraints.start", "stretch.range"))
        self._shared: dict[port.TextKind, Texts] = {
            "marker": index.texts("marker"),
            "needs": index.texts("needs"),
            "extras": index.texts("range_extras"),
        }
        self._evidence = IndexEvidence(index)

    def generation(self) -> port.Generation:
        """Return what this reader reads."""
        header = self._header
        return port.Generation(
            facts_sha256=header.facts_sha256,
            packages=header.counts["packages"],
            releases=header.counts["releases"],
            requirement_sets=header.counts["requirement sets"],
            ranges=header.counts["ranges"],
            newest_fact=header.newest_fact,
            inputs=header.inputs,
            packaging=header.packaging,
        )

    def counts(self) -> dict[str, int]:
        """Return how many of each kind of thing were compiled, by its word."""
        return dict(self._header.counts)

    def package_ids(self, names: Sequence[str]) -> port.PackageIds:
        """Return the ids of PEP 503 names, -1 where unknown. Cost: one bisection a name."""
        return frozen(self._names.find(names).astype(port.PACKAGE, copy=False))

    def packages(self, ids: port.PackageIds) -> port.Packages:
        """Return names, flags and release stretches of packages."""
        rows = np.asarray(ids, dtype=np.int64)
        return port.Packages(
            name=TextColumn(self._names, rows),
            flags=frozen(self._package_flags[rows]),
            start=frozen(self._package_start[rows]),
            stop=frozen(self._package_start[rows + 1]),
            dependents=frozen(self._dependents[rows]),
            downloads=frozen(self._downloads[rows]),
            maintainers=TextColumn(self._maintainers, rows),
            settled=frozen(self._settled[rows]),
            newest=frozen(self._newest[rows]),
            speaks_until=frozen(self._speaks_until[rows]),
        )

    def expect(self, packages: port.PackageIds) -> None:
        """Do nothing: what is asked for is here already."""

    def releases(self, ids: port.ReleaseIds) -> port.Releases:
        """Return releases with their files."""
        start, at = csr.positions(self._file_start, ids)
        return port.Releases(
            package=frozen(self._release_package[ids]),
            version=TextColumn(self._versions, self._release_version[ids]),
            flags=frozen(self._release_flags[ids]),
            offer=frozen(self._offer[ids]),
            requirement_set=frozen(self._release_set[ids]),
            requirements_source=TextColumn(_SOURCES, self._release_source[ids]),
            file_start=frozen(start),
            file_uploaded=frozen(self._uploaded[at]),
            file_yanked_since=frozen(self._yanks_of(at)),
            file_flags=frozen(self._file_flags[at]),
            file_needs=frozen(self._file_needs[at]),
            filename=TextColumn(self._filenames, at),
            file_sha256=TextColumn(self._hashes, at),
        )

    def _yanks_of(self, files: csr.Offsets) -> port.Times:
        """Return since when files are yanked, 0 for most of them: few yanks have a date."""
        since = np.zeros(len(files), dtype=np.int64)
        if len(self._yank_file):
            place = np.minimum(np.searchsorted(self._yank_file, files), len(self._yank_file) - 1)
            dated = self._yank_file[place] == files
            since[dated] = self._yank_since[place[dated]]
        return since

    def requirements(self, sets: port.RequirementSetIds) -> port.Members:
        """Return the members of requirement sets."""
        start, at = csr.positions(self._set_start, sets)
        return port.Members(start=frozen(start), range=frozen(self._set_range[at]), marker=frozen(self._set_marker[at]))

    def ranges(self, ids: port.RangeIds) -> port.Ranges:
        """Return ranges with their stretches."""
        start, at = csr.positions(self._range_start, ids)
        return port.Ranges(
            package=frozen(self._range_package[ids]),
            extras=frozen(self._range_extras[ids]),
            text=TextColumn(self._texts, self._range_text[ids]),
            flags=frozen(self._range_flags[ids]),
            start=frozen(start),
            lo=frozen(self._lo[at]),
            hi=frozen(self._hi[at]),
        )

    def constraints_on(self, packages: port.PackageIds) -> tuple[port.Offsets, port.RangeIds]:
        """Return the ranges that aim at each package; ranges are sorted by package, so no table is read."""
        start, ids = csr.positions(self._constraints_start, packages)
        return frozen(start), frozen(ids.astype(port.RANGE))

    def intervals_on(self, packages: port.PackageIds) -> port.RangeIntervals:
        """Return the stretches of the ranges that aim at each package, which are sorted like these."""
        first = self._range_start[self._constraints_start[packages]]
        at, start = csr.spread(first, self._range_start[self._constraints_start[np.asarray(packages) + 1]])
        ranges = self._stretch_range[at]
        return port.RangeIntervals(
            start=frozen(start),
            range=frozen(ranges),
            extras=frozen(self._range_extras[ranges]),
            lo=frozen(self._lo[at]),
            hi=frozen(self._hi[at]),
        )

    def declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return which requirement sets hold each range."""
        return self._declarers(*csr.positions(self._declared_start, ranges))

    def leading_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return which of them lead further."""
        at, start = csr.spread(self._declared_start[ranges], self._declared_ending[ranges])
        return self._declarers(start, at)

    def ending_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return which of the others may hold without an extra."""
        at, start = csr.spread(self._declared_ending[ranges], self._declared_last[ranges])
        return self._declarers(start, at)

    def last_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return which of them hold with one extra alone, and lead no further."""
        at, start = csr.spread(self._declared_last[ranges], self._declared_start[np.asarray(ranges) + 1])
        return self._declarers(start, at)

    def _declarers(self, start: csr.Offsets, at: csr.Offsets) -> port.Declarers:
        return port.Declarers(
            start=frozen(start), set=frozen(self._declared_set[at]), marker=frozen(self._declared_marker[at])
        )

    def users(self, sets: port.RequirementSetIds) -> port.Users:
        """Return which releases declare each requirement set."""
        start, at = csr.positions(self._users_start, sets)
        return port.Users(
            start=frozen(start),
            release=frozen(self._users[at]),
            package=frozen(self._users_package[at]),
            offer=frozen(self._users_offer[at]),
        )

    def every_user(self) -> port.EveryUser:
        """Return what every release declares: the columns as they are mapped."""
        return port.EveryUser(requirement_set=np.asarray(self._release_set), offer=np.asarray(self._offer))

    def runs(self, sets: port.RequirementSetIds) -> port.Runs:
        """Return the same as runs of releases, of packages on which a range aims."""
        start, at = csr.positions(self._run_start, sets)
        return port.Runs(
            start=frozen(start),
            package=frozen(self._run_package[at]),
            lo=frozen(self._run_lo[at]),
            hi=frozen(self._run_hi[at]),
            flags=frozen(self._run_flags[at]),
        )

    def takers(self, sets: port.RequirementSetIds) -> port.Takers:
        """Return the ranges that choose a release that declares each requirement set."""
        return self._takers_by(*csr.gather(self._takers_start, self._takers, sets))

    def takers_of(self, releases: port.ReleaseIds) -> port.Takers:
        """Return the ranges that choose each release."""
        _, ranges = csr.positions(self._constraints_start, csr.distinct(self._release_package[releases]))
        takes = self._range_takes[ranges]
        found = np.flatnonzero(np.isin(takes, releases))
        found = found[np.argsort(takes[found], kind="stable")]
        start = np.searchsorted(takes[found], np.append(releases, _FURTHER))
        return self._takers_by(start, ranges[found].astype(port.RANGE))

    def _takers_by(self, start: csr.Offsets, ranges: port.RangeIds) -> port.Takers:
        return port.Takers(
            start=frozen(start),
            range=frozen(ranges),
            package=frozen(self._range_package[ranges]),
            extras=frozen(self._range_extras[ranges]),
        )

    def texts(self, kind: port.TextKind, ids: port.TextIds) -> tuple[str, ...]:
        """Return marker texts, or what files need."""
        return self._shared[kind].at(ids)

    def evidence(self) -> IndexEvidence:
        """Return the organisation's side."""
        return self._evidence
