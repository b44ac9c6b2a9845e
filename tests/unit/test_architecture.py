"""The design's arrows, registries and budgets, read from the source text, and what a start loads."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import networkx as nx
import pytest

from graphkit.cli import GROUPS, VERBS, Verb
from graphkit.stores import port

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "graphkit"

ARROWS: Mapping[str, frozenset[str]] = {
    "model": frozenset(),
    "resources": frozenset({"model"}),
    "processes": frozenset({"model"}),
    "temporary": frozenset(),
    "address_space": frozenset(),
    "formats": frozenset({"model"}),
    "sources": frozenset({"model", "temporary", "formats"}),
    "stores": frozenset({"model", "resources", "temporary", "address_space"}),
    "ingest": frozenset({"model", "processes", "temporary", "formats", "sources", "stores"}),
    "trace": frozenset({"model", "stores.port"}),
    "reports": frozenset({"model", "resources"}),
    "api": frozenset({"model", "resources", "processes", "temporary", "ingest", "stores", "trace", "reports"}),
    "cli": frozenset({"model", "resources", "temporary", "address_space", "api", "reports"}),
    "": frozenset({"model", "api"}),
}
"""Which parts of graphkit each part may import beside itself; "" is the package's own front."""

ROOMS: Mapping[str, frozenset[str]] = {
    "stores.port": frozenset(),
    "stores.engine": frozenset({"stores.port"}),
    "stores.embedded": frozenset({"stores.engine", "stores.port"}),
    "stores.neo4j": frozenset({"stores.engine", "stores.port"}),
    "trace.case": frozenset({"trace.events", "trace.targets"}),
    "trace.resolve": frozenset({"trace.case"}),
    "trace.reach": frozenset({"trace.case", "trace.resolve"}),
    "trace.evidence": frozenset({"trace.case"}),
    "trace.verdicts": frozenset({"trace.case", "trace.events", "trace.evidence", "trace.reach", "trace.resolve"}),
}
"""Which rooms of its own part a room may import: no store knows the other, nothing below the verdicts knows one."""

PURE = frozenset({"model", "trace", "reports"})
"""Parts that touch no clock, environment, disk, network or process."""
# fmt: off
OUTSIDE = frozenset((
    "aiohttp", "asyncio", "concurrent", "duckdb", "fcntl", "glob", "hishel", "http", "httpx", "mmap",
    "multiprocessing", "neo4j", "os", "pathlib", "platform", "platformdirs", "pypi_simple", "random",
    "requests", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "stamina", "subprocess",
    "sys", "tempfile", "threading", "time", "urllib.request", "uuid", "webbrowser",
))
# fmt: on
HARMLESS = frozenset({("graphkit.model.zeros", "mmap"), ("graphkit.reports.cyclonedx_vex", "uuid")})
"""Maps memory, no file; makes a number of a digest, nothing random."""
CALLS_OUTSIDE = frozenset({"open", ".now", ".utcnow", ".today"})
ONLY_CLI_CALLS = frozenset({"print", "input", "exit", "quit", ".exit"})
THIRD_PARTY: Mapping[str, frozenset[str]] = {
    "model": frozenset({"msgspec", "packaging", "numpy"}),
    "trace": frozenset({"msgspec", "packaging", "numpy"}),
}
HEAVY = frozenset({"networkx"})
"""Allowed in `trace`, but inside a function only: most runs never need it."""
MAKER = "graphkit.trace.verdicts.clearance"
"""The only module that makes a `Clearance`."""
VAGUE = frozenset({"utils", "util", "helpers", "helper", "manager", "managers", "data", "common", "misc"})
LINES = 600
REGISTRIES = ("formats", "reports", "cli", "stores")
LAZY = re.compile(r"(graphkit(?:\.\w+)+):(\w+)")


def modules() -> dict[str, str]:
    """Return the text of every module by its dotted name; a folder goes by its own name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


MODULES = modules()


def part_of(module: str) -> str:
    """Return which part of graphkit a dotted name belongs to."""
    return [*module.split("."), ""][1]


def imports(module: str, text: str, known: Iterable[str] = MODULES) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports, and whether at its top: names, `from` names and lazy paths."""
    known = frozenset(known)
    tree = ast.parse(text)
    top = {id(node) for statement in tree.body for node in _at_import(statement)}
    # A folder's own name is its package; a module's package is the folder it stands in.
    package = module if (PACKAGE.parent / Path(*module.split("."))).is_dir() else module.rpartition(".")[0]
    for node in ast.walk(tree):
        at_top = id(node) in top
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                base = package.rsplit(".", node.level - 1)[0]
                origin = f"{base}.{origin}" if origin else base
            for alias in node.names:
                if (origin, alias.name) == ("pathlib", "PurePosixPath"):  # text alone: it reaches no disk
                    continue
                inner = f"{origin}.{alias.name}"
                yield (inner if inner in known else origin), at_top
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (lazy := LAZY.fullmatch(node.value)):
            yield lazy[1], False


def _at_import(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported: everything outside functions."""
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def calls(text: str) -> set[str]:
    """Return the last names of everything a module calls, a method's with its dot."""
    functions = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return {
        f.id if isinstance(f, ast.Name) else f".{f.attr}" for f in functions if isinstance(f, ast.Name | ast.Attribute)
    }


def faults(module: str, text: str, known: Iterable[str] = MODULES) -> list[str]:
    """Return every way in which a module's text goes against the design."""
    part = part_of(module)
    if part not in ARROWS:
        return [f"{module}: the design has no such part"]
    found = []
    for name, at_top in imports(module, text, known):
        root = name.split(".")[0]
        if root == "graphkit":
            if not _may_import(part, name):
                found.append(f"{module} imports {name}")
        elif part in PURE and (root in OUTSIDE or name in OUTSIDE) and (module, name) not in HARMLESS:
            found.append(f"{module} imports {name}: {part} touches nothing outside")
        elif root not in sys.stdlib_module_names and not _may_use(module, part, root, at_top=at_top):
            found.append(f"{module} imports {name}")
        if not _may_enter(module, name):
            found.append(f"{module} imports {name}, which is in another room of {part}")
    called = calls(text)
    if module != MAKER and called & {"Clearance", ".Clearance"}:
        found.append(f"{module} makes a Clearance, which {MAKER} alone does")
    if part in PURE:
        found += [f"{module} calls {name}()" for name in sorted(called & CALLS_OUTSIDE)]
    if part != "cli":
        found += [f"{module} calls {name}()" for name in sorted(called & ONLY_CLI_CALLS)]
    return found


def room_of(name: str) -> str:
    """Return the room of `ROOMS` that a dotted name is in, empty where it is in none."""
    room = ".".join(name.split(".")[1:3])
    return room if room in ROOMS else ""


def _may_enter(module: str, name: str) -> bool:
    here = room_of(module)
    if not here or part_of(module) != part_of(name):
        return True
    return ".".join(name.split(".")[1:3]) in ROOMS[here] | {here}


def _may_import(part: str, name: str) -> bool:
    target = name.partition(".")[2]
    allowed = ARROWS[part]
    if part == "cli" and not target:  # the Python door is there for everyone
        return True
    return part_of(name) in allowed | {part} or any(f"{target}.".startswith(f"{arrow}.") for arrow in allowed)


def _may_use(module: str, part: str, root: str, *, at_top: bool) -> bool:
    if part == "trace" and root in HEAVY:
        return not at_top
    if module == "graphkit.model.names" and root == "packageurl":
        return True
    return part not in THIRD_PARTY or root in THIRD_PARTY[part]


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_to_the_design(module: str) -> None:
    assert faults(module, MODULES[module]) == []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("graphkit.model.bad", "import graphkit.trace"),
        ("graphkit.trace.resolve.forward", "from graphkit.trace.verdicts.clearance import prove"),
        ("graphkit.trace.verdicts.bad", "from graphkit.model.answers import Clearance\nClearance(proof=())"),
        ("graphkit.api.graph", "from graphkit.model import answers\nanswers.Clearance(proof=())"),
        ("graphkit.trace.bad", "from pathlib import Path"),
        ("graphkit.model.bad", "from graphkit import stores"),
        ("graphkit.model.bad", "from graphkit.stores.port import Reader"),
        ("graphkit.model.bad", "from ..stores import port"),
        ("graphkit.model.bad", "import os"),
        ("graphkit.model.bad", "import duckdb"),
        ("graphkit.model.bad", "from packageurl import PackageURL"),
        ("graphkit.model.bad", "import datetime\nat = datetime.datetime.now()"),
        ("graphkit.trace.bad", "from graphkit.stores.embedded import store"),
        ("graphkit.trace.bad", "from graphkit.stores import embedded"),
        ("graphkit.trace.bad", "from graphkit.stores import open_store"),
        ("graphkit.trace.bad", "def late():\n    from graphkit.sources import registry"),
        ("graphkit.trace.bad", "import networkx"),
        ("graphkit.trace.bad", "class A:\n    import networkx as nx"),
        ("graphkit.trace.bad", "import duckdb"),
        ("graphkit.trace.bad", "from urllib.request import urlopen"),
        ("graphkit.trace.bad", "from importlib import import_module\nimport_module('x')\nopen('x')"),
        ("graphkit.sources.bad", "from graphkit.stores.port import Fact"),
        ("graphkit.sources.bad", "print('read')"),
        ("graphkit.stores.bad", "import sys\nsys.exit(1)"),
        ("graphkit.stores.bad", "LINES = (('x', 'graphkit.trace.blast:run'),)"),
        ("graphkit.reports.bad", "from graphkit.api import Graph"),
        ("graphkit.reports.bad", "from graphkit.stores.port import Reader"),
        ("graphkit.stores.embedded.bad", "from graphkit.stores.neo4j import store"),
        ("graphkit.stores.engine.bad", "from graphkit.stores.embedded.store import EmbeddedStore"),
        ("graphkit.trace.resolve.bad", "from graphkit.trace.reach import nominate"),
        ("graphkit.formats.bad", "from graphkit.sources import git"),
        ("graphkit.api.graph", "from graphkit.cli import main"),
        ("graphkit.cli.bad", "from graphkit.trace import blast"),
        ("graphkit.cli.bad", "from graphkit.stores import open_store"),
        ("graphkit.bad", "import json"),
    ],
)
def test_the_check_sees_an_arrow_against_the_design(module: str, text: str) -> None:
    known = {*MODULES, "graphkit.stores.embedded.store", "graphkit.stores.port"}
    assert faults(module, text, known) != []


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("graphkit.model.good", "import json\nfrom packaging.version import Version\nfrom graphkit.model import names"),
        ("graphkit.model.names", "from packageurl import PackageURL"),
        ("graphkit.trace.good", "import numpy as np\nfrom graphkit.stores.port import Reader"),
        ("graphkit.trace.good", "from graphkit.stores import port"),
        ("graphkit.trace.good", "from pathlib import PurePosixPath"),
        ("graphkit.trace.case_answer", "from graphkit.trace.verdicts.context import Context"),
        ("graphkit.trace.verdicts.clearance", "from graphkit.model.answers import Clearance\nClearance(proof=())"),
        ("graphkit.trace.good", "def cut():\n    import networkx"),
        ("graphkit.sources.good", "import os, httpx\nfrom graphkit.model.names import package_name"),
        ("graphkit.reports.good", "from importlib.resources import files\nfrom . import table"),
        ("graphkit.reports.good", "import csv, io\nio.StringIO()"),
        ("graphkit", "from pathlib import Path\nfrom graphkit.api import Graph\nGraph.open('x')"),
        ("graphkit.api.graph", "from graphkit.stores import open_store"),
        ("graphkit.cli.good", "import graphkit\nfrom graphkit.api import Graph\nprint(1)"),
    ],
)
def test_the_check_lets_the_design_through(module: str, text: str) -> None:
    assert faults(module, text) == []


def test_bits_of_the_store_stay_in_the_stores() -> None:
    """What a flag means is known to `stores` alone; everybody else reads named truths (`stores.port.Flagged`)."""
    names = [name for name, value in vars(port).items() if name.isupper() and isinstance(value, int)]
    assert len(names) > 20
    flags = re.compile(rf"\b(?:{'|'.join(names)})\b|\.\w*flags & ")
    used = {module: flags.findall(text) for module, text in MODULES.items() if part_of(module) != "stores"}
    assert {module: found for module, found in used.items() if found} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Lazy paths are left out: a registry names what it knows nothing of."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for module, text in MODULES.items():
        lazy = {path[1] for path in _lazy_paths(text)}
        graph.add_edges_from((module, name) for name, _ in imports(module, text) if name in MODULES.keys() - lazy)
    assert [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1] == []


def test_names_say_something() -> None:
    vague = [path for path in PACKAGE.rglob("*") if path.stem.strip("_") in VAGUE]
    assert vague == []


def test_modules_stay_within_the_budget() -> None:
    sizes = {module: text.count("\n") for module, text in MODULES.items()}
    assert {module: lines for module, lines in sizes.items() if lines > LINES} == {}


@pytest.mark.parametrize("folder", REGISTRIES)
def test_every_module_is_registered_or_serves_one_that_is(folder: str) -> None:
    package = "graphkit." + folder.replace("/", ".")
    inside = {name for name in MODULES if name.startswith(package + ".")}
    registered = {lazy[1] for lazy in _lazy_paths(MODULES[package])} & inside
    reached, waiting = set[str](), [package, *registered]
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting += [name for name, _ in imports(module, MODULES[module]) if name in inside - reached]
    # A package is reached with anything in it; the port is the seam itself, and no report needs what verifies them or
    # leaves names out of answers.
    reached |= {name for name in inside if any(other.startswith(name + ".") for other in reached)}
    assert (
        inside
        - reached
        - {"graphkit.stores.port", "graphkit.reports.verification", "graphkit.reports.redaction"}
        - _other_registries(package)
        == set()
    )


def _other_registries(package: str) -> set[str]:
    """Return modules below a registry folder that another registry looks after."""
    others = {"graphkit." + folder.replace("/", ".") for folder in REGISTRIES} - {package}
    return {name for name in MODULES if any(name == o or name.startswith(o + ".") for o in others)}


def _lazy_paths(text: str) -> list[re.Match[str]]:
    strings = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return [lazy for value in strings if isinstance(value, str) and (lazy := LAZY.fullmatch(value))]


def test_every_lazy_path_leads_somewhere() -> None:
    lost = [
        f"{module}: {lazy[0]}"
        for module, text in MODULES.items()
        for lazy in _lazy_paths(text)
        if lazy[1] not in MODULES or lazy[2] not in _top_names(MODULES[lazy[1]])
    ]
    assert lost == []


def _top_names(text: str) -> set[str]:
    names = set[str]()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


# fmt: off
SLOW = frozenset((
    "duckdb", "email.parser", "graphkit.api", "graphkit.ingest", "graphkit.model.answers", "graphkit.stores",
    "graphkit.trace", "hishel", "httpx",
    "msgspec", "neo4j", "networkx", "numpy", "platformdirs", "pydantic", "pypi_simple", "pyvis", "requests",
    "rich.console", "yaml",
))
# fmt: on
"""What is loaded for answers alone."""
HELP = """
import sys
from graphkit.cli import main
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""
TYPED: Mapping[tuple[str, ...], Verb] = {(line.name,): line for line in VERBS} | {
    (group.name, line.name): line for group in GROUPS for line in group.verbs
}
"""Every verb by the words that are typed for it."""


def loaded(code: str, *words: str) -> set[str]:
    """Return the modules that a process has loaded at its end."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stderr.split())


def module_of(line: Verb) -> str:
    return line.path.partition(":")[0]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_the_help_of_a_verb_loads_nothing_slow_and_no_other_verb(words: tuple[str, ...]) -> None:
    found = loaded(HELP, *words, "--help")
    # Checking a report reads its question by the rules of `blast`, and a scan ends as `blast` does.
    own = {module_of(TYPED[words])} | ({"graphkit.cli.blast"} if words in {("report", "verify"), ("scan",)} else set())
    assert (found & SLOW, found & set(map(module_of, TYPED.values()))) == (set(), own)


def test_the_help_of_all_loads_nothing_slow() -> None:
    assert loaded(HELP, "--help") & SLOW == set()


def test_a_command_on_a_server_loads_nothing_that_notebooks_alone_need(tmp_path: Path) -> None:
    """The driver would load both where they are installed, which takes as long as itself."""
    for name in ("pandas", "pyarrow"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('loaded')\n", encoding="utf-8")
    code = "from graphkit.cli import program; program()"
    words = [sys.executable, "-c", code, "stats", "--graph", "bolt://127.0.0.1:9"]
    surroundings = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "NEO4J_PASSWORD": "any"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=surroundings)
    assert "no response from Neo4j" in done.stderr


def test_importing_graphkit_loads_its_front_alone() -> None:
    found = loaded("import sys, graphkit; print(*sorted(sys.modules), file=sys.stderr)")
    assert {name for name in found if name.startswith("graphkit")} == {"graphkit", "graphkit.model"}


def test_no_import_is_excused_by_itself() -> None:
    """What may be imported late, and where, stands in pyproject.toml (docs/decisions/0021)."""
    excused = re.compile("noqa:.*(PLC0415|TID253)")
    assert [module for module, text in MODULES.items() if excused.search(text)] == []


def tree() -> list[Path]:
    """Return the files of the checkout: what git knows or would add, or all of an unpacked archive."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=False) if (ROOT / ".git").exists() else None
    if listed is None or listed.returncode:
        made = (".", "build", "dist")  # an environment, caches and what was built
        return [path for path in ROOT.rglob("*") if path.is_file() and not str(path.relative_to(ROOT)).startswith(made)]
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


# With a "~" in each, so that this file does not hold what it looks for.
HOSTS = re.compile(
    "[.]?py~pi[.]o~rg|python~hosted[.]o~rg|npm~js[.](com|o~rg)|crates[.]i~o|maven[.](apache[.])?o~rg|deb~ian[.]o~rg".replace(
        "~", ""
    )
)
MACHINE = re.compile("(^|[^a-zA-Z])/(wo~rk|fa~rm|ro~ot)/".replace("~", ""))


@pytest.mark.parametrize("pattern", [HOSTS, MACHINE], ids=["registry hosts", "machine paths"])
def test_the_tree_is_free_of(pattern: re.Pattern[str]) -> None:
    found = []
    for path in tree():
        raw = path.read_bytes()
        if b"\0" in raw:
            continue
        lines = enumerate(raw.decode("utf-8", "replace").splitlines(), start=1)
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in lines if pattern.search(line)]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    assert HOSTS.search("https://py~pi.org/simple/".replace("~", ""))
    assert HOSTS.search("files.python~hosted.org".replace("~", ""))
    assert MACHINE.search("see /wo~rk/main".replace("~", ""))
    assert not MACHINE.search("src/network/x")
