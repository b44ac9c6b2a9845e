"""Verdicts against the oracle, build by build, on worlds with several inputs, builds, incidents and blurred times.

A wrong `cleared` is the worst that the engine can say; `unknown` where the contract clears is as wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict, ServiceVerdict
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict
from graphkit.model.times import Moment
from graphkit.stores import open_store
from graphkit.stores.port import Reader
from graphkit.trace.blast import blast
from graphkit.trace.case_answer import Question
from tests.effort import share
from tests.neo4j_server import clear
from tests.property.asking import services_of
from tests.property.fleets import Fleet, fleet_of
from tests.property.memory import MemoryReader
from tests.property.verdict_oracle import Judge, Judged
from tests.property.worlds import graph_in_batches

CHUNKS, EACH = share(40, of=8), 50
"""Together 2,000 fleets in a thorough run, 250 in any other."""
STORED = share(100, of=10)
"""Of so many fleets a store says what the port in memory says."""


def differences(fleet: Fleet, reader: Reader) -> list[str]:
    """Return where engine and oracle differ on a fleet, one line for each build."""
    found: list[str] = []
    for incident in fleet.incidents:
        judge = Judge(fleet, incident)
        engine = services_of(reader, incident.id)
        for service in fleet.services:
            judged = engine[service.id]
            worst = min((one.verdict for one in judged.builds), key=list(Verdict).index, default=Verdict.UNKNOWN)
            assert judged.verdict is worst
            where = f"{incident.id} {service.id}"
            found += [f"{where}: {line}" for line in compared(judged.builds, judge.service(service))]
    return found


def compared(engine: Sequence[BuildVerdict], oracle: Sequence[Judged]) -> list[str]:
    """Return where builds differ: those of one time are one group, told apart by what is said of them."""
    found: list[str] = []
    times = {one.at for one in engine} | {one.at for one in oracle}
    for at in sorted(times, key=lambda one: (one is None, one or Moment(earliest=0, latest=0))):
        ours = [one for one in engine if one.at == at]
        theirs = sorted((one for one in oracle if one.at == at), key=lambda one: len(one.said))
        left = list(ours)
        for expected in theirs:
            fitting = next((one for one in left if one.verdict in expected.said), None)
            if fitting is None:
                said = "; ".join(f"{one.verdict}: {one.reason}" for one in left)
                found.append(f"{at} {expected.what} is {sorted(expected.said)}, and not {said}")
                left = left[1:]
            else:
                left.remove(fitting)
        if len(ours) != len(theirs):
            found.append(f"{at}: {len(ours)} builds, and not {len(theirs)}")
    return found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_build_is_judged_as_the_oracle_judges_it(chunk: int) -> None:
    for seed in range(chunk * EACH, (chunk + 1) * EACH):
        fleet = fleet_of(seed)
        assert not differences(fleet, MemoryReader(fleet.facts)), f"fleet_of({seed})"


@settings(
    max_examples=share(25),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(10_000, 10_000_000), st.data())
def test_a_fleet_with_less_in_it_is_judged_as_the_oracle_judges_it(seed: int, data: st.DataObject) -> None:
    fleet = fleet_of(seed)
    services = tuple(one for one in fleet.services if data.draw(st.booleans(), label=one.id))
    kept = {one.id for one in services}
    smaller = replace(
        fleet,
        services=services,
        uses=tuple(one for one in fleet.uses if one.service in kept and data.draw(st.booleans())),
        builds=tuple(one for one in fleet.builds if one.service in kept and data.draw(st.booleans())),
        incidents=fleet.incidents[: data.draw(st.integers(1, 2))],
    )
    note(f"fleet_of({seed}): {smaller}")
    assert not differences(smaller, MemoryReader(smaller.facts))


def test_fleets_have_every_verdict_in_every_way() -> None:
    seen: Counter[tuple[Verdict, str]] = Counter()
    for seed in range(150):
        fleet = fleet_of(seed)
        reader = MemoryReader(fleet.facts)
        for incident in fleet.incidents:
            for service in services_of(reader, incident.id).values():
                seen.update((one.verdict, one.clearance.kind if one.clearance else "") for one in service.builds)
    assert {verdict for verdict, _ in seen} == set(Verdict) - {Verdict.REPLAYED}
    assert all(seen[Verdict.CLEARED, kind] > 20 for kind in ("listing", "walk", "bar")), seen


# --- Through a store -------------------------------------------------------------------------------------------------


def everything(reader: Reader, fleet: Fleet) -> Mapping[ServiceId, ServiceVerdict]:
    """Return the verdicts of all incidents at once."""
    targets = tuple(one.id for one in fleet.incidents)
    return {one.service: one for one in blast(reader, Question(targets=targets)).services}


@pytest.mark.parametrize("chunk", range(5))
def test_a_store_says_what_the_port_in_memory_says(chunk: int) -> None:
    each = STORED // 5
    for seed in range(chunk * each, (chunk + 1) * each):
        fleet = fleet_of(seed)
        with graph_in_batches([fleet.facts]) as reader:
            assert everything(reader, fleet) == everything(MemoryReader(fleet.facts), fleet), f"fleet_of({seed})"


def test_a_server_says_what_the_port_in_memory_says(servers: tuple[str, ...]) -> None:
    for seed in range(STORED):
        fleet = fleet_of(seed)
        clear(servers[0])
        store = open_store(servers[0], create=True)
        try:
            store.record(fleet.facts)
            found = everything(store.reader(), fleet)
        finally:
            store.close()
        assert found == everything(MemoryReader(fleet.facts), fleet), f"fleet_of({seed})"
