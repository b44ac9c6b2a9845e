"""What tables say of packages beside their releases: the newest that says anything holds."""

from __future__ import annotations

import pytest

from graphkit.stores.engine.base_index import stage_facts
from graphkit.stores.engine.compile_projects import compile_projects
from graphkit.stores.engine.compile_ranges import number_sets
from graphkit.stores.engine.compile_releases import compile_packages
from graphkit.stores.engine.index_folder import HeldArrays
from tests.unit.stores.engine.kept import page, recorded, staged, texts_of

OLD = ("lib", 1, 5, "ana", "01" * 16)
NEW = ("lib", 2, 7, "bo", "02" * 16)
TIED = ("lib", 2, 9, "cy", "03" * 16)
SILENT = ("app", 2, None, "", "02" * 16)


@pytest.mark.parametrize("order", [[OLD, NEW, TIED, SILENT], [SILENT, TIED, NEW, OLD], [NEW, TIED, SILENT, OLD]])
def test_the_newest_table_holds_and_of_equal_times_always_the_same(order: list[tuple[object, ...]]) -> None:
    with recorded([page("app"), page("bare"), page("lib")]) as record:
        record.connection.executemany("INSERT INTO projects VALUES (?, ?, ?, ?, ?)", order)
        connection = staged(record)
        stage_facts(connection)
        number_sets(connection)
        out = HeldArrays()
        compile_packages(connection, out)
        compile_projects(connection, out)
    index = out.held()
    assert texts_of(index, "package.name") == ["app", "bare", "lib"]
    assert index.array("package.downloads").tolist() == [-1, -1, 9]
    assert texts_of(index, "package.maintainers") == ["", "", "cy"]
