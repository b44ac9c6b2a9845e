"""Text from anywhere, made safe to show: what would act on a terminal or a reader becomes visible."""

from __future__ import annotations

import re
from typing import Final

# A fixed list, not the categories of `unicodedata`: those change with Python, and a report should not.
_HIDDEN: Final = (
    "\x00-\x1f\x7f-\x9f"  # controls, ANSI escapes begin with one
    "\u00ad"  # soft hyphen
    "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # fillers, joiners, the Arabic letter mark
    "\u200b-\u200f"  # zero width, left-to-right and right-to-left marks
    "\u2028-\u202e"  # line and paragraph separators, bidi embeddings and overrides
    "\u2060-\u206f"  # word joiner, invisible operators, bidi isolates
    "\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff"  # lone surrogates, which UTF-8 cannot hold
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # musical controls; tags, that can spell hidden text
)
_UNSAFE: Final = re.compile(f"[{_HIDDEN}]")
_UNSAFE_IN_JSON: Final = re.compile(f"(?!\n)[{_HIDDEN}]")
_UNSAFE_IN_HTML: Final = re.compile(f"[<>&{_HIDDEN}]")


def shown(text: str) -> str:
    r"""Return a text with every character that hides, reorders or controls written as an escape.

    >>> shown("safe\u202e\x1b[31m")
    'safe\\u202e\\x1b[31m'

    Line breaks and tabs are escaped too: a text is shown on the line it was given.
    """
    if text.isascii() and text.isprintable():  # most texts, and a tenth of the time
        return str(text)  # of an enumeration its text
    return _UNSAFE.sub(_visible, text)


def safe_json(encoded: str) -> str:
    """Return JSON text, made with ``ensure_ascii=False``, with its unsafe characters as JSON escapes.

    It decodes to the same value: outside of strings JSON has none of them but the line break, which
    stays.
    """
    if encoded.isascii() and "\x7f" not in encoded:  # most answers; below a space JSON has only escapes
        return encoded
    return _UNSAFE_IN_JSON.sub(_json_escape, encoded)


def script_json(encoded: str) -> str:
    """Return JSON text without line breaks as it can stand inside a ``<script>``: also ``<``, ``>``, ``&`` escaped."""
    return _UNSAFE_IN_HTML.sub(_json_escape, encoded)


def cut(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters, its end replaced by an ellipsis where it is longer."""
    return text if len(text) <= most else text[: most - 1] + "…"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, ``1 package`` or ``2,000 packages``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
