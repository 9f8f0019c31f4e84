"""Files in internal storage."""
