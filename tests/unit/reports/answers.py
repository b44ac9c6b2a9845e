"""Answers made by hand for the tests of the reports: rich ones, with names that mean harm.

``python -m tests.unit.reports.answers`` writes the golden files anew; read the difference before you keep it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path as File
from typing import Final

from msgspec.structs import replace

from graphkit.model.answers import (
    Accused,
    Asked,
    Assumption,
    Blast,
    BuildVerdict,
    Clearance,
    CompanyRow,
    Discharge,
    DocumentName,
    HashedFile,
    Holding,
    IngestReport,
    InstallTree,
    Instruction,
    Obligation,
    PackageRow,
    ProofKind,
    Provenance,
    Rejected,
    ServiceVerdict,
    Slot,
    Stats,
    Step,
    Summary,
    Supplied,
    Take,
    TakenRelease,
    WhoHas,
    WhyAnswer,
    Window,
)
from graphkit.model.documents import Problem
from graphkit.model.environment import Environment
from graphkit.model.incidents import ActionKind, Cause, CompromisedFile, CompromisedRelease, FileHash, Source
from graphkit.model.names import CompanyId, ServiceId, package_name
from graphkit.model.organisation import Claim, Polarity, Standing
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.model.times import Moment, exactly, instant, moment
from graphkit.reports import report
from graphkit.reports.as_json import comparison_json, whole_shape, why_json
from graphkit.reports.comparison import Comparison, compare
from graphkit.reports.html import page_shape
from graphkit.reports.interface import ReportOptions
from graphkit.reports.status_note import comparison_note
from graphkit.reports.table import comparison_table, why_table

GOLDEN: Final = File(__file__).resolve().parents[2] / "golden"

SCRIPT: Final = "</script><script>document.title='taken'</script>"
IMAGE: Final = "<img src=x onerror=\"document.title='taken'\">"
BIDI: Final = "pay\u202eipa\u2066\u2069"
BREAKS: Final = "line\u2028para\u2029end"
ESCAPES: Final = "red\x1b[31mtitle\x1b]0;taken\x07\r\n\tdone"
FORMULA: Final = "=cmd|' /C calc'!A0"
QUOTES: Final = "a\"b'c`d&amp;<e>[bold]f[/bold]"
SURROGATE: Final = "half \ud83d"
LONG: Final = "n" * 10_000
HOSTILE: Final = (SCRIPT, IMAGE, BIDI, BREAKS, ESCAPES, FORMULA, QUOTES, SURROGATE, LONG)

PAGE: Final = Source(
    id="S1", title="what happened", publisher="the press", date="2026-03-25", url="https://news.example/a?b=1&c=2"
)
TRAP: Final = Source(id="S2", title=IMAGE, publisher=BIDI, date="2026-03-26", url="javascript:document.title='taken'")
NO_ADDRESS: Final = Source(id="S3", title="a letter")

_T0, _T1, _T2, _T3 = (instant(f"2026-03-24T{clock}Z") for clock in ("10:39:00", "10:52:00", "12:00:30.25", "13:11:00"))
_SLOTS: Final = tuple(
    Slot(start=start, until=until, incident="litellm-2026-03") for start, until in ((_T0, _T1), (_T1, _T2), (_T2, _T3))
)
_LOCK: Final = DocumentName(sha256="ab" * 32, path="locks/uv.lock")


def accused(version: str, start: int | None, *, package: str = "litellm", ghost: bool = True) -> Accused:
    """Return a compromised release with one file."""
    release = CompromisedRelease(
        purl=f"pkg:pypi/{package}@{version}",
        package=package_name(package),
        version=version,
        listed_from=start,
        files=(
            CompromisedFile(filename=f"{package}-{version}-py3-none-any.whl", sha256="cd" * 32),
            CompromisedFile(filename=f"{package}_init.pth", member=True),
        ),
        note="runs at every start",
        sources=("S1",),
    )
    return Accused(release=release, start=start, until=_T3, ghost=ghost)


def instruction(do: ActionKind, text: str, *sources: Source) -> Instruction:
    """Return what to do about the case."""
    return Instruction(incident="litellm-2026-03", do=do, text=text, sources=sources)


def path(*steps: tuple[str, str]) -> tuple[Step, ...]:
    """Return a why-path from (node, why) pairs."""
    return tuple(Step(node=node, why=why) for node, why in steps)


def package(name: str, tier: Tier | None = Tier.PICKED, **more: object) -> PackageRow:
    """Return a package whose newest release takes the bad ones, unless told otherwise."""
    taken = tier is Tier.PICKED
    known: dict[str, object] = {
        "takes": (
            (Take(slot=0, release="litellm@1.82.7"), *(Take(slot=n, release="litellm@1.82.8") for n in (1, 2)))
            if taken
            else ()
        ),
        "older_tier": None if tier else Tier.ADMITTED,
        "newest": "3.1.3",
        "releases": 4,
        "distance": 1,
        "slots": (0, 1, 2) if taken else (),
        "paths": (
            (
                path(
                    (f"{name}@3.1.3", "newest release listed at 2026-03-24T10:39:00Z"),
                    ("litellm@1.82.7", "asks >=1.64"),
                ),
            )
            if tier
            else ()
        ),
    }
    return PackageRow(package=name, tier=tier, **{**known, **more})  # type: ignore[arg-type]


FACTS: Final = {
    Obligation.ACCUSATION: "litellm 1.82.7 and 1.82.8, named by version",
    Obligation.TARGETS: "litellm-2026-03, 2026-03-24 10:39 to 13:11 UTC",
    Obligation.TIMES: "every time that decides is exact",
    Obligation.ROWS: "the only row by that name is litellm 1.82.6",
    Obligation.INDEXES: "no private index is declared",
    Obligation.INSTALLED: "locks/web.lock is a lock of uv",
    Obligation.COMPLETE: "a lock of uv lists everything that it installs",
    Obligation.READ_WHOLE: "161 of 161 packages were read",
    Obligation.FOLDER: "it is not a folder",
    Obligation.DATED: "in place from 2026-03-02 08:00 to 2026-03-28 09:30 UTC",
    Obligation.INPUTS: "1 input: locks/web.lock",
    Obligation.ADMITTED: "no choice of 161 packages reaches litellm 1.82.7 or 1.82.8",
    Obligation.CLOSURE: "the pages of 161 packages speak for the whole stretch",
    Obligation.PUBLIC: "every row names the public index",
    Obligation.BARRED: "pyproject.toml:9 asks litellm<=1.82.6",
}
"""A fact for each obligation, in the order of the obligations."""
_OF_KIND: Final = {
    ProofKind.LISTING: "abcdfghij",
    ProofKind.WALK: "abceklmn",
    ProofKind.BAR: "abceo",
}


def clearance(
    *assumes: Assumption,
    kind: ProofKind = ProofKind.LISTING,
    incident: str = "litellm-2026-03",
    words: tuple[Obligation, ...] = (),
) -> Clearance:
    """Return a whole proof of a kind for the window of the case; ``words`` are met by the organisation's word."""
    proof = tuple(
        Discharge(
            obligation=one, text=f"the organisation says so of ({one})" if one in words else text, word=one in words
        )
        for one, text in FACTS.items()
        if one in _OF_KIND[kind]
    )
    return Clearance(kind=kind, incident=incident, start=_T0, until=_T3, proof=proof, assumes=assumes)


def build(verdict: Verdict, reason: str, proof: Clearance | None = None, **more: object) -> BuildVerdict:
    """Return a build, unrecorded unless told otherwise; with a proof where it is cleared, and only there."""
    known: dict[str, object] = {"at": None, "clearance": None}
    if verdict is Verdict.CLEARED:
        known["clearance"] = proof or clearance()
    return BuildVerdict(verdict=verdict, reason=reason, **{**known, **more})  # type: ignore[arg-type]


def service(name: str, verdict: Verdict, proof: Clearance | None = None, **more: object) -> ServiceVerdict:
    """Return a service with one unrecorded build."""
    reason = str(more.pop("reason", f"because it is {verdict}"))
    known: dict[str, object] = {
        "company": None,
        "owner": "",
        "basis": "",
        "slots": (),
        "builds": (build(verdict, reason, proof),),
        "paths": (),
    }
    return ServiceVerdict(
        service=ServiceId(name),
        verdict=verdict,
        reason=reason,
        **{**known, **more},  # type: ignore[arg-type]
    )


def company(name: str, verdict: CompanyVerdict, **more: object) -> CompanyRow:
    """Return a company that stands for itself."""
    known: dict[str, object] = {
        "name": name.title(),
        "distance": 0 if verdict not in {CompanyVerdict.UNKNOWN, CompanyVerdict.CLEARED, CompanyVerdict.NONE} else None,
        "via": (),
        "origin_tier": verdict.value,
        "supplies": (),
        "data": (),
        "services": (),
        "claims": (),
    }
    return CompanyRow(company=CompanyId(name), verdict=verdict, **{**known, **more})  # type: ignore[arg-type]


def claim(claim_id: str, text: str, polarity: Polarity, standing: Standing, *sources: Source) -> Claim:
    """Return a claim about acme."""
    return Claim(
        id=claim_id,
        company=CompanyId("acme"),
        claimant="a spokesperson",
        text=text,
        polarity=polarity,
        standing=standing,
        certainty="as said",
        date="2026-03-31",
        object="pkg:pypi/litellm@1.82.8",
        relation="installed",
        sources=sources,
    )


def blast() -> Blast:
    """Return an answer with everything an answer can have, in words that mean no harm."""
    through_lock = path(
        ("locks/uv.lock", "the lock that stood then"),
        ("dspy@3.1.3", "listed in locks/uv.lock"),
        ("helper-lib@1.0", "dspy@3.1.3 depends on it"),
        ("litellm@1.82.8", "helper-lib@1.0 depends on it"),
    )
    services = (
        service(
            "payments",
            Verdict.OBSERVED,
            company=CompanyId("acme"),
            owner="team pay",
            basis="locked",
            reason="locks/uv.lock lists litellm 1.82.8",
            slots=(1, 2),
            builds=(
                BuildVerdict(
                    at=exactly(_T1),
                    verdict=Verdict.OBSERVED,
                    reason="its lock lists litellm 1.82.8",
                    basis="locked",
                    document=_LOCK,
                    slots=(1, 2),
                    paths=(through_lock,),
                ),
                BuildVerdict(at=None, verdict=Verdict.UNKNOWN, reason="a list of all builds would settle it"),
            ),
            paths=(through_lock,),
        ),
        service(
            "search",
            Verdict.PICKED,
            slots=(0,),
            paths=(path(("pyproject.toml", "asked"), ("graphrag@3.0", "any"), ("litellm@1.82.7", "asks it")),),
        ),
        service("billing", Verdict.UNKNOWN, owner="team pay", reason="its SBOM would settle it"),
        service(
            "website",
            Verdict.CLEARED,
            clearance(Assumption.LOCK, Assumption.BUILD_ENV, words=(Obligation.COMPLETE,)),
            company=CompanyId("acme"),
            reason="its lock lists litellm 1.82.6",
        ),
    )
    claims = (
        claim("c1", "we installed it", Polarity.AFFIRMS, Standing.CONFIRMED, PAGE, NO_ADDRESS),
        claim("c2", "no user data leaked", Polarity.DENIES, Standing.FIRST_HAND, PAGE),
        claim("c3", "4 TB taken", Polarity.AFFIRMS, Standing.ATTACKER),
    )
    supplies = (Supplied(supplier=CompanyId("acme"), what="card payments", data=("card numbers",), sources=("S1",)),)
    companies = (
        company("acme", CompanyVerdict.OBSERVED, services=(ServiceId("payments"), ServiceId("website")), claims=claims),
        company(
            "shop",
            CompanyVerdict.SUPPLIER,
            distance=1,
            via=(CompanyId("acme"),),
            origin_tier="observed",
            supplies=supplies,
            data=("card numbers",),
        ),
        company(
            "reseller",
            CompanyVerdict.SUPPLIER,
            distance=2,
            via=(CompanyId("shop"), CompanyId("acme")),
            origin_tier="observed",
        ),
        company("bystander", CompanyVerdict.NONE),
    )
    packages = (
        package("dspy", dependents=7),
        package("crewai[litellm]", takes=(Take(slot=2, release="litellm@1.82.8"),), slots=(2,)),
        package(
            "graphrag",
            distance=2,
            paths=(path(("graphrag@3.0", "newest"), ("graphrag-llm@3.0", "asks it"), ("litellm@1.82.7", "asks >=1")),),
        ),
        package("camel-ai[all]", Tier.ADMITTED, nominated=True, slots=(1,), unresolvable=(2,)),
        package("old-timer", None, distance=3),
    )
    return Blast(
        incident=Asked(
            id="litellm-2026-03",
            title="Credential stealer in litellm 1.82.7 and 1.82.8",
            actor="TeamPCP",
            causes=(Cause(text="a stolen token", certainty="best supported", sources=("S1",)), Cause(text="a worm")),
            releases=(accused("1.82.7", _T0), accused("1.82.8", _T1)),
            sources=(PAGE, NO_ADDRESS),
            actions=(
                instruction(ActionKind.CONTAIN, "Isolate what had it.", PAGE, NO_ADDRESS),
                instruction(ActionKind.ROTATE, "Rotate what could be read there."),
            ),
            files=(
                HashedFile(
                    incident="litellm-2026-03",
                    filename="litellm-1.82.8-py3-none-any.whl",
                    hashes=(FileHash("sha256", "cd" * 32),),
                ),
            ),
        ),
        window=Window(start=_T0, until=_T3, reading="operator"),
        windows=(Window(start=_T0, until=_T3, reading="operator", incident="litellm-2026-03"),),
        slots=_SLOTS,
        environment=Environment(),
        resolver="uv",
        summary=Summary(
            services=counted(services),
            companies=tuple((word.value, sum(row.verdict is word for row in companies)) for word in CompanyVerdict),
            packages=(("picked", 3), ("nominated", 1), ("admitted", 1)),
            releases=21,
        ),
        services=services,
        companies=companies,
        packages=packages,
        provenance=Provenance(
            graphkit="0.1.0", packaging="26.3", question="blast litellm-2026-03", inputs=12, facts_sha256="ef" * 32
        ),
        notes=(
            "one document could not be read",
            "with the times of press other verdicts result: payments observed → unknown",
        ),
    )


def hostile() -> Blast:
    """Return the same answer with every free text and name replaced by one that means harm."""
    plain = blast()
    names = dict(
        zip((one.service for one in plain.services), map(ServiceId, (SCRIPT, BIDI, LONG, FORMULA)), strict=True)
    )
    acme = plain.companies[0]
    proof = clearance(*Assumption, incident=SCRIPT)
    texts = dict(zip((one.obligation for one in proof.proof), HOSTILE, strict=False))
    proof = replace(
        proof,
        proof=tuple(
            replace(one, text=texts.get(one.obligation, QUOTES), word=bool(number % 2))
            for number, one in enumerate(proof.proof)
        ),
    )
    proven = build(Verdict.CLEARED, ESCAPES, proof, incident=SCRIPT)
    window = plain.windows[0]
    return replace(
        plain,
        windows=(replace(window, incident=SCRIPT), replace(window, incident=BIDI, reading=IMAGE)),
        exposing=(SCRIPT,),
        slots=(*(replace(slot, incident=SCRIPT) for slot in plain.slots[:2]), replace(plain.slots[2], incident=BREAKS)),
        incident=replace(
            plain.incident,
            id=SCRIPT,
            title=IMAGE,
            actor=ESCAPES,
            sources=(PAGE, TRAP),
            causes=(Cause(text=BREAKS, certainty=IMAGE),),
            withdrawn=(ESCAPES,),
            actions=(Instruction(incident=SCRIPT, do=ActionKind.HUNT, text=ESCAPES, sources=(TRAP,)),),
            files=(HashedFile(incident=BIDI, filename=IMAGE, hashes=(FileHash("sha256", "cd" * 32),)),),
        ),
        services=tuple(
            replace(
                one,
                service=names[one.service],
                owner=QUOTES,
                reason=f"{one.reason} {BREAKS} {SURROGATE}",
                builds=(proven,) if one.verdict is Verdict.CLEARED else one.builds,
                incidents=((SCRIPT, one.verdict), (BIDI, Verdict.UNKNOWN)),
            )
            for one in plain.services
        ),
        companies=(
            replace(
                acme,
                name=IMAGE,
                services=tuple(names[name] for name in acme.services),
                claims=(
                    *(replace(one, claimant=ESCAPES, text=SCRIPT, sources=(PAGE, TRAP)) for one in acme.claims),
                    claim("c9", LONG, Polarity.NEITHER, Standing.REPORTED, TRAP),
                ),
            ),
            *plain.companies[1:],
        ),
        packages=(*plain.packages, *(package(name) for name in HOSTILE)),
        notes=HOSTILE,
    )


def crowd(number: int) -> Blast:
    """Return an answer with very many packages."""
    tiers = (Tier.PICKED, Tier.ADMITTED, None)
    return replace(
        blast(), packages=tuple(package(f"p{n:06}", tiers[n % 3], distance=1 + n % 4) for n in range(number))
    )


def fleet(number: int, companies: int = 100) -> Blast:
    """Return an answer with very many services, each with a document of its own, of a few companies and owners."""
    verdicts = (Verdict.OBSERVED, Verdict.PICKED, Verdict.UNKNOWN, Verdict.CLEARED, Verdict.CLEARED)
    services = []
    for n in range(number):
        verdict, name = verdicts[n % 5], f"team-{n % 97}/service-{n:06}"
        document = DocumentName(sha256=hashlib.sha256(name.encode()).hexdigest(), path=f"sboms/{name}/bom.json")
        bad = verdict in {Verdict.OBSERVED, Verdict.PICKED}
        way = path(
            (document.path, "the document that stood then"),
            ("dspy@3.1.3", f"listed in {document.path}"),
            ("litellm@1.82.8", "dspy@3.1.3 depends on it"),
        )
        reason = f"{document.path} lists litellm 1.82.{8 if bad else 6}"
        slots, paths = ((1, 2), (way,)) if bad else ((), ())
        judged = build(verdict, reason, document=document, slots=slots, paths=paths)
        owner = CompanyId(f"company-{n // 5 % companies:03}")
        services.append(
            service(
                name,
                verdict,
                reason=reason,
                company=owner,
                owner=f"o{n % 150}",
                slots=slots,
                paths=paths,
                builds=(judged,),
            )
        )
    services.sort(key=lambda one: (list(Verdict).index(one.verdict), one.service))
    operated: dict[str, list[ServiceId]] = {}
    for one in services:
        operated.setdefault(one.company or "", []).append(one.service)
    rows = tuple(
        company(name, CompanyVerdict.OBSERVED, services=tuple(names)) for name, names in sorted(operated.items())
    )
    counts = Counter(one.verdict for one in services)
    made = blast()
    summary = replace(
        made.summary,
        services=tuple((verdict.value, counts[verdict]) for verdict in Verdict),
        companies=((CompanyVerdict.OBSERVED.value, len(rows)),),
    )
    return replace(made, services=services, companies=rows, summary=summary)


def counted(services: tuple[ServiceVerdict, ...]) -> tuple[tuple[str, int], ...]:
    """Return how many services have each verdict, as a summary has it."""
    return tuple((verdict.value, sum(one.verdict is verdict for one in services)) for verdict in Verdict)


def several() -> Blast:
    """Return an answer about two incidents, each with its window and account of the times."""
    made = blast()
    payments, search, billing, website = made.services
    other = (instant("2026-03-27T08:00:00Z"), instant("2026-03-27T20:30:00Z"))
    about = (("litellm-2026-03", Verdict.CLEARED), ("telnyx-2026-03", Verdict.UNKNOWN))
    parted = replace(
        website,
        verdict=Verdict.UNKNOWN,
        reason="its lock of 27 March would settle it",
        incidents=about,
        near=True,
        builds=(
            build(Verdict.CLEARED, "its lock lists litellm 1.82.6", clearance(), incident="litellm-2026-03"),
            build(
                Verdict.UNKNOWN,
                "its lock of 27 March would settle it",
                at=moment("2026-03-27"),
                incident="telnyx-2026-03",
                near=True,
            ),
        ),
    )
    both = ("litellm-2026-03", "telnyx-2026-03")
    shop = service(
        "shop",
        Verdict.CLEARED,
        incidents=tuple((name, Verdict.CLEARED) for name in both),
        reason="pyproject.toml admits neither",
        builds=tuple(
            build(
                Verdict.CLEARED,
                "pyproject.toml admits neither",
                clearance(Assumption.INDEX, kind=ProofKind.BAR, incident=name),
                incident=name,
            )
            for name in both
        ),
    )
    services = (payments, search, billing, parted, shop)
    return replace(
        made,
        summary=replace(made.summary, services=counted(services)),
        window=Window(start=_T0, until=other[1], reading=""),
        windows=(*made.windows, Window(start=other[0], until=other[1], reading="vendor", incident=both[1])),
        slots=(*_SLOTS, Slot(start=other[0], until=other[1], incident=both[1])),
        services=services,
    )


def not_looked_at() -> Blast:
    """Return an answer without known times and index pages, about records of which one is withdrawn."""
    made = blast()
    releases = tuple(replace(one, start=None, until=None) for one in made.incident.releases)
    services = tuple(service(one.service, Verdict.UNKNOWN) for one in made.services)
    timeless = Window(start=0, until=1, reading="", is_known=False)
    return replace(
        made,
        incident=replace(made.incident, releases=releases, withdrawn=("GHSA-2", "PYSEC-1")),
        window=timeless,
        windows=(replace(timeless, incident=made.incident.id),),
        slots=(),
        services=services,
        packages=(),
        summary=replace(made.summary, services=counted(services), packages=()),
        is_index_read=False,
    )


def nothing() -> Blast:
    """Return the answer of a graph that holds nothing, about an incident that names no release."""
    made = blast()
    return replace(
        made,
        services=(),
        companies=(),
        packages=(),
        slots=(),
        windows=(),
        notes=(),
        external=frozenset(),
        summary=Summary(services=(), companies=(), packages=(), releases=0),
        incident=replace(made.incident, releases=(), causes=(), title=""),
    )


def cleared() -> WhyAnswer:
    """Return a service with a build cleared by a walk, one by a bar, and one that is open."""
    one = service(
        "desk",
        Verdict.UNKNOWN,
        reason="an SBOM of the build of 2026-03-24 would settle it",
        builds=(
            build(
                Verdict.UNKNOWN,
                "an SBOM of the build of 2026-03-24 would settle it",
                at=moment("2026-03-24"),
                incident="litellm-2026-03",
            ),
            build(
                Verdict.CLEARED,
                "nothing that it allows reaches litellm 1.82.7 or 1.82.8",
                clearance(*Assumption, kind=ProofKind.WALK, words=(Obligation.INPUTS, Obligation.PUBLIC)),
                incident="litellm-2026-03",
            ),
            build(
                Verdict.CLEARED,
                "pyproject.toml asks litellm<=1.82.6",
                clearance(kind=ProofKind.BAR),
                at=Moment(earliest=_T1, latest=_T2),
                document=_LOCK,
                incident="litellm-2026-03",
            ),
        ),
    )
    return WhyAnswer(service=one, blast=blast())


def why() -> WhyAnswer:
    """Return the exposed service of the answer."""
    answer = blast()
    return WhyAnswer(service=answer.services[0], blast=answer)


def trees() -> WhyAnswer:
    """Return a service with what installs from two manifests take; names of them act where they are not escaped."""
    taken = (
        TakenRelease(package="dspy", version="3.1.3", asked_by=None, requirement="dspy>=3"),
        TakenRelease(
            package="litellm",
            version="1.82.8",
            asked_by="dspy@3.1.3",
            requirement=f"litellm>=1.64 ; {ESCAPES}",
            is_accused=True,
        ),
        TakenRelease(
            package="openai", version="2.29.0", asked_by="litellm@1.82.8", requirement="openai>=2.8", is_firm=False
        ),
    )
    whole = InstallTree(
        incident="litellm-2026-03",
        manifest="requirements.in",
        document=DocumentName(sha256="cd" * 32, path="requirements.in"),
        at=_T1,
        environment=Environment(),
        resolver="uv",
        releases=taken,
        unresolvable=("protobuf",),
        left_out=('pytest>=8 ; extra == "dev"',),
        unread=("project page of acme-core", "requirements of jiter@0.9.0"),
        is_uncertain=True,
    )
    governed = replace(
        whole,
        manifest=f"build-system.requires of {BIDI}",
        document=DocumentName(sha256="ef" * 32, path=BIDI),
        at=_T0,
        resolver="pip",
        releases=taken[:1],
        unresolvable=(),
        left_out=(),
        unread=(),
        is_governed=True,
        is_uncertain=False,
    )
    return replace(why(), trees=(whole, governed))


def who_has() -> WhoHas:
    """Return two rows of documents."""
    return WhoHas(
        query="litellm>=1.82",
        matches=(
            Holding(service=ServiceId("payments"), release="litellm@1.82.8", current=True, document=_LOCK),
            Holding(service=ServiceId(BIDI), release="litellm@1.82.6", current=False, document=_LOCK, is_external=True),
        ),
        notes=("one row has no version",),
    )


def stats() -> Stats:
    """Return what a small graph holds."""
    return Stats(
        counts=(("documents", 3), ("index_packages", 1_234_567)),
        problems=(
            ("a.json", Problem(place="components[3].purl", text="is not a valid purl")),
            ("b.json", Problem(place="", text=ESCAPES)),
        ),
        packaging="26.3",
        facts_sha256="ef" * 32,
        newest_fact=_T3,
    )


def later() -> Blast:
    """Return the answer of some hours later: a service worse, one better, one new, one gone, and what else there is."""
    made = blast()
    payments, _, billing, _ = made.services
    acme, shop, reseller, bystander = made.companies
    dspy, crewai, *_, old_timer = made.packages
    renewed = claim("c8", "we renewed it all", Polarity.AFFIRMS, Standing.FIRST_HAND)
    return replace(
        made,
        window=replace(made.window, reading="press"),
        windows=(replace(made.windows[0], reading="press"),),
        incident=replace(
            made.incident, releases=(*made.incident.releases, accused("1.82.9", _T2)), sources=(PAGE, NO_ADDRESS)
        ),
        services=(
            replace(billing, verdict=Verdict.OBSERVED, reason="its SBOM lists litellm 1.82.8", slots=(1,)),
            replace(payments, slots=(1,), builds=payments.builds[:1]),
            service("newcomer", Verdict.UNKNOWN, reason="its SBOM would settle it"),
            service("search", Verdict.CLEARED, reason="its lock lists litellm 1.82.6"),
        ),
        companies=(
            replace(acme, claims=(*acme.claims[1:], renewed)),
            replace(shop, verdict=CompanyVerdict.OBSERVED),
            reseller,
            bystander,
        ),
        packages=(dspy, replace(crewai, tier=Tier.ADMITTED, takes=()), package("latecomer"), old_timer),
        provenance=replace(made.provenance, inputs=14, facts_sha256="aa" * 32, facts_until=_T3),
        notes=(made.notes[0], "another document could not be read"),
    )


def changes() -> Comparison:
    """Return what changed from the answer to the later one."""
    return compare(whole_shape(blast(), ReportOptions()), whole_shape(later(), ReportOptions()))


def ingest() -> IngestReport:
    """Return an ingest that went wrong in parts."""
    return IngestReport(
        read=5,
        new=3,
        unchanged=1,
        rejected=(Rejected(path="bad.json", place="line 7", problem="expected an object"),),
        unrecognised=("photo.jpg", BIDI),
        problems=2,
        worst=(("a.json", Problem(place="components[3].purl", text="is not a valid purl")),),
        notes=("an interrupted run was taken up",),
    )


def _screens() -> dict[str, Blast]:
    """Return answers of every kind that the first screen has to fit."""
    made = blast()
    clear = service("website", Verdict.CLEARED, reason="its lock lists litellm 1.82.6")
    verdicts = sorted(Verdict, key=lambda one: one.rank)
    crowd = tuple(
        service(f"{verdict}-{number:02}", verdict, owner="team pay" if number % 3 else "")
        for verdict in verdicts
        for number in range(20)
    )
    unknown = replace(not_looked_at(), unknown=("nothing is known of litellm 9.9.9; is it spelled so?",), services=())
    return {
        "one": made,
        "several": several(),
        "clear": _only(made, clear),
        "hostile": hostile(),
        "crowd": _only(made, *crowd),
        "none": _only(made),
        "unknown-target": _only(unknown),
    }


def _only(made: Blast, *services: ServiceVerdict) -> Blast:
    """Return an answer with other services, and no package or company beside them."""
    summary = replace(made.summary, services=counted(services), companies=(), packages=())
    return replace(made, services=services, companies=(), packages=(), summary=summary)


def golden() -> dict[str, str]:
    """Return the text that each golden file should have."""
    view, long = ReportOptions(), ReportOptions(long=True)
    page = page_shape(blast(), view)
    return {
        "blast.txt": report("table").render(blast(), long),
        "blast.json": report("json").render(blast(), view),
        "blast.page.json": json.dumps(page, indent=1, ensure_ascii=True) + "\n",
        "hostile.txt": report("table").render(hostile(), ReportOptions(width=100, tier=Tier.ADMITTED)),
        "hostile.json": report("json").render(hostile(), ReportOptions(tier=Tier.ADMITTED, limit=9)),
        "blast.csv": report("csv").render(blast(), view),
        "blast.md": report("markdown").render(blast(), view),
        "blast.mmd": report("mermaid").render(blast(), view),
        "blast.graphml": report("graphml").render(blast(), view),
        "blast.sarif": report("sarif").render(blast(), view),
        "blast.openvex.json": report("openvex").render(blast(), view),
        "blast.cdx.json": report("cyclonedx-vex").render(blast(), view),
        "several.txt": report("table").render(several(), long),
        "several.json": report("json").render(several(), ReportOptions(tier=Tier.OBSERVED)),
        "several.md": report("markdown").render(several(), ReportOptions(strict=True)),
        "not-looked-at.txt": report("table").render(not_looked_at(), long),
        "not-looked-at.md": report("markdown").render(not_looked_at(), view),
        "proofs.txt": why_table(cleared(), clearance=True),
        "proofs.json": why_json(cleared(), clearance=True),
        "trees.txt": why_table(trees()),
        "trees.json": why_json(trees()),
        "changes.txt": comparison_table(changes()),
        "changes.json": comparison_json(changes()),
        "changes.md": comparison_note(changes()),
        **{
            f"first-screen-{name}-{width}.txt": report("table").render(made, ReportOptions(width=width))
            for name, made in _screens().items()
            for width in (80, 100)
        },
        "hostile.csv": report("csv").render(hostile(), ReportOptions(tier=Tier.ADMITTED)),
        "hostile.md": report("markdown").render(hostile(), ReportOptions(tier=Tier.ADMITTED)),
        "hostile.mmd": report("mermaid").render(hostile(), ReportOptions(tier=Tier.ADMITTED, limit=9)),
    }


if __name__ == "__main__":
    for name, text in golden().items():
        (GOLDEN / name).write_bytes(text.encode())
