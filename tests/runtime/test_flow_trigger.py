"""Flow triggers: executions that start because executions of other flows have come to a state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from penstock.model.state import State
from penstock.runtime.clock import VirtualClock
from penstock.runtime.deadline import Deadlines
from penstock.service.trigger_rows import rows_of
from penstock.store import trigger as trigger_store

from .stand import TENANT, Stand

START = datetime(2026, 3, 27, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return VirtualClock(START)


@pytest.fixture
def stand(tmp_path, clock):
    made = Stand(tmp_path, clock=clock)
    made.executor.start()
    yield made
    made.close()


def deploy(stand, source: str):
    version = stand.put(source)
    flow = version.flow
    rows = {(flow.namespace, flow.id): rows_of(TENANT, flow, stand.clock.now())}
    with stand.database.transaction() as tx:
        trigger_store.declare(tx, TENANT, rows)
    stand.executor.declared()
    return version


def upstream(name: str, namespace: str = "a.b", task: str = "", rest: str = "") -> str:
    task = task or "{id: work, type: core.debug.Return, format: done}"
    return f"id: {name}\nnamespace: {namespace}\n{rest}tasks:\n  - {task}\n"


def listener(trigger: str, name: str = "after", rest: str = "", message: str = "hi") -> str:
    return (
        f"id: {name}\nnamespace: a.b\n{rest}tasks:\n"
        f'  - {{id: say, type: core.log.Log, message: "{message}"}}\n'
        f"triggers:\n  - id: t\n    type: core.trigger.Flow\n{trigger}"
    )


FAILING = "{id: work, type: core.execution.Fail, errorMessage: no}"


def run(stand, version, *, labels=None, **inputs) -> str:
    execution = stand.create(version, **inputs)
    if labels:
        execution = replace(execution, labels={**execution.labels, **labels})
    id_ = stand.executor.submit(execution, version).result(30).id
    assert stand.executor.join_idle(30)
    return id_


def of(stand, flow_id: str = "after"):
    return sorted(
        (each for each in stand.all() if each.flow_id == flow_id), key=lambda each: each.created_at
    )


def test_D15_one_flow_watches_all_others_and_starts_once_for_each(stand):
    deploy(stand, listener("    states: [FAILED, WARNING]\n"))
    good, bad = deploy(stand, upstream("good")), deploy(stand, upstream("bad", task=FAILING))
    run(stand, good)
    ids = {run(stand, bad) for _ in range(3)}
    found = of(stand)
    assert {each.origin.variables["executionId"] for each in found} == ids
    assert len(found) == 3
    assert {each.origin.actor for each in found} == {f"execution:{id_}" for id_ in ids}


def test_it_never_starts_after_itself(stand):
    version = deploy(stand, listener("    states: [SUCCESS]\n"))
    run(stand, version)
    assert len(of(stand)) == 1


def test_two_that_wait_for_each_other_do_not_go_round(stand):
    one = deploy(stand, listener("    states: [SUCCESS]\n", name="one"))
    deploy(stand, listener("    states: [SUCCESS]\n", name="two"))
    run(stand, one)
    assert [len(of(stand, name)) for name in ("one", "two")] == [1, 1]


def test_what_it_tells(stand):
    rest = 'outputs: [{id: rows, type: INT, value: "{{ 5 }}"}]\nlabels: {team: data}\n'
    version = deploy(stand, upstream("load", rest=rest))
    message = "{{ trigger.flowId }} {{ trigger.outputs.rows }} {{ trigger._context.type }}"
    trigger = (
        '    states: [SUCCESS]\n    labels: {from: "{{ trigger.flowId }}"}\n'
        '    inputs: {rows: "{{ trigger.outputs.rows }}"}\n'
    )
    deploy(stand, listener(trigger, rest="inputs: [{id: rows, type: INT}]\n", message=message))
    id_ = run(stand, version)
    (found,) = of(stand)
    assert found.inputs == {"rows": 5}
    assert found.labels == {
        "system.correlationId": id_,
        "system.from": "trigger",
        "from": "load",
    }
    seen = found.origin.variables
    assert seen["executionLabels"]["team"] == "data"
    assert (seen["state"], seen["namespace"], seen["flowRevision"]) == ("SUCCESS", "a.b", 1)
    assert (seen["lastTaskId"], seen["firstFailedTaskId"]) == ("work", None)
    assert seen["startDate"]
    assert seen["endDate"]
    assert stand.logs(found.id) == ["load 5 core.trigger.Flow"]


def test_the_first_failed_task_is_told(stand):
    version = deploy(stand, upstream("bad", task=FAILING))
    deploy(stand, listener("    states: [FAILED]\n"))
    run(stand, version)
    assert of(stand)[0].origin.variables["firstFailedTaskId"] == "work"


COND = "    conditions:\n      - "


@pytest.mark.parametrize(
    ("trigger", "starts"),
    [
        ("    states: [SUCCESS]\n", True),
        ("    states: [FAILED]\n", False),
        ("", True),
        ("    when: \"{{ flowId == 'load' and namespace == 'a.b' }}\"\n", True),
        ("    when: \"{{ state == 'FAILED' }}\"\n", False),
        ('    when: "{{ outputs.rows > 3 }}"\n', True),
        ('    when: "{{ hasRetryAttempt }}"\n', False),
        ("    when: \"{{ labels.team == 'data' }}\"\n", True),
        ('    when: "{{ outputs.nothing > 3 }}"\n', False),
        (COND + "{type: core.condition.ExecutionFlow, namespace: a.b, flowId: load}\n", True),
        (COND + "{type: core.condition.ExecutionFlow, namespace: a.b, flowId: other}\n", False),
        (COND + "{type: core.condition.ExecutionStatusCondition, in: [SUCCESS]}\n", True),
        (COND + "{type: core.condition.ExecutionLabels, labels: {team: data}}\n", True),
        (COND + "{type: core.condition.ExecutionLabels, labels: {team: web}}\n", False),
        (COND + '{type: core.condition.ExecutionOutputs, expression: "{{ trigger.outputs.rows == 5 }}"}\n', True),
        (COND + '{type: core.condition.Expression, expression: "{{ execution.state == \'SUCCESS\' }}"}\n', True),
        (COND + "{type: core.condition.HasRetryAttempt}\n", False),
        ("    dependsOn: [{namespace: a.b, flowId: load}]\n", True),
        ("    dependsOn: [{namespace: a.b}]\n", True),
        ("    dependsOn: [{namespace: a.b, flowId: load, states: [FAILED]}]\n", False),
        ("    dependsOn: [{namespace: a.b, flowId: load, labels: {team: data}}]\n", True),
        ("    dependsOn: [{namespace: a.b, flowId: load, labels: {team: web}}]\n", False),
        ('    dependsOn: [{namespace: a.b, flowId: load, when: "{{ outputs.rows > 9 }}"}]\n', False),
        ('    dependsOn: [{namespace: a.b, flowId: load}]\n    when: "{{ trigger.outputs.load.rows == 5 }}"\n', True),
        ("    preconditions: {id: p, flows: [{namespace: a.b, flowId: load, states: [SUCCESS]}]}\n", True),
        ("    preconditions: {id: p, where: [{id: w, filters: [{field: FLOW_ID, type: STARTS_WITH, value: lo}]}]}\n", True),
        ("    preconditions: {id: p, where: [{id: w, filters: [{field: NAMESPACE, type: REGEX, value: 'a[.].'}]}]}\n", True),
        ("    preconditions: {id: p, where: [{id: w, filters: [{field: STATE, type: NOT_IN, values: [SUCCESS]}]}]}\n", False),
        ("    preconditions: {id: p, where: [{id: w, operand: OR, filters: [{field: FLOW_ID, type: EQUAL_TO, value: x}, {field: EXPRESSION, type: IS_TRUE, value: '{{ outputs.rows == 5 }}'}]}]}\n", True),
    ],
)  # fmt: skip
def test_what_starts_it(stand, trigger, starts):
    rest = 'outputs: [{id: rows, type: INT, value: "{{ 5 }}"}]\nlabels: {team: data}\n'
    version = deploy(stand, upstream("load", rest=rest))
    deploy(stand, listener(trigger))
    run(stand, version)
    assert len(of(stand)) == int(starts)


TWO = "    dependsOn:\n      - {namespace: a.b, flowId: x}\n      - {namespace: a.b, flowId: y}\n"
OLD_TWO = (
    "    preconditions:\n      id: both\n      flows:\n"
    "        - {namespace: a.b, flowId: x, states: [SUCCESS]}\n"
    "        - {namespace: a.b, flowId: y, states: [SUCCESS]}\n"
)
OLDEST_TWO = (
    "    conditions:\n      - type: core.condition.MultipleCondition\n        id: both\n"
    "        conditions:\n"
    "          x: {type: core.condition.ExecutionFlow, namespace: a.b, flowId: x}\n"
    "          y: {type: core.condition.ExecutionFlow, namespace: a.b, flowId: y}\n"
)


@pytest.mark.parametrize("trigger", [TWO, OLD_TWO, OLDEST_TWO])
def test_B11_two_upstreams_start_it_once_and_one_does_not(stand, trigger):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(trigger))
    run(stand, x)
    assert of(stand) == []
    run(stand, x)
    assert of(stand) == [], "the same once more is not the other"
    run(stand, y)
    assert len(of(stand)) == 1
    run(stand, y)
    assert len(of(stand)) == 1, "begun anew"
    run(stand, x)
    assert len(of(stand)) == 2


def test_outputs_of_several_are_below_their_flows(stand):
    out = 'outputs: [{{id: n, type: INT, value: "{{{{ {} }}}}"}}]\n'
    x = deploy(stand, upstream("x", rest=out.format(1)))
    y = deploy(stand, upstream("y", rest=out.format(2)))
    deploy(stand, listener(TWO))
    deploy(stand, listener(OLD_TWO, name="old"))
    run(stand, x)
    run(stand, y)
    assert of(stand)[0].origin.variables["outputs"] == {"x": {"n": 1}, "y": {"n": 2}}
    assert of(stand, "old")[0].origin.variables["outputs"] == {"n": 2}


@pytest.mark.parametrize(
    ("more", "starts"),
    [("    mode: ANY\n", 2), ("    mode: AT_LEAST\n    minSatisfied: 2\n", 1), ("", 1)],
)
def test_how_many_are_needed(stand, more, starts):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(TWO + more))
    run(stand, x)
    run(stand, y)
    assert len(of(stand)) == starts


@pytest.mark.parametrize(
    ("window", "between", "starts"),
    [
        ("", timedelta(hours=11), True),
        ("", timedelta(hours=13), False),
        ("    window: {every: PT1H}\n", timedelta(minutes=59), True),
        ("    window: {every: PT1H}\n", timedelta(minutes=61), False),
        ("    window: {every: PT24H, offset: PT13H}\n", timedelta(minutes=61), False),
        ("    window: {lookback: PT13H30M}\n", timedelta(hours=13), True),
        ("    window: {lookback: PT1H}\n", timedelta(minutes=61), False),
        ('    window: {deadline: "14:00:00Z"}\n', timedelta(hours=1), True),
        ('    window: {deadline: "14:00:00+01:00"}\n', timedelta(hours=1), False),
        ('    window: {from: "11:00:00", to: "13:00:00"}\n', timedelta(minutes=59), True),
        ('    window: {from: "12:30:00", to: "13:30:00"}\n', timedelta(minutes=59), False),
    ],
)
def test_windows(stand, clock, window, between, starts):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(TWO + window))
    run(stand, x)
    clock.advance(between)
    run(stand, y)
    assert len(of(stand)) == int(starts)


@pytest.mark.parametrize(
    ("window", "between", "starts"),
    [
        ("{type: DURATION_WINDOW, window: PT1H}", timedelta(minutes=59), True),
        ("{type: DURATION_WINDOW, window: PT1H, windowAdvance: PT30M}", timedelta(minutes=59), False),
        ("{type: SLIDING_WINDOW, window: PT1H}", timedelta(minutes=59), True),
        ('{type: DAILY_TIME_DEADLINE, deadline: "13:00:00Z"}', timedelta(minutes=61), False),
        ('{type: DAILY_TIME_WINDOW, startTime: "11:00:00Z", endTime: "13:30:00Z"}', timedelta(hours=1), True),
    ],
)  # fmt: skip
def test_windows_in_the_older_spelling(stand, clock, window, between, starts):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(OLD_TWO + f"      timeWindow: {window}\n"))
    run(stand, x)
    clock.advance(between)
    run(stand, y)
    assert len(of(stand)) == int(starts)


def test_what_is_not_reset_starts_it_again_within_the_window(stand):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(OLD_TWO + "      resetOnSuccess: false\n"))
    for version in (x, y, x):
        run(stand, version)
    assert len(of(stand)) == 2


def test_after_a_restart_what_was_done_counts_and_nothing_starts_twice(tmp_path, stand, clock):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(TWO))
    run(stand, x)
    stand.close()
    other = Stand(tmp_path, clock=clock)
    other.executor.start()
    run(other, y)
    assert len(of(other)) == 1
    other.close()
    third = Stand(tmp_path, clock=clock)
    third.executor.start()
    assert third.executor.join_idle(30)
    assert len(of(third)) == 1
    third.close()


def test_the_start_is_in_the_commit_of_the_end(stand):
    """Whoever sees the end of the one in the database sees the start of the other too."""
    version = deploy(stand, upstream("load"))
    deploy(stand, listener("    states: [SUCCESS]\n"))
    seen: list[tuple[bool, int]] = []
    execution = stand.create(version)

    def look() -> None:
        ended = stand.get(execution.id).state.is_terminated
        seen.append((ended, len(of(stand))))

    undo = stand.executor.subscribe(execution.id, look)
    stand.executor.submit(execution, version).result(30)
    assert stand.executor.join_idle(30)
    undo()
    assert {count for ended, count in seen if ended} == {1}


def test_namespaces_that_allow_nobody_are_not_watched(stand):
    other = deploy(stand, upstream("load", namespace="x.y"))
    deploy(stand, listener("    states: [SUCCESS]\n"))
    run(stand, other)
    assert of(stand) == []
    stand.declare("x.y", allowed_namespaces=["a.b"])
    run(stand, other)
    assert len(of(stand)) == 1


def test_inputs_that_do_not_fit_make_a_failed_execution(stand):
    version = deploy(stand, upstream("load"))
    trigger = '    states: [SUCCESS]\n    inputs: {n: "{{ trigger.outputs.none }}"}\n'
    deploy(stand, listener(trigger, rest="inputs: [{id: n, type: INT}]\n"))
    run(stand, version)
    (found,) = of(stand)
    assert found.state is State.FAILED
    assert "cannot start the flow" in found.failure.message


def test_a_condition_that_fails_may_make_a_failed_execution(stand):
    version = deploy(stand, upstream("load"))
    deploy(stand, listener('    when: "{{ trigger.none }}"\n    failOnTriggerError: true\n'))
    run(stand, version)
    assert of(stand)[0].state is State.FAILED


@pytest.mark.parametrize("name", ["when", "inputs"])
def test_a_refused_execution_keeps_no_secret_that_was_read(stand, name):
    stand.secrets.values["KEY"] = "s3cr3t-0123"
    said = 'outputs: [{id: said, type: STRING, value: "{{ inputs.said }}"}]\n'
    rest = f"inputs: [{{id: said, type: STRING}}]\n{said}"
    version = deploy(stand, upstream("load", rest=rest))
    wrong = "{{ secret('KEY') }}{{ trigger.none }}"
    given = f'{{n: "{wrong}"}}' if name == "inputs" else f'"{wrong}"'
    trigger = f"    states: [SUCCESS]\n    failOnTriggerError: true\n    {name}: {given}\n"
    deploy(stand, listener(trigger, rest="inputs: [{id: n, type: STRING, required: false}]\n"))
    run(stand, version, said="s3cr3t-0123")
    (found,) = of(stand)
    assert found.state is State.FAILED
    assert "s3cr3t" not in str(found.origin.variables)


@pytest.mark.parametrize("rest", ["disabled: true\n", ""])
def test_what_is_disabled_is_not_started(stand, rest):
    version = deploy(stand, upstream("load"))
    trigger = "    states: [SUCCESS]\n" + ("" if rest else "    disabled: true\n")
    deploy(stand, listener(trigger, rest=rest))
    run(stand, version)
    assert of(stand) == []


def test_a_state_on_the_way_counts(stand):
    version = deploy(stand, upstream("load"))
    deploy(stand, listener("    states: [RUNNING]\n"))
    run(stand, version)
    assert [each.origin.variables["state"] for each in of(stand)] == ["RUNNING"]


def test_a_trigger_stops_after_a_failure(stand):
    version = deploy(stand, upstream("load"))
    source = listener("    states: [SUCCESS]\n    stopAfter: [FAILED]\n")
    deploy(stand, source.replace('core.log.Log, message: "hi"', "core.execution.Fail"))
    run(stand, version)
    run(stand, version)
    assert len(of(stand)) == 1
    with stand.database.read() as tx:
        (row,) = trigger_store.of_flows(tx, TENANT, [("a.b", "after")])
    assert row.is_off
    assert "FAILED" in row.override.reason


MISS = (
    TWO
    + '    window: {deadline: "14:00:00Z"}\n    onMiss: {behavior: FAIL, labels: {late: "yes"}}\n'
)


def test_a_window_that_ends_too_early_is_said_once_a_day(stand, clock):
    x, y = deploy(stand, upstream("x")), deploy(stand, upstream("y"))
    deploy(stand, listener(MISS))
    duty = Deadlines(stand.world, stand.flows, stand.executor, clock)
    assert duty.tick() == START + timedelta(hours=2)
    run(stand, x)
    clock.advance(timedelta(hours=2))
    for _ in range(2):
        assert duty.tick() == START + timedelta(hours=26)
        assert stand.executor.join_idle(30)
    (found,) = of(stand)
    assert found.state is State.FAILED
    assert found.labels["late"] == "yes"
    assert found.failure.message == "The window of the trigger 't' has ended without a.b.y."
    clock.advance(timedelta(hours=12))
    run(stand, x)
    run(stand, y)
    assert len(of(stand)) == 2
    clock.advance(timedelta(hours=12))
    assert duty.tick() == START + timedelta(hours=50)
    assert len(of(stand)) == 2, "what was met is not missed"
    clock.advance(timedelta(days=1))
    duty.tick()
    assert stand.executor.join_idle(30)
    assert of(stand)[-1].failure.message.endswith("without a.b.x, a.b.y.")
