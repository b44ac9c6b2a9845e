"""A service `shop` on a small index, judged: what its documents, builds and words lead to.

`bad` 2 is accused, and was listed from 11:00 to 13:00. `app` needs `bad`, `ok` needs nothing, `lost` was never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphkit.model.answers import BuildVerdict, ServiceVerdict
from graphkit.model.documents import Document, DocumentKind
from graphkit.model.incidents import CompromisedRelease
from graphkit.model.names import package_name, service_id
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.model.times import exactly
from graphkit.stores.port import Fact
from graphkit.trace.case import Span
from tests.cases.build import at, compromised, document, incident, manifest, organisation, package, page, use
from tests.property.asking import services_of
from tests.property.memory import MemoryReader

PAGES: Sequence[Fact] = (
    *package("bad", {"1": ("01:00", []), "2": ("11:00", [])}),
    *package("app", {"1": ("01:00", ["bad"])}),
    *package("pinned", {"1": ("01:00", ["bad<2"])}),
    *package("ok", {"1": ("01:00", [])}),
    *package("inner", {"1": ("01:00", ["secret"])}),
    page("lost", {"1": "01:00"}),
)
ACCUSED = compromised("bad", "2", "11:00")
PRIVATE = "https://private.example/simple"
STOOD = {"stands_from": "08:00", "read_at": "18:00"}
CLEAN = document("uv.lock", DocumentKind.LOCK, ["ok==1"])
HIT = document("uv.lock", DocumentKind.LOCK, ["bad==2"])
BARRED = manifest("requirements.txt", "bad<2")
PICKS = manifest("requirements.txt", "app")


def judged(
    *documents: Document,
    uses: Sequence[DocumentUse] | None = None,
    builds: Sequence[Build] = (),
    private: Sequence[str] = (),
    accusing: Mapping[str, object] | None = None,
    also: Sequence[CompromisedRelease] = (),
    facts: Iterable[Fact] = (),
    span: Span | None = None,
    **more: object,
) -> ServiceVerdict:
    """Return the verdict of `shop`; its documents were in place all day unless uses say otherwise."""
    shop = Service(id=service_id("shop"), **more)  # type: ignore[arg-type]
    told = organisation(
        services=(shop,),
        uses=tuple(use("shop", one, **STOOD) for one in documents) if uses is None else tuple(uses),
        builds=tuple(builds),
        private_packages=tuple(map(package_name, private)),
        private_indexes=(PRIVATE,),
    )
    record = incident(ACCUSED, *also, until="13:00", **(accusing or {}))  # type: ignore[arg-type]  # fields by name
    return services_of(MemoryReader([*PAGES, *facts, record, *documents, told]), "case-1", span=span)[
        service_id("shop")
    ]


def build(clock: str = "12:00", /, **named: Document) -> Build:
    shas = {name: one.sha256 for name, one in named.items()}
    return Build(service=service_id("shop"), at=exactly(at(clock)), **shas)  # type: ignore[arg-type]


def only(found: ServiceVerdict) -> BuildVerdict:
    (one,) = found.builds
    return one


def unrecorded(found: ServiceVerdict) -> BuildVerdict:
    """Return the build that nobody recorded, which comes last."""
    return found.builds[-1]
