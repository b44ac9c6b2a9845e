"""Which packages and services could reach a target: the reverse walk over the whole graph. It knows no verdict."""
