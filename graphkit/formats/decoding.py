"""JSON and TOML as values, damaged ones as far as they can be read; every fraction knows how it was written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import msgspec

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import with_joined_keys
from graphkit.model.errors import InputError

if TYPE_CHECKING:
    from xml.sax import SAXParseException  # JSON and TOML are read without it

_Shape = TypeVar("_Shape")
_JSON: Final = re.compile(rb"\s*\{")
_HUGE: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"'
    r"|'''.*?'''|'[^'\n]*'|#[^\n]*|(?<![\w.])([-+]?[1-9]\d{19})[\d_]{1000,}",
    re.DOTALL,
)
"""What a number may not be looked for in, in JSON and TOML: texts and comments; and a number beyond reading."""
_TOO_EARLY: Final = "; the file ends too early: copy or export it again"
_CUT_XML: Final = frozenset({"no element found", "unclosed token", "unclosed CDATA section", "partial character"})
"""What expat says of XML that ends too early."""
_CUT_TOML: Final = "end of document"
"""Where tomllib finds fault with TOML that ends too early."""
_CUT: Final = "Input data was truncated"
"""What msgspec says of JSON that ends too early."""


def is_json(data: bytes) -> bool:
    """Return whether bytes begin as a JSON object does."""
    return bool(_JSON.match(data))


def marks_in(data: bytes, shape: type[_Shape]) -> _Shape | None:
    """Return the keys at the top of JSON by which a reader knows its format, None where it is damaged.

    A damaged document of a format is claimed all the same, so that it is rejected with an error. Cost: one scan.
    """
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Fraction(float):
    """A fraction in JSON or TOML, which knows how it was written: ``1.10`` is not ``1.1``, and ``1e400`` not infinite.

    >>> str(Fraction("1.10"))
    '1.10'
    """

    __slots__ = ("written",)

    def __new__(cls, written: str) -> Self:
        """Return what is written."""
        made = super().__new__(cls, written)
        made.written = written
        return made

    written: str

    def __repr__(self) -> str:
        """Return the text as written."""
        return self.written


_ANYTHING: Final = msgspec.json.Decoder(float_hook=Fraction)


def json_value(data: bytes) -> Any:
    """Return what JSON (RFC 8259; it has no NaN) holds; each fraction is a `Fraction`.

    Raises:
        InputError: the bytes are none, are no UTF-8, or are nested too deep.
    """
    try:
        try:
            return _ANYTHING.decode(data)
        except msgspec.ValidationError:  # untyped, that is a number with too many digits
            return _ANYTHING.decode(_without_huge_numbers(data.decode()))
    except UnicodeDecodeError as error:
        raise InputError("not valid UTF-8", place=f"byte {error.start}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error


def _without_huge_numbers(text: str) -> str:
    """Return JSON or TOML with whole numbers that nothing reads as fractions that everything does: ``12…e9999``."""
    return _HUGE.sub(lambda found: f"{found[1]}e9999" if found[1] else found[0], text)


def shaped_json(
    data: bytes,
    decoder: msgspec.json.Decoder[_Shape],
    loosely: Callable[[dict[str, Any], Diagnostics], _Shape],
    diagnostics: Diagnostics,
) -> _Shape:
    """Return JSON in the shape of a decoder; where a value does not fit, what ``loosely`` makes of all of it.

    Duplicate keys are joined and noted. Cost: two passes, 10 to 20 ms per MB; a document against its schema
    takes a third one.

    Raises:
        InputError: the bytes are no JSON, or nested too deep.
    """
    data = with_joined_keys(data, diagnostics)
    try:
        return decoder.decode(data)
    except (msgspec.ValidationError, UnicodeDecodeError):
        return loosely(diagnostics.table(json_value(repaired(data, diagnostics)), "the document"), diagnostics)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error


def loose_json(data: bytes, diagnostics: Diagnostics) -> Any:
    """Return what JSON holds, see `json_value`; bytes that are not UTF-8, and duplicate keys, are noted.

    Raises:
        InputError: the bytes are no JSON, or nested too deep.
    """
    return json_value(with_joined_keys(repaired(data, diagnostics), diagnostics))


def not_json(error: Exception) -> InputError:
    """Return what is wrong with bytes that are no JSON, or nested too deep."""
    if isinstance(error, RecursionError):
        return InputError("cannot read JSON: nested too deep")
    return InputError(f"not valid JSON: {error}{_TOO_EARLY if _CUT in str(error) else ''}")


def not_xml(error: SAXParseException, place: str) -> InputError:
    """Return what is wrong with bytes that are not XML."""
    problem = error.getMessage()
    return InputError(f"not valid XML: {problem}{_TOO_EARLY if problem in _CUT_XML else ''}", place=place)


def repaired(data: bytes, diagnostics: Diagnostics) -> bytes:
    """Return UTF-8 with a replacement character for each byte that is none; notes where the first stands."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        diagnostics.add(f"byte {error.start}", "not valid UTF-8; invalid bytes were replaced")
    return data.decode("utf-8", "replace").encode()


def toml(data: bytes, *, is_whole_file: bool = True) -> dict[str, Any]:
    """Return what TOML bytes hold; each fraction is a `Fraction`.

    ``is_whole_file`` False: they are a part of a file, so their end says nothing of that of the file.

    Raises:
        InputError: they are not TOML, with the line and column that are wrong.
    """
    try:
        text = data.decode()
        try:
            return tomllib.loads(text, parse_float=Fraction)
        except tomllib.TOMLDecodeError:
            raise
        except ValueError:  # more digits than int() reads in one go
            return tomllib.loads(_without_huge_numbers(text), parse_float=Fraction)
    except UnicodeDecodeError as error:
        raise InputError("not valid UTF-8", place=f"byte {error.start}") from error
    except RecursionError as error:
        raise InputError("cannot read TOML: nested too deep") from error
    except ValueError as error:  # TOMLDecodeError is one; so are more digits than int() reads in one go
        problem, _, place = str(error).partition(" (at ")
        place = place.rstrip(")").partition(",")[0]
        more = _TOO_EARLY if is_whole_file and place == _CUT_TOML else ""
        raise InputError(f"not valid TOML: {problem}{more}", place=place) from error
