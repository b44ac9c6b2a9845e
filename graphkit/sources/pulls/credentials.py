"""Tokens and keys for a server: from the environment, else from the keyring; never kept, never shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from graphkit.model.errors import GraphkitError

SERVICE: Final = "graphkit"
"""What entries of the keyring are filed under; their user is the server's host."""

_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")

Keyring = Callable[[str, str], str | None]
"""Returns the secret of a service and user, None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)  # a struct shows every field
class Credential:
    """A header that says who asks; ``value`` empty: nobody. Its repr shows no secret.

    ``variables`` are those it may be set in, as advice names them.
    """

    header: str
    variables: tuple[str, ...]
    value: str = field(default="", repr=False)

    @property
    def advice(self) -> str:
        """Where a person sets it."""
        return f"set {' or '.join(self.variables)}, or a keyring entry for service {SERVICE} and the server's host"


def secret(variables: tuple[str, ...], host: str, *, environ: Mapping[str, str], keyring: Keyring | None = None) -> str:
    """Return the secret for a host: of the first variable that is set, else of the keyring, else empty.

    A keyring that is not installed, locked or broken has none.

    Raises:
        GraphkitError: the secret holds characters that no header may (RFC 9110 §5.5); it is not shown.
    """
    for variable in variables:
        if found := environ.get(variable, "").strip():
            return _checked(found, variable)
    return _checked((_asked(keyring or from_keyring, host) or "").strip(), f"the keyring's entry for {host}")


def _asked(keyring: Keyring, host: str) -> str | None:
    try:
        return keyring(SERVICE, host)
    except Exception:  # noqa: BLE001 - backends raise what they like, and a server may do without a secret
        return None


def _checked(text: str, place: str) -> str:
    # httpx names the whole header, secret and all, in its own error: it never gets to see a bad one.
    if text and not _VISIBLE.fullmatch(text):
        raise GraphkitError(f"{place} contains a character that no token or key can have; set it again")
    return text


def from_keyring(service: str, user: str) -> str | None:
    """Return a secret of the system's keyring, None where the optional package `keyring` is not installed."""
    try:
        module = import_module("keyring")
    except ImportError:
        return None
    found = module.get_password(service, user)
    return found if isinstance(found, str) else None
