"""What documents show of the targets of a question. It knows no verdict."""
