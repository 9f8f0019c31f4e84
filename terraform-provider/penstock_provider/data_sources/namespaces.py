"""Data source `penstock_namespaces`: the namespaces of a tenant."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import STRING, map_of
from penstock_provider.lookup import Fields, Listing, many


class Namespaces(Listing):
    """Lists namespaces."""

    collection = plural = "namespaces"
    includes_children = True
    fields: ClassVar[Fields] = {
        "namespace": (STRING, "Namespace."),
        "description": (STRING, "What the namespace is for."),
        "labels": (map_of(STRING), "Its labels."),
    }
    schema = many(
        "Declared namespaces, those below the given one among them unless `include_children` is "
        "false.",
        "namespace",
        plural=plural,
        fields=fields,
        has_labels=True,
    )
