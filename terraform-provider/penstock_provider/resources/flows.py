"""`penstock_flows`: all flows of a namespace as one map, applied in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import string
from penstock_provider.declared_set import DeclaredSet, set_schema
from penstock_provider.framework.diagnostics import Diagnostics, Key
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, texts
from penstock_provider.scanner import scan


class Flows(DeclaredSet):
    """A set of flows."""

    kind = "flow"
    members = "sources"
    schema: ClassVar[Schema] = set_schema(
        "The flows of one namespace as a map from id to text. One transaction applies all of "
        "them: when one is refused, none is changed.",
        "sources",
        kind="flow",
        key="Flow id",
        told="Flow id to YAML text, each stored byte for byte. A flow that leaves the map is "
        "deleted.",
    )

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Each text must have the id that is its key, and the set's namespace."""
        namespace = config.get("namespace")
        for key, source in texts(config.get("sources")).items():
            found = scan(source)
            path = ("sources", Key(key))
            if found.get("id", key) != key:
                diagnostics.error(
                    "Key and id disagree",
                    f"`{key}`: the text says `id: {found['id']}`. Use the flow's id as the key.",
                    path=path,
                )
            elif isinstance(namespace, str) and found.get("namespace", namespace) != namespace:
                diagnostics.error(
                    "The flow is of another namespace",
                    f"`{key}`: the text says `namespace: {found['namespace']}`, the set is of "
                    f'"{namespace}".',
                    path=path,
                )

    def spec(self, source: str) -> Json:
        """The PUT body of one flow."""
        return {"source": source}

    async def texts_of(
        self,
        state: State,  # noqa: ARG002 (files need it)
        forms: Mapping[str, Json],
        known: Mapping[str, str],  # noqa: ARG002 (as above)
    ) -> dict[str, str]:
        """The flows' texts, which their forms hold."""
        return {key: string(form.get("source")) for key, form in forms.items()}
