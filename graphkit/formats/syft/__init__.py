"""Syft's own JSON."""
