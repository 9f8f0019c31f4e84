"""Terraform plugin protocol 6 in Python: what every provider needs and none should rewrite."""
