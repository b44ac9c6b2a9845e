"""Trivy's own JSON."""
