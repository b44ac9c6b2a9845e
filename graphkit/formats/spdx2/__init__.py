"""SPDX 2.2 and 2.3 (ISO/IEC 5962:2021), in JSON, YAML, RDF/XML and tag-value text."""
