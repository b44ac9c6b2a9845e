from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.aliases import Aliases, PackageAlias
from graphkit.model.answers import Step
from graphkit.model.documents import Basis, Component, Document, DocumentKind
from graphkit.model.incidents import AccusedFile, CompromisedFile, CompromisedRelease, FileHash, Incident, Undecided
from graphkit.model.names import package_name, purl_of
from graphkit.model.organisation import Organisation
from graphkit.model.ranks import Verdict
from graphkit.trace.case import resolve
from graphkit.trace.evidence import accusation

BAD = package_name("litellm")
BAD_HASH, GOOD_HASH, OTHER_HASH = "b" * 64, "a" * 64, "c" * 64
LOCK = Document(sha256="d" * 64, path="a.lock", kind=DocumentKind.LOCK, format="x", basis=Basis.LOCKED)
OBSERVED, ADMITTED, UNKNOWN = Verdict.OBSERVED, Verdict.ADMITTED, Verdict.UNKNOWN
ELSE = None


def release(version: str = "1.82.8", *files: CompromisedFile, whole: bool = True) -> CompromisedRelease:
    purl = purl_of(BAD, version)
    return CompromisedRelease(purl=purl, package=BAD, version=version, files=files, whole=whole)


def record(*releases: CompromisedRelease, **more: Any) -> Incident:
    return Incident(id="X", title="x", releases=releases, **more)


def accuse(
    incident: Incident, organisation: Organisation | None = None, good: frozenset[str] = frozenset()
) -> accusation.Accusation:
    (case,) = resolve([incident], ["X"], None, lambda _: ())
    return accusation.accuse(case, organisation or Organisation(), lambda _name, _key: good)


def row(version: str = "", name: str = "litellm", **more: Any) -> Component:
    return Component(ref="r", name=name, version=version, **more)


def python(version: str = "", **more: Any) -> Component:
    return row(version, package=BAD, purl=purl_of(BAD, version or None), **more)


def said(one: Component, accused: accusation.Accusation) -> Verdict | None:
    return accusation.test_row(one, LOCK, accused).verdict


WHOLE = record(release("1.82.8", CompromisedFile(filename="x.whl", sha256=BAD_HASH)))
MIXED = record(release("1.82.8", CompromisedFile(filename="x.tar.gz", sha256=BAD_HASH), whole=False))


@pytest.mark.parametrize(
    ("hashes", "whole", "mixed"),
    [
        ((), OBSERVED, ADMITTED),
        ((BAD_HASH,), OBSERVED, OBSERVED),
        ((OTHER_HASH,), OBSERVED, UNKNOWN),
        ((GOOD_HASH,), OBSERVED, ELSE),
        ((GOOD_HASH, OTHER_HASH), OBSERVED, UNKNOWN),
        ((GOOD_HASH, BAD_HASH), OBSERVED, ADMITTED),
    ],
)
def test_only_the_hash_of_a_file_known_to_be_good_rules_a_match_out(
    hashes: tuple[str, ...], whole: Verdict, mixed: Verdict | None
) -> None:
    pages = frozenset({GOOD_HASH, BAD_HASH})
    assert said(python("1.82.8", sha256=hashes), accuse(WHOLE, good=pages)) is whole
    assert said(python("1.82.8", sha256=hashes), accuse(MIXED, good=pages)) is mixed


def test_a_release_of_which_all_files_are_accused_is_named_whatever_the_hash() -> None:
    found = accusation.test_row(python("1.82.8", sha256=(OTHER_HASH,)), LOCK, accuse(WHOLE))
    assert (found.verdict, found.basis, found.shown) == (OBSERVED, Basis.LOCKED, frozenset({(BAD, "1.82.8")}))
    assert found.reason == "with a hash that is none of the known bad files'"


def test_without_pages_no_hash_is_good() -> None:
    assert said(python("1.82.8", sha256=(GOOD_HASH,)), accuse(MIXED)) is UNKNOWN


def test_a_bad_file_of_unknown_hash_may_be_any_other_file_of_the_release() -> None:
    some = record(release("1.82.8", CompromisedFile(filename="x.tar.gz"), whole=False))
    assert said(python("1.82.8", sha256=(GOOD_HASH,)), accuse(some, good=frozenset({GOOD_HASH}))) is UNKNOWN


def test_a_bad_file_under_any_name_is_observed() -> None:
    accused = accuse(WHOLE)
    found = accusation.test_row(row("1", name="thing", sha256=(BAD_HASH,)), LOCK, accused)
    assert (found.verdict, found.basis, found.shown) == (OBSERVED, Basis.HASH, frozenset({(BAD, "1.82.8")}))
    assert said(row("1", name="thing", members=(BAD_HASH,)), accused) is OBSERVED
    assert said(row("1", name="thing", sha256=(OTHER_HASH,)), accused) is ELSE


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("1.82.8", OBSERVED),
        ("1.82.8.0", OBSERVED),
        ("1.82.6", ELSE),
        ("1.82.8+acme", UNKNOWN),
        ("1.82.6+acme", ELSE),
        ("", UNKNOWN),
        ("latest", UNKNOWN),
    ],
)
def test_versions_of_an_accused_package(version: str, verdict: Verdict | None) -> None:
    assert said(python(version), accuse(WHOLE)) is verdict
    ranged = record(ranges=((BAD, ">=1.82.7,<=1.82.8"),), advisory=True)
    assert said(python(version), accuse(ranged)) is verdict


def test_a_version_in_a_range_that_no_page_has_is_observed() -> None:
    found = accusation.test_row(python("1.82.7.1"), LOCK, accuse(record(ranges=((BAD, ">=1.82.7,<=1.82.8"),))))
    assert (found.verdict, found.basis, found.shown) == (OBSERVED, Basis.LOCKED, frozenset({(BAD, "1.82.7.1")}))


@pytest.mark.parametrize("version", ["1.0", "2004d-final", "", "1.0+acme"])
def test_where_every_version_is_accused_any_row_is_observed(version: str) -> None:
    assert said(python(version), accuse(record(every=("pkg:pypi/litellm",)))) is OBSERVED


def test_an_open_package_is_unknown_and_never_exposed() -> None:
    doubt = Undecided(package=BAD, name="litellm", why="commits decide nothing")
    accused = accuse(record(release("1.82.8"), undecided=(doubt,)))
    assert said(python("1.82.8"), accused) is OBSERVED
    found = accusation.test_row(python("1.0"), LOCK, accused)
    assert (found.verdict, "commits decide nothing" in found.reason) == (UNKNOWN, True)
    assert said(row("1.0", purl="pkg:conda/litellm@1.0"), accused) is UNKNOWN
    assert said(row("1.0", purl="pkg:npm/litellm@1.0"), accused) is ELSE


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (row("1.82.8"), UNKNOWN),
        (row("1.82.6"), ELSE),
        (row("1.82.8", purl="pkg:conda/litellm@1.82.8"), UNKNOWN),
        (row("1.82.8", purl="pkg:generic/litellm@1.82.8"), UNKNOWN),
        (row("1.82.8", purl="pkg:npm/litellm@1.82.8"), ELSE),
        (row("1.82.8", purl="pkg:github/acme/litellm@1.82.8"), UNKNOWN),
        (row("1.82.6", purl="pkg:github/acme/litellm@1.82.6"), ELSE),
        (row("", purl="pkg:github/acme/litellm@main"), ELSE),
        (row("1.82.8", purl="pkg:githubactions/acme/litellm@1.82.8"), ELSE),
        (row("1.82.8", purl="pkg:pypi/acme/litellm@1.82.8"), UNKNOWN),
        (row("1.82.8", name="x", purl="pkg:pypi/%40acme%2FLiteLLM@1.82.8"), UNKNOWN),
        (row("1.82.8", name="x", purl="pypi:LiteLLM:1.82.8"), UNKNOWN),
        (row("", name="litellm-1.82.8-py3-none-any.whl"), OBSERVED),
        (row("", name="litellm-1.82.6-py3-none-any.whl"), ELSE),
        (row("", name="litellm-1.82.8+acme-py3-none-any.whl"), UNKNOWN),
        (row("", name="litellm-1.82.8+acme-py3-none-any.whl", purl="pkg:generic/x"), UNKNOWN),
        (row("", name="litellm-1.82.8.tar.gz"), UNKNOWN),
        (row("", name="litellm-1.82.6.tar.gz"), ELSE),
        (row("", name="./vendor/LITELLM-1.82.8.TAR.GZ"), UNKNOWN),
        (row("", name="./vendor/litellm-1.82.6.tar.gz"), ELSE),
        (
            row(
                name="litellm-1.82.8-py3-none-any.whl",
                package=package_name("litellm-1.82.8-py3-none-any.whl"),
                purl="pkg:pypi/litellm-1.82.8-py3-none-any.whl",
            ),
            OBSERVED,
        ),
        (row("", name="litellm-1.82.8-py3-none-any.whl", purl="pkg:generic/litellm-1.82.8-py3-none-any.whl"), UNKNOWN),
    ],
)
def test_a_row_that_may_be_it_by_name_purl_or_file_name_is_not_another_package(
    one: Component, verdict: Verdict | None
) -> None:
    assert said(one, accuse(WHOLE)) is verdict


NPM = CompromisedRelease(purl="pkg:npm/%40scope/name@1.0", package=None, version="1.0")


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (row("1.0", name="@scope/name", purl="pkg:npm/%40scope/name@1.0"), OBSERVED),
        (row("1.0", name="@scope/name", purl="pkg:npm/@scope%2Fname@1.0"), OBSERVED),
        (row("1.0", name="@scope/name", purl="npm/@scope%2Fname@1.0"), UNKNOWN),
        (row("1.0", name="x", purl="pkg:@Scope%252Fname@1.0"), UNKNOWN),
        (row("1.0", name="@scope/name"), UNKNOWN),
        (row("2.0", name="@scope/name"), ELSE),
        (row("1.0", name="@scope/names", purl="pkg:npm/@scope%2Fnames@1.0"), ELSE),
        (row("", name="@scope/name", purl="pkg:npm/%40scope/name"), UNKNOWN),
        (row("latest", name="@scope/name", purl="pkg:npm/%40scope/name"), UNKNOWN),
        (row("1.0", name="other"), ELSE),
        (row("1.0", name="@scope/name", purl="pkg:pypi/name@1.0", package=package_name("name")), ELSE),
    ],
)
def test_a_purl_that_cannot_be_read_may_be_anything_of_that_name(one: Component, verdict: Verdict | None) -> None:
    assert said(one, accuse(record(NPM))) is verdict


def test_packages_elsewhere_may_be_accused_whole_or_open() -> None:
    evil = row("1.0.0", name="evil-js", purl="pkg:npm/evil-js@1.0.0")
    bare = row("1.0.0", name="evil-js")
    whole = accuse(record(every=("pkg:npm/evil-js",)))
    assert (said(evil, whole), said(bare, whole)) == (OBSERVED, UNKNOWN)
    doubt = Undecided(purl="pkg:npm/evil-js", name="evil-js", why="order")
    half = accuse(record(release(), undecided=(doubt,)))
    assert (said(evil, half), said(bare, half)) == (UNKNOWN, UNKNOWN)
    assert said(row("1", name="good-js", purl="pkg:npm/good-js@1"), half) is ELSE


def test_a_name_without_an_ecosystem_leaves_rows_of_that_name_open() -> None:
    accused = accuse(record(release(), undecided=(Undecided(name="Evil_Lib", why="no ecosystem"),)))
    assert said(row("1", name="evil_lib", purl="pkg:npm/evil_lib@1"), accused) is UNKNOWN
    assert said(row("1", name="evil-lib", package=package_name("evil-lib")), accused) is UNKNOWN
    assert said(row("1", name="lib", purl="pkg:npm/lib@1"), accused) is ELSE


def hash_only(**more: Any) -> accusation.Accusation:
    file = AccusedFile(hashes=(FileHash("sha256", BAD_HASH),), is_alone=True, **more)
    return accuse(record(files=(file,)))


def test_a_file_accused_by_hash_alone_is_told_from_others_by_a_hash_only() -> None:
    accused = hash_only(package=BAD)
    assert said(python("1.0", sha256=(BAD_HASH,)), accused) is OBSERVED
    assert said(python("1.0", sha256=(OTHER_HASH,)), accused) is ELSE
    assert said(python("1.0"), accused) is UNKNOWN
    assert said(python("1.0", members=(OTHER_HASH,)), accused) is UNKNOWN
    assert said(row("1.0"), accused) is UNKNOWN
    assert said(row("1.0", name="six", package=package_name("six")), accused) is ELSE


def test_where_no_package_is_named_every_row_needs_a_hash() -> None:
    accused = hash_only()
    assert said(row("1.0", name="six", package=package_name("six")), accused) is UNKNOWN
    assert said(row("1.0", name="six", package=package_name("six"), sha256=(OTHER_HASH,)), accused) is ELSE
    elsewhere = hash_only(purl="pkg:npm/evil-js")
    assert said(row("1", name="evil-js", purl="pkg:npm/evil-js@1"), elsewhere) is UNKNOWN
    assert said(row("1", name="evil-js"), elsewhere) is UNKNOWN
    assert said(row("1", name="good-js", purl="pkg:npm/good-js@1"), elsewhere) is ELSE


def test_a_hash_of_another_algorithm_settles_nothing() -> None:
    file = AccusedFile(hashes=(FileHash("sha1", "e" * 40),), package=BAD, is_alone=True)
    found = accusation.test_row(python("1.0", sha256=(OTHER_HASH,)), LOCK, accuse(record(files=(file,))))
    assert (found.verdict, "sha1" in found.reason) == (UNKNOWN, True)


def test_indicators_beside_releases_expose_and_open_nothing() -> None:
    file = AccusedFile(hashes=(FileHash("sha256", BAD_HASH),), package=BAD)
    accused = accuse(record(release(), files=(file,)))
    assert said(python("1.0", sha256=(BAD_HASH,)), accused) is OBSERVED
    assert said(python("1.0"), accused) is ELSE


@pytest.mark.parametrize(
    "address",
    [
        "https://p.example/simple",
        "HTTPS://P.Example/simple/",
        "https://p.example:443/simple/",
        "https://user:secret@P.EXAMPLE/simple",
        "https://p.example./simple//",
    ],
)
def test_a_private_index_is_one_in_every_spelling(address: str) -> None:
    accused = accuse(WHOLE, Organisation(private_indexes=("https://P.example/simple/",)))
    assert said(python("1.82.8", index=address), accused) is UNKNOWN


@pytest.mark.parametrize(
    "address",
    [
        "https://p.example/Simple",
        "https://p.example:8443/simple",
        "http://p.example/simple",
        "https://q.example/simple",
        "",
    ],
)
def test_another_index_is_not_it(address: str) -> None:
    accused = accuse(WHOLE, Organisation(private_indexes=("https://P.example/simple/",)))
    assert said(python("1.82.8", index=address), accused) is OBSERVED


@pytest.mark.parametrize(
    "address", ["https://[::1", "https://p.example:port/simple", "not an address", "/local/index/"]
)
def test_an_address_that_is_none_is_compared_as_text(address: str) -> None:
    assert accusation.same_index(f" {address}/ ") == address.rstrip("/")


def test_the_worst_test_of_a_row_counts() -> None:
    file = AccusedFile(hashes=(FileHash("sha256", BAD_HASH),), package=BAD, is_alone=True)
    accused = accuse(record(release(), files=(file,)))
    assert said(python("1.82.8"), accused) is OBSERVED
    assert said(python("1.0"), accused) is UNKNOWN
    assert accusation.worst_test(()).verdict is None


def test_a_release_elsewhere_with_good_files_is_admitted_at_most() -> None:
    mixed = accuse(record(replace(NPM, whole=False, files=(CompromisedFile(filename="x", sha256=BAD_HASH),))))
    purl = "pkg:npm/%40scope/name@1.0"
    assert said(row("1.0", purl=purl), mixed) is ADMITTED
    assert said(row("1.0", purl=purl, sha256=(OTHER_HASH,)), mixed) is UNKNOWN
    assert said(row("1.0", purl=purl, sha256=(BAD_HASH,)), mixed) is OBSERVED
    assert said(row("2.0", purl=purl.replace("1.0", "2.0")), mixed) is ELSE


def test_code_that_is_imported_by_the_name_of_an_accused_package_may_be_of_it() -> None:
    accused = accuse(record(release("1.82.8"), imports=("Proxy_Kit.sub", "litellm")))
    code = row(name="proxy_kit", package=package_name("proxy-kit"), purl="pkg:pypi/proxy-kit")
    assert said(code, accused) is UNKNOWN
    assert said(replace(code, origin="record:other"), accused) is UNKNOWN
    assert said(replace(code, origin="record:litellm"), accused) is ELSE  # its own row says which release that is
    assert said(replace(code, version="1.0"), accused) is ELSE  # a distribution of that name
    assert said(code, accuse(record(release("1.82.8")))) is ELSE
    # An SBOM that lists a release of the package: files that it names may be that one's.
    for components, verdict in (((), UNKNOWN), ((python("1.80.0"),), ELSE)):
        sbom = replace(LOCK, kind=DocumentKind.SBOM, components=components)
        assert accusation.test_row(code, sbom, accused).verdict is verdict
        copied = replace(code, origin="copy:/app/_vendor/proxy_kit/x.py")  # it may be of another release than that
        assert accusation.test_row(copied, sbom, accused).verdict is UNKNOWN
        described = replace(sbom, roots=tuple(one.ref for one in components))
        assert accusation.test_row(copied, described, accused).verdict is verdict


# Words of the organisation


def aliased(incident: Incident, *purls: str) -> accusation.Accusation:
    return accuse(incident, Organisation(aliases=Aliases(packages=(PackageAlias(package=BAD, purls=purls),))))


@pytest.mark.parametrize(
    ("version", "purl", "verdict"),
    [
        ("1.82.8", "pkg:conda/lite-llm@1.82.8", ADMITTED),
        ("1.82.8-2", "pkg:conda/lite-llm", ADMITTED),  # a revision of its own
        ("1.82.6", "pkg:conda/lite-llm@1.82.6", ELSE),
        ("", "pkg:conda/lite-llm@1.82.8", ADMITTED),
        ("", "pkg:conda/lite-llm", UNKNOWN),
        ("odd", "pkg:conda/lite-llm", UNKNOWN),
        ("1.82.8", "pkg:conda/other@1.82.8", ELSE),
    ],
)
def test_an_alias_file_says_what_a_purl_elsewhere_is(version: str, purl: str, verdict: Verdict | None) -> None:
    accused = aliased(WHOLE, "pkg:conda/lite-llm")
    assert said(row(version, name="lite-llm-dist", purl=purl), accused) is verdict


def test_what_an_alias_file_calls_another_package_is_not_the_accused_one_of_its_name() -> None:
    good = PackageAlias(package=package_name("six"), purls=("pkg:conda/litellm",))
    accused = accuse(WHOLE, Organisation(aliases=Aliases(packages=(good,))))
    assert said(row("1.82.8", purl="pkg:conda/litellm@1.82.8"), accused) is ELSE
    assert said(row("1.82.8", purl="pkg:conda/litellm@1.82.8"), accuse(WHOLE)) is UNKNOWN


def test_an_open_package_is_open_under_its_alias_too() -> None:
    doubt = Undecided(package=BAD, name="litellm", why="commits decide nothing")
    accused = aliased(record(release("1.82.8"), undecided=(doubt,)), "pkg:conda/lite-llm")
    assert said(row("1.0", name="x", purl="pkg:conda/lite-llm@1.0"), accused) is UNKNOWN
    assert said(row("1.82.8", name="x", purl="pkg:conda/lite-llm@1.82.8"), accused) is ADMITTED
    every = aliased(record(every=("pkg:pypi/litellm",)), "pkg:conda/lite-llm")
    assert said(row("odd", name="x", purl="pkg:conda/lite-llm"), every) is ADMITTED


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"origin": "git+https://git.example/litellm"}, "from git+https://git.example/litellm, not from an index"),
        ({"origin": "file:///srv/litellm"}, "not from an index"),
        ({}, "from a private index"),
    ],
)
def test_a_release_from_elsewhere_than_the_public_index_is_unknown(more: dict[str, str], told: str) -> None:
    accused = accuse(WHOLE, Organisation(private_packages=(BAD,)))
    found = accusation.test_row(python("1.82.8", **more), LOCK, accused)
    assert (found.verdict, told in found.reason) == (UNKNOWN, True)
    assert said(python("1.82.6", **more), accused) is ELSE
    assert said(python("1.82.8", sha256=(BAD_HASH,), **more), accused) is OBSERVED


# Releases with documents of their own


def carrying(verdict: Verdict, *versions: str) -> accusation.Accusation:
    carrier = accusation.Carrier(
        verdict=verdict,
        reason="and its own sbom.json lists litellm 1.82.8",
        path=(Step(node="core@2", why="x"),),
        shown=frozenset({(BAD, "1.82.8")}),
    )
    return replace(accuse(WHOLE), carriers={package_name("core"): dict.fromkeys(versions, carrier)})


def core(version: str = "", **more: Any) -> Component:
    return row(version, **{"name": "core", "package": package_name("core"), **more})


CARRIED: list[tuple[Component, tuple[str, ...], Verdict | None]] = [
    (core("2"), ("2",), OBSERVED),
    (core("2.0"), ("2",), OBSERVED),
    (core("3"), ("2",), ELSE),
    (core("3"), ("",), OBSERVED),  # of a document that names no version any release may be it
    (core(""), ("2",), UNKNOWN),
    (core("2", package=None), ("2",), UNKNOWN),  # it may be the Python package
    (core("2", package=None, purl="pkg:npm/core@2"), ("2",), ELSE),
    (core("2", name="other", package=package_name("other")), ("2",), ELSE),
]


@pytest.mark.parametrize(("one", "versions", "verdict"), CARRIED)
def test_a_row_carries_what_the_document_of_its_release_shows(
    one: Component, versions: tuple[str, ...], verdict: Verdict | None
) -> None:
    assert said(one, carrying(OBSERVED, *versions)) is verdict
    doubtful = said(one, carrying(UNKNOWN, *versions))
    assert doubtful is (None if verdict is None else UNKNOWN)


def test_what_a_release_carries_is_shown_with_the_way_to_it() -> None:
    found = accusation.test_row(core("2"), LOCK, carrying(ADMITTED, "2"))
    assert (found.verdict, found.basis, found.shown) == (ADMITTED, Basis.LISTED, frozenset({(BAD, "1.82.8")}))
    assert [step.node for step in found.path] == ["core@2"]


# What no requirement rules out


BEYOND: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"every": ("pkg:npm/evil-js",)}, "components of other ecosystems (pkg:npm/evil-js)"),
    ({"undecided": (Undecided(name="Evil", why="x"),)}, "something that is called evil"),
    (
        {"files": (AccusedFile(hashes=(FileHash("md5", "c" * 32),), is_alone=True),)},
        "files of any package, by their hashes",
    ),
    ({"files": (AccusedFile(package=BAD, hashes=(FileHash("md5", "c" * 32),), is_alone=True),)}, ""),
    ({"files": (AccusedFile(hashes=(FileHash("md5", "c" * 32),)),)}, ""),  # an indicator beside releases
]


@pytest.mark.parametrize(("more", "beyond"), BEYOND)
def test_what_no_requirement_of_a_python_package_rules_out(more: dict[str, Any], beyond: str) -> None:
    assert accuse(record(release(), **more)).beyond_packages == beyond


def test_a_name_that_no_package_can_have_is_open_as_it_is_written() -> None:
    accused = accuse(record(release(), undecided=(Undecided(name="Not A Name", why="x"),)))
    assert set(accused.open_names) == {"not a name"}
    assert said(row("1", name="not a name"), accused) is UNKNOWN


def test_of_several_reasons_to_leave_a_package_open_the_first_is_told() -> None:
    doubts = tuple(Undecided(package=BAD, name="litellm", why=why) for why in ("first", "second"))
    assert dict(accuse(record(undecided=doubts)).open) == {BAD: "first"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://[2001:DB8::1]:443/simple/", "https://[2001:db8::1]/simple"),
        ("https://p.example/simple/?token=A", "https://p.example/simple?token=A"),
        ("https://p.example/%73imple", "https://p.example/simple"),
        ("http://p.example:80", "http://p.example"),
        ("", ""),
    ],
)
def test_an_index_address_in_one_spelling(address: str, shown: str) -> None:
    assert accusation.same_index(address) == shown
