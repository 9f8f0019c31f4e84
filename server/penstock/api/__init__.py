"""The HTTP API: one router a noun, found by looking into this package."""
