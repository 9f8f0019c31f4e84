"""The Terraform provider for Penstock, written in Python."""

__version__ = "0.1.0"
