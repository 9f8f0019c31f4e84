"""`penstock_flows`: all flows of a namespace as one map, applied in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import as_text, string
from penstock_provider.declared_set import DeclaredSet, set_schema
from penstock_provider.framework.diagnostics import Diagnostics, Key
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    STRING,
    UNKNOWN,
    State,
    Value,
    is_known,
    map_of,
    text,
    texts,
)
from penstock_provider.reference import Reference
from penstock_provider.scanner import scan
from penstock_provider.sentences import tell_callers


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
        more={
            "summaries": Attribute(
                map_of(STRING),
                "What the last change of the set through Terraform was: flow id to its changed "
                "tasks, triggers, inputs and outputs; known at plan.",
                computed=True,
            )
        },
    )

    async def plan(self, plan: Plan) -> None:
        """As of all sets; what changes is unknown until the server can be asked."""
        if "sources" in plan.changed:
            plan.planned["summaries"] = UNKNOWN
        await super().plan(plan)

    def shown(self, plan: Plan, rows: Mapping[str, Json], *, removed: Sequence[str]) -> None:
        """What changes, and who calls the flows that change."""
        sources, namespace = plan.planned["sources"], text(plan.planned["namespace"])
        if "sources" not in plan.changed or not isinstance(sources, dict):
            return
        prior = {} if plan.replace else texts((plan.prior or {}).get("sources"))
        told: dict[str, Value] = dict.fromkeys(removed, "removed")
        for key, source in sources.items():
            reference = Reference("flow", namespace, key)
            row = rows.get(reference.ref)
            if not isinstance(source, str):
                told[key] = UNKNOWN
            elif row is not None:
                told[key] = as_text(row.get("changes")) or "changed"
                if key in prior:
                    tell_callers(plan.diagnostics, reference, row, path=("sources",), key=key)
        plan.planned["summaries"] = told

    def shape(self, planned: State) -> State:
        """What changed last is kept."""
        last = planned.get("summaries")
        return {"summaries": last if isinstance(last, dict) and is_known(last) else {}}

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Each text must have the id that is its key, and the set's namespace."""
        namespace = config.get("namespace")
        for key, source in texts(config.get("sources")).items():
            found = scan(source)
            if found.get("id", key) != key:
                diagnostics.error(
                    "Key and id disagree",
                    f"`{key}`: the text says `id: {found['id']}`. Use the flow's id as the key.",
                    path=("sources", Key(key)),
                )
            elif isinstance(namespace, str) and found.get("namespace", namespace) != namespace:
                diagnostics.error(
                    "The flow is of another namespace",
                    f"`{key}`: the text says `namespace: {found['namespace']}`, the set is of "
                    f'"{namespace}".',
                    path=("sources", Key(key)),
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
