"""Synthesises Terraform from flow files and promotes what dev has proven."""
