"""Reports for other programs, each held to its official schema or read by the program that it is for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import networkx as nx
import pytest
from cyclonedx.model.bom import Bom
from lxml import etree
from msgspec.structs import replace

from graphkit.model.answers import Blast, Slot, Window
from graphkit.model.errors import GraphkitError
from graphkit.model.ranks import Tier, Verdict
from graphkit.reports import report, sarif
from graphkit.reports.interface import ReportOptions
from tests.json_schema import json_schema, problem_of
from tests.unit.reports import answers

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
EVERYTHING = ReportOptions(tier=Tier.ADMITTED)
MAKERS = pytest.mark.parametrize("make", [answers.blast, answers.hostile, lambda: answers.fleet(300)])


def decoded(name: str, answer: Blast, view: ReportOptions = EVERYTHING) -> dict[str, Any]:
    found = json.loads(report(name).render(answer, view))
    assert isinstance(found, dict)
    return found


def without_services() -> Blast:
    return replace(answers.blast(), services=(), companies=())


class TestGraphML:
    @MAKERS
    def test_it_is_what_the_schema_of_graphml_1_0_says(self, make: Callable[[], Blast]) -> None:
        document = etree.fromstring(report("graphml").render(make(), EVERYTHING).encode())
        # yEd's own elements stand where the schema lets extensions stand that redefine it; without them it is plain.
        for drawn in document.xpath("//*[@key='yed' or @id='yed']"):
            drawn.getparent().remove(drawn)
        etree.XMLSchema(etree.parse(SCHEMAS / "graphml" / "graphml.xsd")).assertValid(document)

    @MAKERS
    def test_networkx_reads_back_every_node_and_link(self, make: Callable[[], Blast]) -> None:
        graph = nx.parse_graphml(report("graphml").render(make(), EVERYTHING))
        names = {data["name"] for _, data in graph.nodes(data=True)}
        kinds = [data["kind"] for _, data in graph.nodes(data=True)]
        assert kinds.count("service") == len(make().services)
        assert kinds.count("company") == len(make().companies)
        assert graph.is_directed()
        assert all(data["why"] is not None for *_, data in graph.edges(data=True))
        assert {"litellm 1.82.7", "litellm 1.82.8", "dspy"} <= names
        assert answers.SCRIPT in names or make().incident.id == "litellm-2026-03"

    def test_it_is_laid_out_and_coloured_for_gephi_and_for_yed(self) -> None:
        text = report("graphml").render(answers.blast(), EVERYTHING)
        names = {key.get("attr.name") for key in ET.fromstring(text) if key.tag.endswith("key")}
        assert {"label", "x", "y", "size", "r", "g", "b", "kind", "verdict", "slots"} <= names
        graph = nx.parse_graphml(text)
        release, package = graph.nodes["r0"], graph.nodes["p0"]
        assert float(release["x"]) < float(package["x"])
        assert release["shape_type"] == "star5"
        assert (release["r"], release["g"], release["b"]) == (0x4A, 0x0D, 0x0D)

    def test_what_xml_cannot_hold_becomes_visible(self) -> None:
        made = answers.blast()
        odd = replace(made, services=(replace(made.services[0], owner="a\ufffe\uffffb\x00"),))
        graph = nx.parse_graphml(report("graphml").render(odd, EVERYTHING))
        assert graph.nodes["s0"]["owner"] == "a\\ufffe\\uffffb\\x00"


class TestSarif:
    @MAKERS
    def test_it_is_what_the_schema_of_sarif_2_1_0_says(self, make: Callable[[], Blast]) -> None:
        schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
        json_schema().Draft7Validator(schema).validate(decoded("sarif", make()))

    def test_a_result_stands_at_the_lock_and_names_its_release(self) -> None:
        run = decoded("sarif", answers.blast())["runs"][0]
        (one,) = run["results"]
        assert one["ruleId"] == "pkg:pypi/litellm@1.82.8" == run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"]
        assert (one["level"], one["properties"]["tier"]) == ("error", "observed")
        assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "locks/uv.lock"
        steps = one["codeFlows"][0]["threadFlows"][0]["locations"]
        assert [step["location"]["message"]["text"].partition(":")[0] for step in steps][-1] == "litellm@1.82.8"

    def test_what_is_no_result_is_told(self) -> None:
        run = decoded("sarif", answers.blast())["runs"][0]
        told = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
        settled = "To see what is still unknown about it: graphkit why --clearance -- billing litellm-2026-03"
        assert f"billing is unknown: its SBOM would settle it. {settled}" in told
        assert any(text.startswith("search is picked, by no document") for text in told)
        (cleared,) = [text for text in told if "website" in text]
        assert cleared.startswith(
            "website is cleared, by the organisation's word, assuming installs keep to the lock, and build requirements"
        )

    def test_it_stays_within_the_limits_of_github(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert sarif.MOST_RESULTS <= 5_000
        monkeypatch.setattr(sarif, "MOST_RESULTS", 50)
        run = decoded("sarif", answers.fleet(300))["runs"][0]
        assert {one["level"] for one in run["results"]} == {"error"}
        assert len(run["results"]) == 50
        told = run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
        assert told == "70 results on weaker evidence left out, since a forge shows no more"

    def test_the_same_finding_has_the_same_mark_though_its_reason_changes(self) -> None:
        made = answers.blast()
        later = replace(made, services=(replace(made.services[0], reason="another"), *made.services[1:]))
        marks = [decoded("sarif", one)["runs"][0]["results"][0]["partialFingerprints"] for one in (made, later)]
        assert marks[0] == marks[1]

    def test_a_line_and_a_repository_are_given_where_they_are_known(self) -> None:
        made = answers.blast()
        build = made.services[0].builds[0]
        assert build.document
        placed = replace(build.document, path="part of uv.lock", repository="code/pay", file="uv.lock", line=812)
        service = replace(made.services[0], builds=(replace(build, document=placed),))
        run = decoded("sarif", replace(made, services=(service,), external=frozenset({service.service})))["runs"][0]
        assert run["results"][0]["locations"][0]["physicalLocation"] == {
            "artifactLocation": {"uri": "uv.lock", "uriBaseId": "code/pay"},
            "region": {"startLine": 812},
        }
        assert run["results"][0]["properties"]["external"] is True
        assert set(run["originalUriBaseIds"]) == {"%SRCROOT%", "code/pay"}

    def test_an_address_of_a_document_is_a_reference(self) -> None:
        made = answers.blast()
        build = made.services[0].builds[0]
        assert build.document
        odd = replace(build.document, path="/a b/<x>/né#1?.lock")
        service = replace(made.services[0], builds=(replace(build, document=odd),))
        run = decoded("sarif", replace(made, services=(service,)))["runs"][0]
        uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "a%20b/%3Cx%3E/n%C3%A9%231%3F.lock"


class TestOpenVex:
    @MAKERS
    def test_it_is_what_the_schema_of_openvex_0_2_0_says(self, make: Callable[[], Blast]) -> None:
        schema = json.loads((SCHEMAS / "openvex-0.2.0.json").read_text())
        validator = json_schema().Draft202012Validator
        validator(schema, format_checker=validator.FORMAT_CHECKER).validate(decoded("openvex", make()))

    def test_verdicts_become_the_three_states_and_each_service_has_one(self) -> None:
        found = decoded("openvex", answers.blast())["statements"]
        states = {one["products"][0]["@id"]: one["status"] for one in found}
        assert states == {
            "pkg:generic/payments": "affected",
            "pkg:generic/search": "under_investigation",
            "pkg:generic/billing": "under_investigation",
            "pkg:generic/website": "not_affected",
        }
        affected, _, _, spared = found
        assert [one["@id"] for one in affected["products"][0]["subcomponents"]] == ["pkg:pypi/litellm@1.82.8"]
        assert spared["justification"] == "component_not_present"
        assert "its lock lists litellm 1.82.6" in spared["impact_statement"]

    def test_cleared_for_a_part_of_the_time_is_not_said_to_be_not_affected(self) -> None:
        made = answers.blast()
        part = replace(made, window=Window(start=made.slots[1].start, until=made.window.until, reading="operator"))
        for name, key in (("openvex", "statements"), ("cyclonedx-vex", "vulnerabilities")):
            text = json.dumps(decoded(name, part)[key])
            assert "not_affected" not in text
            assert "was asked about" in text

    def test_without_a_service_there_is_nothing_to_say(self) -> None:
        with pytest.raises(GraphkitError, match="holds no service"):
            report("openvex").render(without_services(), EVERYTHING)


class TestCycloneDxVex:
    @MAKERS
    def test_it_is_what_the_schema_of_cyclonedx_1_6_says(self, make: Callable[[], Blast]) -> None:
        text = report("cyclonedx-vex").render(make(), EVERYTHING)
        problem = problem_of(text)
        assert problem is None, str(problem)

    def test_its_own_library_reads_it_back(self) -> None:
        bom = Bom.from_json(decoded("cyclonedx-vex", answers.blast()))  # type: ignore[attr-defined]
        names = {str(one.bom_ref): one.name for one in bom.components}
        states = {
            names[str(target.ref)]: one.analysis.state.value for one in bom.vulnerabilities for target in one.affects
        }
        assert states == {
            "payments": "exploitable",
            "search": "in_triage",
            "billing": "in_triage",
            "website": "not_affected",
        }

    def test_an_empty_graph_gives_a_document_too(self) -> None:
        assert "vulnerabilities" not in decoded("cyclonedx-vex", without_services())

    def test_it_says_what_to_install_where_its_library_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "cyclonedx.output.json", None)
        with pytest.raises(GraphkitError, match="pip install"):
            report("cyclonedx-vex").render(answers.blast(), EVERYTHING)


def test_every_verdict_has_a_state() -> None:
    made = answers.blast()
    for verdict in Verdict:
        one = replace(made.services[0], verdict=verdict)
        assert decoded("openvex", replace(made, services=(one,)))["statements"][0]["status"]


def test_slots_are_named_by_their_times() -> None:
    made = answers.blast()
    many = tuple(Slot(start=made.window.start + n, until=made.window.start + n + 1) for n in range(9))
    service = replace(made.services[0], slots=tuple(range(9)))
    notes = decoded("openvex", replace(made, slots=many, services=(service,)))["statements"][0]["status_notes"]
    assert "(slots 0-8)" in notes
