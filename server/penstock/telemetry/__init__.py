"""What operators see of a running server: logs and metrics."""
