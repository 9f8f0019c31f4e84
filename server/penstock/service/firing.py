"""What happens when a trigger fires: whether it starts its flow, and with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from penstock.engine.start import CORRELATION, new_execution
from penstock.errors import InvalidInputs
from penstock.expression import is_truthy
from penstock.expression.error import ExpressionError
from penstock.model.condition import Case, Condition, Upstream
from penstock.model.execution import Execution, Origin
from penstock.model.frozen import Json
from penstock.model.headers import with_headers
from penstock.model.task import LogLevel
from penstock.model.trigger import Trigger
from penstock.service.beginning import seen, source_of
from penstock.service.inputs import Given, resolved, unread
from penstock.service.port import FlowVersion, Renderer

FROM_TRIGGER = {"system.from": "trigger"}


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a trigger fires.

    `variables` is what expressions see as ``trigger.*``; `seen` what its own properties see
    beside that. `inputs` and `labels` are given on top of the trigger's own.
    """

    execution_id: str
    tenant: str
    now: datetime
    trigger: Trigger
    type: str
    actor: str
    variables: dict[str, Json] = field(default_factory=dict)
    seen: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, Json] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    upstream: Upstream | None = None
    correlation_id: str | None = None


def sentences(error: ExpressionError | InvalidInputs) -> str:
    """Why a trigger cannot start its flow; may hold a secret that was read for it."""
    if isinstance(error, InvalidInputs) and error.problems:
        return " ".join(problem.sentence() for problem in error.problems)
    return str(error)


class Fire:
    """A firing of a trigger of one version of its flow."""

    def __init__(
        self, version: FlowVersion, firing: Firing, renderer: Callable[[Execution], Renderer]
    ) -> None:
        self.version = version
        self.trigger = firing.trigger
        self._firing = firing
        self.warnings: list[str] = []
        flow = version.flow
        inherited = firing.correlation_id
        self.origin = Origin(
            firing.type, id=firing.trigger.id, actor=firing.actor, variables=firing.variables
        )
        self.execution = new_execution(
            flow,
            id=firing.execution_id,
            tenant=firing.tenant,
            revision=version.revision,
            content_hash=version.content_hash,
            now=firing.now,
            inherited_labels=None if inherited is None else {CORRELATION: inherited},
            labels={**FROM_TRIGGER},
            origin=self.origin,
            source=source_of(version),
        )
        self.renderer = renderer(self.execution)
        context: Json = {"id": firing.trigger.id, "type": firing.type}
        trigger: dict[str, Json] = {**with_headers(firing.variables), "_context": context}
        self._variables: dict[str, Json] = {
            **seen(flow, version.revision),
            "vars": flow.variables,
            "trigger": trigger,
            **firing.seen,
        }
        if firing.type.endswith("Schedule"):
            self._variables["schedule"] = trigger

    def render(self, value: Json, given: Mapping[str, Json] | None = None) -> Json:
        """A property's value; `given` are further variables. Raises `ExpressionError`."""
        return self.renderer.render(value, {**self._variables, **(given or {})}, typed=True)

    def is_wanted(self, *apart: type[Condition]) -> bool:
        """Whether the conditions hold and `when` is truthy; `apart` are kinds of conditions that
        somebody else looks at. Raises `ExpressionError`.
        """
        trigger, flow = self.trigger, self.version.flow
        case = Case(self.render, flow.namespace, flow.id, self._firing.upstream)
        return all(
            each.holds(case) for each in trigger.conditions if not isinstance(each, apart)
        ) and is_truthy(self.render(trigger.when))

    def made(self) -> Execution:
        """The execution, in CREATED. Raises `ExpressionError`, and `InvalidInputs` with one
        problem per input.
        """
        trigger, flow = self.trigger, self.version.flow
        execution = self.labelled()
        given = self.render({**(trigger.inputs or {}), **self._firing.inputs})
        assert isinstance(given, dict)
        if trigger.log_level is not LogLevel.ERROR:
            self.warnings += unread(flow, given)
        wanted = Given(given, self._variables, is_rendered=True)
        inputs = resolved(flow, wanted, self.renderer)
        return replace(execution, inputs=inputs, origin=self._shown())

    def refused(self) -> Execution:
        """The execution that is kept when `made` or `is_wanted` cannot tell; it has no inputs."""
        return replace(self.execution, origin=self._shown())

    def _shown(self) -> Origin:
        # What the trigger got may hold a secret that it is compared with, such as its key.
        return replace(self.origin, variables=self.renderer.masker.value(self.origin.variables))

    def labelled(self) -> Execution:
        """The execution with its labels, and no inputs yet."""
        return replace(self.execution, labels=self._labels())

    def _warn(self, key: str, reason: str) -> None:
        if self.trigger.log_level is not LogLevel.ERROR:
            self.warnings.append(f"The label `{key}` of the trigger is left out: {reason}")

    def _labels(self) -> dict[str, str]:
        """The execution's labels with those of the trigger; one that cannot be is left out."""
        labels = dict(self.execution.labels)
        for key, value in {**(self.trigger.labels or {}), **self._firing.labels}.items():
            if key.startswith("system."):
                continue
            try:
                text = self.render(value)
            except ExpressionError as error:
                reason = self.renderer.masker.text(str(error))
                self._warn(key, reason)
                continue
            if text is None or text == "":
                self._warn(key, "it is empty.")
                continue
            if isinstance(text, bool):
                text = "true" if text else "false"
            labels[key] = self.renderer.masker.text(str(text))
        return labels
