"""The tools that make SBOMs: which of those that a document says made it are no row of their own."""

from __future__ import annotations

from typing import Final

_GENERATORS: Final = frozenset(
    {
        *("syft", "trivy", "grype", "cdxgen", "@cyclonedx/cdxgen", "cyclonedx-py", "cyclonedx-bom", "cyclonedx-python"),
        *("cyclonedx-python-lib", "cyclonedx-library", "cyclonedx-cli", "uv", "pip-audit", "pip_audit", "sbom4python"),
        *("hatch-cyclonedx", "cargo-cyclonedx", "auditwheel", "scancode.io", "dependency-track", "snyk", "ort"),
        *("oss review toolkit", "github.com-dependency-graph", "protobom"),
    }
)


def is_generator(name: str) -> bool:
    """Return whether a tool is known to make SBOMs: then it is in a document's ``generator``, and no row."""
    return name.strip().lower() in _GENERATORS
