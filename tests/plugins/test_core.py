from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from penstock import registry
from penstock.model.task import LogLevel, Task
from penstock.plugins.core.flow.sleep import Sleep
from penstock.plugins.core.trigger.schedule import Schedule
from penstock.sdk.task import Outputs, RunnableTask, TaskFailed

Run = Callable[..., Outputs]


@pytest.mark.parametrize("name", registry.names())
def test_every_type_has_an_example_and_describes_its_properties(name: str) -> None:
    kind = registry.load(name)
    assert kind is not None
    assert "Example:" in (kind.__doc__ or "")
    if issubclass(kind, RunnableTask):
        for field_name in set(kind.model_fields) - set(Task.model_fields):
            assert kind.model_fields[field_name].description, field_name


def test_log_writes_a_line_or_a_list(run: Run, context) -> None:
    run("core.log.Log", message="one")
    run("io.kestra.plugin.core.log.Log", message=["two", 3, True], level="ERROR")
    assert context.lines == [
        (LogLevel.INFO, "one"),
        (LogLevel.ERROR, "two"),
        (LogLevel.ERROR, "3"),
        (LogLevel.ERROR, "true"),
    ]


def test_return_gives_the_text_back(run: Run, context) -> None:
    assert run("core.debug.Return", format="abc") == {"value": "abc"}
    assert run("core.debug.Return") == {"value": None}
    assert context.metrics[0][:2] == ("length", 3)


def test_output_values_keep_types(run: Run) -> None:
    values = {"a": 1, "b": [True, None, {"c": 1.5}], "d": "x"}
    assert run("core.output.OutputValues", values=values) == {"values": values}


@pytest.mark.parametrize("condition", ["false", "0", "-0", "", "  ", "False", False, 0])
def test_fail_lets_falsy_conditions_pass(run: Run, condition: object) -> None:
    assert run("core.execution.Fail", condition=condition) == {}


@pytest.mark.parametrize("condition", ["true", "1", "anything", True])
def test_fail_fails_on_truthy_conditions(run: Run, condition: object) -> None:
    with pytest.raises(TaskFailed, match=r"^Fail on a condition$"):
        run("core.execution.Fail", condition=condition)
    with pytest.raises(TaskFailed, match=r"^too few rows$"):
        run("core.execution.Fail", condition=condition, errorMessage="too few rows")


def test_fail_without_condition_always_fails(run: Run) -> None:
    with pytest.raises(TaskFailed, match=r"^Task failure$"):
        run("core.execution.Fail")


def test_sleep_ends_by_itself(run: Run) -> None:
    assert run("core.flow.Sleep", duration="PT0.01S") == {}


def test_sleep_wakes_at_once_on_cancel(context) -> None:
    task = Sleep.model_validate({"id": "s", "type": "core.flow.Sleep", "duration": "PT1H"})
    failed: list[TaskFailed] = []

    def sleep() -> None:
        try:
            task.run(context)
        except TaskFailed as error:
            failed.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    while not context.stops:
        thread.join(0.001)
    context.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert "cut short" in failed[0].message


def schedule(**properties: object) -> Schedule:
    return Schedule.model_validate({"id": "s", "type": "core.trigger.Schedule", **properties})


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"cron": "99 * * * *"}, "invalid cron expression"),
        ({"cron": "* * * *"}, "cron"),
        ({"cron": "0 0 * * * *"}, "5 fields"),
        ({"cron": "0 0 * * *", "withSeconds": True}, "6 fields"),
        ({"cron": "0 0 * * *", "timezone": "Mars/Olympus"}, "(Mars/Olympus)' is not a valid"),
        ({"cron": "0 0 * * *", "timezone": "../etc/passwd"}, "not a valid time-zone ID"),
        ({"cron": "0 0 * * *", "recoverMissedSchedules": "SOME"}, "'ALL', 'LAST' or 'NONE'"),
    ],
)
def test_schedule_refuses(properties: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        schedule(**properties)
    assert said in str(caught.value)


def test_schedule_takes_what_is_documented() -> None:
    full = schedule(
        cron="*/5 * * * 1-5",
        timezone="Europe/Berlin",
        inputs={"day": "today"},
        lateMaximumDelay="PT10M",
        recoverMissedSchedules="LAST",
        when="{{ trigger.date is not null }}",
        backfill={"start": "2020-01-01"},
    )
    assert full.late_maximum_delay is not None
    assert full.late_maximum_delay.total_seconds() == 600
    assert schedule(cron="@daily").cron == "@daily"
    assert schedule(cron="*/10 0 0 * * *", withSeconds=True).with_seconds


def test_assert_counts_what_holds_and_what_does_not(run: Run, context) -> None:
    run("core.execution.Assert", conditions=["true", "yes"])
    assert [metric[:2] for metric in context.metrics] == [("success", 2), ("failed", 0)]
    context.metrics.clear()
    with pytest.raises(TaskFailed, match=r"^2 assertion\(s\) failed!$"):
        run("core.execution.Assert", conditions=["false", "1", " "], errorMessage="No rows")
    assert [metric[:2] for metric in context.metrics] == [("success", 1), ("failed", 2)]
    assert context.lines[-1] == (LogLevel.ERROR, "No rows")


def test_publish_records_counters_gauges_and_timers(run: Run, context) -> None:
    run(
        "core.metric.Publish",
        metrics=[
            {"type": "counter", "name": "rows", "value": "3", "tags": {"table": "orders"}},
            {"type": "gauge", "name": "level", "value": 1.5},
            {"type": "timer", "name": "took", "value": "PT1M30S"},
            {"type": "timer", "name": "also", "value": 2},
        ],
    )
    assert context.metrics == [
        ("rows", 3, "counter", {"table": "orders"}),
        ("level", 1.5, "gauge", {}),
        ("took", 90, "timer", {}),
        ("also", 2, "timer", {}),
    ]


@pytest.mark.parametrize(("kind", "value"), [("counter", "many"), ("timer", "PTX")])
def test_publish_records_nothing_when_a_value_is_no_number(run: Run, context, kind, value) -> None:
    metrics = [
        {"type": "gauge", "name": "good", "value": 1},
        {"type": kind, "name": "n", "value": value},
    ]
    with pytest.raises(TaskFailed, match="The value of the metric `n` must be"):
        run("core.metric.Publish", metrics=metrics)
    assert context.metrics == []


def test_echo_is_a_log(run: Run, context) -> None:
    run("core.debug.Echo", format="hello", level="WARN")
    assert context.lines == [(LogLevel.WARN, "hello")]
