"""SBOMs inside of attestations (in-toto, DSSE, Sigstore) and the provenance of builds."""
