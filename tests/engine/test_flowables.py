from __future__ import annotations

import pytest

from penstock.plugins.core.flow import _items
from penstock.plugins.core.flow.each_parallel import EachParallel
from penstock.plugins.core.flow.each_sequential import EachSequential
from penstock.plugins.core.flow.for_each import ForEach
from penstock.plugins.core.flow.loop import Loop
from penstock.sdk.flowable import Children, FlowableTask
from penstock.sdk.task import TaskFailed

from .driver import FAIL, Driver, Outcome, flow, job, task


def slow(seconds: float) -> Outcome:
    return Outcome(seconds=seconds)


def test_parallel_starts_everything():
    tree = task("parallel", "p", tasks=[job("x"), job("y"), job("z")])
    driver = Driver(flow(tree, job("b")))
    driver.tick()
    assert driver.starts == ["x", "y", "z"]
    driver.run()
    assert driver.order == ["p", "x", "y", "z", "b"]


def test_parallel_keeps_its_limit():
    names = [f"t{n}" for n in range(7)]
    tree = task("parallel", "p", concurrent="{{ 1 + 1 }}", tasks=[job(name) for name in names])
    driver = Driver(flow(tree), table={"t0": slow(10)})
    most = 0
    while driver.queue:
        driver.tick()
        running = [s for name, s in driver.states.items() if name != "p" and s != "SUCCESS"]
        most = max(most, len(running))
    assert most == 2
    assert driver.execution.state == "SUCCESS"
    assert driver.starts == names


def test_a_failure_in_parallel_starts_nothing_more_and_handles_at_once():
    tasks = [job("x"), job("y"), job("z")]
    tree = task("parallel", "p", concurrent=2, tasks=tasks, errors=[job("e")])
    driver = Driver(flow(tree), table={"x": FAIL, "y": slow(60)})
    driver.run_until(lambda: "e" in driver.states)
    assert driver.states["y"] == "RUNNING"
    driver.run()
    assert driver.states == {"p": "FAILED", "x": "FAILED", "y": "SUCCESS", "e": "SUCCESS"}


def test_finally_waits_for_running_siblings():
    tree = task("parallel", "p", tasks=[job("x"), job("y")], **{"finally": [job("f")]})
    driver = Driver(flow(tree), table={"x": FAIL, "y": slow(60)}).run()
    y, f = driver.run_of("y"), driver.run_of("f")
    assert f.history[0].at >= y.ended_at


def test_running_sequences_in_parallel_go_on_after_a_failure_beside_them():
    branches = [
        task("sequential", "s1", tasks=[job("a1"), job("a2")]),
        task("sequential", "s2", tasks=[job("b1"), job("b2")]),
    ]
    driver = Driver(
        flow(task("parallel", "p", tasks=branches)), table={"a1": FAIL, "b1": slow(5)}
    ).run()
    assert driver.states["b2"] == "SUCCESS"
    assert "a2" not in driver.states
    assert driver.execution.state == "FAILED"


@pytest.mark.parametrize(
    ("condition", "states"),
    [
        ("{{ inputs.n > 1 }}", {"i": "SUCCESS", "yes": "SUCCESS"}),
        ("{{ inputs.n > 5 }}", {"i": "SUCCESS", "no": "SUCCESS"}),
        ("0", {"i": "SUCCESS", "no": "SUCCESS"}),
        ("  ", {"i": "SUCCESS", "no": "SUCCESS"}),
        (True, {"i": "SUCCESS", "yes": "SUCCESS"}),
        ("{{ inputs.missing }}", {"i": "FAILED"}),
    ],
)
def test_if(condition, states):
    tree = task("if", "i", condition=condition, then=[job("yes")], **{"else": [job("no")]})
    driver = Driver(flow(tree), inputs={"n": 3}).run()
    assert driver.states == states


def test_if_without_else_is_a_success():
    driver = Driver(flow(task("if", "i", condition="false", then=[job("yes")]), job("b"))).run()
    assert driver.states == {"i": "SUCCESS", "b": "SUCCESS"}
    assert driver.run_of("i").outputs == {"evaluationResult": False}


def test_a_condition_is_evaluated_once():
    asked = []
    tree = task("if", "i", condition="{{ inputs.n }}", then=[job("x"), job("y")])
    driver = Driver(flow(tree), inputs={"n": 1})
    render = driver.ports.render

    def counted(value, variables, *, typed=False):
        asked.append(value)
        return render(value, variables, typed=typed)

    driver.ports.render = counted
    driver.run()
    assert asked.count("{{ inputs.n }}") == 1


def test_a_failed_decision_is_logged_and_handled():
    tree = task("if", "i", condition="{{ nope }}", then=[job("x")], errors=[job("own")])
    driver = Driver(flow(tree, errors=[job("e")])).run()
    assert driver.order == ["i", "e"]
    assert "Unable to find `nope`" in driver.run_of("i").failure.message
    assert any("nope" in line.message for step in driver.steps for line in step.logs)


def test_for_each_runs_groups_in_order():
    tree = task("each", "l", values=["a", "b"], tasks=[job("x"), job("y")])
    driver = Driver(flow(tree)).run()
    assert driver.order == ["l", "x[a]", "y[a]", "x[b]", "y[b]"]
    assert [driver.run_of(k).iteration for k in driver.order[1:]] == [0, 0, 1, 1]


def test_for_each_limits_groups_not_tasks():
    tree = task("each", "l", values=list(range(5)), concurrencyLimit=2, tasks=[job("x"), job("y")])
    driver = Driver(flow(tree))
    while driver.queue:
        driver.tick()
        open_values = {
            run.value
            for run in driver.execution.task_runs.values()
            if run.value is not None and not run.state.is_terminated
        }
        assert len(open_values) <= 2
    assert len(driver.order) == 11
    assert driver.execution.state == "SUCCESS"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "1", 2, 1], ["1", "2"]),
        ([{"a": 1}, True, 1.5], ['{"a":1}', "true", "1.5"]),
        ("[1, 2]", ["1", "2"]),
        ("{{ inputs.list }}", ["p", "q"]),
        ('["{{ inputs.n }}"]', ["3"]),
        (["{{ inputs.n }}", "x"], ["3", "x"]),
        ([], []),
        ("[]", []),
    ],
)
def test_values_become_distinct_texts(values, expected):
    tree = task("each", "l", values=values, concurrencyLimit=0, tasks=[job("x")])
    driver = Driver(flow(tree), inputs={"list": ["p", "q", "p"], "n": 3}).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.order[1:] == [f"x[{value}]" for value in expected]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1, None], "item 1 (from 0) is null"),
        ("{{ inputs.n }}", "must be a list or an expression that renders to a JSON array"),
        ("not json", "it rendered to `not json`"),
        ("{{ inputs.gone }}", "Unable to find `gone`"),
    ],
)
def test_bad_values_fail_with_a_sentence(values, sentence):
    tree = task("each", "l", values=values, tasks=[job("x")])
    driver = Driver(flow(tree), inputs={"n": 3}).run()
    assert driver.states == {"l": "FAILED"}
    assert sentence in driver.run_of("l").failure.message
    assert sentence in driver.execution.failure.message


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (ForEach, "values", [1, 2, 3, 4, 4]),
        (EachParallel, "value", "[1, 2, 3, 4]"),
        (EachSequential, "value", [1, 2, 3, 4]),
        (Loop, "values", [1, 2, 3, 4]),
        (Loop, "values", {"a": 1, "b": 2, "c": 3, "d": 4}),
    ],
)
def test_too_many_values_fail_with_a_sentence(monkeypatch, kind, name, values):
    monkeypatch.setattr(_items, "_MOST", 3)
    given = {"id": "l", "type": kind.__name__, "tasks": [job("x")], name: values}
    with pytest.raises(TaskFailed, match=f"`{name}` are 4; a loop has at most 3 iterations"):
        kind.model_validate(given).begin(lambda value, **_: value)


def test_a_failed_value_stops_the_loop():
    tree = task("each", "l", values=[1, 2, 3], tasks=[job("x"), job("y")], errors=[job("e")])
    driver = Driver(flow(tree), table={"x": FAIL}).run()
    assert driver.order == ["l", "x[1]", "e"]
    assert driver.execution.state == "FAILED"


def test_a_bad_limit_fails_with_a_sentence():
    tree = task("each", "l", values=[1], concurrencyLimit="{{ 'two' }}", tasks=[job("x")])
    driver = Driver(flow(tree)).run()
    assert "`concurrencyLimit` must be a whole number" in driver.run_of("l").failure.message


def test_disabled_tasks_are_not_there():
    tree = task("sequential", "s", tasks=[job("x", disabled=True)])
    driver = Driver(flow(job("a", disabled=True), tree, job("b"), job("c", disabled=True))).run()
    assert driver.states == {"s": "SUCCESS", "b": "SUCCESS"}


def test_a_flow_whose_tasks_are_all_disabled_succeeds():
    driver = Driver(flow(job("a", disabled=True))).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.states == {}


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("true", "SUCCESS"),
        (True, "SUCCESS"),
        (False, "SKIPPED"),
        ("false", "SKIPPED"),
        (" 0 ", "SKIPPED"),
        ("-0", "SKIPPED"),
        ("{{ inputs.n == 3 }}", "SUCCESS"),
        ("{{ inputs.n == 4 }}", "SKIPPED"),
        ("{{ nope }}", "FAILED"),
    ],
)
def test_run_if(condition, state):
    driver = Driver(flow(job("a", runIf=condition), job("b")), inputs={"n": 3}).run()
    assert driver.states["a"] == state
    assert ("b" in driver.states) == (state != "FAILED")
    assert driver.execution.state == ("FAILED" if state == "FAILED" else "SUCCESS")
    if state == "SKIPPED":
        assert [each.state for each in driver.run_of("a").attempts] == ["SKIPPED"]
        assert "a" not in driver.starts


def test_thousands_of_skipped_tasks_do_not_exhaust_the_stack():
    tree = task("each", "l", values=list(range(3000)), tasks=[job("x", runIf=False)])
    driver = Driver(flow(tree, *(job(f"s{n}", runIf=False) for n in range(1000))), checks=False)
    driver.run()
    assert driver.execution.state == "SUCCESS"
    assert len(driver.order) == 4001


def test_deep_trees():
    tree = job("leaf")
    for depth in range(12):
        kind = ("sequential", "parallel", "each")[depth % 3]
        values = {"values": [1, 2]} if kind == "each" else {}
        tree = task(kind, f"d{depth}", tasks=[tree], **values)
    driver = Driver(flow(tree)).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.starts == ["leaf"] * 16


def test_nothing_starts_after_a_failure_in_the_same_step():
    tree = task("parallel", "p", tasks=[job("x", runIf="{{ nope }}"), job("y")])
    driver = Driver(flow(tree)).run()
    assert driver.states == {"p": "FAILED", "x": "FAILED"}


def test_a_fault_in_a_plugin_fails_its_task():
    class Faulty(FlowableTask):
        tasks: Children = ()

        def begin(self, render):
            render(1 // 0)

    faulty = Faulty.model_validate({"id": "bad", "type": "faulty"})
    driver = Driver(flow(faulty, errors=[job("e")])).run()
    assert driver.states == {"bad": "FAILED", "e": "SUCCESS"}
    assert driver.run_of("bad").failure.message == (
        "Task `bad` cannot decide what to run: "
        "its type has a fault, ZeroDivisionError: integer division or modulo by zero"
    )
