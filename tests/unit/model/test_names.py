"""Names and purls: one identity however it is spelled, and BadName for everything that is none."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.names import (
    BadName,
    company_id,
    extra_name,
    name_of_purl,
    named_by_file,
    namesakes_of,
    package_name,
    package_or_none,
    purl_key,
    purl_of,
    read_purl,
    releases_of_image,
    service_id,
)

LETTERS = string.ascii_letters + string.digits
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?", fullmatch=True)
SEPARATORS = st.text("-_.", min_size=1, max_size=3)
HOSTILE = st.text() | st.text("pkg:/@%?#[]=.0aA\0\n\u212a", max_size=40).map("pkg:".__add__)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Zope.Interface", "zope-interface"),
        ("zope_interface", "zope-interface"),
        ("zope-._interface", "zope-interface"),
        ("  litellm\n", "litellm"),
        ("A", "a"),
        ("2to3", "2to3"),
    ],
)
def test_package_name_is_in_normal_form(raw: str, name: str) -> None:
    assert package_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "-",
        "foo-",
        ".foo",
        "foo bar",
        "foo/bar",
        "@@",
        "<script>",
        "a\0b",
        "\u212aeras",  # the Kelvin sign, whose lower case is an ASCII k
        "reque\u017fts",  # the long s
        "\u0441ertifi",  # a Cyrillic letter
        "x" * 500 + "!",
    ],
)
def test_what_is_no_name_is_refused_in_a_short_message(raw: str) -> None:
    with pytest.raises(BadName, match="is not a valid package name") as caught:
        package_name(raw)
    assert len(str(caught.value)) < 400


@given(NAMES)
def test_package_name_is_its_own_normal_form(raw: str) -> None:
    name = package_name(raw)
    assert package_name(name) == name
    assert set(name) <= set(string.ascii_lowercase + string.digits + "-")


@given(st.lists(st.text(LETTERS, min_size=1, max_size=4), min_size=1, max_size=4), st.lists(SEPARATORS, min_size=4))
def test_spelling_does_not_matter(words: list[str], separators: list[str]) -> None:
    spelled = words[0] + "".join(s + w for s, w in zip(separators, words[1:], strict=False))
    assert package_name(spelled.upper()) == "-".join(words).lower()


@given(st.text())
def test_any_text_is_a_name_or_bad(raw: str) -> None:
    try:
        name = package_name(raw)
    except BadName:
        return
    assert name.isascii()


@pytest.mark.parametrize("raw", ["adhoc_ssl", "Adhoc.SSL", " adhoc--ssl "])
def test_extra_name_is_in_normal_form(raw: str) -> None:
    assert extra_name(raw) == "adhoc-ssl"


@pytest.mark.parametrize("constructor", [service_id, company_id])
def test_ids_are_trimmed_and_never_empty(constructor: type[str]) -> None:
    assert constructor("  Shop / checkout ") == "Shop / checkout"
    with pytest.raises(BadName, match="needs"):
        constructor(" \t")


@pytest.mark.parametrize(
    "text",
    [
        "pkg:pypi/zope.interface@5.0",
        "pkg:pypi/zope-interface@5.0",
        "pkg:pypi/Zope_Interface@5.0",
        "pkg:PYPI/zope.interface@5.0",
        "PKG:PyPI/zope.interface@5.0",
        " pkg:pypi/zope.interface@5.0 ",
        "pkg://pypi/zope.interface@5.0",
        "pkg:pypi/zope.interface@5.0?checksum=sha256:0#a/b",
    ],
)
def test_every_spelling_of_a_purl_names_one_package(text: str) -> None:
    assert name_of_purl(text) == "zope-interface"
    assert read_purl(text).version == "5.0"


@pytest.mark.parametrize("text", ["pkg:npm/%40scope/zope.interface@5", "pkg:deb/debian/python3-yaml", "pkg:generic/x"])
def test_another_ecosystem_is_not_a_python_package(text: str) -> None:
    assert name_of_purl(text) is None


@pytest.mark.parametrize(
    "text", ["pkg:pypi/%40%40", "pkg:pypi/a%2Fb@1", "pkg:pypi/a%00b", "pkg:pypi/%ff", "pkg:pypi/a@@1"]
)
def test_a_purl_without_a_package_name_is_bad(text: str) -> None:
    assert read_purl(text).type == "pypi"
    with pytest.raises(BadName, match="is not a valid package name"):
        name_of_purl(text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "pkg:", "pkg:pypi", "pkg:pypi/", "http://a/b", "pkg:pypi/a?x", "pkg://[/a", "pkg://\u2100/a", "y" * 500],
)
def test_what_is_no_purl_is_refused_in_a_short_message(text: str) -> None:
    with pytest.raises(BadName, match="is not a valid purl") as caught:
        read_purl(text)
    assert len(str(caught.value)) < 110


@given(HOSTILE)
def test_any_text_is_a_purl_or_bad(text: str) -> None:
    try:
        name = name_of_purl(text)
    except BadName:
        return
    assert name is None or name == package_name(name)


def test_a_namespace_is_not_read_past() -> None:
    with pytest.raises(BadName):
        name_of_purl("pkg:pypi/somebody/litellm@1.82.8")


@pytest.mark.parametrize("raw", ["1.0", "2.1.0+cu118", "1!2.0", "1.0rc1.post2.dev3+a.b", "2004d final", "x@y/z?#%"])
def test_a_version_survives_its_purl(raw: str) -> None:
    text = purl_of(package_name("Torch_Audio"), raw)
    assert text.startswith("pkg:pypi/torch-audio@")
    assert read_purl(text).version == raw
    assert read_purl(text).name == "torch-audio"


@pytest.mark.parametrize("written", ["pkg:pypi/torch@2.1.0+cu118", "pkg:pypi/torch@2.1.0%2Bcu118"])
def test_a_local_version_is_read_in_both_spellings(written: str) -> None:
    assert read_purl(written).version == "2.1.0+cu118"


def test_a_purl_may_have_no_version() -> None:
    assert purl_of(package_name("a")) == purl_of(package_name("a"), "") == "pkg:pypi/a"


@given(NAMES, st.from_regex(r"([0-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?(\+[a-z0-9]{1,5})?", fullmatch=True))
def test_a_release_survives_its_purl(raw: str, version: str) -> None:
    text = purl_of(package_name(raw), version)
    assert (name_of_purl(text), read_purl(text).version) == (package_name(raw), version)


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("LiteLLM-1.82.8-py3-none-any.whl", ("litellm", "1.82.8")),
        ("thing-1.0.2-2.tar.gz", ("thing", "1.0.2.post2")),
        ("thing-1.0.zip", ("thing", "1.0")),
        ("foo-2-bar-1.0.tar.gz", ("foo-2-bar", "1.0")),
        ("thing.whl", None),
        ("a-" * 200 + "1.zip", None),
        ("thing-1.0.exe", None),
        ("litellm", None),
        ("", None),
    ],
)
def test_the_name_of_a_file_names_a_release(file: str, named: tuple[str, str] | None) -> None:
    assert named_by_file(file) == named


def test_a_purl_that_cannot_be_read_may_be_any_name_in_it() -> None:
    assert "litellm" in namesakes_of("x", "npm/@scope%2FLiteLLM@1.82.8", "")
    assert "litellm" in namesakes_of("x", "pypi:litellm%3A1.82.8", "")
    assert "litellm" in namesakes_of("x", "pkg:/litellm-1.82.8-py3-none-any.whl", "")
    assert "litellm" not in namesakes_of("x", "npm/@scope%2Flitellm-proxy@1.82.8", "")
    assert namesakes_of("x", "pkg:npm/@scope%2Flitellm@1.82.8", "") == ()
    assert "litellm" in namesakes_of("litellm-1.82.8-py3-none-any.whl", "", "")


@pytest.mark.parametrize(
    ("name", "purl", "version", "named"),
    [
        ("litellm", "pkg:oci/litellm?tag=v1.82.7", "", ("litellm", "1.82.7")),
        (
            "litellm",
            "pkg:oci/LiteLLM@sha256:ab?repository_url=ghcr.io/x/litellm&tag=main-v1.82.7-stable",
            "",
            ("litellm", "1.82.7"),
        ),
        ("litellm", "pkg:oci/litellm@1.82.7", "", ("litellm", "1.82.7")),
        ("x", "pkg:docker/x/litellm@v1.82.7", "", ("litellm", "1.82.7")),
        ("ghcr.io/x/litellm:v1.82.7", "", "", ("litellm", "1.82.7")),
        ("litellm", "pkg:docker/litellm@1.82.7", "", None),
        ("litellm", "pkg:docker/library/litellm@1.82.7", "", None),
        ("litellm", "pkg:oci/litellm?repository_url=docker.io/library/litellm&tag=1.82.7", "", None),
        ("litellm", "pkg:oci/litellm@sha256:ab", "", None),
        ("litellm", "pkg:oci/litellm?tag=latest", "", None),
        ("litellm", "pkg:npm/litellm@1.82.7", "", None),
        ("litellm:1.82.7", "", "", None),
        # The version stands beside the name, or the name in the address alone.
        ("ghcr.io/x/litellm", "", "v1.82.7", ("litellm", "1.82.7")),
        ("docker://ghcr.io/x/litellm:latest@sha256:ab", "", "v1.82.7", ("litellm", "1.82.7")),
        ("x/litellm", "", "main-v1.82.7-stable", ("litellm", "1.82.7")),
        ("registry.example:5000/x/litellm@sha256:ab", "", "1.82.7", ("litellm", "1.82.7")),
        ("proxy", "pkg:oci/proxy@sha256:ab?repository_url=ghcr.io/x/litellm&tag=v1.82.7", "", ("litellm", "1.82.7")),
        ("ghcr.io/x/litellm", "pkg:oci/proxy@sha256:ab", "v1.82.7", ("litellm", "1.82.7")),
        ("@scope/litellm", "", "1.82.7", None),
        ("github.com/x/litellm", "", "v1.82.7", None),
        ("actions:x/litellm", "", "1.82.7", None),
        ("/usr/lib/litellm", "", "1.82.7", None),
        ("https://files.example:8443/a/litellm-1.82.7.exe", "", "", None),
        ("https://files.example:8443/a/litellm", "", "1.82.7", None),
    ],
)
def test_an_image_is_of_the_release_that_its_name_and_tag_say(
    name: str, purl: str, version: str, named: tuple[str, str] | None
) -> None:
    assert (named in releases_of_image(name, purl, version)) is (named is not None)
    assert ("litellm" in namesakes_of(name, purl, version)) is (named is not None)


@pytest.mark.parametrize("place", ["https://files.example:8443/a", "file:///C:/dist", "file://C:/dist"])
def test_the_address_of_a_wheel_is_no_image(place: str) -> None:
    wheel = f"{place}/litellm-1.82.7-py3-none-any.whl"
    assert releases_of_image(wheel, "", "") == ()
    assert "litellm" in namesakes_of(wheel, "", "")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("pkg:npm/@scope%2Fname@1.0", "pkg:npm/%40scope/name"),
        ("pkg:npm/@scope%2Fname@1.0?a=b", "pkg:npm/%40scope/name"),
        ("pkg:npm/foo@1?x=%zz&y", "pkg:npm/foo"),
        ("npm/Foo@1", "npm/foo@1"),
        ("pkg:pypi/@", "pkg:pypi/%40"),
        (" pkg:npm ", "pkg:npm"),
    ],
)
def test_the_key_of_a_purl_is_never_a_part_of_a_broken_text(text: str, key: str) -> None:
    assert purl_key(text) == key


@pytest.mark.parametrize(
    ("name", "purl", "found"),
    [
        ("x", "pkg:pypi/litellm==1.82.8", {"litellm", "x"}),
        ("x", "pkg:pypi/%40litellm@1", {"litellm", "x"}),
        ("x", "litellm", {"litellm", "x"}),
        ("x", "pypi:litellm@1", {"litellm", "x"}),
        ("pypi", "", {"pypi"}),
        ("x", "pkg:npm/litellm@1", set()),
        ("x", "pkg:conda/litellm@1", {"litellm", "x"}),
    ],
)
def test_a_purl_that_cannot_be_read_may_be_of_any_package_that_it_names(name: str, purl: str, found: set[str]) -> None:
    assert found <= {*namesakes_of(name, purl, "")}
    assert "pkg" not in namesakes_of(name, purl, "")


@pytest.mark.parametrize(("raw", "name"), [("Zope.Interface", "zope-interface"), ("", None), ("not a name", None)])
def test_a_text_that_is_no_name_is_no_package(raw: str, name: str | None) -> None:
    assert package_or_none(raw) == name
