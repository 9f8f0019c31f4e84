"""R scripts."""
