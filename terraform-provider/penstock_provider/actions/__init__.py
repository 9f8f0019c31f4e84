"""Actions: a file `x.py` with one `Action` class is `penstock_x`."""
