"""What changes between two flows, in a line."""

from __future__ import annotations

import pytest

from penstock import registry
from penstock.language.parse import parse
from penstock.language.summary import summary

OLD = """id: load
namespace: company.team
inputs:
  - {id: day, type: STRING}
tasks:
  - {id: load, type: core.log.Log, message: a}
  - id: both
    type: core.flow.Parallel
    tasks:
      - {id: inner, type: core.log.Log, message: b}
triggers:
  - {id: nightly, type: core.trigger.Schedule, cron: 0 2 * * *, inputs: {day: x}}
"""
TASK = "  - {id: notify, type: core.log.Log, message: c}\n"


def flow(text):
    found = parse(text, registry).flow
    assert found is not None, parse(text, registry).problems
    return found


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (OLD + "# note\n", "only layout or comments changed"),
        (OLD.replace("message: a", "message: z"), "1 task changed: load (message)"),
        (OLD.replace("message: b", "message: z"), "1 task changed: inner (message)"),
        (
            OLD.replace("message: a", "message: z").replace("triggers:", TASK + "triggers:"),
            "2 tasks changed: load (message), notify (added)",
        ),
        (
            OLD.replace("  - {id: load, type: core.log.Log, message: a}\n", ""),
            "1 task changed: load (removed)",
        ),
        (
            OLD.replace("Log, message: a", "Log, message: a, timeout: PT1M"),
            "1 task changed: load (timeout)",
        ),
        (OLD.replace("0 2", "0 3"), "1 trigger changed: nightly (cron)"),
        (OLD.replace("STRING}", "STRING, defaults: x}"), "1 input changed: day (defaults)"),
        (OLD + "description: hi\n", "changed: description"),
        (
            OLD.replace("core.log.Log, message: a", "core.debug.Return, format: a"),
            "1 task changed: load (type)",
        ),
    ],
)
def test_changes(new, said):
    assert summary(flow(OLD), flow(new)) == said


def test_a_new_flow():
    said = "new: 3 tasks (load, both, inner); 1 trigger (nightly); 1 input (day)"
    assert summary(None, flow(OLD)) == said


def test_an_order_and_a_great_many():
    swapped = "id: f\nnamespace: a.b\ntasks:\n"
    rows = [f"  - {{id: t{n}, type: core.log.Log, message: a}}\n" for n in range(9)]
    old = flow(swapped + "".join(rows))
    assert summary(old, flow(swapped + "".join(reversed(rows)))) == "order of tasks changed"
    new = flow(swapped + "".join(rows).replace("message: a", "message: b"))
    assert summary(old, new) == (
        "9 tasks changed: t0 (message), t1 (message), t2 (message), t3 (message), t4 (message), "
        "t5 (message) and 3 more"
    )
