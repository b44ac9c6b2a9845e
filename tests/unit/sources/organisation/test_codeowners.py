from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.sources.organisation.codeowners import Host, Owners, parse

# After the examples of GitHub's page on code owners.
GITHUB = """\
# a comment
*       @all @everyone

*.js    @js #inline
*.go docs@acme.example
*.txt @acme/texts  # two words
/build/logs/ @logs
docs/* @flat
apps/ @apps
/docs/ @docs
**/logs @anylogs
/apps/github
path\\ with\\ spaces/ @spaces
"""
# After the examples of GitLab's page.
GITLAB = """\
* @general

[Documentation][2] @docs-team
docs/
README.md
*.txt

^[Database] @database-team
model/db/
config/db/setup.md @docs-team @@maintainer

[DOCUMENTATION]
late.md @acme/docs/late
"""


def read(text: str, host: Host | None = None) -> Owners:
    return parse(text.encode(), host)


def matches(pattern: str, path: str, host: Host = Host.GITHUB) -> bool:
    owners = read(f"{pattern} @x\n", host)
    assert owners.problems == ()
    return owners.owners_of(path) == ("@x",)


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a/b.py", ("@all", "@everyone")),
        ("/a/b.py", ("@all", "@everyone")),
        ("./x.js", ("@js",)),
        ("deep/down/x.js", ("@js",)),
        ("x.go", ("docs@acme.example",)),
        ("x.txt", ("@acme/texts",)),
        ("build/logs/x.txt", ("@anylogs",)),
        ("docs/x.txt", ("@docs",)),
        ("docs/deep/x", ("@docs",)),
        ("sub/docs/x", ("@all", "@everyone")),
        ("sub/apps/x", ("@apps",)),
        ("sub/logs", ("@anylogs",)),
        ("apps/github", ()),
        ("apps/github/x.js", ()),
        ("apps/githubs", ("@apps",)),
        ("a/path with spaces/x", ("@spaces",)),
        ("", ()),
        ("/", ()),
    ],
)
def test_the_last_line_that_matches_holds(path: str, owners: tuple[str, ...]) -> None:
    file = read(GITHUB)
    assert (file.host, file.problems) == (Host.GITHUB, ())
    assert file.owners_of(path) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.py", ("@general",)),
        ("docs/deep/x.py", ("@general", "@docs-team")),
        ("sub/README.md", ("@general", "@docs-team")),
        ("x/model/db/y", ("@general", "@database-team")),
        ("config/db/setup.md", ("@general", "@docs-team", "@@maintainer")),
        ("model/db/a.txt", ("@general", "@docs-team", "@database-team")),
        ("docs/late.md", ("@general", "@acme/docs/late")),
    ],
)
def test_each_section_answers_by_itself(path: str, owners: tuple[str, ...]) -> None:
    file = read(GITLAB)
    assert (file.host, file.problems) == (Host.GITLAB, ())
    assert [name for name, _ in file.sections] == ["", "Documentation", "Database"]
    assert file.owners_of(path) == owners


@pytest.mark.parametrize(
    ("pattern", "path", "github", "gitlab"),
    [
        ("docs", "a/docs", True, True),
        ("docs", "a/docs/x", True, False),
        ("docs/", "a/docs/b/x", True, True),
        ("docs/", "docs", False, False),
        ("a/docs", "x/a/docs", False, True),
        ("/a/docs", "x/a/docs", False, False),
        ("docs/*", "docs/x", True, True),
        ("docs/*", "docs/a/x", False, False),
        ("docs/*.md", "docs/x.md", True, True),
        ("/docs/**/*.md", "docs/x.md", True, True),
        ("/docs/**/*.md", "docs/a/b/x.md", True, True),
        ("docs/**", "docs/a/b", True, True),
        ("docs/**", "docs", False, False),
        ("**", "a/b", True, True),
        ("**/", "a/b", True, True),
        ("**/", "a", False, False),
        ("*", "a/.b", True, True),
        ("/*", "a", True, True),
        ("/*", "a/b", False, False),
        ("a**b", "axxb", True, True),
        ("a**b", "ax/xb", False, False),
        ("?.py", "a.py", True, True),
        ("?.py", "ab.py", False, False),
        ("A.py", "a.py", False, False),
        ("\\*.py", "*.py", True, True),
        ("\\*.py", "a.py", False, False),
        ("\\#x", "#x", True, True),
        ("x#y", "x#y", True, True),
        ("\\[id\\].ts", "[id].ts", True, True),
        ("a\\\\b", "a\\b", True, True),
        ("**/a/**/b/**/c", "a/x/b/a/b/y/c", True, True),
        ("**/a/**/b/**/c", "b/a/c", False, False),
    ],
)
def test_patterns_mean_what_the_hosts_say(pattern: str, path: str, github: object, gitlab: object) -> None:
    assert matches(pattern, path, Host.GITHUB) is github
    assert matches(pattern, path, Host.GITLAB) is gitlab


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("!*.py @x", "negated"),
        ("[a-z].py @x", "ranges"),
        ("x[a-z].py @x", "ranges"),
        ("x//y @x", "matches no file"),
        ("/ @x", "matches no file"),
        ("\\", "not a valid pattern"),
        ("*.py bob", "neither @user"),
        ("*.py @", "neither @user"),
        ("y" * 5_000 + " @x", "longer"),
    ],
)
def test_a_line_that_cannot_be_used_is_a_problem_and_the_rest_holds(line: str, word: str) -> None:
    file = read(f"* @first\n{line}\n/last @last\n")
    assert {problem.place for problem in file.problems} == {"line 2"}
    assert word in file.problems[0].text
    assert all(len(problem.text) < 200 for problem in file.problems)
    assert file.owners_of("a.py") == ("@first",)
    assert file.owners_of("last") == ("@last",)


def test_an_owner_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    file = read("*.py bob @x a@b@c\n")
    assert [problem.place for problem in file.problems] == ["line 1", "line 1"]
    assert file.owners_of("a.py") == ("@x",)


def test_sections_are_gitlabs_alone() -> None:
    assert [one.place for one in read("[A] @a\nx @x\n", Host.GITHUB).problems] == ["line 1"]
    assert read("a/b @x\n", Host.GITLAB).owners_of("c/a/b") == ("@x",)
    assert read("^[A]\nx\n").owners_of("x") == ()
    assert [one.place for one in read("[A] all\nx\n[B\n").problems] == ["line 1", "line 3"]


def test_line_ends_a_byte_order_mark_and_bad_bytes_are_borne() -> None:
    file = parse(b"\xef\xbb\xbf*.py @x\r\n\r\n\xff @y\r\n/z @z\t@w\r\n")
    assert [problem.place for problem in file.problems] == ["line 3"]
    assert (file.owners_of("a.py"), file.owners_of("z")) == (("@x",), ("@z", "@w"))
    assert parse(b"").owners_of("a") == ()


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 1_000 + "*b", "a" * 4_000),
        ("?*" * 1_000 + "b", "a" * 4_000),
        ("**/a/" * 500 + "b", "a/" * 2_000),
        ("**/*a*a*a*a/" * 80 + "b", "aaaaaaa/" * 500),
        ("*" * 4_000 + "b", "a" * 4_000),
        ("**/" * 1_000 + "b", "a/" * 2_000),
        ("\\" * 4_000 + "b", "\\" * 4_000),
    ],
)
def test_hostile_patterns_and_paths_stay_bounded(pattern: str, path: str) -> None:
    start = time.perf_counter()
    for host in Host:
        assert read(f"{pattern} @x\n", host).owners_of(path) == ()
    assert read("* @x\n").owners_of("a" * 5_000) == ()
    assert time.perf_counter() - start < 3


def test_hostile_lines_stay_bounded() -> None:
    start = time.perf_counter()
    for line in (
        "[" * 100_000,
        "[a" * 50_000,
        "[a]" + " " * 100_000 + "\v]",
        "\\ " * 50_000,
        "@" * 100_000,
        "x " * 50_000,
    ):
        file = read(f"{line}\n* @x\n")
        assert file.owners_of("a") == ("@x",)
    assert time.perf_counter() - start < 3


def plainly(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Say by plain recursion whether parts match; slow, and clearly right."""

    @cache
    def one(glob: str, text: str) -> bool:
        if not glob:
            return not text
        if glob[0] == "*":
            return one(glob[1:], text) or bool(text and one(glob, text[1:]))
        return bool(text) and glob[0] in {"?", text[0]} and one(glob[1:], text[1:])

    if not pattern:
        return not path
    if pattern[0] == "**":
        return plainly(pattern[1:], path) or bool(path and plainly(pattern, path[1:]))
    return bool(path) and one(pattern[0], path[0]) and plainly(pattern[1:], path[1:])


PARTS = st.lists(st.sampled_from(["**", "*", "a", "b", "a*", "*b", "?", "*a*b", "a?b*"]), min_size=1, max_size=5)
PATHS = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6)


@given(PARTS, PATHS)
def test_matching_agrees_with_plain_recursion(parts: list[str], path: list[str]) -> None:
    meant = (*parts[:-1], "**", "*") if parts[-1] == "**" else (*parts,)
    assert matches("/" + "/".join(parts), "/".join(path), Host.GITLAB) is plainly(meant, tuple(path))


@given(st.lists(st.sampled_from(["* @a", "*.py @b", "/x/ @c", "x", "# c", "!x @d", "[S] @s", "y bob"]), max_size=8))
def test_a_line_after_all_others_holds_and_comments_change_nothing(lines: list[str]) -> None:
    text = "\n".join(lines)
    host = read(text).host
    with_comments = "\n".join(f"{line}  # why\n\n# c" if "@" in line else line for line in lines)
    for path in ("a", "x/a.py", "x", "y"):
        assert read(with_comments, host).owners_of(path) == read(text, host).owners_of(path)
        assert read(text + "\n* @last\n", host).owners_of(path)[-1] == "@last"


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_are_read(data: bytes, path: str) -> None:
    file = parse(data)
    assert isinstance(file.owners_of(path), tuple)
    assert all(problem.place.startswith("line ") for problem in file.problems)
