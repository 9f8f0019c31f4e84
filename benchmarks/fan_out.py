"""How the price of an item grows with the number of items of one ForEach.

Runs, in this process, one execution of a ForEach with limit 50 through the executor that a server
has (`LocalRunner`): engine, transactions, rows. Once with a child that runs on the executor's
thread, once with one that a worker thread runs. In processor time, which other work on the machine
blurs least. Then an execution stops at a pause after its items: the memory of it.

    python benchmarks/fan_out.py [--items 1000,10000] [--rounds 3] [--only "instant child"]
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
import tracemalloc

from penstock import registry
from penstock.language.parse import parse
from penstock.runtime.local import LocalRunner, Ran

FLOW = """
id: fan
namespace: bench
tasks:
  - id: each
    type: core.flow.ForEach
    values: "{{{{ range(1, {count}) }}}}"
    concurrencyLimit: 50
    tasks:
      - {child}
"""
PAUSE = "  - {id: stop, type: core.flow.Pause}\n"
CHILDREN = {
    "instant child": '{id: one, type: core.debug.Return, format: "{{ taskrun.value }}"}',
    "worker child": "{id: one, type: core.flow.Sleep, duration: PT0S}",
}


def run(runner: LocalRunner, source: str) -> Ran:
    """Runs a flow until it ends or waits."""
    parsed = parse(source, registry)
    if parsed.flow is None:
        raise SystemExit([problem.sentence() for problem in parsed.problems])
    runner.store.add([(parsed.flow, source)])
    execution, version = runner.prepare("bench", "fan")
    return runner.run(execution, version)


def price(child: str, count: int) -> float:
    """Processor time of an item, in microseconds, of one execution."""
    with LocalRunner() as runner:
        run(runner, FLOW.format(count=10, child=child))
        gc.collect()
        started = time.process_time()
        ran = run(runner, FLOW.format(count=count, child=child))
        spent = time.process_time() - started
    if ran.execution.state != "SUCCESS" or len(ran.execution.task_runs) != count + 1:
        raise SystemExit(f"{ran.execution.state}: {ran.execution.failure}")
    return 1e6 * spent / count


def memory(child: str, count: int) -> float:
    """Megabytes that an open execution keeps in the executor."""
    with LocalRunner() as runner:
        run(runner, FLOW.format(count=10, child=child))
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        ran = run(runner, FLOW.format(count=count, child=child) + PAUSE)
        if not ran.is_waiting:
            raise SystemExit(f"it does not wait: {ran.execution.state}")
        del ran
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return (after - before) / 1e6


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", default="1000,10000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CHILDREN)
    chosen = parser.parse_args()
    counts = [int(each) for each in chosen.items.split(",")]
    print(f"load {os.getloadavg()[0]:.1f}")
    for name, child in CHILDREN.items():
        if chosen.only in {None, name}:
            # The counts in turn, so that other work meets them alike.
            rounds = [[price(child, count) for count in counts] for _ in range(chosen.rounds)]
            prices = [statistics.median(each) for each in zip(*rounds, strict=True)]
            for count, each in zip(counts, prices, strict=True):
                growth = each / prices[0]
                print(f"{name}: {count} items, {each:.0f} µs CPU each, {growth:.2f} times")
    if chosen.only is None:
        most = max(counts)
        print(f"memory of {most} items: {memory(CHILDREN['instant child'], most):.1f} MB")


if __name__ == "__main__":
    main()
