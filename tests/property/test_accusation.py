"""Laws of the accusation: the same by any name, the union of targets, and no row that more accusation clears."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.documents import Basis, Component, Document, DocumentKind
from graphkit.model.incidents import AccusedFile, CompromisedRelease, FileHash, Incident, Reading, Undecided
from graphkit.model.names import PackageName, package_name, purl_of
from graphkit.model.organisation import Organisation
from graphkit.model.ranks import Verdict
from graphkit.model.times import instant
from graphkit.trace.case import Case, resolve
from graphkit.trace.events import identity_of
from graphkit.trace.evidence import accusation
from tests.effort import share

NOON = instant("2026-03-24T12:00:00Z")
PACKAGES = [package_name(name) for name in ("alpha", "beta-lib")]
VERSIONS = ["1.0", "1.1", "2.0rc1", "2.0", "2004d"]
IDS = ["inc-1", "inc-2", "MAL-1", "PYSEC-2", "GHSA-3"]
KNOWN = dict.fromkeys(PACKAGES, VERSIONS)
"""What the graph lists; one version that a release may be asked by is not among it."""
LOCK = Document(sha256="d" * 64, path="a.lock", kind=DocumentKind.LOCK, format="x", basis=Basis.LOCKED)


def law(examples: int) -> settings:
    """Return the settings of a law: the same examples on every run."""
    return settings(
        max_examples=share(examples), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )


packages = st.sampled_from(PACKAGES)
hours = st.integers(0, 6).map(lambda hour: NOON + hour * 3_600_000_000)


@st.composite
def releases(draw: st.DrawFn) -> CompromisedRelease:
    package, version = draw(packages), draw(st.sampled_from([*VERSIONS[:4], "1.5"]))
    made = CompromisedRelease(purl=purl_of(package, version), package=package, version=version)
    return replace(made, listed_from=draw(st.none() | hours), whole=draw(st.booleans()))


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    start = draw(st.none() | hours)
    until = draw(st.none() | hours.map(lambda at: at + 7 * 3_600_000_000))
    return Reading(id=draw(st.sampled_from(["op", "press"])), preferred=draw(st.booleans()), start=start, until=until)


@st.composite
def records(draw: st.DrawFn) -> tuple[Incident, ...]:
    """Give records of distinct ids that name each other, ids nobody has, or nothing as aliases."""
    found = []
    for id_ in draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=5, unique=True)):
        is_file = id_.startswith("inc")
        package = draw(packages)
        found.append(
            Incident(
                id=id_,
                title=id_,
                releases=tuple(draw(st.lists(releases(), max_size=3))),
                readings=tuple(draw(st.lists(readings(), max_size=2, unique_by=lambda one: one.id))) if is_file else (),
                aliases=tuple(draw(st.lists(st.sampled_from([*IDS, "CVE-9", "CVE-8"]), max_size=2, unique=True))),
                advisory=not is_file,
                withdrawn=not is_file and draw(st.integers(0, 5)) == 0,
                ranges=() if is_file else draw(st.sampled_from([(), ((package, ">=1.1,<2"),)])),
                every=() if is_file else draw(st.sampled_from([(), (), (purl_of(package),)])),
                undecided=draw(st.sampled_from([(), (Undecided(package=package, name=package, why="open"),)])),
                files=draw(st.sampled_from([(), (_file(package),)])),
            )
        )
    return tuple(found)


def _file(package: PackageName) -> AccusedFile:
    return AccusedFile(hashes=(FileHash("sha256", "b" * 64),), package=package, is_alone=True)


def ask(incidents: Sequence[Incident], *targets: str) -> tuple[Case, ...]:
    return resolve(incidents, targets, None, lambda package: KNOWN.get(package, ()))


def told(case: Case) -> tuple[object, ...]:
    """Return what a case accuses and when, without the titles of who was asked."""
    return (case.id, case.releases, case.ranges, case.every, case.undecided, case.files, case.reading, case.hidden)


def spellings(name: str) -> list[str]:
    return [name, name.upper(), f" {name.title()} "]


@law(150)
@given(records(), st.randoms(use_true_random=False))
def test_same_name_by_every_id_and_alias_of_an_event(incidents: tuple[Incident, ...], shuffle: random.Random) -> None:
    withdrawn = {one.id.lower() for one in incidents if one.withdrawn}
    by_id: dict[str, Case] = {}
    for one in incidents:
        for name in (one.id, *one.aliases):
            if name.lower() not in withdrawn:
                (case,) = ask(incidents, shuffle.choice(spellings(name)))
                assert told(by_id.setdefault(case.id, case)) == told(case)
                assert {name.lower(), one.id.lower()} <= case.names
    mixed = list(incidents)
    shuffle.shuffle(mixed)
    for case in by_id.values():
        (again,) = ask(mixed, case.id)
        assert {identity_of(r): r.listed_from for r in again.releases} == {
            identity_of(r): r.listed_from for r in case.releases
        }


@law(150)
@given(records(), releases())
def test_same_name_by_every_spelling_of_a_release(incidents: tuple[Incident, ...], one: CompromisedRelease) -> None:
    cases = ask(incidents, f"{one.package}=={one.version}")
    assert one.package is not None
    zeros = "" if "rc" in one.version else ".0"
    for text in (one.purl.replace("pkg", "PKG"), f"{one.package.upper().replace('-', '_')}==v{one.version}"):
        assert list(map(told, ask(incidents, text))) == list(map(told, cases))
    for case, other in zip(cases, ask(incidents, f"{one.package}=={one.version}{zeros}"), strict=True):
        assert list(map(identity_of, case.releases)) == list(map(identity_of, other.releases))
        assert (case.reading, case.hidden, case.incidents) == (other.reading, other.hidden, other.incidents)
    assert len(ask(incidents, one.purl, f"{one.purl}{zeros}")) == len(cases)
    for case in cases:
        assert [identity_of(release) for release in case.releases] == [identity_of(one)]
        named = [other for other in incidents if not other.withdrawn and other.id in {i.id for i in case.incidents}]
        if len(named) == 1 and named[0].readings and len(named[0].releases) == 1:
            (whole,) = ask(incidents, named[0].id)
            if len(whole.releases) == 1 and not (whole.every or whole.ranges):
                assert told(whole)[1] == told(case)[1]
                assert told(whole)[-2:] == told(case)[-2:]


_targets = st.lists(
    st.sampled_from([*IDS, "CVE-9"]) | releases().map(lambda one: f"{one.package}=={one.version}"),
    min_size=1,
    max_size=4,
)


@law(150)
@given(records(), _targets, st.randoms(use_true_random=False))
def test_union_of_targets_accuses_what_each_accuses(
    incidents: tuple[Incident, ...], targets: list[str], shuffle: random.Random
) -> None:
    names = {name for one in incidents for name in (one.id, *one.aliases)}
    asked = [text for text in targets if "==" in text or text in names]
    together = {case.id: case for case in ask(incidents, *asked)}
    shuffle.shuffle(asked)
    assert list(map(told, ask(incidents, *asked))) == [told(together[id_]) for id_ in sorted(together)]
    seen = set()
    for text in asked:
        for case in ask(incidents, text):
            whole = together[case.id]
            seen.add(case.id)
            assert set(map(identity_of, case.releases)) <= set(map(identity_of, whole.releases))
            assert case.every <= whole.every
            assert set(case.undecided) <= set(whole.undecided)
            assert set(case.ranges) <= set(whole.ranges)
            assert (case.reading, case.hidden) == (whole.reading, whole.hidden)
    assert seen == together.keys()


_RANKS = [*Verdict, None]
rows = st.builds(
    lambda package, version, digest, as_python: Component(
        ref="r",
        name=package,
        package=package if as_python else None,
        version=version,
        purl=purl_of(package, version or None) if as_python else "",
        sha256=digest,
    ),
    packages,
    st.sampled_from([*VERSIONS, "", "1.1+acme", "1.5", "other"]),
    st.sampled_from([(), ("b" * 64,), ("c" * 64,)]),
    st.booleans(),
)


def verdict_of(case: Case, row: Component) -> int:
    return _RANKS.index(accusation.test_row(row, LOCK, accusation.accuse(case, Organisation())).verdict)


@law(250)
@given(records(), rows)
def test_more_accusation_never_improves_what_a_row_says(incidents: tuple[Incident, ...], row: Component) -> None:
    for one in incidents:
        alone = replace(one, aliases=(), releases=tuple(replace(r, whole=True) for r in one.releases))
        joined = replace(alone, aliases=("other",))
        more = Incident(id="other", title="o", releases=(), every=(purl_of(PACKAGES[0]),), advisory=True)
        (before,), (after,) = ask([alone], alone.id), ask([joined, more], alone.id)
        assert verdict_of(after, row) <= verdict_of(before, row)


@law(250)
@given(records(), rows)
def test_a_row_is_something_else_only_where_nothing_accuses_or_opens_it(
    incidents: tuple[Incident, ...], row: Component
) -> None:
    """A slow, plain account of which rows no accusation can mean."""
    for one in incidents:
        (case,) = ask([replace(one, aliases=())], one.id)
        if verdict_of(case, row) != _RANKS.index(None):
            continue
        name = row.package or package_name(row.name)
        accused = {r.version for r in case.releases if r.package == name}
        assert row.version not in accused or not row.version
        assert name not in case.every
        assert not any(doubt.package == name for doubt in case.undecided)
        assert not any(file.package == name for file in case.files) or row.sha256 == ("c" * 64,)
        if name in {package for package, _ in case.ranges}:
            assert row.version not in {"", "1.1", "1.5", "1.1+acme", "other", "2004d"}
