"""Requirements: equal ones are equal values, and the unreadable keep their edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.names import BadName, package_name
from graphkit.model.requirements import Requirement, requirement

NAMES = st.from_regex(r"[A-Za-z]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
EXTRAS = st.lists(NAMES, max_size=3).map(lambda names: f"[{', '.join(names)}]" if names else "")
CLAUSES = st.builds(
    "{}{}".format,
    st.sampled_from(["<", "<=", ">", ">=", "!=", "==", "~="]),
    st.sampled_from(["1.0", "2.1.3", "1!2.0", "3.0rc1"]),
) | st.sampled_from(["==1.*", "!=2.0.*", "===odd"])
SPECIFIERS = st.lists(CLAUSES, max_size=3).map(",".join)
MARKERS = st.sampled_from(
    [
        "",
        "; python_version < '3.9'",
        ' ; extra == "Some_Extra"',
        "; (os_name=='nt' or sys_platform=='linux') and extra=='a'",
    ]
)
READABLE = st.tuples(NAMES, EXTRAS, SPECIFIERS, MARKERS).map("".join)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("LiteLLM", "litellm"),
        ("litellm >=1.37 , <2", "litellm<2,>=1.37"),
        ("litellm (<2,>=1.37)", "litellm<2,>=1.37"),  # the form of PEP 314 metadata
        ("litellm[proxy,Extra_Proxy,proxy]", "litellm[extra-proxy,proxy]"),
        ("litellm[ ]", "litellm"),
        ("a;python_version<'3'", 'a ; python_version < "3"'),
        ("a ; extra == 'B_c'", 'a ; extra == "b-c"'),
        ("a @ file:///b.whl", "a @ file:///b.whl"),
        ("a[b] @ git+https://x.example/r@v1 ; os_name=='nt'", 'a[b] @ git+https://x.example/r@v1 ; os_name == "nt"'),
        ("a===1.0-odd", "a===1.0-odd"),
        ("a==1.0+cu118", "a==1.0+cu118"),
    ],
)
def test_normal_text(raw: str, shown: str) -> None:
    read = requirement(raw)
    assert str(read) == shown
    assert not read.unreadable


@pytest.mark.parametrize(
    ("raw", "extras"),
    [
        ("foo>=1.0.*", ()),
        ("foo (>=1.0.*)", ()),
        ("foo<=2.*", ()),
        ("foo>dev", ()),
        ("foo ~=1", ()),
        ("foo>=1,<", ()),
        ("foo bar", ()),
        ("foo[", ()),
        ("foo; python_version >", ()),
        ("foo; nonsense == '1'", ()),
        ("foo[A_b, c]>=1.0.*", ("a-b", "c")),
        (" Foo [a,,a] >=junk ", ("a",)),
    ],
)
def test_the_unreadable_keeps_name_extras_and_text(raw: str, extras: tuple[str, ...]) -> None:
    read = requirement(raw)
    assert (read.package, read.extras, read.unreadable) == ("foo", extras, raw.strip())
    assert (read.specifier, read.marker, read.url) == ("", "", "")
    assert str(read) == raw.strip()


@pytest.mark.parametrize("raw", ["", " ", "# comment", "-e .", "-r other.txt", "./local", "@ x", "[extra]", "=" * 500])
def test_without_a_name_it_is_bad(raw: str) -> None:
    with pytest.raises(BadName, match="is not a valid requirement") as caught:
        requirement(raw)
    assert len(str(caught.value)) < 130


def test_a_name_that_ends_oddly_is_bad() -> None:
    with pytest.raises(BadName, match="is not a valid package name"):
        requirement("foo_")


@pytest.mark.parametrize(
    "raw", ["https://x.example/a-1.0-py3-none-any.whl", "git+https://x.example/a.git", "file:///a.whl"]
)
def test_a_bare_url_names_no_package(raw: str) -> None:
    with pytest.raises(BadName):
        requirement(raw)


def test_deep_markers_are_unreadable() -> None:
    raw = "foo; " + "(" * 5_000 + "os_name == 'nt'" + ")" * 5_000
    assert requirement(raw).unreadable == raw


@given(READABLE)
def test_the_normal_text_reads_as_itself(raw: str) -> None:
    read = requirement(raw)
    assert not read.unreadable
    assert requirement(str(read)) == read
    assert hash(requirement(str(read))) == hash(read)


@given(NAMES, st.permutations([">=1", "<2", "!=1.5"]), st.permutations(["a", "B_b", "c"]))
def test_the_order_of_parts_does_not_matter(name: str, clauses: list[str], extras: list[str]) -> None:
    spelled = requirement(f"{name.upper()}[{','.join(extras)}] ({' , '.join(clauses)})")
    assert spelled == requirement(f"{package_name(name)}[a,b-b,c]<2,>=1,!=1.5")


@given(st.text(max_size=60) | st.tuples(NAMES, st.text("[](),;<>=!~@ .*'\"0aA\n\0", max_size=30)).map("".join))
def test_any_text_is_a_requirement_or_bad(raw: str) -> None:
    try:
        read = requirement(raw)
    except BadName:
        return
    assert read.package == package_name(read.package)
    assert not (read.unreadable and (read.specifier or read.marker or read.url))


def test_requirements_sort_by_package_first() -> None:
    assert sorted(map(requirement, ["b", "a>=2", "a[x]", "a"])) == [
        requirement("a"),
        requirement("a>=2"),
        requirement("a[x]"),
        Requirement(package=package_name("b")),
    ]
