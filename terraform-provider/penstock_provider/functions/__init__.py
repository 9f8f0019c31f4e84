"""Functions: a file `x.py` with one `Function` class is `provider::penstock::x`."""
