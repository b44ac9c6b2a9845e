"""The law of services that are alike: what is judged once for many is what each is judged by itself, to the last word.

Services have one SBOM each, of few kinds, so that many are alike in all but names, times and the way to the row that
decides; and some differ in one thing only. Texts hold what stands for names in a pattern.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import BuildProof, ServiceVerdict, proofs
from graphkit.model.documents import (
    ATTESTED,
    SAYS_COMPLETE,
    Basis,
    Completeness,
    Component,
    Document,
    DocumentKind,
    Edge,
    Problem,
)
from graphkit.model.names import PackageName, service_id
from graphkit.model.organisation import DocumentUse, Organisation, Service
from graphkit.model.ranks import Verdict
from graphkit.model.times import Moment, exactly
from graphkit.stores.port import Fact, Reader
from graphkit.trace.case_answer import Question
from graphkit.trace.evidence import documents
from graphkit.trace.evidence.service_facts import ServiceFacts, service_facts
from tests.cases.build import at, compromised, incident, page
from tests.effort import share
from tests.property.asking import cases_of, view_of
from tests.property.memory import MemoryReader

GOOD, BAD = "aa" * 32, "bb" * 32
ROWS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("lib", "1", {}),
    ("lib", "2", {}),
    ("lib", "2", {"sha256": (BAD,)}),
    ("lib", "2", {"sha256": (GOOD,)}),
    ("lib", "2", {"optional": True}),
    ("lib", "2", {"origin": "https://files.example/lib.whl"}),
    ("lib", "", {}),
    ("lib", "2", {"package": None}),
    ("core", "1", {}),
    ("core", "2", {}),
    ("plain", "1", {}),
    ("plain", "\x02path\x03", {}),
)
"""What rows say: other releases, the accused one in some ways, what may be it, and what describes itself elsewhere."""
TIMES = (
    None,
    exactly(at("08:00")),
    exactly(at("11:00")),
    exactly(at("12:00")),
    Moment(earliest=at("07:00"), latest=at("12:30")),
    exactly(at("2026-03-20T10:00:00Z")),
)
CHANGES: tuple[dict[str, object], ...] = (
    {},
    {},
    {},
    {"completeness": Completeness.COMPLETE},
    {"completeness": Completeness.INCOMPLETE, "problems": (Problem(place="line 1", text="not read: a part"),)},
    {"problems": (Problem(place="", text=f"{SAYS_COMPLETE}nothing \x020\x03"),)},
    {"basis": Basis.LISTED},
    {"source_kind": "image"},
    {"covers_python": False},
    {"format": f"CycloneDX 1.6{ATTESTED}"},
    {"format": "SPDX 2.3"},
    {"not_covered": (PackageName("lib"),)},
    {"complete_under": "uv", "completeness": Completeness.COMPLETE},
    {"is_of_one_environment": True, "completeness": Completeness.COMPLETE},
)
NAMES = ("app", "app", "lib", "core", "")


class Kind(Struct, frozen=True, kw_only=True):
    """What SBOMs of one kind have in common, and how their services use them."""

    change: dict[str, object]
    rows: Sequence[int]
    subject: str
    roots: tuple[str, ...]
    is_closed: bool
    is_named: bool
    repository: str


KINDS = st.builds(
    Kind,
    change=st.sampled_from(CHANGES),
    rows=st.lists(st.integers(0, len(ROWS) - 1), max_size=3),
    subject=st.sampled_from(NAMES),
    roots=st.sampled_from((("0",), ("0",), (), ("nowhere",))),
    is_closed=st.booleans(),
    is_named=st.booleans(),
    repository=st.sampled_from(("", "repo")),
)


@st.composite
def sboms(draw: st.DrawFn, number: int, kind: Kind) -> Document:
    told = [ROWS[one] for one in (draw(st.permutations(kind.rows)) if draw(st.booleans()) else kind.rows)]
    told = [(kind.subject, "2", {}), *told] if kind.subject else told
    rows = tuple(
        replace(
            Component(ref=str(ref), name=name, package=PackageName(name), version=version),
            **more,
        )
        for ref, (name, version, more) in enumerate(told)
    )
    count = len(rows)
    refs = st.integers(0, count - 1).map(str)
    edges = draw(st.lists(st.builds(Edge, source=refs, target=refs), max_size=5)) if count else []
    path = draw(
        st.sampled_from((f"{number}/bom.json", f"{number}/bom.json", f"{number}/bom.json#2", f"\x02at\x03{number}"))
    )
    known: dict[str, object] = {"format": "CycloneDX 1.6", "basis": Basis.BUILT, **kind.change}
    return Document(
        sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        path=path,
        kind=DocumentKind.SBOM,
        components=rows,
        places=tuple(f"components[{at}]" for at in range(count)) if draw(st.integers(0, 9)) else (),
        lines=draw(st.sampled_from(((), (7,), tuple(range(100, 100 + count))))),
        edges=tuple(edges),
        roots=kind.roots,
        subject=kind.subject,
        created=draw(st.sampled_from(TIMES)),
        **known,  # type: ignore[arg-type]
    )


@st.composite
def fleets(draw: st.DrawFn) -> list[Fact]:
    """Give an incident, a page, and services with an SBOM each, of few kinds."""
    kinds = draw(st.lists(KINDS, min_size=1, max_size=2))
    made: list[Document] = []
    services, uses = [], []
    for number in range(draw(st.integers(4, 14))):
        kind = draw(st.sampled_from(kinds))
        made.append(draw(sboms(number, kind)))
        name = service_id(f"service-{number}")
        owner = draw(st.sampled_from(("", "team")))
        services.append(Service(id=name, owner=owner, builds_complete=kind.is_closed))
        own = (f"own/{number}.json", kind.repository) if kind.is_named else ("", "")
        uses.append(DocumentUse(service=name, document=made[-1].sha256, path=own[0], repository=own[1]))
    release = compromised("lib", "2", draw(st.sampled_from(("11:00", None))), draw(st.sampled_from(("", BAD))))
    told = incident(replace(release, whole=draw(st.booleans())), until="13:00")
    pages = [page("lib", {"1": "2026-01-01T00:00:00Z", "2": draw(st.sampled_from(("11:00", None)))})]
    return [*made, Organisation(source="org", services=tuple(services), uses=tuple(uses)), told, *pages]


def asked(facts: Sequence[Fact]) -> tuple[list[ServiceVerdict], list[BuildProof]]:
    """Return the services of a fleet, and the proofs of builds that are cleared."""
    reader: Reader = MemoryReader(facts)
    (case,) = cases_of(reader, ["case-1"])
    found = view_of(reader, case, Question(targets=("case-1",))).services
    return list(found), list(found.proofs())


def apart(evidence: object) -> tuple[ServiceFacts, ...]:
    """Return what is known of services, none of which is like another."""
    return tuple(replace(one, single_sbom=None) for one in service_facts(evidence))


@settings(max_examples=share(400), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(facts=fleets())
def test_what_is_judged_once_for_many_is_what_each_is_judged_by_itself(facts: list[Fact]) -> None:
    together, proven = asked(facts)
    with patch.object(documents, "service_facts", apart):
        alone, proven_alone = asked(facts)
    assert together == alone
    assert proven == proven_alone == list(proofs(alone))


def test_the_fleets_of_the_law_share_and_reach_every_verdict() -> None:
    seen: set[Verdict] = set()
    patterns = 0

    @settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(facts=fleets())
    def look(facts: list[Fact]) -> None:
        nonlocal patterns
        reader: Reader = MemoryReader(facts)
        (case,) = cases_of(reader, ["case-1"])
        found = view_of(reader, case, Question(targets=("case-1",))).services
        seen.update(one.verdict for one in found)
        patterns += sum(group.pattern is not None for group in {id(g): g for g in found._alike.values()}.values())

    look()
    assert seen >= {Verdict.OBSERVED, Verdict.ADMITTED, Verdict.UNKNOWN, Verdict.CLEARED}
    assert patterns > 10
