"""The environment an install runs in: markers (PEP 508) and wheel tags (PEP 425) follow from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where an install happens. The default is fixed, never the machine that asks (semantics §2).

    ``platform`` is one of `linux` (manylinux, glibc), `musllinux`, `macos`, `windows`; ``machine`` as in
    ``platform_machine``.
    """

    python: str = "3.12"
    platform: str = "linux"
    machine: str = "x86_64"
    implementation: str = "cpython"
