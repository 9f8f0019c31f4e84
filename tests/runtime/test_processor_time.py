"""The time that an expression may take is for its own work alone."""

from __future__ import annotations

import gc
import time

from penstock import registry
from penstock.language.parse import parse
from penstock.runtime.local import LocalRunner, Patience

FLOW = """
id: counts
namespace: company.team
tasks:
  - id: count
    type: core.debug.Return
    format: "{{ secret('KEY') }}{% for i in 1..9 %}{{ i }}{% endfor %}"
"""


class Collecting(dict[str, str]):
    """Secrets for which twice as long as an expression may take goes into garbage."""

    def __getitem__(self, key: str) -> str:
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            gc.collect()
        return super().__getitem__(key)


def test_collecting_garbage_does_not_count():
    parsed = parse(FLOW, registry)
    assert parsed.flow is not None
    with LocalRunner(secrets=Collecting(KEY="key-987654")) as runner:
        runner.store.add([(parsed.flow, FLOW)])
        execution, version = runner.prepare("company.team", "counts")
        found = runner.run(execution, version, patience=Patience(60)).execution
    assert found.failure is None
    (run,) = found.task_runs.values()
    assert run.outputs == {"value": "******123456789"}
