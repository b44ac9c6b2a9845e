"""Undoes what the page's packing did, as its script does, for tests that read what a page says."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

_MARK = re.compile("[\x01-\x1f]")
_OWN, _MARKS = 3, 31


def column(form: dict[str, Any]) -> list[str]:
    """Return the texts of a column."""
    if "each" in form:
        return list(form["each"])
    if "at" in form:
        return [form["values"][number] for number in form["at"]]
    if "runs" in form:
        pairs = zip(form["runs"][::2], form["runs"][1::2], strict=True)
        return [form["values"][number] for number, often in pairs for _ in range(often)]
    texts, before = [], ""
    for text in form["front"]:
        before = before[: int(text[0], 36)] + text[1:]
        texts.append(before)
    return texts


def unpacked(shape: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a page, each whole, with its ways as far as they are its own."""
    words = [column(form) for form in shape["words"]]
    patterns, nodes = column(shape["pattern"]), column(shape["node"])
    ids = (f"{letter}{number}" for letter, many in shape["ids"] for number in range(many))
    return [
        _entry(shape, each, shape["patterns"][int(patterns[n])], nodes[n] or each, [texts[n] for texts in words])
        for n, each in zip(count(), ids, strict=False)
    ]


def _entry(shape: dict[str, Any], entry_id: str, like: dict[str, Any], node: str, short: list[str]) -> dict[str, Any]:
    words: list[str] = []
    for text in short:
        words.append(_said(text, words))

    def said(text: str) -> str:
        return _said(text, words)

    def own(other: object) -> object:
        return entry_id if other == 0 else other

    terms, further = like.get("facts", []), [said(text) for text in like.get("further", [])]
    return {
        "id": entry_id,
        "node": node,
        "kind": shape["kinds"][like.get("kind", 0)],
        "name": words[0],
        "company": words[1],
        "owner": words[2],
        "verdict": like["verdict"],
        "evidence": said(like.get("evidence", "")),
        "reason": said(like.get("reason", "")),
        "slots": like.get("slots", []),
        "dated": not like.get("undated"),
        "row": not like.get("hidden"),
        "facts": list(zip(terms, [*words[_OWN:_MARKS][: len(terms)], *further], strict=False)),
        "paths": [[(said(node), said(why)) for node, why in steps] for steps in like.get("paths", [])],
        "builds": [{key: said(text) for key, text in build.items()} for build in like.get("builds", [])],
        "claims": like.get("claims", []),
        "sources": like.get("sources", []),
        "lit": [own(other) for other in like.get("lit", [])],
        "trail": [(own(start), own(end)) for start, end in like.get("trail", [])],
        "through": like.get("through", []),
        "cut": bool(like.get("cut")),
    }


def _said(text: str, words: list[str]) -> str:
    return _MARK.sub(lambda mark: words[ord(mark[0]) - 1], text)
