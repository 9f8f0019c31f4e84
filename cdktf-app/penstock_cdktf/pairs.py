"""Key-value pairs in the settings of an environment."""

from __future__ import annotations

from dataclasses import dataclass

from penstock_cdktf.document import JsonValue, Section
from penstock_cdktf.errors import Position

_KNOWN = ("namespace", "key", "value", "type", "description", "ttl")
_TYPES = ("DATETIME", "DATE", "DURATION")


@dataclass(frozen=True, slots=True)
class Pair:
    """A value that the flows of a namespace read by its key."""

    namespace: str
    key: str
    value: JsonValue
    type: str | None
    description: str | None
    ttl: str | None
    at: Position


def read_pairs(root: Section, *, namespace: str, key: str) -> tuple[Pair, ...]:
    """Reads `kv`; `namespace` and `key` are the patterns that names must match."""
    found: dict[tuple[str, str], Pair] = {}
    for section in root.each("kv", known=_KNOWN):
        if section.json("value") is None:
            section.report("value", "it is missing; null is no value to declare.")
        kind = section.text("type")
        if kind is not None and kind not in _TYPES:
            words = f"one of {', '.join(_TYPES)}; other types show in the value"
            section.report("type", f"it is `{kind}`, and must be {words}.")
        pair = Pair(
            section.must("namespace", pattern=namespace, what="a namespace in lower case"),
            section.must("key", pattern=key, what="letters, digits and `.`, `_`, `-`"),
            section.json("value"),
            kind,
            section.text("description"),
            section.text("ttl", pattern="P.+", what="an ISO 8601 duration such as `P7D`"),
            section.at,
        )
        if (pair.namespace, pair.key) in found:
            section.report(None, f"{pair.namespace}/{pair.key} is declared twice.")
        found[pair.namespace, pair.key] = pair
    return tuple(found.values())
