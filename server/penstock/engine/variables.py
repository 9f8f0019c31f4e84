"""What the expressions of a task run see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from penstock.engine.place import seen
from penstock.engine.plan import plan_of
from penstock.engine.task_runs import indexed, path_of
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.headers import with_headers
from penstock.model.state import TERMINATED


@dataclass(frozen=True, slots=True)
class Environment:
    """What expressions see of the server and the namespace, the same for every task run.

    `envs` are environment variables without their prefix, in lower case; `globals` comes from
    the server's configuration; `namespace` are the namespace's inherited variables and what it says
    of itself; `name` and `url` say which installation this is.
    """

    envs: Mapping[str, str] = field(default_factory=dict)
    globals: Mapping[str, Json] = field(default_factory=dict)
    namespace: Mapping[str, Json] = field(default_factory=dict)
    name: str | None = None
    url: str | None = None

    def variables(self) -> dict[str, Json]:
        """The roots, for whoever renders on behalf of `advance`, which does not know them."""
        return {
            "envs": dict(self.envs),
            "globals": dict(self.globals),
            "namespace": self.namespace,  # type: ignore[dict-item] - a Mapping in place of a dict
            "kestra": {"environment": self.name, "url": self.url},
        }


NOWHERE = Environment()


class TaskStates(Mapping[str, Json]):
    """``tasks.<id>.state``, keyed by values inside loops; computed when somebody asks."""

    __slots__ = ("_runs", "_states")

    def __init__(self, runs: Mapping[str, TaskRun]) -> None:
        self._runs = runs
        self._states: dict[str, Json] | None = None

    def _read(self) -> dict[str, Json]:
        if self._states is None:
            runs = dict(self._runs)
            states: dict[str, Json] = {}
            for run in runs.values():
                tree = states
                for key in path_of(runs, run):
                    below = tree.setdefault(key, {})
                    assert isinstance(below, dict)
                    tree = below
                tree["state"] = run.state.value
            self._states = states
        return self._states

    def __getitem__(self, key: str) -> Json:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def task_variables(
    flow: Flow,
    execution: Execution,
    task_run: TaskRun | None,
    environment: Environment | None = NOWHERE,
) -> Mapping[str, Json]:
    """The variables of a task run's expressions, or of the flow's own when there is none.

    `outputs` is the index's own tree, and `tasks` is computed at first use: the price does not
    depend on the number of task runs. With `environment` None the roots of `Environment` are
    left out, for a renderer that adds them itself.
    """
    plan = plan_of(flow)
    runs = indexed(plan, execution)
    variables: dict[str, Json] = {
        "flow": {
            "id": flow.id,
            "namespace": flow.namespace,
            "revision": execution.flow_revision,
            "tenantId": execution.tenant,
        },
        "execution": _execution(execution),
        "inputs": execution.inputs,
        "outputs": seen(runs, task_run, runs.outputs, runs.local),
        "tasks": TaskStates(runs),  # type: ignore[dict-item] - a Mapping in place of a dict
        "vars": execution.variables,
        "labels": nested(execution.labels),
        "trigger": {},
    }
    origin = execution.origin
    if origin is not None and origin.variables:
        context: Json = {"id": origin.id, "type": origin.type}
        variables["trigger"] = {**with_headers(origin.variables), "_context": context}
        if origin.type.endswith("Schedule"):
            variables["schedule"] = variables["trigger"]
    if environment is not None:
        variables.update(environment.variables())
    if task_run is not None:
        _add_task_run(variables, runs, task_run, plan.nodes[task_run.task_id].task.type)
    return variables


def _add_task_run(
    variables: dict[str, Json], runs: Mapping[str, TaskRun], run: TaskRun, type_name: str
) -> None:
    variables["task"] = {"id": run.task_id, "type": type_name}
    about: dict[str, Json] = {
        "id": run.id,
        "startDate": moment_text(run.started_at or run.history[0].at),
        "attemptsCount": len(run.attempts),
        "parentId": run.parent_id,
    }
    if run.value is not None:
        about["value"] = run.value
    if run.iteration is not None:
        about["iteration"] = run.iteration
    item = _of_iteration(runs, run, "items")
    if item is not None:
        about["items"] = item
    variables["taskrun"] = about
    lineage = [run]
    while lineage[-1].parent_id is not None:
        lineage.append(runs[lineage[-1].parent_id])
    if len(lineage) > 1:
        parents: list[Json] = [_parent(parent) for parent in lineage[1:]]
        variables["parent"] = parents[0]
        variables["parents"] = parents
    items = [_item(runs, each) for each in lineage if each.value is not None]
    if items:
        for item, outer in pairwise(items):
            item["parent"] = outer
        parents_of_item: list[Json] = list(items[1:])
        items[0]["parents"] = parents_of_item
        variables["item"] = items[0]


def _parent(run: TaskRun) -> Json:
    about: dict[str, Json] = {"id": run.id}
    if run.value is not None:
        about["value"] = run.value
    if run.iteration is not None:
        about["iteration"] = run.iteration
    outputs: dict[str, Json] = run.outputs or {}
    return {"task": {"id": run.task_id}, "taskrun": about, "outputs": outputs}


def _item(runs: Mapping[str, TaskRun], run: TaskRun) -> dict[str, Json]:
    key = _of_iteration(runs, run, "keys")
    return {"value": run.value, "index": run.iteration, "key": key}


def _of_iteration(runs: Mapping[str, TaskRun], run: TaskRun, name: str) -> Json:
    """What the loop around remembers of a task run's iteration."""
    if run.iteration is None or run.parent_id is None:
        return None
    about = (runs[run.parent_id].progress or {}).get("loop")
    found = about.get(name) if isinstance(about, dict) else None
    return found[run.iteration] if isinstance(found, list) else None


def _execution(execution: Execution) -> dict[str, Json]:
    about: dict[str, Json] = {
        "id": execution.id,
        "startDate": moment_text(execution.started_at or execution.created_at),
        "state": execution.state.value,
        "originalId": execution.original_id or execution.id,
    }
    if execution.state in TERMINATED:
        about["endDate"] = moment_text(execution.ended_at)
        about["outputs"] = execution.outputs or {}
    return about


def nested(labels: Mapping[str, str]) -> dict[str, Json]:
    """Labels by the dots in their keys: ``a.b`` is read as ``labels.a.b``."""
    tree: dict[str, Json] = {}
    for key, value in labels.items():
        place = tree
        *folders, last = key.split(".")
        for folder in folders:
            below = place.get(folder)
            if not isinstance(below, dict):
                below = place[folder] = {}
            place = below
        place[last] = value
    return tree


def moment_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and ``Z``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
