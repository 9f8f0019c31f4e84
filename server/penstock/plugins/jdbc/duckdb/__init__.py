"""DuckDB: SQL over files, in this process."""
