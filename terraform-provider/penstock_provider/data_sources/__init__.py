"""Data sources: a file `x.py` with one `DataSource` class is `penstock_x`."""
