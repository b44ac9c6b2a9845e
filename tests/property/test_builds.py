"""Verdicts where what building releases takes was read, against the oracle, build by build; see `test_verdicts`."""

from __future__ import annotations

from collections import Counter

import pytest

from graphkit.model.ranks import Verdict
from tests.effort import share
from tests.property.asking import services_of
from tests.property.build_oracle import BuildJudge, Unclear
from tests.property.fleets import fleet_of, that_builds
from tests.property.memory import MemoryReader
from tests.property.test_verdicts import compared, everything
from tests.property.worlds import graph_in_batches

CHUNKS, EACH = share(16, of=8), 25


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_build_is_judged_as_the_oracle_judges_it(chunk: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(chunk * EACH, (chunk + 1) * EACH):
        fleet = that_builds(fleet_of(seed), seed)
        reader = MemoryReader(fleet.facts)
        for incident in fleet.incidents:
            judge, engine = BuildJudge(fleet, incident), services_of(reader, incident.id)
            for service in fleet.services:
                try:
                    expected = judge.service(service)
                except Unclear:
                    seen["unclear"] += 1
                    continue
                where = f"that_builds(fleet_of({seed}), {seed}) {incident.id} {service.id}"
                assert not [f"{where}: {line}" for line in compared(engine[service.id].builds, expected)]
                reasons = [one.reason for one in engine[service.id].builds if one.verdict is not Verdict.UNKNOWN]
                seen["built" if any("has no wheel and is built" in one for one in reasons) else "other"] += 1
    assert seen["built"] > 2
    assert seen["unclear"] < seen["other"]


def test_a_store_says_what_the_port_in_memory_says() -> None:
    for seed in range(share(20, of=4)):
        fleet = that_builds(fleet_of(seed), seed)
        with graph_in_batches([fleet.facts]) as reader:
            assert everything(reader, fleet) == everything(MemoryReader(fleet.facts), fleet), seed
