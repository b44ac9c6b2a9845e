"""Flags of the port as properties with names, so that people can query what nodes say: true or false, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graphkit.stores import port


class FlagProperties:
    """A property for each flag of a column.

    ``names``: which flag each property shows. ``inverted``: the flags whose property is true where they are not set.
    """

    def __init__(self, names: Mapping[str, int], *, inverted: int = 0) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self._masks = np.array(list(names.values()), dtype=np.uint8)
        self._inverted = np.uint8(inverted)

    def rows(self, flags: NDArray[Any]) -> list[dict[str, bool]]:
        """Return the properties of each row of a column.

        >>> RANGES.rows(np.array([port.RANGE_PINNED]))[0]["pinned"]
        True
        """
        return [dict(zip(self.names, row, strict=True)) for row in self._truths(flags).tolist()]

    def columns(self, flags: NDArray[Any]) -> dict[str, list[bool]]:
        """Return one list for each property, with an entry for each row of a column."""
        return dict(zip(self.names, self._truths(flags).T.tolist(), strict=True))

    def _truths(self, flags: NDArray[Any]) -> port.Truths:
        found: port.Truths = ((flags.astype(np.uint8) ^ self._inverted)[:, None] & self._masks) != 0
        return found

    def flags(self, columns: Mapping[str, Sequence[bool]]) -> port.Flags:
        """Return the column of flags whose properties these are; other columns beside them are left out.

        >>> RELEASES.flags(RELEASES.columns(np.array([port.RELEASE_GHOST, port.RELEASE_LEGACY]))).tolist()
        [4, 2]
        """
        found = np.zeros(len(columns[self.names[0]]), dtype=np.uint8)
        for name, mask in zip(self.names, self._masks, strict=True):
            found[np.array(columns[name], dtype=np.bool_)] |= mask
        return found ^ self._inverted


PACKAGES: Final = FlagProperties(
    {
        "page_read": port.PAGE_READ,
        "page_empty": port.PAGE_EMPTY,
        "missing": port.PAGE_MISSING,
        "quarantined": port.PAGE_QUARANTINED,
        "newest_only": port.PAGE_ONE_RELEASE,
        "times_assumed": port.PAGE_TIMES_ASSUMED,
    }
)
RELEASES: Final = FlagProperties(
    {
        "listed": port.RELEASE_GHOST,
        "prerelease": port.RELEASE_PRERELEASE,
        "legacy": port.RELEASE_LEGACY,
        "requirements_read": port.RELEASE_REQUIREMENTS_READ,
        "requirements_borrowed": port.RELEASE_REQUIREMENTS_NEAREST,
        "requirements_partial": port.RELEASE_REQUIREMENTS_PARTIAL,
    },
    inverted=port.RELEASE_GHOST,
)
OFFERS: Final = FlagProperties(
    {
        "installable": port.OFFER_LISTED,
        "installable_unyanked": port.OFFER_FRESH,
        "taken": port.OFFER_TAKEN,
    }
)
"""Of releases, too."""
FILES: Final = FlagProperties(
    {
        "file_yanked": port.FILE_YANKED,
        "file_yank_dated": port.FILE_YANK_DATED,
        "file_time_known": port.FILE_TIME_KNOWN,
        "file_time_from_incident": port.FILE_TIME_GIVEN,
        "file_always_listed": port.FILE_ALWAYS_LISTED,
        "file_wheel": port.FILE_WHEEL,
        "file_sdist": port.FILE_SDIST,
        "file_kind_unknown": port.FILE_KIND_UNKNOWN,
    }
)
"""Of releases, as lists with an entry for each file."""
RANGES: Final = FlagProperties(
    {
        "pinned": port.RANGE_PINNED,
        "names_prerelease": port.RANGE_NAMES_PRERELEASE,
        "arbitrary_equality": port.RANGE_RAW,
        "direct_reference": port.RANGE_URL,
        "unreadable": port.RANGE_UNREADABLE,
    }
)
