"""When a task gives back what it gave before."""

from __future__ import annotations

from .stand import Stand

COUNTS = """id: counts
namespace: a.b
inputs: [{id: n, type: INT}]
tasks:
  - id: count
    type: core.execution.Count
    taskCache: {enabled: true}
    startDate: "2020-01-01"
    namespaces: [a.b]
    expression: "{{ count >= inputs.n }}"
"""


def test_what_a_task_renders_itself_is_told_apart(stand: Stand) -> None:
    def results(n: int) -> object:
        (run,) = stand.run(COUNTS, n=n).task_runs.values()
        return (run.outputs or {})["results"]

    assert results(1) == [{"namespace": "a.b", "flowId": None, "count": 1}]
    assert results(100) == []
    assert results(1) == [{"namespace": "a.b", "flowId": None, "count": 1}], "as it was"
