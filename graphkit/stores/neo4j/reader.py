"""The reading side: one statement a call, whole frontiers per statement, columns back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, Final, TypeVar, overload

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.csr import frozen
from graphkit.model.errors import GraphChanged
from graphkit.stores import port
from graphkit.stores.engine.no_shortcuts import NoShortcuts
from graphkit.stores.neo4j.carry import KEYS, Carry, still_holds
from graphkit.stores.neo4j.changes import Changes
from graphkit.stores.neo4j.evidence import ServerEvidence
from graphkit.stores.neo4j.flag_properties import FILES, OFFERS, PACKAGES, RANGES, RELEASES
from graphkit.stores.neo4j.memory import Memory
from graphkit.stores.neo4j.node_ids import Blocks, Interned, NodeIds
from graphkit.stores.neo4j.reader_cache import MADE_BY, Kept, flat, unflat
from graphkit.stores.neo4j.server import Asked, Server, rows
from graphkit.stores.neo4j.starts import Start, changes_after

_Columns = dict[str, Any]
_Value = TypeVar("_Value")


class _Aimed(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per package: the ranges that aim at it."""

    start: port.Offsets
    range: port.RangeIds


class _Takers(Struct, frozen=True, kw_only=True):
    """The ranges that choose each release, as `port.Takers` has them of requirement sets."""

    start: port.Offsets
    range: port.RangeIds
    extras: port.TextIds


class _FileTexts(Struct, frozen=True, kw_only=True):
    """In CSR form, one row per release: names and hashes of its files."""

    start: port.Offsets
    filename: Sequence[str]
    sha256: Sequence[str]


class ServerReader(NoShortcuts):
    """`port.Reader` of one generation, also while others write: a call says so where it can no longer be known.

    That is where a later generation changed what is read for the first time (`graphkit.stores.neo4j.changes`).

    Ids are given out as things are met: the database keeps numbers that never change, and positions of
    releases within their package. What was read is remembered (`memory.Memory`), and so are packages whose releases
    come next, until the next call reads these with its own.
    """

    def __init__(self, server: Server, start: Start) -> None:
        """Take what the graph was at the beginning."""
        graph = start.graph
        self._server, self._graph = server, graph
        self.number: int = graph["generation"]
        self.start = start
        self._known, self._later = start, Changes()
        """What later generations changed, as far as that is known."""
        self._held: Asked | None = None
        self._packages, self._sets, self._ranges = (
            NodeIds(graph[f"next_{name}"], partial(self._numbers, name)) for name in ("package", "set", "range")
        )
        self._releases = Blocks(graph["next_package"], graph["releases"])
        self._texts: dict[port.TextKind, Interned] = {"marker": Interned(), "extras": Interned(), "needs": Interned()}
        self._evidence = ServerEvidence(self._ask_once)
        self._answers: dict[str, _Columns] = {}
        self._documents = 0
        self._read = 0
        """How many statements it asked."""
        self._expected: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._package_numbers = dict[str, int]()
        packages, releases, sets, ranges = (graph[name] for name in ("packages", "releases", "sets", "ranges"))
        self._known_packages = Memory(packages, port.Packages, self._read_packages)
        self._known_releases = Memory(
            releases,
            port.Releases,
            self._read_releases,
            start="file_start",
            nested=("file_uploaded", "file_yanked_since", "file_flags", "file_needs"),
            apart=("filename", "file_sha256"),
        )
        self._known_files = Memory(
            releases, _FileTexts, self._read_file_texts, start="start", nested=("filename", "sha256")
        )
        self._known_sets = Memory(
            sets, port.Members, self._read_requirements, start="start", nested=("range", "marker")
        )
        self._known_ranges = Memory(ranges, port.Ranges, self._read_ranges, start="start", nested=("lo", "hi"))
        self._known_aimed = Memory(packages, _Aimed, self._read_aimed, start="start", nested=("range",))
        self._known_declarers = Memory(
            ranges, port.Declarers, self._read_declarers, start="start", nested=("set", "marker")
        )
        self._known_users = Memory(
            sets, port.Users, self._read_users, start="start", nested=("release", "package", "offer")
        )
        self._known_takers = Memory(releases, _Takers, self._read_takers, start="start", nested=("range", "extras"))
        self._memories: dict[str, Memory[Any]] = {
            "packages": self._known_packages,
            "releases": self._known_releases,
            "files": self._known_files,
            "sets": self._known_sets,
            "ranges": self._known_ranges,
            "aimed": self._known_aimed,
            "declarers": self._known_declarers,
            "users": self._known_users,
            "takers": self._known_takers,
        }

    def take_over(self, older: ServerReader, changes: Changes) -> None:
        """Take what a reader of an earlier generation read and still holds. Cost: a pass over it."""
        ids = {"package": older._packages.held, "set": older._sets.held, "range": older._ranges.held}
        carry = Carry(ids, older._releases.held, changes)
        self._begin(carry.numbers, carry.blocks)
        self._texts = older._texts
        self._package_numbers = {name: n for name, n in older._package_numbers.items() if name not in changes.names}
        for name, memory in older._memories.items():
            held = memory.ids
            if len(held) and len(held := held[carry.stays(name, held, memory.of(held))]):
                self._memories[name].put(carry.ids(KEYS[name], held), carry.rows(name, held, memory.of(held)))
        self._answers = {
            key: found for key, found in older._answers.items() if still_holds(msgspec.json.decode(key)[0], changes)
        }

    def _begin(
        self, numbers: dict[str, NDArray[np.int64]], blocks: tuple[NDArray[np.int64], NDArray[np.int64]]
    ) -> None:
        """Give out ids before the first is asked for."""
        for kind, ids in (("package", self._packages), ("set", self._sets), ("range", self._ranges)):
            ids.give(numbers[kind])
        self._releases.give(*(part.tolist() for part in blocks))

    @property
    def kept(self) -> Kept | None:
        """What it read, as the next process takes it over; None where nothing was read since it began."""
        if not self._read:
            return None
        rows = {}
        for name, memory in self._memories.items():
            if len(held := memory.ids):
                columns = memory.columns(memory.of(held))
                rows[name] = (
                    flat(held),
                    {
                        column: flat(values) if isinstance(values, np.ndarray) else list(values)
                        for column, values in columns.items()
                    },
                )
        ids = {"package": self._packages, "set": self._sets, "range": self._ranges}
        packages, sizes = self._releases.held
        return Kept(
            made_by=MADE_BY,
            graph=self._graph,
            seen=self.start.seen,
            numbers={kind: flat(some.held) for kind, some in ids.items()},
            blocks=(flat(packages), flat(sizes)),
            texts={kind: some.held for kind, some in self._texts.items()},
            names=self._package_numbers,
            rows=rows,
            answers=self._answers,
        )

    def restore(self, kept: Kept) -> None:
        """Take what a reader of the same generation read, in another process."""
        packages, sizes = kept.blocks
        numbers = {kind: unflat(some) for kind, some in kept.numbers.items()}
        self._begin(numbers, (unflat(packages), unflat(sizes)))
        for kind, texts in self._texts.items():
            texts.ids(kept.texts[kind])
        self._package_numbers = dict(kept.names)
        for name, (ids, columns) in kept.rows.items():
            whole = {
                column: values if isinstance(values, list) else unflat(values) for column, values in columns.items()
            }
            self._memories[name].put(unflat(ids), self._memories[name].answer(whole))
        self._answers = dict(kept.answers)

    def _ask_once(self, name: str, **parameters: Any) -> _Columns:
        """Return the columns of a statement of the organisation's side, which are remembered."""
        key = msgspec.json.encode([name, parameters], order="sorted").decode()
        if (known := self._answers.get(key)) is not None:
            return known
        found = self._ask(name, **parameters)
        if name != "documents":
            self._answers[key] = found
        elif self._documents < _DOCUMENTS:  # whole documents take much
            self._documents += len(parameters["sha256"])
            self._answers[key] = found
        return found

    def _ask_groups(self, name: str, **parameters: Any) -> list[_Columns]:
        self._read += 1
        if self._held is not None:
            with self._server.explained():
                return rows(self._held, name, **parameters)
        found = self._server.ask(name, self._known.seen, **parameters)
        known, is_known = self._known.graph, bool(found)
        for row in found:
            store, generation, later = row.pop("store"), row.pop("generation"), row.pop("later")
            is_known = is_known and not later and store == known["store"] and generation <= known["generation"]
        if not is_known:
            more, self._known = changes_after(self._server, self._known)
            self._later.add(more)
        if not found or self._later.concern(name, parameters, found):
            raise GraphChanged(f"{self._server.shown}: the graph changed while it was read; retry")
        return found

    @contextmanager
    def held(self, transaction: Asked) -> Iterator[None]:
        """Read through a transaction that holds writers off."""
        self._held = transaction
        try:
            yield
        finally:
            self._held = None

    def _ask(self, name: str, **parameters: Any) -> _Columns:
        (found,) = self._ask_groups(name, **parameters)
        return found

    def _numbers(self, kind: str) -> list[int]:
        numbers: list[int] = self._ask(f"every_{kind}")["n"]
        return numbers

    def generation(self) -> port.Generation:
        """Return what this reader reads."""
        graph = self._graph
        return port.Generation(
            facts_sha256=graph["facts_sha256"],
            packages=graph["packages"],
            releases=graph["releases"],
            requirement_sets=graph["sets"],
            ranges=graph["ranges"],
            newest_fact=graph["newest_fact"],
            inputs=graph["inputs"],
            packaging=graph["packaging"],
        )

    def counts(self) -> dict[str, int]:
        """Return how many of each kind of thing are kept, by its word. Cost: a scan of releases."""
        organisation = self.evidence().organisation()
        return {
            **self._ask("counts"),
            "companies": len(organisation.companies),
            "services": len(organisation.services),
            "builds": len(organisation.builds),
            "supply relations": len(organisation.supplies),
            "claims": len(organisation.claims),
        }

    def package_ids(self, names: Sequence[str]) -> port.PackageIds:
        """Return the ids of PEP 503 names, -1 where the graph has no such package."""
        known = self._package_numbers
        if missing := [name for name in dict.fromkeys(names) if name not in known]:
            found = self._ask("package_ids", names=missing)
            known.update(dict.fromkeys(missing, -1) | dict(zip(found["name"], found["n"], strict=True)))
        return frozen(self._packages.ids(np.array([known[name] for name in names], dtype=np.int64)))

    def packages(self, ids: port.PackageIds) -> port.Packages:
        """Return names, flags and release stretches of packages."""
        return self._known_packages.of(ids, lambda: self._expected)

    def _read_packages(self, ids: NDArray[Any]) -> port.Packages:
        numbers = self._packages.numbers(ids)
        found = self._ask("packages", n=numbers.tolist())
        place = _place(found["n"], numbers)
        self._give(found["n"], found["releases"])
        start = self._releases.start(numbers)
        size, newest = _ints(found["releases"])[place], _ints(found["newest"])[place]
        return port.Packages(
            name=_picked(found["name"], place),
            flags=frozen(PACKAGES.flags(found)[place]),
            start=frozen(start.astype(np.int32)),
            stop=frozen((start + size).astype(np.int32)),
            dependents=frozen(_ints(found["dependents"])[place].astype(np.int32)),
            downloads=frozen(_ints(found["downloads"])[place]),
            maintainers=_picked(found["maintainers"], place),
            settled=frozen(_ints(found["settled"])[place]),
            newest=frozen(np.where(newest < 0, -1, start + newest).astype(np.int32)),
            speaks_until=frozen(_ints(found["speaks_until"])[place]),
        )

    def _give(self, numbers: list[int], sizes: list[int]) -> None:
        wanted = set(self._releases.missing(_ints(numbers)).tolist())
        pairs = [(number, size) for number, size in zip(numbers, sizes, strict=True) if number in wanted]
        self._releases.give([number for number, _ in pairs], [size for _, size in pairs])

    def _release_ids(self, packages: NDArray[np.int64], positions: NDArray[np.int64]) -> port.ReleaseIds:
        if len(missing := self._releases.missing(packages)):
            found = self._ask("sizes", n=missing.tolist())
            self._give(found["n"], found["releases"])
        return frozen((self._releases.start(packages) + positions).astype(np.int32))

    def expect(self, packages: port.PackageIds) -> None:
        """Note of which packages all releases come next: the next call that has to read some reads them too."""
        self._expected = np.union1d(self._expected, packages)

    def _ahead(self) -> NDArray[np.int64]:
        """Return the releases of packages that come next, as many as one statement takes; the rest comes later."""
        expected = self._expected
        columns = self._known_packages.of(expected)
        start, stop = columns.start.astype(np.int64), columns.stop.astype(np.int64)
        some = np.cumsum(stop - start) <= _AHEAD
        self._expected = expected[~some & (stop - start <= _AHEAD)]
        return csr.spread(start[some], stop[some])[0]

    def releases(self, ids: port.ReleaseIds) -> port.Releases:
        """Return releases with their files."""
        found = self._known_releases.of(ids, self._ahead)
        texts = partial(self._known_files.of, ids)
        size = len(found.file_uploaded)
        return replace(
            found,
            filename=_Later(size, lambda: texts().filename),
            file_sha256=_Later(size, lambda: texts().sha256),
        )

    def _read_releases(self, ids: NDArray[Any]) -> port.Releases:
        groups = self._ask_groups("releases", rows=self._by_package(ids)) if len(ids) else []
        found = {name: _joined_lists(groups, name) for name in _OF_RELEASES}
        group = np.repeat(np.arange(len(groups)), [len(one["package"]) for one in groups])
        known = self._release_ids(_ints(found["package"]), _ints(found["position"]))
        place = _place(known.tolist(), ids)
        group = group[place]
        start, at = csr.positions(_starts(found["uploaded"]), place)
        needs = [one["needs"] for one in groups]
        _, in_group = csr.positions(_starts(needs), group)
        of_files = {name: _filled([one[name] for one in groups], needs) for name in ("yanked_since", *FILES.names)}
        sources = [one["source"] for one in groups]
        return port.Releases(
            package=frozen(self._packages.ids(_ints(found["package"])[place])),
            version=_picked(found["version"], place),
            flags=frozen(RELEASES.flags(_columns(groups, RELEASES.names))[group]),
            offer=frozen(OFFERS.flags(_columns(groups, OFFERS.names))[group]),
            requirement_set=frozen(self._sets.ids(_ints(found["set"])[place])),
            requirements_source=_picked(sources, group),
            file_start=frozen(start),
            file_uploaded=frozen(_ints(_all_of(found["uploaded"]))[at]),
            file_yanked_since=frozen(_ints(of_files["yanked_since"])[in_group]),
            file_flags=frozen(FILES.flags(of_files)[in_group]),
            file_needs=frozen(self._texts["needs"].ids(_all_of(needs))[in_group]),
            filename=(),
            file_sha256=(),
        )

    def _read_file_texts(self, ids: NDArray[Any]) -> _FileTexts:
        """Return the texts of the files of releases; most questions read none, and they are most of the bytes."""
        found = self._ask("file_texts", rows=self._by_package(ids))
        known = self._release_ids(_ints(found["package"]), _ints(found["position"]))
        place = _place(known.tolist(), ids)
        return _FileTexts(
            start=_starts(_picked_list(found["sha256"], place)),
            filename=_flat(found["filenames"], place),
            sha256=_flat(found["sha256"], place),
        )

    def _by_package(self, releases: NDArray[Any]) -> list[list[Any]]:
        """Return rows of (package number, positions) for distinct releases, ascending."""
        if not self._releases.has(releases):
            self._release_ids(_ints(self._numbers("package")), _ints([0]))
        packages = self._releases.package(releases)
        positions = releases - self._releases.start(packages)
        first = np.flatnonzero(np.diff(packages, prepend=-1))
        parts = np.split(positions, first[1:]) if len(first) else []
        return [[number, part.tolist()] for number, part in zip(packages[first].tolist(), parts, strict=True)]

    def requirements(self, sets: port.RequirementSetIds) -> port.Members:
        """Return the members of requirement sets. The ranges that they are come along: they are asked for next."""
        return self._known_sets.of(sets)

    def _read_requirements(self, sets: NDArray[Any]) -> port.Members:
        asked = self._sets.numbers(sets)
        found = self._ask("requirements", n=asked.tolist())
        start, at = _joined(asked, found["row"])
        ranges = self._ranges.ids(_ints(found["range"]))
        self._known_ranges.keep(ranges, partial(self._ranges_of, found))
        return port.Members(
            start=frozen(start),
            range=frozen(ranges[at]),
            marker=frozen(self._texts["marker"].ids(_picked_list(found["marker"], at))),
        )

    def ranges(self, ids: port.RangeIds) -> port.Ranges:
        """Return ranges with their stretches."""
        return self._known_ranges.of(ids)

    def _read_ranges(self, ids: NDArray[Any]) -> port.Ranges:
        return self._ranges_of(self._ask("ranges", n=self._ranges.numbers(ids).tolist()), ids)

    def _ranges_of(self, found: _Columns, ids: NDArray[Any]) -> port.Ranges:
        numbers = self._ranges.numbers(ids)
        place = _place(found["n"], numbers)
        package = _ints(found["package"])[place]
        start = _starts(_picked_list(found["lo"], place))
        owner = np.repeat(package, np.diff(start))
        return port.Ranges(
            package=frozen(self._packages.ids(package)),
            extras=frozen(self._texts["extras"].ids(_picked_list(found["extras"], place))),
            text=_picked(found["text"], place),
            flags=frozen(RANGES.flags(found)[place]),
            start=frozen(start),
            lo=self._release_ids(owner, _ints(_flat(found["lo"], place))),
            hi=self._release_ids(owner, _ints(_flat(found["hi"], place))),
        )

    def constraints_on(self, packages: port.PackageIds) -> tuple[port.Offsets, port.RangeIds]:
        """Return the ranges that aim at each package, in CSR form (start, range ids)."""
        found = self._known_aimed.of(packages)
        return found.start, found.range

    def _read_aimed(self, packages: NDArray[Any]) -> _Aimed:
        asked = self._packages.numbers(packages)
        found = self._ask("constraints_on", n=asked.tolist())
        start, at = _joined(asked, found["row"])
        return _Aimed(start=start, range=self._ranges.ids(_ints(found["n"])[at]))

    def declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return which requirement sets hold each range."""
        return self._known_declarers.of(ranges)

    def _read_declarers(self, ranges: NDArray[Any]) -> port.Declarers:
        asked = self._ranges.numbers(ranges)
        found = self._ask("declarers", n=asked.tolist())
        start, at = _joined(asked, found["row"])
        return port.Declarers(
            start=frozen(start),
            set=frozen(self._sets.ids(_ints(found["n"])[at])),
            marker=frozen(self._texts["marker"].ids(_picked_list(found["marker"], at))),
        )

    def users(self, sets: port.RequirementSetIds) -> port.Users:
        """Return which releases declare each requirement set."""
        return self._known_users.of(sets)

    def _read_users(self, sets: NDArray[Any]) -> port.Users:
        asked = self._sets.numbers(sets)
        found = self._ask("users", n=asked.tolist())
        start, at = _joined(asked, found["row"])
        package = _ints(found["package"])[at]
        return port.Users(
            start=frozen(start),
            release=self._release_ids(package, _ints(found["position"])[at]),
            package=frozen(self._packages.ids(package)),
            offer=frozen(OFFERS.flags(found)[at]),
        )

    def takers(self, sets: port.RequirementSetIds) -> port.Takers:
        """Return the ranges that choose a release that declares each requirement set in the end."""
        users = self.users(sets)
        taken = np.flatnonzero(users.is_taken)
        found = self._known_takers.of(users.release[taken])
        before = np.searchsorted(taken, users.start)
        return port.Takers(
            start=frozen(found.start[before]),
            range=found.range,
            package=frozen(np.repeat(users.package[taken], np.diff(found.start))),
            extras=found.extras,
        )

    def takers_of(self, releases: port.ReleaseIds) -> port.Takers:
        """Return the ranges that choose each release in the end."""
        found = self._known_takers.of(releases)
        package = np.repeat(self.releases(releases).package, np.diff(found.start))
        return port.Takers(start=found.start, range=found.range, package=frozen(package), extras=found.extras)

    def _read_takers(self, releases: NDArray[Any]) -> _Takers:
        found = self._ask("takers", rows=self._by_package(releases))
        chosen = self._release_ids(_ints(found["package"]), _ints(found["position"]))
        start, at = _joined(releases, chosen.tolist())
        return _Takers(
            start=frozen(start),
            range=frozen(self._ranges.ids(_ints(found["n"])[at])),
            extras=frozen(self._texts["extras"].ids(_picked_list(found["extras"], at))),
        )

    def texts(self, kind: port.TextKind, ids: port.TextIds) -> tuple[str, ...]:
        """Return texts that many rows share."""
        return self._texts[kind].texts(ids)

    def evidence(self) -> ServerEvidence:
        """Return the organisation's side."""
        return self._evidence


_DOCUMENTS: Final = 2_000
"""Whole documents that are remembered, about."""
_AHEAD: Final = 20_000
"""Releases that are read with those asked for, at most: some 10 MB in the server and here."""
_OF_RELEASES: Final = ("package", "position", "version", "set", "uploaded")
"""Columns of releases that are not the same in a whole group of them."""


class _Later(Sequence[str]):
    """A text column that is asked for when it is first read; equal to any sequence of the same texts."""

    __slots__ = ("_held", "_load", "_size")

    def __init__(self, size: int, load: Callable[[], Sequence[str]]) -> None:
        self._size, self._load = size, load
        self._held: Sequence[str] | None = None if size else ()

    def _texts(self) -> Sequence[str]:
        if self._held is None:
            self._held = tuple(self._load())
        return self._held

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._texts()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def _columns(rows: list[_Columns], names: Iterable[str]) -> _Columns:
    return {name: [row[name] for row in rows] for name in names}


def _joined_lists(rows: list[_Columns], name: str) -> list[Any]:
    """Return the lists of a column, one behind the other."""
    return _all_of([row[name] for row in rows])


def _all_of(lists: Sequence[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(lists))


def _filled(lists: Sequence[list[Any]], others: Sequence[list[Any]]) -> list[Any]:
    """Return lists one behind the other, with as many zeros as its other one has values for each that is empty."""
    return _all_of([one or [0] * len(other) for one, other in zip(lists, others, strict=True)])


def _starts(lists: Sequence[list[Any]]) -> csr.Offsets:
    """Return where each list begins, one behind the other."""
    return csr.offsets(np.fromiter(map(len, lists), dtype=np.int64, count=len(lists)))


def _ints(values: list[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _place(known: list[int], asked: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each number asked for stands among the known ones, all of which are there."""
    every = _ints(known)
    order = np.argsort(every)
    return order[np.searchsorted(every[order], asked)]


def _joined(asked: NDArray[Any], rows: list[int]) -> tuple[csr.Offsets, NDArray[np.int64]]:
    """Return, for each number asked for, which of the rows are its own, in CSR form."""
    every = _ints(rows)
    order = np.argsort(every, kind="stable")
    first, last = (np.searchsorted(every[order], asked, side=side) for side in ("left", "right"))
    at, start = csr.spread(first, last)
    return start, order[at]


def _picked(values: Sequence[str], place: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(_picked_list(values, place))


def _picked_list(values: Sequence[_Value], place: NDArray[np.int64]) -> list[_Value]:
    return [values[at] for at in place.tolist()]


def _flat(values: Sequence[list[Any]], place: NDArray[np.int64]) -> list[Any]:
    return list(chain.from_iterable(values[at] for at in place.tolist()))
