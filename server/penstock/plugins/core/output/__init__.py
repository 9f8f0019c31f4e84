"""Giving values names."""
