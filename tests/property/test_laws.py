"""The laws (docs/semantics.md#laws) on made-up worlds, asked the way anybody asks: a store, then a blast."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import Blast, PackageRow, ServiceVerdict
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind
from graphkit.model.index import Hidden
from graphkit.model.names import ServiceId, package_name, service_id
from graphkit.model.organisation import DocumentUse
from graphkit.model.ranks import Tier, Verdict
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant, exactly
from graphkit.stores.port import Fact, Reader
from graphkit.trace.blast import blast
from graphkit.trace.case import Span
from graphkit.trace.case_answer import CaseAnswer, Question
from graphkit.trace.reach.admit import admission
from graphkit.trace.reach.by_slot import Reach, reach_of
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import MOST_SLOTS
from graphkit.trace.resolve.confirm import confirm
from graphkit.trace.verdicts.packages import newest_of, root_of
from tests.effort import share
from tests.property.asking import cases_of, view_of
from tests.property.memory import MemoryReader
from tests.property.renumbered import Renumbered
from tests.property.worlds import (
    INCIDENT,
    MINUTE,
    NOON,
    Constrained,
    Root,
    World,
    facts,
    facts_of_services,
    graph_in_batches,
    graph_of,
    manifests,
    named_extras,
    read_requirements,
    worlds,
)

LOCKED = service_id("locked")
_VERDICTS = list(Verdict)
_TIERS = [*Tier, None]
_clocks = st.integers(-4, 15).map(lambda minutes: NOON + minutes * MINUTE)


def law(examples: int) -> settings:
    """Return the settings of a law: the same examples on every run."""
    return settings(
        max_examples=share(examples, of=4), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )


class Scene(Struct, frozen=True, kw_only=True):
    """A world, the manifests of services in it, and what documents show of one more service."""

    world: World
    roots: tuple[Root, ...]
    shown: tuple[Fact, ...]

    @property
    def facts(self) -> list[Fact]:
        """All of it, as facts."""
        return [*facts(self.world), *facts_of_services(self.roots), *self.shown]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    world = draw(worlds())
    roots = draw(st.lists(manifests(world), min_size=1, max_size=4, unique=True))
    shown: list[Fact] = []
    for number in range(draw(st.integers(0, 2))):
        shown += draw(_locks(world, f"{number}.lock"))
    return Scene(world=world, roots=tuple(roots), shown=tuple(shown))


@st.composite
def _locks(draw: st.DrawFn, world: World, path: str) -> tuple[Document, DocumentUse]:
    """Give a lock of some releases, and when it stood for the service `locked`, or what it was built to."""
    rows = draw(st.lists(st.sampled_from(sorted(world.requirements)), max_size=3, unique_by=lambda key: key[0]))
    document = Document(
        sha256=hashlib.sha256(f"{path} {rows}".encode()).hexdigest(),
        path=path,
        kind=draw(st.sampled_from([DocumentKind.LOCK, DocumentKind.LOCK, DocumentKind.ENVIRONMENT])),
        format="test",
        basis=Basis.LOCKED,
        components=tuple(
            Component(ref=str(number), name=name, package=name, version=version)
            for number, (name, version) in enumerate(rows)
        ),
        completeness=draw(st.sampled_from([Completeness.COMPLETE, Completeness.COMPLETE, Completeness.UNKNOWN])),
    )
    since = draw(st.none() | _clocks)
    until = draw(st.none() | st.integers(1, 30)) if since is not None else None
    use = DocumentUse(
        service=LOCKED,
        document=document.sha256,
        path=path,
        stands_from=None if since is None else exactly(since),
        stands_until=None if since is None or until is None else exactly(since + until * MINUTE),
        built_at=draw(st.none() | _clocks.map(exactly)),
    )
    return document, use


@st.composite
def _spans(draw: st.DrawFn) -> tuple[Span, Span]:
    """Give a window or an instant, and a larger window."""
    first, start, until, last = sorted(draw(st.lists(_clocks, min_size=4, max_size=4)))
    until, last = max(until, start + 1), max(last, until, start + 1)
    small = Span(at=start) if draw(st.booleans()) else Span(start=start, until=until)
    return small, Span(start=first, until=last)


def ask(reader: Reader, span: Span | None = None, *targets: str) -> Blast:
    return blast(reader, Question(targets=targets or (INCIDENT,), span=span or Span()))


def look(reader: Reader, span: Span) -> CaseAnswer:
    """Return an answer with what it stands on."""
    (case,) = cases_of(reader, (INCIDENT,))
    return view_of(reader, case, Question(targets=(INCIDENT,), span=span))


def in_json(one: Blast) -> Any:
    return msgspec.json.decode(msgspec.json.encode(one, enc_hook=list))


def services(one: Blast) -> dict[ServiceId, ServiceVerdict]:
    return {row.service: row for row in one.services}


def rows(one: Blast) -> dict[str, PackageRow]:
    return {row.package: row for row in one.packages}


# --- 1. More documents never remove `observed` -----------------------------------------------------------------------


@law(10)
@given(scenes(), st.data())
def test_more_documents_never_remove_what_one_shows(scene: Scene, data: st.DataObject) -> None:
    more = [data.draw(_locks(scene.world, f"{name}.lock")) for name in ("more", "and more")]
    (name, version), *_ = scene.world.compromised
    bad, use = data.draw(_locks(scene.world, "bad.lock"))
    bad = replace(bad, components=(Component(ref="bad", name=name, package=name, version=version),))
    known = [*facts(scene.world), *scene.shown, bad, use]
    assert services(ask(MemoryReader(known)))[LOCKED].verdict is Verdict.OBSERVED
    found = services(ask(MemoryReader([*known, *(fact for pair in more for fact in pair)])))[LOCKED]
    assert found.verdict is Verdict.OBSERVED
    assert [build.document.path for build in found.builds if build.document].count("bad.lock") >= 1


# --- 2. A larger window never weakens --------------------------------------------------------------------------------


def _rank(row: PackageRow | None) -> int:
    """Return how strong a row is. `older_tier` is left out: in a larger window an older release may be a newest one."""
    return _TIERS.index(row.tier) if row else len(_TIERS)


@law(20)
@given(scenes(), st.lists(_spans(), min_size=3, max_size=3))
def test_a_larger_window_never_weakens_a_verdict(scene: Scene, spans: list[tuple[Span, Span]]) -> None:
    reader = MemoryReader(scene.facts)
    for small, large in spans:
        note(f"{small} in {large}")
        less, more = ask(reader, small), ask(reader, large)
        for name, one in services(less).items():
            assert _VERDICTS.index(services(more)[name].verdict) <= _VERDICTS.index(one.verdict), name
        for package, row in rows(less).items():
            found = rows(more).get(package)
            # A row with an extra is shown only where it says more than the one without.
            base = rows(more).get(package.partition("[")[0])
            assert min(_rank(found), _rank(base)) <= _rank(row), package


# --- 3. admitted ⊇ picked ⊆ nominated --------------------------------------------------------------------------------


@law(20)
@given(scenes())
def test_what_is_picked_is_admitted_and_what_is_shown_picked_was_nominated(scene: Scene) -> None:
    start, until = scene.world.window
    reader = MemoryReader(scene.facts)
    span = Span(start=start, until=until)
    view = look(reader, span)
    for row in ask(reader, span).packages:
        note(str(row))
        name, _, extra = row.package.rstrip("]").partition("[")
        package = view.world.find(package_name(name))
        assert package is not None
        for take in row.takes:
            one, bit = view.reach.passes[take.slot // MOST_SLOTS], take.slot % MOST_SLOTS
            # Two where it is not certain which release is the newest; what is picked is so by both accounts.
            for newest in newest_of(package, view.world, view.reach.slots[take.slot : take.slot + 1]):
                place = (package.id, extra, newest.position)
                bare = (package.id, "", newest.position)
                assert (one.nominates(*place) | one.nominates(*bare)) >> bit & 1
                assert (one.admitted.mask(*place) | one.admitted.mask(*bare)) >> bit & 1
    _check_every_release(scene, view)


def _check_every_release(scene: Scene, view: CaseAnswer) -> None:
    """Whatever release one installs, on offer and not yanked: what it picks it admits."""
    (one,) = view.reach.passes
    instants = [slot.start for slot in one.slots]
    for (name, version), texts in scene.world.requirements.items():
        package = view.world.find(name)
        position = package.position_of(version) if package else None
        if package is None or position is None:
            continue
        for extra in ("", *sorted(named_extras(texts))):
            for bit, slot in enumerate(one.slots):
                if package.availability(slot.start, doubtful=True).fresh[position]:
                    root = root_of(view.world, package.id, position, extra, slot.start)
                    found = confirm(view.world, root, slot.start, slot.until, view.targets)
                    admitted = admission(view.world, root, view.targets, instants, one.admitted, 1 << bit)
                    assert admitted.slots or not (found.picked or found.doubtful), (name, version, extra, slot)


# --- 4. Order and batching -------------------------------------------------------------------------------------------


@law(10)
@given(scenes(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_and_batching_of_ingest_change_nothing(scene: Scene, shuffle: random.Random, batches: int) -> None:
    shuffled = scene.facts
    shuffle.shuffle(shuffled)
    parts: list[list[Fact]] = [[] for _ in range(batches)]
    for fact in shuffled:
        shuffle.choice(parts).append(fact)
    parts.append(parts[0])  # what was read twice is kept once
    with graph_in_batches([scene.facts]) as reader:
        expected = ask(reader)
    with graph_in_batches(parts) as reader:
        assert in_json(ask(reader)) == in_json(expected)
    in_memory = ask(MemoryReader(scene.facts))
    said = in_json(in_memory)["services"]
    assert said == in_json(expected)["services"], "the port in memory, which the other laws ask, says the same"


# --- 5. Many slots at once -------------------------------------------------------------------------------------------


@law(10)
@given(scenes(), st.integers(0, 99))
def test_how_a_store_numbers_things_changes_nothing(scene: Scene, seed: int) -> None:
    with graph_of(scene.world, *scene.facts) as reader:
        assert in_json(ask(Renumbered(reader, seed))) == in_json(ask(reader))


@st.composite
def _busy(draw: st.DrawFn) -> Scene:
    """Give a scene whose accused packages come and go more than thirty times."""
    scene = draw(scenes())
    start, _ = scene.world.window
    hot = sorted({name for name, _ in scene.world.compromised})
    gaps = [
        Hidden(package=hot[number % len(hot)], start=start + second, until=start + second + MINUTE // 8)
        for number, second in enumerate(range(MINUTE // 8, 11 * MINUTE, MINUTE // 4))
    ]
    return replace(scene, world=replace(scene.world, hidden=(*scene.world.hidden, *gaps)))


@law(8)
@given(_busy(), st.data())
def test_many_slots_are_as_one_run_for_each(scene: Scene, data: st.DataObject) -> None:
    start, until = scene.world.window
    reader = MemoryReader(scene.facts)
    whole = ask(reader, Span(start=start, until=until))
    view = look(reader, Span(start=start, until=until))
    slots = view.reach.slots
    assert slots == whole.slots
    assume(len(slots) > MOST_SLOTS)  # not where nobody can install any of it
    assert len(view.reach.passes) == -(-len(slots) // MOST_SLOTS)
    for number, slot in enumerate(slots):
        alone = reach_of(view.world, view.targets, view.reach.closure, (slot,))
        assert _in_slot(view.reach, number) == _in_slot(alone, 0)
    some = data.draw(st.lists(st.integers(0, len(slots) - 1), min_size=6, max_size=6, unique=True))
    for number in (0, MOST_SLOTS - 1, MOST_SLOTS, len(slots) - 1, *some):
        _check_slot(whole, number, ask(reader, Span(start=slots[number].start, until=slots[number].until)))


def _in_slot(field: Reach, number: int) -> list[set[tuple[int, str, int]]]:
    """Return what each walk of a reach reached in one slot."""
    one, bit = field.passes[number // MOST_SLOTS], number % MOST_SLOTS
    return [_at(reached, bit) for reached in (one.admitted, *one.nominated)]


def _at(reached: ReachedReleases, bit: int) -> set[tuple[int, str, int]]:
    return {
        (package_id, extra, int(position))
        for (package_id, extra), masks in reached.masks.items()
        for position in np.flatnonzero(masks & (1 << bit))
    }


def _check_slot(full: Blast, number: int, alone: Blast) -> None:
    """A slot asked for alone says what the whole window says of it."""
    for service, whole in services(full).items():
        one = services(alone)[service]
        if whole.verdict in {Verdict.PICKED, Verdict.ADMITTED}:
            assert (one.verdict is whole.verdict) == (number in whole.slots), (service, number)
        if whole.verdict is Verdict.CLEARED:
            assert one.verdict is Verdict.CLEARED
    names = {name for name in (*rows(full), *rows(alone)) if "[" not in name}
    for name in names:
        row, single = rows(full).get(name), rows(alone).get(name)
        expected = [take.release for take in row.takes if take.slot == number] if row else []
        assert [take.release for take in single.takes] == expected if single else not expected, (name, number)


# --- 7. Another spelling ---------------------------------------------------------------------------------------------


def _respelled(text: str, shuffle: random.Random) -> str:
    return "".join(
        shuffle.choice(("-", "_", ".", "--", "_.")) if letter == "-" else shuffle.choice((letter, letter.upper()))
        for letter in text
    )


def _rewritten(texts: Sequence[str], shuffle: random.Random) -> tuple[str, ...]:
    """Return requirement texts with every name in another spelling; a text that nobody can read stays."""
    readable, nameless = read_requirements(tuple(texts))
    return (*nameless, *(_rewrite(one, shuffle) for one in readable))


def _rewrite(one: Requirement, shuffle: random.Random) -> str:
    if one.unreadable:
        return one.unreadable
    extras = f"[{', '.join(_respelled(extra, shuffle) for extra in one.extras)}]" if one.extras else ""
    return f"{_respelled(one.package, shuffle)} {extras}{one.specifier}" + (f" ; {one.marker}" if one.marker else "")


@law(10)
@given(scenes(), st.randoms(use_true_random=False))
def test_names_in_another_spelling_change_nothing(scene: Scene, shuffle: random.Random) -> None:
    world = replace(
        scene.world,
        requirements={
            key: None if texts is None else _rewritten(texts, shuffle)
            for key, texts in scene.world.requirements.items()
        },
        spellings={name: _respelled(name, shuffle) for name in scene.world.packages},
    )
    roots = tuple(
        Constrained(texts=_rewritten(one.texts, shuffle), constraints=_rewritten(one.constraints, shuffle))
        if isinstance(one, Constrained)
        else _rewritten(one, shuffle)
        for one in scene.roots
        if isinstance(one, Constrained | tuple)
    )
    with graph_in_batches([scene.facts]) as reader:
        expected = ask(reader)
        name, version = scene.world.compromised[0]
        plain = ask(reader, None, f"{name}=={version}")
        spelled = ask(reader, None, f"{_respelled(name, shuffle)} == v{version}")
        purl = ask(reader, None, f"pkg:PyPI/{name.replace('-', '_').upper()}@{version}")
    for other in (spelled, purl):
        assert in_json(replace(other, provenance=plain.provenance)) == in_json(plain)
    with graph_in_batches([[*facts(world), *_same_names(roots, scene.roots), *scene.shown]]) as reader:
        found = ask(reader)
    assert found.provenance.facts_sha256 == expected.provenance.facts_sha256
    assert in_json(found) == in_json(expected)


def _same_names(roots: Sequence[Root], first: Sequence[Root]) -> list[Fact]:
    """Return the services of some manifests, the documents named as those of others: a spelling changes bytes."""
    kept = facts_of_services(first)
    return [
        replace(new, sha256=old.sha256) if isinstance(new, Document) and isinstance(old, Document) else old
        for new, old in zip(facts_of_services(roots), kept, strict=True)
    ]


# --- 8. What is unrelated --------------------------------------------------------------------------------------------


@law(10)
@given(scenes(), _clocks)
def test_what_is_unrelated_changes_nothing(scene: Scene, uploaded: Instant) -> None:
    stranger, friend = package_name("stranger"), package_name("friend-of-stranger")
    lock = Document(
        sha256=hashlib.sha256(b"stranger").hexdigest(),
        path="stranger.lock",
        kind=DocumentKind.LOCK,
        format="test",
        basis=Basis.LOCKED,
        components=(Component(ref="0", name=stranger, package=stranger, version="1"),),
        completeness=Completeness.COMPLETE,
    )
    use = DocumentUse(
        service=service_id("stranger"), document=lock.sha256, path=lock.path, stands_from=exactly(uploaded)
    )
    files = next(
        (files for held in scene.world.packages.values() for files in held.values() if files and files[0].filename), ()
    )
    strange = replace(
        scene.world,
        packages={stranger: {"1": files, "2": ()}, friend: {"3": tuple(replace(f, uploaded=uploaded) for f in files)}},
        requirements={(stranger, "1"): (f"{friend}>=1",), (stranger, "2"): None, (friend, "3"): (f"{stranger}[x]",)},
        pages_read=frozenset({stranger}),
    )
    unrelated = [fact for fact in facts(strange) if getattr(fact, "package", None) in {stranger, friend}]
    expected = ask(MemoryReader(scene.facts))
    found = ask(MemoryReader([*scene.facts, *unrelated, lock, use]))
    kept = replace(
        found,
        services=tuple(one for one in found.services if one.service != "stranger"),
        summary=replace(found.summary, services=expected.summary.services),
        provenance=expected.provenance,
    )
    assert in_json(kept) == in_json(expected)
