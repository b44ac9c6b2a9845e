"""The laws of proofs on made-up fleets (docs/semantics.md#laws: 2 and 10 to 13), and that nothing else makes a
proof."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import pytest
from msgspec.structs import replace

import graphkit
from graphkit.model.answers import NEEDED, BuildVerdict, Clearance, Discharge, Obligation, ProofKind, ServiceVerdict
from graphkit.model.incidents import Incident
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict
from graphkit.trace.case import Span
from graphkit.trace.verdicts.clearance import OpenObligation, fact, prove
from tests.effort import share
from tests.property.asking import services_of
from tests.property.blurs import BLURS
from tests.property.fleets import HOUR, LATE, Fleet, fleet_of
from tests.property.memory import MemoryReader

EACH = share(10)
"""How many fleets each blur is tried on."""
_ORDER = list(Verdict)
Judged = Mapping[ServiceId, ServiceVerdict]


def asked(fleet: Fleet, *targets: str, span: Span | None = None) -> Judged:
    return services_of(MemoryReader(fleet.facts), *targets, span=span)


def verdicts(judged: Judged) -> dict[ServiceId, Verdict]:
    return {name: one.verdict for name, one in judged.items()}


def fleets(first: int, count: int) -> Iterator[tuple[int, Fleet]]:
    return ((seed, fleet_of(seed)) for seed in range(first, first + count))


# --- 10. Blur --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BLURS)
def test_blur_clears_nothing_that_was_not_cleared(name: str) -> None:
    draw = random.Random(name)
    done = 0
    for seed in (draw.randrange(1_000_000) for _ in range(100 * EACH)):
        fleet = fleet_of(seed)
        blurred = BLURS[name](fleet, draw)
        if blurred is None:
            continue
        if done == EACH:
            break
        done += 1
        for incident in fleet.incidents:
            before, after = asked(fleet, incident.id), asked(blurred, incident.id)
            for service, one in after.items():
                # A service without any build has no verdict but `unknown`; one more build is another question.
                was_judged = bool(before[service].builds)
                assert one.verdict is not Verdict.CLEARED or not was_judged or before[service].verdict is one.verdict, (
                    f"fleet_of({seed}) without {name}: {incident.id} {service} was {before[service].reason}, and is "
                    f"{one.reason}"
                )
    assert done == EACH


# --- 11. Union -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, share(120, of=12), 10))
def test_union_of_several_targets_is_the_worst_of_each(first: int) -> None:
    for seed, fleet in fleets(20_000 + first, 10):
        targets = [one.id for one in fleet.incidents]
        targets += [one.releases[0].purl for one in fleet.incidents[:1]]
        alone = {target: verdicts(asked(fleet, target)) for target in targets}
        for size in (2, 3):
            for several in combinations(targets, size):
                joined = verdicts(asked(fleet, *several))
                for service, verdict in joined.items():
                    worst = min((alone[target][service] for target in several), key=_ORDER.index)
                    assert verdict is worst, f"fleet_of({seed}), {several}, {service}"


@pytest.mark.parametrize("first", range(0, share(60, of=6), 10))
def test_union_in_one_window_of_releases_that_no_incident_names(first: int) -> None:
    for seed, fleet in fleets(21_000 + first, 10):
        span = Span(start=fleet.incidents[0].readings[0].start, until=fleet.incidents[0].readings[0].until)
        targets = ["lone==2", "mid==1", "pkg:pypi/app@3"]
        alone = {target: verdicts(asked(fleet, target, span=span)) for target in targets}
        for several in (*combinations(targets, 2), tuple(targets)):
            for service, verdict in verdicts(asked(fleet, *several, span=span)).items():
                worst = min((alone[target][service] for target in several), key=_ORDER.index)
                assert _ORDER.index(verdict) <= _ORDER.index(worst), f"fleet_of({seed}), {several}, {service}"


# --- 12. Same by any name --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, share(60, of=6), 10))
def test_same_name_same_answer(first: int) -> None:
    for seed, fleet in fleets(22_000 + first, 10):
        known, others = fleet.incidents[0], fleet.incidents[1:]
        (release,) = known.releases
        known = replace(known, ranges=(), undecided=(), aliases=("CVE-2026-1", "GHSA-aaaa-bbbb-cccc"))
        advisory = Incident(
            id="GHSA-aaaa-bbbb-cccc",
            title="The same",
            releases=(replace(release, listed_from=None, files=(), whole=True),),
            aliases=("CVE-2026-1",),
            advisory=True,
        )
        named = replace(fleet, incidents=(known, advisory, *others))
        expected = verdicts(asked(named, known.id))
        spelled = f"{release.package}".upper()
        for name in (
            known.id.lower(),
            "cve-2026-1",
            "GHSA-AAAA-bbbb-cccc",
            release.purl,
            f"{release.package}=={release.version}",
            f" {spelled} == v{release.version}.0",
        ):
            assert verdicts(asked(named, name)) == expected, f"fleet_of({seed}) by {name}"


# --- 13. Still clears ------------------------------------------------------------------------------------------------


def read_later(fleet: Fleet) -> Fleet:
    """Return a fleet of which pages and inputs were read once more, and were the same."""
    ends = {(one.service, one.repository, one.branch, one.path): one for one in fleet.uses}
    last = {id(one) for one in ends.values()}
    return replace(
        fleet,
        pages=tuple(
            replace(one, read_at=one.read_at + 50 * HOUR) if one.read_at >= LATE else one for one in fleet.pages
        ),
        uses=tuple(
            replace(one, read_at=replace(one.read_at, earliest=LATE + 50 * HOUR, latest=LATE + 50 * HOUR))
            if one.read_at is not None and one.read_at.earliest >= LATE and id(one) in last
            else one
            for one in fleet.uses
        ),
    )


@pytest.mark.parametrize("first", range(0, share(90), 30))
def test_still_clears_when_more_is_known(first: int) -> None:
    cleared = 0
    for seed, fleet in fleets(23_000 + first, 30):
        for incident in fleet.incidents:
            before, after = asked(fleet, incident.id), asked(read_later(fleet), incident.id)
            for service, one in before.items():
                if one.verdict is Verdict.CLEARED:
                    cleared += 1
                    assert after[service].verdict is Verdict.CLEARED, f"fleet_of({seed}) {incident.id} {service}"
    assert cleared > 5


@pytest.mark.parametrize("first", range(0, share(90, of=6), 15))
def test_still_clears_in_a_part_of_the_window(first: int) -> None:
    for seed, fleet in fleets(24_000 + first, 15):
        draw = random.Random(seed)
        for incident in fleet.incidents:
            start, until = incident.readings[0].start, incident.readings[0].until
            assert start is not None
            assert until is not None
            one, other = sorted(draw.sample(range(start, until, HOUR // 4), 2))
            whole = asked(fleet, incident.id)
            part = asked(fleet, incident.id, span=Span(start=one, until=other))
            for service, judged in whole.items():
                assert _ORDER.index(judged.verdict) <= _ORDER.index(part[service].verdict), (
                    f"fleet_of({seed}) {incident.id} {service}: {part[service].reason} in a part of {judged.reason}"
                )


# --- Proofs ----------------------------------------------------------------------------------------------------------


def test_one_module_alone_makes_a_clearance() -> None:
    root = Path(graphkit.__file__).parent
    makers = {
        path.relative_to(root).as_posix(): sorted(found)
        for path in root.rglob("*.py")
        if (found := set(_makes(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert makers == {"trace/verdicts/clearance.py": ["Clearance", "replace"]}


def _makes(tree: ast.AST) -> Iterator[str]:
    """Yield how a module makes clearances: by calling the class, or by `replace` on one.

    A proof is what is called so: a name or field `clearance`, `proof`, or one that an annotation or a list of proofs
    says to be a `Clearance`.
    """
    names = {"clearance", "proof"} | set(_annotated(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called == "Clearance":
            yield "Clearance"
        if called in {"replace", "copy", "deepcopy", "convert", "decode"} and node.args:
            first = node.args[0]
            name = first.id if isinstance(first, ast.Name) else getattr(first, "attr", "")
            if name in names:
                yield called


def _annotated(tree: ast.AST) -> Iterator[str]:
    """Yield names that are clearances by their annotation, and members of sequences that are."""
    held: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None and _is_proof(node.annotation):
            held.add(node.arg if isinstance(node, ast.arg) else getattr(node.target, "id", ""))
    yield from held
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            inside = {one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)}
            if inside & held:
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def _is_proof(annotation: ast.expr) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "Clearance" for one in ast.walk(annotation))


def _proof(kind: ProofKind, needed: frozenset[Obligation]) -> Clearance:
    proof = prove(kind, "WORLD-1", (0, 1), [fact(one, f"shown: {one}") for one in sorted(needed)])
    assert isinstance(proof, Clearance)
    return proof


@pytest.mark.parametrize(
    ("kind", "needed", "lacking"),
    [(kind, needed, one) for kind, sets in NEEDED.items() for needed in sets for one in sorted(needed)],
)
def test_a_proof_that_lacks_an_obligation_is_none(
    kind: ProofKind, needed: frozenset[Obligation], lacking: Obligation
) -> None:
    whole = _proof(kind, needed)
    rest = tuple(one for one in whole.proof if one.obligation is not lacking)
    with pytest.raises(ValueError, match=f"without .*{lacking}"):
        Clearance(kind=kind, incident="WORLD-1", start=0, until=1, proof=rest)
    assert isinstance(prove(kind, "WORLD-1", (0, 1), rest), OpenObligation)
    opened = OpenObligation(obligation=lacking, text="nobody knows")
    assert prove(kind, "WORLD-1", (0, 1), [*rest, opened]) == opened
    assert prove(kind, "WORLD-1", (0, 1), [*whole.proof, opened]) == opened, "one that is open is not outvoted"


def test_what_has_no_proof_is_not_cleared() -> None:
    with pytest.raises(ValueError, match="proof"):
        BuildVerdict(at=None, verdict=Verdict.CLEARED, reason="nothing was found")
    proof = _proof(ProofKind.BAR, NEEDED[ProofKind.BAR][0])
    for verdict in set(Verdict) - {Verdict.CLEARED}:
        with pytest.raises(ValueError, match="proof"):
            BuildVerdict(at=None, verdict=verdict, reason="…", clearance=proof)


def test_a_word_is_no_fact() -> None:
    said = Discharge(obligation=Obligation.ENDED, text="they say so", word=True)
    proof = _proof(ProofKind.BAR, NEEDED[ProofKind.BAR][1])
    both = replace(proof, proof=(*proof.proof, said))
    assert both.words == ("they say so",)
    assert said.text not in both.facts
