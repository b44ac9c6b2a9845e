"""Lock files: what a resolver chose, one module for each tool."""
