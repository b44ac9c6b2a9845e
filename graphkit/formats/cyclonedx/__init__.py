"""CycloneDX (ECMA-424), in JSON and XML."""
