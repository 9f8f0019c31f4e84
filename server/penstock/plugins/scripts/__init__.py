"""Running people's own programs."""
