"""The examples in the documentation of flow tasks are real flows."""

from __future__ import annotations

import inspect

import pytest

from penstock import registry
from penstock.language.parse import parse
from penstock.model.task import Task

from .driver import Driver, Outcome, flow, job

EXPECTED = {
    "Sequential": ["both", "orders", "customers", "fetch", "load"],
    "Parallel": ["sources", "orders", "customers", "payments"],
    "If": ["enough", "go"],
    "ForEach": [
        "each-year",
        "fetch[2022]",
        "fetch[2023]",
        "tell[2022]",
        "tell[2023]",
        "fetch[2024]",
        "tell[2024]",
    ],
    "Subflow": ["child", "tell"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example(name):
    found = registry.load_task(f"core.flow.{name}")
    assert found is not None
    text = inspect.cleandoc(inspect.getdoc(found)).split("Example:\n")[1].split("\nOutputs:")[0]
    parsed = parse(inspect.cleandoc(text), registry)
    assert parsed.problems == ()
    child = flow(
        job("k"), name="load-orders", outputs=[{"id": "rows", "type": "INT", "value": "3"}]
    )
    table = {"fetch": Outcome(outputs={"values": {"file": "f"}})}
    driver = Driver(parsed.flow, child, inputs={"rows": 100}, table=table).run()
    assert driver.execution.state == "SUCCESS"
    assert driver.order == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_property_is_described(name):
    found = registry.load_task(f"core.flow.{name}")
    properties = found.model_json_schema()["properties"]
    own = found.model_fields.keys() - Task.model_fields
    for field in own:
        alias = found.model_fields[field].alias or field
        assert properties[alias].get("description"), alias
