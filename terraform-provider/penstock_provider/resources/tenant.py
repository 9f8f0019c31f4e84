"""`penstock_tenant`: a world of its own on the server."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import ID, REVISION, given, kept, labels_of, number
from penstock_provider.declared_single import DeclaredSingle, single_name
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, State, map_of


class Tenant(DeclaredSingle):
    """A tenant."""

    kind = "tenant"
    collection = "/tenants"
    named = "tenant"
    identified_by = ("tenant",)
    schema: ClassVar[Schema] = Schema(
        "A tenant: a world of its own for namespaces, executions, secrets and tokens. The "
        "provider's token must be of scope `server`, such as the first admin token. What is in the "
        "tenant is declared by a second provider block with `tenant` set to it; a tenant that "
        "still holds something is not deleted.",
        {
            "tenant": single_name("tenant"),
            "description": Attribute(STRING, "What the tenant is for.", optional=True),
            "labels": Attribute(
                map_of(STRING), "Labels of the tenant, for people and filters.", optional=True
            ),
            "id": ID,
            "revision": REVISION,
        },
    )

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (tokens need it)
        """The PUT body."""
        return given(planned, description="description", labels="labels")

    async def settle(self, plan: Plan) -> None:
        """Everything shows in the attributes."""

    def state(self, prior: State, form: Json) -> State:
        """The state."""
        return {
            "tenant": prior["tenant"],
            "description": kept(prior.get("description"), form.get("description")),
            "labels": labels_of(prior.get("labels"), form.get("labels")),
            "id": prior["tenant"],
            "revision": number(form.get("revision")),
        }
