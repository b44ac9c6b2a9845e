"""graphkit: who transitively pulled a compromised release, when, by which path, on what evidence."""

from typing import Final

__version__: Final = "0.1.0"
