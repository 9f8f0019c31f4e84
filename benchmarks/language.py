"""How fast flow texts are read: one flow, and thousands of them in memory.

Everything happens in this process, without a server.

    python benchmarks/language.py [--flows 5000] [--json]
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

HEAD = """\
id: orders_{number}
namespace: bench.team{team}
description: Loads the orders of one day and tells who waits for them.
labels:
  team: data
  tier: gold
inputs:
  - id: day
    type: STRING
    defaults: "2026-01-31"
    validator: "[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
  - id: limit
    type: INT
    min: 1
    max: 10000
    defaults: 1000
  - id: mode
    type: SELECT
    values: [full, incremental]
    defaults: incremental
variables:
  table: "orders_{{{{ inputs.day | replace({{'-': '_'}}) }}}}"
  host: https://example.com/{number}
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Request
    uri: "{{{{ vars.host }}}}/orders?day={{{{ inputs.day }}}}"
    method: GET
    headers:
      Accept: application/json
    options:
      auth:
        type: BEARER
        token: "{{{{ secret('TOKEN') }}}}"
    retry:
      type: exponential
      interval: PT1S
      maxInterval: PT1M
      maxAttempts: 5
    timeout: PT5M
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: ["eu", "us", "apac"]
    concurrencyLimit: 2
    tasks:
      - id: load
        type: io.kestra.plugin.scripts.shell.Commands
        env:
          REGION: "{{{{ taskrun.value }}}}"
          TABLE: "{{{{ render(vars.table) }}}}"
        commands:
          - echo "loading $REGION into $TABLE"
          - echo '::{{"outputs":{{"rows":1200}}}}::'
      - id: check
        type: io.kestra.plugin.core.execution.Fail
        condition: "{{{{ outputs.load[taskrun.value].vars.rows < 1 }}}}"
        errorMessage: "no rows for {{{{ taskrun.value }}}}"
  - id: decide
    type: io.kestra.plugin.core.flow.If
    condition: "{{{{ inputs.mode == 'full' }}}}"
    then:
      - id: full
        type: io.kestra.plugin.core.log.Log
        message: "everything of {{{{ inputs.day }}}}"
    else:
      - id: incremental
        type: io.kestra.plugin.core.log.Log
        message: "what changed on {{{{ inputs.day }}}}"
errors:
  - id: tell
    type: io.kestra.plugin.core.log.Log
    level: ERROR
    message: "failed: {{{{ flow.id }}}} of {{{{ inputs.day }}}}"
outputs:
  - id: code
    type: INT
    value: "{{{{ outputs.fetch.code }}}}"
triggers:
  - id: daily
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "30 6 * * 1-5"
    timezone: Europe/Berlin
    labels:
      from: timetable
    inputs: {{mode: full}}
"""


def text(number: int) -> str:
    """A flow of 85 lines that is like no other."""
    return HEAD.format(number=number, team=number % 50)


def one(rounds: int) -> dict[str, float]:
    """Milliseconds to parse and validate one flow whose classes and expressions are known."""
    from penstock import registry
    from penstock.language.parse import parse

    assert parse(text(0), registry).ok, parse(text(0), registry).problems
    lines = text(0).count("\n")
    assert lines == LINES, lines
    times = []
    for number in range(rounds):
        source = text(number)
        started = time.process_time()
        parse(source, registry)
        times.append((time.process_time() - started) * 1000)
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
        "best_ms": round(ordered[0], 2),
    }


LINES = 85


def many(count: int) -> dict[str, float]:
    """Seconds and megabytes to have many different flows in the cache of a server."""
    from penstock.service.services import Parses

    # The imports and classes are those of any server.
    Parses().get(text(-1))
    gc.collect()
    before = _resident()
    parses = Parses(most=10**9)
    started, cpu = time.perf_counter(), time.process_time()
    for number in range(count):
        assert parses.get(text(number)).flow is not None
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    again = time.perf_counter()
    for number in range(count):
        parses.get(text(number))
    known = time.perf_counter() - again
    return {
        "flows": count,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "megabytes": round(_resident() - before, 1),
        "again_seconds": round(known, 3),
    }


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


def _apart(arguments: list[str]) -> dict[str, float]:
    """Runs one part in a process of its own, so that it starts with nothing in memory."""
    command = [sys.executable, __file__, *arguments, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> None:
    """Prints both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--part", choices=["one", "many"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.part:
        print(json.dumps(one(given.rounds) if given.part == "one" else many(given.flows)))
        return
    found = {
        "one": _apart(["--part", "one", "--rounds", str(given.rounds)]),
        "many": _apart(["--part", "many", "--flows", str(given.flows)]),
    }
    if given.json:
        print(json.dumps(found))
        return
    print(f"one flow of {LINES} lines, parsed and validated: {found['one']}")
    print(f"many different flows in the cache: {found['many']}")


if __name__ == "__main__":
    main()
