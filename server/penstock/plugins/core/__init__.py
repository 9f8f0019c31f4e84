"""Types without any dependency on a product."""
