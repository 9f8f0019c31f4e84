"""Names of declared objects, as the server writes them."""

from __future__ import annotations

from typing import NamedTuple

from penstock_provider.framework.values import JsonValue


class Reference(NamedTuple):
    """One declared object; ``id`` is None for a namespace, the key for a secret."""

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
    """Reads ``flow/company.team/hello`` or ``namespace/company.team``."""
    kind, _, rest = text.partition("/")
    if not rest:
        return None
    if kind == "namespace":
        return Reference(kind, rest)
    namespace, slash, name = rest.rpartition("/")
    return Reference(kind, namespace, name) if slash else None
