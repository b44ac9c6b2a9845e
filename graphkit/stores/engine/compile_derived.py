"""What follows from the facts of an index: tables the other way round, counts and choices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.environment import extra_alone
from graphkit.stores import port
from graphkit.stores.engine.compile_choices import compile_choices
from graphkit.stores.engine.compile_ranges import Ranges, Sets
from graphkit.stores.engine.compile_releases import Files, Releases
from graphkit.stores.engine.index_folder import ArraySink


def compile_derived(
    out: ArraySink, releases: Releases, sets: Sets, files: Files, ranges: Ranges, extras: Sequence[str]
) -> None:
    """Write who declares and uses what, who takes what in the end, and how many packages require each.

    ``extras``: the texts of extras that ranges name.

    Cost: columns throughout, a few sorts of members and releases.
    """
    out.array("release.package", releases.package)
    _write_declarers(out, releases, sets, ranges, extras)
    counts = np.bincount(ranges.package, minlength=len(releases.start) - 1)
    out.array("constraints.start", csr.offsets(counts).astype(np.int32))
    out.array("stretch.range", np.repeat(np.arange(len(ranges.flags), dtype=np.int32), np.diff(ranges.start)))
    offer = compile_choices(out, releases, files, ranges, sets.count)
    start, users = csr.inverted(releases.set_id, sets.count)
    package = releases.package[users]
    out.array("users.start", start.astype(np.int32))
    out.array("users.release", users.astype(np.int32))
    out.array("users.package", package)
    out.array("users.offer", offer[users])
    _write_runs(out, releases, ranges, offer, start, users)
    out.array("package.dependents", _dependents(sets, ranges.package, start, package, len(counts)))


def _aimed_at(releases: Releases, ranges: Ranges) -> NDArray[np.bool_]:
    """Return of each release whether a range aims at its package."""
    packages = np.zeros(len(releases.start) - 1, dtype=np.bool_)
    packages[ranges.package] = True
    return packages[releases.package]


def _write_declarers(out: ArraySink, releases: Releases, sets: Sets, ranges: Ranges, extras: Sequence[str]) -> None:
    """Write which sets hold each range: those of `port.DependentReader.leading_declarers`, ending and last ones."""
    leads = np.zeros(sets.count, dtype=np.bool_)
    leads[releases.set_id[_aimed_at(releases, ranges) & (releases.set_id >= 0)]] = True
    has_extra_alone, is_followed = _with_an_extra(releases, sets, ranges, extras)
    leading = leads[sets.set] & (~has_extra_alone | is_followed)
    part = np.where(leading, 0, np.where(has_extra_alone, 2, 1))
    bounds, at = csr.inverted(3 * sets.range + part, 3 * len(ranges.flags))
    for first, name in enumerate(("declared.start", "declared.ending", "declared.last")):
        out.array(name, bounds[first::3].astype(np.int32))
    out.array("declared.set", sets.set[at])
    out.array("declared.marker", sets.marker[at])


def _with_an_extra(
    releases: Releases, sets: Sets, ranges: Ranges, extras: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which members hold with one extra alone, and of which a range on a user of their set names it."""
    numbers: dict[str, int] = {"": 0}
    by_marker = [numbers.setdefault(extra_alone(text), len(numbers)) for text in sets.marker_texts]
    known = [[numbers[one] for one in text.split(",") if numbers.get(one)] for text in extras]
    start = csr.offsets(np.array([len(one) for one in known], dtype=np.int64))
    at, begin = csr.spread(start[ranges.extras], start[ranges.extras + 1])
    count = np.int64(len(numbers))
    flat = np.array([one for of in known for one in of], dtype=np.int64)
    named = csr.distinct(np.repeat(ranges.package, np.diff(begin)) * count + flat[at])
    users, begin = csr.spread(releases.start[named // count], releases.start[named // count + 1])
    followed = csr.distinct(releases.set_id[users] * count + np.repeat(named % count, np.diff(begin)))
    extra = np.array(by_marker, dtype=np.int64)[sets.marker]
    asked = sets.set * count + extra
    found = np.searchsorted(followed, asked)
    return extra > 0, np.append(followed, -1)[found] == asked


def _write_runs(
    out: ArraySink, releases: Releases, ranges: Ranges, offer: NDArray[np.uint8], start: csr.Offsets, users: csr.Offsets
) -> None:
    """Write the users of sets, in CSR form by ``start``, as runs of releases of packages on which a range aims."""
    names_extras = np.zeros(len(releases.start) - 1, dtype=np.bool_)
    names_extras[ranges.package[ranges.extras != 0]] = True
    kept = np.flatnonzero(_aimed_at(releases, ranges)[users])
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
