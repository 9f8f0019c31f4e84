"""Acting on the execution itself."""
