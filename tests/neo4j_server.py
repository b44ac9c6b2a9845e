"""Real Neo4j servers for tests: that of ``NEO4J_URI``, or ones started from Maven's artifacts on this machine's Java.

One database is one graph, and a Community server has one database, so a test that compares two graphs takes two.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import neo4j
import pytest
from platformdirs import user_cache_path

from tests.in_memory import memory_with

LTS: Final = "5.26.30"
NEWEST: Final = "2026.08.1"
NEWEST_JAVA: Final = 21
SERVERS: Final = 2
PASSWORD: Final = "graphkit-tests"
CACHE: Final = user_cache_path("graphkit-tests")
"""Found before the tests' own environment hides it; a second run needs no Maven."""
_SECONDS: Final = 120
_ROOM: Final = 2 << 30
"""Bytes that a server may fill in memory."""
_POM: Final = """<project><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>server</artifactId><version>1</version><dependencies>
<dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{version}</version></dependency>
<dependency><groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId><version>{version}</version></dependency>
</dependencies></project>
"""
_BRIEF: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Options of Java for a server that lives for minutes: its better compiler costs more there than it earns."""
_BRIEF_CONF: Final = """
db.tx_log.preallocate=false
db.tx_log.rotation.retention_policy=1 files
dbms.cypher.min_replan_interval=3m
"""
"""A database that is filled and cleared again and again needs no log for backups, and no new plan each time."""
_CONF: Final = """
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.heap.initial_size=256m
server.memory.heap.max_size={heap}
server.memory.pagecache.size={pages}
dbms.usage_report.enabled=false
"""


def artifacts(version: str = LTS) -> Path:
    """Return the folder with the server's archives, fetched once."""
    folder = CACHE / f"neo4j-{version}"
    if not (folder / "done").exists():
        if not (maven := shutil.which("mvn")):
            pytest.fail("a Neo4j server is made with Maven (Debian: maven), or named by NEO4J_URI")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "pom.xml").write_text(_POM.format(version=version), encoding="utf-8")
        words = [maven, "-q", "-B", "-f", "pom.xml", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=900)
        if done.returncode:
            pytest.fail(f"Maven could not fetch Neo4j {version}: {done.stdout[-800:]}")
        (folder / "done").touch()
    return folder


def has_java(release: int) -> bool:
    """Return whether there is a Java of at least that release."""
    return _java(release) is not None


def java(release: int = 17) -> str:
    """Return a Java of at least that release."""
    if (found := _java(release)) is None:
        pytest.fail(f"a Neo4j server needs Java {release} (Debian: openjdk-17-jre-headless), or NEO4J_URI names one")
    return found


def _java(release: int) -> str | None:
    places = [shutil.which("java"), *map(str, sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True))]
    for found in filter(None, places):
        said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
        if '"' in said and int(said.split('"')[1].split(".")[0]) >= release:
            return found
    return None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def imported(home: Path, folder: Path, version: str = LTS) -> None:
    """Load an export into the home of a server that was never started, by the command that stands beside it."""
    (home / "conf").mkdir(parents=True)
    (home / "conf" / "neo4j.conf").write_text(
        _CONF.format(port=free_port(), heap="768m", pages="64m"), encoding="utf-8"
    )
    text = (folder / "import.sh").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()[-1]
    words = [
        java(),
        "-Xmx512m",
        *_BRIEF,
        "-cp",
        f"{artifacts(version) / 'lib'}/*",
        "org.neo4j.cli.AdminTool",
        *text.split()[1:],
    ]
    surroundings = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    done = subprocess.run(words, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def homes(count: int) -> Iterator[list[Path]]:
    """Give empty folders for servers: in memory where there is room, since each of their writes waits for the disk."""
    with tempfile.TemporaryDirectory(prefix="graphkit-tests-", dir=memory_with(_ROOM * count)) as folder:
        yield [Path(folder) / str(number) for number in range(count)]


@contextmanager
def running(
    home: Path,
    version: str = LTS,
    release: int = 17,
    *,
    heap: str = "768m",
    pages: str = "64m",
    measured: bool = False,
    discarded: bool = False,
    port: int = 0,
    more: str = "",
) -> Iterator[str]:
    """Start a server in a folder of its own; give its address, stop it afterwards.

    One whose speed is ``measured`` has the settings that it would have elsewhere, not those for a life of minutes.
    ``discarded``: nobody needs its data afterwards, so that it is killed, which takes no time.
    ``port``: where it listens; 0 for any. ``more``: lines of its configuration.
    """
    port, lib = port or free_port(), artifacts(version) / "lib"
    (home / "conf").mkdir(parents=True, exist_ok=True)
    settings = _CONF.format(port=port, heap=heap, pages=pages) + ("" if measured else _BRIEF_CONF) + more
    (home / "conf" / "neo4j.conf").write_text(settings, encoding="utf-8")
    with zipfile.ZipFile(lib / f"neo4j-{version}.jar") as archive:
        main = archive.read("META-INF/services/org.neo4j.server.startup.EntryPoint").decode().strip()
    words = [java(release), f"-Xmx{heap}", *(() if measured else _BRIEF), "-cp", f"{lib}/*", main]
    words += [f"--home-dir={home}", f"--config-dir={home}/conf"]
    with (home / "out").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    (home / "pid").write_text(str(process.pid), encoding="ascii")
    address = f"bolt://127.0.0.1:{port}"
    try:
        _wait(address, process, home)
        yield address
    finally:
        process.send_signal(signal.SIGKILL if discarded else signal.SIGTERM)  # it is none where it was killed
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + _SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            with neo4j.GraphDatabase.driver(address, auth=("neo4j", "neo4j"), max_transaction_retry_time=0) as driver:
                change = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password"
                driver.execute_query(change, password=PASSWORD, database_="system")
                return
        except neo4j.exceptions.AuthError:  # it was started in this folder before
            return
        except (neo4j.exceptions.ServiceUnavailable, neo4j.exceptions.TransientError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the Neo4j server did not start: {(home / 'out').read_text(errors='replace')[-800:]}")


def settings() -> dict[str, Any]:
    """Return how a driver of a test's own is made."""
    user, password = os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ["NEO4J_PASSWORD"]
    return {"auth": (user, password), "notifications_min_severity": "OFF"}


def clear(address: str) -> None:
    """Take everything out of a server's database but the keys of its labels."""
    with neo4j.GraphDatabase.driver(address, **settings()) as driver, driver.session(database=database()) as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()


def held(address: str) -> dict[str, int]:
    """Return how many nodes of each label and relationships of each type a server has, but for words of writers."""
    text = """MATCH (n) WHERE NOT n:Change RETURN labels(n)[0] AS what, count(*) AS many
        UNION ALL MATCH ()-[r]->() RETURN type(r) AS what, count(*) AS many"""
    with neo4j.GraphDatabase.driver(address, **settings()) as driver:
        return {row["what"]: row["many"] for row in driver.execute_query(text, database_=database()).records}


def database() -> str:
    """Return the database of tests."""
    return os.environ.get("NEO4J_DATABASE", "neo4j")
