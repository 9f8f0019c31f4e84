from __future__ import annotations

import pytest

from .driver import FAIL, Driver, Outcome, flow, job


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("STRING", "{{ 1 + 1 }}", "2"),
        ("STRING", {"a": 1}, '{"a":1}'),
        ("INT", "{{ '7' }}", 7),
        ("INT", 7.0, 7),
        ("FLOAT", "1.5", 1.5),
        ("BOOL", "{{ 1 == 1 }}", True),
        ("BOOLEAN", "False", False),
        ("JSON", "{{ outputs.a }}", {"rows": 3}),
        ("JSON", {"n": "{{ outputs.a.rows }}"}, {"n": 3}),
        ("ARRAY", "[1, 2]", [1, 2]),
        ("ARRAY", ["{{ outputs.a.rows }}"], [3]),
    ],
)
def test_values_are_cast(kind, value, expected):
    outputs = [{"id": "o", "type": kind, "value": value}]
    driver = Driver(
        flow(job("a"), outputs=outputs), table={"a": Outcome(outputs={"rows": 3})}
    ).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.execution.outputs == {"o": expected}


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ({"type": "INT", "value": "seven"}, "must be of type INT; it rendered to `seven`"),
        ({"type": "INT", "value": "{{ 1.5 }}"}, "must be of type INT"),
        ({"type": "INT", "value": True}, "must be of type INT"),
        ({"type": "BOOL", "value": "maybe"}, "must be of type BOOL"),
        ({"type": "ARRAY", "value": {"a": 1}}, "must be of type ARRAY"),
        ({"type": "STRING", "value": "{{ nope }}"}, "cannot be rendered: Unable to find `nope`"),
        ({"type": "STRING", "value": None}, "is null. Set `required: false`"),
    ],
)
def test_a_bad_output_fails_the_execution(output, sentence):
    driver = Driver(flow(job("a"), outputs=[{"id": "o", **output}])).run()
    assert driver.execution.state == "FAILED"
    assert driver.execution.failure.message.startswith("Flow output `o` ")
    assert sentence in driver.execution.failure.message
    assert driver.states == {"a": "SUCCESS"}


def test_null_may_be_allowed():
    outputs = [{"id": "o", "type": "STRING", "value": None, "required": False}]
    driver = Driver(flow(job("a"), outputs=outputs)).run()
    assert driver.execution.outputs == {"o": None}


@pytest.mark.parametrize("value", ["{{ outputs.a.rows }}", "fixed"])
def test_a_failed_execution_keeps_its_own_reason(value):
    outputs = [{"id": "o", "type": "STRING", "value": value}]
    driver = Driver(flow(job("a"), outputs=outputs), table={"a": FAIL}).run()
    assert driver.execution.failure.message == "Task `a` failed: It broke."
    assert driver.execution.outputs == ({"o": "fixed"} if value == "fixed" else None)
