"""The filters by their names in templates: every marked function in the files of this folder."""

from penstock.expression.catalogue import Listed, collect

FILTERS: dict[str, Listed] = collect(__name__, __path__)
"""Each filter by each of its names."""
