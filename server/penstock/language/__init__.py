"""Flow text and the model that it means; pure, from values to values."""
