"""Random flows under random operations: the invariants hold after every step."""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from penstock.engine.operation import (
    ForceRun,
    PauseRequested,
    Restart,
    ResumeFromBreakpoint,
    ResumeRequested,
    SetLabels,
    SetState,
    SetTaskRunState,
    Unqueue,
)
from penstock.engine.replay import Again, Version, replayed
from penstock.errors import Conflict
from penstock.model.flow import Flow
from penstock.model.state import State

from .chaos import flows, limited, random_flow
from .world import World

SCALE = int(os.environ.get("PENSTOCK_CHAOS", "1"))
"""How many times the usual number of worlds is walked."""
PICK = st.integers(0, 999)
ENDS = (State.SUCCESS, State.SUCCESS, State.FAILED, State.FAILED, State.WARNING, State.KILLED)
SET = (State.SUCCESS, State.WARNING, State.FAILED, State.CANCELLED, State.RUNNING)
SKEWS = (0.0, 0.0, 5.0, -5.0)
OPERATIONS = (
    PauseRequested("ann"),
    ResumeRequested("ann"),
    Restart(),
    ForceRun("ann"),
    Unqueue(State.RUNNING, "ann"),
    Unqueue(State.CANCELLED, "ann"),
    ResumeFromBreakpoint("ann"),
    SetLabels({"a": "b"}),
    *(SetState(state) for state in SET),
)


class Moves:
    """All that can be done to a world, each by numbers."""

    def __init__(self, world: World) -> None:
        self.world = world

    def key(self, pick: int) -> str:
        keys = list(self.world.executions)
        return keys[pick % len(keys)]

    def deliver(self, pick: int) -> None:
        if self.world.mail:
            self.world.deliver(pick)

    def start_work(self, pick: int) -> None:
        if self.world.leases:
            self.world.start_work(pick, SKEWS[pick % 4])

    def end_work(self, pick: int) -> None:
        if self.world.leases:
            self.world.end_work(pick, ENDS[pick % 6], SKEWS[pick % 4])

    def lose_work(self, pick: int) -> None:
        if self.world.leases:
            self.world.lose_work(pick, blameless=pick % 2 == 0)

    def fire(self, pick: int) -> None:
        if self.world.timers:
            self.world.fire(pick, early=pick % 5 == 0)

    def jump(self, pick: int) -> None:
        self.world.now += timedelta(seconds=(-10, -1, 1, 60)[pick % 4])

    def repeat(self, pick: int) -> None:
        if self.world.past:
            self.world.repeat(pick)

    def speak_stale(self, pick: int) -> None:
        self.world.speak_stale(self.key(pick), pick)

    def crash(self, pick: int) -> None:
        del pick
        self.world.crash()

    def submit(self, pick: int) -> None:
        del pick
        if len(self.world.executions) < 6:
            self.world.submit("main")

    def kill(self, pick: int) -> None:
        self.world.kill(self.key(pick), cascade=pick % 3 > 0)

    def operate(self, pick: int) -> None:
        self.world.operate(self.key(pick), OPERATIONS[pick // 7 % len(OPERATIONS)])

    def set_task_run(self, pick: int) -> None:
        key = self.key(pick)
        runs = list(self.world.executions[key].task_runs)
        if runs:
            state = SET[pick // 7 % len(SET)]
            self.world.operate(key, SetTaskRunState(runs[pick // 3 % len(runs)], state))

    def replay(self, pick: int) -> None:
        world = self.world
        if len(world.executions) > 8:
            return
        old = world.executions[self.key(pick)]
        flow = world.flows[old.flow_id]
        runs = list(old.task_runs)
        again = Again(world.ports.new_id(), world.now, None, world.ports.new_id)
        run_id = runs[pick // 3 % len(runs)] if runs and pick % 4 else None
        try:
            made = replayed(old, flow, Version(flow, 1, "h"), again, task_run_id=run_id)
        except Conflict:
            return
        world.add(made)


USUAL = ("deliver", "deliver", "deliver", "start_work", "end_work", "end_work", "fire")
SELDOM = [
    "lose_work",
    "jump",
    "repeat",
    "speak_stale",
    "crash",
    "submit",
    "kill",
    "operate",
    "operate",
    "operate",
    "operate",
    "set_task_run",
    "replay",
]


class Machine(RuleBasedStateMachine):
    """Hypothesis chooses flow and moves, and makes both small when something does not hold."""

    @initialize(
        main=flows(),
        kid=flows(with_calls=False, name="kid"),
        limit=st.integers(0, 2),
        behavior=st.sampled_from(["QUEUE", "CANCEL", "FAIL"]),
    )
    def begin(self, main: Flow, kid: Flow, limit: int, behavior: str) -> None:
        self.world = World(limited(main, limit, behavior), kid)
        self.moves = Moves(self.world)
        self.world.submit("main")

    @rule(name=st.sampled_from(USUAL), pick=PICK)
    def usual(self, name: str, pick: int) -> None:
        getattr(self.moves, name)(pick)

    @precondition(lambda self: len(self.world.executions) > 0)
    @rule(name=st.sampled_from(SELDOM), pick=PICK)
    def seldom(self, name: str, pick: int) -> None:
        getattr(self.moves, name)(pick)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.settle()


Machine.TestCase.settings = settings(
    max_examples=25 * SCALE,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestMachine = Machine.TestCase


def walk(seed: int, steps: int = 150) -> World:
    """The same by a seed alone: larger flows, and faster."""
    choose = random.Random(seed)
    main = random_flow(seed)
    behavior = choose.choice(["QUEUE", "QUEUE", "CANCEL", "FAIL"])
    world = World(
        limited(main, choose.choice([0, 1, 2]), behavior),
        random_flow(seed + 1, with_calls=False, name="kid"),
    )
    moves = Moves(world)
    for _ in range(choose.choice([1, 3])):
        world.submit("main")
    for _ in range(steps):
        names = SELDOM if choose.random() < 0.15 else USUAL
        getattr(moves, choose.choice(names))(choose.randrange(1000))
    world.settle()
    return world


@pytest.mark.parametrize("block", range(4))
def test_invariants_hold_whatever_happens_in_whatever_order(block: int):
    for seed in range(block * 1_000_000, block * 1_000_000 + 40 * SCALE):
        try:
            walk(seed)
        except Exception as error:
            raise AssertionError(f"walk({seed}) fails: {error!r}") from error


@pytest.mark.parametrize("seed", [116], ids=["replay into a Dag with a limit"])
def test_what_once_failed_holds(seed: int):
    walk(seed)
