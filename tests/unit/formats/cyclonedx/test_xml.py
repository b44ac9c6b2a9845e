"""CycloneDX XML gives what the same BOM gives in JSON, and hostile XML is one line."""

import json
import time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.formats import read_document
from graphkit.formats.cyclonedx.json import READER as JSON_READER
from graphkit.formats.cyclonedx.xml import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document
from graphkit.model.errors import InputError

DIGEST = "ab" * 32
NS = "http://cyclonedx.org/schema/bom/1.6"


def xml(inner: str, *, version: str = "1.6", head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{head}<bom xmlns="http://cyclonedx.org/schema/bom/{version}">{inner}</bom>'.encode()


def read(data: bytes) -> Document:
    return READER.parse(RawDocument(data, "bom.xml", "sbom"))


def part(row: dict[str, Any], tag: str = "component") -> str:
    attributes = "".join(
        f" {key}={quoteattr(str(row[key]).lower() if key == 'isExternal' else row[key])}"
        for key in ("bom-ref", "type", "isExternal")
        if key in row
    )
    texts = "".join(f"<{key}>{escape(row[key])}</{key}>" for key in ("name", "version", "scope") if key in row)
    hashes = "".join(f"<hash alg={quoteattr(one['alg'])}>{one['content']}</hash>" for one in row.get("hashes", ()))
    purl = f"<purl>{escape(row['purl'])}</purl>" if "purl" in row else ""
    inner = "".join(map(part, row.get("components", ())))
    return f"<{tag}{attributes}>{texts}<hashes>{hashes}</hashes>{purl}<components>{inner}</components></{tag}>"


def as_xml(bom: dict[str, Any]) -> bytes:
    meta = bom["metadata"]
    phases = "".join(f"<lifecycle><phase>{one['phase']}</phase></lifecycle>" for one in meta["lifecycles"])
    links = "".join(
        f"<dependency ref={quoteattr(one['ref'])}>"
        + "".join(f"<dependency ref={quoteattr(ref)}/>" for ref in one["dependsOn"])
        + "</dependency>"
        for one in bom["dependencies"]
    )
    whole = "".join(
        f"<composition><aggregate>{one['aggregate']}</aggregate><assemblies>"
        + "".join(f"<assembly ref={quoteattr(ref)}/>" for ref in one["assemblies"])
        + "</assemblies></composition>"
        for one in bom["compositions"]
    )
    return xml(
        f"<metadata><timestamp>{meta['timestamp']}</timestamp><lifecycles>{phases}</lifecycles>"
        f"{part(meta['component'])}</metadata><components>{''.join(map(part, bom['components']))}</components>"
        f"<dependencies>{links}</dependencies><compositions>{whole}</compositions>"
    )


_TEXTS = st.sampled_from(["a", "b", "c", "@d", "%40d", "x & y", "</script>", "1.0", "ü"])
_HASHES = st.lists(
    st.fixed_dictionaries({"alg": st.sampled_from(["SHA-256", "MD5"]), "content": st.sampled_from([DIGEST, "zz"])}),
    max_size=2,
)
_OPTIONAL: dict[str, Any] = {
    "bom-ref": _TEXTS,
    "version": st.sampled_from(["1.0", "2.0rc1", "odd one"]),
    "purl": st.sampled_from(["pkg:pypi/a@1.0", "pkg:pypi/B_b", "pkg:npm/x@1", "pkg:pypi/c@2?vcs_url=git%2Bx"]),
    "scope": st.sampled_from(["required", "optional", "excluded"]),
    "type": st.sampled_from(["library", "file", "application"]),
    "isExternal": st.booleans(),
    "hashes": _HASHES,
}
_LEAVES = st.fixed_dictionaries({"name": _TEXTS}, optional=_OPTIONAL)
_PARTS = st.fixed_dictionaries({"name": _TEXTS}, optional={**_OPTIONAL, "components": st.lists(_LEAVES, max_size=2)})
_BOMS = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {
                "timestamp": st.sampled_from(["2026-03-24T10:00:00Z", "yesterday"]),
                "component": _PARTS,
                "lifecycles": st.lists(
                    st.fixed_dictionaries({"phase": st.sampled_from(["build", "design"])}), max_size=2
                ),
            }
        ),
        "components": st.lists(_PARTS, max_size=4),
        "dependencies": st.lists(
            st.fixed_dictionaries({"ref": _TEXTS, "dependsOn": st.lists(_TEXTS, max_size=3)}), max_size=4
        ),
        "compositions": st.lists(
            st.fixed_dictionaries(
                {"aggregate": st.sampled_from(["complete", "incomplete"]), "assemblies": st.lists(_TEXTS, max_size=2)}
            ),
            max_size=2,
        ),
    }
)


@given(_BOMS)
def test_xml_and_json_of_one_bom_are_one_document(bom: dict[str, Any]) -> None:
    named = {"bomFormat": "CycloneDX", "specVersion": "1.6", **bom}
    expected = JSON_READER.parse(RawDocument(json.dumps(named).encode(), "bom.xml", "sbom"))
    found = read(as_xml(bom))
    ours, theirs = (
        [getattr(one, field) for field in Document.__struct_fields__ if field != "sha256"] for one in (found, expected)
    )
    assert ours == theirs


def test_one_project_in_three_versions_and_two_syntaxes_is_one_graph(shared: Path) -> None:
    names = ("xml/*_lock21_1.1.xml", "xml/*_lock21_1.5.xml", "json/*_lock21_1.4.json", "json/*_lock21_1.7.json")
    found = []
    for pattern in names:
        (path,) = (shared / "samples").glob(f"cyclonedx-{pattern}")
        document = read_document(path.read_bytes(), path.name)
        assert document is not None
        found.append(document)
    releases = [{(row.package, row.version) for row in one.components if row.package} for one in found]
    assert len(releases[0]) == 63
    assert all(one == releases[0] for one in releases)
    assert found[0].dependencies_known is False  # 1.1 has no dependencies
    graphs = [{(edge.source, edge.target) for edge in one.edges} for one in found[1:]]
    assert graphs[0] == graphs[1] == graphs[2] != set()


def test_real_boms_read(shared: Path) -> None:
    for path in sorted((shared / "samples" / "cyclonedx-xml").glob("*.xml")):
        document = read_document(path.read_bytes(), path.name)
        assert document is not None
        assert document.format.startswith("CycloneDX 1.")
        assert document.components


def test_what_stands_beside_the_list_is_listed_and_what_is_not_the_boms_own_passed_over() -> None:
    inner = """
      <components><component type="library" bom-ref="a"><name>a</name><version>1</version><purl>pkg:pypi/a@1</purl>
        <pedigree><ancestors><component type="library"><name>old</name></component></ancestors></pedigree>
        <evidence><identity/></evidence></component></components>
      <vulnerabilities><vulnerability><affects><target><ref>a</ref></target></affects></vulnerability></vulnerabilities>
      <dependencies><dependency ref="a"><provides ref="b"/></dependency></dependencies>
      <formulation><formula><components><component type="library"><name>tool</name></component></components>
      </formula></formulation>
      <x:components xmlns:x="https://elsewhere.example"><x:component><x:name>other</x:name></x:component></x:components>
    """
    document = read(xml(inner))
    assert [(row.name, row.optional) for row in document.components] == [("a", False), ("old", True), ("tool", True)]
    assert document.places[1:] == ("components[0].pedigree.ancestors[0]", "formulation.formula.components[0]")
    assert (document.edges, document.dependencies_known) == ((), True)
    assert [one.place for one in document.problems] == ["dependencies[0].provides[0]"]


@pytest.mark.parametrize(
    "inner",
    [
        "<annotations><annotation><licenses><component><name>x</name></component></licenses></annotation></annotations>",
        "<components><component><name>a</name><licenses><purl>pkg:pypi/x@1</purl></licenses></component></components>",
        (
            "<formulation><formula><workflows><workflow><step><command><executed>pip install x</executed></command>"
            "</step></workflow></workflows></formula></formulation>"
        ),
        "<formulation><formula><x><environmentVar name='X'>uv sync</environmentVar></x></formula></formulation>",
        "<formulation><formula><x><data>cGlw</data></x></formula></formulation>",
        "<vulnerabilities><x><tools><components><component/></components></tools></x></vulnerabilities>",
        "<annotations><annotation><subjects><subject ref='urn:cdx:x/1'/></subjects></annotation></annotations>",
        "<annotations><annotation><subjects><subject ref='gone'/></subjects></annotation></annotations>",
        "<declarations><claims><claim><target>gone</target></claim></claims></declarations>",
        (
            "<dependencies><dependency ref='a'><dependency ref='a'><dependency ref='gone'/></dependency></dependency>"
            "</dependencies>"
        ),
        "<metadata><component><name>a</name></component></metadata><metadata/>",
        f"<annotations>{'<x>' * 100}<component/>{'</x>' * 100}</annotations>",
        "<e:graph xmlns:e='http://cyclonedx.org/schema/ext/x/1.0'><e:component/></e:graph>",
        "<externalReferences><reference type='bom'><url>https://example.com/bom.xml</url></reference></externalReferences>",
    ],
)
def test_what_can_name_a_component_and_is_not_read_leaves_it_open(inner: str) -> None:
    says = "<compositions><composition><aggregate>complete</aggregate></composition></compositions>"
    rows = "<components><component type='library' bom-ref='a'><name>a</name><purl>pkg:pypi/a@1</purl></component>"
    rows += "</components>"
    assert read(xml(rows + says)).completeness is Completeness.COMPLETE
    assert read(xml(rows + inner + says)).completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    "inner",
    [
        "<annotations><annotation><annotator><component>{}</component></annotator></annotation></annotations>",
        "<declarations><targets><components><component>{}</component></components></targets></declarations>",
        "<vulnerabilities><vulnerability><tools><tool>{}</tool></tools></vulnerability></vulnerabilities>",
        (
            "<vulnerabilities><vulnerability components='x'><components><component>{}</component></components>"
            "</vulnerability></vulnerabilities>"
        ),
        "<metadata><tools><services><service>{}</service></services></tools></metadata>",
        (
            "<formulation components='x'><formula formula='x'><components><component>{}</component></components>"
            "</formula></formulation>"
        ),
        "<annotations><annotation><text>pkg:pypi/litellm@1.82.8</text></annotation></annotations>",
        "<annotations><annotation text='x'><text x='y'>pkg:pypi/litellm@1.82.8</text></annotation></annotations>",
        (
            "<components><component><name>a</name><evidence><callstack><frames><frame>"
            "<fullFilename>/x/litellm-1.82.8.dist-info/x.py</fullFilename></frame></frames></callstack></evidence>"
            "</component></components>"
        ),
        "<components xmlns='http://cyclonedx.org/schema/bom/1.4'><component>{}</component></components>",
    ],
)
def test_what_stands_beside_the_list_has_a_row(inner: str) -> None:
    document = read(xml(inner.replace("{}", "<name>litellm</name><version>1.82.8</version>")))
    assert [(row.name, row.version) for row in document.components if row.name == "litellm"] == [("litellm", "1.82.8")]


def test_tools_of_both_shapes_are_known() -> None:
    for tools in (
        "<tools><tool><vendor>x</vendor><name>cyclonedx-py</name></tool></tools>",
        "<tools><components><component type='application'><name>cyclonedx-py</name></component></components></tools>",
    ):
        assert read(xml(f"<metadata>{tools}</metadata>")).covers_python
    assert not read(xml("<metadata><tools><tool><name>else</name></tool></tools></metadata>")).covers_python


def test_phases_services_and_compositions_count() -> None:
    inner = """<metadata><lifecycles><lifecycle><phase>operations</phase></lifecycle></lifecycles>
      <component type="application" bom-ref="app"><name>app</name></component></metadata>
      <services><service bom-ref="s"><name>s</name><services><service bom-ref="t"/></services></service></services>
      <dependencies><dependency ref="app"><dependency ref="s"/><dependency ref="t"/></dependency></dependencies>
      <compositions><composition><aggregate>complete</aggregate><assemblies><assembly ref="app"/></assemblies>
      </composition></compositions>"""
    document = read(xml(inner))
    assert (document.basis, document.completeness) == (Basis.INSTALLED, Completeness.COMPLETE)
    assert (document.subject, document.problems) == ("app", ())


def test_prefixes_comments_and_cdata_are_only_syntax() -> None:
    data = (
        f'<!-- <bom> --><c:bom xmlns:c="{NS}"><c:components><c:component type="library" bom-ref="a"><c:name>a'
        "<!-- x -->b<![CDATA[</script>]]></c:name></c:component></c:components></c:bom>"
    ).encode()
    assert READER.claims(RawDocument(data, "x"))
    assert [row.name for row in read(data).components] == ["ab</script>"]


@pytest.mark.parametrize("minor", range(8))
def test_every_version_is_known_by_its_namespace(minor: int) -> None:
    row = '<components><component type="library"><name>a</name><purl>pkg:pypi/a@1</purl></component></components>'
    document = read(xml(row, version=f"1.{minor}"))
    assert (document.format, document.problems) == (f"CycloneDX 1.{minor}", ())
    assert document.components[0].package == "a"


def test_values_are_read_through_space_comments_and_cdata() -> None:
    inner = f"""<components><component bom-ref="a" type="library"><name>
        Lite<!-- x -->LLM </name><version>
        1.82<![CDATA[.8]]>
        </version><scope> optional </scope><hashes><hash alg="sha-256">
        {DIGEST[:32]}<!-- cut -->{DIGEST[32:]}</hash></hashes>
        <purl> <![CDATA[pkg:pypi/litellm@1.82.8?file_name=a&x=y]]>
        </purl></component></components>"""
    document = read(xml(inner))
    (row,) = document.components
    assert (row.name, row.package, row.version, row.sha256) == ("LiteLLM", "litellm", "1.82.8", (DIGEST,))
    assert row.optional
    assert document.problems == ()


def test_what_rules_of_json_need_is_read_from_xml_too() -> None:
    part = '<component type="library" bom-ref="a"><name>a</name><purl>pkg:pypi/a@1</purl>{}</component>'
    app = '<metadata><component type="application" bom-ref="app"><name>app</name></component></metadata>'
    says = "<compositions><composition><aggregate>complete</aggregate>{}</composition></compositions>"

    def found(row: str, refs: str = "") -> Completeness:
        return read(xml(f"{app}<components>{row}</components>{says.format(refs)}")).completeness

    assert found(part.format("")) is Completeness.COMPLETE
    assert found(part.format(""), '<vulnerabilities><vulnerability ref="v"/></vulnerabilities>') is Completeness.UNKNOWN
    assert found(part.format(""), "<assemblies><assembly/></assemblies>") is Completeness.UNKNOWN
    assert found(part.format(""), '<dependencies><dependency ref="app"/></dependencies>') is Completeness.UNKNOWN
    link = '<externalReferences><reference type="bom"><url>urn:cdx:x/1</url></reference></externalReferences>'
    assert found(part.format(link)) is Completeness.INCOMPLETE
    bare = '<component type="library">{}<name>litellm</name><version>1.82.8</version></component>'
    for group, package in (("", "litellm"), ("<group>org.acme</group>", None)):
        document = read(xml(f"<components>{part.format('')}{bare.format(group)}</components>"))
        assert document.components[1].package == package
    document = read(xml(f"<services><service><components>{part.format('')}</components></service></services>"))
    assert document.places == ("services[0].components[0]",)
    what = "<name>a</name><versionRange>vers:pypi/*</versionRange><purl>pkg:pypi/a</purl>"
    row = f'<component isExternal="1">{what}</component>'
    document = read(xml(f"<components>{row}</components>", version="1.7"))
    assert document.problems[-1].place == "components[0].versionRange"
    assert document.components[0].optional


def test_where_a_component_was_found_is_read() -> None:
    place = "<occurrence bom-ref='o'><location>/x/c-1.dist-info/RECORD</location></occurrence>"
    told = f"<evidence><occurrences>{place}</occurrences></evidence>"
    found = read(xml(f"<components><component><name>a</name>{told}</component></components>"))
    assert [(row.name, row.version, row.optional) for row in found.components] == [("a", "", False), ("c", "1", True)]


def test_another_namespace_is_read_and_noted() -> None:
    inner = b'<components><component type="library"><name>a</name></component></components></bom>'
    data = b'<bom xmlns="https://cyclonedx.example/bom">' + inner
    assert READER.claims(RawDocument(data, "a.cdx.xml"))
    assert not READER.claims(RawDocument(data, "a.xml"))
    document = read(data)
    assert [row.name for row in document.components] == ["a"]
    assert document.problems[0].place == "bom"
    assert [row.name for row in read(b"<bom>" + inner).components] == ["a"]


def test_encodings() -> None:
    row = '<components><component type="library"><name>grün</name></component></components>'
    body = f'<bom xmlns="{NS}">{row}</bom>'
    for encoding in ("utf-8", "utf-16", "iso-8859-1"):
        document = read_document(f'<?xml version="1.0" encoding="{encoding}"?>{body}'.encode(encoding), "bom.xml")
        assert document is not None
        assert [row.name for row in document.components] == ["grün"]


BOMB = '<!DOCTYPE bom [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9)
)


@pytest.mark.parametrize(
    "data",
    [
        f'{BOMB}]><bom xmlns="{NS}"><serialNumber>&j;</serialNumber></bom>',
        f'<!DOCTYPE bom SYSTEM "file:///etc/passwd"><bom xmlns="{NS}"/>',
        f'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/hostname">]><bom xmlns="{NS}"><x>&x;</x></bom>',
    ],
)
def test_document_types_are_refused(data: str) -> None:
    assert READER.claims(RawDocument(data.encode(), "bom.xml"))
    with pytest.raises(InputError, match="document type definition"):
        read(data.encode())


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (f'<bom xmlns="{NS}"><components>', "line 1"),
        (f'<bom xmlns="{NS}">\n<a></b></bom>', "line 2, column 6"),
        (f'<bom xmlns="{NS}">&undefined;</bom>', "line 1"),
        (f'<bom xmlns="{NS}">\0</bom>', "line 1"),
        (f'<?xml version="1.0" encoding="none-such"?><bom xmlns="{NS}">\udcff</bom>', ""),
    ],
)
def test_broken_xml_is_one_line_with_its_place(data: str, place: str) -> None:
    with pytest.raises(InputError, match=r"not valid XML|cannot read XML") as caught:
        read(data.encode("utf-8", "surrogateescape"))
    assert caught.value.place.startswith(place)


def test_depth_and_length_are_survived() -> None:
    deep = "<components><component>" * 400 + "</component></components>" * 400
    assert len(read(xml(deep)).components) == 400
    with pytest.raises(InputError, match="cannot read XML: nested too deep"):
        read(xml("<components><component>" * 50_000 + "</component></components>" * 50_000))
    passed = "<x>" * 100_000 + "</x>" * 100_000
    assert read(xml(passed)).components == ()
    long = "x" * 5_000_000
    document = read(xml(f'<components><component bom-ref="{long}"><name>{long}</name></component></components>'))
    assert len(document.components[0].name) == len(long)


@pytest.mark.parametrize(
    "data",
    [
        b"<!---->" * 9_000 + b"<x>",
        b"<?a?>" * 12_000 + b"<x>",
        b"<!DOCTYPE x []>" * 4_000 + b"<x>",
        b"<!DOCTYPE [" * 5_000,
        b"<?xml" * 12_000,
        b"<?xml " + b" " * 60_000 + b"?><bom>" + b"<!-- cyclonedx.org/schema/bom -->",
        b"<?xml " + b"encoding" * 8_000,
    ],
)
def test_no_prolog_takes_long(data: bytes) -> None:
    started = time.process_time()
    assert not READER.claims(RawDocument(data, "x.xml")) or data.startswith(b"<?xml  ")
    with pytest.raises(InputError):
        read(data)
    assert time.process_time() - started < 5


def test_others_are_left_alone() -> None:
    for data in (
        b"",
        b"<",
        b"<html><bom/></html>",
        b'{"bomFormat": "CycloneDX"}',
        b"<bombast xmlns='x'/>",
        b"<!--" * 9_000,
    ):
        assert not READER.claims(RawDocument(data, "bom.xml", "sbom"))


def test_the_purl_of_the_evidence() -> None:
    identity = "<identity><field>{}</field><concludedValue>{}</concludedValue></identity>"
    told = (
        identity.format("name", "x") + identity.format("purl", "pkg:pypi/a@1") + identity.format("purl", "pkg:npm/a@1")
    )
    found = read(xml(f"<components><component><name>a</name><evidence>{told}</evidence></component></components>"))
    assert [(row.package, row.version, row.purl) for row in found.components] == [
        ("a", "1", "pkg:pypi/a@1"),
        (None, "1", "pkg:npm/a@1"),
        ("x", "1", ""),
    ]
    assert [one.place for one in found.problems] == ["components[0].purl", "components[0].evidence"]
