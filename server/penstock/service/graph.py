"""An execution as a picture: the flow's tasks as a tree, each with its state."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.engine.graph import TaskList, TaskNode, graph
from penstock.errors import Conflict, NotFound
from penstock.model.frozen import Json
from penstock.sdk.flowable import FlowableTask
from penstock.security.caller import Caller
from penstock.service.services import Services
from penstock.store import execution as rows


def of_execution(services: Services, caller: Caller, execution_id: str) -> dict[str, Json]:
    """The tree of an execution. Raises `NotFound`, and `Conflict` when its flow is gone."""
    with services.database.read() as tx:
        found = rows.get(tx, caller.tenant, execution_id)
        if found is None:
            raise NotFound(f"There is no execution {execution_id}.")
        version = services.flows.at(
            tx, caller.tenant, found.namespace, found.flow_id, revision=found.flow_revision
        )
    if version is None:
        name = f"{found.namespace}/{found.flow_id}"
        raise Conflict(f"Revision {found.flow_revision} of the flow {name} is not stored any more.")
    return {
        "executionId": found.id,
        "state": found.state.value,
        "lists": [_list(each, {}) for each in graph(version.flow, found)],
    }


def _list(found: TaskList, needs: Mapping[str, tuple[str, ...]]) -> Json:
    return {
        "name": found.name,
        "tasks": [_node(node, needs.get(node.task.id, ())) for node in found.tasks],
    }


def _node(node: TaskNode, depends_on: tuple[str, ...]) -> Json:
    needs = node.task.needs() if isinstance(node.task, FlowableTask) else {}
    return {
        "id": node.task.id,
        "type": node.task.type,
        "state": None if node.state is None else node.state.value,
        "states": {state.value: count for state, count in node.states.items()},
        "disabled": node.task.disabled,
        "dependsOn": list(depends_on),
        "lists": [_list(each, needs) for each in node.lists],
    }
