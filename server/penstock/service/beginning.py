"""Builds an execution of a flow that is about to start, whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from penstock.engine.start import new_execution
from penstock.errors import FlowDisabled
from penstock.model.execution import Execution, Origin, Source
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.service.inputs import Given, resolved
from penstock.service.port import FlowVersion, Renderer


@dataclass(frozen=True, slots=True)
class Beginning:
    """Who starts it, and with what."""

    id: str
    tenant: str
    now: datetime
    origin: Origin
    inputs: Mapping[str, Json] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    scheduled_at: datetime | None = None
    breakpoints: tuple[str, ...] = ()


def build(
    version: FlowVersion, beginning: Beginning, renderer: Callable[[Execution], Renderer]
) -> Execution:
    """An execution in CREATED with its inputs resolved, whose expressions may read what there is.

    Raises `FlowDisabled`, and `InvalidInputs` with one problem per input.
    """
    flow = version.flow
    if flow.disabled:
        raise FlowDisabled(
            f"The flow {flow.namespace}/{flow.id} is disabled.",
            hint="Remove `disabled: true` from it.",
        )
    execution = new_execution(
        flow,
        id=beginning.id,
        tenant=beginning.tenant,
        revision=version.revision,
        content_hash=version.content_hash,
        now=beginning.now,
        labels=dict(beginning.labels),
        origin=beginning.origin,
        source=source_of(version),
        scheduled_at=beginning.scheduled_at,
        breakpoints=beginning.breakpoints,
    )
    if not flow.inputs:
        return execution
    given = Given(beginning.inputs, seen(flow, version.revision))
    return replace(execution, inputs=resolved(flow, given, renderer(execution)))


def seen(flow: Flow, revision: int) -> dict[str, Json]:
    """What the expressions of inputs see."""
    return {"flow": {"id": flow.id, "namespace": flow.namespace, "revision": revision}}


def source_of(version: FlowVersion) -> Source | None:
    """The commit that a version came from; None when nothing is known of it."""
    source = version.source
    if source is None or (source.repository is None and source.commit is None):
        return None
    return source
