"""Data source `penstock_kv`: a key-value pair, such as one that a flow writes."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.values import DYNAMIC, STRING
from penstock_provider.lookup import Fields, LookUp, Name, one


class Kv(LookUp):
    """Looks a pair up."""

    kind = "kv"
    name = Name("key", "Key of the pair.")
    fields: ClassVar[Fields] = {
        "value": (DYNAMIC, "The value, of its own type."),
        "type": (
            STRING,
            "`STRING`, `NUMBER`, `BOOLEAN`, `DATETIME`, `DATE`, `DURATION` or `JSON`.",
        ),
        "description": (STRING, "What the pair is for."),
        "ttl": (STRING, "Time to live from the last writing, an ISO 8601 duration."),
        "expires_at": (STRING, "When the pair expires, in UTC; null when it stays."),
    }
    schema = one("A key-value pair of exactly this namespace.", fields, name)
