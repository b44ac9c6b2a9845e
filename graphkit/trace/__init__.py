"""The questions, pure: a port, an incident and a window in; a frozen answer out."""
