"""Tasks that hold tasks, and waiting."""
