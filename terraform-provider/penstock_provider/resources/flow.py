"""`penstock_flow`: one flow, its text kept byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import ID, REVISION, Declared, name_of, split_import, string
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, State, Value, text
from penstock_provider.reference import Reference
from penstock_provider.scanner import content_hash, scan

_NAMES = {"namespace": "namespace", "flow_id": "id"}


class Flow(Declared):
    """A flow."""

    kind = "flow"
    body = "source"
    names: ClassVar[Mapping[str, str]] = {"id": "flow_id"}
    schema: ClassVar[Schema] = Schema(
        "A flow. For many flows of one namespace, `penstock_flows` is faster and applies them "
        "in one transaction.",
        {
            "source": Attribute(
                STRING,
                "The flow's YAML text, stored byte for byte.",
                required=True,
            ),
            "namespace": Attribute(
                STRING,
                "Namespace of the flow; read from the text when it is not given. A change "
                "makes a new flow.",
                optional=True,
                computed=True,
            ),
            "flow_id": Attribute(
                STRING,
                "Id of the flow; read from the text when it is not given. A change makes a new "
                "flow.",
                optional=True,
                computed=True,
            ),
            "id": ID,
            "revision": REVISION,
            "content_hash": Attribute(
                STRING,
                "SHA-256 of the text's exact bytes, hexadecimal; known at plan.",
                computed=True,
            ),
        },
    )

    async def validate(self, config: State, diagnostics: Diagnostics) -> None:
        """Id and namespace must be in the text or given, and must agree."""
        source = config.get("source")
        if not isinstance(source, str):
            return
        found = scan(source)
        for attribute, key in _NAMES.items():
            configured = config.get(attribute)
            if configured is None and key not in found:
                diagnostics.error(
                    f"The flow has no `{key}`",
                    f"Write `{key}: …` at the top of the text, or set `{attribute}`.",
                    path=("source",),
                )
            elif isinstance(configured, str) and found.get(key, configured) != configured:
                diagnostics.error(
                    f"`{attribute}` and the text disagree",
                    f'The text says `{key}: {found[key]}`, `{attribute}` says "{configured}".',
                    path=(attribute,),
                )

    def reference(self, state: State) -> Reference:
        """The flow by namespace and id."""
        return Reference("flow", name_of(state, "namespace"), name_of(state, "flow_id"))

    def identity(self, planned: State) -> tuple[Value, ...]:
        """All of it must be known."""
        return planned.get("namespace"), planned.get("flow_id"), planned.get("source")

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (secrets need it)
        """The PUT body."""
        return {"source": text(planned.get("source"))}

    async def plan(self, plan: Plan) -> None:
        """Reads id and namespace from the text; the hash is known before the server is."""
        source = plan.planned["source"]
        if isinstance(source, str):
            found = scan(source)
            for attribute, key in _NAMES.items():
                if plan.config.get(attribute) is None and key in found:
                    plan.planned[attribute] = found[key]
            plan.planned["content_hash"] = content_hash(source)
        if plan.prior is not None:
            for attribute in _NAMES:
                if plan.planned[attribute] != plan.prior[attribute]:
                    plan.replace.append((attribute,))
        await super().plan(plan)

    def state(self, prior: State, form: Json) -> State:
        """The state, with the server's text to the byte: promotion compares hashes."""
        source = string(form.get("source"))
        return {
            "namespace": prior["namespace"],
            "flow_id": prior["flow_id"],
            "source": source,
            **self.computed(self.reference(prior), form),
            "content_hash": content_hash(source),
        }

    async def imported(self, identity: str) -> State:
        """Import id: ``namespace/flow``."""
        namespace, flow = split_import(identity, "namespace/flow_id")
        return {"namespace": namespace, "flow_id": flow}
