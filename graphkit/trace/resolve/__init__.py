"""What an installer takes: what was listed when, and the forward walk from one root. It knows no verdict."""
