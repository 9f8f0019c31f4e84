"""`flow_id`: the id that a flow's text says."""

from __future__ import annotations

from penstock_provider.text_function import TextFunction


class FlowId(TextFunction):
    """The id in a text."""

    key = "id"
