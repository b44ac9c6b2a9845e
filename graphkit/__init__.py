"""graphkit: who transitively pulled a compromised release, when, by which path, on what evidence."""

__version__ = "0.1.0"
