"""A whole index as a table on disk: checked here, and read in columns by the store."""

from graphkit.sources.tables.parquet import parquet_table
from graphkit.sources.tables.pypi_db import pypi_db_table

__all__ = ["parquet_table", "pypi_db_table"]
