"""Ids of one kind are not taken for another: mypy says so below, and columns of all kinds are the same at run time."""

from __future__ import annotations

import numpy as np
import pytest

from graphkit.model.csr import distinct
from graphkit.stores import port
from graphkit.stores.port import PACKAGE, RANGE, RELEASE, REQUIREMENT_SET, TEXT, PackageId, Position, ReleaseId
from graphkit.trace.resolve.world import World


def mistakes(reader: port.Reader, world: World, packages: port.PackageIds, package: PackageId) -> None:
    """Make each mistake once. Nobody calls it: mypy complains of an ignore that ignores nothing."""
    reader.releases(packages)  # type: ignore[arg-type]
    reader.releases(packages[:1])  # type: ignore[arg-type]
    reader.releases(packages[packages > 0])  # type: ignore[arg-type]
    reader.takers(distinct(packages))  # type: ignore[arg-type]
    reader.packages(reader.releases(RELEASE.of([ReleaseId(1)])).requirement_set)  # type: ignore[arg-type]
    twice = np.repeat(reader.packages(packages).start, 2)
    reader.ranges(twice)  # type: ignore[arg-type]
    reader.users(reader.declarers(RANGE.of([])).marker)  # type: ignore[arg-type]
    ranges = np.zeros(1, dtype=np.int64).astype(RANGE)
    reader.texts("marker", ranges)  # type: ignore[arg-type]
    RELEASE.of([package])  # type: ignore[list-item]
    PACKAGE.of([3])  # type: ignore[list-item]
    world.package(Position(3))  # type: ignore[arg-type]
    world.is_mixed(package, ReleaseId(3))  # type: ignore[arg-type]
    world.label((package, world.package(package).start, ""))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [PACKAGE, RELEASE, REQUIREMENT_SET, RANGE, TEXT])
def test_a_column_of_ids_holds_numbers_of_four_bytes(kind: port.IdType[int, np.int32]) -> None:
    assert kind.of(iter([3, 1])).dtype == np.int32
    assert kind.of([]).shape == (0,)
    assert np.arange(3, dtype=kind).dtype == np.arange(3).astype(kind).dtype == np.int32
