"""Ruby scripts."""
