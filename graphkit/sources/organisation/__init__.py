"""Whose services these are: organisation files, Backstage catalogues, CODEOWNERS and alias files."""
