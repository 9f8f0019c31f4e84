"""The outputs of very many iterations read as those of a few do."""

from __future__ import annotations

import pytest

from penstock import registry
from penstock.engine.layers import Layers
from penstock.language.parse import parse
from penstock.model.sealed import sealed
from penstock.runtime.local import LocalRunner, Patience
from penstock.runtime.opened import Opened

MANY = """
id: many
namespace: company.team
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{ range(1, 150) }}"
    concurrencyLimit: 20
    tasks:
      - {id: twice, type: core.debug.Return, format: "{{ taskrun.value * 2 }}"}
      - {id: same, type: core.debug.Return, format: "{{ outputs.twice[taskrun.value].value }}"}
outputs:
  - {id: size, type: INT, value: "{{ outputs.twice | length }}"}
  - {id: last, type: INT, value: "{{ outputs.same['150'].value }}"}
  - {id: first, type: JSON, value: "{{ (outputs.same | keys) | slice(0, 2) }}"}
  - {id: again, type: INT, value: "{{ fromJson(outputs.same | toJson) | length }}"}
  - {id: has, type: BOOL, value: "{{ outputs.same contains '77' }}"}
  - {id: asked, type: INT, value: "{{ outputs.same | jq('.[\\"150\\"].value') | first }}"}
"""


def test_outputs_of_many_iterations_are_a_map_in_the_order_of_their_writing():
    parsed = parse(MANY, registry)
    assert parsed.flow is not None, [problem.sentence() for problem in parsed.problems]
    with LocalRunner() as runner:
        runner.store.add([(parsed.flow, MANY)])
        execution, version = runner.prepare("company.team", "many")
        found = runner.run(execution, version, patience=Patience(30)).execution
        events = runner.events(found.id)
    assert found.failure is None
    assert len(found.task_runs) == 301
    # Twenty are at work at a time, so the second to end need not be the second to begin.
    ended = [found.task_runs[each.task_run_id] for each in events if each.kind == "finished"]
    written = [run.value for run in ended if run.task_id == "same"]
    assert found.outputs == {
        "size": 150,
        "last": 300,
        "first": written[:2],
        "again": 150,
        "has": True,
        "asked": 300,
    }


@pytest.mark.parametrize("kind", [dict, Layers])
def test_secrets_in_outputs_of_many_iterations_are_opened(kind):
    values = kind({str(number): {"token": sealed(f"box {number}")} for number in range(100)})
    shown = Opened({"each": values}, lambda box: f"plain {box}")
    assert shown["each"]["7"]["token"] == "plain box 7"
