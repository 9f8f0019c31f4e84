"""What a configuration declares, as far as its names are known before anything is planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

INHERITED = frozenset({"secret", "variable", "namespace"})
"""What is looked for in a namespace and in those above it."""


class Pattern(NamedTuple):
    """Objects of a kind; None stands for any name that is not known yet.

    A namespace has no id. A ``variable`` is one that a namespace declares, and the namespace of a
    ``tenant`` is its name. The last two are of the provider block; None stands for any.
    """

    kind: str
    namespace: str | None
    id: str | None = None
    endpoint: str | None = None
    tenant: str | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it tells which object it is; only where it is may be open."""
        return (self.namespace if self.kind == "namespace" else self.id) is not None

    @property
    def name(self) -> str | None:
        """The reference's text of the one object that it is; None when something is open."""
        if self.namespace is None or self.kind == "variable":
            return None
        if self.kind == "namespace":
            return f"namespace/{self.namespace}"
        return None if self.id is None else f"{self.kind}/{self.namespace}/{self.id}"

    def is_within(self, endpoint: str, tenant: str) -> bool:
        """Whether it may be about objects of that tenant there."""
        return self.endpoint in (None, endpoint) and self.tenant in (None, tenant)

    def has(self, name: str) -> bool:
        """Whether an object, by its reference's text, may be among them."""
        kind, _, rest = name.partition("/")
        namespace, _, id_ = rest.partition("/")
        return (
            kind == self.kind
            and self.namespace in (None, namespace)
            and (kind == "namespace" or self.id in (None, id_))
        )

    @classmethod
    def of(cls, name: str) -> Pattern:
        """The one object of that reference's text."""
        kind, _, rest = name.partition("/")
        namespace, _, id_ = rest.partition("/")
        return cls(kind, namespace, id_ or None)

    def line(self) -> str:
        """One line of text; what is open is empty, for no name is."""
        return "\t".join(each or "" for each in self)

    @classmethod
    def read(cls, line: str) -> Pattern | None:
        """Of its line; None of what is none."""
        parts = line.split("\t")
        if len(parts) != len(cls._fields):
            return None
        return cls(parts[0], *(each or None for each in parts[1:]))


def serving(need: str) -> Iterator[str]:
    """Which objects serve somebody who needs one: itself, and its like in namespaces above."""
    kind, _, rest = need.partition("/")
    namespace, slash, id_ = rest.partition("/")
    yield need
    while kind in INHERITED and "." in namespace:
        namespace = namespace.rpartition(".")[0]
        yield f"{kind}/{namespace}{slash}{id_}"
