"""The Terraform provider for Penstock, written in Python."""
