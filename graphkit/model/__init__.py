"""The words of graphkit as frozen values: no input, no output, no clock."""

__version__ = "0.1.0"
"""The version of graphkit: part of every answer, so its home is here, where every part may look."""
