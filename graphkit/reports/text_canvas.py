"""A page of text for a terminal: titles, lines and tables that wrap and never lose a character."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len, chop_cells

from graphkit.reports.text import shown

NARROWEST: Final = 40
_GAP: Final = 2
_LEAST: Final = 6
STYLES: Final = {
    "observed": "bold red",
    "replayed": "red",
    "stated": "bold magenta",
    "picked": "yellow",
    "supplier": "magenta",
    "admitted": "cyan",
    "unknown": "blue",
    "cleared": "green",
    "none": "dim",
}
"""The colour of each verdict; the word itself always stands there too."""


class TextCanvas:
    """Lines of text as wide as a terminal; everything given to it is data and is made safe to show.

    Words are wrapped between spaces and, where one is wider than the line, folded. Nothing is cropped.
    """

    def __init__(self, width: int = 80, *, colour: bool = False) -> None:
        self._width = max(width, NARROWEST)
        self._colour = colour
        self._lines: list[str] = []
        self._is_begun = False

    def title(self, text: str) -> None:
        """Write a heading, with an empty line before it."""
        self.blank()
        self.line(text.upper(), style="bold")

    def blank(self) -> None:
        """Write an empty line, but not at the top."""
        if self._lines or self._is_begun:
            self.gap()

    def gap(self) -> None:
        """Write an empty line, at the top too."""
        self._lines.append("")

    @property
    def height(self) -> int:
        """Return how many lines were written."""
        return len(self._lines)

    def line(
        self,
        text: str,
        *,
        indent: int = 0,
        hang: int = 2,
        style: str = "",
        lead: str = "",
        tint: str = "",
        is_laid_out: bool = False,
    ) -> None:
        """Write a text, wrapped where it is long; ``lead`` is a word before it, in the colour of verdict ``tint``.

        Lines after the first are indented by ``hang`` more columns. ``is_laid_out``: it is one line as it is, with
        columns that fit the width.
        """
        words = f"{lead} {text}" if lead else text
        rows = [shown(words)] if is_laid_out else folded(shown(words), self._width - indent - hang)
        for number, row in enumerate(rows):
            margin = " " * (indent + (hang if number else 0))
            if number or not lead:
                self._lines.append(margin + self._styled(row, style))
            else:
                self._lines.append(margin + self._styled(lead, STYLES[tint]) + self._styled(row[len(lead) :], style))

    def words(self, words: Sequence[tuple[str, str]]) -> None:
        """Write short texts side by side, each in the colour of its verdict, in as many lines as they need."""
        line, used = "", 0
        for text, tint in words:
            width = cell_len(shown(text)) + _GAP * 2
            if used and used + width > self._width:
                self._lines.append(line.rstrip())
                line, used = "", 0
            line += "  " + self._styled(shown(text), STYLES[tint]) + "  "
            used += width
        self._lines.append(line.rstrip())

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, tint: int = -1, whole: int = 0) -> None:
        """Write a table; column ``tint`` holds verdicts and has their colour, ``whole`` is folded last."""
        cells = [[shown(cell) for cell in row] for row in rows]
        widths = self._widths([list(heads), *cells], whole)
        for number, row in enumerate([list(heads), *cells]):
            columns = [list(folded(cell, width)) for cell, width in zip(row, widths, strict=True)]
            for parts in zip_longest(*columns, fillvalue=""):
                styles = [
                    "bold" if not number else STYLES.get(row[n], "") if n == tint else "" for n in range(len(row))
                ]
                self._lines.append(
                    "".join(
                        self._styled(part, style) + " " * (width + _GAP - cell_len(part))
                        for part, style, width in zip(parts, styles, widths, strict=True)
                    ).rstrip()
                )

    def taken(self) -> str:
        """Return what was written since it was taken the last time."""
        text, self._lines, self._is_begun = self.text(), [], self._is_begun or bool(self._lines)
        return text

    def text(self) -> str:
        """Return everything written."""
        return "".join(f"{line}\n" for line in self._lines)

    def _widths(self, rows: Sequence[Sequence[str]], whole: int) -> list[int]:
        """Return the width of each column: the widest gives way first, ``whole`` only after the others."""
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        room = self._width - _GAP * (len(widths) - 1)
        least = [_LEAST] * len(widths)
        least[whole] = room // 2
        for floor in (least, [_LEAST] * len(widths)):
            while sum(widths) > room:
                number = max(range(len(widths)), key=lambda n: widths[n] if widths[n] > floor[n] else 0)
                if widths[number] <= floor[number]:
                    break
                # In one step down to the next widest, or to what is needed.
                over = sum(widths) - room
                widths[number] = max(floor[number], widths[number] - over, *(w for w in widths if w < widths[number]))
        return widths

    def _styled(self, text: str, style: str) -> str:
        if not style or not self._colour or not text:
            return text
        from rich.color import ColorSystem
        from rich.style import Style

        return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


def folded(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of at most ``width`` columns, broken at spaces, else inside a word."""
    line = ""
    for word in text.split(" "):
        if cell_len(line) + 1 + cell_len(word) <= width and line:
            line += " " + word
            continue
        if line:
            yield line
        *full, line = chop_cells(word, width) or [word]  # none of a word without any width, as of an accent alone
        yield from full
    yield line
