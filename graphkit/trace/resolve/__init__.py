"""What an installer takes: what was on offer when, and the forward walk from one root. It knows no verdict."""
