"""What happens next: pure functions over values, no clock, no database, no randomness."""
