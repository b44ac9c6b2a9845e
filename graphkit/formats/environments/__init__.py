"""What pip says of an environment or of one install."""
