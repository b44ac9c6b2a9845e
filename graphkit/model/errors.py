"""The one root of graphkit's errors, and the kinds a person can cause."""

from __future__ import annotations


class GraphkitError(Exception):
    """Any failure that graphkit explains in one line; the CLI exits with 4 on it."""


class InputError(GraphkitError):
    """An input that no reader can use as a whole: where in it, and what was expected."""

    def __init__(self, problem: str, *, place: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" if self.place else self.problem


class NoDocument(InputError):
    """An input of a known format that is no list of components: nothing is lost with it, so nothing is open."""


class GraphChanged(GraphkitError):
    """A graph changed while it was read, in what was about to be read: the question is to be asked again."""


class UsageError(GraphkitError):
    """A question that cannot be asked as it was put; the CLI exits with 2 on it."""


class GraphkitWarning(UserWarning):
    """What a person has to know though there is an answer; the CLI says it in one line on stderr."""
