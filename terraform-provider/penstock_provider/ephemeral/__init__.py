"""Ephemeral resources: a file `x.py` with one `EphemeralResource` class is `penstock_x`."""
