from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar

import networkx as nx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from msgspec import structs
from msgspec.structs import replace

import graphkit
from graphkit.api import Graph, columns, open_graph, progress_bar
from graphkit.api import answers as door
from graphkit.api.svg import picture_svg
from graphkit.model import answers as model
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.ranks import Tier
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from graphkit.reports.wording import listing
from tests.unit.reports import answers

T = TypeVar("T")
ALLOWED = set("div p b small table thead tbody tr th td details summary ul ol li svg title g path text".split())  # noqa: SIM905
ALL: tuple[tuple[type[Any], Callable[[], Any]], ...] = (
    (door.Blast, answers.blast),
    (door.Blast, answers.hostile),
    (door.Blast, lambda: answers.fleet(500)),
    (door.WhyAnswer, answers.why),
    (door.WhoHas, answers.who_has),
    (door.Stats, answers.stats),
    (door.IngestReport, answers.ingest),
)


def as_shown(kind: type[T], value: Any) -> T:
    """Return a made-up answer as the class that a `Graph` makes."""
    return kind(**structs.asdict(value))


@pytest.fixture(scope="module")
def graph(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    place = tmp_path_factory.mktemp("door") / "graph"
    shutil.copytree(demo, place)  # an example ingests
    with graphkit.open(str(place)) as opened:
        yield opened


def test_every_answer_of_a_graph_shows_itself_and_is_what_the_reports_say(graph: Graph) -> None:
    blast = graph.blast("litellm-2026-03")
    for value in (blast, graph.why("aider repository", "litellm-2026-03"), graph.who_has("litellm"), graph.stats()):
        assert "<" in value._repr_html_()
        assert repr(value).startswith(f"<{type(value).__name__} ")
    assert isinstance(blast, model.Blast)
    for form in ("json", "markdown"):
        assert blast.report(form) == report(form).render(blast, ReportOptions())


ORGANISATION = """\
schema: graphkit.organisation/1
companies:
- {id: own, name: Own}
- {id: theirs, name: Theirs, external: true}
services:
- {name: mine, company: own, builds: none}
- {name: hosted, company: theirs, builds: none}
- {name: borrowed, external: true}
- {name: kept, company: theirs, external: false, builds: none}
"""


def test_services_of_external_companies_are_told_apart_from_ones_own(tmp_path: Path) -> None:
    (tmp_path / "organisation.yaml").write_text(ORGANISATION)
    with graphkit.open(str(tmp_path / "graph"), create=True) as opened:
        opened.ingest("org", [str(tmp_path / "organisation.yaml")])
        for targets in (["litellm==1.82.7"], ["litellm==1.82.7", "litellm==1.82.8"]):
            blast = opened.blast(*targets, at="2026-03-24T11:00:00Z")
            assert blast.external == {"hosted", "borrowed"}
            told = json.loads(blast.report("json"))
            assert blast.to_pandas("services").set_index("service")["external"].to_dict() == {
                "mine": False,
                "hosted": True,
                "borrowed": True,
                "kept": False,
            }
            assert {one["service"]: one.get("external") for one in told["services"]} == {
                "mine": None,
                "hosted": True,
                "borrowed": True,
                "kept": None,
            }
            assert told["summary"]["services"]["cleared"] == 3
            assert told["summary"]["external_services"] == {
                **dict.fromkeys(told["summary"]["services"], 0),
                "cleared": 1,
                "unknown": 1,
            }
            page = blast.report("html")
            assert page.index(">mine<") < page.index("Services of others") < page.index(">hosted<")


@pytest.mark.parametrize(("kind", "make"), ALL)
def test_what_a_notebook_shows_has_neither_scripts_nor_addresses(kind: type[Any], make: Callable[[], Any]) -> None:
    html = as_shown(kind, make())._repr_html_()
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= ALLOWED
    assert not re.search(r"\b(href|src|on\w+)=", re.sub(r">[^<]*<", "><", html))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\u2028]", html)
    assert len(html) < 120_000
    html.encode()


@pytest.mark.parametrize("rows", columns.BLAST_ROWS)
@pytest.mark.parametrize("make", [answers.blast, answers.hostile, lambda: answers.fleet(50)])
def test_rows_have_the_same_types_whatever_is_in_them(rows: str, make: Callable[[], model.Blast]) -> None:
    answer = as_shown(door.Blast, make())
    table = answer.to_arrow(rows)
    empty = columns._table(columns.BLAST_ROWS[rows][0], [])
    assert table.schema == empty.schema
    assert isinstance(answer.to_pandas(rows), pd.DataFrame)
    frame = answer.to_polars(rows)
    assert isinstance(frame, pl.DataFrame)
    assert len(answer.to_pandas(rows)) == len(frame) == table.num_rows


def test_rows_say_what_the_answer_says() -> None:
    answer = as_shown(door.Blast, answers.blast())
    services = answer.to_arrow().to_pylist()
    assert services[0]["service"] == "payments"
    assert services[0]["path"] == ["locks/uv.lock", "dspy@3.1.3", "helper-lib@1.0", "litellm@1.82.8"]
    assert services[0]["slots"] == [1, 2]
    slots = answer.to_arrow("slots").to_pylist()
    assert slots[0]["from"].isoformat() == "2026-03-24T10:39:00+00:00"
    assert slots[0]["incident"] == "litellm-2026-03"
    exposed = answer.to_pandas("exposures")
    assert len(exposed) == sum(len(one.slots) for rows in (answer.services, answer.packages) for one in rows)
    taken = {(row["name"], row["slot"], row["release"]) for row in answer.to_arrow("exposures").to_pylist()}
    assert {(one.package, take.slot, take.release) for one in answer.packages for take in one.takes} <= taken
    assert ("payments", 1, None) in taken
    assert answer.to_arrow("releases").column("ghost").type == pa.bool_()
    addresses = {source.id: source.url or source.id for source in answer.incident.sources}
    assert answer.to_arrow("releases").column("sources").to_pylist() == [
        [addresses.get(source, source) for source in one.release.sources] for one in answer.incident.releases
    ]
    assert {row["polarity"] for row in answer.to_arrow("claims").to_pylist()} == {"affirms", "denies"}


def test_builds_have_their_times_as_written_and_their_proofs() -> None:
    rows = as_shown(door.WhyAnswer, answers.cleared()).blast
    answer = as_shown(door.Blast, replace(rows, services=(answers.cleared().service, *rows.services)))
    undated, walked, barred, *_, website = answer.to_arrow("builds").to_pylist()
    assert (undated["at"], undated["proof"], undated["facts"]) == ("2026-03-24", None, [])
    assert undated["earliest"].isoformat() == "2026-03-23T10:00:00+00:00"
    assert undated["latest"].isoformat() == "2026-03-25T11:59:59.999999+00:00"
    assert (walked["at"], walked["earliest"], walked["proof"]) == (None, None, "walk")
    assert len(walked["words"]) == 2
    assert (barred["proof"], barred["assumes"], barred["incident"]) == ("bar", [], "litellm-2026-03")
    assert website["assumes"] == ["lock", "build-env"]
    assert answer.to_arrow().to_pylist()[-1]["assumes"] == ["lock", "build-env"]


def test_a_notebook_shows_what_a_service_is_cleared_on() -> None:
    words = "assuming installs keep to the lock, and build requirements that were not read are the usual ones"
    assert words in as_shown(door.Blast, answers.blast())._repr_html_()
    shown = as_shown(door.WhyAnswer, answers.cleared())._repr_html_()
    assert "proof by walk for litellm-2026-03" in shown
    assert "2026-03-24 in an unknown zone" in shown
    assert "telnyx-2026-03: 2026-03-27 08:00 to 20:30 UTC" in as_shown(door.Blast, answers.several())._repr_html_()
    assert "fresh installs: not checked" in as_shown(door.Blast, answers.not_looked_at())._repr_html_()


def test_a_report_of_an_answer_may_refuse_assumptions() -> None:
    answer = as_shown(door.Blast, answers.blast())
    assert answer.report("openvex", strict=True) == report("openvex").render(
        answers.blast(), ReportOptions(strict=True)
    )


def test_the_other_answers_become_tables_too() -> None:
    why, held, stats = (as_shown(kind, make()) for kind, make in ALL[3:6])
    assert why.to_pandas()["verdict"].tolist() == ["observed", "unknown"]
    assert held.to_polars()["current"].to_list() == [True, False]
    assert stats.to_pandas()["number"].sum() == 1_234_570
    assert (why.to_polars().height, held.to_pandas().shape[0], stats.to_polars().height) == (2, 2, 2)


def test_a_graph_of_networkx_has_every_service_and_company() -> None:
    answer = as_shown(door.Blast, answers.blast())
    found = answer.to_networkx()
    assert isinstance(found, nx.DiGraph)
    names = {data["name"]: node for node, data in found.nodes(data=True)}
    assert nx.has_path(found, names["litellm 1.82.8"], names["Reseller"])
    assert "old-timer" not in {data["name"] for _, data in answer.to_networkx("picked").nodes(data=True)}


def test_rows_that_there_are_not_are_named() -> None:
    with pytest.raises(UsageError, match="services, builds, companies"):
        as_shown(door.Blast, answers.blast()).to_arrow("nodes")


@pytest.mark.parametrize(
    ("module", "call"), [("pyarrow", "to_arrow"), ("pandas", "to_pandas"), ("polars", "to_polars")]
)
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str, call: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(GraphkitError, match=f"{module}: pip install"):
        getattr(as_shown(door.Blast, answers.blast()), call)()


def test_the_page_is_framed_and_nothing_gets_out_of_the_frame() -> None:
    page = as_shown(door.Blast, answers.hostile()).page()
    html = page._repr_html_()
    assert html.startswith('<iframe sandbox="allow-scripts allow-downloads" srcdoc="&lt;!DOCTYPE html&gt;')
    assert html.count("<") == 2
    assert "allow-same-origin" not in html
    assert repr(page).startswith("<Page of ")


def test_a_still_picture_stays_small() -> None:
    for make in (answers.blast, lambda: answers.crowd(5_000), lambda: answers.fleet(5_000)):
        svg = picture_svg(make(), listing(make(), ReportOptions(tier=Tier.ADMITTED)))
        assert 5_000 < len(svg) < 100_000
        assert svg.count("<svg") == svg.count("</svg>") == 1


class TestBar:
    def test_there_is_none_outside_a_notebook(self) -> None:
        with progress_bar.bar() as tell:
            assert tell is None

    def test_it_appears_after_a_while_and_leaves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list[str] = []
        handle = SimpleNamespace(update=shown.append)

        def display(html: str, *, display_id: bool) -> SimpleNamespace:
            shown.append(html)
            return handle

        ipython, screen = ModuleType("IPython"), ModuleType("IPython.display")
        vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
        vars(screen).update(HTML=str, display=display)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", screen)
        clock = iter([0.0, 0.5, 1.5, 1.6, 2.0])
        monkeypatch.setattr("graphkit.api.progress_bar.time.monotonic", lambda: next(clock))
        with progress_bar.bar() as tell:
            assert tell is not None
            tell(1, 10, "early")
            tell(2, 10, "<b>shown")
            tell(3, 10, "too soon")
            tell(4, None, "again")
        assert [text.partition("</progress> ")[2] for text in shown] == ["&lt;b&gt;shown 2 of 10", "again 4", ""]


def test_a_folder_may_be_a_path_and_a_missing_one_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(GraphkitError, match="graphkit ingest"):
        graphkit.open(str(tmp_path / "none"))


def test_an_incident_that_ships_and_is_not_in_the_graph_is_named_with_what_adds_it(tmp_path: Path) -> None:
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        with pytest.raises(UsageError, match="telnyx-2026-03 ships with graphkit and is not in this graph") as caught:
            graph.blast("telnyx-2026-03")
        words = shlex.split(str(caught.value).partition("add it: graphkit ingest ")[2])
        assert graph.ingest(words[0], words[1:]).new == 1
        assert graph.blast("telnyx-2026-03").incident.id == "telnyx-2026-03"
        with pytest.raises(UsageError, match="'other-2026-03' is not a target"):
            graph.blast("other-2026-03")
