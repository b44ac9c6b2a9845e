"""Prints what a plain installation weighs: a row for each package that graphkit requires, with what it alone brings.

    .venv/bin/python -m benchmarks.installed

Read from the metadata of what is installed. A package that several require counts for none of them alone: those are the
last rows.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from benchmarks.figures.tables import grid, number

OWN = "graphkit-blast"


def requires(name: str) -> frozenset[str]:
    """Return what a distribution requires here, without extras."""
    wanted = (Requirement(one) for one in metadata.distribution(name).requires or ())
    return frozenset(
        canonicalize_name(one.name) for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})
    )


def closure(roots: frozenset[str]) -> frozenset[str]:
    """Return what an installation of some distributions holds."""
    reached, todo = frozenset[str](), roots
    while todo:
        reached |= todo
        todo = frozenset[str]().union(*map(requires, todo)) - reached
    return reached


def megabytes(name: str) -> float:
    """Return what the files of a distribution take, in units of a million bytes; compiled bytecode is not counted."""
    of = metadata.distribution(name)
    places = (Path(str(of.locate_file(one))) for one in of.files or () if one.suffix != ".pyc")
    return sum(place.stat().st_size for place in places if place.exists()) / 1e6


def main() -> None:
    """Print the table."""
    direct = requires(OWN)
    every = closure(direct)
    alone = {one: every - closure(direct - {one}) for one in direct}
    weight = {one: megabytes(one) for one in every}
    rows = []
    for one in sorted(direct, key=lambda name: -sum(weight[each] for each in alone[name])):
        brought = sorted(alone[one] - {one}, key=lambda name: -weight[name])
        of_all = sum(weight[each] for each in alone[one])
        rows.append((one, number(weight[one]), number(of_all), ", ".join(brought)))
    shared = every - frozenset[str]().union(*alone.values()) - direct
    rows.append(("required by several", "", number(sum(weight[one] for one in shared)), ", ".join(sorted(shared))))
    rows.append((f"all {len(every)}", "", number(sum(weight.values())), ""))
    print(grid(("package", "MB", "with what it alone brings", "which"), rows))


if __name__ == "__main__":
    main()
