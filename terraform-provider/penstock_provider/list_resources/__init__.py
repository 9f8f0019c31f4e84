"""List resources: a file `x.py` with one `ListResource` class lists `penstock_x`."""
