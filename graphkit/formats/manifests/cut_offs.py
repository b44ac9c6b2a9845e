"""Cut-offs of installers: files that were uploaded at a time or later are not taken.

Tried with uv 0.13 and pip 26.3. A plain date is the end of that day to uv, and its start to pip. A time without a zone
is one of the local zone. uv knows durations in many spellings, pip whole days alone (`P7D`).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from graphkit.model.guards import CutOff
from graphkit.model.times import moment

_SECOND: Final = 1_000_000
_UNITS: Final = {
    "w": 7 * 86_400, "wk": 7 * 86_400, "week": 7 * 86_400,
    "d": 86_400, "day": 86_400,
    "h": 3_600, "hr": 3_600, "hour": 3_600,
    "m": 60, "min": 60, "minute": 60,
    "s": 1, "sec": 1, "second": 1,
}  # fmt: skip
_PART: Final = re.compile(r"(\d+)\s*([a-z]+?)s?(?![a-z])[\s,]*", re.ASCII)
_ISO: Final = re.compile(
    r"\+?p(?:(\d+)w)?(?:(\d+)d)?(?:t(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?", re.IGNORECASE | re.ASCII
)
_ISO_UNITS: Final = (7 * 86_400, 86_400, 3_600, 60, 1)
_DAY_OF: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][\d:.]*)?", re.IGNORECASE | re.ASCII)
_LONGEST: Final = 10_000 * 86_400
"""Seconds; a longer time before an install is no time that anybody means."""
_DAYS: Final = re.compile(r"P(\d+)D", re.ASCII)


def uv_cut_off(text: str) -> CutOff | None:
    """Return a cut-off from what uv takes for one, None for what it does not.

    >>> uv_cut_off("7 days").age == uv_cut_off("P7D").age == uv_cut_off("1w").age == 7 * 86_400 * 1_000_000
    True
    >>> print(uv_cut_off("2026-03-20T10:00:00Z").at, uv_cut_off("2026-03-20").at, uv_cut_off("1 month"))
    2026-03-20T10:00:00Z 2026-03-21T00:00:00 None
    """
    text = text.strip()
    if (age := _age(text.lower())) is not None:
        return CutOff(age=age * _SECOND, text=text) if 0 < age <= _LONGEST else None
    try:
        if (day := _DAY_OF.fullmatch(text)) and not text.upper().endswith("Z"):
            end = dt.datetime.fromisoformat(day[1]) + dt.timedelta(days=1)
            return CutOff(at=moment(end), text=text)
        at = moment(text)
    except (ValueError, OverflowError):
        return None
    return CutOff(at=at, text=text) if at.is_exact else None


def _age(text: str) -> int | None:
    """Return seconds, None for what is no duration."""
    if iso := _ISO.fullmatch(text):
        return sum(int(one) * unit for one, unit in zip(iso.groups(), _ISO_UNITS, strict=True) if one)
    at, total = 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part[2] not in _UNITS:
            return None
        total += int(part[1]) * _UNITS[part[2]]
        at = part.end()
    return total if text else None


def pip_cut_off(text: str) -> CutOff | None:
    """Return a cut-off from what pip takes for one (`--uploaded-prior-to`), None for what it does not.

    >>> pip_cut_off("P7D").age == 7 * 86_400 * 1_000_000
    True
    >>> print(pip_cut_off("2026-03-20T10:00:00Z").at, pip_cut_off("2026-03-20").at, pip_cut_off("7 days"))
    2026-03-20T10:00:00Z 2026-03-20T00:00:00 None
    """
    text = text.strip()
    if days := _DAYS.fullmatch(text):
        seconds = int(days[1]) * 86_400
        return CutOff(age=seconds * _SECOND, text=text) if 0 < seconds <= _LONGEST else None
    try:
        return CutOff(at=moment(dt.datetime.fromisoformat(text)), text=text)
    except (ValueError, OverflowError):
        return None
