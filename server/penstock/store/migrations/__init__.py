"""Migrations: `versions/NNNN_what.py`, applied in order by `penstock.store.schema`."""
