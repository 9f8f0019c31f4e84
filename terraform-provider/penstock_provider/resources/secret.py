"""`penstock_secret`: a secret whose value Terraform sends and never keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.api import ApiError, Json
from penstock_provider.declared import (
    ID,
    Declared,
    as_text,
    given,
    kept,
    name_check,
    number,
    split_import,
)
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    NUMBER,
    STRING,
    UNKNOWN,
    State,
    plain,
)
from penstock_provider.object_set import Item
from penstock_provider.reference import Reference
from penstock_provider.sentences import failure


class Secret(Declared):
    """A secret."""

    kind = "secret"
    origins = (
        kestra.origin(
            "kestra_namespace_secret",
            namespace="namespace",
            key="secret_key",
            description="secret_description|description",
        ),
    )
    names: ClassVar[Mapping[str, str]] = {"value": "value_wo"}
    always_plan = True
    schema: ClassVar[Schema] = Schema(
        "A secret of a namespace. The value is write-only: it is in no state, plan or log.",
        {
            "namespace": name_check("secret"),
            "key": Attribute(
                STRING,
                "Name under which flows read the secret. A change makes a new one.",
                required=True,
                replace=True,
            ),
            "value_wo": Attribute(
                STRING,
                "The value. Write-only: Terraform sends it and forgets it. When the server's "
                "differs, the plan shows a "
                "changed `fingerprint`.",
                required=True,
                sensitive=True,
                write_only=True,
            ),
            "value_wo_version": Attribute(
                STRING,
                "Version of the value where it comes from, any text or number: the server keeps it "
                "beside the secret. A change sends the value again even where the server may not "
                "compare.",
                optional=True,
            ),
            "description": Attribute(STRING, "What the secret is for.", optional=True),
            "id": ID,
            "fingerprint": Attribute(
                STRING,
                "Keyed hash of the value on the server; changes when the value does.",
                computed=True,
                volatile=True,
            ),
            "version": Attribute(
                NUMBER, "Grows by one with each change of the value.", computed=True, volatile=True
            ),
        },
    )

    def spec(self, planned: State, config: State) -> Json:
        """The PUT body."""
        return {"value": plain(config.get("value_wo")), **self._shown(planned)}

    @staticmethod
    def _shown(planned: State) -> Json:
        return given(planned, description="description", valueVersion="value_wo_version")

    async def plan(self, plan: Plan) -> None:
        """Compares the value with the server's, then asks about the rest."""
        planned = plan.planned
        if not all(isinstance(value, str) for value in self.identity(planned)):
            return
        reference = self.reference(planned)
        if plan.prior is None or plan.replace:
            planned["id"] = reference.name
        else:
            equal = await self._equal(plan, reference)
            if equal:
                planned["fingerprint"] = plan.prior["fingerprint"]
                planned["version"] = plan.prior["version"]
            elif equal is False or plan.changed:
                plan.changed.add("fingerprint")
                planned["fingerprint"] = planned["version"] = UNKNOWN
        if plan.changed:
            # The value itself is not the plan's business.
            spec: Json = {"value": {"$unknown": True}, **self._shown(planned)}
            await self.ask(plan, Item(reference, spec))

    async def _equal(self, plan: Plan, reference: Reference) -> bool | None:
        """Whether the server has this value; None when that cannot be told."""
        value, objects = plan.config.get("value_wo"), self.provider.planner
        if not isinstance(value, str) or objects is None:
            return None
        try:
            check = await objects.check_secret(reference, value)
        except ApiError as error:
            if error.status == 403:  # noqa: PLR2004 (comparing needs a permission of its own)
                plan.diagnostics.warning(
                    f"Secret {reference.name} is not compared",
                    "The token may not compare secrets, so a value changed on the server stays "
                    "unseen. "
                    "Change `value_wo_version` to send the value again.",
                    path=("value_wo",),
                )
                return None
            raise failure(error, f"compare secret {reference.name}", path=("value_wo",)) from None
        return check.exists and check.equal

    def state(self, prior: State, form: Json) -> State:
        """The state, without any value."""
        return {
            "namespace": prior["namespace"],
            "key": prior["key"],
            "value_wo_version": kept(prior.get("value_wo_version"), form.get("valueVersion")),
            "description": kept(prior.get("description"), form.get("description")),
            "id": self.reference(prior).name,
            "fingerprint": as_text(form.get("fingerprint")),
            "version": number(form.get("version")),
        }

    async def imported(self, identity: str) -> State:
        """Import id: ``namespace/key``."""
        namespace, key = split_import(identity, "namespace/KEY")
        return {"namespace": namespace, "key": key}
