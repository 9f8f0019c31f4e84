"""Reads and writes key-value pairs."""
