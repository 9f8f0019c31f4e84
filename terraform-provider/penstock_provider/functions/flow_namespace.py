"""`flow_namespace`: the namespace that a flow's text says."""

from __future__ import annotations

from penstock_provider.text_function import TextFunction


class FlowNamespace(TextFunction):
    """The namespace in a text."""

    key = "namespace"
