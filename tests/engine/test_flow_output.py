from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.engine.check import check
from penstock.model.sealed import sealed

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
        ("BOOL", "maybe", False),
        ("DATETIME", "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
        ("DATE", "2026-01-31", "2026-01-31"),
        ("TIME", "08:30", "08:30:00"),
        ("DURATION", "PT1M", "PT1M"),
        ("FILE", "kestra:///a/b.csv", "penstock:///a/b.csv"),
        ("YAML", "a: [1, 2]", {"a": [1, 2]}),
        ("URI", "https://example.com/a", "https://example.com/a"),
        ("EMAIL", "ada@example.com", "ada@example.com"),
        ("SELECT", "any", "any"),
        ("MULTISELECT", ["a", 1], ["a", "1"]),
        ("SECRET", "hush", sealed("hush")),
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
        (
            {"type": "INT", "value": "seven"},
            'Invalid value for output `o`. Cause: For input string: "seven"',
        ),
        ({"type": "INT", "value": "{{ 1.5 }}"}, "Cause: expected a number, found the number 1.5"),
        ({"type": "INT", "value": True}, "Cause: expected a number, found true"),
        ({"type": "DATE", "value": "soon"}, "Cause: expected a date such as `2026-01-31`"),
        ({"type": "URI", "value": "here"}, "Cause: Invalid URI format."),
        ({"type": "EMAIL", "value": "here"}, "Cause: The input must be a valid email"),
        ({"type": "ARRAY", "value": {"a": 1}}, "Cause: expected a list, found a mapping"),
        (
            {"type": "STRING", "value": "{{ nope }}"},
            "Flow output `o` cannot be rendered: Unable to find `nope`",
        ),
        ({"type": "STRING", "value": None}, "Flow output `o` is null. Set `required: false`"),
    ],
)
def test_a_bad_output_fails_the_execution(output, sentence):
    driver = Driver(flow(job("a"), outputs=[{"id": "o", **output}])).run()
    assert driver.execution.state == "FAILED"
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


def test_a_readable_secret_is_unsound():
    outputs = [{"id": "o", "type": "SECRET", "value": "hush"}]
    declared = flow(job("a"), outputs=outputs)
    driver = Driver(declared).run()
    assert check(driver.execution, declared) == []
    readable = replace(driver.execution, outputs={"o": "hush"})
    assert check(readable, declared) == ["The secret output `o` is kept readable."]
    declared = flow(job("a"), inputs=[{"id": "t.x", "type": "SECRET"}])
    kept = replace(driver.execution, inputs={"t": {"x": "hush"}})
    assert check(kept, declared) == ["The secret input `t.x` is kept readable."]
