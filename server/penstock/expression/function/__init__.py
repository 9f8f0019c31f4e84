"""The pure functions by their names in templates: every marked one in the files of this folder."""

from penstock.expression.catalogue import Listed, collect

FUNCTIONS: dict[str, Listed] = collect(__name__, __path__)
"""Each pure function by each of its names; those with effects are in the runtime."""
