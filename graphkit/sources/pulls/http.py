"""Answers of a server's REST API: bounded, retried, patient with rate limits, secrets for its own origin only."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import httpx

from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.times import rfc3339
from graphkit.sources.http import (
    DEFAULT_PORTS,
    LONGEST_WAIT,
    Answer,
    connections,
    fetch,
    http_date,
    origin_of,
    reason_of,
    retry_after,
)
from graphkit.sources.pulls.credentials import Credential

_CONNECTIONS: Final = 4
_WAITS: Final = 5
_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_WHOLE: Final = re.compile(r"[0-9]{1,10}")
_LIMIT_WORDS: Final = re.compile(rb"rate limit|abuse detection", re.IGNORECASE)
_SECOND: Final = 1_000_000
_NO_ADDRESS: Final = "the server redirects to an invalid address"


class Unreachable(GraphkitError):
    """No response after several tries."""


class Stopped(GraphkitError):
    """The server will not go on now: a rate limit that lasts longer than a wait is worth."""


class Unauthorised(GraphkitError):
    """The server does not take the token or key, or wants one."""


class Client:
    """Asks one API, one request at a time. ``base`` is its address without a slash at the end.

    The credential goes to the origin of ``base`` alone (RFC 9110 §15.4: a redirect may lead anywhere),
    where httpx would keep an X-Api-Key. ``sleep`` waits for seconds, ``clock`` returns those since 1970,
    for servers that do not date their answers.
    """

    def __init__(
        self,
        http: httpx.Client,
        base: str,
        credential: Credential,
        *,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._base = httpx.URL(base)
        self._headers = dict(headers or {})
        self.base = base
        self.credential = credential
        self.sleep = sleep
        self._clock = clock

    def __repr__(self) -> str:
        return f"Client({self.base!r})"

    @property
    def host(self) -> str:
        """The server's host, with a port that is not its scheme's."""
        return self._base.netloc.decode("ascii")

    def get(self, path: str, /, **query: str) -> Answer:
        """Return the answer for a path below the base, redirects followed and rate limits waited for.

        Answers of 5xx come back only after several attempts. Cost: one request as a rule.

        Raises:
            Unreachable: nobody answered. Stopped: a rate limit that lasts too long. Unauthorised: 401.
            InputError: the answer is too large, or leads in circles.
        """
        return self._patient(httpx.URL(f"{self.base}{path}", params=query or None))

    def follow(self, answer: Answer) -> Answer | None:
        """Return the next page by RFC 8288 (`Link: rel="next"`), None after the last.

        Raises:
            InputError: it leads to another server; see `get` for the rest.
        """
        if not answer.next_page:
            return None
        url = self._joined(self._base, answer.next_page)
        if origin_of(url) != origin_of(self._base):
            raise InputError("the server's next page is on another server; it was not followed")
        return self._patient(url)

    def _patient(self, url: httpx.URL) -> Answer:
        for _ in range(_WAITS):
            answer = self._followed(url)
            wait = self._asked_to_wait(answer)
            if wait is None:
                break
            if wait > LONGEST_WAIT:
                raise Stopped(self._limit(answer, wait))
            self.sleep(wait)
        else:
            raise Stopped(self._limit(answer, wait or 0.0))
        if answer.status == 401:
            took = "does not take the token or key" if self.credential.value else "wants a token or key"
            raise Unauthorised(f"{self.host} {took} (401); {self.credential.advice}")
        return answer

    def _limit(self, answer: Answer, wait: float) -> str:
        until = rfc3339(int((self._now(answer) + wait) * _SECOND)) or "later"
        more = "" if self.credential.value else f"; with a token the limit is higher: {self.credential.advice}"
        return f"the rate limit of {self.host} is used up and goes on at {until}; pull again then{more}"

    def _asked_to_wait(self, answer: Answer) -> float | None:
        """Return for how many seconds a rate limit asks to wait, None where there is none.

        GitHub answers 403 as well as 429, and names no time for some of its secondary limits, for
        which its documentation asks for a minute.
        """
        is_spent = answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
        told = answer.headers.get("retry-after", "")
        says_so = bool(_LIMIT_WORDS.search(answer.body[:4096]))
        if answer.status != 429 and not (answer.status == 403 and (is_spent or told or says_so)):
            return None
        if (after := retry_after(told, self._now(answer))) is not None:
            return max(after, 1.0)
        reset = answer.headers.get("x-ratelimit-reset", "").strip()
        if is_spent and _WHOLE.fullmatch(reset):
            return max(float(reset) - self._now(answer) + 1.0, 1.0)
        return LONGEST_WAIT

    def _now(self, answer: Answer) -> float:
        # The server's own time: the clock here may be wrong, and the limit is in the server's.
        at = http_date(answer.headers.get("date", ""))
        return self._clock() if at is None else at

    def _followed(self, url: httpx.URL) -> Answer:
        for _ in range(_REDIRECTS + 1):
            answer = self._retried(url)
            goal = answer.headers.get("location", "")
            if answer.status not in _MOVED or not goal:
                return answer
            there = self._joined(url, goal)
            if url.scheme == "https" and there.scheme != "https":
                raise InputError("the server redirects from https to http, which was not followed")
            url = there
        raise InputError(f"the server redirects more than {_REDIRECTS} times")

    @staticmethod
    def _joined(url: httpx.URL, goal: str) -> httpx.URL:
        try:
            there = url.join(goal).copy_with(username=None, password=None, fragment=None)
            _check_host(there)
        except (httpx.InvalidURL, ValueError) as error:
            raise InputError(_NO_ADDRESS) from error
        if there.scheme not in DEFAULT_PORTS or not there.host:
            raise InputError("the server redirects to an address that is neither http nor https")
        return there

    def _retried(self, url: httpx.URL) -> Answer:
        try:
            return fetch(self._http, url, headers=self._headers_for(url))
        except UnicodeError as error:  # httpx reads where a redirect leads, even where it is not to follow
            raise InputError(_NO_ADDRESS) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unreachable(_unreachable(url, error)) from error

    def _headers_for(self, url: httpx.URL) -> dict[str, str]:
        if origin_of(url) != origin_of(self._base):
            return {}
        own = {self.credential.header: self.credential.value} if self.credential.value else {}
        return self._headers | own


def _check_host(url: httpx.URL) -> None:
    """Raise ValueError where nothing can have such a name (RFC 5891), of which sockets tell by a traceback."""
    if url.host:  # which reads what an IDN stands for
        url.raw_host.decode("ascii").encode("idna")


def _unreachable(url: httpx.URL, error: Exception) -> str:
    return f"{url.host} cannot be reached ({reason_of(error)}); check the address and the network"


def plain_base(address: str, *, told_by: str) -> str:
    """Return an API's address without a slash at its end, as it may be shown.

    Raises:
        GraphkitError: it is no http(s) address, or holds user, password, query or fragment.
    """
    try:
        parts = urlsplit(address.strip())
        has_host, _ = bool(parts.hostname), parts.port
        _check_host(httpx.URL(address.strip()))
    except (ValueError, httpx.InvalidURL) as error:
        raise GraphkitError(f"{told_by} is not a web address; give one like https://host.example/path") from error
    if parts.username is not None or parts.password is not None:
        raise GraphkitError(
            f"{told_by} holds a user or password, which ends up in logs and histories; give it without, "
            "and the secret in an environment variable"
        )
    if parts.scheme not in DEFAULT_PORTS or not has_host or parts.query or parts.fragment:
        raise GraphkitError(f"{told_by} should be an http(s) address without ? and #, like https://host.example/path")
    return parts.geturl().rstrip("/")


@contextmanager
def connected() -> Iterator[httpx.Client]:
    """Open the one pool of connections of a pull; proxies and certificates as the environment sets them."""
    with connections(_CONNECTIONS) as http:
        yield http
