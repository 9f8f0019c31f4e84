"""Tasks that are made of templates."""
