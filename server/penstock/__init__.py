"""Penstock: orchestration that is managed as infrastructure."""

__version__ = "0.1.0"
