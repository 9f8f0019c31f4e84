"""`penstock_namespace`: a namespace with its variables and labels."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import (
    CONTENT_HASH,
    ID,
    REVISION,
    Declared,
    given,
    kept,
    labels_of,
    name_check,
    name_of,
)
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import DYNAMIC, STRING, State, dynamic, map_of, plain
from penstock_provider.reference import Reference


class Namespace(Declared):
    """A namespace."""

    kind = "namespace"
    schema: ClassVar[Schema] = Schema(
        "A namespace: a place for flows, secrets and schedules, with variables for all of them.",
        {
            "namespace": name_check("objects in it"),
            "description": Attribute(STRING, "What the namespace is for.", optional=True),
            "variables": Attribute(
                DYNAMIC,
                "Variables for the expressions of all flows in the namespace: an object of any "
                "values.",
                optional=True,
            ),
            "labels": Attribute(
                map_of(STRING), "Labels of the namespace, for people and filters.", optional=True
            ),
            "id": ID,
            "revision": REVISION,
            "content_hash": CONTENT_HASH,
        },
    )

    def reference(self, state: State) -> Reference:
        """The namespace itself."""
        return Reference("namespace", name_of(state, "namespace"))

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (secrets need it)
        """The PUT body."""
        return given(planned, description="description", variables="variables", labels="labels")

    def state(self, prior: State, form: Json) -> State:
        """The state; variables of the same JSON keep their Terraform type."""
        variables = form.get("variables") or None
        before = prior.get("variables")
        same = before is not None and (plain(before) or None) == variables
        return {
            "namespace": prior["namespace"],
            "description": kept(prior.get("description"), form.get("description")),
            "variables": before if same else dynamic(variables),
            "labels": labels_of(prior.get("labels"), form.get("labels")),
            **self.computed(self.reference(prior), form),
        }

    async def imported(self, identity: str) -> State:
        """Import id: the namespace."""
        return {"namespace": identity}
