"""Data source `penstock_flow`: a flow that somebody else declares."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import BOOL, STRING, map_of
from penstock_provider.lookup import Fields, LookUp, Name, one


class Flow(LookUp):
    """Looks a flow up."""

    kind = "flow"
    name = Name("flow_id", "Id of the flow.")
    fields: ClassVar[Fields] = {
        "source": (STRING, "The YAML text, byte for byte."),
        "disabled": (BOOL, "True when nothing starts the flow."),
        "description": (STRING, "The flow's description."),
        "labels": (map_of(STRING), "The flow's labels."),
    }
    schema = one("A flow as the server has it.", fields, name)
