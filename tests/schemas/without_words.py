"""Write a JSON schema without its descriptions, one definition a line: what is planted by needs no more.

python tests/schemas/without_words.py schema-16.1.10.json > tests/schemas/syft/16.1.10.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

_WORDS: Final = frozenset({"description", "$comment", "$schema", "$id", "title"})


def bare(value: Any) -> Any:
    """Return a schema without words."""
    if isinstance(value, list):
        return [bare(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: one for key, one in value.items() if key not in _WORDS}
    return {"definitions" if key == "$defs" else key: _inner(key, one) for key, one in kept.items()}


def _inner(key: str, value: Any) -> Any:
    """Return what stands behind a key; the keys of some tables are names, and one that is anything is ``{}``."""
    if key in {"properties", "definitions", "$defs"}:
        return {name: {} if one is True else bare(one) for name, one in value.items()}
    return bare(value)


def lines(schema: dict[str, Any]) -> str:
    """Return a schema as JSON, one definition a line."""
    definitions = schema.pop("definitions")
    if isinstance(ref := schema.pop("$ref", None), str):
        schema |= definitions.pop(ref.rpartition("/")[2])
    inner = ",\n  ".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in definitions.items())
    text = f'{json.dumps(schema)[:-1]},\n "definitions": {{\n  {inner}\n}}}}\n'
    return text.replace("#/$defs/", "#/definitions/")


if __name__ == "__main__":
    sys.stdout.write(lines(bare(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
