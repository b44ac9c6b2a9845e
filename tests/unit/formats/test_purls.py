"""Purls as tools write them, right and wrong."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.purls import Identity, another_version, identity_of
from graphkit.model.names import package_name


def read(purl: str, version: str = "") -> tuple[Identity, list[str], bool]:
    diagnostics = Diagnostics()
    found = identity_of(purl, version, diagnostics, "row")
    return found, [problem.text for problem in diagnostics.problems], diagnostics.lost


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:pypi/litellm@1.82.8",
        "pkg:PYPI/LiteLLM@1.82.8",
        "PKG:pypi/litellm@1.82.8",
        "pkg://pypi/litellm@1.82.8",
        "pkg:///pypi//litellm@1.82.8",
        "pkg:pypi/litellm/@1.82.8",
        "pkg:pypi/litellm@1.82.8?",
        "pkg:pypi/litellm@1.82.8?package-id=0123456789abcdef",
        "pkg:pypi/litellm@1.82.8?file_name=litellm-1.82.8-py3-none-any.whl#litellm",
        "pkg:pypi/litellm@1.82.8%20",
        "  pkg:pypi/litellm@1.82.8\n",
    ],
)
def test_every_spelling_of_a_purl_is_one_release(purl: str) -> None:
    assert read(purl.strip()) == (Identity(package=package_name("litellm"), version="1.82.8"), [], False)


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:pypi/litellm@1.82.8/",
        "pkg:pypi/litellm%401.82.8",
        "pkg:pypi/litellm%40%401.82.8",
        "pkg:pypi/litellm%2540%25401.82.8",
        "pkg:pypi/litellm@@1.82.8",
        "pkg:pypi/litellm[proxy]@1.82.8",
        "pkg:pypi/litellm%5Bproxy,extra_proxy%5D@1.82.8",
        "pkg:pypi/litellm@1%252E82%252E8",
        "pkg:pypi/litellm@1.82.8?x",
    ],
)
def test_what_tools_get_wrong_is_read_through_and_noted(purl: str) -> None:
    found, texts, lost = read(purl)
    assert found == Identity(package=package_name("litellm"), version="1.82.8")
    assert len(texts) == 1
    assert repr(purl) in texts[0]
    assert not lost


def test_a_local_version_is_read_however_often_it_was_encoded() -> None:
    for written in ("+", "%2B", "%252B"):
        assert read(f"pkg:pypi/torch@2.1.0{written}cu118")[0].version == "2.1.0+cu118"


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:pypi/berriai/litellm@1.82.8",
        "pkg:pypi/litellm==1.82.8",
        "pkg:pypi/lite llm@1.82.8",
        "pkg:pypi/[proxy]@1.82.8",
        "pkg:pypi/%40@1.82.8",
        "pypi/litellm@1.82.8",
        "pkg:pypi\\litellm@1.82.8",
        "litellm",
        "pkg:?x",
    ],
)
def test_what_names_no_package_loses_the_row_and_says_so(purl: str) -> None:
    found, texts, lost = read(purl, "1.82.8")
    assert found == Identity(version="1.82.8")
    assert lost
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("purl", "version"),
    [
        ("pkg:npm/%40scope/x@1.0.0", "1.0.0"),
        ("pkg:npm/@scope/x@1.0.0", "1.0.0"),
        ("pkg:npm/@scope/x", ""),
        ("pkg:npm/x", ""),
        ("pkg:maven/org.a/b@1.0?type=jar", "1.0"),
        ("pkg:oci/app@sha256%3Aaa?tag=a@b", "sha256:aa"),
        ("pkg:npm/x@1#a@b", "1"),
    ],
)
def test_a_row_without_a_version_has_that_of_its_purl(purl: str, version: str) -> None:
    assert read(purl) == (Identity(version=version), [], False)
    assert read(purl, "2") == (Identity(version="2"), [], False)


@pytest.mark.parametrize(
    "text",
    [
        "pkg:" + "/" * 100_000,
        "pkg:npm/" + "a/" * 100_000,
        "pkg:npm/" + "@" * 100_000,
        "pkg:pypi/" + "a@" * 50_000,
        "pkg:pypi/" + "[" * 100_000,
        "pkg:pypi/a" + " " * 100_000 + "]@1",
        "pkg:pypi/a@" + "%" * 100_000,
    ],
)
def test_no_purl_takes_long(text: str) -> None:
    started = time.process_time()
    read(text + " !")
    read(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:generic/litellm@1.82.8",
        "pkg:conda/litellm@1.82.8",
        "pkg:github/BerriAI/litellm@v1.82.8",
        "pkg:deb/debian/python3-litellm@1.82.8-1?arch=all",
        "pkg:npm/litellm@1.82.8",
        "pkg:NPM/litellm@1.82.8",
        "pkg:oci/litellm@sha256%3A00?tag=v1.82.8",
    ],
)
def test_the_same_name_elsewhere_is_never_guessed_equal(purl: str) -> None:
    assert read(purl, "1.82.8") == (Identity(version="1.82.8"), [], False)


@pytest.mark.parametrize(
    ("written", "named", "text", "other"),
    [
        ("1.82.8", "1.82.6", "'1.82.8', but its purl says '1.82.6'; either may be meant", "1.82.8"),
        ("1.82.8", ">=1.80", "'1.82.8', but its purl says '>=1.80'; either may be meant", "1.82.8"),
        ("latest", "1.82.6", "'latest', but its purl says '1.82.6'; which is kept", ""),
    ],
)
def test_two_versions_of_one_row_are_a_contradiction(written: str, named: str, text: str, other: str) -> None:
    found, texts, lost = read(f"pkg:pypi/litellm@{named}", written)
    assert (found.version, texts, another_version(found, written)) == (named, [text], other)
    assert lost is not bool(other)


def test_one_version_in_two_spellings_is_none() -> None:
    for purl, written in (("pkg:pypi/a@1.82.8", "v1.82.8.0"), ("pkg:npm/a@1.82.8", "1"), ("pkg:pypi/a", " 1 ")):
        found, texts, lost = read(purl, written)
        assert (texts, lost, another_version(found, written)) == ([], False, "")


@given(st.text(st.sampled_from("pkg:yi/litem@1.82?#%=&[]405B \n\ud800é"), max_size=30))
def test_any_text_has_an_identity(rest: str) -> None:
    for purl in (rest, f"pkg:pypi/{rest}", f"pkg:pypi/litellm@{rest}"):
        found, _, lost = read(purl)
        assert found.package or not found.origin
        assert lost or found.package or not purl.startswith("pkg:pypi/")


@pytest.mark.parametrize("file", ["litellm-1.82.8-py3-none-any.whl", "litellm-1.82.8.tar.gz"])
def test_the_name_of_a_file_is_read_as_that_file(file: str) -> None:
    found, problems, lost = read(f"pkg:pypi/{file}")
    assert found == Identity(package=package_name("litellm"), version="1.82.8")
    assert (len(problems), lost) == (1, False)
    assert read("pkg:pypi/litellm.zip@1.0")[0].package == "litellm-zip"
