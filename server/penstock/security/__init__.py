"""Who calls, and whether the caller may."""
