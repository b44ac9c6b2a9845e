"""YAML that people write for graphkit is read from events as PyYAML composes and constructs it, by either parser."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.formats import yaml_values
from graphkit.formats.yaml_values import strict_yaml_value
from graphkit.model.errors import InputError

NULL: Final = "tag:yaml.org,2002:null"
PARSERS: Final[dict[str, Any]] = {"C": getattr(yaml, "CBaseLoader", yaml.BaseLoader), "Python": yaml.BaseLoader}
REFUSED: Final = "refused"


def loader_of(base: Any) -> Any:
    """Return PyYAML's own loader with text and null alone, which makes nodes of the whole document first."""

    class Loader(base):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len(set(keys)) < len(keys):
                raise InputError("duplicate key")
            return super().construct_mapping(node, deep)

        def construct_null(self, node: Any) -> None:
            if isinstance(node, yaml.MappingNode):
                self.construct_mapping(node)
            elif isinstance(node, yaml.SequenceNode):
                self.construct_sequence(node)

    null = re.compile(r"^(?:~|null|Null|NULL|)$")
    Loader.add_implicit_resolver(NULL, null, ["~", "n", "N", ""])
    Loader.add_constructor(NULL, Loader.construct_null)
    return Loader


REFERENCES: Final = {name: loader_of(base) for name, base in PARSERS.items()}


def expected(text: str, parser: str) -> Any:
    """Return what PyYAML loads."""
    try:
        return yaml.load(text, Loader=REFERENCES[parser])
    except (yaml.YAMLError, InputError):
        return REFUSED


def found(text: str, parser: str) -> Any:
    """Return what is read with one of the parsers."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(yaml_values, "LOADER", PARSERS[parser])
        try:
            return strict_yaml_value(text)
        except InputError:
            return REFUSED


PARTS: Final = st.sampled_from(
    [
        *(
            "a",
            "b",
            "a: ",
            "b: ",
            "? ",
            ": ",
            "- ",
            "  ",
            "    ",
            "\n",
            "\n",
            "\n  ",
            "\n- ",
            "\n  - ",
            "\na: ",
            "\nb: ",
        ),
        *("&x ", "&y ", "*x", "*y", "*x : ", "<<: *x", "<<: ", "[", "]", "{", "}", ", ", "---\n", "...\n", "# note\n"),
        *(
            "~",
            "null",
            "Null",
            "''",
            '""',
            "'null'",
            '"a\\n b"',
            "'it''s'",
            "|\n  ",
            ">\n  ",
            "|-\n  ",
            "! ",
            "!!null ",
        ),
        *(
            "!!int ",
            "!!set ",
            "!!python/name:os.system ",
            "!own ",
            "!<tag:yaml.org,2002:null> ",
            "%TAG ! !\n",
            "%YAML 1.1\n",
        ),
        *(
            "0o17",
            "017",
            "1_000",
            "1.10",
            "1e3",
            ".nan",
            "0x1F",
            "190:20:30",
            "yes",
            "no",
            "on",
            "2026-03-24",
            "=",
            "\ufeff",
        ),
        *("2026-03-24T10:52:00Z", "\t", "@", "`", "é", "\u2028", "\x85", "\x07", '"\\ud800"', '"\\x41"', "\U0001f600"),
    ]
)
SOUP: Final = st.lists(PARTS, max_size=14).map("".join)
TEXTS: Final = st.text(alphabet=st.sampled_from("ab ~:-'\"\n#&*!|>{}[],?é\t0"), max_size=6)
VALUES: Final = st.recursive(
    st.none() | TEXTS | st.sampled_from(["null", "~", "017", "2026-03-24", "<<", "yes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.none() | TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("parser", PARSERS)
@settings(max_examples=400)  # of as many parts as there are in YAML
@given(SOUP)
def test_any_text_is_read_or_refused_as_pyyaml_does(parser: str, text: str) -> None:
    assert found(text, parser) == expected(text, parser)


@pytest.mark.parametrize("parser", PARSERS)
@given(VALUES, st.sampled_from([True, False, None]))
def test_what_is_written_is_read_back_by_both_parsers(parser: str, value: Any, flow: bool | None) -> None:  # noqa: FBT001
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=flow is None)
    assert found(text, parser) == expected(text, parser)
    assert found(text, "C") == found(text, "Python")


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {k: 1}\nb: *x\nc: [*x, *x]", {"a": {"k": "1"}, "b": {"k": "1"}, "c": [{"k": "1"}] * 2}),
        ("&k a: 1\n*k : 2", REFUSED),
        ("~: 1\nnull: 2", {None: "2"}),
        ("~: 1\n'~': 2", REFUSED),
        ("null: 1\n!!null x: 2\nx: 3", REFUSED),
        ("? !!null [a]\n: 1", {None: "1"}),
        ("? [a]\n: 1", REFUSED),
        ("<<: {a: 1}\nb: 2", {"<<": {"a": "1"}, "b": "2"}),
        ("a: &x [*x]", REFUSED),
        ("a: &x 1\nb: &x 2", REFUSED),
        ("a: *x", REFUSED),
        ("a: 1\n---\nb: 2", REFUSED),
        ("a: 1\n...\n", {"a": "1"}),
        ("--- \n", None),
        ("", None),
        ("! null", None),
        ("! |\n  null\n", None),
        ("! |+\n\n", "\n"),
        ("'null'", "null"),
        (
            "a: [017, 0o17, 1_000, 190:20:30, yes, 2026-03-24, .nan, =]",
            {"a": ["017", "0o17", "1_000", "190:20:30", "yes", "2026-03-24", ".nan", "="]},
        ),
        ("!!set {a, b}", {"a": None, "b": None}),
        ("a: !!python/object/apply:os.system [touch x]", {"a": ["touch x"]}),
        ("- " * 99 + "a", None),
    ],
)
def test_each_feature_is_read_as_pyyaml_does(parser: str, text: str, value: Any) -> None:
    if text.startswith("- - "):
        value = expected(text, parser)
    assert found(text, parser) == value == expected(text, parser)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("text", ["- " * 101 + "a", "[" * 101 + "]" * 101, "[" * 100_000, "{a: " * 3_000])
def test_what_is_nested_too_deep_is_refused(parser: str, text: str) -> None:
    assert found(text, parser) == REFUSED


def test_aliases_add_a_bounded_number_of_values() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for name, before in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    with pytest.raises(InputError, match="aliases that expand to more than 1,000,000 values") as caught:
        strict_yaml_value(bomb)
    assert caught.value.place == "line 6"


def test_aliases_may_add_more_where_more_is_written() -> None:
    shared = f"a: &a {list(range(1_000))}\nb: {list(range(110_000))}\nc:\n"
    assert len(found(shared + "- *a\n" * 1_050, "C")["c"]) == 1_050


def test_equal_keys_are_held_once() -> None:
    first, second = found("- {a name: 1}\n- {a name: 2}", "C")
    assert next(iter(first)) is next(iter(second))


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("a: {x: 1, x: 2}\nb: [", "duplicate key 'x'", "line 1"),
        ("a: 1\nb: *x", "not valid YAML: 'x' is an alias that is not defined before it", "line 2"),
        ("a: &x\n  - *x", "not valid YAML: 'x' is an alias of what it stands in", "line 2"),
        ("a: &x 1\nb: &x 2", "not valid YAML: duplicate anchor 'x'", "line 2"),
        ("? - a\n: 1", "not valid YAML: a key that is a list or a mapping", "line 1"),
        ("a: 1\n---\nb: 2", "not valid YAML: more than one document", "line 2"),
        ("\n" + "- " * 101, "not valid YAML: nested more than 100 deep", "line 2"),
    ],
)
def test_the_first_fault_is_named_with_its_line(text: str, problem: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        strict_yaml_value(text)
    assert (caught.value.problem, caught.value.place) == (problem, place)
