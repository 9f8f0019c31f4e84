"""What holds for any flow under any order of events."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.engine.plan import BESIDE, plan_of
from penstock.engine.task_runs import PASSES
from penstock.model.flow import Flow
from penstock.model.state import State
from penstock.plugins.core.flow.loop import Loop

from .chaos import Chaos, flows, random_flow

SEEDS = st.integers(0, 2**32)


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@examples(30)
@given(main=flows(), kid=flows(with_calls=False, name="kid"), seed=SEEDS)
def test_every_execution_ends_soundly_whatever_happens(main: Flow, kid: Flow, seed: int):
    world = Chaos(main, kid, seed).run()
    for key in world.killed:
        assert world.executions[key].state is State.KILLED


def random_world(seed: int, *, kills: bool = True) -> Chaos:
    kid = random_flow(seed + 1, with_calls=False, name="kid")
    return Chaos(random_flow(seed), kid, seed, kills=kills).run()


@examples(300)
@given(seed=SEEDS)
def test_large_flows_end_soundly_too(seed: int):
    world = random_world(seed)
    for key in world.killed:
        assert world.executions[key].state is State.KILLED


@examples(10)
@given(seed=SEEDS)
def test_the_same_messages_give_the_same_history(seed: int):
    assert random_world(seed).events == random_world(seed).events


@examples(150)
@given(seed=SEEDS)
def test_B08_no_task_starts_whose_required_predecessor_failed(seed: int):
    """Read off the event log alone: which task started, and how those before it stood then."""
    world = random_world(seed, kills=False)
    for key, events in world.events.items():
        plan = plan_of(world.flows[world.executions[key].flow_id])
        states: dict[str, State] = {}
        places: dict[tuple[object, ...], str] = {}
        owners: dict[str, str] = {}
        for event in events:
            run_id = event.task_run_id
            if run_id is None:
                continue
            if event.kind == "created":
                assert event.detail is not None
                task_id = str(event.detail["taskId"])
                parent_id = event.detail.get("parentTaskRunId")
                iteration = event.detail.get("iteration")
                owners[run_id] = task_id
                node = plan.nodes[task_id]
                if parent_id is not None:
                    paused = {State.PAUSED} if node.section == BESIDE else set()
                    assert states[str(parent_id)] in {State.RUNNING, *paused}
                holder = None if node.parent is None else node.parent.task
                needs = node.parent.needs if node.parent is not None else None
                if needs is not None and node.is_main:
                    for name in needs[task_id]:
                        assert states[places[parent_id, iteration, name]] in PASSES
                elif node.parent is None or node.parent.task.type != "parallel" or not node.is_main:
                    for before in plan.list_of(node.parent, node.section):
                        if before is node:
                            break
                        required = places[parent_id, iteration, before.task.id]
                        assert states[required] in PASSES, f"{task_id} after {before.task.id}"
                if node.is_main:
                    siblings = [
                        states[other]
                        for (owner, _, name), other in places.items()
                        if owner == parent_id and plan.nodes[name].is_main
                    ]
                    lenient = isinstance(holder, Loop) and not holder.transmit_failed
                    assert lenient or State.FAILED not in siblings
                places[parent_id, iteration, task_id] = run_id
            states[run_id] = event.state
