"""Task and trigger types: a type's name is its path below here."""
