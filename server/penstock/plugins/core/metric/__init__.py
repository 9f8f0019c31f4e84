"""Tasks that record metrics."""
