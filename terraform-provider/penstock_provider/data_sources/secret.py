"""Data source `penstock_secret`: what there is to know of a secret, never its value."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import NUMBER, STRING
from penstock_provider.lookup import Fields, LookUp, Name, one


class Secret(LookUp):
    """Looks a secret up."""

    kind = "secret"
    name = Name("key", "Name under which flows read the secret.")
    fields: ClassVar[Fields] = {
        "description": (STRING, "What the secret is for."),
        "fingerprint": (STRING, "Keyed hash of the value; changes when the value does."),
        "version": (NUMBER, "Grows by one with each change of the value."),
        "value_version": (STRING, "Version of the value where it comes from."),
    }
    schema = one("A secret of a namespace, without its value.", fields, name)
