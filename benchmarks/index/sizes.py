"""How many others reach a release that small questions are about."""

SIZES = ((2, 10), (11, 100), (101, 1000))
"""Least and most nodes of an answer, itself among them."""
