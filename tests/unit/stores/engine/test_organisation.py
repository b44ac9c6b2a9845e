"""Several accounts of one organisation as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.ingest.documents import operated
from graphkit.model.aliases import Aliases, ServiceAlias
from graphkit.model.names import CompanyId, PackageName, ServiceId
from graphkit.model.organisation import Build, Company, CompleteFrom, DocumentUse, Organisation, Service, Supply, Word
from graphkit.model.times import exactly
from graphkit.stores.engine.organisation import joined

WEB = ServiceId("web")
UNDATED = DocumentUse(service=WEB, document="aa", note="by hand", read_at=exactly(7))
DATED = replace(UNDATED, built_at=exactly(5), note="", path="b", read_at=None)
STATED = replace(UNDATED, stands_from=exactly(3), stands_until=exactly(9), note="git", path="a", read_at=exactly(4))


def test_an_undated_use_joins_each_dated_one() -> None:
    found = joined([], [UNDATED, DATED, STATED]).uses
    assert found == (
        replace(STATED, note="by hand; git", read_at=exactly(7)),
        replace(DATED, note="by hand", read_at=exactly(7)),
    )
    assert joined([], [UNDATED]).uses == (UNDATED,)


def test_the_earliest_end_and_the_latest_reading_hold() -> None:
    (found,) = joined([], [STATED, replace(STATED, stands_until=exactly(8), read_at=exactly(6), sources=("s",))]).uses
    assert (found.stands_until, found.read_at, found.sources) == (exactly(8), exactly(6), ("s",))


def test_gaps_are_filled_and_the_first_source_by_name_holds() -> None:
    service = Service(id=WEB, owner="b")
    one = Organisation(source="b", services=(service,), private_indexes=("y",))
    two = Organisation(source="a", services=(replace(service, owner="a"),), private_indexes=("x", "y"))
    three = Organisation(source="c", services=(Service(id=WEB, company=CompanyId("acme")),))
    found = joined([one, two, three], [])
    assert found.services == (Service(id=WEB, owner="a", company=CompanyId("acme")),)
    assert found.private_indexes == ("x", "y")


def test_builds_make_services_and_supplies_stand_once() -> None:
    build = Build(service=ServiceId("ci"), at=exactly(3))
    supply = Supply(supplier=CompanyId("s"), customer=CompanyId("c"), what="logs")
    one = Organisation(source="a", builds=(build,), supplies=(supply,))
    two = Organisation(source="b", builds=(replace(build, document="aa"),), supplies=(supply,))
    found = joined([two, one], [])
    assert found.builds == (replace(build, document="aa", words=(Word("builds", "a"), Word("builds", "b"))),)
    assert found.supplies == (supply,)
    assert found.services == (Service(id=ServiceId("ci")),)


def test_times_of_an_organisation_file_are_its_word() -> None:
    """Other uses say themselves which of their times somebody told; of two, each held time keeps its own word."""
    shown = replace(UNDATED, stands_from=exactly(1), read_at=exactly(5))
    (said,) = joined([Organisation(source="a", uses=(shown,))], []).uses
    assert said.words == (Word("read_at", "a"), Word("stands_from", "a"))
    assert joined([], [shown]).uses == (shown,)
    later = replace(shown, read_at=exactly(9))
    (both,) = joined([Organisation(source="a", uses=(shown,))], [later]).uses
    assert (both.read_at, both.words) == (exactly(9), (Word("stands_from", "a"),))
    told = replace(shown, words=(Word("read_at", "--read-at"),))
    assert joined([Organisation(source="a", uses=(told,))], []).uses == (told,)


@given(st.permutations([UNDATED, DATED, STATED]), st.permutations(["a", "b", "c"]))
def test_order_changes_nothing(uses: list[DocumentUse], names: list[str]) -> None:
    def organisation(name: str) -> Organisation:
        company = Company(id=CompanyId("acme"), name=name)
        return Organisation(source=name, companies=(company,), private_packages=(PackageName(name),))

    assert joined(map(organisation, names), uses) == joined(map(organisation, sorted(names)), [UNDATED, DATED, STATED])


def test_equal_inputs_at_two_paths_of_a_repository_are_two() -> None:
    at = exactly(3)
    one = DocumentUse(service=WEB, document="aa", repository="r", path="a/uv.lock", stands_from=at, branch="main")
    other = replace(one, path="b/uv.lock")
    again = replace(one, read_at=exactly(8))
    undated = DocumentUse(service=WEB, document="aa", repository="r", path="b/uv.lock", is_complete=True)
    assert joined([], [other, one, again, undated]).uses == (again, replace(other, is_complete=True))
    alone = replace(one, repository="", stands_from=at)
    assert len(joined([], [alone, replace(alone, path="copy.lock")]).uses) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [(("web",), True), (("acme/web",), False), (("acme/web", "boms/web"), False), (("web", "acme/web"), True)],
)
def test_a_word_about_builds_under_another_name_is_about_that_name(said: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001
    """Nobody who says that all builds of `acme/web` are named says it of what is known as `web`."""
    alias = ServiceAlias(service=WEB, names=("acme/web", "boms/web"))
    aliases = Organisation(source="aliases", aliases=Aliases(services=(alias,)))
    words = [
        Organisation(source=name, services=(Service(id=ServiceId(name), builds_complete=True, is_never_built=True),))
        for name in said
    ]
    (found,) = joined([aliases, *words], [UNDATED]).services
    assert (found.builds_complete, found.is_never_built) == (expected, expected)


def test_a_word_about_builds_under_every_name_that_is_known_holds() -> None:
    alias = ServiceAlias(service=WEB, names=("acme/web", "boms/web"))
    aliases = Organisation(source="aliases", aliases=Aliases(services=(alias,)))
    word = Organisation(source="a", services=(Service(id=ServiceId("acme/web"), builds_complete=True),))
    used = replace(UNDATED, service=ServiceId("acme/web"))
    (found,) = joined([aliases, word], [used]).services
    assert found == Service(id=WEB, builds_complete=True)
    (found,) = joined([aliases, word], [used, replace(UNDATED, service=ServiceId("boms/web"))]).services
    assert not found.builds_complete


def test_a_name_of_which_nothing_is_known_but_itself_keeps_no_word_away() -> None:
    """As where a catalogue names a service, and a scan found all builds of its repository."""
    alias = ServiceAlias(service=WEB, names=("acme/web",))
    catalogue = Organisation(source="c", aliases=Aliases(services=(alias,)), services=(Service(id=WEB, owner="pay"),))
    word = Organisation(source="scan", services=(Service(id=ServiceId("acme/web"), builds_complete=True),))
    (found,) = joined([catalogue, word], [replace(UNDATED, service=ServiceId("acme/web"))]).services
    assert found == Service(id=WEB, owner="pay", builds_complete=True)


def test_the_word_of_a_company_is_about_its_own_services() -> None:
    """An alias of another company, or of none, gets it only where every name with documents is of such a company."""
    alias = Organisation(source="z", aliases=Aliases(services=(ServiceAlias(service=WEB, names=("globex/web",)),)))
    acme, globex = (Company(id=CompanyId(name), name=name, builds_complete=name == "globex") for name in NAMES)
    other = Service(id=ServiceId("globex/web"), company=globex.id)

    def found(*services: Service, used: tuple[str, ...] = ("web", "globex/web")) -> Service:
        told = Organisation(source="a", companies=(acme, globex), services=(other, *services))
        uses = [replace(UNDATED, service=ServiceId(name)) for name in used]
        (one,) = joined([alias, told], uses).services
        return one

    assert not found().builds_complete
    assert not found(Service(id=WEB, company=acme.id)).builds_complete
    assert found(Service(id=WEB, company=acme.id)).company == acme.id
    assert found(Service(id=WEB, company=globex.id)).builds_complete
    assert found(used=("globex/web",)).builds_complete
    other = replace(other, company=acme.id)
    assert not found(Service(id=WEB, company=globex.id)).builds_complete


NAMES = ("acme", "globex")
SYFT = CompleteFrom(tool="syft", source="image")


def test_the_word_of_a_company_on_a_tool_is_about_its_own_services() -> None:
    """As its word on builds: an alias of another company's name does not carry it to that one's documents."""
    alias = Organisation(source="z", aliases=Aliases(services=(ServiceAlias(service=WEB, names=("globex/web",)),)))
    globex = Company(id=CompanyId("globex"), name="Globex", complete_from=(SYFT,))
    acme = Company(id=CompanyId("acme"), name="Acme")
    other = Service(id=ServiceId("globex/web"), company=globex.id)

    def found(*services: Service, says: Company = acme, used: tuple[str, ...] = ("web", "globex/web")) -> Service:
        told = Organisation(source="a", companies=(says, globex), services=(other, *services))
        (one,) = joined([alias, told], [replace(UNDATED, service=ServiceId(name)) for name in used]).services
        return one

    assert found().complete_from == ()
    assert found(Service(id=WEB, company=acme.id)).complete_from == ()
    assert found(Service(id=WEB, company=acme.id), says=replace(acme, complete_from=(SYFT,))).complete_from == (SYFT,)
    assert found(Service(id=WEB, company=globex.id)).complete_from == (SYFT,)
    assert found(used=("globex/web",)).complete_from == (SYFT,)
    own = Service(id=WEB, company=globex.id, complete_from=(CompleteFrom(tool="trivy"),))
    assert found(own).complete_from == (CompleteFrom(tool="trivy"), SYFT)


def test_words_on_tools_of_two_sources_and_of_the_company_add_up() -> None:
    """That of the company is no reason to lose what another file says of the service itself."""
    trivy = CompleteFrom(tool="trivy")
    acme = Company(id=CompanyId("acme"), name="Acme", complete_from=(SYFT,))
    first = Organisation(source="a.yaml", companies=(acme,), services=(Service(id=WEB, company=acme.id),))
    other = Organisation(source="b.yaml", services=(Service(id=WEB, complete_from=(trivy, SYFT)),))
    (found,) = joined([first, other], []).services
    assert found.complete_from == (SYFT, trivy)


def test_words_of_a_service_cross_no_alias_of_another_company() -> None:
    """Who runs a service is no such word; within one company all names are of one service."""
    alias = Organisation(source="z", aliases=Aliases(services=(ServiceAlias(service=WEB, names=("globex/web",)),)))
    words = {"resolver": "pip", "is_lock_enforced": True, "extras": (), "complete_from": (SYFT,), "index": "public"}

    def found(company: str) -> Service:
        other = Service(id=ServiceId("globex/web"), company=CompanyId("globex"), owner="b", **words)  # type: ignore[arg-type]
        told = Organisation(source="a", services=(other, Service(id=WEB, company=CompanyId(company))))
        (one,) = joined([alias, told], [replace(UNDATED, service=ServiceId(n)) for n in ("web", "globex/web")]).services
        return one

    assert found("acme") == Service(id=WEB, company=CompanyId("acme"), owner="b")
    within = found("globex")
    assert (within.resolver, within.is_lock_enforced, within.extras, within.index) == ("pip", True, (), "public")
    assert within.complete_from == ()  # of `web` nobody said it


def test_that_nothing_was_built_is_said_of_one_name_alone() -> None:
    alias = ServiceAlias(service=WEB, names=("old",))
    aliases = Organisation(source="aliases", aliases=Aliases(services=(alias,)))
    complete = Organisation(source="a", services=(Service(id=WEB, builds_complete=True),))
    none = Organisation(source="b", services=(Service(id=ServiceId("old"), builds_complete=True, is_never_built=True),))
    (found,) = joined([aliases, complete, none], [UNDATED]).services
    assert (found.builds_complete, found.is_never_built) == (True, False)


@pytest.mark.parametrize(
    ("first", "second", "is_external"),
    [(True, None, True), (True, True, True), (True, False, False), (False, True, False), (None, None, False)],
)
def test_a_company_is_somebody_elses_where_nobody_says_that_it_is_ones_own(
    first: bool | None,  # noqa: FBT001 - a case
    second: bool | None,  # noqa: FBT001
    is_external: bool,  # noqa: FBT001
) -> None:
    acme, shop = CompanyId("acme"), ServiceId("shop")
    told = [
        Organisation(source=source, companies=(Company(id=acme, name="Acme", is_external=said),))
        for source, said in (("a", first), ("b", second))
    ]
    services = Organisation(source="c", services=(Service(id=shop, company=acme),))
    for ordered in ([*told, services], [services, *reversed(told)]):
        assert joined(ordered, ()).external_services == (frozenset({shop}) if is_external else frozenset())


@pytest.mark.parametrize(
    ("first", "second", "is_external"),
    [(None, True, False), (False, True, False), (True, False, False), (True, True, True)],
)
def test_another_file_does_not_hide_the_service_of_a_company(
    first: bool | None,  # noqa: FBT001 - a case
    second: bool,  # noqa: FBT001
    is_external: bool,  # noqa: FBT001
) -> None:
    acme, shop = CompanyId("acme"), ServiceId("shop")
    own = Organisation(
        source="a",
        companies=(Company(id=acme, name="Acme", is_external=False),),
        services=(Service(id=shop, company=acme, is_external=first),),
    )
    other = Organisation(source="b", services=(Service(id=shop, is_external=second),))
    assert joined([own, other], ()).external_services == (frozenset({shop}) if is_external else frozenset())


def test_who_is_named_for_a_service_on_the_command_line_says_nothing_of_whose_it_is() -> None:
    acme, shop = CompanyId("acme"), ServiceId("shop")
    told = Organisation(source="a", services=(Service(id=shop, is_external=True),))
    run = operated(shop, "acme")
    assert joined([told, run], ()).external_services == {shop}
    theirs = Organisation(source="b", companies=(Company(id=acme, name="Acme", is_external=True),))
    assert joined([theirs, run], ()).external_services == {shop}
    assert joined([run], ()).external_services == frozenset()
