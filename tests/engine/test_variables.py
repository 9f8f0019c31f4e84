from __future__ import annotations

import pytest

from penstock.engine import Environment, new_execution, task_variables
from penstock.expression import Scope, render_deep
from penstock.model.execution import Origin

from .driver import FAIL, START, Driver, Outcome, flow, job, task


def render(driver: Driver, key: str | None, text: str) -> object:
    main = driver.flows["main"]
    run = None if key is None else driver.run_of(key)
    environment = Environment(
        envs={"stage": "dev"}, globals={"g": 1}, namespace={"n": 2}, name="here", url="http://x"
    )
    variables = task_variables(main, driver.execution, run, environment)
    return render_deep(text, Scope(variables=variables), typed=True)


@pytest.fixture(scope="module")
def nested() -> Driver:
    inner = task("each", "inner", values=["x", "y"], tasks=[job("leaf"), job("after")])
    wrap = task("sequential", "wrap", tasks=[job("step"), inner])
    tree = task("each", "outer", values=["1", "2"], concurrencyLimit=0, tasks=[wrap])
    return Driver(
        flow(job("first"), job("my-id"), tree, job("bad", allowFailure=True), variables={"v": "w"}),
        table={
            "first": Outcome(outputs={"rows": 3, "deep": {"a": [1, 2]}}),
            "my-id": Outcome(outputs={"uri": "u"}),
            "step": Outcome(outputs={"s": 1}),
            "leaf": Outcome(outputs={"k": "v"}),
            "bad": FAIL,
        },
        inputs={"day": "today"},
        labels={"a.b": "c", "plain": "p"},
    ).run()


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        (None, "{{ outputs.first.rows }}", 3),
        (None, "{{ outputs.first.deep.a[1] }}", 2),
        (None, "{{ outputs['my-id'].uri }}", "u"),
        (None, "{{ outputs.step['1'].s }}", 1),
        (None, "{{ outputs.leaf['2']['y'].k }}", "v"),
        (None, "{{ outputs.bad.x ?? 'none' }}", "none"),
        (None, "{{ outputs.after ?? 'none' }}", "none"),
        (None, "{{ tasks.first.state }}", "SUCCESS"),
        (None, "{{ tasks.bad.state }}", "WARNING"),
        (None, "{{ (tasks | keys)[0] }}", "first"),
        (None, "{{ (tasks | keys) contains 'bad' ? tasks.bad.state : '' }}", "WARNING"),
        (None, "{{ tasks.step }}", {"1": {"state": "SUCCESS"}, "2": {"state": "SUCCESS"}}),
        (None, "x{{ tasks.step }}", 'x{"1":{"state":"SUCCESS"},"2":{"state":"SUCCESS"}}'),
        (None, "{{ tasks.leaf['1']['x'].state }}", "SUCCESS"),
        (None, "{{ tasks.nobody.state ?? 'none' }}", "none"),
        (None, "{{ inputs.day ~ vars.v ~ labels.a.b ~ labels.plain }}", "todaywcp"),
        (None, "{{ flow.id ~ flow.namespace ~ flow.revision ~ flow.tenantId }}", "maintest1main"),
        (None, "{{ execution.state }}", "WARNING"),
        (None, "{{ execution.startDate }}", "2026-01-01T00:00:00.000Z"),
        (None, "{{ envs.stage ~ globals.g ~ namespace.n ~ kestra.url }}", "dev12http://x"),
        ("first", "{{ task.id ~ taskrun.attemptsCount }}", "first1"),
        ("first", "{{ taskrun.value ?? 'none' }}", "none"),
        ("leaf[y]", "{{ taskrun.value ~ taskrun.iteration }}", "y1"),
        ("leaf[y]", "{{ outputs.step[parents[1].taskrun.value].s }}", 1),
        ("leaf[y]", "{{ parent.task.id }}", "inner"),
        ("leaf[y]", "{{ parents[2].task.id ~ parents[1].taskrun.value }}", "outer1"),
        ("leaf[y]", "{{ item.value ~ item.index ~ item.parent.value }}", "y11"),
        ("leaf[y]", "{{ item.parents[0].value }}", "1"),
        ("step", "{{ item.value }}", "1"),
    ],
)
def test_what_expressions_see(nested, key, text, expected):
    if key == "leaf[y]":
        leaf = [r for r in nested.execution.task_runs.values() if r.task_id == "leaf"]
        assert {r.value for r in leaf} == {"x", "y"}
    assert render(nested, key, text) == expected


def test_the_origin_is_the_trigger():
    origin = Origin("core.trigger.Schedule", "daily", variables={"date": "2026-01-01"})
    main = flow(job("a"))
    execution = new_execution(
        main, id="e", tenant="t", revision=1, content_hash="h", now=START, origin=origin
    )
    scope = Scope(variables=task_variables(main, execution, None))
    assert render_deep("{{ trigger.date ~ schedule.date }}", scope) == "2026-01-012026-01-01"


def test_a_stored_execution_without_index_shows_the_same(nested):
    from dataclasses import replace

    plain = replace(nested.execution, task_runs=dict(nested.execution.task_runs))
    main = nested.flows["main"]
    kept = task_variables(main, nested.execution, None)["outputs"]
    assert task_variables(main, plain, None)["outputs"] == kept
    assert kept["leaf"] == {v: {"x": {"k": "v"}, "y": {"k": "v"}} for v in ("1", "2")}


def test_outputs_of_one_step_do_not_leak_into_an_earlier_value():
    driver = Driver(flow(job("a"), job("b")), table={"b": Outcome(outputs={"x": 1})})
    driver.run_until(lambda: "b" in driver.states)
    before = driver.execution
    driver.run()
    assert "b" in driver.execution.task_runs.outputs
    assert "b" not in before.task_runs.outputs
