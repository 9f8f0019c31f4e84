"""The executor under a seed: crashes, repeated and reordered messages, and a clock that jumps.

`PENSTOCK_CHAOS=40` plays forty times as many seeds.
"""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import pytest
from tests.engine.chaos import limited, random_flow

from penstock.runtime import rendering

from .simulation import Simulation

SCALE = int(os.environ.get("PENSTOCK_CHAOS", "1"))
SEEDS = 24


def simulated(folder: Path, seed: int) -> Simulation:
    """What one seed plays; it plays the same wherever it is played."""
    choose = random.Random(seed)
    behavior = choose.choice(["QUEUE", "QUEUE", "CANCEL", "FAIL"])
    main = limited(random_flow(seed), choose.choice([0, 1, 2]), behavior)
    kid = random_flow(seed + 1, with_calls=False, name="kid")
    kid = limited(kid, choose.choice([0, 0, 1]), "QUEUE")
    return Simulation(folder, seed, main, kid).run(80)


@pytest.fixture
def ids(monkeypatch):
    """Ids that count, so that a seed plays the same again."""

    def restart() -> None:
        count = itertools.count()
        monkeypatch.setattr(rendering, "new_id", lambda: f"i{next(count):07}")

    restart()
    return restart


@pytest.mark.parametrize("block", range(4))
def test_nothing_is_lost_and_nothing_runs_twice_whatever_dies(tmp_path, ids, block):
    for seed in range(block * 1_000_000, block * 1_000_000 + SEEDS * SCALE // 4):
        ids()
        try:
            simulated(tmp_path, seed)
        except Exception as error:
            raise AssertionError(f"the simulation of seed {seed} fails: {error!r}") from error


def test_a_seed_plays_the_same_again(tmp_path, ids):
    stories = []
    for name in ("first", "second"):
        ids()
        (tmp_path / name).mkdir()
        found = simulated(tmp_path / name, 7)
        stories.append(
            [(id_, each.state, len(each.task_runs)) for id_, each in found.stored().items()]
        )
        assert found.steps > 10
    assert stories[0] == stories[1]
