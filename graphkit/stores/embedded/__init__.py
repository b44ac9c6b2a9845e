"""The embedded store: one folder with a DuckDB record and an index compiled from it."""
