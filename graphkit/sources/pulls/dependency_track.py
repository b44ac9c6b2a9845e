"""The projects of a Dependency-Track server and the inventories that it exports of them (REST, API version 1)."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from graphkit.formats.diagnostics import quoted
from graphkit.formats.duplicate_keys import refuse_duplicate_keys
from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.progress import Progress
from graphkit.model.times import BadTime, Instant, instant, rfc3339
from graphkit.sources.fetched_document import FetchedDocument, Reject
from graphkit.sources.http import Answer
from graphkit.sources.pulls.credentials import Credential, Keyring, secret
from graphkit.sources.pulls.http import Client, Unreachable, connected, plain_base
from graphkit.sources.pulls.pull import Pull

VARIABLES: Final = ("DEPENDENCY_TRACK_API_KEY",)

_PAGE: Final = 100
_TOTAL: Final = re.compile(r"[0-9]{1,9}")
_UUID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_API: Final = re.compile(r"/api(?:/v1)?$")
_NEVER: Final = "no BOM has been uploaded for it, so its dependencies are unknown; upload one"


class _Project(msgspec.Struct, rename="camel"):
    uuid: str
    name: str | None = None
    version: str | None = None
    active: bool | None = None
    last_bom_import: Any = None
    collection_logic: str | None = None

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name or self.uuid


class _Inventory(msgspec.Struct):
    components: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class DependencyTrackPull(Pull):
    """The inventories of every project that the key may see, inactive ones too.

    A project is a service by its name; its versions are states of that one service, by when the BOM of
    each was uploaded, which is the nearest that the server knows to its build. (An inventory is written
    anew for each export, and holds the time of that.) Complete only where as many projects came as the
    server says there are; projects that are kept from the key are counted nowhere.
    """

    def __init__(self, client: Client, *, read_at: Instant, reject: Reject, progress: Progress) -> None:
        parts = urlsplit(client.base)
        # One word, or the pull of a host would end what the server in a folder of it holds.
        source = f"dependency-track/{parts.netloc.lower()}{quote(parts.path, safe='')}"
        super().__init__(client, source=source, read_at=read_at, reject=reject, progress=progress)

    def _arrivals(self) -> Iterator[FetchedDocument]:
        found = self._listed()
        for done, one in enumerate(found):
            self._progress(done, len(found), one.label)
            yield from self._part(self._path(one), partial(self._of_project, one))
        self._progress(len(found), len(found), "projects read")

    def _path(self, one: _Project) -> str:
        # Names repeat, from version to version and below different parents; the id does not.
        return f"{self._source}/{one.label}/{one.uuid}"

    def _listed(self) -> list[_Project]:
        """Return every project, page by page until one brings nothing new; the total is only checked.

        Raises:
            GraphkitError: the server refuses, or is none of this API.
        """
        found: dict[str, _Project] = {}
        told: int | None = None
        number, rows = 0, list[Any]()
        while number == 0 or rows:
            number += 1
            try:
                answer, rows = self._page(number)
            except (InputError, Unreachable) as error:
                if number == 1:
                    raise _no_list(self._client.host, error) from error
                self._miss(self._source, f"the list of projects breaks off: {error}; pull again")
                return list(found.values())
            before = len(found)
            for place, row in enumerate(rows):
                if (one := self._project(row, place)) is not None:
                    found.setdefault(one.uuid, one)
            told = _total(answer, told)
            self._progress(len(found), told, "projects listed")
            if rows and len(found) == before:
                break  # a server that knows no pages gives the first one for ever
        self._compare(told, len(found), is_cut=bool(rows))
        return list(found.values())

    def _page(self, number: int) -> tuple[Answer, list[Any]]:
        """Return a page of projects and its rows.

        Raises:
            InputError: it is refused or no list. GraphkitError: the key may not list projects at all.
        """
        answer = self._client.get("/api/v1/project", pageSize=str(_PAGE), pageNumber=str(number))
        if number == 1 and answer.status == 403:
            raise GraphkitError(
                f"{self._client.host} denies access (403): the key needs VIEW_PORTFOLIO; "
                f"{self._client.credential.advice}"
            )
        if not answer.is_good:
            raise InputError(f"the server answered {answer.status} for its projects")
        return answer, answer.as_type(list[Any])

    def _project(self, row: Any, place: int) -> _Project | None:
        try:
            one = msgspec.convert(row, _Project)
        except msgspec.ValidationError as error:
            self._miss(self._source, f"project {place} of a page cannot be used: {error}")
            return None
        if not _UUID.fullmatch(one.uuid):
            self._miss(self._source, f"project {place} of a page: {quoted(one.uuid)} is not an id")
            return None
        return one

    def _compare(self, told: int | None, listed: int, *, is_cut: bool) -> None:
        if told is not None and told > listed:
            self._miss(self._source, f"the server says it has {told} projects and lists {listed}; pull again")
        elif told is None and is_cut:
            self._miss(self._source, "the server gives the same projects on every page and says no number of them")
        elif told is None and not listed:
            self._note_partial("the server lists no project for this key; what it listed before may still be there")

    def _of_project(self, one: _Project) -> Iterator[FetchedDocument]:
        uploaded = _uploaded(one.last_bom_import)
        answer = self._client.get(
            f"/api/v1/bom/cyclonedx/project/{quote(one.uuid, safe='')}", format="json", variant="inventory"
        )
        if not _has_components(answer, is_uploaded=uploaded is not None):
            if (one.collection_logic or "NONE") == "NONE":
                raise InputError(_NEVER)
            self._note(f"{one.label} is a collection of other projects and has no BOM of its own")
            return
        parts = [f"version {one.version}"] if one.version else []
        parts.append(f"uploaded {rfc3339(uploaded)}" if uploaded is not None else "upload time not given")
        if one.active is False:
            parts.append("inactive")
        yield FetchedDocument(
            data=answer.body,
            path=self._path(one),
            service=(one.name or "").strip(),
            hint="sbom",
            built_at=uploaded,
            read_at=self._read_at,
            note="; ".join(parts),
            sources=(f"{self._client.base}/projects/{one.uuid}",),
        )


def _has_components(answer: Answer, *, is_uploaded: bool) -> bool:
    """Return whether an export is an inventory; an empty one is, where a BOM was uploaded.

    Raises:
        InputError: it is refused, or no JSON.
    """
    if answer.status == 403:
        raise InputError("the key has no access to it (403); grant access in Dependency-Track")
    if not answer.is_good:
        raise InputError(f"its BOM cannot be exported ({answer.status}); pull it again")
    if answer.status == 204 or not answer.body.strip():
        return False
    inventory: _Inventory = answer.document_as(_Inventory)
    rows = bytes(inventory.components).strip()
    is_inventory = rows.startswith(b"[") and (is_uploaded or rows[1:].strip() != b"]")
    if not is_inventory:  # nobody reads it, so nobody else finds another list of components in it
        refuse_duplicate_keys(answer.body, "not read: its BOM has the ")
    return is_inventory


def _uploaded(told: object) -> Instant | None:
    """Return when a BOM was last imported: milliseconds since 1970, in some versions RFC 3339 text."""
    try:
        if isinstance(told, int) and told > 0:
            return instant(dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=told))
        return instant(told) if isinstance(told, str) else None
    except (BadTime, OverflowError):
        return None


def _total(answer: Answer, before: int | None) -> int | None:
    """Return the largest number of projects that a page has told so far, None for none."""
    told = answer.headers.get("x-total-count", "").strip()
    if not _TOTAL.fullmatch(told):
        return before
    return max(int(told), before or 0)


def _no_list(host: str, error: InputError | Unreachable) -> GraphkitError:
    if isinstance(error, Unreachable):
        return error
    return GraphkitError(
        f"{host}: {error}; give the address of the API server, which often differs from that of the web interface"
    )


@contextmanager
def open_dependency_track(
    address: str,
    *,
    read_at: Instant,
    reject: Reject,
    progress: Progress,
    environ: Mapping[str, str] | None = None,
    keyring: Keyring | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Iterator[DependencyTrackPull]:
    """Open the pull of a server; its address may have a path. Nothing is asked before it is iterated.

    The key is ``DEPENDENCY_TRACK_API_KEY``'s or the keyring's.

    Raises:
        GraphkitError: the address is none or holds a password, or the key cannot be one.
    """
    environ = os.environ if environ is None else environ
    base = _API.sub("", plain_base(address, told_by="the address"))
    key = secret(VARIABLES, (urlsplit(base).hostname or "").lower(), environ=environ, keyring=keyring)
    credential = Credential(header="X-Api-Key", variables=VARIABLES, value=key)
    with connected() as http:
        client = Client(http, base, credential, headers={"Accept": "application/json"}, sleep=sleep, clock=clock)
        yield DependencyTrackPull(client, read_at=read_at, reject=reject, progress=progress)
