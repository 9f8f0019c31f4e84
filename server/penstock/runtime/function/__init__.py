"""The functions with effects, by their names: every marked one in the files of this folder."""

from penstock.expression.catalogue import Listed, collect

EFFECTS: dict[str, Listed] = collect(__name__, __path__)
"""Each function that a running execution adds to the pure ones. It is given a `Reach` first."""
