"""`penstock_flow`: one flow, its text kept byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.api import Json
from penstock_provider.declared import ID, REVISION, as_text
from penstock_provider.declared_text import CONTENT_HASH_AT_PLAN, DeclaredText, name_in_text
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, UNKNOWN, State, is_known, text
from penstock_provider.sentences import tell_callers


class Flow(DeclaredText):
    """A flow."""

    kind = "flow"
    id_attribute = "flow_id"
    origins = (
        kestra.origin("kestra_flow", namespace="namespace", flow_id="flow_id", source="content"),
    )
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
            "namespace": name_in_text("Namespace", "flow"),
            "flow_id": name_in_text("Id", "flow"),
            "id": ID,
            "revision": REVISION,
            "content_hash": CONTENT_HASH_AT_PLAN,
            "summary": Attribute(
                STRING,
                "What the last change of the text through Terraform was, by tasks, triggers, "
                "inputs and outputs; known at plan.",
                computed=True,
            ),
        },
    )

    def since(self, plan: Plan) -> str | None:
        """The text that the state has."""
        prior = None if plan.replace else plan.prior
        return text((prior or {}).get("content_hash"))

    def shown(self, plan: Plan, row: Json | None) -> None:
        """What changes, and who calls the flow."""
        prior = None if plan.replace else plan.prior
        if prior is not None and prior.get("content_hash") == plan.planned.get("content_hash"):
            return
        plan.planned["summary"] = UNKNOWN if row is None else as_text(row.get("changes"))
        if prior is not None and row is not None:
            tell_callers(plan.diagnostics, self.reference(plan.planned), row, path=("source",))

    async def plan(self, plan: Plan) -> None:
        """As of other texts; what changes is unknown until the server can be asked."""
        source = plan.planned["source"]
        if not isinstance(source, str):
            plan.planned["summary"] = UNKNOWN
        await super().plan(plan)

    def state(self, prior: State, form: Json) -> State:
        """The state; what changed last is kept."""
        last = prior.get("summary")
        return {**super().state(prior, form), "summary": last if is_known(last) else None}
