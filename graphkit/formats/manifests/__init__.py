"""Manifests: what an install asks for, with the options and guards of its installer."""
