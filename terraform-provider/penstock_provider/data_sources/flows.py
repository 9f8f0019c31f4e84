"""Data source `penstock_flows`: the flows of a namespace."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import BOOL, STRING, map_of
from penstock_provider.lookup import Fields, Listing, many


class Flows(Listing):
    """Lists flows."""

    collection = plural = "flows"
    fields: ClassVar[Fields] = {
        "namespace": (STRING, "Namespace."),
        "id": (STRING, "Id in the namespace."),
        "description": (STRING, "The flow's description."),
        "disabled": (BOOL, "True when nothing starts the flow."),
        "labels": (map_of(STRING), "The flow's labels."),
    }
    schema = many(
        "Flows on the server, by namespace and labels, without their texts.",
        "flow",
        plural=plural,
        fields=fields,
        has_labels=True,
    )
