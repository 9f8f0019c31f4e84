"""Flow triggers: what executions of other flows start, in the transaction of their own step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import structlog

from penstock.engine.start import CORRELATION
from penstock.engine.variables import moment_text, nested
from penstock.errors import InvalidInputs
from penstock.expression.error import ExpressionError
from penstock.model.condition import Case, Condition, Upstream
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.plugins.core.condition.multiple_condition import MultipleCondition
from penstock.plugins.core.trigger._dependency import Dependency
from penstock.plugins.core.trigger._window import TimeWindow
from penstock.plugins.core.trigger.flow import Flow
from penstock.runtime import remembered
from penstock.runtime.child import Children
from penstock.runtime.clock import Clock
from penstock.runtime.flows import FlowVersion
from penstock.runtime.functions import World
from penstock.runtime.rendering import Renderer
from penstock.service.firing import Fire, Firing, sentences
from penstock.service.isolation import NamespaceDenied
from penstock.store import trigger as trigger_store
from penstock.store.identity import new_id
from penstock.store.trigger import TriggerKey

_log = structlog.get_logger("penstock.trigger")
_TYPE = "core.trigger.Flow"
CHAIN = "_chain"
"""Among the trigger's variables: the flows whose executions led here, each after another."""
_LONGEST_CHAIN = 50

Windows = dict[TriggerKey, remembered.State]


@dataclass(frozen=True, slots=True)
class Reaction:
    """An execution that a flow trigger starts; with a `refusal` it has failed already."""

    key: TriggerKey
    execution: Execution
    version: FlowVersion
    warnings: tuple[str, ...] = ()
    refusal: str | None = None


class Reactions:
    """Finds what flow triggers start. Only the executor's thread uses it."""

    def __init__(self, world: World, children: Children, clock: Clock) -> None:
        self._world = world
        self._children = children
        self._clock = clock
        self._listening: dict[str, list[TriggerKey]] = {}

    def forget(self) -> None:
        """Something was declared: flows are looked at again."""
        self._listening.clear()

    def listening(self, tenant: str) -> list[TriggerKey]:
        """The flow triggers of a tenant."""
        found = self._listening.get(tenant)
        if found is None:
            with self._world.database.read() as tx:
                rows = trigger_store.of_type(tx, tenant, _TYPE)
            found = self._listening[tenant] = [row.key for row in rows]
        return found

    def to(
        self,
        execution: Execution,
        state: State,
        now: datetime,
        *,
        windows: Windows,
        chain: list[str],
    ) -> list[Reaction]:
        """What starts because an execution, as callers may see it, has come to a state.

        `windows` has what triggers remember as far as it changed; more is added. `chain` are the
        flows that led to the execution.
        """
        found: list[Reaction] = []
        for key in self.listening(execution.tenant):
            if (key.namespace, key.flow_id) == (execution.namespace, execution.flow_id):
                continue
            version = self._children.latest(key.tenant, key.namespace, key.flow_id)
            if version is None or version.disabled or version.flow.disabled:
                continue
            trigger = next((each for each in version.flow.triggers if each.id == key.id), None)
            if not isinstance(trigger, Flow) or state not in trigger.states:
                continue
            if not _may_match(trigger, execution):
                continue
            if not self._may_start(key, execution) or _is_circle(key, chain):
                continue
            event = _Event(execution, state, now, (*chain, _name(execution)))
            made = self._fire(key, version, trigger, event=event, windows=windows)
            if made is not None:
                found.append(made)
        return found

    def _may_start(self, key: TriggerKey, execution: Execution) -> bool:
        isolation, target = self._world.isolation, execution.namespace
        try:
            with self._world.database.read() as tx:
                row = trigger_store.find(tx, key)
                isolation.check(tx, key.tenant, key.namespace, target=target, what="executions")
        except NamespaceDenied:
            return False
        return row is not None and not row.is_off

    def _fire(
        self,
        key: TriggerKey,
        version: FlowVersion,
        trigger: Flow,
        *,
        event: _Event,
        windows: Windows,
    ) -> Reaction | None:
        parts = parts_of(trigger)
        upstream = event.upstream()
        variables = event.variables([event.part()], scoped=bool(trigger.depends_on))
        fire = self._built(version, trigger, event, variables)
        try:
            if not _conditions_hold(fire, trigger, upstream, is_alone=not parts):
                return None
            if parts:
                state = self._with_event(key, trigger, fire, event=event, windows=windows)
                if state is None:
                    return None
                variables = event.variables(state, scoped=bool(trigger.depends_on))
                fire = self._built(version, trigger, event, variables)
                if not _conditions_hold(fire, trigger, upstream, is_alone=True):
                    return None
        except ExpressionError as error:
            return _undecided(key, fire, trigger, error)
        try:
            execution = fire.made()
        except (ExpressionError, InvalidInputs) as error:
            reason = fire.renderer.masker.text(sentences(error))
            refusal = f"The trigger '{trigger.id}' cannot start the flow: {reason}"
            return Reaction(key, fire.refused(), version, tuple(fire.warnings), refusal)
        return Reaction(key, execution, version, tuple(fire.warnings))

    def _built(
        self, version: FlowVersion, trigger: Flow, event: _Event, variables: dict[str, Json]
    ) -> Fire:
        firing = Firing(
            execution_id=new_id(),
            tenant=event.execution.tenant,
            now=event.at,
            trigger=trigger,
            type=_TYPE,
            actor=f"execution:{event.execution.id}",
            variables=variables,
            seen=event.seen(),
            upstream=event.upstream(),
            correlation_id=event.execution.labels.get(CORRELATION),
        )
        return Fire(
            version, firing, lambda execution: Renderer(self._world, self._clock, execution)
        )

    def _with_event(
        self, key: TriggerKey, trigger: Flow, fire: Fire, *, event: _Event, windows: Windows
    ) -> list[dict[str, Json]] | None:
        """The parts that are done, when they are enough; what is remembered goes to `windows`."""
        parts, window = parts_of(trigger), window_of(trigger)
        if not remembered.is_open(window, event.at):
            return None
        case = Case(fire.render, key.namespace, key.flow_id, event.upstream())
        done = [name for name, part in parts.items() if _is_done(part, case, event.upstream())]
        if not done:
            return None
        stored = windows.get(key)
        if stored is None:
            with self._world.database.read() as tx:
                row = trigger_store.find(tx, key)
            stored = None if row is None else row.state
        state = remembered.opened(stored, window, event.at)
        state = remembered.with_part(state, done, event.part())
        windows[key] = state
        if remembered.count(state, list(parts)) < trigger.needed(len(parts)):
            return None
        windows[key] = remembered.fired(state, resets=_resets(trigger))
        return remembered.parts_of(state)


@dataclass(frozen=True, slots=True)
class _Event:
    """An execution has come to a state."""

    execution: Execution
    state: State
    at: datetime
    chain: tuple[str, ...]

    def upstream(self) -> Upstream:
        """The execution as conditions see it."""
        found = self.execution
        retried = {
            attempt.state
            for run in found.task_runs.values()
            for attempt in run.attempts
            if attempt.number > 1
        }
        return Upstream(
            id=found.id,
            namespace=found.namespace,
            flow_id=found.flow_id,
            flow_revision=found.flow_revision,
            state=self.state,
            labels=found.labels,
            outputs=found.outputs or {},
            retried=frozenset(retried),
        )

    def part(self) -> dict[str, Json]:
        """What is remembered of it."""
        found = self.execution
        return {
            "at": self.at.isoformat(),
            "executionId": found.id,
            "flowId": found.flow_id,
            "outputs": found.outputs or {},
        }

    def seen(self) -> dict[str, Json]:
        """What the trigger's own expressions see beside `trigger`."""
        found = self.execution
        execution: Json = {
            "id": found.id,
            "state": self.state.value,
            "startDate": moment_text(found.started_at or found.created_at),
        }
        return {
            "execution": execution,
            "namespace": found.namespace,
            "flowId": found.flow_id,
            "state": self.state.value,
            "labels": nested(found.labels),
            "outputs": found.outputs or {},
            "hasRetryAttempt": bool(self.upstream().retried),
        }

    def variables(self, parts: list[dict[str, Json]], *, scoped: bool) -> dict[str, Json]:
        """What expressions see as ``trigger.*``."""
        found = self.execution
        runs = sorted(found.task_runs.values(), key=lambda run: run.number)
        failed = next((run.task_id for run in runs if run.state is State.FAILED), None)
        outputs: dict[str, Json] = {}
        for part in parts:
            outputs |= cast("Mapping[str, Json]", part["outputs"])
        if scoped:
            outputs = {} if len(parts) > 1 else outputs
            outputs |= {str(part["flowId"]): part["outputs"] for part in parts}
        labels: dict[str, Json] = {**found.labels}
        return {
            "date": self.at.isoformat(),
            "executionId": found.id,
            "executionLabels": labels,
            "state": self.state.value,
            "namespace": found.namespace,
            "flowId": found.flow_id,
            "flowRevision": found.flow_revision,
            "startDate": moment_text(found.started_at or found.created_at),
            "endDate": moment_text(found.ended_at),
            "firstFailedTaskId": failed,
            "lastTaskId": runs[-1].task_id if runs else None,
            "outputs": outputs,
            CHAIN: [*self.chain],
        }


def _may_match(trigger: Flow, execution: Execution) -> bool:
    """Whether it is worth a closer look: most triggers name the flows that they wait for."""
    if not trigger.depends_on:
        return True
    return any(
        each.namespace == execution.namespace and each.flow_id in {None, execution.flow_id}
        for each in trigger.depends_on
    )


def parts_of(trigger: Flow) -> dict[str, Dependency | Condition]:
    """What must be done, by name; nothing when each execution counts by itself."""
    if trigger.preconditions is not None:
        return {**trigger.preconditions.parts()}
    multiple = _multiple(trigger)
    if multiple is not None:
        return {**multiple.conditions}
    return {f"flow {number}": each for number, each in enumerate(trigger.depends_on)}


def window_of(trigger: Flow) -> TimeWindow:
    """The window in which it must be done."""
    multiple = _multiple(trigger)
    return trigger.time_window() if multiple is None else multiple.normal_window().normal()


def _multiple(trigger: Flow) -> MultipleCondition | None:
    return next((each for each in trigger.conditions if isinstance(each, MultipleCondition)), None)


def _resets(trigger: Flow) -> bool:
    multiple = _multiple(trigger)
    return trigger.resets if multiple is None else multiple.reset_on_success


def _conditions_hold(fire: Fire, trigger: Flow, upstream: Upstream, *, is_alone: bool) -> bool:
    """Of one execution among several only the conditions; of what starts the flow `when` too."""
    if is_alone:
        return fire.is_wanted(MultipleCondition)
    case = Case(fire.render, "", "", upstream)
    others = [each for each in trigger.conditions if not isinstance(each, MultipleCondition)]
    return all(each.holds(case) for each in others)


def _is_done(part: Dependency | Condition, case: Case, upstream: Upstream) -> bool:
    return part.holds(case) if isinstance(part, Condition) else part.is_done(case, upstream)


def _undecided(
    key: TriggerKey, fire: Fire, trigger: Flow, error: ExpressionError
) -> Reaction | None:
    """What happens when a condition cannot be told: it does not hold, unless that is a failure."""
    reason = fire.renderer.masker.text(str(error))
    message = f"The trigger '{trigger.id}' cannot start the flow: {reason}"
    if trigger.fail_on_trigger_error:
        return Reaction(key, fire.refused(), cast("FlowVersion", fire.version), (), message)
    _log.warning(
        "a condition of a trigger cannot be told",
        flow=f"{key.namespace}/{key.flow_id}",
        trigger=key.id,
        reason=reason,
    )
    return None


def _is_circle(key: TriggerKey, chain: list[str]) -> bool:
    if f"{key.namespace}.{key.flow_id}" not in chain and len(chain) < _LONGEST_CHAIN:
        return False
    _log.warning(
        "flow triggers go round in a circle; the flow is not started again",
        flow=f"{key.namespace}/{key.flow_id}",
        trigger=key.id,
    )
    return True


def _name(execution: Execution) -> str:
    return f"{execution.namespace}.{execution.flow_id}"


def chain_of(execution: Execution) -> list[str]:
    """The flows whose executions led to this one by flow triggers."""
    origin = execution.origin
    found = None if origin is None else origin.variables.get(CHAIN)
    return [str(each) for each in found] if isinstance(found, list) else []
