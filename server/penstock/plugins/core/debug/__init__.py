"""Looking at values while writing a flow."""
