"""What is compromised: advisories of OSV and incident files. They know nothing of an organisation."""
