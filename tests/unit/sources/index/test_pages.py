from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.model.errors import InputError
from graphkit.model.index import FileKind
from graphkit.model.names import package_name
from graphkit.model.times import instant
from graphkit.sources.index.pages import JSON_TYPE, PageReading, as_of, read_page

URL = "http://index.example/simple/zope-interface/"
NAME = package_name("zope.interface")


def page(*files: dict[str, Any], name: str = "Zope.Interface", **more: Any) -> PageReading:
    data = json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": list(files), **more}).encode()
    return read_page(data, JSON_TYPE, NAME, url=URL, read_at=instant("2026-11-01"), source="test")


def file(filename: str, **more: Any) -> dict[str, Any]:
    return {"filename": filename, "url": f"../../files/{filename}", "hashes": {}, **more}


def test_a_json_page_in_full() -> None:
    read = page(
        file(
            "zope.interface-5.0-cp312-cp312-manylinux_2_17_x86_64.whl",
            **{
                "hashes": {"sha256": "AB" * 32},
                "requires-python": ">=3.8",
                "upload-time": "2026-03-24T10:39:00.123456Z",
                "yanked": "",
                "core-metadata": {"sha256": "cd"},
            },
        ),
        file("zope_interface-5.0.0.tar.gz"),
    )
    (release,) = read.page.releases
    wheel, sdist = release.files
    assert (wheel.kind, wheel.sha256, wheel.requires_python) == (FileKind.WHEEL, "ab" * 32, ">=3.8")
    assert wheel.uploaded == instant("2026-03-24T10:39:00.123456Z")
    assert wheel.yanked  # an empty reason is still a yank
    assert (sdist.kind, sdist.uploaded, sdist.yanked) == (FileKind.SDIST, None, False)
    assert read.offers[wheel.filename].metadata == "cd"
    assert read.address(wheel.filename) == f"http://index.example/files/{wheel.filename}"
    assert read.page.spelling == "Zope.Interface"


@pytest.mark.parametrize(
    ("filename", "version", "kind"),
    [
        ("zope.interface-5.0-py3-none-any.whl", "5.0", FileKind.WHEEL),
        ("zope.interface-5.0-1-py3-none-any.whl", "5.0", FileKind.WHEEL),
        ("zope-interface-5.0rc1.zip", "5.0rc1", FileKind.SDIST),
        ("zope.interface-2004d-final.tar.gz", "2004d-final", FileKind.SDIST),
        ("zope.interface-3.0-py2.7-win32.egg", "3.0", FileKind.OTHER),
        ("zope.interface-3.0.win32-py2.7.exe", "3.0", FileKind.OTHER),
        ("Zope_Interface-1!2.0.post1+local.tar.bz2", "1!2.0.post1+local", FileKind.SDIST),
    ],
)
def test_file_names_say_version_and_kind(filename: str, version: str, kind: FileKind) -> None:
    (release,) = page(file(filename)).page.releases
    assert (release.version, release.files[0].kind) == (version, kind)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"status": "quarantined"}, "quarantined"),
        ({"state": "archived", "reason": "x"}, "archived"),
        ("deprecated", "deprecated"),
        ({"status": "of-tomorrow"}, "of-tomorrow"),
        (None, "active"),
        (7, "active"),
    ],
)
def test_project_status_in_both_spellings_and_of_tomorrow(status: object, expected: str) -> None:
    told: dict[str, Any] = {"project-status": status}
    assert page(**told).page.status == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, None),
        ({"core-metadata": False}, None),
        ({"core-metadata": True}, ""),
        ({"dist-info-metadata": {"sha256": "AA"}}, "aa"),
        ({"data-dist-info-metadata": True}, ""),
        ({"core-metadata": False, "dist-info-metadata": True}, None),
    ],
)
def test_metadata_is_announced_under_three_keys(keys: dict[str, object], expected: str | None) -> None:
    name = "zope.interface-5.0-py3-none-any.whl"
    assert page(file(name, **keys)).offers[name].metadata == expected


def test_versions_without_files_are_kept() -> None:
    read = page(versions=["1.0", "not a version"]).page
    assert [(release.version, release.files) for release in read.releases] == [("1.0", ()), ("not a version", ())]


@pytest.mark.parametrize("text", ["yesterday", "2026-03-24T15:30:00", "2026-03-24 15:30", "2026-03-24"])
def test_an_upload_time_that_is_no_instant_is_no_time(text: str) -> None:
    read = page(file("zope.interface-1.0.tar.gz", **{"upload-time": text})).page
    assert read.releases[0].files[0].uploaded is None
    assert [one.place for one in read.problems] == ["file 'zope.interface-1.0.tar.gz'"]


def test_upload_times_that_are_none_are_one_problem_of_a_page() -> None:
    odd = [file(f"zope.interface-{version}.tar.gz", **{"upload-time": "2026-03-24T15:30:00"}) for version in (1, 2, 3)]
    good = file("zope.interface-4.tar.gz", **{"upload-time": "2026-03-24T15:30:00+03:00"})
    read = page(*odd, good).page
    assert read.releases[3].files[0].uploaded == instant("2026-03-24T12:30:00Z")
    assert [one.place for one in read.problems] == ["file 'zope.interface-1.tar.gz' and 2 more"]


HTML = b"""<!DOCTYPE html><html><body>
<a href="../../files/zope.interface-5.0-py3-none-any.whl#sha256=%s" data-requires-python="&gt;=3.8" data-yanked="">x</a>
<a href="../../files/zope.interface-5.1.tar.gz" data-core-metadata="true">y</a>
<a href="../">up</a></body></html><!--SERIAL 7-->
""" % (b"ab" * 32)


def test_an_html_page_says_the_same_without_times() -> None:
    read = read_page(HTML, "text/html; charset=utf-8", NAME, url=URL, read_at=0, source="test")
    first, second = (release.files[0] for release in read.page.releases)
    assert (first.sha256, first.requires_python, first.yanked, first.uploaded) == ("ab" * 32, ">=3.8", True, None)
    assert read.offers[second.filename].metadata == ""
    assert read.address(first.filename).startswith("http://index.example/files/zope.interface-5.0")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"{", JSON_TYPE),
        (b"[]", JSON_TYPE),
        (b'{"name": "zope.interface"}', JSON_TYPE),
        (b"\xff", JSON_TYPE),
        (b'{"name": "other", "files": []}', JSON_TYPE),
        (b"<html>", "application/pdf"),
        (b"", ""),
        (b'<meta name="pypi:repository-version" content="9.0"></html>', "text/html"),
        (b'{"meta": {"api-version": "2.0"}, "name": "zope.interface", "files": []}', JSON_TYPE),
        (b'{"name": "zope.interface", "files": {}}', JSON_TYPE),
        (b'{"info": {}, "releases": {}, "urls": []}', "application/json"),
        (b'{"name": "zope.interface", "files": [{"url": "x"}]}', JSON_TYPE),
        (b"", JSON_TYPE),
        (HTML, JSON_TYPE),
    ],
)
def test_what_is_no_page_is_an_input_error(data: bytes, kind: str) -> None:
    with pytest.raises(InputError) as caught:
        read_page(data, kind, NAME, url=URL, read_at=0, source="test")
    assert caught.value.place == "page of zope-interface"


LOGIN = b"""<!DOCTYPE html><html><body><form action="/login"><input name="user"></form>
<a href="/forgot">Forgot?</a></body></html>"""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (LOGIN, "links no file of the package"),
        (b"<html><body></body></html>", "links no file of the package"),
        (b'<html><body><a href="other-1.0.tar.gz">other-1.0.tar.gz</a></body></html>', "links no file of the package"),
        (HTML[: len(HTML) // 2], "is truncated"),
        (HTML.partition(b"</body>")[0], "is truncated"),
        (HTML + b"<a href=", "is truncated"),
        (HTML.replace(b"</html>", b"</html><a>"), "is truncated"),
    ],
)
def test_html_that_is_no_project_page_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_page(data, "text/html", NAME, url=URL, read_at=0, source="test")


def test_html_says_the_status_of_a_project() -> None:
    meta = b'<html><head><meta name="pypi:project-status" content="quarantined"></head>'
    read = read_page(HTML.replace(b"<html>", meta), "text/html", NAME, url=URL, read_at=0, source="test")
    assert read.page.status == "quarantined"


def test_html_may_end_with_its_body() -> None:
    data = HTML.replace(b"</html>", b"")
    assert len(read_page(data, "text/html", NAME, url=URL, read_at=0, source="test").page.releases) == 2


def test_a_file_of_another_package_is_left_out_with_a_problem() -> None:
    """Whatever versions the page names: a file goes to the release that its name says, or to none."""
    read = page(
        file("zope.interface-1.0.2-2.tar.gz"),
        file("zope-interface-2.0.0.zip"),
        file("zope.interface-docs-2.0.tar.gz"),
        file("README.txt"),
        versions=["2", "1.0.2.post2"],
    )
    files = {release.version: [one.filename for one in release.files] for release in read.page.releases}
    assert files == {"2": ["zope-interface-2.0.0.zip"], "1.0.2.post2": ["zope.interface-1.0.2-2.tar.gz"]}
    left_out = "it belongs to no release of zope-interface"
    assert [(one.place, one.text) for one in read.page.problems] == [
        ("file 'zope.interface-docs-2.0.tar.gz'", f"says zope-interface-docs 2.0; {left_out}"),
        ("file 'README.txt'", f"is not a file of a release; {left_out}"),
    ]


def test_as_of_drops_what_came_later_and_keeps_unknown_times() -> None:
    read = page(
        file("zope.interface-1.0.tar.gz", **{"upload-time": "2026-01-01T00:00:00Z"}),
        file("zope.interface-2.0.tar.gz", **{"upload-time": "2026-05-01T00:00:00Z"}),
        file("zope.interface-3.0.tar.gz"),
    )
    then = as_of(read, instant("2026-03-24"))
    assert [release.version for release in then.page.releases] == ["1.0", "3.0"]
    assert then.page.read_at == instant("2026-03-24")
    assert then.address("zope.interface-1.0.tar.gz") == read.address("zope.interface-1.0.tar.gz")


def test_a_page_with_a_duplicate_key_is_not_read() -> None:
    """The first list of files may name the release that the second one leaves out."""
    data = b'{"name": "zope.interface", "files": [{"filename": "x", "url": "x"}], "files": []}'
    with pytest.raises(InputError, match=r"^page of zope-interface: not read: the page has the duplicate key 'files'"):
        read_page(data, JSON_TYPE, NAME, url=URL, read_at=instant("2026-11-01"), source="test")


@pytest.mark.parametrize("odd", [b"\xff", b"\xe9t\xe9", bytes(range(128, 256)), b'<meta charset="utf-16">\xff'])
def test_a_page_that_is_no_utf_8_is_read_and_says_nothing_on_stderr(
    odd: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    data = HTML.replace(b"</body>", b"<p>" + odd + b"</p></body>")
    read = read_page(data, "text/html", NAME, url=URL, read_at=0, source="test")
    assert read.page == read_page(HTML, "text/html", NAME, url=URL, read_at=0, source="test").page
    assert (caplog.messages, capfd.readouterr().err) == ([], "")
