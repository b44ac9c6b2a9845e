"""The key under which a component's purl is looked up."""

from __future__ import annotations

from graphkit.model.names import BadName, read_purl


def purl_key(text: str) -> str:
    """Return what a purl names without its version, qualifiers and subpath; a broken one up to its ``@``.

    >>> purl_key("pkg:npm/%40scope/name@1.0?x=y")
    'pkg:npm/%40scope/name'
    """
    try:
        purl = read_purl(text)
    except BadName:
        return text.partition("@")[0].strip()
    return purl._replace(version=None, qualifiers={}, subpath=None).to_string()
