"""Names of declared objects, as the server writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from penstock_provider.framework.values import JsonValue


class Reference(NamedTuple):
    """One declared object; ``id`` is None for a namespace, a key or a path where it has that."""

    kind: str
    namespace: str
    id: str | None = None

    @property
    def ref(self) -> str:
        """``flow/company.team/hello``."""
        return "/".join(part for part in self if part is not None)

    @property
    def name(self) -> str:
        """``company.team/hello``, the import id too."""
        return self.namespace if self.id is None else f"{self.namespace}/{self.id}"

    def to_json(self) -> dict[str, JsonValue]:
        """The form in sets."""
        return {"kind": self.kind, "namespace": self.namespace, "id": self.id}


def parse_reference(text: str) -> Reference | None:
    """Reads ``flow/company.team/hello`` or ``namespace/company.team``; paths hold slashes."""
    kind, _, rest = text.partition("/")
    if not rest:
        return None
    if kind == "namespace":
        return Reference(kind, rest)
    namespace, slash, name = rest.partition("/")
    return Reference(kind, namespace, name) if slash else None


_ID = {"namespace": None, "secret": "key", "kv": "key", "file": "path"}
"""Where the forms of a kind have their id, when it is not in ``id``."""


def reference_of(form: Mapping[str, JsonValue]) -> Reference:
    """The name of an object by the server's form of it."""
    kind = str(form.get("kind"))
    field = _ID.get(kind, "id")
    return Reference(
        kind, str(form.get("namespace")), None if field is None else str(form.get(field))
    )
