"""Pulls: documents that a server keeps of an organisation, asked for over its API, one request at a time."""

from graphkit.sources.pulls.dependency_track import open_dependency_track
from graphkit.sources.pulls.github import open_github
from graphkit.sources.pulls.pull import Pull

__all__ = ["Pull", "open_dependency_track", "open_github"]
