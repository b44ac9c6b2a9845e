from __future__ import annotations

import json
import re
import time
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.aliases import Aliases, Clash, PackageAlias, ServiceAlias, alias_purl, joined, settled
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, package_name, service_id
from graphkit.sources.organisation import aliases, organisation_file

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = "schema: graphkit.aliases/1\n"


def parse(text: str) -> aliases.AliasFile:
    return aliases.parse((SCHEMA + text).encode(), "aliases.yaml")


def names(read: Aliases) -> dict[str, tuple[str, ...]]:
    return {str(one.service): one.names for one in read.services}


def purls(read: Aliases) -> dict[str, tuple[str, ...]]:
    return {str(one.package): one.purls for one in read.packages}


def test_the_example_of_the_page_is_read_as_it_says() -> None:
    page = (ROOT / "docs" / "alias-file.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    read = aliases.parse(example.encode(), "aliases.yaml")
    assert read.problems == ()
    assert read.aliases == Aliases(
        source="aliases.yaml",
        packages=(
            PackageAlias(package=package_name("litellm"), purls=("pkg:generic/litellm", "pkg:oci/litellm")),
            PackageAlias(
                package=package_name("PyYAML"),
                purls=("pkg:conda/pyyaml", "pkg:deb/debian/python3-yaml", "pkg:generic/pyyaml"),
            ),
        ),
        services=(
            ServiceAlias(service=service_id("pay"), names=("https://git.example/acme/pay",)),
            ServiceAlias(service=service_id("shop"), names=("acme/shop", "shop-prod")),
        ),
    )


def test_toml_and_json_say_the_same() -> None:
    toml = b'schema = "graphkit.aliases/1"\n[[packages]]\nname = "pyyaml"\nalso = ["pkg:conda/pyyaml"]\n'
    plain = {"schema": "graphkit.aliases/1", "packages": [{"name": "PyYAML", "also": ["pkg:conda/pyyaml"]}]}
    assert aliases.claims(toml)
    assert aliases.parse(toml, "a") == aliases.parse(json.dumps(plain).encode(), "a")


def test_only_alias_files_are_claimed() -> None:
    assert aliases.claims(SCHEMA.encode())
    assert not aliases.claims(b"schema: graphkit.organisation/1\n")
    assert not organisation_file.claims(SCHEMA.encode())


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("package: []", ["the file"]),
        ("packages: pyyaml", ["packages"]),
        ("packages: [pyyaml, null]", ["packages[0]", "packages[1]"]),
        ("packages: [{also: ['pkg:conda/a']}]", ["packages[0].name"]),
        ("packages: [{name: [a], also: []}]", ["packages[0].name"]),
        ("packages: [{name: '-', also: ['pkg:conda/a']}]", ["packages[0].name"]),
        ("packages: [{name: a}]", ["packages[0].also"]),
        ("packages: [{name: a, also: 'pkg:conda/a'}]", ["packages[0].also"]),
        ("packages: [{name: a, also: [], aslo: []}]", ["packages[0]"]),
        ("packages: [{name: a, also: [a]}]", ["packages[0].also[0]"]),
        ("packages: [{name: a, also: ['pkg:conda/a@1']}]", ["packages[0].also[0]"]),
        ("packages: [{name: a, also: ['pkg:conda/a?subdir=linux-64']}]", ["packages[0].also[0]"]),
        ("packages: [{name: a, also: ['pkg:conda/a#src']}]", ["packages[0].also[0]"]),
        ("packages: [{name: a, also: ['pkg:pypi/b', 'PKG:PyPI/a']}]", ["packages[0].also[0]", "packages[0].also[1]"]),
        ("services: [{name: ' ', also: [b]}]", ["services[0].name"]),
        ("services: [{name: a, also: ['', {b: c}]}]", ["services[0].also[0]", "services[0].also[1]"]),
    ],
)
def test_a_slip_is_a_problem_with_its_place_and_the_rest_holds(text: str, places: list[str]) -> None:
    other = "packages" if text.startswith("services") else "services"
    good = "{name: p, also: ['pkg:conda/p']}"
    read = parse(f"{text}\n{other}: [{good}]\n")
    assert [problem.place for problem in read.problems] == places
    assert all(problem.text for problem in read.problems)
    assert (purls if other == "packages" else names)(read.aliases) == {"p": ("pkg:conda/p",)}


@pytest.mark.parametrize("text", ["schema: graphkit.aliases/2", "packages: []", "[]", "schema: [graphkit.aliases/1]"])
def test_another_schema_is_rejected_as_a_whole(text: str) -> None:
    with pytest.raises(InputError) as caught:
        aliases.parse(text.encode(), "a")
    assert caught.value.place == "schema"


def test_a_purl_of_two_packages_is_of_neither() -> None:
    read = parse(
        "packages:\n"
        "- {name: pyyaml, also: ['pkg:deb/debian/python3-yaml', 'pkg:conda/pyyaml']}\n"
        "- {name: ruamel.yaml, also: ['PKG:DEB/debian/python3-yaml']}\n"
    )
    assert [one.place for one in read.problems] == ["packages[0].also[0]", "packages[1].also[0]"]
    assert "'pyyaml' and 'ruamel-yaml'" in read.problems[0].text
    assert purls(read.aliases) == {"pyyaml": ("pkg:conda/pyyaml",)}


@pytest.mark.parametrize("web", ["{name: web}", "{name: web, also: [front]}"])
def test_a_service_cannot_be_the_other_name_of_another(web: str) -> None:
    read = parse(f"services: [{{name: shop, also: [web, acme/shop]}}, {web}]\n")
    assert "services[0].also[0]" in [one.place for one in read.problems]
    assert names(read.aliases)["shop"] == ("acme/shop",)


def test_rows_of_one_thing_add_up_and_doubles_are_one() -> None:
    read = parse("services: [{name: a, also: [x, x, a]}, {name: ' a ', also: [y]}, {name: A, also: [X]}]\n")
    assert read.problems == ()
    assert names(read.aliases) == {"A": ("X",), "a": ("x", "y")}


def test_what_few_bytes_unfold_to_is_bounded() -> None:
    also = ", ".join(f"n{i}" for i in range(2_000))
    rows = ", ".join("*r" for _ in range(2_000))
    start = time.perf_counter()
    with pytest.raises(InputError, match="more than"):
        parse(f"packages: []\nservices: [&r {{name: a, also: [{also}]}}, {rows}]\n")
    laughs = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*{'a' if not i else f'b{i - 1}'}, *a]\n" for i in range(40))
    assert len(parse(laughs).problems) == 41
    assert time.perf_counter() - start < 30  # without a bound it never ends


def test_hostile_names_come_out_short_and_escaped() -> None:
    (problem,) = parse('packages: [{name: "' + "a\\e[31m" * 999 + '", also: []}]\n').problems
    assert len(problem.text) < 200
    assert problem.text.isprintable()


@pytest.mark.parametrize(
    "text",
    ["pkg:deb/debian/python3-yaml@6.0.1-2?arch=amd64", "PKG:deb/debian/python3-yaml#x", "pkg:DEB/debian/python3-yaml"],
)
def test_a_purl_of_a_component_finds_its_alias(text: str) -> None:
    assert alias_purl(text) == "pkg:deb/debian/python3-yaml"
    with pytest.raises(BadName):
        alias_purl("python3-yaml")


def test_files_join_in_any_order_and_disagreement_means_nothing() -> None:
    files = [
        parse("services: [{name: shop, also: [s, acme/shop]}]\n").aliases,
        parse("services: [{name: web, also: [s, w]}]\n").aliases,
        parse("services: [{name: shop, also: [w2]}]\npackages: [{name: a, also: ['pkg:conda/a']}]\n").aliases,
        parse("services: [{name: x, also: [shop]}]\n").aliases,
    ]
    (first, *rest) = [joined(order) for order in permutations(files)]
    assert all(one == first for one in rest)
    assert first[1] == (Clash(name="s", meanings=("shop", "web")), Clash(name="shop", meanings=("shop", "x")))
    assert names(first[0]) == {"shop": ("acme/shop", "w2"), "web": ("w",)}
    assert purls(first[0]) == {"a": ("pkg:conda/a",)}


WORDS = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.lists(st.tuples(WORDS, WORDS)).flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_a_name_means_one_thing_or_nothing_whatever_the_order(
    both: tuple[list[tuple[str, str]], list[tuple[str, str]]],
) -> None:
    rows, other = both
    found, clashes = settled(rows)
    assert (found, clashes) == settled(other)
    given_names = [name for one in found.values() for name in one]
    assert len(given_names) == len(set(given_names))
    assert not {clash.name for clash in clashes} & set(given_names)
    assert {name for name, thing in rows if name != thing} == set(given_names) | {
        clash.name for clash in clashes if any(name == clash.name != thing for name, thing in rows)
    }
    assert all(thing not in given_names for thing in found)
