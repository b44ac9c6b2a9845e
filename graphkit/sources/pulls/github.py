"""An organisation's repositories on GitHub or an Enterprise Server: their SBOMs and committed lock files (REST)."""

from __future__ import annotations

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
from graphkit.model.addresses import without_secrets
from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.progress import Progress
from graphkit.model.sentences import first_of
from graphkit.model.times import Instant, rfc3339
from graphkit.sources.fetched_document import FetchedDocument, Reject
from graphkit.sources.http import Answer
from graphkit.sources.pulls.credentials import Credential, Keyring, secret
from graphkit.sources.pulls.github_commits import Branch
from graphkit.sources.pulls.github_exports import Exports
from graphkit.sources.pulls.github_files import InputFile, Tree, blob_of, input_files, submodules
from graphkit.sources.pulls.http import Client, Unreachable, connected, plain_base
from graphkit.sources.pulls.pull import Pull

PUBLIC: Final = "https://api.github.com"
"""The API's address where ``GITHUB_API_URL`` names no other."""
VARIABLES: Final = ("GITHUB_TOKEN", "GH_TOKEN")

_ADDRESS: Final = "GITHUB_API_URL"
_HEADERS: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_ODD: Final = re.compile(r"[\x00-\x1f\x7f/\\]")
_DOTS: Final = frozenset({"", ".", ".."})


class _Owner(msgspec.Struct):
    login: str = ""
    type: str = ""
    public_repos: int | None = None
    total_private_repos: int | None = None


class _Repository(msgspec.Struct):
    name: str
    owner: _Owner
    html_url: str | None = None
    default_branch: str | None = None
    archived: bool | None = None
    disabled: bool | None = None
    fork: bool | None = None

    @property
    def label(self) -> str:
        return f"{self.owner.login}/{self.name}"


class GitHubPull(Pull):
    """The documents of an organisation, a user, or one repository; ``target`` is `OWNER` or `OWNER/REPO`.

    Per repository: the locks and SBOMs committed on its default branch, all as of one commit, and the
    SBOM that GitHub makes of it. A lock stands from when it came onto the branch, and was last known to
    stand when it is pulled. Neither SBOM is of a known build: they expose, and date nothing.

    Complete only where the server says how many repositories there are and all were read: without a
    token, and of a user, private ones are never shown.
    """

    def __init__(
        self, target: str, client: Client, *, read_at: Instant, reject: Reject, progress: Progress, name: str = "github"
    ) -> None:
        self._owner, _, self._only = _target(target)
        self._name = name
        self._exports = Exports(client)
        super().__init__(client, source=f"{name}/{target}", read_at=read_at, reject=reject, progress=progress)

    def _arrivals(self) -> Iterator[FetchedDocument]:
        found = [self._single()] if self._only else self._listed()
        self._source = f"{self._name}/{found[0].label if self._only else self._owner}"
        for done, one in enumerate(found):
            self._progress(done, len(found), one.label)
            yield from self._part(f"{self._name}/{one.label}", partial(self._of_repository, one))
        self._progress(len(found), len(found), "repositories read")

    def _single(self) -> _Repository:
        answer = self._client.get(_address(self._owner, self._only))
        if answer.status == 404:
            raise GraphkitError(self._unknown(f"repository {quoted(f'{self._owner}/{self._only}')}"))
        try:
            found: _Repository = self._expected(answer).as_type(_Repository)
        except InputError as error:
            raise GraphkitError(self._no_api(error)) from error
        return found

    def _listed(self) -> list[_Repository]:
        """Return every repository that the server lists of the owner, archived and forked ones too."""
        login = quote(self._owner, safe="")
        said = self._client.get(f"/orgs/{login}")
        kind = "orgs"
        if said.status == 404:
            said, kind = self._client.get(f"/users/{login}"), "users"
        if said.status == 404:
            raise GraphkitError(self._unknown(f"organisation or user {quoted(self._owner)}"))
        try:
            owner: _Owner = self._expected(said).as_type(_Owner)
            self._owner = owner.login or self._owner
            # Oldest first: what is added meanwhile comes last, and shifts nothing off a page.
            first = self._client.get(
                f"/{kind}/{login}/repos", type="all", sort="created", direction="asc", per_page="100"
            )
            found = list(self._pages(self._expected(first)))
        except InputError as error:
            raise GraphkitError(self._no_api(error)) from error
        self._compare(owner, len(found), is_user=kind == "users")
        return found

    def _pages(self, answer: Answer) -> Iterator[_Repository]:
        """Yield what the pages list. One after the first that cannot be had loses none before it.

        Raises:
            InputError: the first page is no list.
        """
        met: set[str] = set()
        rows: list[Any] | None = answer.as_type(list[Any])
        while rows is not None:
            before = len(met)
            for number, row in enumerate(rows):
                one = self._repository(row, number)
                if one is not None and one.label.lower() not in met:
                    met.add(one.label.lower())
                    yield one
            self._progress(len(met), None, f"repositories of {self._owner}")
            if answer.headers.get("x-github-sso", "").startswith("partial-results"):
                self._miss(self._source, "the token is not authorised for single sign-on; repositories are left out")
            if answer.next_page and len(met) == before:
                self._miss(self._source, "the server lists the same repositories again; what follows was not asked for")
                return
            answer, rows = self._following(answer)

    def _following(self, answer: Answer) -> tuple[Answer, list[Any] | None]:
        """Return the next page and its rows, None after the last or where the list breaks off."""
        try:
            following = self._client.follow(answer)
            if following is None:
                return answer, None
            if following.is_good:
                return following, following.as_type(list[Any])
            why = f" ({following.status})"
        except (InputError, Unreachable) as error:
            why = f": {error}"
        self._miss(self._source, f"the list of repositories breaks off{why}; pull again")
        return answer, None

    def _repository(self, row: Any, number: int) -> _Repository | None:
        try:
            one = msgspec.convert(row, _Repository)
        except msgspec.ValidationError as error:
            self._miss(self._source, f"repository {number} of a page cannot be used: {error}")
            return None
        if any(part in _DOTS or _ODD.search(part) for part in (one.owner.login, one.name)):
            self._miss(self._source, f"{quoted(one.label)} is not the name of a repository")
            return None
        return one

    def _compare(self, owner: _Owner, listed: int, *, is_user: bool) -> None:
        """Note where there may be more repositories than were listed."""
        if not self._client.credential.value:
            self._note_partial(f"without a token only public repositories are seen; {self._client.credential.advice}")
        elif is_user:
            self._note_partial("of a user only public repositories are listed; there may be private ones")
        elif owner.public_repos is None or owner.total_private_repos is None:
            self._note_partial(
                f"the server does not tell this token how many repositories {self._owner} has; there may be more"
            )
        elif (told := owner.public_repos + owner.total_private_repos) > listed:
            self._note_partial(f"{self._owner} has {told} repositories, and this token sees {listed} of them")

    def _of_repository(self, one: _Repository) -> Iterator[FetchedDocument]:
        if one.disabled:
            self._note_partial(f"{one.label} is disabled by GitHub and cannot be read; nothing is known of it")
            return
        address = _address(one.owner.login, one.name)
        problem, report = "", None
        try:  # asked for first: it is made while the files are read
            report = self._exports.begin(address)
        except InputError as error:
            problem = str(error)
        count = 0
        for arrival in self._committed(one, address):
            count += 1
            yield arrival
        if isinstance(report, str):
            try:
                report = self._exports.finish(address, report)
            except InputError as error:
                problem = str(error)
        label = f"{self._name}/{one.label}"
        if problem:
            self._miss(f"{label}/dependency-graph/sbom", problem)
        elif report is None:
            more = "" if count else "; no lock file is committed either, so nothing is known of it"
            self._note(f"{one.label} has no SBOM: its dependency graph is switched off{more}")
        elif isinstance(report, bytes):
            yield self._sbom(one, f"{label}/dependency-graph/sbom", report)

    def _sbom(self, one: _Repository, path: str, data: bytes) -> FetchedDocument:
        return FetchedDocument(
            data=data,
            path=path,
            service=one.label,
            hint="sbom",
            read_at=self._read_at,
            branch=one.default_branch or "",
            note="; ".join(["made by GitHub from the dependency graph", *_marks(one)]),
            sources=_sources(one),
        )

    def _committed(self, one: _Repository, address: str) -> Iterator[FetchedDocument]:
        label = f"{self._name}/{one.label}"
        try:
            seen = self._tree(one, address)
        except InputError as error:
            self._miss(label, str(error))
            return
        if seen is None:
            self._note(f"{one.label} is empty")
            return
        branch, tree = seen
        if inside := submodules(tree):
            listed = first_of([*map(quoted, inside)], 3)
            self._note(f"{one.label} has submodules ({listed}); they are repositories of their own, not read here")
        if tree.truncated:
            self._miss(label, "it has more files than GitHub lists at once; clone it, and ingest its history")
        for file in input_files(tree):
            try:
                arrival = self._file(one, address, branch, file)
            except InputError as error:
                self._miss(f"{label}/{file.path}", str(error))
            else:
                yield arrival

    def _tree(self, one: _Repository, address: str) -> tuple[Branch, Tree] | None:
        branch = Branch.open(self._client, address, one.default_branch or "HEAD", self._read_at)
        if branch is None:
            return None
        # The commit, not the branch: what is pushed meanwhile must not mix two states.
        answer = self._client.get(f"{address}/git/trees/{quote(branch.head, safe='')}", recursive="1")
        if answer.status == 409:
            return None
        if not answer.is_good:
            raise InputError(f"its files cannot be listed ({answer.status}); the token needs to read contents")
        tree: Tree = answer.as_type(Tree)
        return branch, tree

    def _file(self, one: _Repository, address: str, branch: Branch, file: InputFile) -> FetchedDocument:
        if file.problem:
            raise InputError(file.problem)
        data = blob_of(self._client.get(f"{address}/git/blobs/{file.sha}"), file.sha)
        stand = branch.stand(file.path)
        folder = file.path.rpartition("/")[0]
        is_sbom = file.hint == "sbom"
        when = f"committed {rfc3339(stand.since)}" if is_sbom and stand.since is not None else ""
        return FetchedDocument(
            data=data,
            path=f"{self._name}/{one.label}/{file.path}",
            service=f"{one.label}/{folder}" if folder else one.label,
            hint=file.hint,
            stands_from=None if is_sbom else stand.since,
            read_at=self._read_at,
            branch=one.default_branch or "",
            repository="" if is_sbom else one.label,
            is_first=stand.is_first and not is_sbom,
            note="; ".join(part for part in (when, stand.note, *_marks(one)) if part),
            sources=_sources(one, stand.commit or branch.head),
        )

    def _expected(self, answer: Answer) -> Answer:
        if answer.status == 403:
            sso = "authorise the token for single sign-on, or " if "x-github-sso" in answer.headers else ""
            raise GraphkitError(f"{self._client.host} denies access (403): {sso}{self._client.credential.advice}")
        if not answer.is_good:
            raise GraphkitError(f"{self._client.host} answered {answer.status} where it should list; try again later")
        return answer

    def _unknown(self, what: str) -> str:
        hint = "check the spelling, and what the token may see"
        if not self._client.credential.value:
            hint = f"check the spelling; if it is private, {self._client.credential.advice}"
        return f"{self._client.host} knows no {what}: {hint}"

    def _no_api(self, error: InputError) -> str:
        return f"{self._client.host}: {error}; an Enterprise Server's {_ADDRESS} is https://HOST/api/v3"


def _target(target: str) -> tuple[str, str, str]:
    owner, slash, name = target.strip().strip("/").partition("/")
    if owner in _DOTS or _ODD.search(owner) or (slash and (name in _DOTS or _ODD.search(name))) or ":" in owner:
        raise GraphkitError(f"{quoted(without_secrets(target))}: give an organisation, a user, or OWNER/REPO")
    return owner, slash, name


def _address(owner: str, name: str) -> str:
    return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}"


def _marks(one: _Repository) -> list[str]:
    return [word for word, holds in (("archived", one.archived), ("a fork", one.fork)) if holds]


def _sources(one: _Repository, commit: str = "") -> tuple[str, ...]:
    page = one.html_url or ""
    is_web = page.startswith(("https://", "http://")) and page.isprintable()
    return tuple(part for part in (without_secrets(page) if is_web else "", commit) if part)


def _server_of(base: str) -> str:
    """Return what a server is called in paths, which no organisation can be: it has a dot or a colon.

    What two servers hold goes by two names, or the pull of one would end what is on the other.
    """
    parts = urlsplit(base)
    place = parts.netloc.lower()
    return place if "." in place or ":" in place else f"{place}:{443 if parts.scheme == 'https' else 80}"


@contextmanager
def open_github(
    target: str,
    *,
    read_at: Instant,
    reject: Reject,
    progress: Progress,
    environ: Mapping[str, str] | None = None,
    keyring: Keyring | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Iterator[GitHubPull]:
    """Open the pull of an organisation, a user or `OWNER/REPO`. Nothing is asked before it is iterated.

    The server is ``GITHUB_API_URL``'s, the token ``GITHUB_TOKEN``'s, ``GH_TOKEN``'s or the keyring's.

    Raises:
        GraphkitError: the target or the address is none, or the token cannot be one.
    """
    environ = os.environ if environ is None else environ
    base = plain_base(environ.get(_ADDRESS, "").strip() or PUBLIC, told_by=_ADDRESS)
    host = (urlsplit(base).hostname or "").lower()
    name = "github" if base == PUBLIC else f"github/{_server_of(base)}"
    token = secret(VARIABLES, host, environ=environ, keyring=keyring)
    credential = Credential(header="Authorization", variables=VARIABLES, value=f"Bearer {token}" if token else "")
    with connected() as http:
        client = Client(http, base, credential, headers=_HEADERS, sleep=sleep, clock=clock)
        yield GitHubPull(target, client, read_at=read_at, reject=reject, progress=progress, name=name)
