"""Data source `penstock_flow`: a flow that somebody else declares."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.declared import as_text, number
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import BOOL, NUMBER, STRING, State, map_of, text
from penstock_provider.provider import Penstock
from penstock_provider.reference import Reference
from penstock_provider.sentences import failure


class Flow(DataSource[Penstock]):
    """Looks a flow up."""

    schema: ClassVar[Schema] = Schema(
        "A flow as the server has it.",
        {
            "namespace": Attribute(STRING, "Namespace of the flow.", required=True),
            "flow_id": Attribute(STRING, "Id of the flow.", required=True),
            "id": Attribute(STRING, "`namespace/flow_id`.", computed=True),
            "source": Attribute(STRING, "The YAML text, byte for byte.", computed=True),
            "revision": Attribute(NUMBER, "Present revision.", computed=True),
            "content_hash": Attribute(STRING, "SHA-256 of the text, hexadecimal.", computed=True),
            "disabled": Attribute(BOOL, "True when nothing starts the flow.", computed=True),
            "description": Attribute(STRING, "The flow's description.", computed=True),
            "labels": Attribute(map_of(STRING), "The flow's labels.", computed=True),
        },
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The flow; a failure when there is none."""
        reference = Reference("flow", text(config["namespace"]), text(config["flow_id"]))
        try:
            form = await self.provider.objects.read(reference)
        except ApiError as error:
            raise failure(error, f"read flow {reference.name}") from None
        if form is None:
            raise Failure(
                f"There is no flow {reference.name}",
                "If this run creates it, refer to that resource's attributes, or use `depends_on`.",
                path=("flow_id",),
            )
        labels = form.get("labels")
        return {
            "namespace": reference.namespace,
            "flow_id": reference.id,
            "id": reference.name,
            "source": as_text(form.get("source")),
            "revision": number(form.get("revision")),
            "content_hash": as_text(form.get("contentHash")),
            "disabled": bool(form.get("disabled")),
            "description": as_text(form.get("description")),
            "labels": {key: str(value) for key, value in labels.items()}
            if isinstance(labels, dict)
            else {},
        }
