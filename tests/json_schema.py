"""`jsonschema`, imported when a test asks for it and with a quick check of IRIs: that takes seconds of each process."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any


@cache
def json_schema() -> Any:
    """Return the module; what it says of an IRI in ASCII is what it says of it as a URI, which is the same by RFC 3987.

    For an IRI it makes each reading that a grammar allows, which takes 20 ms, and an SBOM has hundreds.
    """
    import jsonschema

    for draft in (jsonschema.Draft7Validator, jsonschema.Draft202012Validator):
        checkers = draft.FORMAT_CHECKER.checkers
        for iri, uri in (("iri", "uri"), ("iri-reference", "uri-reference")):
            (check, raises), (quick, _) = checkers[iri], checkers[uri]
            checkers[iri] = partial(_checked, quick, check), raises
    return jsonschema


def _checked(quick: Callable[[object], Any], check: Callable[[object], Any], instance: object) -> bool:
    return bool((quick if isinstance(instance, str) and instance.isascii() else check)(instance))


def problem_of(bom: str) -> object:
    """Return what the strict schema of CycloneDX 1.6 says against a text; None where it is one."""
    json_schema()
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom)
