from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.aliases import joined
from graphkit.model.errors import InputError
from graphkit.model.names import company_id
from graphkit.sources.organisation import backstage, organisation_file

CATALOGUE = b"""\
# the shop of Acme
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: shop
  description: |
    x = 1
    [not toml]
  annotations:
    github.com/project-slug: acme/shop
    backstage.io/source-location: url:https://me:secret@github.com/acme/shop/tree/main/
    dependencytrack/project-id: 8f1c0a4e-0000-4000-8000-3f2b1c0d9e8f
    dependencytrack/project-name: shop-backend
    example.com/other: [kept, out]
spec:
  type: service
  lifecycle: production
  owner: group:default/team-a
  system: shopfront
  dependsOn: [component:pay/ledger]
---
apiVersion: backstage.io/v1beta1
kind: component
metadata: {name: ledger, namespace: pay}
spec: {type: library, owner: team-b, system: system:default/money}
---
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: Team-A}
spec: {type: team, profile: {displayName: Payments Team}, children: []}
...
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shopfront}
spec: {owner: team-a}
"""

NOTED = "document 2: metadata.annotations"


def entity(name: str = "a", *, kind: str = "Component", spec: str = "{owner: t}", **metadata: str) -> str:
    more = "".join(f", {key}: {value}" for key, value in metadata.items())
    return f"apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}{more}}}\nspec: {spec}\n"


def parse(*documents: str) -> backstage.Catalogue:
    return backstage.parse("---\n".join(documents).encode(), "catalog-info.yaml")


def names(read: backstage.Catalogue) -> dict[str, tuple[str, ...]]:
    return {str(one.service): one.names for one in read.aliases.services}


def places(read: backstage.Catalogue) -> list[str]:
    return [one.place for one in read.problems]


def ids(read: backstage.Catalogue) -> list[str]:
    return [str(one.id) for one in read.organisation.services]


def test_components_are_services_with_owner_system_and_other_names() -> None:
    read = backstage.parse(CATALOGUE, "c.yaml", company_id("acme"))
    assert read.problems == ()
    assert read.organisation.source == read.aliases.source == "c.yaml"
    assert [(one.id, one.company, one.owner, one.note) for one in read.organisation.services] == [
        ("shop", "acme", "Payments Team (team-a)", "type service, lifecycle production, system shopfront"),
        ("pay/ledger", "acme", "pay/team-b", "type library, system money"),
    ]
    assert names(read) == {
        "shop": (
            "8f1c0a4e-0000-4000-8000-3f2b1c0d9e8f",
            "acme/shop",
            "https://github.com/acme/shop/tree/main",
            "shop-backend",
        )
    }
    assert backstage.parse(CATALOGUE, "c.yaml").organisation.services[0].company is None


def test_line_ends_marks_and_json_change_nothing() -> None:
    read = backstage.parse(CATALOGUE, "c")
    assert backstage.parse(b"\xef\xbb\xbf" + CATALOGUE.replace(b"\n", b"\r\n"), "c") == read
    assert backstage.parse(b"%YAML 1.1\n---\n" + CATALOGUE + b"---\n# no more\n", "c") == read
    plain = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "a"},
        "spec": {"owner": "t"},
    }
    assert backstage.parse(json.dumps(plain).encode(), "c") == backstage.parse(entity().encode(), "c")


@pytest.mark.parametrize(
    ("data", "claimed"),
    [
        (CATALOGUE, True),
        (b'{"kind": "API", "apiVersion": "backstage.io/v1alpha1"}', True),
        (b"\xef\xbb\xbf'apiVersion': 'backstage.io/v1alpha1'", True),
        (b"apiVersion: v1\nkind: Pod\n---\napiVersion: backstage.io/v1alpha1\n", True),
        (b"apiVersion: v1\nkind: Pod\n", False),
        (b"apiVersion: scaffolder.backstage.io/v1beta3\n", False),
        (b"schema: graphkit.organisation/1\nnote: |\n  apiVersion: backstage.io/v1alpha1\n", False),
        (b"", False),
    ],
)
def test_a_catalogue_is_known_by_its_content(data: bytes, claimed: object) -> None:
    assert backstage.claims(data) is claimed
    assert not organisation_file.claims(CATALOGUE)


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        ("group:default/team-a", "team-a"),
        ("Group:Default/team-a", "team-a"),
        ("group:team-a", "team-a"),
        ("default/team-a", "team-a"),
        ("team-a", "team-a"),
        ("group:pay/team-a", "pay/team-a"),
        ("user:default/alice", "user:alice"),
        ("user:pay/alice", "user:pay/alice"),
    ],
)
def test_owners_are_shortened_as_people_read_them(owner: str, shown: str) -> None:
    read = parse(entity(spec=f"{{owner: '{owner}'}}"))
    assert [one.owner for one in read.organisation.services] == [shown]


def test_a_display_belongs_to_one_group_or_user_in_its_namespace() -> None:
    people = "{profile: {displayName: %s}}"
    read = parse(
        entity("a", spec="{owner: t}"),
        entity("b", spec="{owner: t}", namespace="pay"),
        entity("c", spec="{owner: 'user:t'}"),
        entity("d", spec="{owner: same}"),
        entity("t", kind="User", spec=people % "Tess"),
        entity("t", kind="Group", spec=people % "Till", namespace="pay"),
        entity("same", kind="Group", spec=people % "same"),
    )
    assert [one.owner for one in read.organisation.services] == ["t", "Till (pay/t)", "Tess (user:t)", "same"]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("just text\n", "document 2"),
        ("- a\n- b\n", "document 2"),
        ("kind: Component\n", "document 2: apiVersion"),
        ("apiVersion: v1\nkind: Pod\n", "document 2: apiVersion"),
        ("apiVersion: [backstage.io/v1]\n", "document 2: apiVersion"),
        ("apiVersion: backstage.io/v1\n", "document 2: kind"),
        ("apiVersion: backstage.io/v1\nkind: Component\n", "document 2: metadata.name"),
        ("apiVersion: backstage.io/v1\nkind: Component\nmetadata: [a]\n", "document 2: metadata"),
        (entity(kind="Widget"), "document 2: kind"),
        (entity("'${{ values.name }}'"), "document 2: metadata.name"),
        (entity("pay/x"), "document 2: metadata.name"),
        (entity("[x]"), "document 2: metadata.name"),
        (entity("x", namespace="a/b"), "document 2: metadata.namespace"),
        (entity("x", spec="{}"), "document 2: spec.owner"),
        (entity("x", spec="{owner: ''}"), "document 2: spec.owner"),
        (entity("x", spec="{owner: 'group:'}"), "document 2: spec.owner"),
        (entity("x", spec="{owner: [t]}"), "document 2: spec.owner"),
        (entity("x", spec="{owner: t, lifecycle: {a: b}}"), "document 2: spec.lifecycle"),
        (entity("x", spec="{owner: t, <<: {type: service}}"), "document 2: spec"),
        (entity("x", spec="owner"), "document 2: spec"),
        (entity("x", annotations="[a]"), NOTED),
        (entity("x", annotations="{github.com/project-slug: [a]}"), f"{NOTED}.github.com/project-slug"),
        (entity("x", annotations="{backstage.io/source-location: 'dir:./x'}"), f"{NOTED}.backstage.io/source-location"),
        (entity("x", kind="Group", spec="{profile: me}"), "document 2: spec.profile"),
        (entity("FIRST"), "document 2: metadata.name"),
        ("a: b\nc: [\n", "document 2: line 8"),
        ("a: b\na: c\n", "document 2: line 7"),
        ("\ta: b\n", "document 2: line 6"),
    ],
)  # fmt: skip
def test_a_slip_is_a_problem_with_its_place_and_the_rest_goes_on(document: str, place: str) -> None:
    read = parse(entity("first"), document, entity("last"))
    assert places(read)[0] == place
    assert [one for one in ids(read) if one != "x"] == ["first", "last"]


def test_other_kinds_are_no_services_and_no_problems() -> None:
    read = parse(*(entity(kind=kind) for kind in ("System", "Domain", "Group", "User", "Resource", "API")))
    assert (read.organisation.services, read.problems) == ((), ())


def test_targets_of_locations_are_named_not_followed() -> None:
    spec = "{type: url, target: ./a.yaml, targets: ['https://u:p@x.example/b.yaml', [c]]}"
    read = parse(entity(kind="Location", spec=spec))
    assert places(read) == ["document 1: spec.target", "document 1: spec.targets[0]", "document 1: spec.targets[1]"]
    assert "'./a.yaml'" in read.problems[0].text
    assert "u:p" not in read.problems[1].text
    many = parse(entity(kind="Location", spec=f"{{targets: [{', '.join('a' * 1 for _ in range(50))}]}}"))
    assert (len(many.problems), many.problems[-1].text) == (21, "30 more are not followed")
    assert places(parse(entity(kind="Location", spec="{targets: a}"))) == ["document 1: spec.targets"]


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("url:https://github.com/acme/shop", ("acme/shop", "https://github.com/acme/shop")),
        ("url:https://github.com/acme/shop.git", ("acme/shop", "https://github.com/acme/shop.git")),
        ("https://GitHub.com/acme/shop/tree/main/", ("acme/shop", "https://GitHub.com/acme/shop/tree/main")),
        ("url:https://github.com/acme/mono/tree/main/shop/", ("https://github.com/acme/mono/tree/main/shop",)),
        ("url:https://git.example/acme/shop/", ("https://git.example/acme/shop",)),
        ("url:https://github.com.evil.example/acme/shop", ("https://github.com.evil.example/acme/shop",)),
        ("url:https://github.com/acme", ("https://github.com/acme",)),
        ("url:https://[github.com/acme/shop", ("https://[github.com/acme/shop",)),
    ],
)
def test_a_source_gives_its_address_and_a_whole_repository_its_slug(location: str, found: tuple[str, ...]) -> None:
    read = parse(entity(annotations=f"{{backstage.io/source-location: '{location}'}}"))
    assert (names(read), read.problems) == ({"a": found}, ())


def test_a_shared_repository_is_the_name_of_no_service() -> None:
    slug = "{github.com/project-slug: acme/mono, dependencytrack/project-name: %s}"
    read = parse(entity("a", annotations=slug % "p"), entity("b", annotations=slug % "q"), entity("c"))
    assert names(read) == {"a": ("p",), "b": ("q",)}
    assert places(read) == [
        "document 1: metadata.annotations.github.com/project-slug",
        "document 2: metadata.annotations.github.com/project-slug",
    ]
    taken = parse(entity("a", annotations="{dependencytrack/project-name: b}"), entity("b"))
    assert names(taken) == {}
    assert places(taken) == ["document 1: metadata.annotations.dependencytrack/project-name"]


def test_files_of_a_catalogue_join() -> None:
    slug = "{github.com/project-slug: acme/mono}"
    one, two = parse(entity("a", annotations=slug)), parse(entity("b", annotations=slug))
    assert names(one) == {"a": ("acme/mono",)}
    together, clashes = joined([one.aliases, two.aliases])
    assert (together.services, [clash.name for clash in clashes]) == ((), ["acme/mono"])


def test_no_text_is_an_input_error() -> None:
    with pytest.raises(InputError) as caught:
        backstage.parse(b"kind: \xff", "c")
    assert caught.value.place == "byte 6"


def test_hostile_yaml_stays_bounded() -> None:
    start = time.perf_counter()
    laughs = "".join(f"b{i}: &b{i} [{f'*b{i - 1}, *b{i - 1}' if i else 'x'}]\n" for i in range(60))
    bomb = laughs + entity("x", annotations="*b59", spec="{owner: *b59}")
    circle = "apiVersion: backstage.io/v1\nkind: Component\nmetadata: &m {name: x, annotations: *m}\n"
    deep = "a: " + "[" * 5_000 + "\n"
    tag = entity("y", spec="{owner: !!python/object/apply:os.system [touch x]}")
    read = parse(bomb, circle, deep, tag, "---\n" * 5_000, "%a\n\n" * 500, entity("last"))
    assert "last" in ids(read)
    assert len(read.problems) < 20
    assert all(len(one.text) < 300 for one in read.problems)
    assert time.perf_counter() - start < 3


PIECES = st.sampled_from(
    ["---", "...", "apiVersion: backstage.io/v1", "kind: Component", "kind: Group", "metadata: {name: a}",
     "metadata: &x", "  name: b", "spec: {owner: t}", "spec: *x", "{", "- a", "# c",
     "%TAG", "\t", "? [a]", "a = 1", "\x00", "<<: *x"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14))
def test_any_lines_give_services_or_problems(lines: list[str]) -> None:
    read = backstage.parse("\n".join(lines).encode(), "c")
    assert all(one.place.startswith("document ") and one.text for one in read.problems)
    assert set(ids(read)) <= {"a", "b"}


@given(st.permutations([entity("a"), entity("b"), "{\n", entity("c", spec="{owner: g}"), entity("g", kind="Group")]))
def test_the_order_of_documents_changes_no_service(documents: list[str]) -> None:
    assert sorted(ids(parse(*documents))) == ["a", "b", "c"]
