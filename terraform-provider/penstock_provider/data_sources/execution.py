"""Data source `penstock_execution`: what became of an execution."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    DYNAMIC,
    NUMBER,
    STRING,
    State,
    map_of,
    object_of,
    text,
)
from penstock_provider.lookup import Fields, computed, found
from penstock_provider.provider import Penstock
from penstock_provider.sentences import failure

FIELDS = {
    "namespace": (STRING, "Namespace of the flow."),
    "flow_id": (STRING, "Id of the flow."),
    "flow_revision": (NUMBER, "Revision of the flow that it runs."),
    "flow_hash": (STRING, "SHA-256 of exactly that text."),
    "state": (STRING, "State, such as `RUNNING` or `SUCCESS`."),
    "labels": (map_of(STRING), "Its labels."),
    "created_at": (STRING, "When it was created, in UTC."),
    "started_at": (STRING, "When it began, in UTC; null before."),
    "ended_at": (STRING, "When it ended, in UTC; null before."),
    "parent_id": (STRING, "The execution that has started it, if one has."),
    "original_id": (STRING, "The execution that it was made of, if it was."),
}
"""What lists of executions show, too."""


class Execution(DataSource[Penstock]):
    """Looks an execution up."""

    fields: ClassVar[Fields] = {
        **FIELDS,
        "inputs": (DYNAMIC, "Its inputs: an object; secret ones are hidden."),
        "outputs": (DYNAMIC, "Its outputs: an object."),
        "trigger": (
            object_of({"type": STRING, "id": STRING, "actor": STRING}),
            "What has started it.",
        ),
        "error": (object_of({"message": STRING}), "Why it failed; null when it did not."),
    }
    schema = Schema(
        "An execution as it is now.",
        {"id": Attribute(STRING, "Id of the execution.", required=True), **computed(fields)},
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """The execution; a failure when there is none."""
        identity = text(config["id"])
        try:
            form = await self.provider.objects.execution(identity)
        except ApiError as error:
            raise failure(error, f"read execution {identity}") from None
        if form is None:
            raise Failure(
                f"There is no execution {identity}",
                "It may have been purged. `penstock_executions` finds those that are there.",
                path=("id",),
            )
        return {"id": identity, **found(form, self.fields)}
