"""Data source `penstock_namespace`: a namespace that somebody else declares."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import DYNAMIC, STRING, list_of, map_of
from penstock_provider.lookup import Fields, LookUp, one


class Namespace(LookUp):
    """Looks a namespace up."""

    kind = "namespace"
    fields: ClassVar[Fields] = {
        "description": (STRING, "What the namespace is for."),
        "variables": (DYNAMIC, "Its own variables: an object."),
        "labels": (map_of(STRING), "Its labels."),
        "allowed_namespaces": (
            list_of(STRING),
            "Whose flows may use what it holds; null when the nearest list above counts.",
        ),
        "plugin_defaults": (DYNAMIC, "What objects of a type get in its flows: a list."),
    }
    schema = one("A namespace as the server has it, without what it inherits.", fields)
