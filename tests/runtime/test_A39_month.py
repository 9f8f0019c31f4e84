"""A39, second half: what `benchmarks/month.py` plays for a month, for a day and fewer flows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "month.py"
GIGABYTE = 10**9
A_MONTH = 30 * 850
"""Executions of all 100 flows in a month, retries and called flows included."""


def test_A39_scheduled_flows_fire_all_of_their_times_and_none_is_stuck(tmp_path):
    spec = importlib.util.spec_from_file_location("month", PROGRAM)
    month = importlib.util.module_from_spec(spec)
    sys.modules["month"] = month
    spec.loader.exec_module(month)
    found = month.replay(tmp_path / "data", days=1, hourly=8, daily=6)
    assert (found.missed, found.stuck) == (0, 0)
    assert found.states == {"SUCCESS": found.executions}
    assert found.executions == 8 * 24 + 6 + 25  # 24 and 1 by flows that call another one
    # A database begins with the pages of its tables; what an execution adds is less than this.
    assert found.database_bytes / found.executions * A_MONTH < GIGABYTE
