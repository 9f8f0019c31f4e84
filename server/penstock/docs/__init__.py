"""Reference pages made from the code: what `penstock docs build` writes.

One module a kind of page. Each gives pages as a map from path (below ``docs/reference``) to text,
the same bytes for the same code, so that a test can tell a stale page.
"""
