"""`penstock_tenant`: a world of its own on the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from penstock_provider.api import Json
from penstock_provider.declared import ID, REVISION, given, kept, labels_of, number
from penstock_provider.declared_single import DeclaredSingle, single_name
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.resource import Reading
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, State, map_of, text
from penstock_provider.pattern import Pattern


class Tenant(DeclaredSingle):
    """A tenant."""

    kind = "tenant"
    collection = "/tenants"
    named = "tenant"
    identified_by = ("tenant",)
    schema: ClassVar[Schema] = Schema(
        "A tenant: a world of its own for namespaces, executions, secrets and tokens. The "
        "provider's token must be of scope `server`, such as the first admin token. What is in the "
        "tenant is declared by a second provider block whose `tenant` refers to this resource, in "
        "the same run if you like; a tenant that still holds something is not deleted.",
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
        """Everything shows in the attributes; what is inside may be planned from now on."""
        if plan.creating or plan.replace:
            self._announce(plan.planned)

    def declares(self, values: State) -> Iterator[Pattern]:
        """The tenant: what is inside is planned by another process."""
        yield Pattern("tenant", text(values.get("tenant")) or None)

    async def read(self, reading: Reading) -> State | None:
        """The server's form; None when it is gone, and then what was inside is gone too."""
        found = await super().read(reading)
        if found is None:
            self._announce(reading.state)
        return found

    def _announce(self, state: State) -> None:
        """Says to the other processes of the run that the tenant is going to be made."""
        examiner = self.provider.examiner
        if examiner is not None:
            examiner.walk.note([self.reference(state).ref])

    def state(self, prior: State, form: Json) -> State:
        """The state."""
        return {
            "tenant": prior["tenant"],
            "description": kept(prior.get("description"), form.get("description")),
            "labels": labels_of(prior.get("labels"), form.get("labels")),
            "id": prior["tenant"],
            "revision": number(form.get("revision")),
        }
