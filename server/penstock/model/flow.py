"""A flow: the model that the YAML text means."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import AliasChoices, Field

from penstock.model.check import Check
from penstock.model.concurrency import Concurrency
from penstock.model.frozen import Frozen, Json
from penstock.model.input import Input
from penstock.model.output import FlowOutput
from penstock.model.plugin_default import PluginDefault
from penstock.model.quota import Quota
from penstock.model.retry import Retry
from penstock.model.sla import Sla
from penstock.model.task import Task
from penstock.model.trigger import Trigger

NAMESPACE_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
FLOW_ID_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$"


class Flow(Frozen):
    """Tasks in order, what starts them, what they take and what they give back."""

    id: Annotated[str, Field(pattern=FLOW_ID_PATTERN, max_length=100)]
    namespace: Annotated[str, Field(pattern=NAMESPACE_PATTERN, max_length=150)]
    revision: Annotated[int | None, Field(ge=1)] = None
    description: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    variables: dict[str, Json] = Field(default_factory=dict)
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    errors: tuple[Task, ...] = ()
    finally_: Annotated[tuple[Task, ...], Field(alias="finally")] = ()
    after_execution: tuple[Task, ...] = ()
    outputs: tuple[FlowOutput, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    plugin_defaults: Annotated[
        tuple[PluginDefault, ...],
        Field(validation_alias=AliasChoices("pluginDefaults", "taskDefaults")),
    ] = ()
    retry: Retry | None = None
    timeout: timedelta | None = None
    disabled: bool = False
    concurrency: Concurrency | None = None
    quotas: tuple[Quota, ...] = ()
    checks: tuple[Check, ...] = ()
    sla: tuple[Sla, ...] = ()

    def all_tasks(self) -> Iterator[Task]:
        """Every task at every depth, in the order of the text within each list."""
        pending = [*self.tasks, *self.errors, *self.finally_, *self.after_execution]
        pending.reverse()
        while pending:
            task = pending.pop()
            yield task
            pending.extend(reversed(task.children()))


def content_hash(source: str) -> str:
    """SHA-256 of a flow's exact bytes, in hexadecimal: the identity that promotion compares."""
    return hashlib.sha256(source.encode()).hexdigest()
