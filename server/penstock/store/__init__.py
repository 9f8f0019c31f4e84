"""Rows and queries. Functions take the transaction first and never commit."""
