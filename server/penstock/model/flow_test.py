"""Tests of flows, as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from penstock.model.flow import FLOW_ID_PATTERN, NAMESPACE_PATTERN
from penstock.model.frozen import Frozen, Json
from penstock.model.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Where the clock of a case stands that says nothing of it: every run sees the same dates."""


def _aware(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Outcome(StrEnum):
    """How a task or a flow that a fixture stands for ends."""

    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    KILLED = "KILLED"


class TaskFixture(Frozen):
    """Stands for the work of a task; of several that fit, the most exact one counts."""

    id: Annotated[str, Field(description="The task.")]
    value: Annotated[Json, Field(description="Only for this value of the loop around it.")] = None
    attempt: Annotated[int | None, Field(ge=1, description="Only for this attempt.")] = None
    outputs: Annotated[dict[str, Json], Field(description="What it gives back.")] = Field(
        default_factory=dict
    )
    state: Annotated[Outcome | None, Field(description="How it ends; SUCCESS by default.")] = None
    error: Annotated[str | None, Field(description="The sentence with which it fails.")] = None
    takes: Annotated[
        timedelta | None, Field(description="How long it takes on the test's clock.")
    ] = None
    log: Annotated[tuple[str, ...], Field(description="Lines that it writes.")] = ()
    description: Annotated[str | None, Field(description="For people.")] = None

    @property
    def ends(self) -> Outcome:
        """Its state."""
        return self.state or (Outcome.SUCCESS if self.error is None else Outcome.FAILED)


class SubflowFixture(Frozen):
    """Stands for every execution of another flow."""

    namespace: Annotated[str, Field(description="The flow's namespace.")]
    flow_id: Annotated[str, Field(description="The flow.")]
    outputs: Annotated[dict[str, Json], Field(description="Its flow outputs.")] = Field(
        default_factory=dict
    )
    state: Annotated[Outcome | None, Field(description="How it ends; SUCCESS by default.")] = None
    error: Annotated[str | None, Field(description="The sentence with which it fails.")] = None
    description: Annotated[str | None, Field(description="For people.")] = None

    @property
    def ends(self) -> Outcome:
        """Its state."""
        return self.state or (Outcome.SUCCESS if self.error is None else Outcome.FAILED)


class Answer(Frozen):
    """What an HTTP service answers."""

    code: Annotated[int, Field(ge=100, le=599, description="The status.")] = 200
    body: Annotated[Json, Field(description="Text, or a value that is sent as JSON.")] = None
    headers: Annotated[dict[str, str], Field(description="Its headers.")] = Field(
        default_factory=dict
    )
    error: Annotated[
        str | None, Field(description="There is no answer: the connection fails with this.")
    ] = None


class RequestFixture(Frozen):
    """Answers HTTP requests; of several that fit, each answers one and the last all others."""

    uri: Annotated[str, Field(description="The address without query; `*` stands for anything.")]
    method: Annotated[str | None, Field(description="Only this method.")] = None
    answer: Annotated[Answer, Field(description="What comes back; 200 by default.")] = Answer()
    description: Annotated[str | None, Field(description="For people.")] = None


class TriggerFixture(Frozen):
    """The trigger that started the execution, and what expressions see of it."""

    id: Annotated[str, Field(description="A trigger of the flow.")]
    type: Annotated[str | None, Field(description="Its type; the flow's by default.")] = None
    variables: Annotated[
        dict[str, Json],
        Field(description="What `trigger.*` shows; a Schedule's dates are filled in."),
    ] = Field(default_factory=dict)
    description: Annotated[str | None, Field(description="For people.")] = None


def _named(value: object) -> object:
    return {"id": value} if isinstance(value, str) else value


class Fixtures(Frozen):
    """Everything that a flow finds when it is tested."""

    inputs: Annotated[dict[str, Json], Field(description="Inputs of the execution.")] = Field(
        default_factory=dict
    )
    labels: Annotated[dict[str, str], Field(description="Labels of the execution.")] = Field(
        default_factory=dict
    )
    variables: Annotated[
        dict[str, Json], Field(description="Variables of the flow's namespace.")
    ] = Field(default_factory=dict)
    secrets: Annotated[
        dict[str, str | None],
        Field(description="Secrets by key; null for one that is missing. Others have any value."),
    ] = Field(default_factory=dict)
    kv: Annotated[
        dict[str, Json],
        Field(description="Key-value pairs: `key` of the flow's namespace, or `namespace/key`."),
    ] = Field(default_factory=dict)
    files: Annotated[
        dict[str, str],
        Field(description="Stored files by name; `files['name']` is the URI in fixtures."),
    ] = Field(default_factory=dict)
    tasks: Annotated[tuple[TaskFixture, ...], Field(description="Tasks that do not run.")] = ()
    subflows: Annotated[
        tuple[SubflowFixture, ...], Field(description="Flows that are not executed.")
    ] = ()
    requests: Annotated[
        tuple[RequestFixture, ...], Field(description="Answers to HTTP requests.")
    ] = ()
    resume: Annotated[
        dict[str, dict[str, Json]],
        Field(description="Pauses that somebody ends at once: by task, what `onResume` gets."),
    ] = Field(default_factory=dict)
    trigger: Annotated[
        TriggerFixture | None,
        BeforeValidator(_named),
        Field(description="The trigger that starts it: its id, or a map."),
    ] = None
    clock: Annotated[
        datetime | None, Field(description="The time at the start; 2026-01-01T00:00:00Z else.")
    ] = None

    def over(self, shared: Fixtures) -> Fixtures:
        """These, with the suite's where they say nothing."""
        return Fixtures(
            inputs={**shared.inputs, **self.inputs},
            labels={**shared.labels, **self.labels},
            variables={**shared.variables, **self.variables},
            secrets={**shared.secrets, **self.secrets},
            kv={**shared.kv, **self.kv},
            files={**shared.files, **self.files},
            tasks=(*self.tasks, *shared.tasks),
            subflows=(*self.subflows, *shared.subflows),
            requests=(*self.requests, *shared.requests),
            resume={**shared.resume, **self.resume},
            trigger=self.trigger or shared.trigger,
            clock=_aware(self.clock or shared.clock or START),
        )


class Assertion(Frozen):
    """An expression over the finished execution, and what it must give."""

    value: Annotated[Json, Field(description="What is looked at, usually an expression.")]
    task_id: Annotated[str | None, Field(description="The task that it is about.")] = None
    equal_to: Annotated[Json, Field(description="Equal to this.")] = None
    not_equal_to: Annotated[Json, Field(description="Not equal to this.")] = None
    contains: Annotated[Json, Field(description="A text or list with this in it.")] = None
    starts_with: Annotated[str | None, Field(description="A text that begins so.")] = None
    ends_with: Annotated[str | None, Field(description="A text that ends so.")] = None
    in_: Annotated[tuple[Json, ...] | None, Field(alias="in", description="One of these.")] = None
    not_in: Annotated[tuple[Json, ...] | None, Field(description="None of these.")] = None
    greater_than: Annotated[Json, Field(description="More than this.")] = None
    greater_than_or_equal_to: Annotated[Json, Field(description="This or more.")] = None
    less_than: Annotated[Json, Field(description="Less than this.")] = None
    less_than_or_equal_to: Annotated[Json, Field(description="This or less.")] = None
    is_null: Annotated[bool | None, Field(description="Whether it is null.")] = None
    is_not_null: Annotated[bool | None, Field(description="Whether it is anything else.")] = None
    error_message: Annotated[str | None, Field(description="Said when it does not hold.")] = None
    description: Annotated[str | None, Field(description="For people.")] = None


class TaskExpectation(Frozen):
    """What became of a task."""

    state: Annotated[State | None, Field(description="State of each of its runs.")] = None
    runs: Annotated[int | None, Field(ge=0, description="How many task runs.")] = None
    attempts: Annotated[int | None, Field(ge=0, description="Attempts of all runs together.")] = (
        None
    )
    outputs: Annotated[
        dict[str, Json] | None, Field(description="Outputs of each run, at least these.")
    ] = None
    error: Annotated[str | None, Field(description="Words of the reason why it failed.")] = None


class RequestExpectation(Frozen):
    """A request that must have been made."""

    uri: Annotated[str, Field(description="The address without query; `*` stands for anything.")]
    method: Annotated[str | None, Field(description="The method.")] = None
    body: Annotated[
        Json, Field(description="The body: text, or a value that was sent as JSON.")
    ] = None
    headers: Annotated[dict[str, str], Field(description="Headers, at least these.")] = Field(
        default_factory=dict
    )
    query: Annotated[dict[str, str], Field(description="Query, at least this.")] = Field(
        default_factory=dict
    )
    times: Annotated[int | None, Field(ge=0, description="How often; at least once else.")] = None


def _stated(value: object) -> object:
    """``task: SUCCESS`` for ``task: {state: SUCCESS}``, and a number for how many runs."""
    if isinstance(value, str):
        return {"state": value}
    return {"runs": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Expectation(Frozen):
    """What must be true at the end."""

    state: Annotated[
        State | None, Field(description="The final state; FAILED with `error`, SUCCESS else.")
    ] = None
    error: Annotated[str | None, Field(description="Words of the reason why it failed.")] = None
    outputs: Annotated[
        dict[str, Json] | None, Field(description="The flow's outputs, at least these.")
    ] = None
    labels: Annotated[dict[str, str], Field(description="Labels, at least these.")] = Field(
        default_factory=dict
    )
    variables: Annotated[
        dict[str, Json], Field(description="Variables of the execution, at least these.")
    ] = Field(default_factory=dict)
    kv: Annotated[
        dict[str, Json], Field(description="Pairs at the end: `key` or `namespace/key`.")
    ] = Field(default_factory=dict)
    tasks: Annotated[
        dict[str, Annotated[TaskExpectation, BeforeValidator(_stated)]],
        Field(description="By task: a state, a number of runs, or a map."),
    ] = Field(default_factory=dict)
    order: Annotated[
        tuple[str, ...], Field(description="Tasks in the order in which they began.")
    ] = ()
    log: Annotated[tuple[str, ...], Field(description="Texts that lines of the log hold.")] = ()
    no_log: Annotated[tuple[str, ...], Field(description="Texts that no line holds.")] = ()
    requests: Annotated[
        tuple[RequestExpectation, ...] | None,
        Field(description="HTTP requests that were made; an empty list for none at all."),
    ] = None
    took: Annotated[timedelta | None, Field(description="Exactly so long by its clock.")] = None


def _listed(value: object) -> object:
    return ("*",) if value == "*" else value


class Case(Frozen):
    """One execution and what must be true of it."""

    id: Annotated[str, Field(pattern=FLOW_ID_PATTERN, max_length=100, description="Its name.")]
    description: Annotated[str | None, Field(description="For people.")] = None
    disabled: Annotated[bool, Field(description="Whether it is passed over.")] = False
    type: Annotated[str | None, Field(description="Ignored; tests of elsewhere have one.")] = None
    fixtures: Annotated[Fixtures, Field(description="What the flow finds.")] = Fixtures()
    expect: Annotated[Expectation, Field(description="What must be true at the end.")] = (
        Expectation()
    )
    assertions: Annotated[
        tuple[Assertion, ...], Field(description="Expressions that must hold at the end.")
    ] = ()
    real: Annotated[
        tuple[str, ...],
        BeforeValidator(_listed),
        Field(description="Tasks that run although they reach the world; `*` for all."),
    ] = ()


class Suite(Frozen):
    """The tests of one flow."""

    id: Annotated[str, Field(pattern=FLOW_ID_PATTERN, max_length=100, description="Its name.")]
    namespace: Annotated[
        str, Field(pattern=NAMESPACE_PATTERN, max_length=150, description="Of the flow.")
    ]
    flow_id: Annotated[
        str, Field(pattern=FLOW_ID_PATTERN, max_length=100, description="The flow to test.")
    ]
    description: Annotated[str | None, Field(description="For people.")] = None
    disabled: Annotated[bool, Field(description="Whether it is passed over.")] = False
    fixtures: Annotated[Fixtures, Field(description="Shared by all cases.")] = Fixtures()
    real: Annotated[
        tuple[str, ...],
        BeforeValidator(_listed),
        Field(description="Tasks that run although they reach the world; `*` for all."),
    ] = ()
    cases: Annotated[
        tuple[Case, ...],
        Field(
            validation_alias=AliasChoices("cases", "testCases"),
            description="The tests.",
        ),
    ]
