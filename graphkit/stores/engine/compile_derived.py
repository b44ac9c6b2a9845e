"""What follows from the facts of an index: tables the other way round, counts and choices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores import port
from graphkit.stores.engine.compile_choices import compile_choices
from graphkit.stores.engine.compile_ranges import Ranges, Sets
from graphkit.stores.engine.compile_releases import Files, Releases
from graphkit.stores.engine.index_folder import ArraySink


def compile_derived(out: ArraySink, releases: Releases, sets: Sets, files: Files, ranges: Ranges) -> None:
    """Write who declares and uses what, who takes what in the end, and how many packages require each.

    Cost: columns throughout, a few sorts of members and releases.
    """
    out.array("release.package", releases.package)
    start, at = csr.inverted(sets.range, len(ranges.flags))
    out.array("declared.start", start.astype(np.int32))
    out.array("declared.set", sets.set[at])
    out.array("declared.marker", sets.marker[at])
    counts = np.bincount(ranges.package, minlength=len(releases.start) - 1)
    out.array("constraints.start", csr.offsets(counts).astype(np.int32))
    offer = compile_choices(out, releases, files, ranges, sets.count)
    start, users = csr.inverted(releases.set_id, sets.count)
    package = releases.package[users]
    out.array("users.start", start.astype(np.int32))
    out.array("users.release", users.astype(np.int32))
    out.array("users.package", package)
    out.array("users.offer", offer[users])
    _write_runs(out, releases, ranges, offer, start, users)
    out.array("package.dependents", _dependents(sets, ranges.package, start, package, len(counts)))


def _write_runs(
    out: ArraySink, releases: Releases, ranges: Ranges, offer: NDArray[np.uint8], start: csr.Offsets, users: csr.Offsets
) -> None:
    """Write the users of sets, in CSR form by ``start``, as runs of releases of packages on which a range aims."""
    is_aimed_at, names_extras = (np.zeros(len(releases.start) - 1, dtype=np.bool_) for _ in range(2))
    is_aimed_at[ranges.package] = True
    names_extras[ranges.package[ranges.extras != 0]] = True
    kept = np.flatnonzero(is_aimed_at[releases.package[users]])
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))[kept]
    release = users[kept]
    package, listed = releases.package[release], offer[release] & port.OFFER_LISTED != 0
    breaks = (np.diff(release) != 1) | np.diff(owner).astype(np.bool_) | np.diff(package).astype(np.bool_)
    first = np.flatnonzero(np.append(True, breaks | (listed[1:] != listed[:-1]))[: len(kept)])
    sizes = np.diff(np.append(first, len(kept)))
    flags = np.where(listed, port.OFFER_LISTED, 0) | np.where(names_extras[package], port.NAMES_EXTRAS, 0)
    out.array("run.start", csr.offsets(np.bincount(owner[first], minlength=len(start) - 1)).astype(np.int32))
    out.array("run.package", package[first])
    out.array("run.lo", release[first].astype(np.int32))
    out.array("run.hi", (release[first] + sizes).astype(np.int32))
    out.array("run.flags", flags[first].astype(np.uint8))


def _dependents(
    sets: Sets, target: port.PackageIds, start: csr.Offsets, user: port.PackageIds, count: int
) -> NDArray[np.int32]:
    """Return of each package how many packages have a release that requires it.

    ``target``: the package of each range. ``start`` and ``user``: the package of each user of a set, in CSR form.
    Both the members and the users of a set ascend by package, so each is made distinct without a sort.
    """
    owner, required = _runs(sets.set, target[sets.range])
    by_set, user = _runs(np.repeat(np.arange(sets.count, dtype=port.REQUIREMENT_SET), np.diff(start)), user)
    start = csr.offsets(np.bincount(by_set, minlength=sets.count))
    at, begin = csr.spread(start[owner], start[owner + 1])
    pairs = np.repeat(required.astype(np.int64) * count, np.diff(begin)) + user[at]
    return np.bincount(csr.distinct(pairs) // max(1, count), minlength=count).astype(np.int32)


def _runs(one: port.RequirementSetIds, other: port.PackageIds) -> tuple[port.RequirementSetIds, port.PackageIds]:
    """Return the pairs that differ from the one before."""
    fresh = np.ones(len(one), dtype=np.bool_)
    fresh[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    return one[fresh], other[fresh]
