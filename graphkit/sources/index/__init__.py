"""The package index, live or as a recorded slice holds it: pages and requirements as facts."""

from graphkit.sources.index.client import open_live
from graphkit.sources.index.closure import GatherOptions, RootSet, gather
from graphkit.sources.index.refresh import Known, Refreshed, refresh
from graphkit.sources.index.slice import is_slice, slice_facts

__all__ = [
    "GatherOptions",
    "Known",
    "Refreshed",
    "RootSet",
    "gather",
    "is_slice",
    "open_live",
    "refresh",
    "slice_facts",
]
