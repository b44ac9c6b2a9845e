"""The example queries run on a record as it is, and find what is there."""

from pathlib import Path

import duckdb
import pytest

from graphkit.model.documents import Basis, Component, Document, DocumentKind
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import CompanyId, PackageName, ServiceId
from graphkit.model.organisation import Build, Claim, Company, DocumentUse, Organisation, Polarity, Service, Standing
from graphkit.model.requirements import requirement
from graphkit.model.times import Moment, exactly
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.engine.record import Record

FOLDER = Path(__file__).parents[3] / "queries" / "duckdb"
NAME = PackageName("litellm")
CLAIM = Claim(
    id="1",
    company=CompanyId("acme"),
    claimant="acme",
    text="none",
    polarity=Polarity.DENIES,
    standing=Standing.FIRST_HAND,
    certainty="",
    date="2026-03-25",
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = File(filename="litellm-1.82.8.tar.gz", kind=FileKind.SDIST, uploaded=1)
    page = ProjectPage(
        package=NAME,
        spelling="litellm",
        releases=(ReleaseFiles(version="1.82.8", files=(file,)),),
        read_at=2,
        source="index.example",
    )
    metadata = ReleaseMetadata(
        package=PackageName("dspy"), version="3", requirements=(requirement("litellm"),), source=MetadataSource.BULK
    )
    row = Component(ref="1", name="litellm", package=NAME, version="1.82.8")
    document = Document(
        sha256="aa", path="a.json", kind=DocumentKind.SBOM, format="f", basis=Basis.BUILT, components=(row,)
    )
    bad = CompromisedRelease(purl="pkg:pypi/litellm@1.82.8", package=NAME, version="1.82.8", listed_from=3)
    organisation = Organisation(
        source="o",
        companies=(Company(id=CompanyId("acme"), name="Acme"),),
        services=(Service(id=ServiceId("web"), company=CompanyId("acme"), owner="ops"),),
        claims=(CLAIM,),
        uses=(
            DocumentUse(
                service=ServiceId("web"), document="aa", path="a.json", stands_from=Moment(earliest=4, latest=5)
            ),
        ),
        builds=(Build(service=ServiceId("web"), at=exactly(6), document="aa", lock="bb"),),
    )
    graph = tmp_path_factory.mktemp("queries")
    store = EmbeddedStore(graph, create=True)
    store.record([page, metadata, document, organisation, Incident(id="i", title="t", releases=(bad,))])
    store.close()
    return graph / "graph.duckdb"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.sql")), ids=lambda file: str(file.stem))
def test_every_example_query_finds_something(record: Path, file: Path) -> None:
    with duckdb.connect(str(record), read_only=True) as connection:
        assert len(connection.execute(file.read_text(encoding="utf-8")).fetchall()) == 1


def test_views_show_the_organisation(record: Path) -> None:
    with duckdb.connect(str(record), read_only=True) as connection:
        assert connection.execute("FROM companies").fetchall() == [("o", "acme", "Acme", "")]
        assert connection.execute("FROM services").fetchall() == [("o", "web", "acme", "ops")]
        assert connection.execute("SELECT id, polarity FROM claims").fetchall() == [("1", "denies")]
        assert connection.execute("SELECT version, listed_from FROM compromised_releases").fetchall() == [("1.82.8", 3)]


def test_uses_that_an_organisation_tells_have_their_times(record: Path) -> None:
    times = "built_at, stands_from, stands_until, read_at"
    query = f"SELECT service, document, path, {times} FROM organisation_uses ORDER BY ALL"
    with duckdb.connect(str(record), read_only=True) as connection:
        assert connection.execute(query).fetchall() == [
            ("web", "aa", "", 6, None, None, None),
            ("web", "aa", "a.json", None, 4, None, None),
            ("web", "bb", "", 6, None, None, None),
        ]


def test_a_record_of_before_gets_the_views_that_it_lacks(record: Path, tmp_path: Path) -> None:
    path = tmp_path / "graph.duckdb"
    path.write_bytes(record.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("DROP VIEW organisation_uses")
    opened = Record(path)
    assert len(opened.connection.execute("FROM organisation_uses").fetchall()) == 3
    opened.close()
