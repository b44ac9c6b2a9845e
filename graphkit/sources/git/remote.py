"""Whether a remote's branches still stand where a clone has them: `git ls-remote`, asked outside the clone.

A clone under analysis is hostile until proven otherwise: its config can name programs. So the address is
read from it as text, and asked for in an empty folder, with https and ssh allowed alone.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec.structs import replace

from graphkit.model.addresses import without_secrets
from graphkit.model.sentences import first_of
from graphkit.model.times import Instant
from graphkit.sources.git.commits import Tip
from graphkit.sources.git.fetched import HEADS, REMOTES
from graphkit.sources.git.program import Git
from graphkit.temporary import scratch_folder

Ask = Callable[[str], Mapping[str, str] | str]
"""Returns the commits of a remote's branches by their names, or in words why there are none."""

_SECONDS: Final = 10
_LARGEST: Final = 2**20
_MOST: Final = 10
_SHOWN: Final = 5
_LISTED: Final = 16 * 2**20
_SECTION: Final = re.compile(r'\s*\[\s*remote\s+"((?:[^"\\]|\\.){1,200})"\s*\]\s*')
_OTHER: Final = re.compile(r"\s*\[")
_URL: Final = re.compile(r"\s*url\s*=\s*(\S+)\s*", re.IGNORECASE)
_HOST: Final = r"[A-Za-z0-9][A-Za-z0-9.-]*"
_WEB: Final = re.compile(rf"https://(?:[^\s/@]+@)?{_HOST}(?::\d+)?/[\x21-\x7e]+")
_SHELL: Final = re.compile(rf"ssh://(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?{_HOST}(?::\d+)?/[\x21-\x7e]+")
_SHORT: Final = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]*@{_HOST}:[\x21-\x7e]+")
_ROW: Final = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\trefs/heads/([^\n]+)")
_OPTIONS: Final = (
    *("-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"),
    "--no-pager",
)
_SETTINGS: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=yes -oConnectTimeout=10",
    "LC_ALL": "C",
}


def still_there(
    git: Git, ends: Iterable[Tip], now: Instant, note: Callable[[str], None], ask: Ask | None = None
) -> list[Tip]:
    """Return tips with ``now`` as when they were last seen, where their remote has them at that very commit.

    What differs, or cannot be asked for, stays as it was, and ``note`` is told so. ``ask`` answers in the
    place of `git ls-remote`. Cost: one request per remote, 10 seconds at most.
    """
    ends = list(ends)
    addresses = _addresses(git)
    tracked = {_place(tip.ref)[0] for tip in ends if tip.ref.startswith(REMOTES)}
    own = "origin" if "origin" in addresses or len(addresses) != 1 else next(iter(addresses))
    remotes = sorted({*tracked, own} & addresses.keys())[:_MOST]
    heads: dict[str, Mapping[str, str]] = {}
    for remote in remotes:
        answer = _asked(addresses[remote], ask or ls_remote)
        if isinstance(answer, str):
            note(_unchecked(git, remote, answer))
        else:
            heads[remote] = answer
    if not remotes:
        note(f"{git.label}: not checked: it names no remote with an https or ssh address; give --read-at TIME")
    return list(_compared(git, ends, own, heads, now, note))


def _compared(
    git: Git,
    ends: Iterable[Tip],
    own: str,
    heads: Mapping[str, Mapping[str, str]],
    now: Instant,
    note: Callable[[str], None],
) -> Iterable[Tip]:
    others: dict[str, list[str]] = defaultdict(list)
    ends = list(ends)
    tracked = {tip.ref for tip in ends if tip.ref.startswith(REMOTES)}
    for tip in ends:
        remote, branch = _place(tip.ref) if tip.ref.startswith((REMOTES, HEADS)) else ("", "")
        remote = remote or own
        if not branch or remote not in heads:
            yield tip
        elif heads[remote].get(branch) == tip.commit:
            yield replace(tip, seen=now)
        else:
            if tip.ref in tracked or not tracked:
                others[remote].append(branch)
            yield tip
    for remote, branches in others.items():
        shown = first_of(branches, _SHOWN)
        note(_unchecked(git, remote, f"the remote has another commit, or none, for {shown}"))


def _unchecked(git: Git, remote: str, why: str) -> str:
    fetch = f"git fetch {shlex.quote(remote)}"
    return f"{git.label}: not checked: {why}; run `{fetch}` in it, then ingest it again with --check-remote"


def _place(ref: str) -> tuple[str, str]:
    """Return a ref's remote, empty for the clone's own branches, and the branch there."""
    if ref.startswith(HEADS):
        return "", ref.removeprefix(HEADS)
    remote, _, branch = ref.removeprefix(REMOTES).partition("/")
    return remote, branch


def _addresses(git: Git) -> dict[str, str]:
    """Return the address of each remote that the config names, read as text: nothing that it includes counts."""
    try:
        path = git.path / os.fsdecode(git.text("rev-parse", "--git-path", "config"))
        if not path.is_file():
            return {}
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return {}
    found: dict[str, str] = {}
    remote = ""
    for line in text.splitlines():
        if section := _SECTION.match(line):
            remote = section[1]
        elif _OTHER.match(line):
            remote = ""
        elif remote and (url := _URL.fullmatch(line)):
            found.setdefault(remote, url[1])
    return found


def _asked(address: str, ask: Ask) -> Mapping[str, str] | str:
    if not any(shape.fullmatch(address) for shape in (_WEB, _SHELL, _SHORT)):
        return f"its address is not one of https or ssh ({without_secrets(address)[:200]!r})"
    return ask(address)


def ls_remote(address: str) -> Mapping[str, str] | str:
    """Return the branches of a remote with their commits, or in words why it does not answer. At most 10 seconds."""
    # Arguments of a process are for every user of the machine to read, its environment is not.
    plain, secret = _parted(address)
    command = ["git", *_OPTIONS, "ls-remote", "--heads", "--", plain]
    with scratch_folder() as folder, tempfile.TemporaryFile() as out:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "SSH_ASKPASS"))}
        settings = _SETTINGS | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
        try:
            process = subprocess.Popen(  # noqa: S603 - a list of own words, never a shell
                command,
                cwd=folder,
                env=kept | settings | secret,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return "git is not installed here, or cannot be run"
        try:
            code = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            return f"no answer in {_SECONDS} seconds"
        finally:
            _end(process)
        if code:
            return "the remote cannot be read from here"
        out.seek(0)
        listed = out.read(_LISTED)
    return {name.decode("utf-8", "backslashreplace"): sha.decode() for sha, name in _ROW.findall(listed)}


def _parted(address: str) -> tuple[str, dict[str, str]]:
    """Return an address without user and password, and the variables by which git (from 2.31 on) sends them there."""
    parts = urlsplit(address)
    if parts.scheme != "https" or "@" not in parts.netloc:
        return address, {}
    told, _, host = parts.netloc.rpartition("@")
    user, _, password = told.partition(":")
    basic = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    header = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.https://{host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
    return urlunsplit(parts._replace(netloc=host)), header


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and the ssh that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
