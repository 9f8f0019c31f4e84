"""Go scripts."""
