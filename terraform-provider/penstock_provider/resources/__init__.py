"""Managed resources: a file `x.py` with one `Resource` class is `penstock_x`."""
