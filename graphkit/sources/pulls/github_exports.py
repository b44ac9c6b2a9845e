"""GitHub's SBOM of a repository, made from its dependency graph: asked for, waited for, and checked."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from graphkit.model.errors import InputError
from graphkit.sources.http import Answer
from graphkit.sources.pulls.http import Client

_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0)
"""Seconds between looks at whether a report is ready."""
_OFF: Final = frozenset({404, 405, 410})
_REPORT: Final = re.compile(r"/fetch-report/([0-9A-Za-z-]{1,64})(?:[?#]|$)")
_TIMED_OUT: Final = "GitHub timed out while creating its SBOM, so its dependencies are unknown; pull it again"


class _Request(msgspec.Struct):
    sbom_url: str | None = None


class _Bare(msgspec.Struct):
    packages: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _Export(_Bare):
    sbom: _Bare | None = None


class Exports:
    """Asks for the SBOMs of repositories of one server.

    GitHub makes them in the background since 2026: `generate-report`, then `fetch-report`. The older
    way, one request of ten seconds at most, was shut down there on 2026-11-13 and is what older
    Enterprise Servers have. Which way a server goes is remembered.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._has_reports: bool | None = None

    def begin(self, address: str) -> str | bytes | None:
        """Ask for the SBOM of the repository at an API address.

        Returns the id of a report to `finish`, the bytes of a server that makes it at once, or None
        where the repository has none: its dependency graph is switched off.

        Raises:
            InputError: it cannot be had now; the text says what to do.
        """
        if self._has_reports is not False:
            answer = self._client.get(f"{address}/dependency-graph/sbom/generate-report")
            if answer.status not in _OFF:
                self._has_reports = True
                return _report_id(answer)
            if self._has_reports:
                return None
        answer = self._client.get(f"{address}/dependency-graph/sbom")
        if answer.status in _OFF:
            return None
        self._has_reports = False
        return _checked(answer)

    def finish(self, address: str, report: str) -> bytes:
        """Return the bytes of a report, waiting up to a minute and a half for it.

        Raises:
            InputError: it is not ready by then, or is no SBOM.
        """
        for wait in (*_WAITS, 0.0):
            answer = self._client.get(f"{address}/dependency-graph/sbom/fetch-report/{report}")
            # The announcement says 201 for a report in the making, the reference 202.
            if answer.status not in {201, 202}:
                return _checked(answer)
            if wait:
                self._client.sleep(wait)
        raise InputError("GitHub is still making its SBOM; pull it again later")


def _report_id(answer: Answer) -> str:
    _check_status(answer)
    asked: _Request = answer.as_type(_Request)
    if (found := _REPORT.search(asked.sbom_url or "")) is None:
        raise InputError("GitHub did not give the address of its SBOM; pull it again")
    return found[1]


def _checked(answer: Answer) -> bytes:
    """Return the bytes of an SBOM. HTTP 200 with null in the place of packages is a time-out (cartography C7)."""
    _check_status(answer)
    if answer.status != 200 or not answer.body.strip():
        raise InputError(_TIMED_OUT)
    export: _Export = answer.document_as(_Export)
    inner = export.sbom or export
    if not bytes(inner.packages).lstrip().startswith(b"["):
        raise InputError(_TIMED_OUT)
    return answer.body


def _check_status(answer: Answer) -> None:
    if answer.status >= 500:
        raise InputError(_TIMED_OUT)
    if not answer.is_good:
        raise InputError(f"GitHub rejects the request for its SBOM ({answer.status}); the token needs to read contents")
