"""SPDX 3.0 in JSON-LD."""
