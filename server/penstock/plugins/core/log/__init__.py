"""Writing to the execution's log."""
