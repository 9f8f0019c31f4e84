"""Data source `penstock_kvs`: the key-value pairs of a namespace."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import DYNAMIC, STRING, JsonValue, State, dynamic
from penstock_provider.lookup import Fields, Listing


class Kvs(Listing):
    """Lists pairs."""

    collection = "kv"
    plural = "values"
    fields: ClassVar[Fields] = {}
    schema = Schema(
        "All key-value pairs of one namespace.",
        {
            "namespace": Attribute(STRING, "Namespace, dotted.", required=True),
            "values": Attribute(
                DYNAMIC, "An object: key to value, each of its own type.", computed=True
            ),
        },
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The pairs that there are; expired ones are gone."""
        forms = await self.forms(config)
        values: dict[str, JsonValue] = {str(form["key"]): form.get("value") for form in forms}
        return {**config, "values": dynamic(values)}
