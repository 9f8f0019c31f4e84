"""Builds an execution of a flow that is about to start, whoever starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from penstock.engine.start import new_execution
from penstock.errors import FlowDisabled, InvalidInputs
from penstock.language.inputs import resolve_inputs
from penstock.model.execution import Execution, Origin, Source
from penstock.model.flow import Flow
from penstock.model.frozen import Json
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


def build(
    version: FlowVersion, beginning: Beginning, renderer: Callable[[Execution], Renderer]
) -> Execution:
    """An execution in CREATED with its inputs resolved; touches no database.

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
        source=_source(version),
    )
    if not flow.inputs:
        return execution
    inputs = _inputs(renderer(execution), execution, flow, beginning.inputs)
    return replace(execution, inputs=inputs)


def _source(version: FlowVersion) -> Source | None:
    source = version.source
    if source is None or (source.repository is None and source.commit is None):
        return None
    return source


def _inputs(
    renderer: Renderer, execution: Execution, flow: Flow, given: Mapping[str, Json]
) -> dict[str, Json]:
    variables: dict[str, Json] = {
        "flow": {"id": flow.id, "namespace": flow.namespace, "revision": execution.flow_revision}
    }

    def render(value: Json, inputs: dict[str, Json], /) -> Json:
        return renderer.render(value, {**variables, "inputs": inputs}, typed=True)

    try:
        inputs = resolve_inputs(flow.inputs, given, render)
    except InvalidInputs as error:
        mask = renderer.masker.text
        problems = tuple(
            replace(each, object=None, message=mask(each.message)) for each in error.problems
        )
        raise InvalidInputs(
            f"The inputs do not fit the flow {flow.namespace}/{flow.id}: "
            + "; ".join(problem.message for problem in problems),
            problems=problems,
            hint=problems[0].hint if problems else error.hint,
        ) from None
    if renderer.masker.holds(inputs):
        raise InvalidInputs(
            "A default holds a secret, and inputs are stored readable.",
            hint="Read the secret in the task that needs it.",
        )
    return inputs
