from __future__ import annotations

from graphkit.model.index import ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.sources.index import Known, refresh
from tests.unit.sources.index.recorded import Index

LINUX, MACOS = "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-macosx_11_0_arm64"


def test_a_release_that_got_a_wheel_is_read_anew() -> None:
    index = Index({"app": {"1.0": ("2026-03-01T00:00:00Z", [])}})
    index.wheels.update({MACOS: (True, []), LINUX: (True, ["lib"])})
    before = {f"app-1.0-{tags}.whl": False for tags in index.wheels}
    for files, wanted in ((before, []), ({name: False for name in before if MACOS in name}, [1])):
        known = Known(package=package_name("app"), versions=frozenset({"1"}), files=files)
        (found,) = refresh(index.open(), [known], total=1, progress=lambda *_: None, reject=lambda *_: None)
        read = [len(fact.requirements) for fact in found.facts if isinstance(fact, ReleaseMetadata)]
        assert (read, found.new) == (wanted, ())
