"""Answers as a `Graph` makes them: those of `graphkit.model.answers`, which a notebook shows and other tools take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from graphkit.model import answers
from graphkit.model.errors import GraphkitError
from graphkit.model.ranks import Tier

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_TALL: Final = 900
_MISSING: Final = "this needs {}: pip install '.[notebook]' from the checkout"


class _Rows:
    """An answer with one kind of rows, which its own `to_arrow` gives."""

    __slots__ = ()

    def to_arrow(self) -> pa.Table:
        """Return the rows as an Arrow table."""
        raise NotImplementedError

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas frame."""
        return _pandas(self.to_arrow())

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a polars frame."""
        return _polars(self.to_arrow())


class Blast(answers.Blast, frozen=True):
    """Who was reached. A notebook shows the headline, the picture and the first rows of each kind.

    >>> answer = graph.blast("litellm-2026-03")
    >>> answer.summary.services
    (('observed', 0), ('replayed', 0), ('picked', 0), ('admitted', 0), ('unknown', 1), ('cleared', 4))
    >>> answer.to_pandas("companies")["verdict"].tolist()[:3]
    ['stated', 'stated', 'supplier']
    """

    def to_arrow(self, rows: str = "services") -> pa.Table:
        """Return rows as an Arrow table: services, builds, companies, claims, packages, releases, slots or exposures.

        Raises:
            UsageError: there are no such rows.
            GraphkitError: pyarrow is not installed.
        """
        from graphkit.api.columns import blast_table

        return blast_table(self, rows)

    def to_pandas(self, rows: str = "services") -> pd.DataFrame:
        """Return rows as a pandas frame; see `to_arrow`."""
        return _pandas(self.to_arrow(rows))

    def to_polars(self, rows: str = "services") -> pl.DataFrame:
        """Return rows as a polars frame; see `to_arrow`."""
        return _polars(self.to_arrow(rows))

    def to_networkx(self, tier: str = "admitted") -> nx.DiGraph[str]:
        """Return releases, packages down to a tier, services and companies as a graph; see `graphkit.reports.graph`.

        >>> sorted({kind for _, kind in answer.to_networkx().nodes(data="kind")})
        ['company', 'package', 'release', 'service']
        """
        from graphkit.reports.graph import graph_of
        from graphkit.reports.interface import ReportOptions
        from graphkit.reports.wording import listing

        return graph_of(self, listing(self, ReportOptions(tier=Tier(tier))))

    def report(
        self, form: str = "markdown", *, tier: str = "picked", limit: int | None = None, strict: bool = False
    ) -> str:
        """Return a report as the command line's ``--format`` writes it; ``strict`` refuses assumptions.

        >>> answer.report("markdown").splitlines()[0]
        '# Status note: litellm-2026-03'

        Raises:
            UsageError: there is no such format.
        """
        from graphkit.reports import report
        from graphkit.reports.interface import ReportOptions

        return report(form).render(self, ReportOptions(tier=Tier(tier), limit=limit, strict=strict))

    def page(self) -> Page:
        """Return the interactive page of ``--format html``, to be shown in a notebook; half a megabyte and more."""
        return Page(html=self.report("html"))

    def _repr_html_(self) -> str:
        from graphkit.api.inline_html import blast_html

        return blast_html(self)

    def __repr__(self) -> str:
        from graphkit.reports.wording import headline

        return f"<Blast {headline(self)}>"


class Page(Struct, frozen=True, kw_only=True):
    """An interactive page that a notebook shows in a frame of its own, from which nothing gets out."""

    html: str

    def _repr_html_(self) -> str:
        from html import escape

        framed = escape(self.html, quote=True)
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{framed}" width="100%" height="{_TALL}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<Page of {len(self.html):,} characters>"


class WhyAnswer(_Rows, answers.WhyAnswer, frozen=True):
    """One service of a blast, its builds and paths."""

    def to_arrow(self) -> pa.Table:
        """Return the builds of the service as an Arrow table."""
        from graphkit.api.columns import blast_table

        table = blast_table(self.blast, "builds")
        return table.filter([name == self.service.service for name in table.column("service").to_pylist()])

    def _repr_html_(self) -> str:
        from graphkit.api.inline_html import why_html

        return why_html(self)

    def __repr__(self) -> str:
        return f"<WhyAnswer {self.service.service} is {self.service.verdict}: {self.service.reason}>"


class WhoHas(_Rows, answers.WhoHas, frozen=True):
    """Every stored document and service that lists a package."""

    def to_arrow(self) -> pa.Table:
        """Return one row per service, document and release as an Arrow table."""
        from graphkit.api.columns import who_has_table

        return who_has_table(self)

    def _repr_html_(self) -> str:
        from graphkit.api.inline_html import who_has_html

        return who_has_html(self)

    def __repr__(self) -> str:
        return f"<WhoHas {self.query}: {len(self.matches):,} rows>"


class Stats(_Rows, answers.Stats, frozen=True):
    """What a graph holds."""

    def to_arrow(self) -> pa.Table:
        """Return the counts as an Arrow table."""
        from graphkit.api.columns import stats_table

        return stats_table(self)

    def _repr_html_(self) -> str:
        from graphkit.api.inline_html import stats_html

        return stats_html(self)

    def __repr__(self) -> str:
        return f"<Stats {', '.join(f'{number:,} {word}' for word, number in self.counts if number)}>"


class IngestReport(answers.IngestReport, frozen=True):
    """What an ingest read, and every input that it did not use."""

    def _repr_html_(self) -> str:
        from graphkit.api.inline_html import ingest_html

        return ingest_html(self)

    def __repr__(self) -> str:
        return f"<IngestReport {self.read:,} read, {self.new:,} new, {len(self.rejected):,} rejected>"


def _pandas(table: Any) -> pd.DataFrame:
    try:
        import pandas as pd
    except ImportError as error:
        raise GraphkitError(_MISSING.format("pandas")) from error
    made = table.to_pandas()
    assert isinstance(made, pd.DataFrame)
    return made


def _polars(table: Any) -> pl.DataFrame:
    try:
        import polars as pl
    except ImportError as error:
        raise GraphkitError(_MISSING.format("polars")) from error
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    return made
