"""What the engine needs to know of a flow's tasks, computed once per flow."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from penstock.model.dynamic import contains_expression
from penstock.model.flow import Flow
from penstock.model.retry import Retry, RetryBehavior
from penstock.model.task import Task
from penstock.sdk.flowable import CallingTask, FlowableTask
from penstock.sdk.updating import UpdatingTask

SIDE_LISTS = ("errors", "finally_", "after_execution")
"""Lists that run beside the main one, in this order. Their tasks never decide a state."""
BESIDE = "on_pause"
"""The list that runs while its task is paused. Its tasks decide nothing."""


class Node:
    """A task's place in its flow: the list it stands in and the task that follows it there.

    Disabled tasks have no node. `rule` is the task's own retry rule, or the nearest ancestor's,
    or the flow's: `retry` when the next attempt is one of the task run, `renew` when it is another
    execution. `always` says that `runIf` needs no look.
    """

    __slots__ = (
        "always",
        "depth",
        "flowable",
        "follower",
        "is_call",
        "is_main",
        "lists",
        "needs",
        "parent",
        "renew",
        "retry",
        "rule",
        "section",
        "task",
        "timeout",
        "updating",
    )

    def __init__(self, task: Task, parent: Node | None, section: str, retry: Retry | None) -> None:
        self.task = task
        self.parent = parent
        self.section = section
        self.is_main = section not in SIDE_LISTS and section != BESIDE
        """Whether the task stands in a list whose states decide its parent's state."""
        self.depth: int = parent.depth + 1 if parent else 0
        self.follower: Node | None = None
        self.flowable: FlowableTask | None = task if isinstance(task, FlowableTask) else None
        self.is_call = isinstance(task, CallingTask)
        self.updating: UpdatingTask | None = task if isinstance(task, UpdatingTask) else None
        self.rule = task.retry or retry
        self.retry = _of(self.rule, RetryBehavior.RETRY_FAILED_TASK)
        self.renew = None
        if self.is_main and (parent is None or parent.is_renewable):
            self.renew = _of(self.rule, RetryBehavior.CREATE_NEW_EXECUTION)
        self.always = task.run_if is True or (
            isinstance(task.run_if, str)
            and task.run_if.strip().lower() == "true"
            and not contains_expression(task.run_if)
        )
        self.timeout: object = task.timeout
        self.lists: dict[str, tuple[Node, ...]] = {}
        self.needs: dict[str, frozenset[str]] | None = None
        """Of a flowable whose tasks wait for each other: what each of them waits for."""

    @property
    def is_renewable(self) -> bool:
        """Whether neither the task nor what holds it is in a side list."""
        return self.is_main and (self.parent is None or self.parent.is_renewable)


class Plan:
    """A flow's nodes by task id, and its four top-level lists.

    `timeout` is the flow's own, `has_sla` whether something else may end its executions early.
    """

    __slots__ = ("flow_id", "has_sla", "lists", "nodes", "retry", "timeout")

    def __init__(self, flow: Flow) -> None:
        self.flow_id = flow.id
        self.nodes: dict[str, Node] = {}
        self.retry = flow.retry
        self.timeout: timedelta | None = flow.timeout
        self.has_sla = bool(flow.sla)
        self.lists = {
            "tasks": self._add(flow.tasks, None, "tasks", self.retry),
            "errors": self._add(flow.errors, None, "errors", self.retry),
            "finally_": self._add(flow.finally_, None, "finally_", self.retry),
            "after_execution": self._add(flow.after_execution, None, "after_execution", self.retry),
        }

    def list_of(self, owner: Node | None, section: str) -> tuple[Node, ...]:
        """The enabled tasks of a list of a flowable, or of the flow when `owner` is None."""
        return (self.lists if owner is None else owner.lists).get(section, ())

    def _add(
        self, tasks: Iterable[Task], parent: Node | None, section: str, retry: Retry | None
    ) -> tuple[Node, ...]:
        nodes = tuple(Node(task, parent, section, retry) for task in tasks if not task.disabled)
        for node, follower in pairwise(nodes):
            node.follower = follower
        for node in nodes:
            self.nodes[node.task.id] = node
            if node.flowable is None:
                continue
            for name, children in node.task.lists():
                node.lists[name] = self._add(children, node, name, node.rule)
            node.needs = _needs(node.flowable)
        return nodes


def _needs(flowable: FlowableTask) -> dict[str, frozenset[str]] | None:
    """What the enabled tasks wait for: nobody waits for a disabled one, but for what it needs."""
    wanted = flowable.needs()
    if not wanted:
        return None
    off = {task.id for task in flowable.children() if task.disabled}
    found: dict[str, frozenset[str]] = {}
    for name, others in wanted.items():
        pending, needed = list(others), set[str]()
        while pending:
            other = pending.pop()
            if other in off:
                pending += wanted.get(other, ())
            else:
                needed.add(other)
        found[name] = frozenset(needed)
    return found


_plans: dict[int, tuple[weakref.ref[Flow], Plan]] = {}


def plan_of(flow: Flow) -> Plan:
    """The plan of a flow; made at the first call and forgotten with the flow."""
    key = id(flow)
    found = _plans.get(key)
    if found is not None and found[0]() is flow:
        return found[1]
    plan = Plan(flow)
    _plans[key] = (weakref.ref(flow, lambda _: _plans.pop(key, None)), plan)
    return plan


def _of(rule: Retry | None, behavior: RetryBehavior) -> Retry | None:
    """The rule, if it has this behaviour."""
    return rule if rule is not None and rule.behavior is behavior else None
