"""Calling HTTP services."""
